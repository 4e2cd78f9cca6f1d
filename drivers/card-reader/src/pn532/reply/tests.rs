use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn card(uid: &str, atqa: [u8; 2], sak: u8) -> Card {
    Card::new(&bytes(uid), atqa, sak).unwrap()
}

#[test]
fn the_firmware_names_the_chip() {
    let read = firmware(&bytes("32 01 06 07")).unwrap();
    assert_eq!(
        read,
        Firmware {
            chip: 0x32,
            version: 1,
            revision: 6,
            support: 7
        }
    );
    assert!(read.is_pn532());
    assert_eq!(read.to_string(), "PN532 1.6");
    assert!(!firmware(&bytes("33 02 07 07")).unwrap().is_pn532());
    assert!(firmware(&bytes("32 01 06")).is_err());
    assert!(firmware(&bytes("32 01 06 07 00")).is_err());
    assert!(firmware(&[]).is_err());
}

#[test]
fn cards_are_read() {
    let check =
        |hex: &str, expect: &[Card]| assert_eq!(cards(&bytes(hex)).as_deref(), Ok(expect), "{hex}");
    check("00", &[]);
    // as listed by libnfc 1.8.0
    check(
        "01 01 00 04 08 04 DE AD BE EF",
        &[card("DE AD BE EF", [0, 4], 0x08)],
    );
    check(
        "01 01 03 44 20 07 04 11 22 33 44 55 66 06 75 77 81 02 80",
        &[card("04 11 22 33 44 55 66", [3, 0x44], 0x20)],
    );
    // the same card, not asked for its ATS
    check(
        "01 01 03 44 20 07 04 11 22 33 44 55 66",
        &[card("04 11 22 33 44 55 66", [3, 0x44], 0x20)],
    );
    check(
        "01 01 00 84 00 0A 01 02 03 04 05 06 07 08 09 0A",
        &[card("01 02 03 04 05 06 07 08 09 0A", [0, 0x84], 0)],
    );
    check(
        "02 01 00 04 08 04 DE AD BE EF 02 03 44 20 07 04 11 22 33 44 55 66",
        &[
            card("DE AD BE EF", [0, 4], 8),
            card("04 11 22 33 44 55 66", [3, 0x44], 0x20),
        ],
    );
    check(
        "02 01 03 44 20 07 04 11 22 33 44 55 66 06 75 77 81 02 80 02 00 04 08 04 DE AD BE EF",
        &[
            card("04 11 22 33 44 55 66", [3, 0x44], 0x20),
            card("DE AD BE EF", [0, 4], 8),
        ],
    );
}

#[test]
fn a_random_uid_is_flagged() {
    let check = |uid: &str, expect: bool| {
        assert_eq!(card(uid, [3, 0x44], 0x20).random_uid, expect, "{uid}")
    };
    check("08 11 22 33", true);
    check("04 11 22 33", false);
    check("18 08 22 33", false);
    check("08 11 22 33 44 55 66", false); // 7 bytes: a manufacturer's number
}

#[test]
fn what_is_no_list_of_cards_is_refused() {
    for hex in [
        "",
        "01",                                  // a card is promised and none comes
        "03",                                  // more than were asked for
        "01 01 00 04 08",                      // ends before the length
        "01 01 00 04 08 04 DE AD BE",          // ends within the UID
        "01 01 00 04 08 05 DE AD BE EF 00",    // no UID is 5 bytes long
        "01 01 00 04 08 00",                   // nor none
        "01 01 00 04 08 04 DE AD BE EF 00",    // a byte too many
        "00 00",                               // as well
        "01 01 03 44 20 04 DE AD BE EF 09 75", // ATS leads out of the reply
        "01 01 03 44 20 04 DE AD BE EF 00 75", // ATS without its own length byte, and a byte over
        "01 01 00 04 08 FF DE AD BE EF",
    ] {
        assert!(cards(&bytes(hex)).is_err(), "{hex}");
    }
}

#[test]
fn debug_shows_no_uid() {
    let shown = format!("{:?}", card("DE AD BE EF", [0, 4], 8));
    assert_eq!(
        shown,
        "Card { uid_bytes: 4, random_uid: false, sak: 08, iso_dep: false, .. }"
    );
    let refused = cards(&bytes("01 01 00 04 08 04 DE AD BE"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "the reader sent a list of cards of 9 bytes, which is not as its manual says"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_cards_or_refused(parameters in prop::collection::vec(any::<u8>(), 0..264)) {
        if let Ok(cards) = cards(&parameters) {
            prop_assert!(cards.len() <= 2);
            prop_assert!(cards.iter().all(|card| matches!(card.uid.len(), 4 | 7 | 10)));
        }
        let _ = firmware(&parameters);
    }

    /// Bytes that look more like cards than chance makes them.
    #[test]
    fn near_lists_are_cards_or_refused(
        count in 0u8..4, sak in any::<u8>(), length in 0u8..12, rest in prop::collection::vec(0u8..32, 0..60)
    ) {
        let parameters: Vec<u8> = [count, 1, 0, 4, sak, length].into_iter().chain(rest).collect();
        if let Ok(cards) = cards(&parameters) {
            prop_assert_eq!(cards.len(), usize::from(count));
        }
    }
}
