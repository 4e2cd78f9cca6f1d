//! The European Student Card Number (ESCN) and the code that carries it.
//!
//! An ESCN is a UUID of version 1 (RFC 9562). Its node consists of the three digits of the issuing server and the nine
//! digits of the institution (PIC), read as hexadecimal. The code is `https://s.esc-r.eu/` and the ESCN in lower case,
//! as the official generator writes it (EuropeanStudentCard/qr-java-generator, QRFactory.java).

use common::order::Serial;

/// The address in the code. The scheme requires lower case.
pub(super) const ADDRESS: &str = "https://s.esc-r.eu/";

/// Who issues European Student Cards here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Three digits: which of the institution's servers made the number.
    pub server: String,
    /// The institution's Participant Identification Code, nine digits.
    pub pic: String,
}

impl Issuer {
    pub(super) fn is_good(&self) -> bool {
        let digits =
            |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        digits(&self.server, 3) && digits(&self.pic, 9)
    }

    /// Returns the number of the card with this serial. The serial fills the UUID's time and the upper bits of its
    /// clock sequence, so that the number is as unique as the serial and each can be computed from the other.
    pub fn number(&self, serial: Serial) -> uuid::Uuid {
        let [a, b, c, d, e, f, g, h] = serial.0;
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&[a, b, c, d, e, f]);
        bytes[6] = 0x10 | g >> 4;
        bytes[7] = g << 4 | h >> 4;
        bytes[8] = 0x80 | (h & 0x0f) << 2;
        let node = format!("{}{}", self.server, self.pic);
        let node = u64::from_str_radix(&node, 16).unwrap_or(0).to_be_bytes();
        bytes[10..].copy_from_slice(&node[2..]);
        uuid::Uuid::from_bytes(bytes)
    }

    /// Returns the serial of a number that this issuer assigned, or `None` for any other number.
    pub fn serial(&self, number: uuid::Uuid) -> Option<Serial> {
        let b = number.as_bytes();
        let serial = Serial([
            b[0],
            b[1],
            b[2],
            b[3],
            b[4],
            b[5],
            b[6] << 4 | b[7] >> 4,
            b[7] << 4 | b[8] >> 2 & 0x0f,
        ]);
        (self.number(serial) == number).then_some(serial)
    }

    /// Returns the text of the code.
    pub(super) fn text(&self, serial: Serial) -> String {
        format!("{ADDRESS}{}", self.number(serial).hyphenated())
    }

    pub(super) fn serial_in(&self, text: &str) -> Option<Serial> {
        let number = text.strip_prefix(ADDRESS)?;
        self.serial(number.parse().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> Issuer {
        Issuer {
            server: "988".to_owned(),
            pic: "999978433".to_owned(),
        }
    }

    #[test]
    fn the_number_has_the_form_of_the_official_generator() {
        let number = issuer().number(Serial([0x25, 0x53, 0x9b, 0xe8, 0x64, 0x23, 0x03, 0xea]));
        assert_eq!(number.to_string(), "25539be8-6423-103e-a800-988999978433");
        assert_eq!(number.get_version_num(), 1);
        assert_eq!(number.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn the_number_of_another_issuer_has_no_serial() {
        // This is the example of EuropeanStudentCard/escn-php-generator. Its clock sequence is not one that we assign.
        let other = "25539be8-6423-103e-add8-988999978433".parse().unwrap();
        assert_eq!(issuer().serial(other), None);
    }

    proptest::proptest! {
        #[test]
        fn number_and_serial_convert_to_each_other(bytes in proptest::num::u64::ANY) {
            let serial = Serial(bytes.to_be_bytes());
            let number = issuer().number(serial);
            proptest::prop_assert_eq!(number.get_version_num(), 1);
            proptest::prop_assert_eq!(number.get_variant(), uuid::Variant::RFC4122);
            proptest::prop_assert_eq!(issuer().serial(number), Some(serial));
            proptest::prop_assert_eq!(issuer().serial_in(&issuer().text(serial)), Some(serial));
        }
    }
}
