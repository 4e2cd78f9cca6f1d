use ed25519_dalek::SigningKey;

use super::*;

const NOW: i64 = 1_800_000_000;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn check(assertion: &str, at: i64) -> Result<Claims, NotBelieved> {
    verify(assertion, "https://portal.example", at, |booth| {
        (booth == "booth-1").then(|| key(1).verifying_key())
    })
}

#[test]
fn an_assertion_is_believed_for_its_minute() {
    let assertion = sign(&key(1), "booth-1", "https://portal.example", NOW);
    for (at, expect) in [
        (NOW, true),
        (NOW + 59, true),
        (NOW - 59, true),
        (NOW + 119, true),
        (NOW + 121, false),
        (NOW - 61, false),
        (NOW + 86_400, false),
        (NOW - 86_400, false),
    ] {
        assert_eq!(check(&assertion, at).is_ok(), expect, "at {}", at - NOW);
    }
}

#[test]
fn what_is_not_signed_by_this_booth_for_this_portal_is_not_believed() {
    let good = sign(&key(1), "booth-1", "https://portal.example", NOW);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (_, claims) = signed.split_once('.').unwrap();
    let none = BASE64.encode(br#"{"alg":"none","typ":"JWT"}"#);
    for (what, assertion, why) in [
        (
            "another key",
            sign(&key(2), "booth-1", "https://portal.example", NOW),
            NotBelieved::Signature,
        ),
        (
            "another booth",
            sign(&key(1), "booth-2", "https://portal.example", NOW),
            NotBelieved::Signature,
        ),
        (
            "another portal",
            sign(&key(1), "booth-1", "https://other.example", NOW),
            NotBelieved::Audience,
        ),
        (
            "no algorithm",
            format!("{none}.{claims}.{signature}"),
            NotBelieved::Malformed,
        ),
        ("no signature", signed.to_owned(), NotBelieved::Malformed),
        ("nothing", String::new(), NotBelieved::Malformed),
        ("too long", "a".repeat(5000), NotBelieved::Malformed),
    ] {
        assert_eq!(check(&assertion, NOW), Err(why), "{what}");
    }
}

#[test]
fn no_changed_byte_is_believed() {
    let good = sign(&key(1), "booth-1", "https://portal.example", NOW);
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        // The last character of a group has spare bits; the decoder refuses any that are set.
        assert!(check(&changed, NOW).is_err(), "byte {at}");
    }
}
