//! What the replies of a reader mean. Any bytes are accepted, and no device is used here.

use std::fmt;

use zeroize::Zeroizing;

use super::command::MAX_TARGETS;
use crate::Card;

/// A reply that the driver cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reader sent {what} of {length} bytes, which is not as its manual says")]
pub struct Malformed {
    what: &'static str,
    length: usize,
}

/// What the chip calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firmware {
    /// 0x32 for a PN532.
    pub chip: u8,
    pub version: u8,
    pub revision: u8,
    /// Bit 0 ISO 14443 A, bit 1 ISO 14443 B, bit 2 ISO 18092.
    pub support: u8,
}

impl Firmware {
    /// Whether it is the chip that this driver is for.
    pub const PN532: u8 = 0x32;

    #[must_use]
    pub const fn is_pn532(self) -> bool {
        self.chip == Firmware::PN532
    }
}

impl fmt::Display for Firmware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Firmware {
            chip,
            version,
            revision,
            ..
        } = self;
        write!(f, "PN5{chip:02X} {version}.{revision}")
    }
}

/// Reads the parameters of a reply to GetFirmwareVersion.
///
/// # Errors
/// When they are not four bytes.
pub fn firmware(parameters: &[u8]) -> Result<Firmware, Malformed> {
    match *parameters {
        [chip, version, revision, support] => Ok(Firmware {
            chip,
            version,
            revision,
            support,
        }),
        _ => Err(Malformed {
            what: "a firmware version",
            length: parameters.len(),
        }),
    }
}

/// Reads the parameters of a reply to InListPassiveTarget at 106 kbit/s type A:
/// `NbTg (Tg SENS_RES(2) SEL_RES UIDlength UID [ATS])*`, where the first byte of ATS is its length with itself.
///
/// ATS is present when the card speaks ISO 14443-4 and the chip has asked for it. The driver turns that off, and a chip of
/// another make may do it all the same: the reading that leaves no byte over is the right one.
///
/// # Errors
/// When a length leads out of the reply, a UID is not 4, 7 or 10 bytes long, or bytes are left over.
pub fn cards(parameters: &[u8]) -> Result<Vec<Card>, Malformed> {
    let malformed = Malformed {
        what: "a list of cards",
        length: parameters.len(),
    };
    let [count, rest @ ..] = parameters else {
        return Err(malformed);
    };
    if *count > MAX_TARGETS {
        return Err(malformed);
    }
    read_cards(rest, *count, true)
        .or_else(|| read_cards(rest, *count, false))
        .ok_or(malformed)
}

fn read_cards(mut rest: &[u8], count: u8, with_ats: bool) -> Option<Vec<Card>> {
    let mut cards = Vec::new();
    for _ in 0..count {
        let [_number, atqa_high, atqa_low, sak, length, after @ ..] = rest else {
            return None;
        };
        let (uid, after) = after.split_at_checked(usize::from(*length))?;
        let card = Card::new(uid, [*atqa_high, *atqa_low], *sak)?;
        rest = match after {
            [ats, ..] if with_ats && card.iso_dep => after.get(usize::from(*ats).max(1)..)?,
            _ => after,
        };
        cards.push(card);
    }
    rest.is_empty().then_some(cards)
}

/// Parameters of a reply, wiped when dropped: they may hold UIDs.
pub type Parameters = Zeroizing<Vec<u8>>;

#[cfg(test)]
mod tests;
