//! The status of a reader.

use std::fmt;

use crate::{Fault, Firmware};

/// How far the driver is with the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// There is no reader: the driver looks for one, or opens it.
    #[default]
    Searching,
    /// The reader is open and its field is off: no card is read.
    Standby,
    /// The driver looks for cards four times a second.
    Reading,
}

/// The reader that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The device file of its serial port.
    pub port: String,
    /// What the chip calls itself.
    pub firmware: Firmware,
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.firmware, self.port)
    }
}

/// What the driver has counted since the handle was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// How often the driver looked for cards.
    pub polls: u64,
    /// How many commands had to be sent again.
    pub retries: u64,
    /// How often the reader was found again after a fault.
    pub reopened: u64,
}

/// What a reader says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// How far the driver is with the reader.
    pub phase: Phase,
    /// What is wrong, if anything.
    pub fault: Option<Fault>,
    /// The reader; when it is gone, the last one.
    pub reader: Option<Reader>,
    /// How many cards lie on it. Of several that came together none is shown as the card.
    pub cards: u8,
    /// What the driver has counted.
    pub counters: Counters,
}

impl Status {
    /// Whether a card can be read, now or as soon as the reader is woken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase != Phase::Searching && self.fault.is_none()
    }
}
