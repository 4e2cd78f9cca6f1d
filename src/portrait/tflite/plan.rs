//! Steps over a few buffers, in the order of a run.

use fearless_simd::prelude::*;

use crate::attention::{self, Sample};
use crate::conv::Conv;
use crate::depthwise::Depthwise;
use crate::graph::Subset;
use crate::pointwise::{After, Change};
use crate::pool::{Pad, Part, Pool, Resize};
use crate::transposed::Transposed;

/// Values that are finished together while they are in the cache.
const BLOCK: usize = 4096;

#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) slots: Vec<Vec<f32>>,
    pub(crate) input: Slot,
    pub(crate) outputs: Vec<Slot>,
    pub(crate) steps: Vec<Step>,
    pub(crate) scratch: Vec<f32>,
}

/// Where a tensor lies.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) slot: usize,
    pub(crate) len: usize,
    pub(crate) shape: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) work: Work,
    /// Slot and number of values of each operand.
    pub(crate) inputs: Vec<(usize, usize)>,
    pub(crate) output: (usize, usize),
    pub(crate) after: Vec<Change>,
}

#[derive(Debug)]
pub(crate) enum Work {
    /// The values as they are, for what comes after.
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
            // taken out, so that the others can be read meanwhile; no step reads the slot it writes
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
                // the same slot: the values are there
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

    /// Values of scratch that a run needs.
    pub(crate) fn scratch(&self) -> usize {
        match &self.work {
            Work::Conv(conv) => conv.scratch(),
            Work::Depthwise(conv) => conv.scratch(),
            Work::Transposed(conv) => conv.scratch(),
            _ => 0,
        }
    }
}
