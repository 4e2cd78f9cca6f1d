//! A contactless reader: the UID of the card that lies on it.
//!
//! [`open`] returns a [`Handle`] at once. A thread of its own finds the reader, wakes it, looks for cards four times a
//! second, and finds it again after a fault; nothing here ever waits in the caller's thread.
//!
//! ```text
//! transport (serialport) -- frame -- command, reply -- Pn532 -- supervisor --Status--> status
//!        ||  pseudo terminal                                        '--Card--> presence --> cards  (newest wins)
//! virtual_reader: the same bytes from the other side
//! ```
//!
//! The UID of a card leads to a person: it is never logged, `Debug` does not show it, and it is wiped when dropped.
//!
//! No driver here has met a physical reader yet: libnfc has read cards from the virtual reader, and the driver reads
//! cards from the same one.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod card;
mod fault;
mod handle;
pub mod pn532;
mod presence;
mod selector;
mod status;
mod supervisor;
mod transport;
mod virtual_reader;

use std::fmt;

pub use card::Card;
pub use fault::{Fault, Sentence};
pub use handle::Handle;
pub use pn532::reply::Firmware;
pub use selector::{Selector, SelectorError, UsbId};
pub use status::{Counters, Phase, Reader, Status};
pub use transport::{LinkError, Port, SerialTransport, Transport, UsbBridge, ports};
pub use virtual_reader::{Control, Moment, VirtualCard, VirtualCardError};

/// A reader that is connected and answers. One thread creates, uses and drops it.
pub trait CardReader: Send {
    /// What the chip calls itself.
    fn firmware(&self) -> Firmware;

    /// The cards in the field now, two at most. A card that stays is told each time.
    ///
    /// # Errors
    /// When the reader is gone or does not answer; it must then be opened anew.
    fn cards(&mut self) -> Result<Vec<Card>, Error>;

    /// Whether the reader still answers; asked while no cards are looked for.
    ///
    /// # Errors
    /// As [`CardReader::cards`].
    fn check(&mut self) -> Result<(), Error>;

    /// Puts the reader to sleep, before it is left.
    fn rest(&mut self);

    /// How many commands had to be sent again.
    fn retries(&self) -> u64;
}

/// Why a reader cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: {detail}")]
pub struct Error {
    pub fault: Fault,
    /// For the log; names ports and never cards.
    pub detail: String,
}

impl Error {
    pub(crate) fn new(fault: Fault, detail: impl fmt::Display) -> Error {
        Error {
            fault,
            detail: detail.to_string(),
        }
    }
}

/// Opens the reader that `selector` names. Returns at once; how it goes is told by [`Handle::status`].
#[must_use]
pub fn open(selector: &Selector) -> Handle {
    Handle::start(selector.clone())
}

/// A virtual reader: open its selector, and the control lays cards on it and says what is wrong with it.
#[must_use]
pub fn virtual_reader() -> (Selector, Control) {
    let control = Control::new();
    (Selector::Virtual(control.clone()), control)
}
