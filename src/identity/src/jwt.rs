//! Signed JSON Web Tokens (RFC 7515, RFC 7519): the booth's own assertions and the virtual provider's ID Tokens.
//!
//! Only this file uses ring directly. rustls depends on it already, and it signs in constant time.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::jws::{Unsigned, Unverified};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};

use super::device_grant::LARGEST_ANSWER;

/// A private key that signs tokens.
pub(super) struct Signer {
    key: Key,
}

enum Key {
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.algorithm())
    }
}

/// Why a file contains no usable signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadKey {
    #[error("holds no private key in PEM")]
    NotPem,
    #[error("holds a key that is neither P-256 nor RSA with 2048 bits or more")]
    Unsupported,
}

/// The system's random source failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub(super) struct NoRandom;

impl Signer {
    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, BadKey> {
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| BadKey::NotPem)? {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    der,
                    &SystemRandom::new(),
                )
                .map(Key::P256)
                .or_else(|_| RsaKeyPair::from_pkcs8(der).map(|key| Key::Rsa(Box::new(key))))
            }
            PrivateKeyDer::Pkcs1(der) => {
                RsaKeyPair::from_der(der.secret_pkcs1_der()).map(|key| Key::Rsa(Box::new(key)))
            }
            _ => return Err(BadKey::Unsupported),
        };
        key.map(|key| Self { key }).map_err(|_| BadKey::Unsupported)
    }

    /// Creates a new P-256 key.
    pub(super) fn generate() -> Result<Self, NoRandom> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| NoRandom)?;
        let key =
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).map_err(|_| NoRandom)?;
        Ok(Self {
            key: Key::P256(key),
        })
    }

    /// Returns the `alg` of the key's tokens (RFC 7518, section 3.1).
    pub(super) fn algorithm(&self) -> &'static str {
        match self.key {
            Key::P256(_) => "ES256",
            Key::Rsa(_) => "RS256",
        }
    }

    /// Returns a token in compact form. The header gets `alg` and `typ`.
    pub(super) fn sign(&self, mut header: Value, claims: &Value) -> Result<String, NoRandom> {
        header["alg"] = json!(self.algorithm());
        header["typ"] = json!("JWT");
        let unsigned = Unsigned::new(&header, claims);
        let random = SystemRandom::new();
        let signature = match &self.key {
            Key::P256(key) => key
                .sign(&random, unsigned.message())
                .map_err(|_| NoRandom)?
                .as_ref()
                .to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    unsigned.message(),
                    &mut signature,
                )
                .map_err(|_| NoRandom)?;
                signature
            }
        };
        Ok(unsigned.with_signature(&signature))
    }

    /// Returns the public half of a P-256 key as a JSON Web Key (RFC 7517), or `None` for an RSA key, which occurs only
    /// in a site's own file.
    pub(super) fn public_jwk(&self, key_id: &str) -> Option<Value> {
        match &self.key {
            // The encoding is the byte 4, then x and y of 32 bytes each (SEC 1, section 2.3.3).
            Key::P256(key) => match key.public_key().as_ref().split_at_checked(33) {
                Some(([4, x @ ..], y)) => Some(json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key_id,
                    "x": encode(x), "y": encode(y),
                })),
                _ => None,
            },
            Key::Rsa(_) => None,
        }
    }
}

/// Returns the header fields that identify the key's certificate (RFC 7515, sections 4.1.7 and 4.1.8). AD FS knows only
/// the SHA-1 hash; it only identifies the certificate and is not a protection.
pub(super) fn thumbprints(pem: &[u8]) -> Option<Value> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let print = |algorithm| encode(digest::digest(algorithm, &certificate).as_ref());
    Some(json!({
        "x5t": print(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "x5t#S256": print(&digest::SHA256),
    }))
}

pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns the claims of a compact token without checking it; the caller must have verified the signature. The token is
/// part of an answer, so the limit for answers bounds its size.
pub(super) fn payload(token: &str) -> Option<Value> {
    Unverified::split(token, LARGEST_ANSWER)
        .ok()?
        .payload()
        .ok()
}
