//! Pictures into the frames of a webcam.

use fast_image_resize as fir;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageReader, Limits};

use crate::damage::MAX_SIDE;
use crate::{Still, mjpeg};

/// A light wall, as a booth has it behind the visitor.
pub(super) const WALL: [u8; 3] = [196, 199, 202];
/// As webcams compress: a 1280x720 frame has 100 to 200 kB.
const QUALITY: u8 = 90;

/// A frame of one colour.
pub(super) fn plain((width, height): (u32, u32), colour: [u8; 3]) -> Vec<u8> {
    encode(
        width,
        height,
        &colour.repeat(width as usize * height as usize),
    )
}

/// The picture as large as it fits into the frame; what stays free takes the colour of the picture's upper edge.
pub(super) fn fitted(picture: &Still, (width, height): (u32, u32)) -> Vec<u8> {
    if (picture.width, picture.height) == (width, height) {
        return encode(width, height, &picture.rgb);
    }
    let scale = (f64::from(width) / f64::from(picture.width))
        .min(f64::from(height) / f64::from(picture.height));
    let side = |side: u32, most: u32| ((f64::from(side) * scale).round() as u32).clamp(1, most);
    let (across, down) = (side(picture.width, width), side(picture.height, height));
    let scaled = scale_to(picture, across, down);
    let mut frame = edge_colour(picture).repeat(width as usize * height as usize);
    let (left, top) = ((width - across) / 2, (height - down) / 2);
    for (row, line) in scaled.chunks_exact(across as usize * 3).enumerate() {
        let start = ((top as usize + row) * width as usize + left as usize) * 3;
        frame[start..start + line.len()].copy_from_slice(line);
    }
    encode(width, height, &frame)
}

fn scale_to(picture: &Still, width: u32, height: u32) -> Vec<u8> {
    use fir::{
        images::{TypedImage, TypedImageRef},
        pixels::U8x3,
    };
    // Typed: the untyped call would compile the filters for every kind of pixel that the library knows.
    let from = TypedImageRef::<U8x3>::from_buffer(picture.width, picture.height, &picture.rgb)
        .expect("a still has as many bytes as its size says");
    let mut scaled = vec![0; width as usize * height as usize * 3];
    let mut to = TypedImage::<U8x3>::from_buffer(width, height, &mut scaled)
        .expect("the buffer was made for this size");
    fir::Resizer::new()
        .resize_typed(&from, &mut to, None)
        .expect("the whole picture is inside itself");
    drop(to);
    scaled
}

fn edge_colour(picture: &Still) -> [u8; 3] {
    let (pixels, _) = picture.rgb[..picture.width as usize * 3].as_chunks::<3>();
    let sum = pixels.iter().fold([0u32; 3], |sum, pixel| {
        std::array::from_fn(|i| sum[i] + u32::from(pixel[i]))
    });
    sum.map(|sum| (sum / picture.width) as u8)
}

fn encode(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(rgb, width, height, ExtendedColorType::Rgb8)
        .expect("writing to memory cannot fail and the size fits a JPEG");
    jpeg
}

/// The frames in a file: every JPEG of an MJPEG file as it is, one of a picture that had to be fitted.
pub(super) fn frames(content: &[u8], size: (u32, u32)) -> Result<Vec<Vec<u8>>, String> {
    let jpegs: Vec<&[u8]> = mjpeg::frames(content).collect();
    let fits = |jpeg: &&[u8]| {
        mjpeg::extent(jpeg).is_ok_and(|extent| (extent.width, extent.height) == size)
    };
    if content.starts_with(&[0xff, 0xd8])
        && (jpegs.len() > 1 || jpegs.iter().all(fits) && !jpegs.is_empty())
    {
        return Ok(jpegs.into_iter().map(<[u8]>::to_vec).collect());
    }
    Ok(vec![fitted(&decode(content)?, size)])
}

fn decode(content: &[u8]) -> Result<Still, String> {
    let mut reader = ImageReader::new(std::io::Cursor::new(content));
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let picture = reader
        .with_guessed_format()
        .map_err(|error| error.to_string())?
        .decode()
        .map_err(|error| error.to_string())?
        .into_rgb8();
    let (width, height) = picture.dimensions();
    Still::from_rgb(width, height, picture.into_raw()).ok_or_else(|| "it has no size".to_owned())
}
