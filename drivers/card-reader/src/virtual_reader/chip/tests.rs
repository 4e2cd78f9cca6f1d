use super::super::card::VirtualCard;
use super::*;
use crate::pn532::reply;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Data of the reply, `error`, or `waits`.
fn ask(chip: &mut Chip, field: &mut Field, command: &str) -> String {
    match chip.execute(&bytes(command), field) {
        Outcome::Waits => "waits".to_owned(),
        Outcome::Reply(Frame::Information { data, .. }) => hex(&data),
        Outcome::Reply(_) => "error".to_owned(),
    }
}

/// A conversation: command, reply, command, reply.
fn check(cards: &[VirtualCard], conversation: &[(&str, &str)]) {
    let (mut chip, mut field) = (Chip::new(), Field::default());
    for card in cards {
        field.lay(card.clone());
    }
    for (number, (command, expect)) in conversation.iter().enumerate() {
        assert_eq!(
            ask(&mut chip, &mut field, command),
            *expect,
            "received {number}: {command}"
        );
    }
}

const FINITE: (&str, &str) = ("32 05 00 01 02", "33");
const DESFIRE: &str = "4B 01 01 03 44 20 07 04 11 22 33 44 55 66 06 75 77 81 02 80";
const CLASSIC: &str = "4B 01 01 00 04 08 04 DE AD BE EF";

#[test]
fn each_command_is_answered_as_libnfc_expects_it() {
    check(
        &[],
        &[
            ("14 01", "15"),
            ("00 00 6C 69 62 6E 66 63", "01 00 6C 69 62 6E 66 63"),
            ("02", "03 32 01 06 07"),
            ("12 14", "13"),
            ("06 63 02 63 03 63 0D", "07 00 00 00"),
            ("08 63 02 80 63 03 81", "09"),
            ("06 63 03 63 02", "07 81 80"),
            ("32 01 00", "33"),
            ("32 01 01", "33"),
            ("32 05 00 01 02", "33"),
            ("4A 01 00", "4B 00"),
            ("4A 01 01 00 FF FF 01 00", "4B 00"), // FeliCa: no such card here
            ("44 00", "45 00"),
            ("52 00", "53 00"),
            ("44 01", "45 27"),
            ("16 F0", "17 00"),
        ],
    );
}

#[test]
fn what_the_chip_does_not_understand_is_an_error_frame() {
    for command in [
        "42 01 0B 3F 80",
        "00 07",
        "02 00",
        "06 63",
        "08 63 02",
        "12",
        "14 00",
        "14",
        "16",
        "32",
        "32 05 00",
        "32 63 00",
        "4A",
        "4A 03 00",
        "4A 00 00",
        "4A 01 05",
        "44",
        "",
    ] {
        check(&[], &[(command, "error")]);
    }
}

#[test]
fn cards_answer_as_their_kind_does() {
    check(&[VirtualCard::classic()], &[FINITE, ("4A 01 00", CLASSIC)]);
    check(&[VirtualCard::desfire()], &[FINITE, ("4A 01 00", DESFIRE)]);
    // not asked for its ATS
    let short = "4B 01 01 03 44 20 07 04 11 22 33 44 55 66";
    check(
        &[VirtualCard::desfire()],
        &[FINITE, ("12 00", "13"), ("4A 01 00", short)],
    );
    let ten = VirtualCard::with_uid(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).unwrap();
    check(
        &[ten],
        &[
            FINITE,
            (
                "4A 02 00",
                "4B 01 01 00 84 08 0A 01 02 03 04 05 06 07 08 09 0A",
            ),
        ],
    );
    let both =
        "4B 02 01 00 04 08 04 DE AD BE EF 02 03 44 20 07 04 11 22 33 44 55 66 06 75 77 81 02 80";
    check(
        &[VirtualCard::classic(), VirtualCard::desfire()],
        &[FINITE, ("4A 02 00", both)],
    );
}

#[test]
fn a_card_that_was_read_answers_again_when_its_kind_lets_it() {
    let off = ("32 01 00", "33");
    let none = ("4A 01 00", "4B 00");
    // in a session it is silent, deselected it sleeps, without a field it forgets
    check(
        &[VirtualCard::desfire()],
        &[FINITE, ("4A 01 00", DESFIRE), none, none],
    );
    check(
        &[VirtualCard::desfire()],
        &[FINITE, ("4A 01 00", DESFIRE), ("44 01", "45 00"), none],
    );
    check(
        &[VirtualCard::desfire()],
        &[FINITE, ("4A 01 00", DESFIRE), off, ("4A 01 00", DESFIRE)],
    );
    // a MIFARE Classic is idle again after one try
    check(
        &[VirtualCard::classic()],
        &[FINITE, ("4A 01 00", CLASSIC), ("4A 01 00", CLASSIC)],
    );
    check(
        &[VirtualCard::classic()],
        &[
            ("32 05 00 01 00", "33"),
            ("4A 01 00", CLASSIC),
            none,
            ("4A 01 00", CLASSIC),
        ],
    );
}

#[test]
fn as_delivered_the_chip_asks_for_ever() {
    let (mut chip, mut field) = (Chip::new(), Field::default());
    assert_eq!(ask(&mut chip, &mut field, "4A 01 00"), "waits");
    field.lay(VirtualCard::classic());
    assert_eq!(ask(&mut chip, &mut field, "4A 01 00"), CLASSIC);
}

#[test]
fn a_release_of_a_card_that_has_gone_says_so() {
    let (mut chip, mut field) = (Chip::new(), Field::default());
    field.lay(VirtualCard::desfire());
    assert_eq!(ask(&mut chip, &mut field, "4A 01 00"), DESFIRE);
    field.take();
    assert_eq!(ask(&mut chip, &mut field, "52 01"), "53 01");
    assert_eq!(ask(&mut chip, &mut field, "52 01"), "53 27");
}

#[test]
fn a_random_uid_is_new_in_each_field() {
    let (mut chip, mut field) = (Chip::new(), Field::default());
    field.lay(VirtualCard::random_uid());
    ask(&mut chip, &mut field, "32 05 00 01 02");
    let mut seen = Vec::new();
    for _ in 0..20 {
        let Outcome::Reply(Frame::Information { data, .. }) =
            chip.execute(&[0x4A, 1, 0], &mut field)
        else {
            panic!("no reply");
        };
        let cards = reply::cards(&data[1..]).unwrap();
        assert!(cards[0].random_uid && cards[0].uid[0] == 0x08);
        assert!(!seen.contains(&cards[0].uid));
        seen.push(cards[0].uid.clone());
        ask(&mut chip, &mut field, "32 01 00");
    }
}

#[test]
fn it_sleeps_until_the_line_has_moved_enough() {
    let firmware = "00 00 FF 02 FE D4 02 2A 00";
    let check = |before: &str, understood: bool| {
        let turns = Chip::new().hear(&bytes(&format!("{before} {firmware}")));
        assert_eq!(
            turns == [Received::Command(vec![0x02])],
            understood,
            "{before}"
        );
    };
    check("", false); // the frame itself wakes it, and is lost
    check("55", true);
    check("55 55 00 00 00 00 00 00 00 00 00 00 00 00 00 00", true); // libnfc
    check("00 00 00 00 00 00 00 00 00 00", true); // nfcpy
    check("00 00", false);
    let edges = [
        (0x00, 1),
        (0x55, 5),
        (0xFF, 1),
        (0xAA, 4),
        (0x0F, 2),
        (0xF0, 1),
    ];
    for (byte, expect) in edges {
        assert_eq!(rising_edges(byte), expect, "{byte:02X}");
    }
}

#[test]
fn it_sleeps_again_after_the_command_for_it() {
    let (mut chip, mut field) = (Chip::new(), Field::default());
    let firmware = bytes("00 00 FF 02 FE D4 02 2A 00");
    chip.hear(&[0x55]);
    assert_eq!(chip.hear(&firmware), [Received::Command(vec![0x02])]);
    assert_eq!(ask(&mut chip, &mut field, "16 F0"), "17 00");
    assert_eq!(chip.hear(&firmware), []);
    chip.hear(&[0x55]);
    assert_eq!(chip.hear(&firmware), [Received::Command(vec![0x02])]);
}

#[test]
fn acknowledgements_of_the_host_end_a_command_and_nacks_ask_again() {
    let mut chip = Chip::new();
    chip.hear(&[0x55]);
    let turns = chip.hear(&bytes(
        "00 00 FF 00 FF 00 00 00 FF FF 00 00 00 00 FF 02 FE D5 03 28 00",
    ));
    assert_eq!(
        turns,
        [Received::Abort, Received::Repeat],
        "a reply is nothing a reader takes"
    );
}
