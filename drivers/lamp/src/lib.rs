//! A light for the face, on a serial line.
//!
//! [`open`] returns a [`Handle`] at once. A thread of its own finds the lamp, sets its brightness, repeats it every second
//! so that the lamp stays lit, and finds the lamp again after a fault. No call waits in the caller's thread. A booth
//! without a lamp, or with a broken one, takes photographs all the same.
//!
//! ```
//! use lamp::{Brightness, Status};
//!
//! let (selector, control) = lamp::virtual_lamp(); // or "serial:/dev/serial/by-id/NAME".parse()?
//! let handle = lamp::open(&selector);
//! handle.set(Brightness::FULL);
//!
//! let mut status = handle.status();
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! status.wait_for(|status| status.brightness == Brightness::FULL).await?;
//! # Ok::<(), tokio::sync::watch::error::RecvError>(())
//! # }).unwrap();
//! assert_eq!(control.brightness(), Brightness::FULL);
//! drop(handle); // turns the lamp off
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | [`wire`] | the commands and replies as text, without a device |
//! | `lines` | lines of text over [`device::serial`] |
//! | `worker` | the thread: start reading here |
//! | `handle`, `status`, `fault`, `selector` | what the booth sees |
//! | `virtual_lamp` | the same lines from the other side, at the end of a pseudo terminal |
//!
//! The lines are those of `README.md`, for a small microcontroller between the serial line and the light. No driver here
//! has met a physical lamp yet.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod fault;
mod handle;
mod lines;
mod selector;
mod status;
mod virtual_lamp;
pub mod wire;
mod worker;

pub use fault::Fault;
pub use handle::Handle;
pub use selector::{Selector, SelectorError};
pub use status::{Phase, Status};
pub use virtual_lamp::Control;
pub use wire::Brightness;

/// Why a lamp cannot be used.
pub type Error = device::Error<Fault>;

/// Opens the lamp that `selector` names. Returns at once; [`Handle::status`] shows what becomes of it.
#[must_use]
pub fn open(selector: &Selector) -> Handle {
    Handle::start(selector.clone())
}

/// A virtual lamp: open its selector; the control says how bright it is, and raises its faults.
#[must_use]
pub fn virtual_lamp() -> (Selector, Control) {
    let control = Control::new();
    (Selector::Virtual(control.clone()), control)
}
