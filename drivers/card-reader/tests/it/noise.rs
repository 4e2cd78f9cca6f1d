//! Bytes are lost, changed, late, or too many: cards are read all the same.

use std::time::Duration;

use card_reader::{VirtualCard, open, virtual_reader};

use crate::harness::{looks, reading, side_by_side, until, until_card, until_reading};

const CLASSIC: &[u8] = &[0xDE, 0xAD, 0xBE, 0xEF];

#[test]
fn a_lost_byte_anywhere_costs_a_retry_and_no_more() {
    // a look at a field with a card: an acknowledgement and a reply for each of four commands
    let bytes_of_a_look = 6 + 9 + 6 + 19 + 6 + 10 + 6 + 9;
    side_by_side((0..bytes_of_a_look).step_by(3), |after| {
        let (handle, control) = reading();
        control.lay(VirtualCard::classic());
        until_card(&handle, CLASSIC);
        control.lose(after, 1);
        looks(&handle, 3);
        assert_eq!(*until_card(&handle, CLASSIC).uid, CLASSIC, "byte {after}");
        assert_eq!(until_reading(&handle).counters.reopened, 0, "byte {after}");
    });
}

#[test]
fn damaged_replies_are_asked_for_again() {
    let (handle, control) = reading();
    control.lay(VirtualCard::desfire());
    let uid = [0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];
    until_card(&handle, &uid);
    control.damage(2);
    looks(&handle, 2);
    control.damage(5); // more than NACK alone mends
    looks(&handle, 3);
    let status = until_reading(&handle);
    assert_eq!(status.counters.reopened, 0);
    assert!(status.counters.retries > 0);
    until_card(&handle, &uid);
}

#[test]
fn rubbish_between_replies_is_passed_over() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    for rubbish in [
        &b"\r\nREADY\r\n"[..],
        &[0xFF; 64],
        &[0x00, 0x00, 0xFF],
        &[0x00, 0xFF, 0x80, 0x80, 0xD5],
        &[0x00; 300],
    ] {
        for _ in 0..3 {
            control.say(rubbish);
            looks(&handle, 1);
        }
        until_card(&handle, CLASSIC);
    }
    assert_eq!(until_reading(&handle).counters.reopened, 0);
}

#[test]
fn slow_acknowledgements_and_replies_are_waited_for() {
    let (selector, control) = virtual_reader();
    control.delay_acks(Duration::from_millis(60));
    control.delay_replies(Duration::from_millis(60));
    control.lay(VirtualCard::classic());
    let handle = open(&selector);
    until_card(&handle, CLASSIC);
    looks(&handle, 2);
    assert_eq!(until_reading(&handle).counters.reopened, 0);
}

/// The first frame through some USB bridges takes more than a second.
#[test]
fn a_very_slow_first_acknowledgement_is_waited_for() {
    let (selector, control) = virtual_reader();
    control.delay_acks(Duration::from_millis(1100));
    let handle = open(&selector);
    until("the first command", || {
        control.heard().contains(&0x14).then_some(())
    });
    std::thread::sleep(Duration::from_millis(300)); // its acknowledgement is under way
    control.delay_acks(Duration::ZERO);
    let status = until_reading(&handle);
    assert_eq!((status.counters.retries, status.fault), (0, None));
}

#[test]
fn replies_later_than_their_limit_are_not_taken_for_others() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    control.delay_replies(Duration::from_millis(1200)); // longer than a command may take
    std::thread::sleep(Duration::from_millis(1500));
    control.delay_replies(Duration::ZERO);
    until_card(&handle, CLASSIC);
    looks(&handle, 2);
    assert_eq!(*until_card(&handle, CLASSIC).uid, CLASSIC);
}
