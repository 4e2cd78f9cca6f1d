//! The institution's card portal as the booth sees it: what a person may have, and where orders go.
//!
//! The contract is `assets/portal/openapi.yaml`. [`http`] implements its client, the crate `portal_server` its server. The
//! portal's opinion of a message is data ([`Answer`]); [`Error`] is a link that broke.
//!
//! # Code map
//! - [`Portal`] and the types below it: the contract. Start reading there.
//! - [`http`]: the contract over HTTP; [`assertion`]: how the booth authenticates its requests
//! - [`retry`]: delays, `Retry-After` and the circuit breaker, without a clock
//! - [`seal`]: encryption of orders and photos to the portal's public key
//! - [`esc_router`]: the client of the European Student Card's router
//!
//! ```
//! use common::order::Private;
//! use portal::{Body, Hash};
//!
//! let body = Body::json(Private::new(b"{}".to_vec()));
//! assert_eq!(body.sha256, Hash::of(b"{}"));
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod assertion;
pub mod esc_router;
pub mod http;
pub mod retry;
pub mod seal;

use std::{fmt, time::Duration};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use common::hex;
use common::order::{Disposition, Holder, OrderId, Private, Serial, Uid};

/// The largest photo that is sent or accepted. Portraits are under 1 MB.
pub const LARGEST_PHOTO: usize = 8 * 1024 * 1024;
/// The largest order that is sent or accepted. An order is a few kilobytes of JSON.
pub const LARGEST_ORDER: usize = 256 * 1024;

/// The SHA-256 of a body; on the wire in lower-case hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of these bytes.
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// The text is not a SHA-256 in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct BadHash;

impl std::str::FromStr for Hash {
    type Err = BadHash;
    fn from_str(text: &str) -> Result<Self, BadHash> {
        hex::decode(text).map(Self).ok_or(BadHash)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Where a message goes. Every message is idempotent: sending it again has no further effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// `PUT /v1/orders/{orderId}`
    Order(OrderId),
    /// `PUT /v1/orders/{orderId}/photo`
    Photo(OrderId),
    /// `PUT /v1/orders/{orderId}/cards/{serial}`
    Card(OrderId, Serial),
    /// `PUT /v1/cards/{serial}/block`
    Block(Serial),
    /// `POST /v1/incidents`, with its id as the `Idempotency-Key`
    Incident(uuid::Uuid),
}

/// What is sent, with its hash.
#[derive(Debug, Clone)]
pub struct Body {
    pub content_type: &'static str,
    pub bytes: Private<Vec<u8>>,
    pub sha256: Hash,
}

impl Body {
    /// A body of JSON.
    pub fn json(bytes: Private<Vec<u8>>) -> Self {
        Self::new("application/json", bytes)
    }

    /// A body that only the receiver can open.
    pub fn sealed(bytes: Private<Vec<u8>>) -> Self {
        Self::new(crate::seal::MEDIA_TYPE, bytes)
    }

    /// A JPEG.
    pub fn jpeg(bytes: Private<Vec<u8>>) -> Self {
        Self::new("image/jpeg", bytes)
    }

    fn new(content_type: &'static str, bytes: Private<Vec<u8>>) -> Self {
        let sha256 = Hash::of(&bytes);
        Self {
            content_type,
            bytes,
            sha256,
        }
    }
}

/// One request of the booth to the portal.
#[derive(Debug, Clone)]
pub struct Message {
    pub to: Target,
    pub body: Body,
}

/// The reason of a void card whose order is void with it: it was cut off before its card came out, and the booth cannot
/// read it any more.
pub const CUT_OFF: &str = "cutOff";

/// The portal's answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It stores a body with this hash, since now or since an earlier try.
    Stored(Hash),
    /// It stores another body under this name; with its hash when the answer has it.
    Conflict(Option<Hash>),
    /// The message is to be sent again later, after the given time when the answer has one.
    Later {
        status: u16,
        after: Option<Duration>,
    },
    /// It does not accept the booth's authentication.
    Unauthorised,
    /// It refuses the message, and staff must look at it.
    Refused { status: u16, reason: String },
}

/// The link to the portal broke, or the answer was malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the portal cannot be reached: {0}")]
    Unreachable(String),
    #[error("the portal did not answer in time")]
    TimedOut,
    #[error("the portal's answer cannot be read: {0}")]
    Malformed(String),
    #[error("the portal answered {status}: {reason}")]
    Status { status: u16, reason: String },
}

/// The portal's answer about a person who signed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    Found(Box<Holder>),
    /// The portal does not know the person (404) or does not let them have a card (403); with the title of its answer.
    NotKnown(String),
    /// The person's token is invalid or has expired (401).
    NotBelieved,
}

/// A card is lost or stolen: the body of `PUT /v1/cards/{serial}/block`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub reason: Disposition,
    pub at: Timestamp,
    pub booth: String,
}

/// Something that staff of the portal should know: the body of `POST /v1/incidents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: uuid::Uuid,
    pub at: Timestamp,
    pub booth: String,
    #[serde(flatten)]
    pub kind: IncidentKind,
}

/// What an incident is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum IncidentKind {
    /// A person signed in at this booth who was not standing at it.
    NotMe { subject: Option<Private<String>> },
    /// The booth was opened or tampered with.
    Tampering { what: String },
    /// The booth's store was damaged and quarantined, and the booth went on with a new one. Orders in the damaged store may
    /// not have been sent.
    StoreDamaged { file: String, why: String },
    /// A lost or stolen card that has no serial to block by.
    CardGone {
        disposition: Disposition,
        card_number: Option<Private<String>>,
        uid: Option<Uid>,
        subject: Option<Private<String>>,
    },
}

/// The heartbeat: the body of `PUT /v1/booths/{id}/health`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heartbeat {
    pub at: Timestamp,
    pub software: String,
    pub ready: bool,
    /// The keys of the reasons why the booth does not serve, e.g. `reason-printer-no-cards`.
    #[serde(default)]
    pub reasons: Vec<String>,
    #[serde(default)]
    pub ribbon_cards: Option<u32>,
    #[serde(default)]
    pub printed: Option<u64>,
    pub waiting: u64,
    pub parked: u64,
    #[serde(default)]
    pub oldest_seconds: Option<u64>,
}

/// A state of an order that was set at the portal: an element of `GET /v1/orders?booth=..&since=..`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    pub order_id: OrderId,
    /// One of the portal's states, e.g. `received`, `approved`, `rejected`, `printed`, `active`.
    pub state: String,
    #[serde(default)]
    pub reason: Option<String>,
    pub at: Timestamp,
}

/// The content of one card's signed code: the body of `PUT /v1/cards/{serial}/signature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeRequest {
    /// The kind's number in the code.
    pub kind: u8,
    pub valid_through: jiff::civil::Date,
    pub issue: u8,
}

/// The signature of a code and the number of its key: the answer to a [`CodeRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CodeSignature {
    pub key_id: u16,
    /// Ed25519 over the body of the code, 64 bytes in base64url.
    pub signature: String,
}

/// The portal as the booth uses it.
///
/// # Errors
/// Every method returns an [`Error`] when the portal cannot be reached in time or its answer cannot be used.
pub trait Portal: Send + Sync + fmt::Debug {
    /// What the person with this access token may have (`GET /v1/holder`).
    fn holder<'a>(&'a self, token: &'a Private<String>) -> BoxFuture<'a, Result<Lookup, Error>>;

    /// What a person may have whom an attendant serves, or who signed in by password (`GET /v1/holders/{subject}`).
    /// `attendant` is the attendant's access token, when there is one.
    fn holder_named<'a>(
        &'a self,
        subject: &'a Private<String>,
        attendant: Option<&'a Private<String>>,
    ) -> BoxFuture<'a, Result<Lookup, Error>>;

    /// Sends one message.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Answer, Error>>;

    /// Reports the booth's state (`PUT /v1/booths/{id}/health`).
    fn heartbeat<'a>(&'a self, beat: &'a Heartbeat) -> BoxFuture<'a, Result<(), Error>>;

    /// Orders of this booth whose state changed at the portal after `since`.
    fn states(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<OrderState>, Error>>;

    /// The signed list of revoked serials, unverified (`GET /v1/revocations`).
    fn revocations(&self) -> BoxFuture<'_, Result<Vec<u8>, Error>>;

    /// Asks for the signature in the code of a card that is about to be drawn (`PUT /v1/cards/{serial}/signature`), when
    /// the portal has the key. The same request gets the same signature again.
    fn sign(
        &self,
        _serial: Serial,
        _code: CodeRequest,
    ) -> BoxFuture<'_, Result<CodeSignature, Error>> {
        Box::pin(async {
            Err(Error::Status {
                status: 501,
                reason: "this portal signs no codes".to_owned(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_hexadecimal_digits_and_nothing_else() {
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = Hash::of(b"abc");
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!(text.to_uppercase().parse(), Ok(hash));
        for bad in ["", &text[1..], &format!("{text}0"), &"g".repeat(64)] {
            assert_eq!(bad.parse::<Hash>(), Err(BadHash), "{bad:?}");
        }
    }
}
