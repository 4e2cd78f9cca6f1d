//! A contactless reader: the UID of the card that lies on it.
//!
//! [`open`] returns a [`Handle`] at once. A thread of its own finds the reader, wakes it, looks for cards four times a
//! second, and finds it again after a fault. No call waits in the caller's thread.
//!
//! ```
//! use card_reader::VirtualCard;
//!
//! let (selector, control) = card_reader::virtual_reader(); // or "pn532:usb".parse()?
//! let reader = card_reader::open(&selector);
//! control.lay(VirtualCard::desfire());
//!
//! let mut cards = reader.cards();
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let card = cards.wait_for(Option::is_some).await?.clone();
//! assert_eq!(card.map(|card| card.uid.len()), Some(7));
//! # Ok::<(), tokio::sync::watch::error::RecvError>(())
//! # }).unwrap();
//! ```
//!
//! ```text
//! transport (device::serial) -- frame -- command, reply -- Pn532 -- worker --Status--> status
//!        ||  pseudo terminal                                        '--Card--> presence --> cards  (newest wins)
//! virtual_reader: the same bytes from the other side
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | `worker` | the thread: start reading here |
//! | [`pn532`] | the chip: [`pn532::frame`] has the bytes, [`pn532::command`] and [`pn532::reply`] what they mean |
//! | `presence` | which card lies on the reader, from one look at the field after another |
//! | `handle`, `status`, `fault`, `selector`, `card` | what the booth sees |
//! | `virtual_reader` | a PN532 in software at the end of a pseudo terminal |
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
mod transport;
mod virtual_reader;
mod worker;

pub use card::Card;
pub use fault::Fault;
pub use handle::Handle;
pub use pn532::reply::Firmware;
pub use selector::{Selector, SelectorError, UsbId};
pub use status::{Counters, Phase, Reader, Status};
pub use transport::{LinkError, Port, SerialLine, Transport, UsbBridge, ports};
pub use virtual_reader::{Control, Moment, VirtualCard, VirtualCardError};

/// A reader that is connected and answers. One thread creates, uses and drops it.
pub trait CardReader: Send {
    /// What the chip calls itself.
    fn firmware(&self) -> Firmware;

    /// The cards in the field now, two at most. A card that stays is listed each time.
    ///
    /// # Errors
    /// When the reader is gone or does not answer; it must then be opened again.
    fn cards(&mut self) -> Result<Vec<Card>, Error>;

    /// Checks that the reader still answers, in the time in which no cards are looked for.
    ///
    /// # Errors
    /// As [`CardReader::cards`].
    fn check(&mut self) -> Result<(), Error>;

    /// Puts the reader to sleep, before it is closed.
    fn rest(&mut self);

    /// How many commands had to be sent again.
    fn retries(&self) -> u64;
}

/// Why a reader cannot be used.
pub type Error = device::Error<Fault>;

/// Opens the reader that `selector` names. Returns at once; [`Handle::status`] shows what becomes of it.
#[must_use]
pub fn open(selector: &Selector) -> Handle {
    Handle::start(selector.clone())
}

/// A virtual reader: open its selector, and the control lays cards on it and raises its faults.
#[must_use]
pub fn virtual_reader() -> (Selector, Control) {
    let control = Control::new();
    (Selector::Virtual(control.clone()), control)
}
