//! Makes the portrait: finds the face, crops the picture around it, and says in one sentence what could be better.
//!
//! The functions are pure: they take pictures and return findings and pictures, and use no device, clock or file. Each
//! takes milliseconds to tens of milliseconds, so it must not run on the UI thread.
//!
//! With [`Models`], a [`Finder`] sees irises, lids, lips, the pose and the person's outline. Without them a plain
//! finder sees only where a face is, and the checks that need more are left out.
//!
//! ```text
//! Finder::watch(&Picture) -> Look --+--> Crop::ideal().adjusted().inside() --> cut() --> Picture --> jpeg()
//!                                  '--> assess() -> Assessment --> Coach::hear() -> Advice (one hint, ring, ready)
//! ```
//!
//! Start reading at [`Finder`] (`face.rs`), then [`Crop`] (`crop.rs`), [`assess`] (`check.rs`, with the measures in
//! `quality.rs`) and [`Coach`] (`coach.rs`). The networks are in `detect.rs`, `mesh.rs` and `outline.rs`; the crate
//! `tflite` runs them.
//!
//! ```
//! use common::order::Picture;
//! use portrait::{Crop, Finder, Layout, cut};
//!
//! fn portrait_of(picture: &Picture) -> Option<Picture> {
//!     let look = Finder::plain().study(picture);
//!     let layout = Layout::default();
//!     let crop = Crop::ideal(look.faces.first()?, None, &layout).inside(picture);
//!     Some(cut(picture, &crop, &layout))
//! }
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
