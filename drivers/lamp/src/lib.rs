//! A light for the face, on a serial line.
//!
//! [`open`] returns a [`Handle`] at once. A thread of its own finds the lamp, sets its brightness, says it again every
//! second so that the lamp stays on, and finds it again after a fault; nothing here ever waits in the caller's thread.
//! A booth without a lamp, or with a broken one, takes photographs all the same.
//!
//! ```text
//! transport (serialport) -- wire -- supervisor --Status--> status
//!        ||  pseudo terminal             ^---- brightness
//! virtual_lamp: the same lines from the other side
//! ```
//!
//! The lines are those of `README.md`, for a small microcontroller between the serial line and the light. No driver here
//! has met a physical lamp yet.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod fault;
mod handle;
mod selector;
mod status;
mod supervisor;
mod transport;
mod virtual_lamp;
pub mod wire;

pub use fault::{Fault, Sentence};
pub use handle::Handle;
pub use selector::{Selector, SelectorError};
pub use status::{Phase, Status};
pub use virtual_lamp::Control;
pub use wire::Brightness;

/// Why a lamp cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: {detail}")]
pub struct Error {
    pub fault: Fault,
    /// For the log.
    pub detail: String,
}

impl Error {
    pub(crate) fn new(fault: Fault, detail: impl std::fmt::Display) -> Error {
        Error {
            fault,
            detail: detail.to_string(),
        }
    }
}

/// Opens the lamp that `selector` names. Returns at once; how it goes is told by [`Handle::status`].
#[must_use]
pub fn open(selector: &Selector) -> Handle {
    Handle::start(selector.clone())
}

/// A virtual lamp: open its selector, and the control says how bright it is and what is wrong with it.
#[must_use]
pub fn virtual_lamp() -> (Selector, Control) {
    let control = Control::new();
    (Selector::Virtual(control.clone()), control)
}
