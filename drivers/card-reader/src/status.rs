//! What a reader says of itself.

use std::fmt;

use crate::{Fault, Firmware};

/// Where the reader is between unplugged and reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// No reader: it is being looked for, opened or waited for.
    #[default]
    Searching,
    /// Open, with its field off: no card is read.
    Standby,
    /// Cards are looked for four times a second.
    Reading,
}

/// The reader that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The device file of its serial port.
    pub port: String,
    pub firmware: Firmware,
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.firmware, self.port)
    }
}

/// Counted since the handle was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Times the field was asked for cards.
    pub polls: u64,
    /// Commands that had to be sent again.
    pub retries: u64,
    /// Times the reader was found again after a fault.
    pub reopened: u64,
}

/// What a reader says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    pub phase: Phase,
    /// What is wrong, if anything.
    pub fault: Option<Fault>,
    /// The reader; the last one when it is gone.
    pub reader: Option<Reader>,
    /// How many cards lie on it. With more than one that came together, none of them is told as the card.
    pub cards: u8,
    pub counters: Counters,
}

impl Status {
    /// Whether a card can be read, now or as soon as the reader is woken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase != Phase::Searching && self.fault.is_none()
    }
}
