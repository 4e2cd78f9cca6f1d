//! The journal of cards: which serial was tried when, what came of it, and whether the printer's counter agrees.
//!
//! An attempt is committed with the counter's value before the first byte goes to the printer, and ended with the
//! evidence. The journal enforces its rules whatever the caller asks for: an order has at most one valid serial, a
//! serial is printed again only when nothing was fed, and a serial is voided before another one is made.
//!
//! - [`rules`]: the rules as pure functions, without the database
//! - `reads`: what the journal answers
//! - `writes`: attempts and outcomes, each in one transaction
//! - `books`: the sums of each printer

mod books;
mod reads;
pub mod rules;
mod writes;

pub use books::Books;
pub(super) use reads::commitment;
#[cfg(test)]
pub(super) use reads::{PRINTABLE, UNDECIDED};
pub use rules::Broken;
pub(super) use writes::{insert_attempt, void_unprinted};

use super::{Error, Outbox};
use common::order::{Evidence, OrderId, Outcome, Serial};

/// An attempt to print, before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempt {
    pub serial: Serial,
    /// Model and number of the printer, as in the books.
    pub printer: String,
    /// The printer's own card counter, where it has one.
    pub counter_before: Option<u64>,
}

/// A card whose outcome is open: the program was cut off while it was made, or nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    pub order: OrderId,
    pub serial: Serial,
    pub printer: String,
    pub counter_before: Option<u64>,
    /// The attempt has not ended, so the printer's counter is the only evidence.
    pub cut_off: bool,
}

/// What the printer shows now. Where the printer has a counter, this proves what became of a cut-off attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub printer: String,
    pub counter: Option<u64>,
    /// A card is in the card path.
    pub card_inside: bool,
}

/// Why cards were fed without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    Test,
    Rejected,
}

/// A serial's row.
struct Card {
    order_row: i64,
    order: OrderId,
    lane: Option<Vec<u8>>,
    serial: Serial,
    /// `None` while the card is being printed.
    outcome: Option<Outcome>,
    fed: bool,
    evidence: Evidence,
    code_read_back: bool,
    collected: bool,
    closed: bool,
}

/// The name of the sealed field that holds a card's chip number.
fn uid_field(serial: Serial) -> String {
    format!("uid/{serial}")
}
