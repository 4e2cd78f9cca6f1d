//! The list of revoked cards, for checking cards without a network.
//!
//! The list is a compact JWS (RFC 7515) signed with one of the site's keys. Its payload is JSON: `iat` and `exp` in
//! seconds since 1970, at most a day apart, and `prefixes`, the first four bytes of every revoked serial that has not
//! expired, sorted, in base64url. 2000 revoked cards make 14 kB. A card that is not on the list matches it by chance
//! once in two million checks. After a match, a checker with a network should therefore ask the portal; without a
//! network, the match counts as revoked.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signature, Signer as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{PublicKeys, Signer};
use common::{
    jws::{self, Unsigned, Unverified},
    order::Serial,
};

/// The longest time for which a list is valid.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// The largest accepted difference between the clocks of the list's maker and its reader.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The largest list in bytes, which is enough for a million revoked cards.
const LARGEST: usize = 6 << 20;

/// A list of revoked cards whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocations {
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// The first four bytes of each revoked serial, sorted.
    prefixes: Vec<[u8; 4]>,
}

/// Why a text is not a valid list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoList {
    #[error("this is no signed list of revoked cards")]
    Malformed,
    #[error("the list of revoked cards is signed by no key of this site")]
    Signature,
    #[error("the list of revoked cards of {0} has run out: fetch a new one")]
    Old(Timestamp),
    #[error("the list of revoked cards is dated {0}, in the future: one of the clocks is wrong")]
    Future(Timestamp),
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iat: i64,
    exp: i64,
    prefixes: String,
}

/// The only algorithm that is used for signing and accepted.
const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "card-revocations+jws";

impl Revocations {
    /// Creates a list of these serials, made at `now` and valid for a day.
    pub fn new(serials: impl IntoIterator<Item = Serial>, now: Timestamp) -> Self {
        let mut prefixes: Vec<[u8; 4]> = serials.into_iter().map(prefix).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
        let expires = now.checked_add(LONGEST_LIFE).unwrap_or(Timestamp::MAX);
        Self {
            issued: second(now),
            expires: second(expires),
            prefixes,
        }
    }

    /// Returns the signed text that is published.
    pub fn sign(&self, signer: &Signer) -> String {
        let header = Header {
            alg: ALGORITHM.to_owned(),
            kid: signer.id.to_string(),
            typ: TYPE.to_owned(),
        };
        let payload = Payload {
            iat: self.issued.as_second(),
            exp: self.expires.as_second(),
            prefixes: BASE64.encode(self.prefixes.concat()),
        };
        let unsigned = Unsigned::new(&header, &payload);
        let signature = signer.key().sign(unsigned.message());
        unsigned.with_signature(&signature.to_bytes())
    }

    /// Parses a list and checks its signature and whether it is valid at `now`.
    ///
    /// # Errors
    ///
    /// The text is too large or not a list, no key of `keys` signed it, or it is not valid at `now`.
    pub fn read(text: &str, keys: &PublicKeys, now: Timestamp) -> Result<Self, NoList> {
        let signed = Unverified::split(text.trim(), LARGEST)?;
        let header: Header = signed.header()?;
        if header.typ != TYPE {
            return Err(NoList::Malformed);
        }
        let key = header.kid.parse().ok().and_then(|id| keys.get(id));
        let key = key.ok_or(NoList::Signature)?;
        signed.verify(ALGORITHM, |message, signature| {
            Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
        })?;
        let list = Self::from_payload(&signed.payload()?)?;
        list.is_good_at(now).map(|()| list)
    }

    fn from_payload(payload: &Payload) -> Result<Self, NoList> {
        let second = |at| Timestamp::from_second(at).map_err(|_| NoList::Malformed);
        let bytes = BASE64
            .decode(&payload.prefixes)
            .map_err(|_| NoList::Malformed)?;
        let (prefixes, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || !prefixes.is_sorted() {
            return Err(NoList::Malformed);
        }
        Ok(Self {
            issued: second(payload.iat)?,
            expires: second(payload.exp)?,
            prefixes: prefixes.to_vec(),
        })
    }

    fn is_good_at(&self, now: Timestamp) -> Result<(), NoList> {
        if self.issued.duration_since(now) > SKEW {
            return Err(NoList::Future(self.issued));
        }
        let age = now.duration_since(self.issued);
        if now > self.expires || age > LONGEST_LIFE {
            return Err(NoList::Old(self.issued));
        }
        Ok(())
    }

    /// Whether the card may be revoked. This is always true for a revoked card, and true once in two million for
    /// another one.
    pub fn holds(&self, serial: Serial) -> bool {
        self.prefixes.binary_search(&prefix(serial)).is_ok()
    }
}

impl From<jws::Error> for NoList {
    fn from(error: jws::Error) -> Self {
        match error {
            jws::Error::Malformed | jws::Error::Algorithm => Self::Malformed,
            jws::Error::Signature => Self::Signature,
        }
    }
}

fn prefix(serial: Serial) -> [u8; 4] {
    let [a, b, c, d, ..] = serial.0;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn hours(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn keys(signer: &Signer) -> PublicKeys {
        PublicKeys(BTreeMap::from([(signer.id, signer.public())]))
    }

    #[test]
    fn a_list_contains_exactly_its_serials() {
        let signer = Signer::random(3);
        let revoked: Vec<Serial> = (0..2000).map(|_| Serial::random()).collect();
        let text = Revocations::new(revoked.iter().copied(), hours(0)).sign(&signer);
        assert!(text.len() < 15_000, "{} bytes", text.len());
        let list = Revocations::read(&text, &keys(&signer), hours(23)).unwrap();
        assert!(revoked.iter().all(|serial| list.holds(*serial)));
        let others = (0..2000).filter(|_| list.holds(Serial::random())).count();
        assert!(
            others <= 1,
            "{others} false alarms of 2000 at odds of 1 in 1000"
        );
    }

    #[test]
    fn a_list_is_valid_for_a_day() {
        let signer = Signer::random(3);
        let text = Revocations::new([], hours(0)).sign(&signer);
        let read = |at| Revocations::read(&text, &keys(&signer), hours(at));
        assert!(read(0).is_ok());
        assert!(read(24).is_ok());
        assert_eq!(read(25), Err(NoList::Old(hours(0))));
        assert_eq!(read(-1), Err(NoList::Future(hours(0))));
    }

    #[test]
    fn a_list_with_a_longer_life_expires_after_a_day() {
        let signer = Signer::random(3);
        let list = Revocations {
            expires: hours(1000),
            ..Revocations::new([], hours(0))
        };
        let text = list.sign(&signer);
        assert_eq!(
            Revocations::read(&text, &keys(&signer), hours(25)),
            Err(NoList::Old(hours(0)))
        );
    }

    #[test]
    fn a_list_signed_by_another_key_is_refused() {
        let (signer, other) = (Signer::random(3), Signer::random(3));
        let text = Revocations::new([], hours(0)).sign(&other);
        let read = |text: &str| Revocations::read(text, &keys(&signer), hours(0));
        assert_eq!(read(&text), Err(NoList::Signature));
        for text in ["", "a.b.c", "..", &text.replace('.', "")] {
            assert_eq!(read(text), Err(NoList::Malformed), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[A-Za-z0-9_.-]{0,200}") {
            let _ = Revocations::read(&text, &PublicKeys::default(), hours(0));
        }
    }
}
