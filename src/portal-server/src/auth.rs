//! Who sends a request: a booth by its signed assertion, a person or an attendant by an access token.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{App, answer::Problem, people::Person};
use portal::assertion;

/// The largest discovery document or set of claims that is read.
const LARGEST: usize = 256 * 1024;

/// The booth that signed the request, by its name.
pub(super) struct Booth(pub(super) String);

impl FromRequestParts<Arc<App>> for Booth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let signed = bearer(&parts.headers, AUTHORIZATION.as_str())?;
        let now = Timestamp::now().as_second();
        assertion::verify(signed, &app.audience, now, |booth| {
            app.booths.get(booth).copied()
        })
        .map(|claims| Self(claims.iss))
        .map_err(Problem::not_believed)
    }
}

fn bearer<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Problem> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| Problem::not_believed(format!("{name} has no bearer token")))
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    userinfo_endpoint: reqwest::Url,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
}

impl App {
    /// The person whose token the request has.
    pub(super) async fn person(&self, headers: &HeaderMap) -> Result<&Person, Problem> {
        let token = bearer(headers, AUTHORIZATION.as_str())?;
        let subject = self.subject(token).await?;
        self.people
            .find(&subject)
            .ok_or_else(|| Problem::not_known("The portal does not know this person"))
    }

    /// The attendant whose token the request has beside the booth's assertion.
    pub(super) async fn attendant(&self, headers: &HeaderMap) -> Result<&Person, Problem> {
        let token = bearer(headers, "Attendant-Authorization")?;
        let subject = self.subject(token).await?;
        self.people
            .find(&subject)
            .filter(|person| person.is_attendant())
            .ok_or_else(Problem::forbidden)
    }

    /// Asks the identity provider whose token this is.
    async fn subject(&self, token: &str) -> Result<String, Problem> {
        let endpoint = self.userinfo_endpoint().await?;
        let answer = self
            .client
            .get(endpoint)
            .bearer_auth(token)
            .send()
            .await
            .map_err(|error| Problem::unreachable(error.without_url()))?;
        match answer.status().as_u16() {
            200 => {}
            400 | 401 | 403 => {
                return Err(Problem::not_believed(
                    "the identity provider refused the token",
                ));
            }
            status => return Err(Problem::unreachable(format!("it answered {status}"))),
        }
        let body = web::body(answer, LARGEST)
            .await
            .map_err(Problem::unreachable)?;
        serde_json::from_slice::<UserInfo>(&body)
            .map(|info| info.sub)
            .map_err(|_| Problem::unreachable("its answer names no subject"))
    }

    /// From the issuer's discovery document (OpenID Connect Discovery 1.0), asked once.
    async fn userinfo_endpoint(&self) -> Result<reqwest::Url, Problem> {
        if let Some(known) = self.userinfo.get() {
            return Ok(known.clone());
        }
        let issuer = self
            .issuer
            .as_deref()
            .ok_or_else(|| Problem::not_believed("this portal has no identity provider"))?;
        let address = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let answer = self
            .client
            .get(address)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(Problem::unreachable)?;
        let body = web::body(answer, LARGEST)
            .await
            .map_err(Problem::unreachable)?;
        let found: Discovery = serde_json::from_slice(&body)
            .map_err(|_| Problem::unreachable("its discovery document cannot be read"))?;
        if found.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(Problem::unreachable("its document is another issuer's"));
        }
        Ok(self
            .userinfo
            .get_or_init(|| found.userinfo_endpoint)
            .clone())
    }
}
