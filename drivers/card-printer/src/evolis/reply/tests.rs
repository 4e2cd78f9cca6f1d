use proptest::prelude::*;

use super::*;

#[test]
fn an_answer_ends_with_any_end_byte() {
    let check = |bytes: &[u8], expect: Option<&str>| {
        assert_eq!(frame(bytes).as_deref(), expect, "{bytes:?}")
    };
    check(b"OK\0", Some("OK"));
    check(b"\0\0OK\r\n", Some("OK"));
    check(b"CARD JAM\n", Some("CARD JAM"));
    check(b"OK", None);
    check(b"", None);
    check(&[b'x'; 300], Some(&"x".repeat(256)));
}

#[test]
fn words_are_understood() {
    let check = |text: &str, expect: Answer| assert_eq!(answer(text), expect, "{text}");
    check("OK", Answer::Done);
    check("1234", Answer::Done);
    check("FEEDER EMPTY", Answer::State(Bit::FeederEmpty));
    check("Cover Open", Answer::State(Bit::CoverOpen));
    check("ERROR MAG", Answer::Error("ERROR MAG".to_owned()));
    check(
        "err something new",
        Answer::Error("err something new".to_owned()),
    );
    check(
        "OPT NOT AVAILABLE",
        Answer::Error("OPT NOT AVAILABLE".to_owned()),
    );
}

#[test]
fn the_card_sensor_is_read() {
    let check = |text, expect| assert_eq!(card_present(text), expect, "{text}");
    check("NO CARD", Some(false));
    check("OK", Some(true));
    check("ERR CARD", None);
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(bytes: Vec<u8>) {
        if let Some(text) = frame(&bytes) {
            let _ = (answer(&text), card_present(&text), number(&text));
        }
    }
}
