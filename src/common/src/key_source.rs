//! Where a secret key is kept. A key is never part of a configuration: the configuration only names its place.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::Deserialize;
use zeroize::Zeroizing;

/// The largest file that is read as a key or a set of keys.
const LARGEST_FILE: u64 = 1 << 20;

/// Where a secret key is kept, written as `file:PATH` or `credential:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub enum KeySource {
    /// A file that only the booth's user can read.
    File(PathBuf),
    /// A credential of this name that systemd hands to the booth's service (`LoadCredentialEncrypted=`).
    Credential(String),
}

impl FromStr for KeySource {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("credential", name)) if is_credential_name(name) => {
                Ok(Self::Credential(name.to_owned()))
            }
            _ => Err(format!(
                "invalid value {text:?}, expected file:PATH or credential:NAME"
            )),
        }
    }
}

/// The name becomes part of a path, so it must not lead out of systemd's folder.
fn is_credential_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl TryFrom<String> for KeySource {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "credential:{name}"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A secret and the file it was read from, for messages about it.
pub type FoundSecret = (PathBuf, Zeroizing<String>);

impl KeySource {
    /// Reads the text of the secret. A relative path starts at `site`; `credentials` is what systemd gives as
    /// `$CREDENTIALS_DIRECTORY`.
    ///
    /// # Errors
    /// When the secret is not there or cannot be read, and when others can read its file.
    pub fn secret(&self, site: &Path, credentials: Option<&Path>) -> Result<FoundSecret, KeyError> {
        let path = match self {
            Self::File(path) => site.join(path),
            Self::Credential(name) => match credentials {
                Some(folder) if folder.join(name).exists() => folder.join(name),
                _ => return Err(KeyError::NoCredential(name.clone())),
            },
        };
        let secret = read(&path)?;
        // Only the unit can enter systemd's folder, whatever the mode of the file in it.
        if matches!(self, Self::File(_)) {
            refuse_readable_by_others(&path)?;
        }
        Ok((path, secret))
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let unreadable = |error: io::Error| KeyError::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    if fs::metadata(path).map_err(unreadable)?.len() > LARGEST_FILE {
        return Err(KeyError::NoKey(path.to_owned()));
    }
    fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(unreadable)
}

/// Refuses a file that others can read, because its key is no secret any more.
fn refuse_readable_by_others(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let others = fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    if others {
        return Err(KeyError::Open(path.to_owned()));
    }
    Ok(())
}

/// Why a key cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the signing key {} cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: String },
    #[error("the signing key {} can be read by others: chmod 600 it", .0.display())]
    Open(PathBuf),
    #[error(
        "{} holds no Ed25519 key in PEM: make one with `fotoautomat key new`", .0.display()
    )]
    NoKey(PathBuf),
    #[error(
        "the booth's service has no credential {0}: add LoadCredentialEncrypted={0}:… to its unit"
    )]
    NoCredential(String),
}
