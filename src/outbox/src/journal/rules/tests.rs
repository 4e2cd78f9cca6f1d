use super::*;

const SERIAL: Serial = Serial([1; 8]);

fn known(outcome: Option<Outcome>, fed: bool, counted: Option<u64>) -> Known {
    Known {
        serial: SERIAL,
        outcome,
        fed,
        counted,
    }
}

fn evidence(plane_byte_accepted: bool) -> Evidence {
    Evidence {
        plane_byte_accepted,
        ..Evidence::default()
    }
}

#[test]
fn an_outcome_can_be_voided_and_only_an_unknown_one_decided() {
    use Outcome::{NotPrinted, Printed, Unknown, Void};
    for (is, wanted, allowed) in [
        (None, Printed, true),
        (None, NotPrinted, true),
        (None, Unknown, true),
        (None, Void, true),
        (Some(Unknown), Printed, true),
        (Some(Unknown), NotPrinted, true),
        (Some(Unknown), Void, true),
        (Some(Printed), NotPrinted, false),
        (Some(Printed), Unknown, false),
        (Some(Printed), Void, true),
        (Some(NotPrinted), Printed, false),
        (Some(NotPrinted), Void, true),
        (Some(Void), Printed, false),
        (Some(Void), NotPrinted, false),
    ] {
        let decided = decide(&known(is, false, None), wanted, Some(&evidence(false)));
        assert_eq!(decided.is_ok(), allowed, "{is:?} -> {wanted:?}");
    }
}

#[test]
fn a_person_who_says_not_printed_is_corrected_by_the_counter() {
    for (counted, by_person, expected) in [
        (Some(1), true, Outcome::Void),
        (Some(0), true, Outcome::NotPrinted),
        (None, true, Outcome::NotPrinted),
        // The printer's own evidence is not corrected.
        (Some(1), false, Outcome::NotPrinted),
    ] {
        let evidence = (!by_person).then(|| evidence(false));
        let unknown = known(Some(Outcome::Unknown), false, counted);
        let decided = decide(&unknown, Outcome::NotPrinted, evidence.as_ref()).unwrap();
        assert_eq!(decided.outcome, expected, "{counted:?} {by_person}");
    }
}

#[test]
fn what_was_fed_follows_from_the_counter_or_else_from_the_evidence() {
    for (wanted, counted, evidence, fed) in [
        (Outcome::Printed, Some(0), Some(evidence(true)), true),
        (Outcome::Unknown, Some(1), Some(evidence(false)), true),
        (Outcome::Unknown, Some(0), Some(evidence(true)), false),
        (Outcome::Unknown, None, Some(evidence(true)), true),
        (Outcome::Unknown, None, Some(evidence(false)), false),
        (Outcome::Void, None, None, true),
        (Outcome::NotPrinted, None, None, false),
    ] {
        let decided = decide(&known(None, false, counted), wanted, evidence.as_ref()).unwrap();
        assert_eq!(decided.fed, fed, "{wanted:?} {counted:?} {evidence:?}");
    }
    let fed_before = known(Some(Outcome::Unknown), true, None);
    let decided = decide(&fed_before, Outcome::Void, Some(&evidence(false))).unwrap();
    assert!(decided.fed, "a card that was fed once stays so");
}

#[test]
fn a_serial_is_printed_again_only_when_nothing_was_fed() {
    for (outcome, fed, allowed) in [
        (Some(Outcome::NotPrinted), false, true),
        (Some(Outcome::NotPrinted), true, false),
        (Some(Outcome::Printed), true, false),
        (Some(Outcome::Unknown), false, false),
        (Some(Outcome::Void), false, false),
        (None, false, false),
    ] {
        let again = may_print_again(SERIAL, outcome, fed);
        assert_eq!(again.is_ok(), allowed, "{outcome:?} {fed}");
    }
}

#[test]
fn only_the_same_counter_of_the_same_empty_printer_is_proof() {
    let open = Undecided {
        order: OrderId(uuid::Uuid::nil()),
        serial: SERIAL,
        printer: "P".to_owned(),
        counter_before: Some(7),
        cut_off: true,
    };
    let reading = Reading {
        printer: "P".to_owned(),
        counter: Some(7),
        card_inside: false,
    };
    assert!(proves_not_fed(&open, &reading));
    let other_printer = Reading {
        printer: "Q".to_owned(),
        ..reading.clone()
    };
    let moved = Reading {
        counter: Some(8),
        ..reading.clone()
    };
    let inside = Reading {
        card_inside: true,
        ..reading.clone()
    };
    let unread = Reading {
        counter: None,
        ..reading.clone()
    };
    for no_proof in [&other_printer, &moved, &inside, &unread] {
        assert!(!proves_not_fed(&open, no_proof), "{no_proof:?}");
    }
    let ended = Undecided {
        cut_off: false,
        ..open.clone()
    };
    let without_counter = Undecided {
        counter_before: None,
        ..open
    };
    assert!(!proves_not_fed(&ended, &reading));
    assert!(!proves_not_fed(&without_counter, &unread));
}
