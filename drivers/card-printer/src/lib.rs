//! Card printers: a picture of a card becomes a printed card.
//!
//! ```
//! use card_printer::{CardImage, Model, Options, PrintJob, Progress, Timing, VirtualOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // or card_printer::open(&"usb?model=rio2".parse()?, Timing::default())
//! let options = VirtualOptions::new(Model::Rio2).speed(0.0);
//! let (printer, control) = card_printer::virtual_printer(options, Timing::swift());
//! # card_printer::wait_for(&printer, std::time::Duration::from_secs(20), |status| status.ready);
//! let front = CardImage::from_rgb(1016, 642, vec![0xFF; 1016 * 642 * 3])?;
//! let job = PrintJob { id: "attempt-1".into(), front, back: None, options: Options::default() };
//! let mut progress = printer.print(job)?;
//! while let Some(news) = progress.blocking_recv() {
//!     if let Progress::Ended(evidence) = news {
//!         assert_eq!(evidence.counter_after, Some(1));
//!     }
//! }
//! assert_eq!(control.books().ejected, 1);
//! # Ok(())
//! # }
//! ```
//!
//! - [`open`] returns a [`Handle`]: a thread of its own finds the printer, watches it and prints one job at a time.
//! - [`encode`] and [`decode`] need no device: a job as bytes, and the card that bytes make.
//! - [`VirtualPrinter`] takes the same bytes and draws the card; [`Control`] raises every known fault.
//!
//! | module | what is in it |
//! |---|---|
//! | `supervisor` | the handle and the thread: start reading here |
//! | `driver` | what a driver does for the thread, and how long it waits for what |
//! | [`magicard`], [`evolis`], [`ipp`], `file` | the drivers, each with its protocol |
//! | `card`, `card_image`, `colour`, `model`, `selector`, `status`, `fault` | what the booth sees |
//! | `codec`, `encoded`, `decoded` | jobs as bytes and back, for every protocol |
//! | `transport` | USB, TCP, and recordings of sessions |
//! | `virtual_printer` | printers in software |
//!
//! [`Status`] is what a printer says of itself; [`Evidence`] is what a job left behind. This crate never concludes from it
//! whether a card was printed: that is for the booth.
//!
//! No driver here has met a physical printer yet; `README.md` says what each was proved against.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::unwrap_in_result))] // a test that unwraps states what it expects

mod bits;
mod card;
mod card_image;
mod codec;
mod colour;
mod decoded;
mod driver;
mod encoded;
pub mod evolis;
mod fault;
mod file;
pub mod ipp;
pub mod magicard;
mod model;
mod names;
mod selector;
mod status;
mod supervisor;
mod transport;
mod virtual_printer;

pub use self::ipp::Queue;
pub use card::{
    Coercivity, Hole, JobId, Language, Levels, Magnetic, Options, Panel, Power, PrintJob, Ribbon,
};
pub use card_image::{CardImage, ImageError};
pub use codec::{decode, encode};
pub use colour::{ColourProfile, ProfileError};
pub use decoded::{DecodeError, DecodedCard, DecodedSide, Depth};
pub use driver::{CardMove, Timing};
pub use encoded::EncodeError;
pub use fault::Fault;
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
