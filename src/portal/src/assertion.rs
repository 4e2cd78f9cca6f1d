//! How the booth proves to the portal who it is, where it has no certificate: a short-lived assertion, signed anew for
//! every request with the booth's Ed25519 key.
//!
//! It is a JWT (RFC 7519) with `alg` EdDSA (RFC 8037), shaped as the client assertion of RFC 7523: `iss` and `sub` are
//! the booth, `aud` the portal, `exp` a minute ahead, `jti` random.

#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use common::jws::{self, Unsigned, Unverified};

/// Seconds for which an assertion is valid: enough for a slow request.
const LIFE: i64 = 60;
/// Seconds by which the booth's clock may be ahead of or behind the portal's.
const SKEW: i64 = 60;
/// No assertion of a booth has more bytes.
const LONGEST: usize = 4096;
/// The only algorithm that is signed with and accepted.
const ALGORITHM: &str = "EdDSA";

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
}

/// The claims of an assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
}

/// Why an assertion is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    #[error("this is no signed assertion")]
    Malformed,
    #[error("the assertion is signed by no known booth")]
    Signature,
    #[error("the assertion is meant for another portal")]
    Audience,
    #[error("the assertion has run out, or the booth's clock is wrong")]
    Time,
}

impl From<jws::Error> for NotBelieved {
    fn from(error: jws::Error) -> Self {
        match error {
            jws::Error::Malformed | jws::Error::Algorithm => Self::Malformed,
            jws::Error::Signature => Self::Signature,
        }
    }
}

/// Signs that `booth` speaks to `audience`, at `now` in seconds since 1970.
pub fn sign(key: &SigningKey, booth: &str, audience: &str, now: i64) -> String {
    let header = Header {
        alg: ALGORITHM,
        typ: "JWT",
    };
    let claims = Claims {
        iss: booth.to_owned(),
        sub: booth.to_owned(),
        aud: audience.to_owned(),
        iat: now,
        exp: now.saturating_add(LIFE),
        jti: BASE64.encode(rand::random::<[u8; 16]>()),
    };
    let unsigned = Unsigned::new(&header, &claims);
    let signature = key.sign(unsigned.message());
    unsigned.with_signature(&signature.to_bytes())
}

/// Checks an assertion and returns its claims. `key` gives the public key of the booth that the assertion names.
///
/// # Errors
/// [`NotBelieved`] for an assertion that is malformed, signed by another key, for another audience or not of this time.
pub fn verify(
    assertion: &str,
    audience: &str,
    now: i64,
    key: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Claims, NotBelieved> {
    let assertion = Unverified::split(assertion, LONGEST)?;
    let claims: Claims = assertion.payload()?;
    let key = key(&claims.iss).ok_or(NotBelieved::Signature)?;
    assertion.verify(ALGORITHM, |message, signature| {
        Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
    })?;
    if claims.aud != audience || claims.sub != claims.iss {
        return Err(NotBelieved::Audience);
    }
    let lasts = claims.exp.saturating_sub(claims.iat);
    let timely = claims.iat <= now.saturating_add(SKEW)
        && claims.exp >= now.saturating_sub(SKEW)
        && (0..=LIFE).contains(&lasts);
    if timely {
        Ok(claims)
    } else {
        Err(NotBelieved::Time)
    }
}
