//! Sealing to the receiver: when a site configures the portal's public key, order and photo are sealed so that only the
//! portal can open them, not the booth itself.
//!
//! HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305; `info` is
//! [`INFO`], the associated data is the part's context (`order:ORDERID:order:v1`, `order:ORDERID:photo:v1`). Sealed
//! bytes are the encapsulated key (32 bytes), then the cipher text with its tag. They travel as [`MEDIA_TYPE`].

#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac as _};
use pkcs8::{
    AlgorithmIdentifierRef, Document, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    SubjectPublicKeyInfoRef,
    der::{Decode as _, asn1::OctetStringRef},
};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use common::order::{OrderId, Private};

/// A sealed part does not open: it was sealed with another key, or its bytes have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed part does not open; it was damaged, or sealed with another key")]
pub struct NotOurs;

/// The `info` of HPKE, to which every part is bound.
pub const INFO: &[u8] = b"fotoautomat order v1";
/// The media type of sealed parts.
pub const MEDIA_TYPE: &str = "application/vnd.fotoautomat.sealed";

/// The suites by their numbers in RFC 9180 section 7: KEM 0x0020, KDF 0x0001, AEAD 0x0003.
const KEM: &[u8] = b"KEM\x00\x20";
const HPKE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";

/// The object identifier of X25519 keys (RFC 8410, section 3).
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

/// Why a receiver's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadKey {
    #[error("{} cannot be read: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(
        "{} holds no X25519 key in PEM; make one with: openssl genpkey -algorithm x25519, and its public half with: openssl pkey -pubout",
        .0.display()
    )]
    Malformed(PathBuf),
}

/// The receiver's public key. It seals and opens nothing.
#[derive(Clone)]
pub struct Receiver([u8; 32]);

/// The receiver's secret key. The portal has it, and the booth never does.
#[derive(Clone)]
pub struct ReceiverSecret(Private<[u8; 32]>);

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

impl fmt::Debug for ReceiverSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiverSecret")
    }
}

/// The associated data of a part of an order, so that it opens as this part of this order only.
pub fn context(order: OrderId, part: &str) -> Vec<u8> {
    format!("order:{order}:{part}:v1").into_bytes()
}

impl Receiver {
    /// Reads the public key from a PEM file.
    ///
    /// # Errors
    /// [`BadKey`] when the file cannot be read or holds no X25519 public key.
    pub fn read(file: &Path) -> Result<Self, BadKey> {
        let pem = read_file(file)?;
        // With a point of low order every shared secret would be the same.
        public_key(&pem)
            .filter(|key| shared_point(&Private::new([1; 32]), *key).is_some())
            .map(Self)
            .ok_or_else(|| BadKey::Malformed(file.to_owned()))
    }

    /// Seals `plain` so that only the receiver opens it.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut bytes: [u8; 32] = rand::random();
        let ephemeral = Private::new(bytes);
        bytes.zeroize();
        self.seal_by(&ephemeral, INFO, context, plain)
    }

    fn seal_by(
        &self,
        ephemeral: &Private<[u8; 32]>,
        info: &[u8],
        context: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let public = MontgomeryPoint::mul_base_clamped(*ephemeral.expose()).to_bytes();
        let point = shared_point(ephemeral, self.0).expect("keys of low order are not read");
        let (key, nonce) = schedule(&point, &public, &self.0, info);
        let payload = Payload {
            msg: plain,
            aad: context,
        };
        let sealed = ChaCha20Poly1305::new((&*key).into())
            .encrypt(&Nonce::from(nonce), payload)
            .expect("encrypting fails only past 256 GB");
        [&public[..], &sealed].concat()
    }
}

impl ReceiverSecret {
    /// A fresh key from the system's random source.
    pub fn random() -> Self {
        let mut bytes: [u8; 32] = rand::random();
        let secret = Self(Private::new(bytes));
        bytes.zeroize();
        secret
    }

    /// Reads the secret key from a PEM file (PKCS #8).
    ///
    /// # Errors
    /// [`BadKey`] when the file cannot be read or holds no X25519 private key.
    pub fn read(file: &Path) -> Result<Self, BadKey> {
        let pem = read_file(file)?;
        secret_key(&pem)
            .map(Self)
            .ok_or_else(|| BadKey::Malformed(file.to_owned()))
    }

    /// The public half of this key.
    pub fn receiver(&self) -> Receiver {
        Receiver(MontgomeryPoint::mul_base_clamped(*self.0.expose()).to_bytes())
    }

    /// Opens what the public half has sealed for the same context.
    ///
    /// # Errors
    /// [`NotOurs`] when the bytes were sealed with another key or for another context, or are damaged.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Private<Vec<u8>>, NotOurs> {
        self.open_by(INFO, context, sealed)
    }

    fn open_by(
        &self,
        info: &[u8],
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Private<Vec<u8>>, NotOurs> {
        let (public, sealed) = sealed.split_first_chunk::<32>().ok_or(NotOurs)?;
        let point = shared_point(&self.0, *public).ok_or(NotOurs)?;
        let (key, nonce) = schedule(&point, public, &self.receiver().0, info);
        let payload = Payload {
            msg: sealed,
            aad: context,
        };
        ChaCha20Poly1305::new((&*key).into())
            .decrypt(&Nonce::from(nonce), payload)
            .map(Private::new)
            .map_err(|_| NotOurs)
    }
}

/// X25519 (RFC 7748); `None` for a point of low order, whose shared secret everybody knows.
fn shared_point(secret: &Private<[u8; 32]>, public: [u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let point = MontgomeryPoint(public).mul_clamped(*secret.expose());
    let bytes = Zeroizing::new(point.to_bytes());
    bytes.iter().any(|byte| *byte != 0).then_some(bytes)
}

/// Key and nonce of the one message of a context: DHKEM's `ExtractAndExpand` (RFC 9180 section 4.1) and `KeySchedule` in
/// base mode (section 5.1). A context seals one message, so that the nonce of sequence number 0 is the base nonce.
fn schedule(
    point: &[u8; 32],
    ephemeral: &[u8; 32],
    receiver: &[u8; 32],
    info: &[u8],
) -> (Zeroizing<[u8; 32]>, [u8; 12]) {
    let prk = extract(KEM, &[], b"eae_prk", point);
    let kem_context = [&ephemeral[..], receiver].concat();
    let shared = expand::<32>(KEM, &prk, b"shared_secret", &kem_context);
    let mut context = vec![0];
    context.extend_from_slice(&*extract(HPKE, &[], b"psk_id_hash", &[]));
    context.extend_from_slice(&*extract(HPKE, &[], b"info_hash", info));
    let secret = extract(HPKE, &*shared, b"secret", &[]);
    (
        expand(HPKE, &secret, b"key", &context),
        *expand::<12>(HPKE, &secret, b"base_nonce", &context),
    )
}

/// `LabeledExtract` (RFC 9180 section 4) over HKDF-SHA256.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], input: &[u8]) -> Zeroizing<[u8; 32]> {
    hmac(salt, &[b"HPKE-v1", suite, label, input])
}

/// `LabeledExpand` for at most 32 bytes: one round of HKDF-SHA256 is enough.
fn expand<const N: usize>(
    suite: &[u8],
    key: &[u8; 32],
    label: &[u8],
    info: &[u8],
) -> Zeroizing<[u8; N]> {
    let length = [0, u8::try_from(N).expect("at most 32")];
    let block = hmac(key, &[&length, b"HPKE-v1", suite, label, info, &[1]]);
    let mut out = Zeroizing::new([0; N]);
    out.copy_from_slice(&block[..N]);
    out
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn read_file(file: &Path) -> Result<Zeroizing<String>, BadKey> {
    fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(|error| BadKey::File {
            path: file.to_owned(),
            error,
        })
}

/// The key in a PEM text `PUBLIC KEY` (RFC 8410, section 4).
fn public_key(pem: &str) -> Option<[u8; 32]> {
    let (label, document) = Document::from_pem(pem).ok()?;
    let info = SubjectPublicKeyInfoRef::from_der(document.as_bytes()).ok()?;
    let key = info.subject_public_key.as_bytes()?;
    (label == "PUBLIC KEY" && is_x25519(&info.algorithm))
        .then(|| key.try_into().ok())
        .flatten()
}

/// The key in a PEM text `PRIVATE KEY` (PKCS #8; RFC 8410, section 7): the key's bytes are an octet string within the one
/// that PKCS #8 has for every kind of key.
fn secret_key(pem: &str) -> Option<Private<[u8; 32]>> {
    let (label, document) = SecretDocument::from_pem(pem).ok()?;
    let info = PrivateKeyInfoRef::from_der(document.as_bytes()).ok()?;
    let key = <&OctetStringRef>::from_der(info.private_key.as_bytes()).ok()?;
    let mut bytes = Zeroizing::new([0; 32]);
    if label != "PRIVATE KEY" || !is_x25519(&info.algorithm) || key.as_bytes().len() != bytes.len()
    {
        return None;
    }
    bytes.copy_from_slice(key.as_bytes());
    Some(Private::new(*bytes))
}

fn is_x25519(algorithm: &AlgorithmIdentifierRef<'_>) -> bool {
    algorithm.oid == X25519 && algorithm.parameters.is_none()
}
