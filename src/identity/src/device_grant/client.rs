//! Client authentication: how the booth proves its identity to the provider.

use std::path::Path;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use openidconnect::{
    http::{HeaderMap, HeaderValue, header},
    url::{Url, form_urlencoded},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{
    jwt::{self, NoRandom, Signer},
    settings::{ClientAuth, read},
};
use common::{Problems, order::Private};

/// The booth's credentials, read from the site's files.
#[derive(Debug)]
pub(super) enum Credentials {
    None,
    PrivateKeyJwt {
        signer: Signer,
        /// The fields of the token's header that identify the key.
        header: Value,
        audience: Option<String>,
    },
    /// The certificate and key for the TLS handshake, as PEM.
    Mtls(Private<Vec<u8>>),
    SecretBasic(Private<String>),
    SecretPost(Private<String>),
}

/// The life of an assertion in seconds. An assertion is used once and immediately, so this allows for clocks that
/// differ.
const ASSERTION_LIFE: i64 = 60;

impl Credentials {
    pub(super) fn open(
        client: &ClientAuth,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<Self> {
        match client {
            ClientAuth::None => Some(Self::None),
            ClientAuth::PrivateKeyJwt {
                key,
                key_id,
                certificate,
                audience,
            } => {
                let certificate = certificate.as_ref().map(|file| {
                    let at = "identity.client.certificate";
                    let remedy = "Name the PEM file of the certificate that the identity team has registered.";
                    let print = read(folder, file, at, remedy, problems)
                        .and_then(|pem| jwt::thumbprints(&pem));
                    if print.is_none() && problems.is_empty() {
                        problems.at(at, "holds no certificate in PEM", remedy);
                    }
                    print
                });
                let remedy =
                    "Make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";
                let pem = read(folder, key, "identity.client.key", remedy, problems)?;
                let signer = Signer::from_pem(Private::new(pem).expose());
                if let Err(bad) = &signer {
                    problems.at("identity.client.key", bad.to_string(), remedy);
                }
                let mut header = match certificate {
                    None => json!({}),
                    Some(print) => print?,
                };
                if let Some(key_id) = key_id {
                    header["kid"] = json!(key_id);
                }
                Some(Self::PrivateKeyJwt {
                    signer: signer.ok()?,
                    header,
                    audience: audience.clone(),
                })
            }
            ClientAuth::Mtls { certificate, key } => {
                let remedy = "Name the booth's PEM file as the identity team has registered it.";
                let at = "identity.client.certificate";
                let certificate = read(folder, certificate, at, remedy, problems);
                let key = read(folder, key, "identity.client.key", remedy, problems)?;
                let mut pem = certificate?;
                pem.push(b'\n');
                pem.extend_from_slice(Private::new(key).expose());
                Some(Self::Mtls(Private::new(pem)))
            }
            ClientAuth::SecretBasic { secret_file } => {
                secret(secret_file, folder, problems).map(Self::SecretBasic)
            }
            ClientAuth::SecretPost { secret_file } => {
                secret(secret_file, folder, problems).map(Self::SecretPost)
            }
        }
    }

    /// Returns the certificate and key for the TLS handshake, if this method uses them.
    pub(super) fn tls_identity(&self) -> Option<Vec<u8>> {
        match self {
            Self::Mtls(pem) => Some(pem.expose().clone()),
            _ => None,
        }
    }

    /// Adds to a request what this authentication method requires.
    pub(super) fn add(
        &self,
        client_id: &str,
        token_endpoint: &Url,
        form: &mut Vec<(&str, String)>,
        headers: &mut HeaderMap,
    ) -> Result<(), web::Error> {
        match self {
            Self::SecretBasic(secret) => {
                // RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
                let encode = |text: &str| -> String {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect()
                };
                let pair = Private::new(format!("{}:{}", encode(client_id), encode(secret)));
                let value = format!("Basic {}", BASE64_STANDARD.encode(pair.expose()));
                let mut value = HeaderValue::from_str(&value).map_err(|_| {
                    web::Error::SetUp("the client secret cannot be sent".to_owned())
                })?;
                value.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, value);
            }
            Self::SecretPost(secret) => {
                form.push(("client_id", client_id.to_owned()));
                form.push(("client_secret", secret.expose().clone()));
            }
            Self::PrivateKeyJwt {
                signer,
                header,
                audience,
            } => {
                let audience = audience.as_deref().unwrap_or(token_endpoint.as_str());
                let assertion = assertion(signer, header.clone(), client_id, audience)
                    .map_err(|error| web::Error::SetUp(error.to_string()))?;
                form.push(("client_id", client_id.to_owned()));
                form.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                ));
                form.push(("client_assertion", assertion));
            }
            Self::None | Self::Mtls(_) => form.push(("client_id", client_id.to_owned())),
        }
        Ok(())
    }
}

fn secret(file: &Path, folder: &Path, problems: &mut Problems) -> Option<Private<String>> {
    let (at, remedy) = (
        "identity.client.secret_file",
        "Name a file that holds nothing but the client secret.",
    );
    let bytes = Private::new(read(folder, file, at, remedy, problems)?);
    match std::str::from_utf8(bytes.expose()).map(str::trim) {
        Ok(text) if !text.is_empty() => Some(Private::from(text)),
        _ => {
            problems.at(at, "names a file without a secret in it", remedy);
            None
        }
    }
}

/// Creates a new assertion for each request, because a provider accepts each one only once (RFC 7523, section 3).
fn assertion(
    signer: &Signer,
    header: Value,
    client_id: &str,
    audience: &str,
) -> Result<String, NoRandom> {
    let now = Timestamp::now().as_second();
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": Uuid::now_v7().to_string(),
        "iat": now,
        "exp": now + ASSERTION_LIFE,
    });
    signer.sign(header, &claims)
}
