//! The signed code: its contents and its signature.
//!
//! The code is `HTTPS://<HOST>/K/` followed by 127 letters of Crockford's base 32, which hold 79 bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version, 1 |
//! | 1..=2 | key number, big endian |
//! | 3..=10 | serial of the card |
//! | 11 | kind of card |
//! | 12..=13 | last day of validity, days since 2020-01-01, big endian |
//! | 14 | how many cards of this kind the person has had |
//! | 15..=78 | Ed25519 (RFC 8032) over `card-qr-v1`, a zero byte, and bytes 0 to 14 |
//!
//! The code contains neither the name nor a number of the person. The signature proves that the card was issued, not
//! who holds it: a code can be photographed, so a person who checks a card must also compare the face.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::civil::{Date, date};

use common::{base32, order::Serial};

/// The version of the layout above.
const VERSION: u8 = 1;
/// The prefix of every signed message. It prevents a signature that the same key made for another purpose from being
/// accepted as a card's.
const CONTEXT: &[u8] = b"card-qr-v1\0";
/// The number of bytes before the signature.
pub(super) const BODY: usize = 15;
/// The number of bytes in total.
const WHOLE: usize = BODY + Signature::BYTE_SIZE;
/// The date that day 0 stands for.
const EPOCH: Date = date(2020, 1, 1);

/// The contents of a signed code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// The number of the key that signed the code.
    pub key: u16,
    pub serial: Serial,
    /// The kind of card: 1 employee, 2 student, 3 guest, 4 function, 5 alumni, 6 external, 7 temporary, 8 loan.
    pub kind: u8,
    /// The last day on which the card is valid.
    pub valid_through: Date,
    /// How many cards of this kind the person has had, including this one.
    pub issue: u8,
}

/// The last day of validity is before 2020 or after 2199. Two bytes cannot hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the last day of validity must lie between 2020-01-01 and 2199-06-06")]
pub struct DateOutOfRange;

/// Why bytes are not a [`Credential`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRead {
    /// The bytes do not have the layout of a credential.
    Malformed,
    /// The credential has a later version. Its signature is not checked.
    Version(u8),
}

impl Credential {
    fn body(&self) -> Result<[u8; BODY], DateOutOfRange> {
        let days = (self.valid_through - EPOCH).get_days();
        let days = u16::try_from(days).map_err(|_| DateOutOfRange)?;
        let mut body = [0; BODY];
        body[0] = VERSION;
        body[1..3].copy_from_slice(&self.key.to_be_bytes());
        body[3..11].copy_from_slice(&self.serial.0);
        body[11] = self.kind;
        body[12..14].copy_from_slice(&days.to_be_bytes());
        body[14] = self.issue;
        Ok(body)
    }

    /// Returns the bytes to sign, for a signer outside this process.
    ///
    /// # Errors
    ///
    /// The last day of validity does not fit into two bytes.
    pub fn to_be_signed(&self) -> Result<Vec<u8>, DateOutOfRange> {
        Ok([CONTEXT, &self.body()?].concat())
    }

    /// Returns the signature alone, for a booth that asked for it.
    ///
    /// # Errors
    ///
    /// The last day of validity does not fit into two bytes.
    pub fn signature(&self, key: &SigningKey) -> Result<[u8; 64], DateOutOfRange> {
        Ok(key.sign(&self.to_be_signed()?).to_bytes())
    }

    /// Returns the letters of the code, signed with `key`.
    ///
    /// # Errors
    ///
    /// The last day of validity does not fit into two bytes.
    pub fn sign(&self, key: &SigningKey) -> Result<String, DateOutOfRange> {
        self.with_signature(&self.signature(key)?)
    }

    /// Returns the letters of the code with a signature that was made elsewhere over [`Self::to_be_signed`].
    ///
    /// # Errors
    ///
    /// The last day of validity does not fit into two bytes.
    pub fn with_signature(&self, signature: &[u8; 64]) -> Result<String, DateOutOfRange> {
        let whole = [&self.body()?[..], signature].concat();
        Ok(base32::encode(&whole))
    }

    /// Parses the letters. It does not check the signature; [`Signed::is_by`] does.
    pub(super) fn read(letters: &str) -> Result<Signed, NotRead> {
        let bytes = base32::decode(letters).ok_or(NotRead::Malformed)?;
        let whole: [u8; WHOLE] = bytes.try_into().map_err(|_| NotRead::Malformed)?;
        if whole[0] != VERSION {
            return Err(NotRead::Version(whole[0]));
        }
        let mut serial = [0; 8];
        serial.copy_from_slice(&whole[3..11]);
        let days = i64::from(u16::from_be_bytes([whole[12], whole[13]]));
        let valid_through = EPOCH
            .checked_add(jiff::Span::new().days(days))
            .map_err(|_| NotRead::Malformed)?;
        let credential = Self {
            key: u16::from_be_bytes([whole[1], whole[2]]),
            serial: Serial(serial),
            kind: whole[11],
            valid_through,
            issue: whole[14],
        };
        let mut signature = [0; Signature::BYTE_SIZE];
        signature.copy_from_slice(&whole[BODY..]);
        Ok(Signed {
            credential,
            signature: Signature::from_bytes(&signature),
        })
    }
}

/// A credential and the signature that came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) credential: Credential,
    signature: Signature,
}

impl Signed {
    /// Whether `key` signed exactly this credential. The check is strict: it refuses a signature that could also be
    /// valid for a second message.
    pub(super) fn is_by(&self, key: &VerifyingKey) -> bool {
        self.credential
            .to_be_signed()
            .is_ok_and(|message| key.verify_strict(&message, &self.signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Verifier as _;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn credential() -> Credential {
        Credential {
            key: 0x0102,
            serial: Serial([0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8]),
            kind: 2,
            valid_through: date(2029, 6, 30),
            issue: 3,
        }
    }

    #[test]
    fn the_layout_is_the_one_in_the_table() {
        let letters = credential().sign(&SigningKey::from_bytes(&KEY)).unwrap();
        assert_eq!(letters.len(), 127);
        let bytes = base32::decode(&letters).unwrap();
        assert_eq!(bytes.len(), 79);
        // There are 3468 days from 2020-01-01 to 2029-06-30.
        let body = [
            1, 1, 2, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 2, 0x0D, 0x8C, 3,
        ];
        assert_eq!(bytes[..15], body);
        let message = [&b"card-qr-v1\0"[..], &body].concat();
        let signature = Signature::from_slice(&bytes[15..]).unwrap();
        let public = SigningKey::from_bytes(&KEY).verifying_key();
        assert!(public.verify(&message, &signature).is_ok());
    }

    #[test]
    fn a_credential_reads_back_as_written() {
        let key = SigningKey::from_bytes(&KEY);
        let read = Credential::read(&credential().sign(&key).unwrap()).unwrap();
        assert_eq!(read.credential, credential());
        assert!(read.is_by(&key.verifying_key()));
        assert!(!read.is_by(&SigningKey::from_bytes(&[8; 32]).verifying_key()));
    }

    #[test]
    fn one_flipped_bit_anywhere_is_refused() {
        let key = SigningKey::from_bytes(&KEY);
        let letters = credential().sign(&key).unwrap();
        let bytes = base32::decode(&letters).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let read = Credential::read(&base32::encode(&flipped));
            let believed = read.is_ok_and(|signed| signed.is_by(&key.verifying_key()));
            assert!(!believed, "bit {bit}");
        }
    }

    #[test]
    fn a_date_that_does_not_fit_two_bytes_is_refused() {
        let key = SigningKey::from_bytes(&KEY);
        for (day, good) in [
            (date(2019, 12, 31), false),
            (date(2020, 1, 1), true),
            (date(2199, 6, 6), true),
            (date(2199, 6, 7), false),
        ] {
            let credential = Credential {
                valid_through: day,
                ..credential()
            };
            let letters = credential.sign(&key);
            assert_eq!(letters.is_ok(), good, "{day}");
            if let Ok(letters) = letters {
                let read = Credential::read(&letters).unwrap();
                assert_eq!(read.credential.valid_through, day);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[0-9A-Z]{120,135}") {
            let _ = Credential::read(&text);
        }
    }
}
