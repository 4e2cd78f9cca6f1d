//! The outcome function over every combination of evidence.

use crate::outcome::outcome;
use common::order::{Evidence, FaultRecord, Outcome};

fn check(expected: Outcome, change: impl FnOnce(&mut Evidence)) {
    let mut evidence = super::world::printed();
    change(&mut evidence);
    assert_eq!(outcome(&evidence), expected, "{evidence:?}");
}

fn fault(means_not_fed: bool) -> Option<FaultRecord> {
    Some(FaultRecord {
        name: "x".into(),
        means_not_fed,
    })
}

#[test]
fn every_single_piece_of_evidence_counts() {
    check(Outcome::Printed, |_| {});
    check(Outcome::Printed, |e| {
        (e.counter_before, e.counter_after) = (None, None)
    });
    check(Outcome::Unknown, |e| e.busy_seen = false);
    check(Outcome::Unknown, |e| e.ready_after = false);
    check(Outcome::Unknown, |e| e.bytes_sent = 9);
    check(Outcome::Unknown, |e| e.counter_after = Some(5));
    check(Outcome::Unknown, |e| e.counter_after = Some(7));
    check(Outcome::Unknown, |e| e.counter_after = None);
    check(Outcome::Unknown, |e| e.fault = fault(false));
    check(Outcome::Unknown, |e| e.fault = fault(true)); // The fault says "not fed", but the counter moved.
    check(Outcome::NotPrinted, |e| {
        (e.fault, e.counter_after) = (fault(true), Some(5))
    });
    check(Outcome::NotPrinted, |e| {
        (e.fault, e.counter_before, e.counter_after) = (fault(true), None, None)
    });
    check(Outcome::Unknown, |e| {
        (e.fault, e.counter_after) = (fault(true), None)
    }); // The printer has a counter, but it did not answer.
    check(Outcome::NotPrinted, |e| {
        (e.plane_byte_accepted, e.bytes_sent, e.counter_after) = (false, 0, Some(5))
    });
    check(Outcome::NotPrinted, |e| {
        (e.plane_byte_accepted, e.bytes_sent, e.counter_after) = (false, 3, None)
    });
    check(Outcome::Unknown, |e| {
        (e.plane_byte_accepted, e.counter_after) = (false, Some(6))
    }); // The counter shows that something was fed.
}

#[test]
fn no_evidence_claims_a_card_whose_bytes_did_not_all_go_out_or_denies_one_that_the_counter_saw() {
    for bits in 0u32..1 << 6 {
        for after in [None, Some(4), Some(5), Some(6), Some(7)] {
            for fault in [None, fault(false), fault(true)] {
                let evidence = Evidence {
                    bytes_total: 10,
                    bytes_sent: if bits & 1 != 0 { 10 } else { 4 },
                    plane_byte_accepted: bits & 2 != 0,
                    busy_seen: bits & 4 != 0,
                    ready_after: bits & 8 != 0,
                    fault: fault.clone(),
                    counter_before: (bits & 16 != 0).then_some(5),
                    counter_after: after,
                };
                let judged = outcome(&evidence);
                let moved = evidence
                    .counter_before
                    .and(after)
                    .is_some_and(|after| after != 5);
                if judged == Outcome::Printed {
                    assert!(
                        evidence.bytes_sent == 10
                            && evidence.fault.is_none()
                            && evidence.busy_seen
                            && evidence.ready_after
                    );
                }
                if judged == Outcome::NotPrinted {
                    assert!(!moved, "{evidence:?}");
                }
            }
        }
    }
}
