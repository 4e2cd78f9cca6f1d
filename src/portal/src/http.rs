//! The portal over HTTP, as `assets/portal/openapi.yaml` has it.

mod settings;

use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER},
};
use serde::Deserialize;

pub use settings::{Method as Sending, SetUp, Settings};

use super::{
    Answer, Body, CodeRequest, CodeSignature, Error, Hash, Heartbeat, Lookup, Message, OrderState,
    Portal, Target, assertion,
};
use crate::retry;
use common::order::{Holder, Private, Serial};

/// Acknowledgements and problems are a few hundred bytes.
const LARGEST_ANSWER: usize = 64 * 1024;
/// A person with many cards, or a day's states of a busy booth.
const LARGEST_LIST: usize = 1024 * 1024;
/// Two million blocked cards at four bytes each.
const LARGEST_REVOCATIONS: usize = 8 * 1024 * 1024;
/// How many characters of the portal's reason are shown to staff.
const LONGEST_REASON: usize = 200;

/// How the booth authenticates itself.
enum Proof {
    /// By the certificate of the TLS connection.
    Certificate,
    /// By an assertion signed for each request.
    Assertion(SigningKey),
}

/// A portal somewhere on the network.
pub struct HttpPortal {
    client: Client,
    base: Url,
    booth: String,
    proof: Proof,
    /// Messages go by POST, each with an `Idempotency-Key`.
    posts: bool,
    /// Seconds to add to the booth's clock to get the portal's. Measured when an assertion was refused.
    offset: AtomicI64,
}

impl fmt::Debug for HttpPortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpPortal({} at {})", self.booth, self.base)
    }
}

/// An acknowledgement.
#[derive(Deserialize)]
struct Stored {
    sha256: Hash,
}

/// The parts of a problem (RFC 9457) that are read. Its `detail` is not: it may name a person, and the reason of a refusal is
/// stored in clear text.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    title: String,
    sha256: Option<Hash>,
}

impl HttpPortal {
    /// The portal at `base`, asked by `client` in the name of `booth`. With `key` each request is signed; without it the
    /// client's certificate must authenticate the booth.
    pub fn new(client: Client, base: Url, booth: &str, key: Option<SigningKey>) -> Self {
        Self {
            client,
            base,
            booth: booth.to_owned(),
            proof: key.map_or(Proof::Certificate, Proof::Assertion),
            posts: false,
            offset: AtomicI64::new(0),
        }
    }

    /// This portal for a receiver that knows POST only: what is put goes by POST, with an `Idempotency-Key` made of place and
    /// content (draft-ietf-httpapi-idempotency-key-header-07).
    #[must_use]
    pub fn posting(self) -> Self {
        Self {
            posts: true,
            ..self
        }
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The audience of an assertion: the portal's address without a slash at its end.
    fn audience(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn proof(&self) -> Option<String> {
        match &self.proof {
            Proof::Certificate => None,
            Proof::Assertion(key) => {
                let now = Timestamp::now().as_second() + self.offset.load(Ordering::Relaxed);
                let signed = assertion::sign(key, &self.booth, self.audience(), now);
                Some(format!("Bearer {signed}"))
            }
        }
    }

    /// Sends a request as the booth. When an assertion is refused because the booth's clock is wrong, the request is sent
    /// once more with the portal's time.
    async fn ask(
        &self,
        method: Method,
        url: Url,
        body: Option<&Body>,
        headers: HeaderMap,
    ) -> Result<Response, Error> {
        let answer = self
            .ask_once(method.clone(), url.clone(), body, headers.clone())
            .await?;
        if answer.status() == StatusCode::UNAUTHORIZED && self.set_clock_by(answer.headers()) {
            return self.ask_once(method, url, body, headers).await;
        }
        Ok(answer)
    }

    async fn ask_once(
        &self,
        method: Method,
        url: Url,
        body: Option<&Body>,
        headers: HeaderMap,
    ) -> Result<Response, Error> {
        let mut request = self
            .client
            .request(method, url)
            .header(ACCEPT, "application/json, application/problem+json")
            .headers(headers);
        if let Some(proof) = self.proof() {
            request = request.header(AUTHORIZATION, proof);
        }
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, body.content_type)
                .header(
                    "Content-Digest",
                    format!("sha-256=:{}:", BASE64.encode(body.sha256.0)),
                )
                .body(Bytes::from_owner(Wiped(body.bytes.clone())));
        }
        request.send().await.map_err(broken)
    }

    /// Takes the portal's time from its answer. Returns whether the booth's clock was wrong by so much that another try is
    /// worth it.
    fn set_clock_by(&self, headers: &HeaderMap) -> bool {
        let Proof::Assertion(_) = &self.proof else {
            return false;
        };
        let Some(theirs) = text(headers, DATE.as_str())
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .and_then(|date| Timestamp::try_from(date).ok())
        else {
            return false;
        };
        let offset = theirs.as_second() - Timestamp::now().as_second();
        let known = self.offset.swap(offset, Ordering::Relaxed);
        (offset - known).abs() > 5
    }

    async fn look_up(&self, answer: Response) -> Result<Lookup, Error> {
        match answer.status() {
            StatusCode::OK => {
                let body = Private::new(read(answer, LARGEST_LIST).await?);
                let holder: Holder = serde_json::from_slice(&body)
                    .map_err(|error| Error::Malformed(shape(&error)))?;
                Ok(Lookup::Found(Box::new(holder)))
            }
            StatusCode::UNAUTHORIZED => Ok(Lookup::NotBelieved),
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Ok(Lookup::NotKnown(problem(answer).await.title))
            }
            status => Err(Error::Status {
                status: status.as_u16(),
                reason: problem(answer).await.title,
            }),
        }
    }

    async fn send_message(&self, message: &Message) -> Result<Answer, Error> {
        let mut headers = HeaderMap::new();
        let (method, url) = match message.to {
            Target::Order(order) => (Method::PUT, self.url(&["v1", "orders", &order.to_string()])),
            Target::Photo(order) => (
                Method::PUT,
                self.url(&["v1", "orders", &order.to_string(), "photo"]),
            ),
            Target::Card(order, serial) => (
                Method::PUT,
                self.url(&[
                    "v1",
                    "orders",
                    &order.to_string(),
                    "cards",
                    &serial.to_string(),
                ]),
            ),
            Target::Block(serial) => (
                Method::PUT,
                self.url(&["v1", "cards", &serial.to_string(), "block"]),
            ),
            Target::Incident(id) => {
                // The Idempotency-Key draft demands a string of RFC 8941.
                if let Ok(key) = format!("\"{id}\"").parse() {
                    headers.insert("Idempotency-Key", key);
                }
                (Method::POST, self.url(&["v1", "incidents"]))
            }
        };
        let posted = self.posts && method == Method::PUT;
        let method = if posted { Method::POST } else { method };
        if posted {
            let place = Hash::of(format!("{} {}", url.path(), message.body.sha256).as_bytes());
            if let Ok(key) = format!("\"{place}\"").parse() {
                headers.insert("Idempotency-Key", key);
            }
        }
        let answer = self.ask(method, url, Some(&message.body), headers).await?;
        match judge(answer).await? {
            // For a request with a key, 409 means that the first such request is still being processed.
            Answer::Conflict(None) if posted => Ok(Answer::Later {
                status: StatusCode::CONFLICT.as_u16(),
                after: None,
            }),
            answer => Ok(answer),
        }
    }

    async fn expect_ok(&self, answer: Response, limit: usize) -> Result<Vec<u8>, Error> {
        let status = answer.status();
        if status.is_success() {
            return read(answer, limit).await;
        }
        Err(Error::Status {
            status: status.as_u16(),
            reason: problem(answer).await.title,
        })
    }
}

impl Portal for HttpPortal {
    fn holder<'a>(&'a self, token: &'a Private<String>) -> BoxFuture<'a, Result<Lookup, Error>> {
        Box::pin(async move {
            let answer = self
                .client
                .get(self.url(&["v1", "holder"]))
                .header(ACCEPT, "application/json, application/problem+json")
                .bearer_auth(token.expose())
                .send()
                .await
                .map_err(broken)?;
            self.look_up(answer).await
        })
    }

    fn holder_named<'a>(
        &'a self,
        subject: &'a Private<String>,
        attendant: Option<&'a Private<String>>,
    ) -> BoxFuture<'a, Result<Lookup, Error>> {
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            if let Some(token) = attendant {
                let value = format!("Bearer {}", token.expose())
                    .parse()
                    .map_err(|_| Error::Malformed("the attendant's token".to_owned()))?;
                headers.insert("Attendant-Authorization", value);
            }
            let url = self.url(&["v1", "holders", subject.expose()]);
            let answer = self.ask(Method::GET, url, None, headers).await?;
            self.look_up(answer).await
        })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(self.send_message(message))
    }

    fn heartbeat<'a>(&'a self, beat: &'a Heartbeat) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let body = serde_json::to_vec(beat).expect("a heartbeat is a plain struct");
            let body = Body::json(Private::new(body));
            let url = self.url(&["v1", "booths", &self.booth, "health"]);
            let answer = self
                .ask(Method::PUT, url, Some(&body), HeaderMap::new())
                .await?;
            self.expect_ok(answer, LARGEST_ANSWER).await.map(drop)
        })
    }

    fn states(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<OrderState>, Error>> {
        Box::pin(async move {
            let mut url = self.url(&["v1", "orders"]);
            url.query_pairs_mut()
                .append_pair("booth", &self.booth)
                .append_pair("since", &since.to_string());
            let answer = self.ask(Method::GET, url, None, HeaderMap::new()).await?;
            let body = self.expect_ok(answer, LARGEST_LIST).await?;
            serde_json::from_slice(&body).map_err(|error| Error::Malformed(shape(&error)))
        })
    }

    fn sign(
        &self,
        serial: Serial,
        code: CodeRequest,
    ) -> BoxFuture<'_, Result<CodeSignature, Error>> {
        Box::pin(async move {
            let body = serde_json::to_vec(&code).expect("a request is a plain struct");
            let body = Body::json(Private::new(body));
            let url = self.url(&["v1", "cards", &serial.to_string(), "signature"]);
            let answer = self
                .ask(Method::PUT, url, Some(&body), HeaderMap::new())
                .await?;
            let body = self.expect_ok(answer, LARGEST_ANSWER).await?;
            serde_json::from_slice(&body).map_err(|error| Error::Malformed(shape(&error)))
        })
    }

    fn revocations(&self) -> BoxFuture<'_, Result<Vec<u8>, Error>> {
        Box::pin(async move {
            let url = self.url(&["v1", "revocations"]);
            let answer = self.client.get(url).send().await.map_err(broken)?;
            self.expect_ok(answer, LARGEST_REVOCATIONS).await
        })
    }
}

/// What an HTTP answer means for the message.
async fn judge(answer: Response) -> Result<Answer, Error> {
    let status = answer.status();
    match status.as_u16() {
        200..=299 => {
            let body = read(answer, LARGEST_ANSWER).await?;
            let stored: Stored =
                serde_json::from_slice(&body).map_err(|error| Error::Malformed(shape(&error)))?;
            Ok(Answer::Stored(stored.sha256))
        }
        401 => Ok(Answer::Unauthorised),
        409 => Ok(Answer::Conflict(problem(answer).await.sha256)),
        408 | 425 | 429 | 500..=599 => {
            let after = text(answer.headers(), RETRY_AFTER.as_str()).and_then(|value| {
                let date = text(answer.headers(), DATE.as_str());
                retry::retry_after(value, date, SystemTime::now())
            });
            Ok(Answer::Later {
                status: status.as_u16(),
                after,
            })
        }
        code => {
            let title = problem(answer).await.title;
            let reason = if title.is_empty() {
                status
                    .canonical_reason()
                    .unwrap_or("no reason given")
                    .to_owned()
            } else {
                title
            };
            Ok(Answer::Refused {
                status: code,
                reason,
            })
        }
    }
}

/// The problem in an answer, or an empty one when none can be read: the status says enough.
async fn problem(answer: Response) -> Problem {
    let body = read(answer, LARGEST_ANSWER).await.unwrap_or_default();
    let mut problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    problem.title = problem
        .title
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_REASON)
        .collect();
    problem
}

async fn read(answer: Response, limit: usize) -> Result<Vec<u8>, Error> {
    web::body(answer, limit).await.map_err(|error| match error {
        web::Error::Link(error) => broken(error),
        error => Error::Malformed(error.to_string()),
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The error of a broken link, without the address, which may name a person.
fn broken(error: reqwest::Error) -> Error {
    if error.is_timeout() {
        return Error::TimedOut;
    }
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    Error::Unreachable(words)
}

/// Where JSON was wrong, without its content.
fn shape(error: &serde_json::Error) -> String {
    format!(
        "{:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    )
}

/// Bytes of a request, wiped when the request has ended.
struct Wiped(Private<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
