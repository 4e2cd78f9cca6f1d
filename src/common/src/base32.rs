//! Crockford's base 32 (<https://www.crockford.com/base32.html>), upper case, without padding or check symbol: every
//! character is in the QR code's dense alphabet, and none looks like another.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

/// The digits from 0 to 31.
pub const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The encoding, for a caller that needs a variant of it.
pub static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(ALPHABET);
    specification
        .encoding()
        .expect("the alphabet has 32 different ASCII letters")
});

/// The bits of `bytes` from the first on, five to a character. The last character is filled up with zeros.
///
/// ```
/// assert_eq!(common::base32::encode(b"foobar"), "CSQPYRK1E8");
/// ```
pub fn encode(bytes: &[u8]) -> String {
    CROCKFORD.encode(bytes)
}

/// The bytes of a text. `None` for another alphabet, a length that no bytes have, or fill-up bits that are not zero, so
/// that each value has one spelling only.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    CROCKFORD.decode(text.as_bytes()).ok()
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
