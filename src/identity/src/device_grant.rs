//! Sign-in on the person's own phone: the OAuth 2.0 device authorization grant (RFC 8628) with OpenID Connect.
//!
//! The booth requests a code, shows it, and polls the token endpoint until the person has approved or denied the
//! sign-in or the code has expired. Nothing that a provider or a person sends is logged.

mod client;
mod discovery;
mod patience;
mod token;

use std::{path::Path, sync::Arc, time::Duration};

use futures::{StreamExt, future::BoxFuture, stream, stream::BoxStream};
use openidconnect::{
    HttpRequest, HttpResponse,
    core::CoreDeviceAuthorizationResponse,
    http::{HeaderMap, StatusCode, header},
    url::{Url, form_urlencoded},
};
use serde::Deserialize;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::{Fault, Grant, Settings, Step, Trouble};
use common::{
    Problems,
    order::{LoginMethod, Private},
    sign_in::{Code, Failure},
};

use client::Credentials;
use discovery::{Known, Provider};
use patience::{Answer, Next, Patience};
use token::Tokens;

/// The time limit of one request. A visitor should not wait longer for a provider that does not answer.
const CALL: Duration = Duration::from_secs(10);
/// The largest answer in bytes. Code and token answers have one to four kilobytes; group claims make some tokens ten
/// times as large.
pub(super) const LARGEST_ANSWER: usize = 128 << 10;
/// The shortest interval between two polls. RFC 8628, section 3.2 lets the provider choose the interval (5 s by
/// default, which the library adds). The booth does not poll more often than this, except a provider on this machine.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const SHORTEST_INTERVAL_LOOPBACK: Duration = Duration::from_millis(40);
/// How often the booth requests a code before it tells the visitor that sign-in does not work, and the pause between
/// two attempts.
const ATTEMPTS_FOR_CODE: u32 = 3;
const PAUSE_FOR_CODE: Duration = Duration::from_secs(1);
/// The longest address in bytes. A phone could not easily read the QR code of a longer one.
const LONGEST_ADDRESS: usize = 512;
const LONGEST_USER_CODE: usize = 32;

/// The outside world of the flow: requests with their answers, and time.
pub(super) trait Link: Send + Sync {
    fn call(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, web::Error>>;

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(pause))
    }
}

struct Wire(web::Client);

impl Link for Wire {
    fn call(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, web::Error>> {
        let client = self.0.clone();
        Box::pin(async move { web::exchange(&client, request, LARGEST_ANSWER).await })
    }
}

/// The booth as a client of one provider.
#[derive(Clone)]
pub(super) struct DeviceGrant(Arc<Booth>);

struct Booth {
    settings: Settings,
    credentials: Credentials,
    link: Arc<dyn Link>,
    known: Known,
}

impl std::fmt::Debug for DeviceGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceGrant({})", self.0.settings.issuer)
    }
}

impl DeviceGrant {
    /// Reads the booth's keys and certificates. It sends no request yet.
    pub(super) fn open(
        settings: &Settings,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<Self> {
        let credentials = Credentials::open(&settings.client, folder, problems);
        let ca = settings.ca.as_ref().and_then(|file| {
            let remedy = "Name the PEM file of the certificate authority, or leave the key out.";
            super::settings::read(folder, file, "identity.ca", remedy, problems)
        });
        let credentials = credentials.filter(|_| problems.is_empty())?;
        let options = web::Options {
            ca,
            identity: credentials.tls_identity(),
            timeout: Some(CALL),
            ..web::Options::default()
        };
        match web::client(&options) {
            Ok(client) => Some(Self::over(settings, credentials, Arc::new(Wire(client)))),
            Err(error) => {
                let remedy = "Write PEM files: the authority's certificates in ca, the booth's own in client.";
                problems.at("identity", error.to_string(), remedy);
                None
            }
        }
    }

    fn over(settings: &Settings, credentials: Credentials, link: Arc<dyn Link>) -> Self {
        Self(Arc::new(Booth {
            settings: settings.clone(),
            credentials,
            link,
            known: Known::default(),
        }))
    }
}

impl DeviceGrant {
    /// Starts a sign-in. Dropping the stream cancels it.
    pub(super) fn begin(&self) -> BoxStream<'static, Step> {
        enum Stage {
            Begin,
            Wait(Box<Waiting>),
            Over,
        }
        let booth = self.0.clone();
        stream::unfold((booth, Stage::Begin), async |(booth, stage)| {
            let (step, next) = match stage {
                Stage::Begin => match booth.ask_for_code().await {
                    Ok((code, waiting)) => (Step::CodeReady(code), Stage::Wait(Box::new(waiting))),
                    Err(failure) => (Step::Failed(failure), Stage::Over),
                },
                Stage::Wait(waiting) => match booth.wait(*waiting).await {
                    Ok(grant) => (Step::Approved(grant), Stage::Over),
                    Err(failure) => (Step::Failed(failure), Stage::Over),
                },
                Stage::Over => return None,
            };
            Some((step, (booth, next)))
        })
        .boxed()
    }

    pub(super) async fn ready(&self) -> Result<(), Trouble> {
        self.0.provider().await.map(|_| ())
    }

    /// Fetches the provider's metadata again and requests a code.
    pub(super) async fn probe(&self) -> Result<(), Trouble> {
        let booth = &self.0;
        booth.known.forget().await;
        let provider = booth.provider().await?;
        match booth.request_code(&provider).await {
            Ok(_) => Ok(()),
            Err(refusal) => Err(refusal.trouble(&booth.settings)),
        }
    }
}

/// A code that was issued, and what is needed to poll for its approval.
struct Waiting {
    provider: Arc<Provider>,
    device_code: Private<String>,
    patience: Patience,
}

/// Why the provider issued no code.
#[derive(Debug)]
enum NoCode {
    Link(web::Error),
    /// The answer is an OAuth error (RFC 6749, section 5.2).
    Refused(OAuthError),
    /// The answer is neither a code nor an OAuth error.
    Rubbish(StatusCode),
}

/// An error answer of an authorization server.
#[derive(Debug, Deserialize)]
struct OAuthError {
    error: String,
}

impl OAuthError {
    fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Returns the name of the error if the standard defines it. Any other name is the server's own text and must not
    /// be logged.
    fn known(&self) -> &'static str {
        const WORDS: [&str; 11] = [
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope",
            "access_denied",
            "authorization_pending",
            "slow_down",
            "expired_token",
            "server_error",
        ];
        WORDS
            .into_iter()
            .find(|word| *word == self.error)
            .unwrap_or("an error of its own")
    }
}

impl NoCode {
    fn failure(&self) -> Failure {
        match self {
            Self::Refused(_) => Failure::Refused,
            Self::Link(_) | Self::Rubbish(_) => Failure::Unreachable,
        }
    }

    fn trouble(&self, settings: &Settings) -> Trouble {
        let (issuer, id) = (&settings.issuer, &settings.client_id);
        let (fault, sentence) = match self {
            Self::Link(error) => return discovery::link_trouble(issuer, error),
            Self::Refused(refusal) => match refusal.known() {
                "invalid_client" => (
                    Fault::WrongClient,
                    format!(
                        "{issuer} does not accept this booth as client \"{id}\": compare identity.client_id and \
                         identity.client with its registration."
                    ),
                ),
                word @ ("unauthorized_client" | "unsupported_grant_type") => (
                    Fault::NoDeviceGrant,
                    format!(
                        "{issuer} does not let client \"{id}\" use the device grant ({word}): ask the identity team to \
                         switch it on for this client."
                    ),
                ),
                word @ "invalid_scope" => (
                    Fault::WrongClient,
                    format!(
                        "{issuer} does not give client \"{id}\" the scopes of identity.scopes ({word}): compare them with \
                         the client's registration."
                    ),
                ),
                word => (
                    Fault::NoDeviceGrant,
                    format!(
                        "{issuer} refuses client \"{id}\" a code ({word}): ask the identity team whether the device grant \
                         is on for it, and with which scopes."
                    ),
                ),
            },
            Self::Rubbish(status) if status.is_server_error() => (
                Fault::Unreachable,
                format!(
                    "{issuer} answers {status} when asked for a code: ask the identity team whether it is down."
                ),
            ),
            Self::Rubbish(status) => (
                Fault::NoDeviceGrant,
                format!(
                    "{issuer} answers {status} and no code: ask the identity team whether the device grant is on."
                ),
            ),
        };
        Trouble { fault, sentence }
    }
}

impl Booth {
    async fn provider(&self) -> Result<Arc<Provider>, Trouble> {
        self.known.provider(&self.settings, &self.link).await
    }

    async fn ask_for_code(&self) -> Result<(Code, Waiting), Failure> {
        let mut attempt = 1;
        loop {
            let failure = match self.provider().await {
                Err(trouble) => {
                    warn!(
                        fault = trouble.fault.name(),
                        "no sign-in: {}", trouble.sentence
                    );
                    match trouble.fault {
                        Fault::Unreachable => Failure::Unreachable,
                        Fault::WrongClient | Fault::NoDeviceGrant => return Err(Failure::Refused),
                        _ => return Err(Failure::Unreachable),
                    }
                }
                Ok(provider) => match self.request_code(&provider).await {
                    Ok(answer) => return self.show(provider, &answer),
                    Err(refusal) => {
                        warn!("no code: {}", refusal.trouble(&self.settings).sentence);
                        match refusal.failure() {
                            Failure::Unreachable => Failure::Unreachable,
                            failure => return Err(failure),
                        }
                    }
                },
            };
            if attempt == ATTEMPTS_FOR_CODE {
                return Err(failure);
            }
            attempt += 1;
            self.link.sleep(PAUSE_FOR_CODE).await;
        }
    }

    /// Requests a code (RFC 8628, section 3.1).
    async fn request_code(
        &self,
        provider: &Provider,
    ) -> Result<CoreDeviceAuthorizationResponse, NoCode> {
        let scope = self.settings.scopes.iter().map(String::as_str);
        let scope: Vec<&str> = ["openid"]
            .into_iter()
            .chain(scope.filter(|s| *s != "openid"))
            .collect();
        let mut form = vec![("scope", scope.join(" "))];
        let parameters = self.settings.parameters.iter();
        form.extend(parameters.map(|(name, value)| (name.as_str(), value.clone())));
        let answer = self
            .post(&provider.code_endpoint, &provider.token_endpoint, form)
            .await
            .map_err(NoCode::Link)?;
        if answer.status() == StatusCode::OK {
            serde_json::from_slice(answer.body()).map_err(|_| NoCode::Rubbish(StatusCode::OK))
        } else {
            Err(
                match OAuthError::read(answer.body()).filter(|_| !answer.status().is_server_error())
                {
                    Some(error) => NoCode::Refused(error),
                    None => NoCode::Rubbish(answer.status()),
                },
            )
        }
    }

    /// Returns what the visitor is shown and how long the booth waits. An address that is not safe, or that does not
    /// fit a screen, makes the provider unusable.
    fn show(
        &self,
        provider: Arc<Provider>,
        answer: &CoreDeviceAuthorizationResponse,
    ) -> Result<(Code, Waiting), Failure> {
        let page = answer.verification_uri().as_str();
        let scan = answer
            .verification_uri_complete()
            .map_or(page, |complete| complete.secret());
        let typed = answer.user_code().secret();
        let fits = [page, scan].into_iter().all(|address| {
            address.len() <= LONGEST_ADDRESS
                && Url::parse(address).is_ok_and(|url| self.settings.may_ask(&url))
        });
        let readable = (1..=LONGEST_USER_CODE).contains(&typed.len())
            && typed.bytes().all(|byte| byte.is_ascii_graphic());
        let life = answer
            .expires_in()
            .min(Duration::from_secs(self.settings.code_life));
        if !fits || !readable || life.is_zero() {
            warn!("no code: the provider's answer has no address or code that a screen could show");
            return Err(Failure::Unreachable);
        }
        let shortest = if self.settings.allow_http_loopback {
            SHORTEST_INTERVAL_LOOPBACK
        } else {
            SHORTEST_INTERVAL
        };
        let shown = self.link.now();
        let expires = shown + life;
        let code = Code {
            scan: Private::from(scan),
            address: to_type(page),
            user_code: Private::new(in_groups(typed)),
            shown: shown.into_std(),
            expires: expires.into_std(),
        };
        let waiting = Waiting {
            provider,
            device_code: Private::from(answer.device_code().secret().as_str()),
            patience: Patience::new(answer.interval().max(shortest), expires),
        };
        Ok((code, waiting))
    }

    /// Polls until an answer ends the sign-in (RFC 8628, sections 3.4 and 3.5). The first poll is immediate: it costs
    /// nothing, and it shows mistakes of the provider before the visitor has taken out the phone.
    async fn wait(&self, mut waiting: Waiting) -> Result<Grant, Failure> {
        loop {
            let answer = match self.ask_for_token(&waiting).await {
                Reply::Tokens(tokens) => return self.believe(&waiting.provider, tokens).await,
                Reply::Failed(failure) => return Err(failure),
                Reply::Later(answer) => answer,
            };
            match waiting.patience.after(answer, self.link.now()) {
                Next::AskIn(pause) => self.link.sleep(pause).await,
                Next::GiveUpIn(pause, failure) => {
                    self.link.sleep(pause).await;
                    return Err(failure);
                }
            }
        }
    }

    async fn ask_for_token(&self, waiting: &Waiting) -> Reply {
        let form = vec![
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:device_code".to_owned(),
            ),
            ("device_code", waiting.device_code.expose().clone()),
        ];
        let endpoint = &waiting.provider.token_endpoint;
        match self.post(endpoint, endpoint, form).await {
            Ok(answer) => Reply::read(answer.status(), answer.headers(), answer.body()),
            Err(error) => {
                debug!("the provider {}", error.clause());
                Reply::Later(Answer::Bad { retry_after: None })
            }
        }
    }

    /// Returns the person whom the ID Token identifies.
    async fn believe(&self, provider: &Provider, tokens: Tokens) -> Result<Grant, Failure> {
        let verified = match token::verify(provider, &self.settings.client_id, &tokens) {
            // The provider may have changed its keys since they were fetched. The booth fetches them again only once.
            Err(doubt) if doubt.is_about_the_key() => {
                match self.known.renew(&self.settings, &self.link).await {
                    Ok(renewed) => token::verify(&renewed, &self.settings.client_id, &tokens),
                    Err(_) => Err(doubt),
                }
            }
            verified => verified,
        };
        let verified = verified.map_err(|doubt| {
            warn!("the ID Token is not believed: {doubt}");
            Failure::NotBelieved
        })?;
        let mapping = &self.settings.claims;
        let claims = mapping
            .apply(&self.settings.issuer, &verified)
            .map_err(|unusable| {
                warn!("the ID Token is of no use: {unusable}");
                Failure::Unknown
            })?;
        Ok(Grant {
            access_token: Some(tokens.access_token),
            method: LoginMethod::Device,
            claims,
        })
    }

    async fn post<'a>(
        &'a self,
        endpoint: &Url,
        token_endpoint: &Url,
        mut form: Vec<(&'a str, String)>,
    ) -> Result<HttpResponse, web::Error> {
        let mut headers = HeaderMap::new();
        self.credentials.add(
            &self.settings.client_id,
            token_endpoint,
            &mut form,
            &mut headers,
        )?;
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form)
            .finish();
        form.into_iter()
            .for_each(|(_, value)| drop(Private::new(value)));
        let mut request = HttpRequest::new(body.into_bytes());
        *request.method_mut() = openidconnect::http::Method::POST;
        *request.uri_mut() = endpoint
            .as_str()
            .parse()
            .map_err(|_| web::Error::SetUp(format!("{endpoint} is no address")))?;
        let json = header::HeaderValue::from_static("application/json");
        headers.insert(header::ACCEPT, json);
        let form_type = header::HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(header::CONTENT_TYPE, form_type);
        *request.headers_mut() = headers;
        self.link.call(request).await
    }
}

/// The meaning of an answer of the token endpoint.
#[derive(Debug)]
enum Reply {
    Tokens(Tokens),
    Failed(Failure),
    Later(Answer),
}

impl Reply {
    fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let bad = || {
            let seconds = headers
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .and_then(|text| text.trim().parse().ok());
            Self::Later(Answer::Bad {
                retry_after: seconds.map(Duration::from_secs),
            })
        };
        if status == StatusCode::OK {
            return match serde_json::from_slice::<Tokens>(body) {
                Ok(tokens) => Self::Tokens(tokens),
                Err(_) => bad(),
            };
        }
        let Some(error) =
            OAuthError::read(body).filter(|_| status.is_client_error() && status.as_u16() != 429)
        else {
            return bad();
        };
        match error.error.as_str() {
            "authorization_pending" => Self::Later(Answer::Pending),
            "slow_down" => Self::Later(Answer::SlowDown),
            // Entra uses this name (Microsoft identity platform, device authorization grant flow).
            "access_denied" | "authorization_declined" => Self::Failed(Failure::Denied),
            // If the provider no longer knows the code, or the code was already used, it has expired as far as the
            // visitor is concerned.
            "expired_token" | "invalid_grant" | "bad_verification_code" => {
                Self::Failed(Failure::Expired)
            }
            _ => {
                warn!("the provider refuses the booth: {}", error.known());
                Self::Failed(Failure::Refused)
            }
        }
    }
}

/// Returns the address in the form in which a person types it, without what every browser adds.
fn to_type(address: &str) -> String {
    address
        .strip_prefix("https://")
        .unwrap_or(address)
        .trim_end_matches('/')
        .to_owned()
}

/// Splits the code into groups of three or four characters, which people copy without mistakes. A code that already has
/// groups is unchanged.
fn in_groups(code: &str) -> String {
    if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) || code.len() < 6 {
        return code.to_owned();
    }
    let size = if code.len().is_multiple_of(3) && !code.len().is_multiple_of(4) {
        3
    } else {
        4
    };
    let mut grouped = String::with_capacity(code.len() * 2);
    for (index, letter) in code.chars().enumerate() {
        if index > 0 && index % size == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    grouped
}

#[cfg(test)]
mod tests;
