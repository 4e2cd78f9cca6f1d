use proptest::prelude::*;

use super::*;

#[test]
fn replies_of_a_real_printer_are_read() {
    // Both from the USB capture of a DCP100.
    let check = |bytes: &[u8], text: &str, major, minor, code: &str| {
        let condition = condition(frame(bytes).unwrap().unwrap()).unwrap();
        let expect = Condition {
            text: text.to_owned(),
            major,
            minor,
            code: code.to_owned(),
        };
        assert_eq!(condition, expect);
    };
    check(
        b"\x01STAPrinterstatus OK.\n00:00\n(c0300)\x03",
        "Printerstatus OK.",
        0,
        0,
        "0300",
    );
    check(
        b"\x01STAKarte wurde nicht in den Drucker eingezogen. Versuchen Sie es erneut.\nFehlercode - 11:01\n(c0201)\x03",
        "Karte wurde nicht in den Drucker eingezogen. Versuchen Sie es erneut.",
        11,
        1,
        "0201",
    );
}

#[test]
fn values_are_read_by_their_key() {
    assert_eq!(value(b"STA,MSRSN12345,", "MSR"), Ok("SN12345"));
    assert_eq!(value(b"STA,TCQ7,", "TCQ"), Ok("7"));
    assert_eq!(
        value(b"STA,TCQ7,", "TCP").unwrap_err().reason,
        "it answers another question"
    );
    assert_eq!(value(b"OK", "TCQ").unwrap_err().offset, 0);
}

#[test]
fn the_long_status_is_read_field_by_field() {
    let text = b"STA$$3,Enduro,0,S123,H1,P1,1.23,3A3829,0,1234,1200,6170,3,100,34,1000,47,50,50,11,1,ABCD,300,120,LC1,1,2,3,4,5,";
    let info = info(text).unwrap();
    assert_eq!(
        (info.serial.as_str(), info.firmware.as_str(), info.cards),
        ("S123", "1.23", Some(1234))
    );
    assert_eq!(
        (info.major, info.minor, info.head_position),
        (Some(11), Some(1), Some(47))
    );
    assert_eq!(
        (
            info.shots_left(),
            info.cards_since_cleaning,
            info.cards_between_cleanings
        ),
        (Some(180), Some(34), Some(1000))
    );
    assert!(super::info(b"STA$$1,2,3").is_err());
}

#[test]
fn a_frame_waits_for_its_end_but_not_for_ever() {
    assert_eq!(frame(b"\x01STA"), Ok(None));
    assert_eq!(frame(b"rest\x01STA\x03"), Ok(Some(b"STA".as_slice())));
    assert_eq!(frame(&[b'x'; 2000]).unwrap_err().offset, 0);
    let mut endless = vec![START];
    endless.resize(3000, b'x');
    assert!(frame(&endless).is_err());
}

proptest! {
    #[test]
    fn no_reply_makes_it_panic(bytes: Vec<u8>) {
        if let Ok(Some(frame)) = frame(&bytes) {
            let _ = (value(frame, "MSR"), condition(frame), info(frame));
        }
        let _ = (value(&bytes, "MSR"), condition(&bytes), info(&bytes));
    }
}
