mod direct;

use device::Fault as _;

use super::*;

#[test]
fn a_card_is_written_as_its_kind_or_its_uid() {
    let check = |text: &str, expect: VirtualCard| assert_eq!(text.parse(), Ok(expect), "{text}");
    check("classic", VirtualCard::classic());
    check("DEADBEEF", VirtualCard::classic());
    check("desfire", VirtualCard::desfire());
    check("04112233445566", VirtualCard::desfire());
    check("random", VirtualCard::random_uid());
    let refused = |text: &str| text.parse::<VirtualCard>().unwrap_err().to_string();
    assert_eq!(refused("0411"), "a UID has 4, 7 or 10 bytes, not 2");
    for text in ["", "mifare", "0411223", "04 11 22 33"] {
        assert!(
            refused(text).starts_with("write classic, desfire, random"),
            "{text}"
        );
    }
    assert!(
        !format!("{:?}", VirtualCard::classic())
            .to_lowercase()
            .contains("de"),
        "no UID is shown"
    );
}

#[test]
fn the_port_exists_as_long_as_the_cable_is_plugged_in() {
    let control = Control::new();
    let first = control.path().unwrap();
    assert!(first.exists());
    assert_eq!(
        control.path(),
        Some(first.clone()),
        "asking again plugs nothing in"
    );
    control.unplug();
    assert_eq!((control.path(), first.exists()), (None, false));
    control.plug();
    assert!(control.path().unwrap().exists());
}

#[test]
fn the_port_goes_with_the_last_control() {
    let control = Control::new();
    let path = control.path().unwrap();
    let another = control.clone();
    drop(control);
    assert!(path.exists());
    drop(another);
    let until = Instant::now() + Duration::from_secs(5);
    while path.exists() {
        assert!(Instant::now() < until, "{} stays", path.display());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_fault_can_be_raised_and_cleared() {
    let control = Control::new();
    for fault in Fault::all() {
        control.raise(fault);
        assert_eq!(control.faults(), [fault]);
        control.clear(&fault);
        assert_eq!(control.faults(), []);
    }
    control.raise(Fault::Busy);
    control.raise(Fault::NotAnswering);
    control.clear_all();
    assert_eq!(control.faults(), []);
    assert!(control.path().is_some());
}
