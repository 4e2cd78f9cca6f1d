//! Card printers: a picture of a card becomes a printed card.
//!
//! ```no_run
//! use card_printer::{CardImage, Options, PrintJob, Progress, Selector, Timing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let printer = card_printer::open(&"usb?model=rio2".parse::<Selector>()?, Timing::default());
//! let front = CardImage::from_rgb(1016, 642, vec![0xFF; 1016 * 642 * 3])?;
//! let job = PrintJob { id: "attempt-1".into(), front, back: None, options: Options::default() };
//! let mut progress = printer.print(job)?;
//! while let Some(news) = progress.blocking_recv() {
//!     if let Progress::Ended(evidence) = news {
//!         println!("{evidence:?}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`open`] gives a [`Handle`]: a thread of its own finds the printer, watches it and prints one job at a time.
//! - [`encode`] and [`decode`] are the pure part: a job as bytes, and the card that bytes make.
//! - [`VirtualPrinter`] takes the same bytes and draws the card; [`Control`] breaks it in every known way.
//!
//! What a printer says of itself is [`Status`]; what a job left behind is [`Evidence`]. This crate never concludes from it
//! whether a card was printed: that is for the booth.
//!
//! No driver here has met a physical printer yet; `README.md` tells what each was proved against.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::unwrap_in_result))] // a test that unwraps says what it expects

mod card;
mod codec;
mod colour;
mod driver;
pub mod evolis;
mod fault;
mod file;
pub mod ipp;
pub mod magicard;
mod model;
mod selector;
mod status;
mod supervisor;
mod transport;
mod virtual_printer;

pub use self::ipp::Queue;
pub use card::{
    CardImage, Coercivity, Hole, ImageError, JobId, Language, Levels, Magnetic, Options, Panel,
    Power, PrintJob, Ribbon,
};
pub use codec::{DecodeError, DecodedCard, DecodedSide, Depth, EncodeError, decode, encode};
pub use colour::{ColourProfile, ProfileError};
pub use driver::{CardMove, Timing};
pub use fault::{Fault, Sentence};
pub use model::{Model, Protocol, raster};
pub use selector::{Selector, SelectorError, open, open_recorded, open_replay, virtual_printer};
pub use status::{CardPosition, Counters, Evidence, Link, PrintStep, Progress, Stage, Status};
pub use supervisor::{Handle, Refused, wait_for};
pub use transport::recording::{Prologue, Recording, Replay};
pub use transport::tcp::TcpTransport;
pub use transport::usb::{Filter, Found, UsbTransport, list};
pub use transport::{DeviceId, LinkError, PortStatus, Transport};
pub use virtual_printer::{
    Books, Control, PrintedCard, Tray, VirtualOptions, VirtualPrinter, VirtualTransport,
};
