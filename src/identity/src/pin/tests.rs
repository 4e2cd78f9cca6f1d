#![allow(clippy::unwrap_used)]

use super::*;

fn pins() -> Pins {
    let pin = hash_pin(&Private::from("271828")).unwrap();
    let id = "desk".to_owned();
    Pins::new(&[Attendant { id, pin }])
}

fn refusal(answer: Result<Staff, Refusal>) -> Option<Refusal> {
    answer.err()
}

#[test]
fn only_the_correct_pin_is_accepted() {
    let (pins, now) = (pins(), Instant::now());
    assert!(matches!(pins.check(&"271828".into(), now), Ok(staff) if staff.id == "desk"));
    for wrong in ["271829", "27182", "", "2718281"] {
        let pins = self::pins();
        assert_eq!(
            refusal(pins.check(&wrong.into(), now)),
            Some(Refusal::Wrong),
            "{wrong}"
        );
    }
    assert_eq!(
        refusal(Pins::new(&[]).check(&"271828".into(), now)),
        Some(Refusal::NoPin)
    );
}

#[test]
fn five_wrong_pins_lock_all_for_longer_each_time() {
    let (pins, now) = (pins(), Instant::now());
    let five_wrong = |at: Instant| {
        let answers: Vec<_> = (0..5)
            .map(|_| refusal(pins.check(&"000000".into(), at)))
            .collect();
        assert_eq!(answers[..4], [Some(Refusal::Wrong); 4]);
        assert_eq!(answers[4], Some(Refusal::Locked));
    };
    let right = |at: Instant| refusal(pins.check(&"271828".into(), at));
    five_wrong(now);
    assert_eq!(right(now + Duration::from_secs(119)), Some(Refusal::Locked));
    let later = now + Duration::from_secs(120);
    five_wrong(later);
    assert_eq!(
        right(later + Duration::from_secs(239)),
        Some(Refusal::Locked)
    );
    assert_eq!(right(later + Duration::from_secs(240)), None);
    // The count starts again after a correct PIN.
    five_wrong(later + Duration::from_secs(300));
    assert_eq!(right(later + Duration::from_secs(420)), None);
}

#[test]
fn a_hash_is_asked_for_in_the_configuration() {
    let entry = |pin: &str| {
        [Attendant {
            id: "desk".to_owned(),
            pin: pin.to_owned(),
        }]
    };
    let good = hash_pin(&"271828".into()).unwrap();
    for (pin, problems) in [
        (good.as_str(), 0),
        ("271828", 1),
        ("", 1),
        (
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            1,
        ),
        // Checking this hash would need so much memory that the booth would be killed.
        (
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$WF2eVCZmQj1mFwWDMyrYuAVvJRTPZ0kqbhKOvJTyN5U",
            1,
        ),
    ] {
        let mut found = Problems::default();
        Pins::check_config(&entry(pin), &mut found);
        assert_eq!(found.iter().count(), problems, "{pin}: {found}");
    }
}

#[test]
fn a_pin_is_six_to_twelve_digits() {
    for (pin, ok) in [
        ("271828", true),
        ("12345", false),
        ("abcdef", false),
        ("1234567890123", false),
    ] {
        assert_eq!(hash_pin(&pin.into()).is_ok(), ok, "{pin}");
    }
}
