//! Convolutions: by matrix products over packed weights, channel by channel, and transposed.
//!
//! Values lie as height, width, channels. The inner loops work on arrays of a fixed size, which the compiler turns into
//! vector instructions and keeps in registers; that is why their sizes are constants.

use crate::graph::Padding;
use crate::pointwise::After;

/// Channels that are computed at once: two registers of four on any x86-64, and four places at once fill the rest.
const LANES: usize = 8;
const PLACES: usize = 4;

/// Places whose results are finished (added to, bent) while they are still in the cache.
const BLOCK: usize = 32;

/// A group of [`LANES`] weights, one for each channel of a panel.
type Lanes = [f32; LANES];

/// Where a window stands: how far it moves, and how far the first one hangs over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placing {
    pub(crate) step: [usize; 2],
    pub(crate) before: [usize; 2],
}

impl Placing {
    /// Number of windows along one side, and by how much the first one hangs over.
    pub(crate) fn along(
        padding: Padding,
        side: usize,
        size: usize,
        step: usize,
    ) -> Option<(usize, usize)> {
        match padding {
            Padding::Same => {
                let count = side.div_ceil(step);
                let reach = (count.checked_sub(1)? * step + size).saturating_sub(side);
                Some((count, reach / 2))
            }
            Padding::Valid => Some((side.checked_sub(size)? / step + 1, 0)),
        }
    }
}

/// Height, width and channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Size {
    pub(crate) const fn len(self) -> usize {
        self.height * self.width * self.channels
    }
}

/// A convolution over all channels.
#[derive(Debug)]
pub(crate) struct Conv {
    pub(crate) from: Size,
    pub(crate) to: Size,
    kernel: [usize; 2],
    placing: Placing,
    /// Panels of [`LANES`] channels each; in one, the weights of one input value lie together.
    panels: Vec<Lanes>,
    bias: Vec<Lanes>,
    /// Input values of one place.
    depth: usize,
}

impl Conv {
    /// Packs weights that lie as output channel, height, width, input channel.
    pub(crate) fn new(
        from: Size,
        to: Size,
        kernel: [usize; 2],
        placing: Placing,
        weights: &[f32],
        bias: &[f32],
    ) -> Conv {
        let depth = kernel[0] * kernel[1] * from.channels;
        let count = to.channels.div_ceil(LANES);
        let mut panels = vec![[0.0; LANES]; count * depth];
        for (channel, row) in weights.chunks_exact(depth.max(1)).enumerate() {
            let (panel, lane) = (channel / LANES, channel % LANES);
            for (lanes, weight) in panels[panel * depth..].iter_mut().zip(row) {
                lanes[lane] = *weight;
            }
        }
        let mut packed_bias = vec![[0.0; LANES]; count];
        for (channel, value) in bias.iter().enumerate() {
            packed_bias[channel / LANES][channel % LANES] = *value;
        }
        Conv {
            from,
            to,
            kernel,
            placing,
            panels,
            bias: packed_bias,
            depth,
        }
    }

    /// Whether the input's values are the matrix as they lie.
    fn is_plain(&self) -> bool {
        self.kernel == [1, 1] && self.placing.step == [1, 1]
    }

    /// Values of scratch that a run needs.
    pub(crate) fn scratch(&self) -> usize {
        if self.is_plain() {
            0
        } else {
            self.to.width * self.depth
        }
    }

    pub(crate) fn run(
        &self,
        input: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
        after: &[After],
        slots: &[Vec<f32>],
    ) {
        if self.is_plain() {
            self.multiply(input, output, 0, after, slots);
            return;
        }
        let row = self.to.width * self.to.channels;
        let scratch = &mut scratch[..self.scratch()];
        for (y, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
            self.gather(input, y, scratch);
            self.multiply(scratch, output, y * row, after, slots);
        }
    }

    /// Writes the values that each window of a row covers one after the other; 0 outside.
    fn gather(&self, input: &[f32], row: usize, scratch: &mut [f32]) {
        let [step_y, step_x] = self.placing.step;
        let [before_y, before_x] = self.placing.before;
        let [size_y, size_x] = self.kernel;
        let Size {
            height,
            width,
            channels,
        } = self.from;
        let part = size_x * channels;
        for (x, window) in scratch.chunks_exact_mut(self.depth.max(1)).enumerate() {
            let left = x * step_x;
            // columns of the window that lie inside
            let first = before_x.saturating_sub(left).min(size_x);
            let last = (width + before_x).saturating_sub(left).clamp(first, size_x);
            for (dy, values) in window
                .chunks_exact_mut(part.max(1))
                .enumerate()
                .take(size_y)
            {
                let y = (row * step_y + dy).checked_sub(before_y);
                let Some(y) = y.filter(|y| *y < height && last > first) else {
                    values.fill(0.0);
                    continue;
                };
                values[..first * channels].fill(0.0);
                values[last * channels..].fill(0.0);
                let start = (y * width + left + first - before_x) * channels;
                let len = (last - first) * channels;
                values[first * channels..last * channels]
                    .copy_from_slice(&input[start..start + len]);
            }
        }
    }

    /// The matrix product, and what comes after it, block by block. `start` is where `output` begins in the whole.
    fn multiply(
        &self,
        input: &[f32],
        output: &mut [f32],
        start: usize,
        after: &[After],
        slots: &[Vec<f32>],
    ) {
        let (depth, channels) = (self.depth, self.to.channels);
        if depth == 0 || channels == 0 {
            return;
        }
        let mut at = start;
        let blocks = output.chunks_mut(BLOCK * channels);
        for (input, output) in input.chunks(BLOCK * depth).zip(blocks) {
            for (index, (panel, bias)) in
                self.panels.chunks_exact(depth).zip(&self.bias).enumerate()
            {
                let first = index * LANES;
                let lanes = LANES.min(channels - first);
                let mut rows = input.chunks_exact(PLACES * depth);
                let mut places = output.chunks_exact_mut(PLACES * channels);
                for (rows, places) in rows.by_ref().zip(places.by_ref()) {
                    let sums = tile::<PLACES>(rows, panel, bias);
                    for (place, sums) in places.chunks_exact_mut(channels).zip(&sums) {
                        place[first..first + lanes].copy_from_slice(&sums[..lanes]);
                    }
                }
                let rows = rows.remainder().chunks_exact(depth);
                let places = places.into_remainder().chunks_exact_mut(channels);
                for (row, place) in rows.zip(places) {
                    let [sums] = tile::<1>(row, panel, bias);
                    place[first..first + lanes].copy_from_slice(&sums[..lanes]);
                }
            }
            for step in after {
                step.apply(output, at, slots);
            }
            at += output.len();
        }
    }
}

/// `N` rows of the input times one panel.
#[inline(always)]
fn tile<const N: usize>(rows: &[f32], panel: &[Lanes], bias: &Lanes) -> [Lanes; N] {
    let depth = panel.len();
    let rows: [&[f32]; N] = std::array::from_fn(|row| &rows[row * depth..][..depth]);
    let mut sums = [*bias; N];
    for (index, weights) in panel.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let value = row[index];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    sums
}

/// A convolution of each channel by itself.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(crate) from: Size,
    pub(crate) to: Size,
    kernel: [usize; 2],
    placing: Placing,
    /// As height, width, channel.
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
            from,
            to,
            kernel,
            placing,
            weights: weights.to_vec(),
            bias: bias.to_vec(),
        }
    }

    pub(crate) fn run(
        &self,
        input: &[f32],
        output: &mut [f32],
        after: &[After],
        slots: &[Vec<f32>],
    ) {
        let [step_y, step_x] = self.placing.step;
        let [before_y, before_x] = self.placing.before;
        let [size_y, size_x] = self.kernel;
        let (width, channels) = (self.from.width, self.from.channels);
        let row = self.to.width * channels;
        for (y, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
            let top = y * step_y;
            // rows of the window that lie inside
            let first_y = before_y.saturating_sub(top).min(size_y);
            let last_y = (self.from.height + before_y)
                .saturating_sub(top)
                .clamp(first_y, size_y);
            for (x, place) in output.chunks_exact_mut(channels.max(1)).enumerate() {
                let left = x * step_x;
                let first_x = before_x.saturating_sub(left).min(size_x);
                let last_x = (width + before_x)
                    .saturating_sub(left)
                    .clamp(first_x, size_x);
                let start = ((top + first_y).saturating_sub(before_y) * width
                    + (left + first_x).saturating_sub(before_x))
                    * channels;
                let corner = input.get(start..).unwrap_or_default();
                let weights = (first_y * size_x + first_x) * channels;
                let weights = self.weights.get(weights..).unwrap_or_default();
                let taps = [last_y - first_y, last_x - first_x];
                self.place(corner, weights, taps, place);
            }
            for step in after {
                step.apply(output, y * row, slots);
            }
        }
    }

    /// One place: `taps` rows and columns of the window, from its corner on.
    fn place(&self, corner: &[f32], weights: &[f32], taps: [usize; 2], place: &mut [f32]) {
        let channels = self.from.channels;
        let strides = [self.from.width * channels, self.kernel[1] * channels];
        if taps == [3, 3] {
            let rows = [0, 1, 2].map(|dy| &corner[dy * strides[0]..][..3 * channels]);
            let taps: [&[f32]; 9] =
                std::array::from_fn(|tap| &rows[tap / 3][tap % 3 * channels..][..channels]);
            let weights: [&[f32]; 9] = std::array::from_fn(|tap| {
                &weights[tap / 3 * strides[1] + tap % 3 * channels..][..channels]
            });
            let bias = &self.bias[..channels];
            let place = &mut place[..channels];
            let mut at = 0;
            while at + 8 <= channels {
                nine::<8>(&taps, &weights, bias, place, at);
                at += 8;
            }
            while at + 2 <= channels {
                nine::<2>(&taps, &weights, bias, place, at);
                at += 2;
            }
            while at < channels {
                nine::<1>(&taps, &weights, bias, place, at);
                at += 1;
            }
            return;
        }
        place.copy_from_slice(&self.bias);
        for dy in 0..taps[0] {
            for dx in 0..taps[1] {
                let values = &corner[dy * strides[0] + dx * channels..][..channels];
                let weights = &weights[dy * strides[1] + dx * channels..][..channels];
                for ((sum, value), weight) in place.iter_mut().zip(values).zip(weights) {
                    *sum += value * weight;
                }
            }
        }
    }
}

/// `N` channels of a window of three by three.
#[inline(always)]
fn nine<const N: usize>(
    taps: &[&[f32]; 9],
    weights: &[&[f32]; 9],
    bias: &[f32],
    place: &mut [f32],
    at: usize,
) {
    let mut sums = [0.0; N];
    sums.copy_from_slice(&bias[at..at + N]);
    for (values, weights) in taps.iter().zip(weights) {
        let (values, weights) = (&values[at..at + N], &weights[at..at + N]);
        for lane in 0..N {
            sums[lane] += values[lane] * weights[lane];
        }
    }
    place[at..at + N].copy_from_slice(&sums);
}

/// A convolution turned round: each input place spreads over a window that does not overlap its neighbours'.
#[derive(Debug)]
pub(crate) struct Transposed {
    pub(crate) from: Size,
    pub(crate) to: Size,
    step: [usize; 2],
    /// As output channel, height, width, input channel.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Transposed {
    pub(crate) fn new(
        from: Size,
        to: Size,
        step: [usize; 2],
        weights: &[f32],
        bias: &[f32],
    ) -> Transposed {
        Transposed {
            from,
            to,
            step,
            weights: weights.to_vec(),
            bias: bias.to_vec(),
        }
    }

    pub(crate) fn run(&self, input: &[f32], output: &mut [f32]) {
        let (depth, channels) = (self.from.channels, self.to.channels);
        let [step_y, step_x] = self.step;
        let row = self.to.width * channels;
        for (y, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
            let values = &input[y / step_y * self.from.width * depth..][..self.from.width * depth];
            for (x, place) in output.chunks_exact_mut(channels.max(1)).enumerate() {
                let values = &values[x / step_x * depth..][..depth];
                let tap = y % step_y * step_x + x % step_x;
                for (channel, result) in place.iter_mut().enumerate() {
                    let weights =
                        &self.weights[(channel * step_y * step_x + tap) * depth..][..depth];
                    let sum: f32 = values.iter().zip(weights).map(|(v, w)| v * w).sum();
                    *result = sum + self.bias[channel];
                }
            }
        }
    }
}
