//! Convolutions of each channel separately.

use fearless_simd::{f32x8, prelude::*};

use crate::conv::LANES;
use crate::pointwise::After;
use crate::window::{Lines, Placing, Size, Sliding};

/// A convolution of each channel separately.
#[derive(Debug)]
pub(crate) struct Depthwise {
    window: Sliding,
    to: Size,
    /// The weights, ordered by height, width and channel.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Depthwise {
    pub(crate) fn new(
        from: Size,
        to: Size,
        kernel: [usize; 2],
        placing: Placing,
        weights: &[f32],
        bias: &[f32],
    ) -> Depthwise {
        Depthwise {
            window: Sliding {
                from,
                to: [to.height, to.width],
                size: kernel,
                placing,
            },
            to,
            weights: weights.to_vec(),
            bias: bias.to_vec(),
        }
    }

    /// Returns the number of scratch values that a run needs.
    pub(crate) fn scratch(&self) -> usize {
        self.window.scratch()
    }

    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        input: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
        after: &After<'_>,
    ) {
        let row = self.to.width * self.to.channels;
        for (y, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
            let lines = self.window.lay(input, y, scratch);
            match (self.window.size[1], self.window.placing.step[1]) {
                (3, 1) => self.row::<S, 3, 1>(simd, lines, output),
                (3, 2) => self.row::<S, 3, 2>(simd, lines, output),
                (5, 1) => self.row::<S, 5, 1>(simd, lines, output),
                (5, 2) => self.row::<S, 5, 2>(simd, lines, output),
                _ => (0..self.to.channels).for_each(|channel| self.single(lines, channel, output)),
            }
            after.apply(simd, output, y * row);
        }
    }

    /// Computes a row of windows that are `K` columns wide and `STEP` apart. This is a separate function because in a
    /// larger one the sums do not stay in registers.
    fn row<S: Simd, const K: usize, const STEP: usize>(
        &self,
        simd: S,
        lines: Lines<'_>,
        output: &mut [f32],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let channels = self.to.channels;
                let Some(last) = channels.checked_sub(LANES) else {
                    (0..channels).for_each(|channel| self.single(lines, channel, output));
                    return;
                };
                // If the channels do not fill the last group, it starts earlier and computes some channels again.
                for channel in (0..channels).step_by(LANES) {
                    let channel = channel.min(last);
                    let mut place = 0;
                    while place + 4 <= self.to.width {
                        self.tile::<S, K, STEP, 4>(simd, lines, channel, place, output);
                        place += 4;
                    }
                    while place < self.to.width {
                        self.tile::<S, K, STEP, 1>(simd, lines, channel, place, output);
                        place += 1;
                    }
                }
            },
        );
    }

    /// Computes [`LANES`] channels of `N` places. Each column is read once for all windows that contain it.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays become registers, iterators over them do not"
    )]
    fn tile<S: Simd, const K: usize, const STEP: usize, const N: usize>(
        &self,
        simd: S,
        lines: Lines<'_>,
        channel: usize,
        place: usize,
        output: &mut [f32],
    ) {
        let channels = self.to.channels;
        let columns = (N - 1) * STEP + K;
        let mut sums = [f32x8::from_slice(simd, &self.bias[channel..][..LANES]); N];
        for dy in 0..self.window.size[0] {
            let start = dy * lines.stride + place * lines.apart + channel;
            let values = &lines.values[start..][..(columns - 1) * channels + LANES];
            let line = &self.weights[dy * lines.part + channel..][..(K - 1) * channels + LANES];
            let mut weights = [f32x8::splat(simd, 0.0); K];
            for dx in 0..K {
                weights[dx] = f32x8::from_slice(simd, &line[dx * channels..][..LANES]);
            }
            for column in 0..columns {
                let value = f32x8::from_slice(simd, &values[column * channels..][..LANES]);
                for index in 0..N {
                    if column >= index * STEP && column < index * STEP + K {
                        sums[index] = weights[column - index * STEP].mul_add(value, sums[index]);
                    }
                }
            }
        }
        for index in 0..N {
            let start = (place + index) * channels + channel;
            sums[index].store_slice(&mut output[start..][..LANES]);
        }
    }

    /// Computes one channel of a row, for windows of any size.
    fn single(&self, lines: Lines<'_>, channel: usize, output: &mut [f32]) {
        let channels = self.to.channels;
        for (place, output) in output.chunks_exact_mut(channels).enumerate() {
            let mut sum = self.bias[channel];
            for dy in 0..self.window.size[0] {
                let values = &lines.values[dy * lines.stride + place * lines.apart..][..lines.part];
                let weights = &self.weights[dy * lines.part..][..lines.part];
                let column = |values: &[f32], dx: usize| values[dx * channels + channel];
                for dx in 0..self.window.size[1] {
                    sum += column(values, dx) * column(weights, dx);
                }
            }
            output[channel] = sum;
        }
    }
}
