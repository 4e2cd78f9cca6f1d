//! Bytes are lost, changed, late, or too many: cards are read all the same.

use std::time::Duration;

use card_reader::{VirtualCard, open, virtual_reader};

use crate::harness::{looks, reading, until_card, until_reading};

const CLASSIC: &[u8] = &[0xDE, 0xAD, 0xBE, 0xEF];

/// What each single byte costs is tested in the driver, on a line that nothing else delays.
#[test]
fn cards_are_read_in_spite_of_lost_bytes_and_damaged_replies() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    for after in [3, 10, 24, 33] {
        control.lose(after, 1);
        looks(&handle, 2);
    }
    control.damage(2);
    looks(&handle, 2);
    control.damage(5); // more than NACK alone mends
    looks(&handle, 3);
    assert!(until_reading(&handle).counters.retries > 0);
    until_card(&handle, CLASSIC);
}

#[test]
fn bytes_between_replies_are_skipped() {
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
}

#[test]
fn replies_later_than_their_limit_are_not_taken_for_others() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    control.delay_replies(Duration::from_millis(700)); // longer than most commands may take
    std::thread::sleep(Duration::from_millis(900));
    control.delay_replies(Duration::ZERO);
    until_card(&handle, CLASSIC);
    looks(&handle, 2);
    assert_eq!(*until_card(&handle, CLASSIC).uid, CLASSIC);
}
