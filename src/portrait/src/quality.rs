//! Measures the quality of a picture of a face with the open formulas of OFIQ 1.0 (the reference of ISO/IEC 29794-5,
//! BSI, MIT licence). Each measure has a raw value and a score from 0 (bad) to 100. `make oracles` compares them with
//! PyPI's ofiqpy. Only sharpness is our own measure, because OFIQ's needs a random forest that is not available.

use zeroize::Zeroizing;

use super::aligned::{Marks, SIDE};
use super::geometry::Point;

/// Returns 1 / (1 + e^-x), the curve that most scores follow.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The part of a picture in which only the face is measured.
pub(super) struct Patch<'a> {
    /// The pixels, three bytes each.
    pub(super) rgb: &'a [u8],
    /// One byte per pixel; 0 leaves the pixel out.
    pub(super) mask: &'a [u8],
}

/// The histogram of linear luminance, in 256 steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Luminance {
    counts: [u32; 256],
    total: u32,
}

impl Luminance {
    /// Computes the histogram of Rec. 709 luminance of linearised sRGB, in 8 bits.
    pub(super) fn of(patch: &Patch<'_>) -> Luminance {
        let linear = linear_table();
        let mut counts = [0; 256];
        let (pixels, _) = patch.rgb.as_chunks::<3>();
        for (&[r, g, b], &mask) in pixels.iter().zip(patch.mask) {
            if mask != 0 {
                counts[usize::from(luminance(&linear, [r, g, b]))] += 1;
            }
        }
        Luminance {
            counts,
            total: counts.iter().sum(),
        }
    }

    fn share(&self, steps: std::ops::RangeInclusive<usize>) -> f32 {
        let part: u32 = self.counts[steps].iter().sum();
        part as f32 / self.total.max(1) as f32
    }

    /// Returns the mean, 0 to 1.
    pub(super) fn mean(&self) -> f32 {
        let sum: f64 = self
            .counts
            .iter()
            .enumerate()
            .map(|(step, &n)| step as f64 * f64::from(n))
            .sum();
        (sum / 255.0 / f64::from(self.total.max(1))) as f32
    }

    /// Returns the share of pixels that are too dark to show anything.
    pub(super) fn under(&self) -> f32 {
        self.share(0..=25)
    }

    /// Returns the share of pixels that are overexposed.
    pub(super) fn over(&self) -> f32 {
        self.share(247..=255)
    }
}

/// Converts an sRGB value to linear light, both 0 to 1.
fn linear(value: f64) -> f64 {
    if value <= 0.04045 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn linear_table() -> [f32; 256] {
    std::array::from_fn(|step| linear(step as f64 / 255.0) as f32)
}

/// Returns the Rec. 709 luminance of linearised sRGB, in 8 bits.
fn luminance(linear: &[f32; 256], pixel: [u8; 3]) -> u8 {
    let [r, g, b] = pixel.map(|channel| linear[usize::from(channel)]);
    ((0.2126 * r + 0.7152 * g + 0.0722 * b) * 255.0 + 0.5) as u8
}

/// Returns the score of the mean luminance, which is best in the middle and falls at both ends.
pub(super) fn mean_score(mean: f32) -> f32 {
    100.0 * sigmoid((mean - 0.2) / 0.05) * (1.0 - sigmoid((mean - 0.8) / 0.05))
}

/// Returns the score of the overexposed share.
pub(super) fn over_score(share: f32) -> f32 {
    (1.0 / (share + 0.01)).clamp(0.0, 100.0)
}

/// Returns the score of the share that is too dark.
pub(super) fn under_score(share: f32) -> f32 {
    (120.0 * (0.832 - sigmoid((share - 0.92) / 0.05))).clamp(0.0, 100.0)
}

/// Returns the score of the distance between the eyes in pixels.
pub(super) fn eye_distance_score(pixels: f32) -> f32 {
    100.0 * sigmoid((pixels - 70.0) / 20.0)
}

/// Returns the score of a deviation from straight, in radians.
pub(super) fn angle_score(angle: f32) -> f32 {
    100.0 * angle.cos().max(0.0).powi(2)
}

/// Returns the score of the opening of the more closed eye relative to the distance from eyes to chin.
pub(super) fn eyes_open_score(opening: f32) -> f32 {
    100.0 * sigmoid((opening - 0.02) / 0.01)
}

/// Returns the score of the opening of the mouth relative to the distance from eyes to chin.
pub(super) fn mouth_closed_score(opening: f32) -> f32 {
    100.0 * (1.0 - sigmoid((opening - 0.2) / 0.06))
}

/// The two squares of the cheeks that OFIQ measures: under each eye, halfway to the mouth, with a side of 0.3 of the
/// distance between the eyes.
pub(super) struct Cheeks {
    side: usize,
    /// The upper left corner of the square that is left in the picture, then that of the other one.
    corners: [[usize; 2]; 2],
}

impl Cheeks {
    /// Returns `None` when the squares are not inside the aligned face.
    pub(super) fn of(marks: &Marks) -> Option<Cheeks> {
        // OFIQ rounds to whole pixels.
        let whole = |at: Point| Point::new(at.x.round(), at.y.round());
        let [left, right] = marks.eyes.map(whole);
        let between = whole(left.middle(right));
        let side = (left.distance(right) * 0.3) as usize;
        let down = (between.distance(whole(marks.mouth)) / 2.0).floor();
        let corner = |x: f32, y: f32| {
            let fits = |at: f32| at >= 0.0 && at as usize + side <= SIDE;
            (fits(x) && fits(y)).then_some([x as usize, y as usize])
        };
        if side == 0 {
            return None;
        }
        Some(Cheeks {
            side,
            corners: [
                corner(left.x, left.y + down)?,
                corner(right.x - side as f32, right.y + down)?,
            ],
        })
    }

    /// Iterates over the pixels of one cheek. Pixels that the patch leaves out are black, as in OFIQ.
    fn pixels<'a>(
        &'a self,
        patch: &'a Patch<'a>,
        cheek: usize,
    ) -> impl Iterator<Item = [u8; 3]> + 'a {
        let [left, top] = self.corners[cheek];
        let (pixels, _) = patch.rgb.as_chunks::<3>();
        (0..self.side * self.side).map(move |index| {
            let at = (top + index / self.side) * SIDE + left + index % self.side;
            if patch.mask[at] == 0 {
                [0; 3]
            } else {
                pixels[at]
            }
        })
    }

    /// Returns the similarity of the light on both cheeks: the intersection of their luminance histograms, 0 to 1.
    pub(super) fn evenness(&self, patch: &Patch<'_>) -> f32 {
        let linear = linear_table();
        let histogram = |cheek: usize| {
            let mut counts = [0u32; 256];
            for pixel in self.pixels(patch, cheek) {
                counts[usize::from(luminance(&linear, pixel))] += 1;
            }
            counts
        };
        let (left, right) = (histogram(0), histogram(1));
        let common: u32 = left.iter().zip(&right).map(|(a, b)| a.min(b)).sum();
        common as f32 / (self.side * self.side) as f32
    }

    /// Returns the mean luminance of the darker cheek divided by that of the brighter one.
    pub(super) fn balance(&self, patch: &Patch<'_>) -> f32 {
        let linear = linear_table();
        let mean = |cheek: usize| -> f32 {
            let values = self.pixels(patch, cheek);
            values
                .map(|pixel| f32::from(luminance(&linear, pixel)))
                .sum()
        };
        let (left, right) = (mean(0), mean(1));
        left.min(right) / left.max(right).max(1.0)
    }

    /// Returns the distance of the mean colour from skin colours, in CIELAB with white D50. It is 100 for blue and
    /// green.
    pub(super) fn unnatural(&self, patch: &Patch<'_>) -> f32 {
        let mut sums = [0.0f64; 3];
        for pixel in (0..2).flat_map(|cheek| self.pixels(patch, cheek)) {
            for (sum, channel) in sums.iter_mut().zip(pixel) {
                *sum += f64::from(channel);
            }
        }
        let count = (2 * self.side * self.side) as f64;
        unnatural(sums.map(|sum| sum / count / 255.0))
    }
}

/// Returns the distance of a mean sRGB colour, 0 to 1 each, from the range 5 to 25 in a and 5 to 35 in b.
fn unnatural(rgb: [f64; 3]) -> f32 {
    let [r, g, b] = rgb.map(linear);
    // This converts sRGB to XYZ at D50, relative to white.
    let x = (0.43605 * r + 0.38508 * g + 0.14309 * b) / 0.964_221;
    let y = 0.22249 * r + 0.71689 * g + 0.06062 * b;
    let z = (0.01393 * r + 0.09710 * g + 0.71419 * b) / 0.825_211;
    let bend = |t: f64| {
        if t <= 216.0 / 24389.0 {
            (24389.0 / 27.0 * t + 16.0) / 116.0
        } else {
            t.cbrt()
        }
    };
    let (a, b) = (500.0 * (bend(x) - bend(y)), 200.0 * (bend(y) - bend(z)));
    if a < 0.0 || b < 0.0 {
        return 100.0;
    }
    let outside = |value: f64, low: f64, high: f64| (low - value).max(value - high).max(0.0);
    outside(a, 5.0, 25.0).hypot(outside(b, 5.0, 35.0)) as f32
}

/// Returns the score of the similarity of the cheeks.
pub(super) fn evenness_score(common: f32) -> f32 {
    100.0 * common.max(0.0).powf(0.3)
}

/// Returns the score of the distance from natural colours.
pub(super) fn natural_colour_score(distance: f32) -> f32 {
    200.0 * (1.0 - sigmoid(distance / 10.0))
}

/// The surroundings of a face at OFIQ's size.
pub(super) struct Background {
    pub(super) rgb: Zeroizing<Vec<u8>>,
    /// 1 where the background is, otherwise 0.
    pub(super) wall: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The smallest number of background pixels for a judgement of its evenness. A strip at the edge is not enough.
const LEAST_WALL: usize = 2000;

impl Background {
    /// Returns the mean gradient of the background's luminance (Scharr), or `None` when there is too little background.
    pub(super) fn gradient(&self) -> Option<f32> {
        let (width, height) = (self.width, self.height);
        let wall = self.eroded();
        if wall.iter().filter(|wall| **wall != 0).count() < LEAST_WALL {
            return None;
        }
        let linear = linear_table();
        let (pixels, _) = self.rgb.as_chunks::<3>();
        let light: Vec<f32> = pixels
            .iter()
            .map(|pixel| f32::from(luminance(&linear, *pixel)))
            .collect();
        // Beyond the edge, the picture is mirrored around its last pixel.
        let mirrored = |at: usize, by: usize, side: usize| match (at + by).checked_sub(1) {
            None => 1.min(side - 1),
            Some(at) if at >= side => side.saturating_sub(2),
            Some(at) => at,
        };
        let (mut sum, mut count) = (0.0f64, 0u32);
        for (index, _) in wall.iter().enumerate().filter(|(_, wall)| **wall != 0) {
            let (y, x) = (index / width, index % width);
            let value = |dx: usize, dy: usize| {
                light[mirrored(y, dy, height) * width + mirrored(x, dx, width)]
            };
            let across = |dy| value(2, dy) - value(0, dy);
            let down = |dx| value(dx, 2) - value(dx, 0);
            let gradient_x = 3.0 * (across(0) + across(2)) + 10.0 * across(1);
            let gradient_y = 3.0 * (down(0) + down(2)) + 10.0 * down(1);
            sum += f64::from(gradient_x.hypot(gradient_y));
            count += 1;
        }
        Some((sum / f64::from(count)) as f32)
    }

    /// Returns the background without the pixels near to other things: two pixels to the left and above, one to the
    /// right and below.
    fn eroded(&self) -> Vec<u8> {
        let (width, height) = (self.width, self.height);
        let mut narrow = vec![0; self.wall.len()];
        let lines = narrow
            .chunks_exact_mut(width)
            .zip(self.wall.chunks_exact(width));
        for (line, wall) in lines {
            for (x, value) in line.iter_mut().enumerate() {
                let near = &wall[x.saturating_sub(2)..(x + 2).min(width)];
                *value = near.iter().copied().min().unwrap_or(0);
            }
        }
        let mut both = vec![0; self.wall.len()];
        for (y, line) in both.chunks_exact_mut(width).enumerate() {
            for (x, value) in line.iter_mut().enumerate() {
                let near = y.saturating_sub(2)..(y + 2).min(height);
                *value = near.map(|y| narrow[y * width + x]).min().unwrap_or(0);
            }
        }
        both
    }
}

/// Returns the score of the background's gradient.
pub(super) fn background_score(gradient: f32) -> f32 {
    190.0 * (1.0 - sigmoid((gradient - 10.0) / 100.0))
}

/// Returns the sharpness of a patch, independently of its light. It is OFIQ's first feature of sharpness: the mean
/// magnitude of the Laplacian after a Gaussian of three pixels, divided by the mean grey. The eyes in the patch are 90
/// pixels apart.
pub(super) fn sharpness(patch: &Patch<'_>, width: usize) -> f32 {
    let (pixels, _) = patch.rgb.as_chunks::<3>();
    let grey: Vec<f32> = pixels
        .iter()
        .map(|[r, g, b]| 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b))
        .collect();
    let height = grey.len() / width.max(1);
    let smooth = smoothed(&grey, width, height);
    let (mut laplacian, mut mean, mut count) = (0.0f64, 0.0f64, 0u32);
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            if patch.mask[at] == 0 {
                continue;
            }
            let around = smooth[at - 1] + smooth[at + 1] + smooth[at - width] + smooth[at + width];
            laplacian += f64::from((around - 4.0 * smooth[at]).abs());
            mean += f64::from(grey[at]);
            count += 1;
        }
    }
    if count == 0 || mean == 0.0 {
        return 0.0;
    }
    (laplacian / mean) as f32
}

/// Applies a Gaussian of three pixels (1 2 1). The pixels at the edges are unchanged.
fn smoothed(grey: &[f32], width: usize, height: usize) -> Vec<f32> {
    let mut across = grey.to_vec();
    for (line, source) in across
        .chunks_exact_mut(width.max(1))
        .zip(grey.chunks_exact(width.max(1)))
    {
        for (value, near) in line[1..].iter_mut().zip(source.windows(3)) {
            *value = (near[0] + 2.0 * near[1] + near[2]) / 4.0;
        }
    }
    let mut both = across.clone();
    for y in 1..height.saturating_sub(1) {
        for x in 0..width {
            let at = y * width + x;
            both[at] = (across[at - width] + 2.0 * across[at] + across[at + width]) / 4.0;
        }
    }
    both
}

#[cfg(test)]
mod tests;
