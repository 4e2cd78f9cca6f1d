//! Magicard printers: the job language, the questions they answer, and the driver that holds both together.
//!
//! Sources of the protocol: Gutenprint 5.3.4 (`print-dyesub.c`, `backend_magicard.c`), Magicard's own CUPS filter
//! `rastertoultra.c` (2014, GPL), and a USB capture of an EDIsecure DCP100 that these agree with. Read for facts; no code of
//! theirs is here. Nothing of it has met a physical printer through this crate yet.

pub mod decode;
mod driver;
pub mod encode;
pub mod layout;
pub mod reply;
pub mod request;
pub mod wire;

pub(crate) use driver::Magicard;

/// Lead-in; before a job 64 times, before a question 9 times or none.
pub(crate) const LEAD_IN: u8 = 0x05;
/// Begins a job header, a question and a reply.
pub(crate) const START: u8 = 0x01;
/// Ends a header and begins the trailer of a plane.
pub(crate) const SEPARATOR: u8 = 0x1C;
/// Ends a page, a question and a reply.
pub(crate) const END: u8 = 0x03;
/// How many lead-in bytes go before a job (the vendor's `NUMBER_05S`; seen in the capture).
pub(crate) const JOB_LEAD_IN: usize = 64;
