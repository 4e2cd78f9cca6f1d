//! Pure: from a camera's bytes to pixels. The only file that names the JPEG decoder and the scaler.

use fast_image_resize as fir;
use fir::images::{Image, ImageRef};
use zeroize::Zeroizing;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::frame::{Capture, MAX_SIDE, Pixels, Still};
use crate::mjpeg::{self, Damage};
use crate::settings::{Rotation, Settings};
use crate::{Error, Raw};

/// Decodes a capture in full and turns it upright.
pub(crate) fn still(capture: &Capture) -> Result<Still, Error> {
    let (width, height, rgb) = match capture.pixels {
        Pixels::Mjpeg => decode_jpeg(&capture.bytes, ColorSpace::RGB)?,
        Pixels::Yuyv => {
            let rgb = yuyv::<3>(capture.width, capture.height, &capture.bytes)?;
            (capture.width, capture.height, rgb)
        }
    };
    let (width, height, rgb) = turn::<3>(width, height, rgb, capture.rotate, false);
    Ok(Still { width, height, rgb })
}

/// The whole frame in the driver's buffer, without what follows it; damaged ones are refused.
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

/// Makes preview pictures; keeps the scaler's buffers from frame to frame.
pub(crate) struct Previewer {
    rotate: Rotation,
    mirror: bool,
    shape: Option<(u32, u32)>,
    pixels: u32,
    scaler: fir::Resizer,
}

/// A preview picture and how bright it is on average, 0 to 255.
pub(crate) struct Preview {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgba: Zeroizing<Vec<u8>>,
    pub(crate) brightness: u8,
}

impl Previewer {
    pub(crate) fn new(settings: &Settings) -> Previewer {
        Previewer {
            rotate: settings.rotate,
            mirror: settings.mirror,
            shape: settings.preview_shape,
            pixels: settings.preview_pixels,
            scaler: fir::Resizer::new(),
        }
    }

    /// Decodes, cuts, scales, turns and mirrors one frame.
    pub(crate) fn preview(&mut self, raw: &Raw<'_>) -> Result<Preview, Error> {
        let (width, height, rgba) = match raw.pixels {
            Pixels::Mjpeg => decode_jpeg(raw.bytes, ColorSpace::RGBA)?,
            Pixels::Yuyv => (
                raw.width,
                raw.height,
                yuyv::<4>(raw.width, raw.height, raw.bytes)?,
            ),
        };
        let cut = middle(width, height, self.shape, self.rotate);
        let (width, height, rgba) = self.scale(width, height, rgba, cut)?;
        let (width, height, rgba) = turn::<4>(width, height, rgba, self.rotate, self.mirror);
        let brightness = brightness(&rgba);
        Ok(Preview {
            width,
            height,
            rgba,
            brightness,
        })
    }

    fn scale(
        &mut self,
        width: u32,
        height: u32,
        rgba: Zeroizing<Vec<u8>>,
        cut: Cut,
    ) -> Result<(u32, u32, Zeroizing<Vec<u8>>), Error> {
        let (out_width, out_height) = fit(cut.width, cut.height, self.pixels);
        if (out_width, out_height) == (width, height) {
            return Ok((width, height, rgba));
        }
        let mut out = Zeroizing::new(vec![0; out_width as usize * out_height as usize * 4]);
        let unfit = |_| Error::Damaged(Damage::Header);
        let from = ImageRef::new(width, height, &rgba, fir::PixelType::U8x4).map_err(unfit)?;
        let mut to = Image::from_slice_u8(out_width, out_height, &mut out, fir::PixelType::U8x4)
            .map_err(unfit)?;
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
            .resize(&from, &mut to, &options)
            .map_err(|_| Error::Damaged(Damage::Header))?;
        drop(to);
        Ok((out_width, out_height, out))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// The largest part of this shape around the middle. The shape is that of the upright picture.
fn middle(width: u32, height: u32, shape: Option<(u32, u32)>, rotate: Rotation) -> Cut {
    let Some((across, down)) = shape.filter(|(across, down)| *across > 0 && *down > 0) else {
        return Cut {
            left: 0,
            top: 0,
            width,
            height,
        };
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

/// Width, height and pixels of a JPEG, in the order of `colours`.
fn decode_jpeg(bytes: &[u8], colours: ColorSpace) -> Result<(u32, u32, Zeroizing<Vec<u8>>), Error> {
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
    let mut pixels = Zeroizing::new(vec![0; size]);
    decoder.decode_into(&mut pixels).map_err(|_| damaged())?;
    Ok((extent.width, extent.height, pixels))
}

/// Two pixels at a time, ITU-R BT.601 with the narrow range, which is what UVC cameras send as YUYV
/// (UVC 1.5, colour matching descriptor, default values).
fn yuyv<const N: usize>(
    width: u32,
    height: u32,
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let len = width as usize * height as usize * 2;
    let bytes = bytes.get(..len).ok_or(Error::Damaged(Damage::Truncated))?;
    if !width.is_multiple_of(2) || width > MAX_SIDE || height > MAX_SIDE {
        return Err(Error::Damaged(Damage::Header));
    }
    let mut out = Zeroizing::new(vec![255; width as usize * height as usize * N]);
    let (pairs, _) = bytes.as_chunks::<4>();
    for (&[y0, u, y1, v], to) in pairs.iter().zip(out.chunks_exact_mut(2 * N)) {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        // factors times 65536; 1.164 is 255 / 219, the narrow range of luma
        let (r, g, b) = (104_597 * v, -25_675 * u - 53_279 * v, 132_201 * u);
        for (y, pixel) in [y0, y1].into_iter().zip(to.chunks_exact_mut(N)) {
            let y = 76_309 * (i32::from(y) - 16) + 32_768;
            for (channel, part) in pixel.iter_mut().zip([r, g, b]) {
                *channel = ((y + part) >> 16).clamp(0, 255) as u8;
            }
        }
    }
    Ok(out)
}

/// Turns a picture clockwise and then mirrors it left to right.
fn turn<const N: usize>(
    width: u32,
    height: u32,
    mut pixels: Zeroizing<Vec<u8>>,
    rotate: Rotation,
    mirror: bool,
) -> (u32, u32, Zeroizing<Vec<u8>>) {
    let (columns, rows) = (width as usize, height as usize);
    match rotate {
        Rotation::None | Rotation::Half => {
            let (whole, _) = pixels.as_chunks_mut::<N>();
            if rotate == Rotation::Half {
                whole.reverse();
            }
            if mirror {
                whole.chunks_exact_mut(columns).for_each(<[_]>::reverse);
            }
            (width, height, pixels)
        }
        Rotation::Quarter | Rotation::ThreeQuarters => {
            let mut turned = Zeroizing::new(vec![0; pixels.len()]);
            let (from, _) = pixels.as_chunks::<N>();
            let (to, _) = turned.as_chunks_mut::<N>();
            for (row, line) in to.chunks_exact_mut(rows).enumerate() {
                for (column, pixel) in line.iter_mut().enumerate() {
                    let column = if mirror { rows - 1 - column } else { column };
                    *pixel = match rotate {
                        Rotation::Quarter => from[(rows - 1 - column) * columns + row],
                        _ => from[column * columns + (columns - 1 - row)],
                    };
                }
            }
            (height, width, turned)
        }
    }
}

/// Average of the green channel over a thousand or so points: enough to tell a covered lens.
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
