//! Sealing to the receiver: where a site gives the portal's public key, order and photo are sealed so that only the
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

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use common::order::{OrderId, Private};

/// What is sealed does not open: the key is another's, or the bytes are not those that were sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed part does not open; it was damaged, or sealed with another key")]
pub struct NotOurs;

/// What HPKE binds every part to.
pub const INFO: &[u8] = b"fotoautomat order v1";
/// How sealed parts are named on their way.
pub const MEDIA_TYPE: &str = "application/vnd.fotoautomat.sealed";

/// The suites by their numbers in RFC 9180 section 7: KEM 0x0020, KDF 0x0001, AEAD 0x0003.
const KEM: &[u8] = b"KEM\x00\x20";
const HPKE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";

/// What stands before the 32 bytes of a key in DER: an X25519 key as RFC 8410 has it, public and private.
const PUBLIC_DER: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00,
];
const SECRET_DER: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

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

/// The receiver's public key: seals, and opens nothing.
#[derive(Clone)]
pub struct Receiver([u8; 32]);

/// The receiver's secret key: the portal's, never the booth's.
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

/// What a part of an order is bound to: it opens as this part of this order and as nothing else.
pub fn context(order: OrderId, part: &str) -> Vec<u8> {
    format!("order:{order}:{part}:v1").into_bytes()
}

impl Receiver {
    pub fn read(file: &Path) -> Result<Self, BadKey> {
        let key = read_pem(file, &PUBLIC_DER)?;
        // a point of low order would make every secret the same
        match shared_point(&Private::new([1; 32]), *key) {
            Some(_) => Ok(Self(*key)),
            None => Err(BadKey::Malformed(file.to_owned())),
        }
    }

    /// Seals so that only the receiver opens it.
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
    /// A fresh one.
    pub fn random() -> Self {
        let mut bytes: [u8; 32] = rand::random();
        let secret = Self(Private::new(bytes));
        bytes.zeroize();
        secret
    }

    pub fn read(file: &Path) -> Result<Self, BadKey> {
        read_pem(file, &SECRET_DER).map(|key| Self(Private::new(*key)))
    }

    pub fn receiver(&self) -> Receiver {
        Receiver(MontgomeryPoint::mul_base_clamped(*self.0.expose()).to_bytes())
    }

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

/// X25519 (RFC 7748); `None` for a point of low order, whose secret everybody knows.
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

/// The 32 bytes of the key in a PEM file.
fn read_pem(file: &Path, before: &[u8]) -> Result<Zeroizing<[u8; 32]>, BadKey> {
    let text = fs::read_to_string(file).map_err(|error| BadKey::File {
        path: file.to_owned(),
        error,
    })?;
    let text = Zeroizing::new(text);
    let letters: Zeroizing<String> = Zeroizing::new(
        text.lines()
            .filter(|line| !line.starts_with("-----"))
            .collect(),
    );
    let der = BASE64.decode(letters.trim()).map(Zeroizing::new);
    der.ok()
        .and_then(|der| Some(Zeroizing::new(der.strip_prefix(before)?.try_into().ok()?)))
        .ok_or_else(|| BadKey::Malformed(file.to_owned()))
}
