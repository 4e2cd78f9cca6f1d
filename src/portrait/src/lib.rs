//! The portrait: find the face, cut it as a photographer would, say in one sentence what could be better.
//!
//! Pure: pictures in, findings and pictures out; no device, no clock, no files. Everything here takes milliseconds to
//! tens of milliseconds and belongs off the UI thread.
//!
//! [`Models`] see irises, lids, lips, pose and the person's outline; without them a plain finder sees where a face is,
//! and what cannot be judged is not claimed.
//!
//! ```text
//! Finder::watch(&Picture) -> Look --+--> Crop::ideal().adjusted().inside() --> cut() --> Picture --> jpeg()
//!                                  '--> assess() -> Assessment --> Coach::hear() -> Advice (one hint, ring, ready)
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod aligned;
mod check;
mod coach;
mod crop;
mod detect;
mod face;
mod geometry;
mod jpeg;
mod mesh;
mod models;
mod outline;
mod plain;
mod pose;
mod quality;
mod resample;
mod settings;
mod sight;

pub use check::{Assessment, Check, Finding, Hint, Level, Rules, assess};
pub use coach::{Advice, Coach};
pub use crop::{Adjust, Crop, Layout, Overhang, cut};
pub use face::{Face, Features, Finder, Look};
pub use geometry::{Bounds, Point};
pub use jpeg::{JpegError, jpeg};
pub use models::{Models, ModelsError};
pub use outline::Outline;
pub use pose::Pose;
pub use settings::Settings;

#[cfg(test)]
mod oracles;
#[cfg(test)]
mod tests;
