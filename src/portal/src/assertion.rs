//! How the booth proves to the portal who it is, where it has no certificate: a short-lived assertion, signed anew for
//! every request with the booth's Ed25519 key.
//!
//! It is a JWT (RFC 7519) with `alg` EdDSA (RFC 8037), shaped as the client assertion of RFC 7523: `iss` and `sub` are
//! the booth, `aud` the portal, `exp` a minute ahead, `jti` random.

#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use serde::{Deserialize, Serialize};

/// How long an assertion is good for: a slow request and a clock that is a little wrong.
const LIFE: i64 = 60;
/// How far the booth's clock may be ahead of or behind the portal's.
const SKEW: i64 = 60;
/// Longer is no assertion of ours.
const LONGEST: usize = 4096;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
}

/// What an assertion says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
}

/// Why an assertion is not believed.
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

/// Signs that `booth` speaks to `audience`, at `now` in seconds since 1970.
pub fn sign(key: &SigningKey, booth: &str, audience: &str, now: i64) -> String {
    let header = Header {
        alg: "EdDSA".to_owned(),
        typ: "JWT".to_owned(),
    };
    let claims = Claims {
        iss: booth.to_owned(),
        sub: booth.to_owned(),
        aud: audience.to_owned(),
        iat: now,
        exp: now.saturating_add(LIFE),
        jti: BASE64.encode(rand::random::<[u8; 16]>()),
    };
    let part = |json: Result<Vec<u8>, serde_json::Error>| {
        BASE64.encode(json.expect("header and claims are plain structs"))
    };
    let signed = format!(
        "{}.{}",
        part(serde_json::to_vec(&header)),
        part(serde_json::to_vec(&claims))
    );
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(signature.to_bytes()))
}

/// Checks an assertion; `key` gives the public key of the booth it names. Answers its claims.
pub fn verify(
    assertion: &str,
    audience: &str,
    now: i64,
    key: impl FnOnce(&str) -> Option<VerifyingKey>,
) -> Result<Claims, NotBelieved> {
    if assertion.len() > LONGEST {
        return Err(NotBelieved::Malformed);
    }
    let (signed, signature) = assertion.rsplit_once('.').ok_or(NotBelieved::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(NotBelieved::Malformed)?;
    let decode = |part: &str| BASE64.decode(part).map_err(|_| NotBelieved::Malformed);
    let header: Header =
        serde_json::from_slice(&decode(header)?).map_err(|_| NotBelieved::Malformed)?;
    if header.alg != "EdDSA" {
        return Err(NotBelieved::Malformed);
    }
    let claims: Claims =
        serde_json::from_slice(&decode(claims)?).map_err(|_| NotBelieved::Malformed)?;
    let signature =
        Signature::from_slice(&decode(signature)?).map_err(|_| NotBelieved::Malformed)?;
    let key = key(&claims.iss).ok_or(NotBelieved::Signature)?;
    key.verify(signed.as_bytes(), &signature)
        .map_err(|_| NotBelieved::Signature)?;
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
