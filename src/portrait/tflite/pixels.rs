//! Fills an input from pixels: a rotated rectangle of a picture, scaled to the network's size.

use fearless_simd::{Level, dispatch, f32x4, i32x4, prelude::*};

/// Pixels of three bytes each, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Rgb<'a> {
    pub width: usize,
    pub height: usize,
    /// The pixels, `width * height * 3` bytes.
    pub bytes: &'a [u8],
}

/// The part of a picture that an input shows, in pixels of the picture. It may be partly outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The horizontal position of the middle.
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    /// The clockwise rotation in radians.
    pub turn: f32,
}

/// The largest number of samples along one side of a value. With more of them, filling an input would take longer than
/// the network.
const MOST_SAMPLES: usize = 2;
/// The number of samples of a value, which are computed together.
const SAMPLES: usize = MOST_SAMPLES * MOST_SAMPLES;
/// The bytes of a pixel are converted to numbers at their position in a word, which takes three instructions for all of
/// them. These factors scale the numbers back. Floats have 24 binary digits, so the conversion is exact.
const SHARES: [f32; 4] = [1.0, 1.0 / 256.0, 1.0 / 65536.0, 0.0];

impl Frame {
    /// Converts a place of the input to a place in the picture. The place of the input is relative to the frame's
    /// sides.
    #[must_use]
    pub fn place(&self, across: f32, down: f32) -> [f32; 2] {
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = ((across - 0.5) * self.width, (down - 0.5) * self.height);
        [self.x + x * cos - y * sin, self.y + x * sin + y * cos]
    }

    /// Fills `input`, `height` rows of `width` places of three values, with the part of the picture in the frame. A
    /// byte becomes `low + byte * (high - low) / 255`, and places outside the picture are black. If the frame is larger
    /// than the input, each value is the mean of several bilinear samples, which prevents aliasing.
    ///
    /// Does nothing when the number of bytes or input values does not match the sizes.
    pub fn fill(&self, rgb: Rgb<'_>, input: &mut [f32], size: [usize; 2], [low, high]: [f32; 2]) {
        let share = (high - low) / 255.0;
        let store = |byte| low + byte * share;
        self.each(Level::new(), rgb, input, size, MOST_SAMPLES, store);
    }

    /// Does the same as [`fill`](Self::fill), with pixels as the result.
    pub fn cut(&self, rgb: Rgb<'_>, pixels: &mut [u8], size: [usize; 2]) {
        self.each(Level::new(), rgb, pixels, size, MOST_SAMPLES, to_byte);
    }

    /// Returns pixels of one bilinear sample each, however much the picture is reduced.
    pub fn pick(&self, rgb: Rgb<'_>, pixels: &mut [u8], size: [usize; 2]) {
        self.each(Level::new(), rgb, pixels, size, 1, to_byte);
    }

    pub(crate) fn each<T>(
        &self,
        level: Level,
        rgb: Rgb<'_>,
        output: &mut [T],
        [width, height]: [usize; 2],
        most_samples: usize,
        store: impl Fn(f32) -> T,
    ) {
        let right = rgb.width > 0
            && rgb.height > 0
            && rgb.bytes.len() == rgb.width * rgb.height * 3
            && i32::try_from(rgb.bytes.len()).is_ok()
            && output.len() == width * height * 3;
        if !right || width == 0 || height == 0 {
            return;
        }
        let (scale_x, scale_y) = (self.width / width as f32, self.height / height as f32);
        let samples = |scale: f32| (scale.ceil() as usize).clamp(1, most_samples);
        let (across, down) = (samples(scale_x), samples(scale_y));
        let (sin, cos) = self.turn.sin_cos();
        let right = [scale_x * cos, scale_x * sin];
        let below = [-scale_y * sin, scale_y * cos];
        let count = across * down;
        let mut offsets = [[0.0; SAMPLES]; 2];
        for (axis, offsets) in offsets.iter_mut().enumerate() {
            for (index, offset) in offsets.iter_mut().enumerate() {
                let (column, sample) = (index / count, index % count);
                let x = column as f32 + ((sample % across) as f32 + 0.5) / across as f32;
                let y = ((sample / across) as f32 + 0.5) / down as f32;
                *offset = x * right[axis] + y * below[axis];
            }
        }
        let sampling = Sampling {
            rgb,
            corner: self.place(0.0, 0.0),
            right,
            below,
            offsets,
        };
        let (values, _) = output.as_chunks_mut::<3>();
        dispatch!(level, simd => match count {
            1 => sampling.fill::<_, _, 1>(simd, values, width, &store),
            2 => sampling.fill::<_, _, 2>(simd, values, width, &store),
            _ => sampling.fill::<_, _, SAMPLES>(simd, values, width, &store),
        });
    }
}

/// The places of the samples of an input's values, in pixels of the picture.
struct Sampling<'a> {
    rgb: Rgb<'a>,
    /// The corner of the first value.
    corner: [f32; 2],
    /// The steps from a value's corner to that of the next one and to that of the one below.
    right: [f32; 2],
    below: [f32; 2],
    /// The offsets from a value's corner to its samples. If a value has fewer samples, the rest belong to the values on
    /// its right.
    offsets: [[f32; SAMPLES]; 2],
}

/// The sums of the samples of the values that are computed together. The fourth number is not used.
type Sums = [[f32; 4]; SAMPLES];

impl Sampling<'_> {
    /// Fills the values with `COUNT` samples each.
    #[inline(always)]
    fn fill<S: Simd, T, const COUNT: usize>(
        &self,
        simd: S,
        values: &mut [[T; 3]],
        width: usize,
        store: &impl Fn(f32) -> T,
    ) {
        let together = SAMPLES / COUNT;
        let share = 1.0 / COUNT as f32;
        let offsets = self
            .offsets
            .map(|offsets| f32x4::simd_from(simd, offsets) - 0.5);
        let sides = [self.rgb.width, self.rgb.height];
        // This is the last pixel that has a neighbour to the right, or below.
        let [last_x, last_y] = sides.map(|side| f32x4::splat(simd, (side - 1) as f32));
        let zero = f32x4::splat(simd, 0.0);
        for (row, values) in values.chunks_exact_mut(width).enumerate() {
            for (group, values) in values.chunks_mut(together).enumerate() {
                let (row, column) = (row as f32, (group * together) as f32);
                let along = |axis: usize| {
                    self.corner[axis] + column * self.right[axis] + row * self.below[axis]
                };
                let (x, y) = (offsets[0] + along(0), offsets[1] + along(1));
                // The condition is false for NaN.
                let inside =
                    x.simd_ge(zero) & y.simd_ge(zero) & x.simd_lt(last_x) & y.simd_lt(last_y);
                let inside = if inside.all_true() {
                    self.inside::<S, COUNT>(simd, x, y)
                } else {
                    None
                };
                let sums = match inside {
                    Some(sums) => sums,
                    None => self.anywhere::<COUNT>(x.into(), y.into()),
                };
                for (value, sums) in values.iter_mut().zip(&sums) {
                    *value = [sums[0], sums[1], sums[2]].map(|sum| store(sum * share));
                }
            }
        }
    }

    /// Returns the sums of samples that all have four pixels around them, or `None` at the very end of the picture.
    #[inline(always)]
    fn inside<S: Simd, const COUNT: usize>(
        &self,
        simd: S,
        x: f32x4<S>,
        y: f32x4<S>,
    ) -> Option<Sums> {
        // The coordinates are not negative, so truncation rounds down.
        let (left, top): (i32x4<S>, i32x4<S>) = (x.to_int(), y.to_int());
        let right_shares: [f32; SAMPLES] = (x - left.to_float::<f32x4<S>>()).into();
        let lower_shares: [f32; SAMPLES] = (y - top.to_float::<f32x4<S>>()).into();
        let starts: [i32; SAMPLES] = ((top * (self.rgb.width as i32) + left) * 3).into();
        let stride = self.rgb.width * 3;
        let shares = f32x4::simd_from(simd, SHARES);
        let mut sums = [f32x4::splat(simd, 0.0); SAMPLES];
        for sample in 0..SAMPLES {
            let start = starts[sample] as usize;
            let (a, b) = (self.pixel(simd, start)?, self.pixel(simd, start + 3)?);
            let below = start + stride;
            let (c, d) = (self.pixel(simd, below)?, self.pixel(simd, below + 3)?);
            let right_share = f32x4::splat(simd, right_shares[sample]);
            let above = (b - a).mul_add(right_share, a);
            let below = (d - c).mul_add(right_share, c);
            let lower_share = f32x4::splat(simd, lower_shares[sample]);
            sums[sample / COUNT] += (below - above).mul_add(lower_share, above);
        }
        let mut all = [[0.0; 4]; SAMPLES];
        for index in 0..SAMPLES / COUNT {
            all[index] = (sums[index] * shares).into();
        }
        Some(all)
    }

    /// Returns the three values of a pixel, each multiplied according to its position in the four bytes: see
    /// [`SHARES`].
    #[inline(always)]
    fn pixel<S: Simd>(&self, simd: S, start: usize) -> Option<f32x4<S>> {
        let bytes = self.rgb.bytes.get(start..)?.first_chunk()?;
        let all = i32x4::splat(simd, i32::from_le_bytes(*bytes));
        let parts = all & i32x4::simd_from(simd, [0xff, 0xff00, 0x00ff_0000, 0]);
        Some(parts.to_float())
    }

    /// Returns the sums of samples at any place. Places outside the picture are black.
    #[inline(always)]
    fn anywhere<const COUNT: usize>(&self, xs: [f32; SAMPLES], ys: [f32; SAMPLES]) -> Sums {
        let Rgb {
            width,
            height,
            bytes,
        } = self.rgb;
        let mut sums = Sums::default();
        for (sample, (x, y)) in xs.into_iter().zip(ys).enumerate() {
            let sums = &mut sums[sample / COUNT];
            let (left, top) = (x.floor(), y.floor());
            let (right_share, lower_share) = (x - left, y - top);
            for (dy, share_y) in [(0.0, 1.0 - lower_share), (1.0, lower_share)] {
                for (dx, share_x) in [(0.0, 1.0 - right_share), (1.0, right_share)] {
                    let (x, y) = (left + dx, top + dy);
                    // The condition is also false for NaN.
                    if (0.0..width as f32).contains(&x) && (0.0..height as f32).contains(&y) {
                        let start = (y as usize * width + x as usize) * 3;
                        for (sum, byte) in sums.iter_mut().zip(&bytes[start..start + 3]) {
                            *sum += f32::from(*byte) * share_x * share_y;
                        }
                    }
                }
            }
        }
        sums
    }
}

fn to_byte(value: f32) -> u8 {
    (value + 0.5) as u8
}
