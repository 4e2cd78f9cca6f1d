//! Evolis printers: commands of text and pixels, each answered by a word.
//!
//! Sources of the protocol: the Evolis "Programming Guide" A5013 Rev E (2003), of which the vendor says that it holds for all
//! its printers but the Avansia; the vendor's own sample classes in a Primacy application; eight jobs of the Windows driver and
//! a Linux driver for them (Printer::EVOLIS); QZ Tray's colour encoder; names of states from the vendor's `evo-printers.h`.
//! Read for facts; no code of theirs is here. Nothing of it has met a physical printer through this crate yet.

pub mod command;
pub mod decode;
mod driver;
pub mod encode;
pub mod panel;
pub mod reply;
pub mod status;

pub(crate) use driver::Evolis;

/// Begins a command.
pub(crate) const ESCAPE: u8 = 0x1B;
/// Ends a command.
pub(crate) const RETURN: u8 = 0x0D;

/// Dots across the card, in the direction of the head: the width of a line of a panel.
pub(crate) const ACROSS: usize = 648;
/// Lines along the card.
pub(crate) const LINES: usize = 1016;
