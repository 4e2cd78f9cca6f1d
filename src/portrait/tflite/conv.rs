//! Convolutions over all channels, computed as matrix products with packed weights.
//!
//! Values are ordered by height, width and channel. The inner loops work on arrays of a constant size, which the
//! compiler unrolls and keeps in registers: a group of channels at several places at once.

use fearless_simd::{f32x8, prelude::*};

use crate::pointwise::After;
use crate::window::{Lines, Placing, Size, Sliding};

/// The number of channels in a group. A group is one register with AVX2 and two elsewhere.
pub(crate) const LANES: usize = 8;

/// The number of places whose results are finished, with the operations after the convolution, while they are in the
/// cache.
const BLOCK: usize = 32;

/// One value for each channel of a group.
type Lanes = [f32; LANES];

/// A convolution over all channels.
#[derive(Debug)]
pub(crate) struct Conv {
    window: Sliding,
    to: Size,
    /// The weights of each group of channels. Those for the same input value are adjacent.
    weights: Vec<Lanes>,
    bias: Vec<Lanes>,
    /// The number of input values in one window.
    depth: usize,
}

impl Conv {
    /// Packs weights that are ordered by output channel, height, width and input channel.
    pub(crate) fn new(
        from: Size,
        to: Size,
        kernel: [usize; 2],
        placing: Placing,
        weights: &[f32],
        bias: &[f32],
    ) -> Conv {
        let depth = kernel[0] * kernel[1] * from.channels;
        let groups = to.channels.div_ceil(LANES);
        let mut packed = vec![[0.0; LANES]; groups * depth];
        for (channel, row) in weights.chunks_exact(depth.max(1)).enumerate() {
            let (group, lane) = (channel / LANES, channel % LANES);
            for (lanes, weight) in packed[group * depth..].iter_mut().zip(row) {
                lanes[lane] = *weight;
            }
        }
        let mut packed_bias = vec![[0.0; LANES]; groups];
        for (channel, value) in bias.iter().enumerate() {
            packed_bias[channel / LANES][channel % LANES] = *value;
        }
        Conv {
            window: Sliding {
                from,
                to: [to.height, to.width],
                size: kernel,
                placing,
            },
            to,
            weights: packed,
            bias: packed_bias,
            depth,
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
        if self.window.is_plain() {
            // A block may continue in the next row.
            let lines = Lines::plain(input, self.depth);
            return self.multiply(simd, lines, output, 0, after);
        }
        let row = self.to.width * self.to.channels;
        for (y, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
            let lines = self.window.lay(input, y, scratch);
            self.multiply(simd, lines, output, y * row, after);
        }
    }

    /// Computes the products of some windows and the operations after them, block by block. `start` is the index of
    /// `output` in the whole tensor.
    pub(crate) fn multiply<S: Simd>(
        &self,
        simd: S,
        lines: Lines<'_>,
        output: &mut [f32],
        start: usize,
        after: &After<'_>,
    ) {
        let (depth, channels) = (self.depth, self.to.channels);
        if depth == 0 || channels == 0 {
            return;
        }
        for (index, output) in output.chunks_mut(BLOCK * channels).enumerate() {
            let lines = lines.from(index * BLOCK);
            let mut group = 0;
            while group < self.bias.len() {
                // When a group fits into one register, two groups are computed at once.
                let two = S::f32s::LEN >= LANES && group + 2 <= self.bias.len();
                let groups = if two { 2 } else { 1 };
                let product = Product {
                    weights: &self.weights[group * depth..][..groups * depth],
                    bias: &self.bias[group..][..groups],
                    lines,
                    channels,
                    first: group * LANES,
                };
                if two {
                    product.run::<S, 2>(simd, output);
                } else {
                    product.run::<S, 1>(simd, output);
                }
                group += groups;
            }
            after.apply(simd, output, start + index * BLOCK * channels);
        }
    }
}

/// The product of some windows and some groups of channels.
struct Product<'a> {
    weights: &'a [Lanes],
    bias: &'a [Lanes],
    lines: Lines<'a>,
    /// The number of channels of the output, and the first channel of these groups.
    channels: usize,
    first: usize,
}

impl Product<'_> {
    /// This is a separate function because in a larger one the sums do not stay in registers.
    fn run<S: Simd, const GROUPS: usize>(&self, simd: S, output: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || {
                let mut window = 0;
                let mut fours = output.chunks_exact_mut(4 * self.channels);
                for output in fours.by_ref() {
                    self.tile::<S, GROUPS, 4>(simd, window, output);
                    window += 4;
                }
                for output in fours.into_remainder().chunks_exact_mut(self.channels) {
                    self.tile::<S, GROUPS, 1>(simd, window, output);
                    window += 1;
                }
            },
        );
    }

    /// Computes `N` windows, starting at `window`.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "counted loops over arrays become registers, iterators over them do not"
    )]
    fn tile<S: Simd, const GROUPS: usize, const N: usize>(
        &self,
        simd: S,
        window: usize,
        output: &mut [f32],
    ) {
        let Lines {
            values,
            apart,
            part,
            stride,
        } = self.lines;
        let depth = self.weights.len() / GROUPS;
        let mut sums = [[f32x8::splat(simd, 0.0); GROUPS]; N];
        for sums in &mut sums {
            for group in 0..GROUPS {
                sums[group] = f32x8::simd_from(simd, self.bias[group]);
            }
        }
        let (mut start, mut done) = (window * apart, 0);
        while done < depth {
            let mut lines: [&[f32]; N] = [&[]; N];
            for window in 0..N {
                lines[window] = &values[start + window * apart..][..part];
            }
            let mut weights: [&[Lanes]; GROUPS] = [&[]; GROUPS];
            for group in 0..GROUPS {
                weights[group] = &self.weights[group * depth + done..][..part];
            }
            for index in 0..part {
                for window in 0..N {
                    let value = f32x8::splat(simd, lines[window][index]);
                    for group in 0..GROUPS {
                        let weights = f32x8::simd_from(simd, weights[group][index]);
                        sums[window][group] = weights.mul_add(value, sums[window][group]);
                    }
                }
            }
            (start, done) = (start + stride, done + part);
        }
        for window in 0..N {
            let output = &mut output[window * self.channels..][..self.channels][self.first..];
            for group in 0..GROUPS {
                let sum = sums[window][group];
                match output.get_mut(group * LANES..(group + 1) * LANES) {
                    Some(output) => sum.store_slice(output),
                    None => store_some(sum, &mut output[group * LANES..]),
                }
            }
        }
    }
}

/// Stores as many lanes as there is room for.
#[inline(always)]
fn store_some<S: Simd>(sum: f32x8<S>, output: &mut [f32]) {
    let sum: Lanes = sum.into();
    for (value, sum) in output.iter_mut().zip(&sum) {
        *value = *sum;
    }
}
