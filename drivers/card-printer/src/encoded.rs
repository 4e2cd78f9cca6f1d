//! A job as the bytes that a printer takes.

use thiserror::Error;

use crate::model::Model;
use crate::status::Stage;

/// Why a job cannot be put into the language of a printer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("the {side} is {width}x{height} pixels, but {model} prints exactly {}x{}", expected.0, expected.1)]
    Raster {
        side: &'static str,
        model: Model,
        width: u32,
        height: u32,
        expected: (u32, u32),
    },
    #[error("a {0} has no second side: leave the back out")]
    NoBack(Model),
    #[error("magnetic track {track} cannot be written: {reason}")]
    Track { track: usize, reason: String },
    #[error("the colour profile cannot be used: {0}")]
    Colour(String),
    #[error("{what} is {value}, but must be {min} to {max}")]
    Range {
        what: &'static str,
        value: u32,
        min: u32,
        max: u32,
    },
}

/// A job as bytes, and which of them are what.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub bytes: Vec<u8>,
    /// In the order of the bytes, without gaps.
    pub parts: Vec<Part>,
}

/// Bytes that belong together and go out in transfers of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub end: usize,
    pub stage: Stage,
    /// The part holds pixels: once the printer has any of it, a card may follow.
    pub picture: bool,
}

impl Encoded {
    pub(crate) fn close(&mut self, stage: Stage, picture: bool) {
        self.parts.push(Part {
            end: self.bytes.len(),
            stage,
            picture,
        });
    }
}
