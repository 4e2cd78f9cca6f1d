//! The router of the European Student Card: where an institution makes its cards known to all others.
//!
//! The booth needs it for one thing only: whether a card with somebody else's number is good, which takes no key. Making
//! persons and cards known is for the institution's card office (`fotoautomat esc register`), since the key speaks for the
//! whole institution and belongs on no public machine.
//!
//! The calls are those of the router's API, version 2 (its OpenAPI description as kept by edutap-eu/edutap.esc_router_api,
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

/// Where production and sandbox are, and what a site calls them.
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

/// No answer of the router is larger.
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

    /// Sets up the link. `credentials` is what systemd gives as `$CREDENTIALS_DIRECTORY`.
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

/// Why the router could not be asked, or did not do it.
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
    /// Its own code and sentence.
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

/// A student's number in all of Europe: `urn:schac:personalUniqueCode:int:esi:<country or home>:<code>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Esi(Private<String>);

/// The text is no [`Esi`].
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
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for Esi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Esi(«private»)")
    }
}

/// How far a student has come.
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

/// What the router is told of a student.
#[derive(Debug, Clone)]
pub struct Person {
    pub esi: Esi,
    pub name: Private<String>,
    /// The institution's Participant Identification Code.
    pub pic: String,
    pub email: Option<Private<String>>,
    pub level: Option<Level>,
}

/// Whether a card's chip can be read by others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Chip {
    Unknown,
    /// A card without a chip.
    Passive,
    /// A chip without the European data.
    #[default]
    SmartNoCdz,
    /// A chip with them.
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

/// What the router is told of a card.
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

/// What the router tells everybody of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardStatus {
    pub standing: Standing,
    pub expires: Option<Date>,
    pub issuer: Option<String>,
}

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
    /// Makes a student known, or brings what is known up to date.
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

    /// Makes a card known, or brings what is known up to date; a revoked one becomes inactive this way.
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

    /// What everybody may know of a card; `None` when the router does not know it. Needs no key.
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

    /// Makes it known; where it is known already (409), brings it up to date.
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

    /// Below `api/v2`; each part is written so that it cannot lead elsewhere.
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

/// The body of a good answer; the router's own words for a bad one.
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
    // the sentence comes from outside: one line of it is enough
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
