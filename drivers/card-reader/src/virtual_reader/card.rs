//! Cards to lay on the virtual reader.

use std::fmt;
use std::str::FromStr;

/// A card to lay on the virtual reader. Written as `classic`, `desfire`, `random` or the hexadecimal digits of a UID.
#[derive(Clone, PartialEq, Eq)]
pub struct VirtualCard {
    pub(super) uid: Uid,
    pub(super) atqa: [u8; 2],
    pub(super) sak: u8,
    /// The answer to RATS of a card that speaks ISO 14443-4, its length first.
    pub(super) ats: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Uid {
    Fixed(Vec<u8>),
    /// A new one each time the card comes into a field.
    Random,
}

/// Why a text does not name a card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VirtualCardError {
    #[error("a UID has 4, 7 or 10 bytes, not {0}")]
    Length(usize),
    #[error("write classic, desfire, random or a UID in hexadecimal digits, not {0:?}")]
    Text(String),
}

/// The ATS of a DESFire EV1, as libnfc lists it.
const DESFIRE_ATS: [u8; 6] = [0x06, 0x75, 0x77, 0x81, 0x02, 0x80];

impl VirtualCard {
    /// A MIFARE Classic 1K, UID DE AD BE EF.
    #[must_use]
    pub fn classic() -> VirtualCard {
        VirtualCard {
            uid: Uid::Fixed(vec![0xDE, 0xAD, 0xBE, 0xEF]),
            atqa: [0x00, 0x04],
            sak: 0x08,
            ats: Vec::new(),
        }
    }

    /// A DESFire, UID 04 11 22 33 44 55 66.
    #[must_use]
    pub fn desfire() -> VirtualCard {
        let uid = vec![0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];
        VirtualCard {
            uid: Uid::Fixed(uid),
            atqa: [0x03, 0x44],
            sak: 0x20,
            ats: DESFIRE_ATS.to_vec(),
        }
    }

    /// A DESFire with a random UID: 08 and three bytes, new ones each time it comes into a field.
    #[must_use]
    pub fn random_uid() -> VirtualCard {
        VirtualCard {
            uid: Uid::Random,
            atqa: [0x03, 0x04],
            sak: 0x20,
            ats: DESFIRE_ATS.to_vec(),
        }
    }

    /// A card with this UID: of 4 bytes a MIFARE Classic, of 7 a DESFire, of 10 a card of no known make.
    ///
    /// # Errors
    /// When the UID has another length.
    pub fn with_uid(uid: &[u8]) -> Result<VirtualCard, VirtualCardError> {
        let like = match uid.len() {
            4 => VirtualCard::classic(),
            7 => VirtualCard::desfire(),
            // Bits 8 and 7 of SENS_RES mark a UID of 10 bytes (ISO 14443-3).
            10 => VirtualCard {
                atqa: [0x00, 0x84],
                ..VirtualCard::classic()
            },
            other => return Err(VirtualCardError::Length(other)),
        };
        Ok(VirtualCard {
            uid: Uid::Fixed(uid.to_vec()),
            ..like
        })
    }

    pub(super) fn is_iso_dep(&self) -> bool {
        self.sak & 0x20 != 0
    }
}

impl FromStr for VirtualCard {
    type Err = VirtualCardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "classic" => Ok(VirtualCard::classic()),
            "desfire" => Ok(VirtualCard::desfire()),
            "random" => Ok(VirtualCard::random_uid()),
            digits
                if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) =>
            {
                let pairs = digits
                    .as_bytes()
                    .chunks(2)
                    .map(|pair| std::str::from_utf8(pair).unwrap_or_default());
                let uid: Result<Vec<u8>, _> =
                    pairs.map(|pair| u8::from_str_radix(pair, 16)).collect();
                match uid {
                    Ok(uid) if digits.len() % 2 == 0 => VirtualCard::with_uid(&uid),
                    _ => Err(VirtualCardError::Text(text.to_owned())),
                }
            }
            _ => Err(VirtualCardError::Text(text.to_owned())),
        }
    }
}

impl fmt::Debug for VirtualCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uid_bytes = match &self.uid {
            Uid::Fixed(uid) => uid.len(),
            Uid::Random => 4,
        };
        f.debug_struct("VirtualCard")
            .field("uid_bytes", &uid_bytes)
            .finish_non_exhaustive()
    }
}
