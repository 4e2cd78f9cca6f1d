//! The rules of the journal as pure functions: what may be written about a card, given what is known of it.

#[cfg(test)]
mod tests;

use super::{Reading, Undecided};
use crate::columns::outcome_name;
use common::order::{Evidence, OrderId, Outcome, Serial};

/// A rule of the journal that a request would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error(
        "card {serial} of order {order} is not decided; say first whether it came out of the printer"
    )]
    Undecided { order: OrderId, serial: Serial },
    #[error("the order has a valid card {0}; void it before another is made")]
    StillValid(Serial),
    #[error(
        "card {serial} may not be printed again, it is {is}; void it and print under a new serial"
    )]
    NotAgain { serial: Serial, is: &'static str },
    #[error("card {serial} is {is} and cannot become {wanted}")]
    CannotBecome {
        serial: Serial,
        is: &'static str,
        wanted: &'static str,
    },
    #[error("card {0} belongs to another order")]
    OtherOrder(Serial),
}

/// What is known of a card before the new outcome is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) serial: Serial,
    /// `None` while the card is being printed.
    pub(super) outcome: Option<Outcome>,
    pub(super) fed: bool,
    /// How many cards the printer's counter counted during the last attempt; `None` without both readings.
    pub(super) counted: Option<u64>,
}

/// What the journal keeps of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) outcome: Outcome,
    pub(super) fed: bool,
}

/// The outcome that follows from what the caller wants and what is known. `evidence` is `None` when a person decides.
pub(super) fn decide(
    known: &Known,
    wanted: Outcome,
    evidence: Option<&Evidence>,
) -> Result<Decided, Broken> {
    // A person says that nothing came out, but the counter moved: a card was fed, and the holder does not have it.
    let outcome = match (wanted, known.counted) {
        (Outcome::NotPrinted, Some(1..)) if evidence.is_none() => Outcome::Void,
        _ => wanted,
    };
    if !may_become(known.outcome, outcome) {
        return Err(Broken::CannotBecome {
            serial: known.serial,
            is: state_name(known.outcome),
            wanted: outcome_name(outcome),
        });
    }
    let fed = match (outcome, known.counted) {
        // A card that somebody holds was fed. If the counter disagrees, the books show the difference.
        (Outcome::Printed, _) => true,
        (_, Some(counted)) => counted > 0,
        (Outcome::NotPrinted, None) => false,
        // Without counter and evidence the card counts as fed, so that staff look for a card that is missing.
        (Outcome::Unknown | Outcome::Void, None) => {
            known.fed || evidence.is_none_or(|evidence| evidence.plane_byte_accepted)
        }
    };
    Ok(Decided { outcome, fed })
}

/// A decision is final, except that an unknown outcome is still to be decided and any card can be voided.
fn may_become(is: Option<Outcome>, wanted: Outcome) -> bool {
    match is {
        None | Some(Outcome::Unknown) => true,
        Some(Outcome::NotPrinted | Outcome::Printed | Outcome::Void) => wanted == Outcome::Void,
    }
}

/// A serial is printed again only when its last attempt is known to have fed no card.
pub(super) fn may_print_again(
    serial: Serial,
    outcome: Option<Outcome>,
    fed: bool,
) -> Result<(), Broken> {
    if outcome == Some(Outcome::NotPrinted) && !fed {
        return Ok(());
    }
    let is = state_name(outcome);
    Err(Broken::NotAgain { serial, is })
}

/// Only a card that came out of the printer can be read back.
pub(super) fn may_read_back(serial: Serial, outcome: Option<Outcome>) -> Result<(), Broken> {
    if outcome == Some(Outcome::Printed) {
        return Ok(());
    }
    Err(Broken::CannotBecome {
        serial,
        is: state_name(outcome),
        wanted: "read back",
    })
}

/// Whether the printer's counter proves that a cut-off attempt fed nothing: it has its value from before the attempt,
/// and no card is inside the printer.
pub(super) fn proves_not_fed(open: &Undecided, reading: &Reading) -> bool {
    open.cut_off
        && open.printer == reading.printer
        && !reading.card_inside
        && open.counter_before.is_some()
        && open.counter_before == reading.counter
}

/// The cards that a counter counted between two readings. Wrapping, because a counter may overflow.
pub(super) fn counted(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    before
        .zip(after)
        .map(|(before, after)| after.wrapping_sub(before))
}

fn state_name(outcome: Option<Outcome>) -> &'static str {
    outcome.map_or("open", outcome_name)
}
