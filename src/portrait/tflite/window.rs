//! Windows that slide over a picture: their positions, and the rows of the picture laid out for them.

use crate::graph::Padding;

/// A height, a width and a number of channels.
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

/// The position of windows: the step between them, and how far the first one extends beyond the edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placing {
    pub(crate) step: [usize; 2],
    pub(crate) before: [usize; 2],
}

impl Placing {
    /// Each place is a window of its own.
    pub(crate) const EACH: Placing = Placing {
        step: [1, 1],
        before: [0, 0],
    };

    /// Returns the number of windows along one side and how far the first one extends beyond the edge.
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

/// The rows of a picture that a row of windows covers. Window `n` has `part` values from `n * apart` on, and as many in
/// each row below, `stride` values further on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) apart: usize,
    pub(crate) part: usize,
    pub(crate) stride: usize,
}

impl<'a> Lines<'a> {
    /// Returns windows of one place each, with `channels` values.
    pub(crate) fn plain(values: &'a [f32], channels: usize) -> Self {
        Lines {
            values,
            apart: channels,
            part: channels,
            stride: 0,
        }
    }

    /// Returns the same lines, starting at a later window.
    pub(crate) fn from(self, window: usize) -> Self {
        Lines {
            values: &self.values[window * self.apart..],
            ..self
        }
    }
}

/// A window that slides over a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sliding {
    pub(crate) from: Size,
    /// The number of windows along each side.
    pub(crate) to: [usize; 2],
    pub(crate) size: [usize; 2],
    pub(crate) placing: Placing,
}

impl Sliding {
    /// Whether the picture's values can be used as the windows' without laying them out.
    pub(crate) fn is_plain(self) -> bool {
        self.size == [1, 1] && self.placing.step == [1, 1]
    }

    /// Returns the number of values of a row that the windows cover, including those beyond the edges.
    fn stride(self) -> usize {
        let columns = self.to[1].saturating_sub(1) * self.placing.step[1] + self.size[1];
        columns.saturating_mul(self.from.channels)
    }

    /// Returns the number of scratch values that laying out a row needs.
    pub(crate) fn scratch(self) -> usize {
        if self.is_plain() {
            0
        } else {
            self.size[0].saturating_mul(self.stride())
        }
    }

    /// Returns the picture's rows that row `row` of the windows covers. Values beyond the edges are 0.
    pub(crate) fn lay<'a>(self, input: &'a [f32], row: usize, scratch: &'a mut [f32]) -> Lines<'a> {
        let channels = self.from.channels;
        let width = self.from.width * channels;
        if self.is_plain() {
            return Lines::plain(&input[row * width..][..width], channels);
        }
        let stride = self.stride();
        let left = (self.placing.before[1] * channels).min(stride);
        let inside = width.min(stride - left);
        let scratch = &mut scratch[..self.size[0] * stride];
        for (dy, line) in scratch.chunks_exact_mut(stride.max(1)).enumerate() {
            let y = (row * self.placing.step[0] + dy).checked_sub(self.placing.before[0]);
            let Some(y) = y.filter(|y| *y < self.from.height) else {
                line.fill(0.0);
                continue;
            };
            line[..left].fill(0.0);
            line[left..left + inside].copy_from_slice(&input[y * width..][..inside]);
            line[left + inside..].fill(0.0);
        }
        Lines {
            values: scratch,
            apart: self.placing.step[1] * channels,
            part: self.size[1] * channels,
            stride,
        }
    }
}
