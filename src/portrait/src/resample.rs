//! Scales and rotates pictures. Each picture is resampled only once, with a good filter.

use std::f32::consts::PI;

use fast_image_resize as fir;
use fir::{
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use zeroize::Zeroizing;

use super::crop::Crop;
use super::face::Face;
use super::geometry::Point;
use common::order::Picture;

/// Returns the whole picture with its longer side at most `most`, for networks and measures.
pub(super) fn fitted(picture: &Picture, most: u32) -> (u32, u32, Zeroizing<Vec<u8>>) {
    let (width, height) = (picture.width(), picture.height());
    let longer = width.max(height);
    if longer <= most {
        return (width, height, Zeroizing::new(picture.rgb().to_vec()));
    }
    let side = |side: u32| (u64::from(side) * u64::from(most) / u64::from(longer)).max(1) as u32;
    let (to_width, to_height) = (side(width), side(height));
    let scaled = scaled(
        picture.rgb(),
        (width, height),
        (to_width, to_height),
        fir::FilterType::Bilinear,
    );
    (to_width, to_height, scaled)
}

fn scaled(
    rgb: &[u8],
    from: (u32, u32),
    to: (u32, u32),
    filter: fir::FilterType,
) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![0; to.0 as usize * to.1 as usize * 3]);
    // The typed call is used because the untyped one would compile the filters for every pixel type of the library.
    let source =
        TypedImageRef::<U8x3>::from_buffer(from.0, from.1, rgb).expect("a picture fits its size");
    let mut target =
        TypedImage::<U8x3>::from_buffer(to.0, to.1, &mut out).expect("made for this size");
    let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(filter));
    fir::Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .expect("both have the same pixels");
    drop(target);
    out
}

/// Cuts `crop` out of the picture, level, at `width` x `height`. Pixels outside the picture repeat its edge.
///
/// A Lanczos filter, as wide as the reduction requires, is applied to the source in rotated coordinates. Rotation and
/// scaling are thus one step and nothing is blurred twice. For large reductions the picture is halved first, which
/// loses no sharpness that would remain.
pub(super) fn cut(picture: &Picture, crop: &Crop, width: u32, height: u32) -> Picture {
    let reduction = crop.width / width as f32;
    // With a larger reduction the rotated filter would read hundreds of source pixels for each result.
    const MOST: f32 = 4.0;
    if reduction > MOST {
        let by = MOST / 2.0 / reduction;
        let side = |side: u32| ((side as f32 * by).round() as u32).max(1);
        let (from, to) = (
            (picture.width(), picture.height()),
            (side(picture.width()), side(picture.height())),
        );
        let rgb = scaled(picture.rgb(), from, to, fir::FilterType::Lanczos3);
        let smaller = Picture::new(to.0, to.1, rgb.to_vec()).expect("made for this size");
        let (x, y) = (to.0 as f32 / from.0 as f32, to.1 as f32 / from.1 as f32);
        let crop = Crop {
            centre: Point::new(crop.centre.x * x, crop.centre.y * y),
            width: crop.width * x,
            height: crop.height * y,
            ..*crop
        };
        return turned(&smaller, &crop, width, height);
    }
    turned(picture, crop, width, height)
}

fn turned(picture: &Picture, crop: &Crop, width: u32, height: u32) -> Picture {
    let step = crop.width / width as f32;
    let spread = step.max(1.0);
    let (sin, cos) = crop.roll.sin_cos();
    let reach = LOBES * spread * (sin.abs() + cos.abs());
    let kernel = Kernel::new();
    let mut out = Vec::with_capacity(width as usize * height as usize * 3);
    for row in 0..height {
        let down = (row as f32 + 0.5 - height as f32 / 2.0) * step;
        for column in 0..width {
            let across = (column as f32 + 0.5 - width as f32 / 2.0) * step;
            let middle = Point::new(
                crop.centre.x + across * cos - down * sin,
                crop.centre.y + across * sin + down * cos,
            );
            out.extend_from_slice(&weighed(
                picture,
                middle,
                reach,
                (sin / spread, cos / spread),
                &kernel,
            ));
        }
    }
    Picture::new(width, height, out).expect("as many pixels as the size says")
}

/// Returns the weighted mean around `middle`. `turn` is the sine and cosine divided by the spread of the filter.
fn weighed(
    picture: &Picture,
    middle: Point,
    reach: f32,
    (sin, cos): (f32, f32),
    kernel: &Kernel,
) -> [u8; 3] {
    let (last_x, last_y) = (picture.width() as i32 - 1, picture.height() as i32 - 1);
    let (rgb, stride) = (picture.rgb(), picture.width() as usize * 3);
    let first = |at: f32| (at - reach - 0.5).ceil() as i32;
    let last = |at: f32| (at + reach - 0.5).floor() as i32;
    let (mut sum, mut weights) = ([0.0f32; 3], 0.0f32);
    for y in first(middle.y)..=last(middle.y) {
        let line = y.clamp(0, last_y) as usize * stride;
        let dy = y as f32 + 0.5 - middle.y;
        for x in first(middle.x)..=last(middle.x) {
            let dx = x as f32 + 0.5 - middle.x;
            let weight = kernel.at(dx * cos + dy * sin) * kernel.at(dy * cos - dx * sin);
            if weight == 0.0 {
                continue;
            }
            let at = line + x.clamp(0, last_x) as usize * 3;
            for (sum, &channel) in sum.iter_mut().zip(&rgb[at..at + 3]) {
                *sum += weight * f32::from(channel);
            }
            weights += weight;
        }
    }
    sum.map(|sum| (sum / weights).round().clamp(0.0, 255.0) as u8)
}

/// Returns points on the face and which of them are in the oval of its box. They are enough to measure the light.
pub(super) fn oval(picture: &Picture, face: &Face) -> (Zeroizing<Vec<u8>>, Vec<u8>) {
    const SIDE: u32 = 64;
    let (mut rgb, mut mask) = (Zeroizing::new(Vec::new()), Vec::new());
    rgb.reserve_exact((SIDE * SIDE * 3) as usize);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (across, down) = (
                (column as f32 + 0.5) / SIDE as f32,
                (row as f32 + 0.5) / SIDE as f32,
            );
            let x = face.bounds.left + across * face.bounds.width;
            let y = face.bounds.top + down * face.bounds.height;
            let inside = (across - 0.5).hypot(down - 0.5) < 0.5;
            let pixel = (x >= 0.0 && y >= 0.0)
                .then(|| picture.pixel(x as u32, y as u32))
                .flatten();
            rgb.extend_from_slice(&pixel.unwrap_or_default());
            mask.push(u8::from(inside && pixel.is_some()));
        }
    }
    (rgb, mask)
}

/// The filter is a Lanczos filter with three lobes.
const LOBES: f32 = 3.0;

/// The filter's curve as a table, because computing a sine for each weight would take most of the time.
struct Kernel {
    table: Vec<f32>,
}

impl Kernel {
    const STEPS: f32 = 512.0;

    fn new() -> Kernel {
        let sinc = |x: f32| {
            if x == 0.0 {
                1.0
            } else {
                (PI * x).sin() / (PI * x)
            }
        };
        let points = (LOBES * Self::STEPS) as usize;
        let table = (0..points).map(|i| {
            let x = i as f32 / Self::STEPS;
            sinc(x) * sinc(x / LOBES)
        });
        Kernel {
            table: table.collect(),
        }
    }

    fn at(&self, distance: f32) -> f32 {
        let index = (distance.abs() * Self::STEPS).round() as usize;
        self.table.get(index).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests;
