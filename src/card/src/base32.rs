//! Crockford's base 32 (<https://www.crockford.com/base32.html>), upper case, without padding or check symbol: every
//! character is in the QR code's dense alphabet, and none looks like another.

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The bits of `bytes` from the first on, five a character; the last character is filled up with zeros.
pub(super) fn encode(bytes: &[u8]) -> String {
    let bit = |i: usize| bytes.get(i / 8).map_or(0, |byte| byte >> (7 - i % 8) & 1);
    (0..(bytes.len() * 8).div_ceil(5))
        .map(|i| {
            let value = (0..5).fold(0, |value, k| value << 1 | bit(i * 5 + k));
            char::from(LETTERS[usize::from(value)])
        })
        .collect()
}

/// The bytes again; `None` for another alphabet, a length that no bytes have, or fill-up bits that are not zero, so
/// that each value has one spelling only.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let bits = text.len() * 5;
    let (mut bytes, spare) = (vec![0_u8; bits / 8], bits % 8);
    if spare >= 5 {
        return None;
    }
    for (i, letter) in text.bytes().enumerate() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        for k in 0..5 {
            let at = i * 5 + k;
            if value >> (4 - k) & 1 == 1 {
                *bytes.get_mut(at / 8)? |= 1 << (7 - at % 8);
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        for (bytes, text) in [
            (&b""[..], ""),
            (&[0xff], "ZW"),
            (&[0, 0, 0, 0, 0], "00000000"),
            (b"foobar", "CSQPYRK1E8"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["zw", "ZX", "Z", "I0", "ZW=", "Å0"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..90)) {
            proptest::prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_refused_or_has_one_spelling(text in "\\PC{0,40}") {
            if let Some(bytes) = decode(&text) {
                proptest::prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
