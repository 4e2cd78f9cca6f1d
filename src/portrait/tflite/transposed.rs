//! Transposed convolutions: each input place is spread over a window that does not overlap its neighbours'.

use fearless_simd::prelude::*;

use crate::conv::Conv;
use crate::pointwise::After;
use crate::window::{Lines, Placing, Size};

#[derive(Debug)]
pub(crate) struct Transposed {
    /// The convolution from each place to the values of its window, row by row.
    windows: Conv,
    from: Size,
    to: Size,
    step: [usize; 2],
}

impl Transposed {
    /// Packs weights that are ordered by output channel, height, width and input channel.
    pub(crate) fn new(
        from: Size,
        to: Size,
        step: [usize; 2],
        weights: &[f32],
        bias: &[f32],
    ) -> Transposed {
        let taps = step[0] * step[1];
        let windows = Size {
            channels: taps * to.channels,
            ..from
        };
        let row = |channel: usize, tap: usize| (channel * taps + tap) * from.channels;
        let rows = (0..taps).flat_map(|tap| (0..to.channels).map(move |channel| row(channel, tap)));
        let weights: Vec<f32> = rows
            .flat_map(|row| &weights[row..row + from.channels])
            .copied()
            .collect();
        let bias = bias.repeat(taps);
        Transposed {
            windows: Conv::new(from, windows, [1, 1], Placing::EACH, &weights, &bias),
            from,
            to,
            step,
        }
    }

    /// Returns the number of values in a place's window.
    fn window(&self) -> usize {
        self.step[0] * self.step[1] * self.to.channels
    }

    /// Returns the number of scratch values that a run needs.
    pub(crate) fn scratch(&self) -> usize {
        self.from.width * self.window()
    }

    pub(crate) fn run<S: Simd>(
        &self,
        simd: S,
        input: &[f32],
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        let scratch = &mut scratch[..self.scratch()];
        let line = self.from.width * self.from.channels;
        let row = self.to.width * self.to.channels;
        // This is the number of values in one row of a window.
        let part = self.step[1] * self.to.channels;
        let below = output.chunks_exact_mut((self.step[0] * row).max(1));
        for (values, output) in input.chunks_exact(line.max(1)).zip(below) {
            let lines = Lines::plain(values, self.from.channels);
            let nothing = After::nothing();
            self.windows.multiply(simd, lines, scratch, 0, &nothing);
            for (dy, output) in output.chunks_exact_mut(row.max(1)).enumerate() {
                let windows = scratch.chunks_exact(self.window().max(1));
                for (place, window) in output.chunks_exact_mut(part.max(1)).zip(windows) {
                    // For so few values, a loop is faster than a call that copies.
                    for (value, result) in place.iter_mut().zip(&window[dy * part..]) {
                        *value = *result;
                    }
                }
            }
        }
    }
}
