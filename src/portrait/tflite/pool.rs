//! Pools, resizing, padding and concatenation, which move values with little arithmetic.

use fearless_simd::prelude::*;

use crate::window::{Placing, Size};

/// The maximum or the mean of a window, per channel. Places outside the input do not count.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) from: Size,
    pub(crate) to: Size,
    pub(crate) size: [usize; 2],
    pub(crate) placing: Placing,
    pub(crate) mean: bool,
}

impl Pool {
    pub(crate) fn run<S: Simd>(&self, simd: S, input: &[f32], output: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || self.places(input, output),
        );
    }

    #[inline(always)]
    fn places(&self, input: &[f32], output: &mut [f32]) {
        let channels = self.from.channels.max(1);
        let span = |at: usize, axis: usize, side: usize| {
            let start = at * self.placing.step[axis];
            let before = self.placing.before[axis];
            let end = (start + self.size[axis]).saturating_sub(before).min(side);
            start.saturating_sub(before)..end
        };
        let places = output.chunks_exact_mut(channels).enumerate();
        for (index, place) in places {
            let (y, x) = (index / self.to.width, index % self.to.width);
            let (rows, columns) = (span(y, 0, self.from.height), span(x, 1, self.from.width));
            let count = rows.len() * columns.len();
            place.fill(if self.mean { 0.0 } else { f32::NEG_INFINITY });
            for row in rows {
                let start = (row * self.from.width + columns.start) * channels;
                let values = &input[start..start + columns.len() * channels];
                for values in values.chunks_exact(channels) {
                    for (result, value) in place.iter_mut().zip(values) {
                        *result = if self.mean {
                            *result + value
                        } else {
                            result.max(*value)
                        };
                    }
                }
            }
            if self.mean {
                let share = 1.0 / count.max(1) as f32;
                place.iter_mut().for_each(|result| *result *= share);
            }
        }
    }
}

/// Two neighbours and the weight of the second one.
#[derive(Debug, Clone, Copy)]
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

/// Bilinear resizing with half-pixel centres.
#[derive(Debug)]
pub(crate) struct Resize {
    pub(crate) from: Size,
    pub(crate) to: Size,
    rows: Vec<Between>,
    columns: Vec<Between>,
}

impl Resize {
    /// Creates the resizing. Both sizes must have pixels.
    pub(crate) fn new(from: Size, to: Size) -> Resize {
        let along = |from: usize, to: usize| {
            let between = (0..to).map(|at| {
                let place = (at as f32 + 0.5) * from as f32 / to as f32 - 0.5;
                let first = place.floor().max(0.0);
                Between {
                    first: (first as usize).min(from - 1),
                    second: (place.floor() + 1.0).clamp(0.0, (from - 1) as f32) as usize,
                    share: (place - first).max(0.0),
                }
            });
            between.collect()
        };
        Resize {
            from,
            to,
            rows: along(from.height, to.height),
            columns: along(from.width, to.width),
        }
    }

    pub(crate) fn run<S: Simd>(&self, simd: S, input: &[f32], output: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || self.places(input, output),
        );
    }

    #[inline(always)]
    fn places(&self, input: &[f32], output: &mut [f32]) {
        let channels = self.from.channels.max(1);
        let row = self.from.width * channels;
        let output_rows = output.chunks_exact_mut((self.to.width * channels).max(1));
        for (output, y) in output_rows.zip(&self.rows) {
            let (upper, lower) = (
                &input[y.first * row..][..row],
                &input[y.second * row..][..row],
            );
            for (place, x) in output.chunks_exact_mut(channels).zip(&self.columns) {
                let (first, second) = (x.first * channels, x.second * channels);
                let (a, b) = (&upper[first..][..channels], &upper[second..][..channels]);
                let (c, d) = (&lower[first..][..channels], &lower[second..][..channels]);
                for (channel, result) in place.iter_mut().enumerate() {
                    let above = a[channel] + (b[channel] - a[channel]) * x.share;
                    let below = c[channel] + (d[channel] - c[channel]) * x.share;
                    *result = above + (below - above) * y.share;
                }
            }
        }
    }
}

/// Adds channels, rows and columns of 0.
#[derive(Debug)]
pub(crate) struct Pad {
    pub(crate) from: Size,
    pub(crate) to: Size,
    /// The number of rows, columns and channels that are added before the values.
    pub(crate) before: [usize; 3],
}

impl Pad {
    pub(crate) fn run(&self, input: &[f32], output: &mut [f32]) {
        output.fill(0.0);
        let [top, left, front] = self.before;
        let channels = self.from.channels.max(1);
        for (index, values) in input.chunks_exact(channels).enumerate() {
            let (y, x) = (index / self.from.width, index % self.from.width);
            let place = (y + top) * self.to.width + x + left;
            let start = place * self.to.channels + front;
            output[start..start + channels].copy_from_slice(values);
        }
    }
}

/// Copies one part of a concatenated tensor: of every `of` values, `len` are written at `at`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) len: usize,
    pub(crate) at: usize,
    pub(crate) of: usize,
}

impl Part {
    pub(crate) fn run(self, input: &[f32], output: &mut [f32]) {
        let groups = output.chunks_exact_mut(self.of.max(1));
        for (output, input) in groups.zip(input.chunks_exact(self.len.max(1))) {
            output[self.at..self.at + self.len].copy_from_slice(input);
        }
    }
}
