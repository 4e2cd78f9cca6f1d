//! The portrait: find the face, cut it as a photographer would, say in one sentence what could be better.
//!
//! Pure: pictures in, findings and pictures out; no device, no clock, no files. Everything here takes milliseconds to
//! tens of milliseconds and belongs off the UI thread.
//!
//! ```text
//! Finder::watch(&Picture) -> Look --+--> Crop::ideal().adjusted().inside() --> cut() --> Picture --> jpeg()
//!                                  '--> assess() -> Assessment --> Coach::hear() -> Advice (one hint, ring, ready)
//! ```

mod check;
mod coach;
mod crop;
mod face;
mod geometry;
mod jpeg;
mod plain;
mod quality;
mod resample;

pub use check::{Assessment, Check, Finding, Hint, Level, Rules, assess};
pub use coach::{Advice, Coach};
pub use crop::{Adjust, Crop, Layout, Overhang, cut};
pub use face::{Face, Finder, Look};
pub use geometry::{Bounds, Point};
pub use jpeg::{JpegError, jpeg};

#[cfg(test)]
mod tests;
