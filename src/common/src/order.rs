//! The order: who gets a card, which card, and everything that the portal must learn of it.
//!
//! Field names on the wire are camelCase as in `assets/portal/openapi.yaml`. Whatever belongs to a person is held in
//! [`Private`] or [`Picture`], which wipe their memory when dropped and never show their content in `{:?}`.

mod card_image;
mod picture;
mod private;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use data_encoding::{HEXUPPER, HEXUPPER_PERMISSIVE};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use card_image::{CardFace, CardImage};
pub use picture::Picture;
pub use private::Private;

use crate::{base32, hex};

/// An order's id: a UUIDv7 made by the booth, so that sending the order twice has the effect of sending it once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub uuid::Uuid);

impl OrderId {
    /// A new id for an order made at `at`. The id has the time in milliseconds; the rest of it is random.
    pub fn new(at: Timestamp) -> Self {
        let seconds = u64::try_from(at.as_second()).unwrap_or(0);
        let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
        Self(uuid::Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            nanos,
        )))
    }

    /// The six characters that staff and holder say to each other. They come from the random end of the id, and none looks
    /// like another.
    pub fn short(&self) -> String {
        let letters = base32::ALPHABET.as_bytes();
        let bytes = self.0.as_bytes();
        let tail = u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        let code: String = (0..6)
            .map(|i| char::from(letters[(tail >> (5 * i)) as usize & 31]))
            .collect();
        format!("{}-{}", &code[..3], &code[3..])
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OrderId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The serial of one printed card: 8 random bytes, new for every card that is fed. It is in the code on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(pub [u8; 8]);

impl Serial {
    /// A fresh serial from the system's random source.
    pub fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// The text is not a [`Serial`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a serial is 16 hexadecimal digits")]
pub struct BadSerial;

impl FromStr for Serial {
    type Err = BadSerial;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self).ok_or(BadSerial)
    }
}

impl Serialize for Serial {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Serial {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A kind of card, by its name in the site's configuration (`student`, `alumni`, ...).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CardKind(pub String);

impl fmt::Display for CardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for CardKind {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A card's chip number: hexadecimal in the byte order of the reader, and the number of bytes. The receiver converts it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uid {
    pub hex: String,
    pub bytes: u8,
}

impl Uid {
    /// Whether both are the number of the same chip, in the reader's byte order or reversed.
    pub fn is_same_chip(&self, other: &Self) -> bool {
        if self.hex.eq_ignore_ascii_case(&other.hex) {
            return true;
        }
        let bytes = |uid: &Self| HEXUPPER_PERMISSIVE.decode(uid.hex.as_bytes());
        match (bytes(self), bytes(other)) {
            (Ok(own), Ok(mut other)) => {
                other.reverse();
                own == other
            }
            _ => false,
        }
    }

    /// The chip number of the bytes as the reader sent them.
    pub fn from_bytes(uid: &[u8]) -> Self {
        Self {
            hex: HEXUPPER.encode(uid),
            bytes: u8::try_from(uid.len()).unwrap_or(u8::MAX),
        }
    }
}

/// What a card may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Function {
    Access,
    Library,
    Print,
}

/// An amount to pay, as the portal has it. The booth shows and records it and takes no money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Decimal with two places, e.g. `"10.00"`.
    pub amount: String,
    /// ISO 4217, e.g. `PLN`.
    pub currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One kind of card this person may have now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allowed {
    pub kind: CardKind,
    pub valid_through: Date,
    #[serde(default)]
    pub unit: Option<Private<String>>,
    /// The number printed on the card, given by the portal.
    #[serde(default)]
    pub card_number: Option<Private<String>>,
    /// How many cards of this kind the person will have had with this one.
    #[serde(default)]
    pub issue: u8,
    #[serde(default)]
    pub functions: Vec<Function>,
    #[serde(default)]
    pub fee: Option<Fee>,
    /// The value of the bar code where the card has one; apart from the printed number.
    #[serde(default)]
    pub barcode: Option<Private<String>>,
}

/// A card the person already has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldCard {
    #[serde(default)]
    pub serial: Option<Serial>,
    #[serde(default)]
    pub card_number: Option<Private<String>>,
    #[serde(default)]
    pub uid: Option<Uid>,
    #[serde(default)]
    pub barcode: Option<Private<String>>,
    pub kind: CardKind,
    #[serde(default)]
    pub has_code: bool,
    pub status: String,
}

/// Where a card can be fetched later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickupPlace {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub hours: String,
}

/// The person at the booth after the sign-in: the answer of `GET /v1/holder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    pub subject: Private<String>,
    /// The identity provider's issuer; the booth fills it in.
    #[serde(default)]
    pub idp: String,
    pub display_name: Private<String>,
    pub name_on_card: Private<String>,
    #[serde(default)]
    pub affiliation: Vec<String>,
    #[serde(default)]
    pub assurance: String,
    pub kinds: Vec<Allowed>,
    #[serde(default)]
    pub cards: Vec<HeldCard>,
    #[serde(default)]
    pub pickup_places: Vec<PickupPlace>,
    /// The id of an order of this person that is still open, if there is one.
    #[serde(default)]
    pub open_order: Option<OrderId>,
    /// This value was made from the sign-in's claims while the portal was down, so the portal decides later what the person
    /// may have. The portal itself never sets it.
    #[serde(skip)]
    pub for_review: bool,
}

impl Holder {
    /// The holder's card that has this chip. A site may store chip numbers in the reverse byte order.
    pub fn card_with_uid(&self, uid: &Uid) -> Option<&HeldCard> {
        self.cards.iter().find(|card| {
            card.uid
                .as_ref()
                .is_some_and(|known| known.is_same_chip(uid))
        })
    }

    /// The holder's card that has this bar code or printed number.
    pub fn card_with_number(&self, typed: &str) -> Option<&HeldCard> {
        let plain = |text: &str| -> Private<String> {
            let kept = text.chars().filter(|letter| letter.is_alphanumeric());
            Private::new(kept.collect())
        };
        let typed = plain(typed);
        self.cards.iter().find(|card| {
            let numbers = [&card.barcode, &card.card_number];
            !typed.is_empty()
                && numbers
                    .into_iter()
                    .flatten()
                    .any(|number| plain(number) == typed)
        })
    }
}

/// Why a new card is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OrderReason {
    NoCode,
    First,
    Lost,
    Stolen,
    Damaged,
    NameChange,
    Expired,
    PhotoChange,
    NoBarcode,
}

/// How the old card came into the order: read, typed in by staff, or not presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Seen {
    Reader,
    Typed,
    None,
}

/// What became of the old card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Disposition {
    HandedIn,
    Lost,
    Stolen,
    Broken,
    LeftAtHome,
}

/// The card that the new one replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replaces {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub serial: Option<Serial>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub card_number: Option<Private<String>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub uid: Option<Uid>,
    pub seen: Seen,
    pub disposition: Disposition,
}

/// How the person signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LoginMethod {
    /// On the person's own phone (OAuth 2.0 device grant).
    Device,
    /// Password typed at the booth, checked by LDAP.
    Ldap,
    /// Opened by an attendant after seeing ID.
    Staff,
}

/// Where the card goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Delivery {
    /// Printed by this booth, into the holder's hand.
    Here,
    /// Made later, fetched with ID at this place.
    Pickup { place: String },
}

/// One finding about the photo, as shown to the holder and sent to the portal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoCheck {
    /// The check's stable name, e.g. `eyesOpen`.
    pub check: String,
    pub raw: f32,
    /// 0 (bad) to 100.
    pub score: f32,
    pub ok: bool,
    /// Key of the sentence that says how to do better, e.g. `hint-come-closer`; not sent to the portal.
    #[serde(skip)]
    pub hint: Option<&'static str>,
}

/// What the order says about the photo; the picture itself is sent separately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhotoRecord {
    /// Lower-case hexadecimal SHA-256 of the JPEG.
    pub sha256: String,
    pub width: u32,
    pub height: u32,
    pub checks: Vec<PhotoCheck>,
    /// Names of failed checks that the holder went on with.
    #[serde(rename = "override", default, skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
}

/// A text that the holder agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub text: String,
    pub version: String,
    pub lang: String,
    pub at: Timestamp,
}

/// The booth that made the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoothRecord {
    pub id: String,
    pub software: String,
}

/// The person who gets the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonRecord {
    pub subject: Private<String>,
    pub idp: String,
    pub assurance: String,
    pub affiliation: Vec<String>,
    pub display_name: Private<String>,
    pub name_on_card: Private<String>,
}

/// How and when the person signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginRecord {
    pub method: LoginMethod,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffRecord>,
}

/// Which attendant opened a session for somebody else, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffRecord {
    pub id: String,
    pub why: String,
    pub id_seen: bool,
}

/// The card that is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardRecord {
    pub kind: CardKind,
    pub template: String,
    pub valid_through: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_number: Option<Private<String>>,
    pub issue: u8,
    pub functions: Vec<Function>,
}

/// The use of the card in the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryRecord {
    /// The holder wants to use the library with this card.
    pub wish: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<Private<String>>,
}

/// The order, immutable once committed: the body of `PUT /v1/orders/{orderId}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub order_id: OrderId,
    pub created_at: Timestamp,
    pub booth: BoothRecord,
    pub reason: OrderReason,
    pub person: PersonRecord,
    pub login: LoginRecord,
    pub card: CardRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
    pub delivery: Delivery,
    pub photo: PhotoRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<LibraryRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Fee>,
    pub consents: Vec<Consent>,
    pub lang: String,
    /// The earlier order that this one replaces, after a print that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<OrderId>,
    /// The order was made from the sign-in's claims alone while the portal was down: kind and validity are the booth's
    /// proposal, and staff must review them before a card is made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_review: bool,
}

/// The result of one attempt to print one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Printed,
    NotPrinted,
    Unknown,
    /// The serial was taken back, e.g. before another one was made.
    Void,
}

/// What the printer showed of one attempt. The session's function `outcome` derives the [`Outcome`] from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    pub bytes_total: u64,
    pub bytes_sent: u64,
    /// The printer accepted at least one byte of image data. From then on the card may be inside.
    pub plane_byte_accepted: bool,
    pub busy_seen: bool,
    pub ready_after: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultRecord>,
    /// The printer's own card counter, where the model has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_after: Option<u64>,
}

/// A printer's fault as evidence: its name, and whether it means that no card was fed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultRecord {
    pub name: String,
    pub means_not_fed: bool,
}

/// One serial's row as it is sent to the portal: the body of `PUT /v1/orders/{orderId}/cards/{serial}`. A later row has a
/// higher `rev`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CardRow {
    pub rev: u32,
    pub at: Timestamp,
    pub outcome: Outcome,
    /// Why it was not printed, by the fault's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub fed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Uid>,
    pub code_read_back: bool,
    pub collected: bool,
    pub printer: String,
    pub evidence: Evidence,
}

/// Says that the order is on the disk, with its first attempt when it is printed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment {
    pub order: OrderId,
    pub attempt: Option<Attempt>,
}

/// A row of the print journal, committed before the first byte is sent to the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub id: u64,
    pub serial: Serial,
}
