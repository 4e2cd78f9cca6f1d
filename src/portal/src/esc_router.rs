//! The client of the European Student Card's router, at which institutions register their cards.
//!
//! The booth uses it only to look up the status of a card of another institution, for which it needs no key. Registering
//! persons and cards is done by the institution's card office (`fotoautomat esc register`), because the key authorises
//! changes for the whole institution and must not be stored on a public machine.
//!
//! The requests are those of the router's API, version 2 (its OpenAPI description as kept by edutap-eu/edutap.esc_router_api,
//! tests/data/esc-router-v2.json). The description names a header `api_key`; the router itself takes
//! `Authorization: Bearer` (same repository, docs/reference/unspecified-behaviour.md).

#[cfg(test)]
mod tests;

use std::{fmt, path::Path, str::FromStr};

use jiff::civil::Date;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use common::{KeyError, KeySource};
use common::{Problems, order::Private};

/// The names of the known routers in a site's configuration, and their addresses.
const KNOWN: [(&str, &str); 2] = [
    (
        "production",
        "https://router.europeanstudentcard.eu/esc-rest/",
    ),
    (
        "sandbox",
        "https://sandbox.europeanstudentcard.eu/esc-rest/",
    ),
];

/// The largest answer that is read.
const LARGEST: usize = 1 << 20;

/// `[esc_router]` of the site's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `production`, `sandbox`, or an address.
    pub address: String,
    /// Where the institution's key comes from: `file:PATH` or `credential:NAME`. Asking for a card's status needs none.
    #[serde(default)]
    pub key: Option<KeySource>,
}

impl Settings {
    /// Adds what cannot be right to `problems`.
    pub fn check(&self, problems: &mut Problems) {
        if self.base().is_none() {
            problems.at(
                "esc_router.address",
                format!("{:?} is no address", self.address),
                "Write production, sandbox, or an https address.",
            );
        }
    }

    fn base(&self) -> Option<Url> {
        let named = KNOWN.iter().find(|(name, _)| *name == self.address);
        let text = named.map_or(self.address.as_str(), |(_, address)| address);
        let mut url: Url = text.parse().ok()?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        (url.scheme() == "https" || (url.scheme() == "http" && local)).then_some(url)
    }

    /// Sets up the link. `credentials` is systemd's `$CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    /// [`Error::Address`] and [`Error::Key`] when one of them cannot be used; [`Error::Link`] when no client can be made.
    pub fn connect(&self, site: &Path, credentials: Option<&Path>) -> Result<Router, Error> {
        let base = self
            .base()
            .ok_or_else(|| Error::Address(self.address.clone()))?;
        let key = match &self.key {
            None => None,
            Some(source) => Some(source.secret(site, credentials)?.1),
        };
        let client = web::client(&web::Options::default())?;
        Ok(Router { client, base, key })
    }
}

/// Why a request to the router failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is no address of the router: write production, sandbox, or an https address")]
    Address(String),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("this needs the institution's key: name it under esc_router.key")]
    NoKey,
    #[error("the router {}", .0.clause())]
    Link(#[from] web::Error),
    #[error("the router does not accept the key, or this address of ours is not on its list")]
    Refused,
    /// The router's own code and sentence.
    #[error("the router refuses it: {code} {message}")]
    Answer { code: String, message: String },
    #[error("the router's answer cannot be understood")]
    Malformed,
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        Self::Link(error.into())
    }
}

/// A European Student Identifier: `urn:schac:personalUniqueCode:int:esi:<country or home>:<code>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Esi(Private<String>);

/// The text is not an [`Esi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a European Student Identifier is urn:schac:personalUniqueCode:int:esi:HOME:CODE, at most 255 characters"
)]
pub struct NoEsi;

const ESI: &str = "urn:schac:personalUniqueCode:int:esi:";

impl FromStr for Esi {
    type Err = NoEsi;
    fn from_str(text: &str) -> Result<Self, NoEsi> {
        let start = text
            .get(..ESI.len())
            .filter(|start| start.eq_ignore_ascii_case(ESI));
        let (home, code) = start
            .and_then(|start| text[start.len()..].split_once(':'))
            .ok_or(NoEsi)?;
        let plain = |part: &str, more: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let good = text.len() <= 255 && plain(home, ".-") && plain(code, "-_.:");
        good.then(|| Self(text.to_owned().into())).ok_or(NoEsi)
    }
}

impl Esi {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Esi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Esi(«private»)")
    }
}

/// The degree that a student studies for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Bachelor,
    Master,
    Doctorate,
}

impl Level {
    /// Every level by its name on the command line.
    pub const NAMED: [(&str, Self); 3] = [
        ("bachelor", Self::Bachelor),
        ("master", Self::Master),
        ("doctorate", Self::Doctorate),
    ];
}

/// A student as registered at the router.
#[derive(Debug, Clone)]
pub struct Person {
    pub esi: Esi,
    pub name: Private<String>,
    /// The institution's Participant Identification Code.
    pub pic: String,
    pub email: Option<Private<String>>,
    pub level: Option<Level>,
}

/// What kind of chip a card has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Chip {
    Unknown,
    /// A card without a chip.
    Passive,
    /// A chip without the European data.
    #[default]
    SmartNoCdz,
    /// A chip with the European data.
    SmartCdz,
}

impl Chip {
    /// Every kind of chip by its name on the command line.
    pub const NAMED: [(&str, Self); 4] = [
        ("unknown", Self::Unknown),
        ("passive", Self::Passive),
        ("smart-no-cdz", Self::SmartNoCdz),
        ("smart-cdz", Self::SmartCdz),
    ];
}

/// A card as registered at the router.
#[derive(Debug, Clone)]
pub struct Card {
    /// The European Student Card Number.
    pub number: Uuid,
    pub holder: Esi,
    pub pic: String,
    pub issued: Date,
    pub expires: Date,
    pub active: bool,
    pub chip: Chip,
}

/// The public status of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardStatus {
    pub standing: Standing,
    pub expires: Option<Date>,
    pub issuer: Option<String>,
}

/// Whether a card is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    Inactive,
    Expired,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonUpdate<'a> {
    full_name: &'a str,
    identifier: &'a str,
    identifier_code: &'static str,
    person_organisation_update_views: [Organisation<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Organisation<'a> {
    organisation_identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    academic_level: Option<Level>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardUpdate<'a> {
    card_number: Uuid,
    card_status_type: &'static str,
    card_type: Chip,
    expires_at: Date,
    issued_at: Date,
    issuer_identifier: &'a str,
    person_identifier: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusView {
    status: String,
    #[serde(default)]
    expires_at: Option<Date>,
    #[serde(default)]
    issuer_name: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// A link to the router.
pub struct Router {
    client: web::Client,
    base: Url,
    key: Option<Zeroizing<String>>,
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Router({})", self.base)
    }
}

impl Router {
    /// Registers a student, or updates the registration.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the institution's key; otherwise see [`Error`].
    pub async fn put_person(&self, person: &Person) -> Result<(), Error> {
        let body = PersonUpdate {
            full_name: person.name.expose(),
            identifier: person.esi.as_str(),
            identifier_code: "ESI",
            person_organisation_update_views: [Organisation {
                organisation_identifier: &person.pic,
                email: person.email.as_ref().map(|email| email.expose().as_str()),
                academic_level: person.level,
            }],
        };
        self.put("persons", person.esi.as_str(), &body).await
    }

    /// Registers a card, or updates the registration. A revoked card is made inactive this way.
    ///
    /// # Errors
    /// [`Error::NoKey`] without the institution's key; otherwise see [`Error`].
    pub async fn put_card(&self, card: &Card) -> Result<(), Error> {
        let body = CardUpdate {
            card_number: card.number,
            card_status_type: if card.active { "ACTIVE" } else { "INACTIVE" },
            card_type: card.chip,
            expires_at: card.expires,
            issued_at: card.issued,
            issuer_identifier: &card.pic,
            person_identifier: card.holder.as_str(),
        };
        self.put("cards", &card.number.to_string(), &body).await
    }

    /// The public status of a card; `None` when the router does not know it. Needs no key.
    ///
    /// # Errors
    /// [`Error::Link`] when the router cannot be reached; [`Error::Malformed`] and [`Error::Answer`] for an answer that
    /// cannot be used.
    pub async fn status(&self, number: Uuid) -> Result<Option<CardStatus>, Error> {
        let url = self.url(&["cards", &number.to_string(), "status"])?;
        let answer = self.client.get(url).send().await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let body = whole(answer).await?;
        let view: StatusView = serde_json::from_slice(&body).map_err(|_| Error::Malformed)?;
        let standing = match view.status.as_str() {
            "ACTIVE" => Standing::Active,
            "INACTIVE" => Standing::Inactive,
            "EXPIRED" => Standing::Expired,
            _ => return Err(Error::Malformed),
        };
        Ok(Some(CardStatus {
            standing,
            expires: view.expires_at,
            issuer: view.issuer_name,
        }))
    }

    /// Creates the resource, or replaces it when it exists already (409).
    async fn put(&self, what: &str, name: &str, body: &impl Serialize) -> Result<(), Error> {
        let made = self
            .request(Method::POST, &[what])?
            .json(body)
            .send()
            .await?;
        if made.status() != StatusCode::CONFLICT {
            return whole(made).await.map(drop);
        }
        let changed = self
            .request(Method::PUT, &[what, name])?
            .json(body)
            .send()
            .await?;
        whole(changed).await.map(drop)
    }

    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Error> {
        let key = self.key.as_ref().ok_or(Error::NoKey)?;
        Ok(self
            .client
            .request(method, self.url(path)?)
            .bearer_auth(key.trim()))
    }

    /// An address below `api/v2`. Each part of the path is escaped, so that it cannot lead elsewhere.
    fn url(&self, path: &[&str]) -> Result<Url, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Address(self.base.to_string()))?
            .pop_if_empty()
            .extend(["api", "v2"])
            .extend(path);
        Ok(url)
    }
}

/// The body of a successful answer; the router's own code and sentence of any other.
async fn whole(answer: Response) -> Result<Vec<u8>, Error> {
    let status = answer.status();
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(Error::Refused);
    }
    let body = web::body(answer, LARGEST).await?;
    if status.is_success() {
        return Ok(body);
    }
    let refusal = serde_json::from_slice(&body).unwrap_or(Refusal {
        code: status.as_u16().to_string(),
        message: String::new(),
    });
    // The sentence comes from outside and is shown to staff, so its length and characters are restricted.
    let message = refusal
        .message
        .chars()
        .filter(|c| !c.is_control())
        .take(200);
    Err(Error::Answer {
        code: refusal
            .code
            .chars()
            .filter(|c| !c.is_control())
            .take(20)
            .collect(),
        message: message.collect(),
    })
}
