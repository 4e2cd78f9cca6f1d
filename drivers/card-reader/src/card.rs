//! A card as the reader sees it.

use std::fmt;

use zeroize::Zeroizing;

/// A card that lies on the reader.
///
/// Its UID leads to a person: it is wiped from memory when dropped, and `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The chip's number in the order in which the reader sends it; 4, 7 or 10 bytes (ISO 14443-3).
    pub uid: Zeroizing<Vec<u8>>,
    /// A 4-byte UID that begins with 08 is random, a new one each time the card comes into a field (ISO 14443-3): it
    /// does not identify a card and must not be stored as a card's number.
    pub random_uid: bool,
    /// SEL_RES: what the card can do.
    pub sak: u8,
    /// SENS_RES in the order in which the PN532 sends it, high byte first.
    pub atqa: [u8; 2],
    /// The card speaks ISO 14443-4, as a DESFire does (bit 6 of SEL_RES).
    pub iso_dep: bool,
}

impl Card {
    /// The card that gives these answers; none when the UID is not 4, 7 or 10 bytes long.
    #[must_use]
    pub fn new(uid: &[u8], atqa: [u8; 2], sak: u8) -> Option<Card> {
        matches!(uid.len(), 4 | 7 | 10).then(|| Card {
            uid: Zeroizing::new(uid.to_vec()),
            random_uid: uid.len() == 4 && uid[0] == 0x08,
            sak,
            atqa,
            iso_dep: sak & 0x20 != 0,
        })
    }

    /// Whether `other`, read earlier or later, can be this card. Cards with a random UID are distinguished by their kind only.
    #[must_use]
    pub fn may_be(&self, other: &Card) -> bool {
        let same_kind =
            (self.random_uid, self.sak, self.atqa) == (other.random_uid, other.sak, other.atqa);
        same_kind && (self.random_uid || self.uid == other.uid)
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("uid_bytes", &self.uid.len())
            .field("random_uid", &self.random_uid)
            .field("sak", &format_args!("{:02x}", self.sak))
            .field("iso_dep", &self.iso_dep)
            .finish_non_exhaustive()
    }
}
