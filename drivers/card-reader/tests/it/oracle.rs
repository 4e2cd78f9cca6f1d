//! Another program reads cards from the virtual reader: libnfc's `nfc-list`, which was written for the real one.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use card_reader::{Control, VirtualCard, open, virtual_reader};

use crate::harness::{until_card, until_reading};

const PATIENCE: Duration = Duration::from_secs(60);

/// nfc-list waits for a third of a second and not a moment longer, whatever else the machine does: when that was too
/// short for the kernel to carry the bytes, it is run again.
const RUNS: usize = 5;

/// What nfc-list prints of the cards.
fn nfc_list(control: &Control) -> String {
    let mut output = run_nfc_list(control);
    for _ in 1..RUNS {
        if !String::from_utf8_lossy(&output.stderr).contains("Timeout") {
            break;
        }
        output = run_nfc_list(control);
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let opened = "NFC device: user defined device opened";
    assert!(text.contains(opened), "{text}\n{output:?}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn run_nfc_list(control: &Control) -> Output {
    let device = format!("pn532_uart:{}:115200", control.path().unwrap().display());
    let mut child = Command::new("nfc-list")
        .env("LIBNFC_DEVICE", device)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("nfc-list cannot be run ({error}): install the Debian package libnfc-bin")
        });
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!(
                "nfc-list did not end; it had said: {:?}",
                child.wait_with_output()
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

const CLASSIC: &str = "ATQA (SENS_RES): 00 04 UID (NFCID1): de ad be ef SEL_RES: 08";
const DESFIRE: &str =
    "ATQA (SENS_RES): 03 44 UID (NFCID1): 04 11 22 33 44 55 66 SEL_RES: 20 ATS: 75 77 81 02 80";

fn check(cards: &[VirtualCard], count: usize, expect: &[&str]) {
    let (_selector, control) = virtual_reader();
    for card in cards {
        control.lay(card.clone());
    }
    let said = nfc_list(&control).replace("SAK (SEL_RES)", "SEL_RES");
    match count {
        0 => assert!(!said.contains("target(s) found"), "{said}"),
        count => assert!(
            said.contains(&format!("{count} ISO14443A passive target(s) found:")),
            "{said}"
        ),
    }
    for card in expect {
        assert!(said.contains(card), "{card} is not in: {said}");
    }
}

#[test]
fn nfc_list_reads_the_cards_of_the_virtual_reader() {
    check(&[], 0, &[]);
    check(&[VirtualCard::classic()], 1, &[CLASSIC]);
    check(&[VirtualCard::desfire()], 1, &[DESFIRE]);
    check(
        &[VirtualCard::desfire(), VirtualCard::classic()],
        2,
        &[CLASSIC, DESFIRE],
    );
    let ten = VirtualCard::with_uid(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).unwrap();
    check(&[ten], 1, &["UID (NFCID1): 01 02 03 04 05 06 07 08 09 0a"]);
    // libnfc names a random UID by another field
    check(&[VirtualCard::random_uid()], 1, &["UID (NFCID3): 08"]);
}

#[test]
fn the_driver_takes_over_from_nfc_list_and_back() {
    let (selector, control) = virtual_reader();
    control.lay(VirtualCard::classic());
    for _ in 0..2 {
        assert!(nfc_list(&control).contains("de ad be ef"));
        // nfc-list has put the chip to sleep: it must be woken
        let handle = open(&selector);
        until_reading(&handle);
        until_card(&handle, &[0xDE, 0xAD, 0xBE, 0xEF]);
        drop(handle);
        crate::harness::until("PowerDown", || {
            (control.heard().last() == Some(&0x16)).then_some(())
        });
    }
}
