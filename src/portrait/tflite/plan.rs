//! A plan: steps over a few buffers, in the order of a run.

use fearless_simd::prelude::*;

use crate::attention::{self, Sample};
use crate::conv::Conv;
use crate::depthwise::Depthwise;
use crate::graph::Subset;
use crate::pointwise::{After, Change};
use crate::pool::{Pad, Part, Pool, Resize};
use crate::transposed::Transposed;

/// The number of values that are finished together while they are in the cache.
const BLOCK: usize = 4096;

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) slots: Vec<Vec<f32>>,
    pub(crate) input: Slot,
    pub(crate) outputs: Vec<Slot>,
    pub(crate) steps: Vec<Step>,
    pub(crate) scratch: Vec<f32>,
}

/// The buffer that holds a tensor.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) slot: usize,
    pub(crate) len: usize,
    pub(crate) shape: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) work: Work,
    /// The slot and the number of values of each operand.
    pub(crate) inputs: Vec<(usize, usize)>,
    pub(crate) output: (usize, usize),
    pub(crate) after: Vec<Change>,
}

#[derive(Debug)]
pub(crate) enum Work {
    /// Copies the values, for the operations after it.
    Copy,
    Conv(Conv),
    Depthwise(Depthwise),
    Transposed(Transposed),
    Pool(Pool),
    Resize(Resize),
    Pad(Pad),
    Join(Vec<Part>),
    Matrix(Subset),
    Sample(Sample),
    Points,
}

impl Plan {
    pub(crate) fn run<S: Simd>(&mut self, simd: S) {
        let Plan {
            slots,
            steps,
            scratch,
            ..
        } = self;
        for step in steps {
            // The output is taken out, so that the other slots can be read. No step reads the slot that it writes.
            let mut output = std::mem::take(&mut slots[step.output.0]);
            step.run(simd, slots, &mut output[..step.output.1], scratch);
            slots[step.output.0] = output;
        }
    }

    pub(crate) fn forget(&mut self) {
        for values in self.slots.iter_mut().chain([&mut self.scratch]) {
            values.fill(0.0);
        }
    }
}

impl Step {
    fn run<S: Simd>(&self, simd: S, slots: &[Vec<f32>], output: &mut [f32], scratch: &mut [f32]) {
        let input = |index: usize| {
            let (slot, len) = self.inputs[index];
            &slots[slot][..len]
        };
        let after = After {
            changes: &self.after,
            slots,
        };
        match &self.work {
            Work::Copy => {
                // If both are the same slot, the values are already there.
                if self.inputs[0].0 != self.output.0 {
                    output.copy_from_slice(input(0));
                }
            }
            Work::Conv(conv) => return conv.run(simd, input(0), output, scratch, &after),
            Work::Depthwise(conv) => return conv.run(simd, input(0), output, scratch, &after),
            Work::Transposed(conv) => conv.run(simd, input(0), output, scratch),
            Work::Pool(pool) => pool.run(simd, input(0), output),
            Work::Resize(resize) => resize.run(simd, input(0), output),
            Work::Pad(pad) => pad.run(input(0), output),
            Work::Join(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    part.run(input(index), output);
                }
            }
            Work::Matrix(subset) => attention::matrix_from(input(0), subset, output),
            Work::Sample(sample) => sample.run(simd, input(0), input(1), output),
            Work::Points => attention::transform(input(0), input(1), output),
        }
        for (index, block) in output.chunks_mut(BLOCK).enumerate() {
            after.apply(simd, block, index * BLOCK);
        }
    }

    /// Returns the number of scratch values that a run needs.
    pub(crate) fn scratch(&self) -> usize {
        match &self.work {
            Work::Conv(conv) => conv.scratch(),
            Work::Depthwise(conv) => conv.scratch(),
            Work::Transposed(conv) => conv.scratch(),
            _ => 0,
        }
    }
}
