//! Hexadecimal of a fixed number of bytes. Texts are written in lower case and read in either case.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

/// Two lower-case digits for each byte.
///
/// ```
/// assert_eq!(common::hex::encode(&[0x00, 0xff]), "00ff");
/// ```
pub fn encode(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of exactly `2 * N` digits; `None` for any other text.
///
/// ```
/// assert_eq!(common::hex::decode("00Ff"), Some([0x00, 0xff]));
/// assert_eq!(common::hex::decode::<2>("00f"), None);
/// ```
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // The decoder panics when the output does not fit, so the length is compared first.
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    HEXLOWER_PERMISSIVE
        .decode_mut(text.as_bytes(), &mut bytes)
        .ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_the_right_length_and_alphabet_are_read() {
        for (text, expected) in [
            ("00ff10", Some([0x00, 0xff, 0x10])),
            ("00FF1a", Some([0x00, 0xff, 0x1a])),
            ("", None),
            ("00ff1", None),
            ("00ff100", None),
            ("00ff1g", None),
            ("+0ff10", None),
            (" 0ff10", None),
            ("0x0ff1", None),
            ("åäö", None),
        ] {
            assert_eq!(decode::<3>(text), expected, "{text:?}");
        }
        assert_eq!(decode::<0>(""), Some([]));
        assert_eq!(encode(&[0xab, 0x01]), "ab01");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::array::uniform8(proptest::num::u8::ANY)) {
            proptest::prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
