//! Parses the provider's tokens and verifies them (OpenID Connect Core 1.0, section 3.1.3.7).

use std::str::FromStr;

use jiff::Timestamp;
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, Nonce,
    SignatureVerificationError,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm},
};
use serde::Deserialize;
use serde_json::Value;

use super::{super::jwt, discovery::Provider};
use common::order::Private;

/// A successful answer of the token endpoint. The booth ignores a refresh token.
#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: Private<String>,
    token_type: String,
    #[serde(default)]
    id_token: Option<Private<String>>,
}

/// Why an ID Token is not accepted. The messages contain no value of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Doubt {
    #[error("there is none; is the scope openid granted?")]
    Missing,
    #[error("it is no token that can be read")]
    Unreadable,
    #[error("the access token is not of the Bearer type")]
    NotBearer,
    #[error("no key of the provider fits it")]
    NoKey,
    #[error("its signature is wrong or of a kind not allowed")]
    Signature,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is made for another client")]
    Audience,
    #[error("it has expired, or this booth's clock is ahead")]
    Expired,
    #[error("it is made in the future or long ago: this booth's clock is off")]
    MadeAt,
    #[error("it has a nonce, and the booth sent none")]
    Nonce,
    #[error("it belongs to another access token")]
    OtherAccessToken,
    #[error("the library does not accept it")]
    Other,
}

impl Doubt {
    /// Whether fetching the provider's keys again may help.
    pub(super) fn is_about_the_key(self) -> bool {
        matches!(self, Self::NoKey | Self::Signature)
    }
}

/// The accepted algorithms. All are asymmetric, because with a shared secret every booth could make tokens.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The largest age of a token in seconds. A code lives for at most three minutes, so its token is new; the rest allows
/// for clocks that differ.
const OLDEST: i64 = 600;
const FUTURE: i64 = 60;

/// Returns the claims of a token that proves who has just approved this booth's request.
pub(super) fn verify(
    provider: &Provider,
    client_id: &str,
    tokens: &Tokens,
) -> Result<Value, Doubt> {
    if !tokens.token_type.eq_ignore_ascii_case("bearer") {
        return Err(Doubt::NotBearer);
    }
    let raw = tokens.id_token.as_ref().ok_or(Doubt::Missing)?;
    let token = CoreIdToken::from_str(raw).map_err(|_| Doubt::Unreadable)?;
    let now = Timestamp::now().as_second();
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(client_id.to_owned()),
        provider.issuer.clone(),
        provider.keys.clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_issue_time_verifier_fn(move |made| {
        if (now - OLDEST..=now + FUTURE).contains(&made.timestamp()) {
            Ok(())
        } else {
            Err(MADE_AT.to_owned())
        }
    });
    // A device grant uses no nonce, so a token with one belongs to another sign-in.
    let no_nonce = |nonce: Option<&Nonce>| match nonce {
        None => Ok(()),
        Some(_) => Err(String::new()),
    };
    let claims = token
        .claims(&verifier, no_nonce)
        .map_err(|error| doubt(&error))?;
    if claims
        .authorized_party()
        .is_some_and(|party| party.as_str() != client_id)
    {
        return Err(Doubt::Audience);
    }
    if let Some(expected) = claims.access_token_hash() {
        let access_token = AccessToken::new(tokens.access_token.expose().clone());
        let actual = token
            .signing_alg()
            .and_then(|algorithm| Ok((algorithm, token.signing_key(&verifier)?)))
            .ok()
            .and_then(|(algorithm, key)| {
                AccessTokenHash::from_token(&access_token, algorithm, key).ok()
            });
        if actual.as_ref() != Some(expected) {
            return Err(Doubt::OtherAccessToken);
        }
    }
    jwt::payload(raw).ok_or(Doubt::Unreadable)
}

/// The text that marks this crate's own errors among those of the library.
const MADE_AT: &str = "made at";

fn doubt(error: &ClaimsVerificationError) -> Doubt {
    use ClaimsVerificationError as E;
    match error {
        E::Expired(why) if why == MADE_AT => Doubt::MadeAt,
        E::Expired(_) => Doubt::Expired,
        E::InvalidAudience(_) => Doubt::Audience,
        E::InvalidIssuer(_) => Doubt::Issuer,
        E::InvalidNonce(_) => Doubt::Nonce,
        E::SignatureVerification(SignatureVerificationError::NoMatchingKey) => Doubt::NoKey,
        E::SignatureVerification(_) => Doubt::Signature,
        _ => Doubt::Other,
    }
}
