//! Checks from a card's code whether the card is valid.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    credential::{Credential, NotRead},
    keys::{PublicKeys, Signer, TEST_KEY},
    revocation::Revocations,
};
use common::order::Serial;

/// The result of checking a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The card was issued by this site, has not expired and is not revoked.
    Valid(Credential),
    /// The last day of validity is over.
    Expired(Credential),
    /// The card is on the list of revoked cards.
    Revoked(Credential),
    /// The code looks like one of this site's cards, but the site did not sign it.
    Forged,
    /// The code does not belong to this site.
    NotOurs(NotOurs),
    /// The code has this site's address but contains no signature, so only the portal can check it.
    Opaque(Serial),
}

/// Why a code does not belong to this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    #[error("the code is no card's")]
    Address,
    #[error("the code is of version {0}, which this program does not know")]
    Version(u8),
    #[error("the code was made in test mode")]
    Test,
}

/// The keys and settings that a code is checked with.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// The host in the code's address.
    pub host: String,
    pub keys: PublicKeys,
    pub revocations: Option<Revocations>,
    /// The time zone for "today". A card is valid until midnight in it.
    pub zone: TimeZone,
    /// Whether cards of test mode are accepted.
    pub test: bool,
}

/// Returns the beginning of every code with this host.
pub(super) fn address(host: &str) -> String {
    format!("HTTPS://{host}/K/")
}

impl Verifier {
    /// Checks a code at `now`. Expiry is reported before revocation, because a list leaves out expired cards.
    pub fn verify(&self, text: &str, now: Timestamp) -> Verdict {
        let address = address(&self.host);
        let ours = text
            .get(..address.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(&address));
        if !ours {
            return Verdict::NotOurs(NotOurs::Address);
        }
        let letters = text[address.len()..].to_ascii_uppercase();
        if let Some(serial) = opaque(&letters) {
            return Verdict::Opaque(serial);
        }
        let signed = match Credential::read(&letters) {
            Ok(signed) => signed,
            Err(NotRead::Version(version)) => return Verdict::NotOurs(NotOurs::Version(version)),
            Err(NotRead::Malformed) => return Verdict::Forged,
        };
        let credential = signed.credential;
        let by_test = credential.key == TEST_KEY && signed.is_by(&Signer::test().public());
        if by_test && !self.test {
            return Verdict::NotOurs(NotOurs::Test);
        }
        let key = self.keys.get(credential.key);
        if !by_test && !key.is_some_and(|key| signed.is_by(key)) {
            return Verdict::Forged;
        }
        if credential.valid_through < self.today(now) {
            return Verdict::Expired(credential);
        }
        let revoked = self.revocations.as_ref();
        if revoked.is_some_and(|list| list.holds(credential.serial)) {
            return Verdict::Revoked(credential);
        }
        Verdict::Valid(credential)
    }

    fn today(&self, now: Timestamp) -> Date {
        self.zone.to_datetime(now).date()
    }
}

/// Returns the serial in the letters of an opaque code.
pub(super) fn opaque(letters: &str) -> Option<Serial> {
    let bytes = common::base32::decode(letters)?;
    bytes.try_into().ok().map(Serial)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;

    const SERIAL: Serial = Serial([1, 2, 3, 4, 5, 6, 7, 8]);

    fn signer() -> Signer {
        Signer::random(7)
    }

    fn verifier(signer: &Signer) -> Verifier {
        Verifier {
            host: "KORT.UMU.SE".to_owned(),
            keys: PublicKeys(BTreeMap::from([(7, signer.public())])),
            revocations: None,
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            test: false,
        }
    }

    fn credential() -> Credential {
        Credential {
            key: 7,
            serial: SERIAL,
            kind: 2,
            valid_through: date(2029, 6, 30),
            issue: 1,
        }
    }

    fn text(credential: Credential, signer: &Signer) -> String {
        address("KORT.UMU.SE") + &credential.sign(signer.key()).unwrap()
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn a_card_is_valid_until_midnight_in_the_verifiers_time_zone() {
        let signer = signer();
        let verifier = verifier(&signer);
        let text = text(credential(), &signer);
        for (time, verdict) in [
            ("2026-11-21T12:00:00Z", Verdict::Valid(credential())),
            ("2029-06-30T22:59:59Z", Verdict::Valid(credential())),
            ("2029-06-30T23:00:00Z", Verdict::Expired(credential())),
        ] {
            assert_eq!(verifier.verify(&text, at(time)), verdict, "{time}");
        }
    }

    #[test]
    fn addresses_changed_by_a_phone_are_accepted() {
        let signer = signer();
        let text = text(credential(), &signer).to_ascii_lowercase();
        let verdict = verifier(&signer).verify(&text, at("2026-11-21T12:00:00Z"));
        assert_eq!(verdict, Verdict::Valid(credential()));
    }

    #[test]
    fn a_card_on_the_list_is_revoked() {
        let (signer, now) = (signer(), at("2026-11-21T12:00:00Z"));
        let mut verifier = verifier(&signer);
        let text = text(credential(), &signer);
        verifier.revocations = Some(Revocations::new([Serial([9; 8])], now));
        assert_eq!(verifier.verify(&text, now), Verdict::Valid(credential()));
        verifier.revocations = Some(Revocations::new([SERIAL], now));
        assert_eq!(verifier.verify(&text, now), Verdict::Revoked(credential()));
    }

    #[test]
    fn forgeries_are_distinguished_from_other_codes() {
        let (signer, now) = (signer(), at("2026-11-21T12:00:00Z"));
        let verifier = verifier(&signer);
        let good = text(credential(), &signer);
        let other_key = Credential {
            key: 8,
            ..credential()
        };
        let first = good.len() - 127;
        let version_2 = format!("{}08{}", &good[..first], &good[first + 2..]);
        for (text, verdict) in [
            (text(credential(), &Signer::random(7)), Verdict::Forged),
            (text(other_key, &signer), Verdict::Forged),
            (good[..good.len() - 1].to_owned(), Verdict::Forged),
            (format!("{good}0"), Verdict::Forged),
            (
                good.replace("KORT.UMU.SE", "KORT.LU.SE"),
                Verdict::NotOurs(NotOurs::Address),
            ),
            (
                "WIFI:S:guest;;".to_owned(),
                Verdict::NotOurs(NotOurs::Address),
            ),
            (String::new(), Verdict::NotOurs(NotOurs::Address)),
            (
                "HTTPS://KORT.UMU.SE/Å/".to_owned(),
                Verdict::NotOurs(NotOurs::Address),
            ),
            (version_2, Verdict::NotOurs(NotOurs::Version(2))),
            (
                "HTTPS://KORT.UMU.SE/K/04HMASW9NF6YY".to_owned(),
                Verdict::Opaque(Serial([1, 35, 69, 103, 137, 171, 205, 239])),
            ),
        ] {
            assert_eq!(verifier.verify(&text, now), verdict, "{text}");
        }
    }

    #[test]
    fn a_card_of_test_mode_is_valid_only_in_test_mode() {
        let (signer, now) = (signer(), at("2026-11-21T12:00:00Z"));
        let mut verifier = verifier(&signer);
        let test = Credential {
            key: TEST_KEY,
            ..credential()
        };
        let text = text(test, &Signer::test());
        assert_eq!(verifier.verify(&text, now), Verdict::NotOurs(NotOurs::Test));
        verifier.test = true;
        assert_eq!(verifier.verify(&text, now), Verdict::Valid(test));
    }
}
