//! The keys of the signed code: the signing key, from a file or a systemd credential, and the verifying keys, as a JWKS
//! (RFC 7517, RFC 8037).
//!
//! A site makes a new key each year. It keeps the public halves of the old ones until the last card that they signed
//! has expired.

use std::{collections::BTreeMap, fmt, fs, path::Path, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use common::{KeyError, KeySource};
use ed25519_dalek::{
    SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, spki::der::pem::LineEnding},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The number of the key that signs cards in test mode. No real key can have this number.
pub const TEST_KEY: u16 = 0;
/// The largest file of a key or a key set, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// Which key signs the codes of a site.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub enum CodeKey {
    /// The booth's own: an Ed25519 key in PEM (PKCS #8); a path is relative to the site's folder.
    Kept(KeySource),
    /// The portal signs; the booth has no key.
    Portal,
    /// The key of test mode, which everybody has.
    Test,
}

impl FromStr for CodeKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "portal" => Ok(Self::Portal),
            "test" => Ok(Self::Test),
            text => text.parse().map(Self::Kept).map_err(|_| {
                format!("invalid value {text:?}, expected file:PATH, credential:NAME or portal")
            }),
        }
    }
}

impl TryFrom<String> for CodeKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A signing key and its number.
#[derive(Clone)]
pub struct Signer {
    pub id: u16,
    key: SigningKey,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({} «private»)", self.id)
    }
}

impl Signer {
    /// Creates a new key from the system's random source.
    pub fn random(id: u16) -> Self {
        Self {
            id,
            key: SigningKey::from_bytes(&rand::random()),
        }
    }

    /// Returns the key of test mode. It is not secret, because such a card is valid only in test mode.
    pub fn test() -> Self {
        let seed = Sha256::digest(b"fotoautomat: the key of test mode, known to everybody");
        Self {
            id: TEST_KEY,
            key: SigningKey::from_bytes(&seed.into()),
        }
    }

    /// Loads the key number `id`. Returns `None` when the portal signs instead. `credentials` is the folder that
    /// systemd names in `$CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    ///
    /// The file or the credential cannot be read, or it does not contain a key.
    pub fn load(
        source: &CodeKey,
        id: u16,
        site: &Path,
        credentials: Option<&Path>,
    ) -> Result<Option<Self>, KeyError> {
        let source = match source {
            CodeKey::Portal => return Ok(None),
            CodeKey::Test => return Ok(Some(Self::test())),
            CodeKey::Kept(source) => source,
        };
        let (path, pem) = source.secret(site, credentials)?;
        match SigningKey::from_pkcs8_pem(&pem) {
            Ok(key) => Ok(Some(Self { id, key })),
            Err(_) => Err(KeyError::NoKey(path)),
        }
    }

    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    pub fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Returns the key as PEM (PKCS #8).
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.key
            .to_pkcs8_pem(LineEnding::LF)
            .expect("an Ed25519 key always has a PKCS #8 form")
    }
}

/// The public keys of a site, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys(pub BTreeMap<u16, VerifyingKey>);

/// Why a text is not a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    #[error("this is no JWKS: {0}")]
    Json(String),
    #[error("the key {0:?} is no Ed25519 key (kty OKP, crv Ed25519, x of 32 bytes)")]
    Key(String),
    #[error("the key number {0:?} is not a number from 1 to 65535, or is there twice")]
    Number(String),
}

#[derive(Serialize, Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    #[serde(rename = "use", default = "sig")]
    usage: String,
    #[serde(default = "eddsa")]
    alg: String,
}

fn sig() -> String {
    "sig".to_owned()
}

fn eddsa() -> String {
    "EdDSA".to_owned()
}

impl PublicKeys {
    /// Reads a JWKS file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is not a key set.
    pub fn read(path: &Path) -> Result<Self, String> {
        let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > LARGEST_FILE {
            return Err("the file is larger than 1 MiB".to_owned());
        }
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        Self::from_jwks(&text).map_err(|error| error.to_string())
    }

    /// Parses a JWKS, in which `kid` is the key's number in decimal.
    ///
    /// # Errors
    ///
    /// The text is not JSON, or a key in it cannot be used.
    pub fn from_jwks(text: &str) -> Result<Self, NoKeys> {
        let set: Jwks =
            serde_json::from_str(text).map_err(|error| NoKeys::Json(error.to_string()))?;
        let mut keys = BTreeMap::new();
        for jwk in set.keys {
            let id: u16 = match jwk.kid.parse() {
                Ok(id) if id != TEST_KEY && !keys.contains_key(&id) => id,
                _ => return Err(NoKeys::Number(jwk.kid)),
            };
            let good = jwk.kty == "OKP" && jwk.crv == "Ed25519" && jwk.usage == "sig";
            let bytes = BASE64.decode(&jwk.x).ok().filter(|_| good);
            let key = bytes
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
                .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
                .filter(|key| !key.is_weak());
            keys.insert(id, key.ok_or(NoKeys::Key(jwk.kid))?);
        }
        Ok(Self(keys))
    }

    /// Returns the keys as a JWKS.
    pub fn to_jwks(&self) -> String {
        let keys = self.0.iter().map(|(id, key)| Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: id.to_string(),
            x: BASE64.encode(key.as_bytes()),
            usage: sig(),
            alg: eddsa(),
        });
        let set = Jwks {
            keys: keys.collect(),
        };
        serde_json::to_string_pretty(&set).expect("keys are plain JSON")
    }

    pub fn get(&self, id: u16) -> Option<&VerifyingKey> {
        self.0.get(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_in_one_word() {
        for (text, source) in [
            (
                "file:keys/2026.pem",
                Some(CodeKey::Kept(KeySource::File("keys/2026.pem".into()))),
            ),
            (
                "credential:card-key",
                Some(CodeKey::Kept(KeySource::Credential("card-key".to_owned()))),
            ),
            ("portal", Some(CodeKey::Portal)),
            ("test", Some(CodeKey::Test)),
            ("credential:../etc/passwd", None),
            ("credential:.", None),
            ("file:", None),
            ("tpm:1", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), source, "{text}");
        }
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let site = tempfile::tempdir().unwrap();
        let path = site.path().join("key.pem");
        let source = CodeKey::Kept(KeySource::File("key.pem".into()));
        let load = || Signer::load(&source, 7, site.path(), None);
        assert!(matches!(load(), Err(KeyError::Unreadable { .. })));
        let made = Signer::random(7);
        fs::write(&path, made.to_pem().as_bytes()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(load().unwrap_err(), KeyError::Open(path.clone()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let loaded = load().unwrap().unwrap();
        assert_eq!((loaded.id, loaded.public()), (7, made.public()));
        fs::write(&path, "no key").unwrap();
        assert_eq!(load().unwrap_err(), KeyError::NoKey(path));
    }

    #[test]
    fn a_credential_comes_from_systemds_folder() {
        let folder = tempfile::tempdir().unwrap();
        let made = Signer::random(9);
        fs::write(folder.path().join("card-key"), made.to_pem().as_bytes()).unwrap();
        let source = CodeKey::Kept(KeySource::Credential("card-key".to_owned()));
        let load = |folder| Signer::load(&source, 9, Path::new("/nowhere"), folder);
        let loaded = load(Some(folder.path())).unwrap().unwrap();
        assert_eq!(loaded.public(), made.public());
        assert_eq!(
            load(None).unwrap_err(),
            KeyError::NoCredential("card-key".to_owned())
        );
    }

    #[test]
    fn the_key_from_rfc_8037_reads() {
        // The key is the one in RFC 8037, appendix A.2.
        let keys = PublicKeys::from_jwks(
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"7",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        )
        .unwrap();
        assert_eq!(
            keys.get(7).unwrap().as_bytes()[..4],
            [0xd7, 0x5a, 0x98, 0x01]
        );
        assert_eq!(PublicKeys::from_jwks(&keys.to_jwks()), Ok(keys));
    }

    #[test]
    fn other_sets_are_refused() {
        let key = |kid: &str, crv: &str, x: &str| {
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"{crv}","kid":"{kid}","x":"{x}"}}]}}"#)
        };
        let good = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        for text in [
            key("0", "Ed25519", good),
            key("70000", "Ed25519", good),
            key("x", "Ed25519", good),
            key("1", "X25519", good),
            key("1", "Ed25519", "AAAA"),
            // This is a weak key, for which any message has a valid signature.
            key(
                "1",
                "Ed25519",
                "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            ),
            "{}".to_owned(),
        ] {
            assert!(PublicKeys::from_jwks(&text).is_err(), "{text}");
        }
    }
}
