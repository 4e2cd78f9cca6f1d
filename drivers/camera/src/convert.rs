//! From a camera's bytes to pixels. No device is used here. The only file that names the general JPEG decoder and the scaler.

use fast_image_resize as fir;
use fir::{
    images::{TypedImage, TypedImageRef},
    pixels::U8x4,
};
use zeroize::Zeroizing;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::damage::{Damage, MAX_SIDE};
use crate::frame::{Capture, Pixels, Still};
use crate::mjpeg;
use crate::pool::{Pool, Pooled};
use crate::scaled::{self, Refusal, Window, Wish};
use crate::settings::{Rotation, Settings};
use crate::{Error, Raw};

impl Capture {
    /// Decodes the frame in full, upright and not mirrored. This takes some milliseconds: not for the UI thread.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes are no whole picture.
    pub fn still(&self) -> Result<Still, Error> {
        let (width, height, rgb) = match self.pixels {
            Pixels::Mjpeg => {
                let mut rgb = Zeroizing::new(Vec::new());
                let (width, height) = decode_jpeg(&self.bytes, ColorSpace::RGB, &mut rgb)?;
                (width, height, rgb)
            }
            Pixels::Yuyv => {
                let (width, height) = (self.width, self.height);
                let mut rgb = Zeroizing::new(Vec::new());
                let all = Cut::all(width, height);
                yuyv::<3>(width, height, &self.bytes, all, &mut rgb)?;
                (width, height, rgb)
            }
        };
        let mut rgb = rgb;
        if !self.rotate.swaps_sides() {
            turn_round::<3>(width, &mut rgb, self.rotate, false);
            return Ok(Still { width, height, rgb });
        }
        let mut turned = Zeroizing::new(vec![0; rgb.len()]);
        turn_aside::<3>(width, &rgb, &mut turned, self.rotate, false);
        Ok(Still {
            width: height,
            height: width,
            rgb: turned,
        })
    }
}

/// The whole frame in the driver's buffer, without what follows it.
///
/// # Errors
/// [`Error::Damaged`] when it is not whole.
pub(crate) fn whole<'a>(raw: &Raw<'a>) -> Result<&'a [u8], Error> {
    match raw.pixels {
        Pixels::Mjpeg => {
            let extent = mjpeg::extent(raw.bytes)?;
            Ok(&raw.bytes[..extent.len])
        }
        Pixels::Yuyv => {
            let len = raw.width as usize * raw.height as usize * 2;
            raw.bytes
                .get(..len)
                .filter(|bytes| !bytes.is_empty())
                .ok_or(Error::Damaged(Damage::Truncated))
        }
    }
}

/// Makes preview pictures; keeps its buffers from frame to frame, and wipes them on drop.
#[derive(Default)]
pub struct Previewer {
    rotate: Rotation,
    mirror: bool,
    shape: Option<(u32, u32)>,
    pixels: u32,
    decoder: scaled::Decoder,
    scaler: fir::Resizer,
    pool: Pool,
}

/// A preview picture and how bright it is on average, 0 to 255.
#[derive(Debug)]
pub struct Preview {
    pub width: u32,
    pub height: u32,
    /// `width * height * 4` bytes, red first, opaque.
    pub rgba: Pooled,
    pub brightness: u8,
}

impl Previewer {
    #[must_use]
    pub fn new(settings: &Settings) -> Previewer {
        Previewer {
            rotate: settings.rotate,
            mirror: settings.mirror,
            shape: settings.preview_shape,
            pixels: settings.preview_pixels,
            ..Previewer::default()
        }
    }

    /// Decodes, cuts, scales, turns and mirrors one frame.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes are no whole picture.
    pub fn preview(&mut self, raw: &Raw<'_>) -> Result<Preview, Error> {
        let mut rgba = self.pool.take();
        let (width, height) = match raw.pixels {
            Pixels::Mjpeg => self.jpeg(raw.bytes, &mut rgba)?,
            Pixels::Yuyv => {
                let mut cut = middle(raw.width, raw.height, self.shape, self.rotate);
                // Two pixels share their colour.
                (cut.left, cut.width) = (cut.left & !1, (cut.width & !1).max(2));
                let mut part = self.pool.take();
                yuyv::<4>(raw.width, raw.height, raw.bytes, cut, &mut part)?;
                let all = Cut::all(cut.width, cut.height);
                self.scale(cut.width, cut.height, part, all, &mut rgba)?
            }
        };
        let (width, height) = if self.rotate.swaps_sides() {
            let mut turned = self.pool.take();
            turned.resize(rgba.len(), 0);
            turn_aside::<4>(width, &rgba, &mut turned, self.rotate, self.mirror);
            rgba = turned;
            (height, width)
        } else {
            turn_round::<4>(width, &mut rgba, self.rotate, self.mirror);
            (width, height)
        };
        let brightness = brightness(&rgba);
        Ok(Preview {
            width,
            height,
            rgba,
            brightness,
        })
    }

    /// What a webcam usually sends is decoded at the preview's size, anything else in full and then scaled.
    fn jpeg(&mut self, bytes: &[u8], rgba: &mut Pooled) -> Result<(u32, u32), Error> {
        let (shape, pixels, rotate) = (self.shape, self.pixels, self.rotate);
        let wish = |width, height| wish(middle(width, height, shape, rotate), pixels);
        match self.decoder.decode(bytes, wish, rgba) {
            Ok(size) => Ok(size),
            Err(Refusal::Damaged(damage)) => Err(Error::Damaged(damage)),
            Err(Refusal::Unsupported) => {
                let mut full = self.pool.take();
                let (width, height) = decode_jpeg(bytes, ColorSpace::RGBA, &mut full)?;
                let cut = middle(width, height, self.shape, self.rotate);
                self.scale(width, height, full, cut, rgba)
            }
        }
    }

    fn scale(
        &mut self,
        width: u32,
        height: u32,
        from: Pooled,
        cut: Cut,
        out: &mut Pooled,
    ) -> Result<(u32, u32), Error> {
        let (out_width, out_height) = fit(cut.width, cut.height, self.pixels);
        if (out_width, out_height) == (width, height) {
            *out = from;
            return Ok((width, height));
        }
        out.resize(out_width as usize * out_height as usize * 4, 0);
        let unfit = || Error::Damaged(Damage::Header);
        // Typed: the untyped call would compile the filters for every kind of pixel that the library knows.
        let from = TypedImageRef::<U8x4>::from_buffer(width, height, &from).map_err(|_| unfit())?;
        let mut to =
            TypedImage::<U8x4>::from_buffer(out_width, out_height, out).map_err(|_| unfit())?;
        let options = fir::ResizeOptions::new()
            .resize_alg(fir::ResizeAlg::Convolution(fir::FilterType::Bilinear))
            .crop(
                f64::from(cut.left),
                f64::from(cut.top),
                f64::from(cut.width),
                f64::from(cut.height),
            )
            .use_alpha(false);
        self.scaler
            .resize_typed(&from, &mut to, &options)
            .map_err(|_| unfit())?;
        Ok((out_width, out_height))
    }
}

impl std::fmt::Debug for Previewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Previewer").finish_non_exhaustive()
    }
}

/// The most eighths of the picture's size at which the cut has no more than `pixels` pixels.
fn wish(cut: Cut, pixels: u32) -> Wish {
    let at = |side: u32, eighths: usize| side as usize * eighths / 8;
    let eighths = (1..=8)
        .rev()
        .find(|&eighths| at(cut.width, eighths) * at(cut.height, eighths) <= pixels as usize)
        .unwrap_or(1);
    let window = Window {
        left: at(cut.left, eighths),
        top: at(cut.top, eighths),
        width: at(cut.width, eighths).max(1),
        height: at(cut.height, eighths).max(1),
    };
    Wish { eighths, window }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Cut {
    const fn all(width: u32, height: u32) -> Cut {
        Cut {
            left: 0,
            top: 0,
            width,
            height,
        }
    }
}

/// The largest part of this shape around the middle. The shape is that of the upright picture.
fn middle(width: u32, height: u32, shape: Option<(u32, u32)>, rotate: Rotation) -> Cut {
    let Some((across, down)) = shape.filter(|(across, down)| *across > 0 && *down > 0) else {
        return Cut::all(width, height);
    };
    let (across, down) = if rotate.swaps_sides() {
        (down, across)
    } else {
        (across, down)
    };
    let (across, down) = (u64::from(across), u64::from(down));
    let full_height_width = (u64::from(height) * across / down)
        .min(u64::from(width))
        .max(1) as u32;
    let full_width_height = (u64::from(width) * down / across)
        .min(u64::from(height))
        .max(1) as u32;
    let (cut_width, cut_height) = if full_height_width < width {
        (full_height_width, height)
    } else {
        (width, full_width_height)
    };
    Cut {
        left: (width - cut_width) / 2,
        top: (height - cut_height) / 2,
        width: cut_width,
        height: cut_height,
    }
}

/// The largest size of the same shape with no more than `pixels` pixels, never larger than it is.
fn fit(width: u32, height: u32, pixels: u32) -> (u32, u32) {
    let have = f64::from(width) * f64::from(height);
    let scale = (f64::from(pixels.max(1)) / have).sqrt().min(1.0);
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    (side(width), side(height))
}

/// Width and height of a JPEG, and its pixels in the order of `colours`.
fn decode_jpeg(
    bytes: &[u8],
    colours: ColorSpace,
    pixels: &mut Vec<u8>,
) -> Result<(u32, u32), Error> {
    let extent = mjpeg::extent(bytes)?;
    let jpeg = mjpeg::with_tables(&bytes[..extent.len], &extent);
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(colours)
        .set_strict_mode(true) // a frame with holes is not shown: the next one is 33 ms away
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize);
    let damaged = || Error::Damaged(Damage::Data);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*jpeg), options);
    decoder.decode_headers().map_err(|_| damaged())?;
    let (width, height) = decoder.dimensions().ok_or_else(damaged)?;
    let size = decoder.output_buffer_size().ok_or_else(damaged)?;
    if size != width * height * colours.num_components() {
        return Err(damaged());
    }
    pixels.resize(size, 0);
    decoder.decode_into(pixels).map_err(|_| damaged())?;
    Ok((extent.width, extent.height))
}

/// Two pixels at a time, ITU-R BT.601 with the narrow range, which is what UVC cameras send as YUYV
/// (UVC 1.5, colour matching descriptor, default values). The cut begins and ends between two pairs.
fn yuyv<const N: usize>(
    width: u32,
    height: u32,
    bytes: &[u8],
    cut: Cut,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let line = width as usize * 2;
    let bytes = bytes
        .get(..line * height as usize)
        .ok_or(Error::Damaged(Damage::Truncated))?;
    let fits = cut.left + cut.width <= width && cut.top + cut.height <= height;
    if !width.is_multiple_of(2) || width > MAX_SIDE || height > MAX_SIDE || !fits {
        return Err(Error::Damaged(Damage::Header));
    }
    out.resize(cut.width as usize * cut.height as usize * N, 255);
    let lines = bytes
        .chunks_exact(line)
        .skip(cut.top as usize)
        .map(|line| &line[cut.left as usize * 2..][..cut.width as usize * 2]);
    for (line, out) in lines.zip(out.chunks_exact_mut(cut.width as usize * N)) {
        let (pairs, _) = line.as_chunks::<4>();
        for (&[y0, u, y1, v], to) in pairs.iter().zip(out.chunks_exact_mut(2 * N)) {
            let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
            // factors times 65536; 1.164 is 255 / 219, the narrow range of luma
            let (r, g, b) = (104_597 * v, -25_675 * u - 53_279 * v, 132_201 * u);
            for (y, pixel) in [y0, y1].into_iter().zip(to.chunks_exact_mut(N)) {
                let y = 76_309 * (i32::from(y) - 16) + 32_768;
                for (channel, part) in pixel.iter_mut().zip([r, g, b]) {
                    *channel = ((y + part) >> 16).clamp(0, 255) as u8;
                }
                if let Some(alpha) = pixel.get_mut(3) {
                    *alpha = 255;
                }
            }
        }
    }
    Ok(())
}

/// Turns a picture by half a turn or not at all, and then mirrors it left to right.
fn turn_round<const N: usize>(width: u32, pixels: &mut [u8], rotate: Rotation, mirror: bool) {
    let (whole, _) = pixels.as_chunks_mut::<N>();
    if rotate == Rotation::Half {
        whole.reverse();
    }
    if mirror {
        whole
            .chunks_exact_mut(width as usize)
            .for_each(<[_]>::reverse);
    }
}

/// Turns a picture of this width by a quarter or three, clockwise, and then mirrors it left to right.
fn turn_aside<const N: usize>(
    width: u32,
    from: &[u8],
    to: &mut [u8],
    rotate: Rotation,
    mirror: bool,
) {
    let columns = width as usize;
    let (from, _) = from.as_chunks::<N>();
    let rows = from.len() / columns;
    let (to, _) = to.as_chunks_mut::<N>();
    for (row, line) in to.chunks_exact_mut(rows).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            let column = if mirror { rows - 1 - column } else { column };
            *pixel = match rotate {
                Rotation::Quarter => from[(rows - 1 - column) * columns + row],
                _ => from[column * columns + (columns - 1 - row)],
            };
        }
    }
}

/// Average of the green channel over a thousand or so points: enough to notice a covered lens.
fn brightness(rgba: &[u8]) -> u8 {
    let (pixels, _) = rgba.as_chunks::<4>();
    let step = (pixels.len() / 1024).max(1);
    let (sum, count) = pixels
        .iter()
        .step_by(step)
        .fold((0u64, 0u64), |(sum, n), pixel| {
            (sum + u64::from(pixel[1]), n + 1)
        });
    (sum / count.max(1)) as u8
}

#[cfg(test)]
mod tests;
