use super::*;

const STRICT: Needs = Needs {
    fetch_later: false,
    without_portal: false,
    without_reader: false,
};
const LENIENT: Needs = Needs {
    fetch_later: true,
    without_portal: true,
    without_reader: true,
};

fn all_ready() -> Health {
    let mut health = Health::default();
    Part::ALL
        .into_iter()
        .for_each(|part| health.set(part, Condition::Ready));
    health
}

#[test]
fn one_part_down_is_one_reason_unless_the_site_can_do_without() {
    for part in Part::ALL {
        let mut health = all_ready();
        health.set(part, Condition::Down("broken".into()));
        assert_eq!(
            readiness(&health, &STRICT),
            Err(vec![Reason::new(part, "broken")])
        );
        let expected = match part {
            Part::Printer | Part::Portal => Ok(Service::OrderOnly),
            Part::Reader => Ok(Service::Print),
            _ => Err(vec![Reason::new(part, "broken")]),
        };
        assert_eq!(readiness(&health, &LENIENT), expected, "{part:?}");
    }
}

#[test]
fn a_booth_whose_parts_have_not_answered_serves_nobody() {
    let reasons = readiness(&Health::default(), &LENIENT).unwrap_err();
    assert!(
        reasons.contains(&Reason::new(Part::Printer, "starting")),
        "an unknown printer is no reason to promise a later card"
    );
    assert!(!Health::default().is_known());
    assert!(all_ready().is_known());
}

#[test]
fn a_part_the_site_does_not_have_is_no_reason() {
    let mut health = all_ready();
    health.set(Part::Reader, Condition::Absent);
    assert_eq!(readiness(&health, &STRICT), Ok(Service::Print));
}

#[test]
fn a_reason_names_its_sentence() {
    assert_eq!(
        Reason::new(Part::Printer, "no-cards").key(),
        "reason-printer-no-cards"
    );
}
