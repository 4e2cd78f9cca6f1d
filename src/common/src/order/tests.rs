use super::*;

#[test]
fn a_serial_is_sixteen_hexadecimal_digits_and_nothing_else() {
    let good: Serial = "00ff10a0deadbeef".parse().unwrap();
    assert_eq!(good.to_string(), "00ff10a0deadbeef");
    assert_eq!("00FF10A0DEADBEEF".parse(), Ok(good));
    for bad in [
        "",
        "00",
        "00ff10a0deadbee",
        "00ff10a0deadbeef0",
        "+0ff10a0deadbeef",
        "00ff10a0deadbeeg",
        "åäö",
    ] {
        assert_eq!(bad.parse::<Serial>(), Err(BadSerial), "{bad:?}");
    }
}

#[test]
fn order_ids_rise_with_time_and_have_a_code_for_people() {
    let earlier = OrderId::new("2026-11-21T08:00:00Z".parse().unwrap());
    let later = OrderId::new("2026-11-21T08:00:01Z".parse().unwrap());
    assert!(earlier < later);
    let code = later.short();
    assert_eq!((code.len(), &code[3..4]), (7, "-"));
    assert!(!code.contains(['I', 'L', 'O', 'U']));
    let fixed: OrderId = "01930000-0000-7000-8000-0000deadbeef".parse().unwrap();
    assert_eq!(fixed.short(), "FQF-VAF");
}

#[test]
fn nothing_private_shows_in_a_debug_print() {
    let holder: Holder = serde_json::from_value(serde_json::json!({
        "subject": "abcd0001", "displayName": "Alva Björk", "nameOnCard": "Alva Björk",
        "kinds": [{"kind": "student", "validThrough": "2029-06-30", "cardNumber": "123456"}]
    }))
    .unwrap();
    let shown = format!("{holder:?} {:?}", Picture::new(1, 1, vec![1, 2, 3]));
    for secret in ["abcd0001", "Alva", "123456", "[1, 2, 3]"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn a_picture_has_exactly_its_pixels() {
    assert!(Picture::new(2, 2, vec![0; 12]).is_some());
    for (width, height, bytes) in [(2, 2, 11), (2, 2, 13), (0, 2, 0), (u32::MAX, u32::MAX, 3)] {
        assert!(Picture::new(width, height, vec![0; bytes]).is_none());
    }
}

#[test]
fn a_uid_keeps_the_readers_order() {
    let uid = Uid::from_bytes(&[0x04, 0xA1, 0x0B]);
    assert_eq!((uid.hex.as_str(), uid.bytes), ("04A10B", 3));
}

#[test]
fn a_chip_is_known_in_either_byte_order_and_case() {
    let uid = |hex: &str| Uid {
        hex: hex.to_owned(),
        bytes: 0,
    };
    for (one, other, same) in [
        ("04A10B", "04A10B", true),
        ("04A10B", "04a10b", true),
        ("04A10B", "0BA104", true),
        ("04A10B", "0ba104", true),
        ("04A10B", "0B04A1", false),
        ("04A10B", "04A1", false),
        // Without whole bytes or digits only the same text is the same chip.
        ("04A", "A04", false),
        ("zz", "ZZ", true),
        ("", "", true),
    ] {
        assert_eq!(uid(one).is_same_chip(&uid(other)), same, "{one} {other}");
    }
}
