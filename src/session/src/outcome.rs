//! What became of the card: one pure function from evidence to outcome.

use common::order::{Evidence, Outcome};

/// Judges one attempt.
///
/// - *Not printed*: no byte of image data was taken, or the printer named a fault that means no card was drawn in; and
///   its counter, where it has one, did not move.
/// - *Printed*: all bytes went out, the printer was seen busy and then ready without a fault, and its counter, where it
///   has one, moved by exactly one.
/// - Everything else is *unknown*: a card may or may not have come out, and a person decides.
pub fn outcome(evidence: &Evidence) -> Outcome {
    let moved = match (evidence.counter_before, evidence.counter_after) {
        (Some(before), Some(after)) => Some(after.wrapping_sub(before)),
        _ => None,
    };
    // A printer that has a counter but did not answer afterwards proves nothing.
    let counter_silent = evidence.counter_before.is_some() && evidence.counter_after.is_none();
    let not_fed = evidence
        .fault
        .as_ref()
        .is_some_and(|fault| fault.means_not_fed);
    if !evidence.plane_byte_accepted && matches!(moved, None | Some(0)) {
        return Outcome::NotPrinted;
    }
    if not_fed && matches!(moved, None | Some(0)) && !counter_silent {
        return Outcome::NotPrinted;
    }
    let all_sent = evidence.bytes_total > 0 && evidence.bytes_sent == evidence.bytes_total;
    let went_well = all_sent
        && evidence.plane_byte_accepted
        && evidence.busy_seen
        && evidence.ready_after
        && evidence.fault.is_none();
    if went_well && matches!(moved, None | Some(1)) && !counter_silent {
        return Outcome::Printed;
    }
    Outcome::Unknown
}
