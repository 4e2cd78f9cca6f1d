//! Cards come and go.

use std::time::Duration;

use card_reader::{Card, Phase, VirtualCard, open, virtual_reader};

use crate::harness::{
    at, looks, reading, until, until_card, until_no_card, until_reading, until_status,
};

const CLASSIC: &[u8] = &[0xDE, 0xAD, 0xBE, 0xEF];
const DESFIRE: &[u8] = &[0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];

#[test]
fn every_kind_of_card_is_shown_as_long_as_it_lies_there() {
    let (handle, control) = reading();
    let ten: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let kinds = [
        (VirtualCard::classic(), CLASSIC, [0x00, 0x04], 0x08, false),
        (VirtualCard::desfire(), DESFIRE, [0x03, 0x44], 0x20, true),
        (
            VirtualCard::with_uid(ten).unwrap(),
            ten,
            [0x00, 0x84],
            0x08,
            false,
        ),
    ];
    for (card, uid, atqa, sak, iso_dep) in kinds {
        control.lay(card);
        let shown = until_card(&handle, uid);
        assert_eq!(
            (shown.atqa, shown.sak, shown.iso_dep, shown.random_uid),
            (atqa, sak, iso_dep, false)
        );
        looks(&handle, 2); // it is read again and again
        assert_eq!(handle.cards().borrow().as_ref(), Some(&shown));
        control.take();
        until_no_card(&handle);
    }
}

#[test]
fn a_chip_that_keeps_asking_for_ats_is_read_as_well() {
    let (selector, control) = virtual_reader();
    control.refuse(0x12); // SetParameters
    control.lay(VirtualCard::desfire());
    control.lay(VirtualCard::classic());
    let handle = open(&selector);
    until_status(&handle, "two cards", |status| status.cards == 2);
    control.take_first();
    until_card(&handle, CLASSIC);
    control.take();
    control.lay(VirtualCard::desfire());
    assert!(until_card(&handle, DESFIRE).iso_dep);
    looks(&handle, 3);
    assert_eq!(handle.status().borrow().cards, 1);
}

#[test]
fn a_random_uid_is_flagged_and_is_one_card_while_it_lies_there() {
    let (handle, control) = reading();
    control.lay(VirtualCard::random_uid());
    let first = until("a card", || handle.cards().borrow().clone());
    assert!(first.random_uid && first.iso_dep && first.uid.len() == 4 && first.uid[0] == 0x08);
    let mut cards = handle.cards();
    cards.mark_unchanged();
    looks(&handle, 4);
    assert!(
        !cards.has_changed().unwrap(),
        "each field gives it another UID"
    );
    control.take();
    until_no_card(&handle);
    control.lay(VirtualCard::random_uid());
    assert_ne!(
        until("a card", || handle.cards().borrow().clone()).uid,
        first.uid
    );
}

#[test]
fn an_exchanged_card_is_shown_without_a_gap() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    let mut cards = handle.cards();
    cards.mark_unchanged();
    control.lay(VirtualCard::desfire());
    control.take_first();
    until("a change", || cards.has_changed().unwrap().then_some(()));
    assert_eq!(
        cards
            .borrow_and_update()
            .as_ref()
            .map(|card| card.uid.to_vec()),
        Some(DESFIRE.to_vec())
    );
}

#[test]
fn of_two_cards_the_newer_one_is_shown() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    control.lay(VirtualCard::desfire());
    until_card(&handle, DESFIRE);
    assert_eq!(
        until_status(&handle, "two cards", |status| status.cards == 2).cards,
        2
    );
    control.take_first();
    until_status(&handle, "one card", |status| status.cards == 1);
    assert_eq!(*until_card(&handle, DESFIRE).uid, DESFIRE);
}

#[test]
fn of_two_cards_that_came_together_none_is_shown() {
    let (selector, control) = virtual_reader();
    control.lay(VirtualCard::classic());
    control.lay(VirtualCard::desfire());
    let handle = open(&selector);
    until_status(&handle, "two cards", |status| status.cards == 2);
    looks(&handle, 2);
    assert_eq!(*handle.cards().borrow(), None);
    control.take_first();
    until_card(&handle, DESFIRE);
}

#[test]
fn a_card_moved_in_and_out_quickly_is_either_shown_and_forgotten_or_not_shown() {
    let (handle, control) = reading();
    for _ in 0..5 {
        control.lay(VirtualCard::classic());
        looks(&handle, 1);
        control.take();
    }
    until_no_card(&handle);
    looks(&handle, 3);
    assert_eq!(
        (
            handle.cards().borrow().clone(),
            handle.status().borrow().cards
        ),
        (None::<Card>, 0)
    );
}

#[test]
fn a_rehearsal_can_look_more_often() {
    let (handle, control) = reading();
    control.look_every(Duration::from_millis(1));
    looks(&handle, 100); // at a real reader they last longer than this test's patience
}

#[test]
fn in_standby_no_card_is_read() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    handle.standby(true);
    until_status(&handle, "standby", |status| {
        status.phase == Phase::Standby && status.is_ready()
    });
    until_no_card(&handle);
    let asked = |code: u8| {
        control
            .heard()
            .into_iter()
            .filter(|heard| *heard == code)
            .count()
    };
    let (lists, checks) = (asked(0x4A), asked(0x02));
    until("two checks of the link", || {
        (asked(0x02) >= checks + 2).then_some(())
    });
    assert_eq!(asked(0x4A), lists);
    handle.standby(false);
    until_card(&handle, CLASSIC);
}

#[test]
fn a_dropped_handle_puts_the_reader_to_sleep_and_frees_its_port() {
    let (handle, control) = reading();
    let clone = handle.clone();
    drop(handle);
    looks(&clone, 1); // a clone keeps it
    drop(clone);
    until("PowerDown", || {
        (control.heard().last() == Some(&0x16)).then_some(())
    });
    let again = open(&at(&control.path().unwrap()));
    until_reading(&again);
    control.lay(VirtualCard::classic());
    until_card(&again, CLASSIC);
}

#[test]
fn the_reader_is_named() {
    let (handle, control) = reading();
    let status = handle.status().borrow().clone();
    let reader = status.reader.unwrap();
    assert_eq!(
        reader.to_string(),
        format!("PN532 1.6 at {}", control.path().unwrap().display())
    );
}
