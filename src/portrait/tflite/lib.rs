//! Runs small convolutional networks from TensorFlow Lite files: float, batch 1, one thread, no unsafe code.
//!
//! It supports the operators of MediaPipe's face detector, attention mesh and selfie segmentation, including their four
//! custom ones, and refuses any other operator by name. Loading packs the weights for the kernels, joins operators that
//! can be computed in one pass, and allocates every buffer. A run then allocates nothing.
//!
//! ```no_run
//! let file = std::fs::read("face_detection_short.tflite").unwrap();
//! let mut model = tflite::Model::load(&file).unwrap();
//! model.input_mut().fill(0.0);
//! model.run();
//! let scores = model.output(1);
//! ```
//!
//! The kernels are compiled for each level of vector instructions (`fearless_simd`), and the best level of the
//! processor is used. With AVX2 the networks take half the time that they take on the oldest machines.
//!
//! Files are not trusted: every offset, size and amount of work is checked, and a run cannot panic on a file that
//! [`Model::load`] accepted.
//!
//! Start reading at [`Model`]. `graph.rs` parses a file, with `flatbuffer.rs` and `flexbuffer.rs` below it;
//! `planner.rs` makes a plan from it, and `plan.rs` runs the plan. Each kind of kernel has a file of its own, and
//! `pixels.rs` fills an input from a picture.

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

/// Why a file cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is damaged or is not a TensorFlow Lite file.
    #[error("the model file is damaged: {0}")]
    Damaged(&'static str),
    /// The file is valid but needs something that is not supported.
    #[error("the model asks for what this interpreter does not have: {0}")]
    Unsupported(String),
    /// The file asks for more memory or work than a small network needs.
    #[error("the model is too large: {0}")]
    TooLarge(&'static str),
}

/// A network and its buffers, ready to run.
#[derive(Debug)]
pub struct Model {
    plan: Plan,
    /// The level of vector instructions that this processor has.
    level: Level,
}

impl Model {
    /// Loads a TensorFlow Lite file (schema version 3).
    ///
    /// # Errors
    ///
    /// The file is damaged or too large, or it uses an operator or a type that is not supported.
    pub fn load(file: &[u8]) -> Result<Model, Error> {
        let graph = graph::Graph::read(file)?;
        Ok(Model {
            plan: planner::plan(&graph)?,
            level: Level::new(),
        })
    }

    /// Returns the shape of the only input: batch (1), height, width, channels.
    #[must_use]
    pub fn input_shape(&self) -> &[usize] {
        &self.plan.input.shape
    }

    /// Returns the values of the input, to be filled before a run. They are kept until the next one.
    pub fn input_mut(&mut self) -> &mut [f32] {
        let input = &self.plan.input;
        &mut self.plan.slots[input.slot][..input.len]
    }

    /// Computes the outputs. This takes milliseconds and allocates nothing.
    pub fn run(&mut self) {
        dispatch!(self.level, simd => self.plan.run(simd));
    }

    /// Sets every value that the last run left to zero, as before the first run.
    pub fn forget(&mut self) {
        self.plan.forget();
    }

    /// Returns the number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.plan.outputs.len()
    }

    /// Returns the shape of an output, in the file's order. It is empty when the index is too large.
    #[must_use]
    pub fn output_shape(&self, index: usize) -> &[usize] {
        self.plan
            .outputs
            .get(index)
            .map_or(&[], |output| &output.shape)
    }

    /// Returns the values of an output, in the file's order. They are empty when the index is too large.
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
