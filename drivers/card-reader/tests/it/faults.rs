//! Every fault is named, is found within a limit, and ends with its cause.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use card_reader::{Fault, Moment, Phase, SerialLine, VirtualCard, open, virtual_reader};
use device::{Fault as _, FaultInjection as _};

use crate::harness::{
    at, reading, side_by_side, until, until_card, until_fault, until_no_card, until_reading,
    until_status,
};

const CLASSIC: &[u8] = &[0xDE, 0xAD, 0xBE, 0xEF];

#[test]
fn every_fault_is_named_and_passes_when_it_is_there_from_the_start() {
    side_by_side(Fault::all(), |fault| {
        let (selector, control) = virtual_reader();
        control.raise(fault);
        let handle = open(&selector);
        // A reader that was never found cannot have been unplugged.
        let expect = if fault == Fault::Unplugged {
            Fault::NotFound
        } else {
            fault
        };
        let status = until_fault(&handle, expect);
        assert_eq!(
            (status.phase, status.is_ready()),
            (Phase::Searching, false),
            "{fault:?}"
        );
        control.clear(&fault);
        control.lay(VirtualCard::classic());
        until_card(&handle, CLASSIC);
        assert_eq!(until_reading(&handle).counters.reopened, 0, "{fault:?}");
    });
}

#[test]
fn every_fault_is_named_and_passes_when_it_comes_while_a_card_lies_there() {
    side_by_side(Fault::all(), |fault| {
        let (handle, control) = reading();
        control.lay(VirtualCard::classic());
        until_card(&handle, CLASSIC);
        control.raise(fault);
        let expect = match fault {
            // A reader that was found before and is not found now has been unplugged.
            Fault::NotFound => Fault::Unplugged,
            fault => fault,
        };
        until_fault(&handle, expect);
        until_no_card(&handle);
        control.clear(&fault);
        until_card(&handle, CLASSIC);
        assert!(until_reading(&handle).counters.reopened >= 1, "{fault:?}");
    });
}

/// The commands of opening the reader, and of a look at a field with a card in it.
const OPENING: [u8; 5] = [0x14, 0x02, 0x12, 0x32, 0x32];
const LOOK: [u8; 3] = [0x32, 0x4A, 0x52];
const MOMENTS: [Moment; 3] = [Moment::BeforeAck, Moment::AfterAck, Moment::WithinReply];

#[test]
fn the_cable_is_pulled_in_every_command() {
    let codes = OPENING.iter().chain(&LOOK);
    let cases = codes.flat_map(|code| MOMENTS.map(|moment| (*code, moment)));
    side_by_side(cases, |(code, moment)| {
        let (selector, control) = virtual_reader();
        control.lay(VirtualCard::classic());
        control.unplug_at(code, moment);
        let handle = open(&selector);
        let gone = until_status(&handle, "a fault", |status| status.fault.is_some());
        assert!(
            matches!(gone.fault, Some(Fault::Unplugged | Fault::NotFound)),
            "{gone:?}"
        );
        assert_eq!(control.heard().last(), Some(&code));
        assert_eq!(*handle.cards().borrow(), None);
        control.plug();
        until_card(&handle, CLASSIC);
    });
}

#[test]
fn a_silent_reader_shows_as_a_fault_within_seconds_and_comes_back() {
    let (handle, control) = reading();
    control.raise(Fault::NotAnswering);
    let begun = Instant::now();
    until_fault(&handle, Fault::NotAnswering);
    // three attempts of 0.3 s; the bound leaves a loaded machine room and would catch a wait without end
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    control.clear(&Fault::NotAnswering);
    until_reading(&handle);
}

/// Acknowledged and never answered, whichever command it is.
#[test]
fn a_reader_that_falls_silent_in_any_command_shows_as_a_fault_and_comes_back() {
    side_by_side(OPENING.iter().chain(&LOOK), |code| {
        let (selector, control) = virtual_reader();
        control.lay(VirtualCard::classic());
        control.ignore(*code);
        let handle = open(&selector);
        until_fault(&handle, Fault::NotAnswering);
        assert!(control.heard().contains(code));
        control.clear_all();
        until_card(&handle, CLASSIC);
    });
}

/// After a loss of power the chip asks for a card for ever, and for its ATS as well: it must be set up anew.
#[test]
fn a_reader_that_lost_its_power_is_woken_and_set_up_again() {
    side_by_side([true, false], |card_lies_there| {
        let (handle, control) = reading();
        if card_lies_there {
            control.lay(VirtualCard::classic());
            until_card(&handle, CLASSIC);
        }
        let set_up = || {
            control
                .heard()
                .into_iter()
                .filter(|code| *code == 0x12)
                .count()
        };
        control.power_cycle();
        until("a second set-up", || (set_up() == 2).then_some(()));
        until_reading(&handle);
        control.take();
        until_no_card(&handle);
        control.lay(VirtualCard::classic());
        until_card(&handle, CLASSIC);
    });
}

#[test]
fn a_port_that_is_no_reader_is_the_wrong_device() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no port").unwrap();
    let check = |path: &std::path::Path, expect: Fault| {
        let handle = open(&at(path));
        let status = until_status(&handle, "a fault", |status| status.fault.is_some());
        assert_eq!(status.fault, Some(expect), "{}", path.display());
    };
    check(&folder.path().join("nothing"), Fault::NotFound);
    check(&file, Fault::WrongDevice);
    check(folder.path(), Fault::WrongDevice);
    check("/dev/null".as_ref(), Fault::WrongDevice);
}

#[test]
fn a_port_in_use_is_busy_and_taken_when_it_is_free() {
    let (_, control) = virtual_reader();
    let path = control.path().unwrap();
    let other = SerialLine::open(&path.display().to_string()).unwrap();
    let handle = open(&at(&path));
    until_fault(&handle, Fault::Busy);
    drop(other);
    until_reading(&handle);
}

/// A link with a fixed name, as udev makes them, whatever the reader's own name after it was plugged in again.
#[test]
fn a_reader_behind_a_link_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("reader");
    let (_, control) = virtual_reader();
    let handle = open(&at(&link));
    until_fault(&handle, Fault::NotFound);
    for _ in 0..2 {
        symlink(control.path().unwrap(), &link).unwrap();
        until_reading(&handle);
        fs::remove_file(&link).unwrap();
        control.unplug();
        until_fault(&handle, Fault::Unplugged);
        control.plug();
    }
}

#[test]
fn a_panic_of_the_thread_shows_as_a_fault_and_the_card_is_read_again() {
    let (handle, control) = reading();
    control.lay(VirtualCard::classic());
    until_card(&handle, CLASSIC);
    control.panic_next();
    let begun = Instant::now();
    until_fault(&handle, Fault::Crashed);
    assert!(begun.elapsed() < Duration::from_secs(2), "health sees it");
    // A caller who waits for the card learns that it cannot be read.
    until_no_card(&handle);
    until_card(&handle, CLASSIC);
    assert!(begun.elapsed() < Duration::from_secs(5), "it is back");
    assert!(until_reading(&handle).fault.is_none());
    assert_eq!(handle.restarts(), 1);
}

#[test]
fn a_thread_that_panics_again_and_again_does_not_spin() {
    let (handle, control) = reading();
    control.raise(Fault::Crashed);
    until_fault(&handle, Fault::Crashed);
    std::thread::sleep(Duration::from_secs(4));
    let restarts = handle.restarts();
    assert!((1..=3).contains(&restarts), "{restarts} restarts in 4 s");
    control.clear(&Fault::Crashed);
    until_reading(&handle);
}

/// Every command is answered only at the third attempt, the worst that a reader in use may do.
#[test]
fn a_card_shows_or_a_fault_does_within_the_time_that_the_handle_names() {
    let (handle, control) = reading();
    for delay in [Duration::ZERO, Duration::from_millis(450)] {
        control.delay_replies(delay);
        control.lay(VirtualCard::classic());
        let begun = Instant::now();
        until("a card or a fault", || {
            let card = handle.cards().borrow().is_some();
            (card || handle.status().borrow().fault.is_some()).then_some(())
        });
        assert!(begun.elapsed() <= handle.card_limit());
        control.delay_replies(Duration::ZERO);
        control.take();
        until_no_card(&handle);
        until_reading(&handle);
    }
}

#[test]
fn a_line_says_that_its_port_is_gone() {
    let (_, control) = virtual_reader();
    let path = control.path().unwrap();
    let mut transport = SerialLine::open(&path.display().to_string()).unwrap();
    let mut buffer = [0; 8];
    let short = Duration::from_millis(20);
    assert_eq!(transport.receive(&mut buffer, short), Ok(0));
    control.unplug();
    until("a link that is gone", || {
        transport.receive(&mut buffer, short).is_err().then_some(())
    });
    assert!(transport.send(&[0x55], short).is_err());
}
