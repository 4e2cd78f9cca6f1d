//! Compact JSON Web Signatures (RFC 7515, section 7.1): putting one together, and taking apart one that came from outside.
//!
//! This module knows the format and no algorithm: whoever signs or verifies passes the bytes to its own key. So every crate
//! can use it, whatever library its keys are of.
//!
//! ```
//! use common::jws::{Error, Unsigned, Unverified};
//! use serde_json::{Value, json};
//!
//! // A checksum stands for a signature here.
//! let sum = |message: &[u8]| message.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
//!
//! let unsigned = Unsigned::new(&json!({ "alg": "sum" }), &json!({ "sub": "booth-1" }));
//! let token = unsigned.with_signature(&[sum(unsigned.message())]);
//!
//! let token = Unverified::split(&token, 1000)?;
//! token.verify("sum", |message, signature| signature == [sum(message)])?;
//! assert_eq!(token.payload::<Value>()?["sub"], "booth-1");
//! # Ok::<(), Error>(())
//! ```

#[cfg(test)]
mod tests;

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// Why a text is no JWS of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("this is no compact JWS, or one that is larger than allowed")]
    Malformed,
    #[error("the JWS is signed by another algorithm than the expected one")]
    Algorithm,
    #[error("the signature of the JWS is wrong")]
    Signature,
}

/// A JWS that lacks its signature.
#[derive(Debug, Clone)]
pub struct Unsigned(String);

impl Unsigned {
    /// Header and payload, each written as JSON. The header must name the algorithm (`alg`) of the signature to come.
    ///
    /// # Panics
    /// When header or payload cannot be written as JSON, e.g. a map whose keys are not text.
    pub fn new(header: &impl Serialize, payload: &impl Serialize) -> Self {
        let mut text = part(header);
        text.push('.');
        text.push_str(&part(payload));
        Self(text)
    }

    /// The bytes to sign.
    pub fn message(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The whole JWS with the signature of [`Self::message`].
    pub fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.0, BASE64URL_NOPAD.encode(signature))
    }
}

fn part(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("header and payload are plain structs");
    BASE64URL_NOPAD.encode(&json)
}

/// A JWS in its parts, whose signature is not verified yet.
#[derive(Clone)]
pub struct Unverified<'a> {
    message: &'a str,
    header: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The payload may name a person, so it is not shown.
impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unverified(«private»)")
    }
}

/// What every header says, whatever the JWS is for.
#[derive(Deserialize)]
struct Protected {
    alg: String,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl<'a> Unverified<'a> {
    /// Takes a text of at most `longest` bytes apart.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the text is longer, or is not three parts in base64url without padding.
    pub fn split(text: &'a str, longest: usize) -> Result<Self, Error> {
        if text.len() > longest {
            return Err(Error::Malformed);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Error::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Error::Malformed)?;
        Ok(Self {
            message,
            header: decode(header)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// What the header says. Nothing in it is proven before [`Self::verify`]; it serves to find the key.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not a `T` in JSON.
    pub fn header<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.header).map_err(|_| Error::Malformed)
    }

    /// What the payload says. Nothing in it is proven before [`Self::verify`]; until then it serves to find the key.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not a `T` in JSON.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.payload).map_err(|_| Error::Malformed)
    }

    /// Checks that the header names `algorithm` and no other, and that `is_signed(message, signature)` holds for the
    /// caller's key. The header never decides how a signature is checked (RFC 8725, section 3.1).
    ///
    /// # Errors
    /// [`Error::Algorithm`] for any other algorithm, `none` among them; [`Error::Signature`] when `is_signed` refuses;
    /// [`Error::Malformed`] for a header that cannot be read or that demands an extension (`crit`), since none is known.
    pub fn verify(
        &self,
        algorithm: &str,
        is_signed: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<(), Error> {
        let protected: Protected = self.header()?;
        if protected.crit.is_some() {
            return Err(Error::Malformed);
        }
        if protected.alg != algorithm {
            return Err(Error::Algorithm);
        }
        if is_signed(self.message.as_bytes(), &self.signature) {
            Ok(())
        } else {
            Err(Error::Signature)
        }
    }
}

/// Refuses padding, line breaks and bits that are not zero after the last byte, so that each value has one spelling only.
fn decode(part: &str) -> Result<Vec<u8>, Error> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| Error::Malformed)
}
