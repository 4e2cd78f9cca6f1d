//! Runs small convolutional networks from TensorFlow Lite files: float, batch 1, one thread, no unsafe code.
//!
//! It has the operators that MediaPipe's face detector, attention mesh and selfie segmentation are made of, their four
//! custom ones included, and refuses any other by name. A file is read once: its weights are packed for the
//! kernels, what can be done in one pass is joined, and every buffer is made. A run then allocates nothing.
//!
//! ```no_run
//! let file = std::fs::read("face_detection_short.tflite").unwrap();
//! let mut model = tflite::Model::load(&file).unwrap();
//! model.input_mut().fill(0.0);
//! model.run();
//! let scores = model.output(1);
//! ```
//!
//! The kernels are compiled for each level of vector instructions (`fearless_simd`), and the best that the processor has is
//! used: with AVX2 the networks take half the time that they take on the oldest machines.
//!
//! Files are hostile until checked: every offset, size and amount of work is bounded, and a run cannot panic on what
//! [`Model::load`] accepted.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attention;
mod conv;
mod depthwise;
mod flatbuffer;
mod flexbuffer;
mod graph;
mod pixels;
mod plan;
mod planner;
mod pointwise;
mod pool;
mod transposed;
mod window;

pub use pixels::{Frame, Rgb};

use fearless_simd::{Level, dispatch};

use plan::Plan;

/// Why a file is not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is damaged or none of TensorFlow Lite.
    #[error("the model file is damaged: {0}")]
    Damaged(&'static str),
    /// The file is good, but asks for what is not here.
    #[error("the model asks for what this interpreter does not have: {0}")]
    Unsupported(String),
    /// The file asks for more memory or work than a small network needs.
    #[error("the model is too large: {0}")]
    TooLarge(&'static str),
}

/// A network with its buffers, ready to run.
#[derive(Debug)]
pub struct Model {
    plan: Plan,
    /// The vector instructions that this processor has.
    level: Level,
}

impl Model {
    /// Reads a TensorFlow Lite file (schema version 3).
    ///
    /// # Errors
    /// When the file is damaged, too large, or uses an operator or a type that is not here.
    pub fn load(file: &[u8]) -> Result<Model, Error> {
        let graph = graph::Graph::read(file)?;
        Ok(Model {
            plan: planner::plan(&graph)?,
            level: Level::new(),
        })
    }

    /// Shape of the one input: batch (1), height, width, channels.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.plan.input.shape
    }

    /// The input's values, to be filled before a run; they stay until the next one.
    pub fn input_mut(&mut self) -> &mut [f32] {
        let input = &self.plan.input;
        &mut self.plan.slots[input.slot][..input.len]
    }

    /// Computes the outputs. Takes milliseconds; allocates nothing.
    pub fn run(&mut self) {
        dispatch!(self.level, simd => self.plan.run(simd));
    }

    /// Sets every value that the last run left to zero, as before the first.
    pub fn forget(&mut self) {
        self.plan.forget();
    }

    /// How many outputs there are.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.plan.outputs.len()
    }

    /// Shape of an output, in the file's order; empty when there are not so many.
    #[must_use]
    pub fn output_shape(&self, index: usize) -> &[usize] {
        self.plan
            .outputs
            .get(index)
            .map_or(&[], |output| &output.shape)
    }

    /// Values of an output, in the file's order; empty when there are not so many.
    #[must_use]
    pub fn output(&self, index: usize) -> &[f32] {
        match self.plan.outputs.get(index) {
            Some(output) => &self.plan.slots[output.slot][..output.len],
            None => &[],
        }
    }
}

#[cfg(test)]
mod tests;
