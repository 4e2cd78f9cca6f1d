//! The people that the portal knows. In test mode the virtual identity provider reads the same file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use data_encoding::HEXUPPER_PERMISSIVE;
use jiff::civil::Date;
use serde::Deserialize;

use common::order::{
    Allowed, CardKind, Fee, Function, HeldCard, Holder, PickupPlace, Private, Serial, Uid,
};

/// The file: `[[people]]` and `[[places]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    #[serde(default)]
    pub people: Vec<Person>,
    /// Where cards can be fetched.
    #[serde(default)]
    pub places: Vec<PickupPlace>,
}

/// A person, with or without a right to a card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The identity provider's name for the person.
    pub subject: String,
    pub name: String,
    /// What is printed; `name` when not given.
    #[serde(default)]
    pub name_on_card: Option<String>,
    #[serde(default)]
    pub affiliation: Vec<String>,
    #[serde(default)]
    pub assurance: String,
    /// Groups at the identity provider. A member of `booth-staff` is an attendant.
    #[serde(default)]
    pub groups: Vec<String>,
    /// For the virtual directory only.
    #[serde(default)]
    pub password: Option<Private<String>>,
    #[serde(default)]
    pub kinds: Vec<Kind>,
    #[serde(default)]
    pub cards: Vec<Card>,
}

/// A kind of card that the person may have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub kind: CardKind,
    pub valid_through: Date,
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub card_number: Option<String>,
    /// How many cards of this kind the person has had.
    #[serde(default)]
    pub had: u8,
    #[serde(default)]
    pub functions: Vec<Function>,
    #[serde(default)]
    pub fee: Option<Fee>,
    #[serde(default)]
    pub barcode: Option<String>,
}

/// A card that the person holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub kind: CardKind,
    #[serde(default)]
    pub serial: Option<Serial>,
    #[serde(default)]
    pub card_number: Option<String>,
    /// Hexadecimal, in the reader's order.
    #[serde(default)]
    pub uid: Option<String>,
    #[serde(default)]
    pub barcode: Option<String>,
    #[serde(default)]
    pub has_code: bool,
    #[serde(default = "active")]
    pub status: String,
}

fn active() -> String {
    "active".to_owned()
}

/// Why a file of people cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadPeople {
    #[error("{} cannot be read: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Syntax {
        path: PathBuf,
        error: Box<toml::de::Error>,
    },
    #[error("{}: {subject} has a uid that is not hexadecimal: {uid}", path.display())]
    Uid {
        path: PathBuf,
        subject: String,
        uid: String,
    },
    #[error("{}: {subject} stands there twice; keep one", path.display())]
    Twice { path: PathBuf, subject: String },
}

impl People {
    /// Reads the file of people.
    ///
    /// # Errors
    /// [`BadPeople`] when the file cannot be read, is malformed, or names a person twice.
    pub fn read(path: &Path) -> Result<Self, BadPeople> {
        let text = fs::read_to_string(path).map_err(|error| BadPeople::File {
            path: path.to_owned(),
            error,
        })?;
        let people: Self = toml::from_str(&text).map_err(|error| BadPeople::Syntax {
            path: path.to_owned(),
            error: Box::new(error),
        })?;
        for (at, person) in people.people.iter().enumerate() {
            let subject = person.subject.clone();
            if people.people[..at].iter().any(|p| p.subject == subject) {
                let path = path.to_owned();
                return Err(BadPeople::Twice { path, subject });
            }
            let uids = person.cards.iter().filter_map(|card| card.uid.as_ref());
            if let Some(uid) = uids.into_iter().find(|uid| parse_uid(uid).is_none()) {
                return Err(BadPeople::Uid {
                    path: path.to_owned(),
                    subject,
                    uid: uid.clone(),
                });
            }
        }
        Ok(people)
    }

    /// The person with this subject.
    pub fn find(&self, subject: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.subject == subject)
    }
}

impl Person {
    /// Whether the person may serve others at a booth.
    pub fn is_attendant(&self) -> bool {
        self.groups.iter().any(|group| group == "booth-staff")
    }

    /// What the portal answers about the person, without any order.
    pub fn holder(&self, places: &[PickupPlace]) -> Holder {
        let private = |text: &String| Private::from(text.clone());
        Holder {
            subject: private(&self.subject),
            idp: String::new(),
            display_name: private(&self.name),
            name_on_card: private(self.name_on_card.as_ref().unwrap_or(&self.name)),
            affiliation: self.affiliation.clone(),
            assurance: self.assurance.clone(),
            kinds: self
                .kinds
                .iter()
                .map(|kind| Allowed {
                    kind: kind.kind.clone(),
                    valid_through: kind.valid_through,
                    unit: kind.unit.as_ref().map(private),
                    card_number: kind.card_number.as_ref().map(private),
                    issue: kind.had.saturating_add(1),
                    functions: kind.functions.clone(),
                    fee: kind.fee.clone(),
                    barcode: kind.barcode.as_ref().map(private),
                })
                .collect(),
            cards: self
                .cards
                .iter()
                .map(|card| HeldCard {
                    serial: card.serial,
                    card_number: card.card_number.as_ref().map(private),
                    uid: card.uid.as_deref().and_then(parse_uid),
                    barcode: card.barcode.as_ref().map(private),
                    kind: card.kind.clone(),
                    has_code: card.has_code,
                    status: card.status.clone(),
                })
                .collect(),
            pickup_places: places.to_vec(),
            open_order: None,
            for_review: false,
        }
    }
}

fn parse_uid(text: &str) -> Option<Uid> {
    let bytes = HEXUPPER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    // A chip number has 4, 7 or 10 bytes; older readers cut it short.
    (1..=10)
        .contains(&bytes.len())
        .then(|| Uid::from_bytes(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_number_is_one_to_ten_bytes_in_hexadecimal() {
        for (text, hex) in [
            ("04a1", Some("04A1")),
            ("04A10B2233445566778A", Some("04A10B2233445566778A")),
            ("04A10B2233445566778A00", None),
            ("04A", None),
            ("0x04", None),
            ("", None),
        ] {
            let uid = parse_uid(text);
            assert_eq!(uid.as_ref().map(|uid| uid.hex.as_str()), hex, "{text}");
            assert_eq!(
                uid.map(|uid| uid.bytes as usize),
                hex.map(|hex| hex.len() / 2)
            );
        }
    }
}
