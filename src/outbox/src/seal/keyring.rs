//! The booth's keys on the disk, or as a credential of systemd.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use super::{Key, NotOurs, fresh_key, key_from, open, seal};
use common::{KeySource, hex, order::Private};

/// Why the booth's key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the store's key is not at {0}; what waits in the store cannot be read without it: put the key back"
    )]
    Missing(KeySource),
    #[error(
        "systemd gave this process no credentials; add LoadCredentialEncrypted={0} to the unit"
    )]
    NoCredentials(String),
    #[error("the store's key {path} can be read by others (mode {mode:o}); run: chmod 600 {path}", path = path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error(
        "the store's key {0} is not a key: it has lines of 64 hexadecimal digits, the newest first"
    )]
    Malformed(KeySource),
    #[error("the store's key {path} cannot be used: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "the key at {0} is not the one that this store was sealed with; put the right key back"
    )]
    Wrong(KeySource),
    #[error(
        "the key {0} is given by systemd and not the booth's to change; put a file with the new key above the old one in its place and start the booth"
    )]
    NotOurs(KeySource),
}

/// The name of a key in the store. It reveals nothing of the key.
pub(crate) type KeyId = [u8; 8];

/// The booth's keys: the first one seals, all of them open. There is more than one only while the key is changed.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<(KeyId, Key)>,
}

/// The largest file that is read as a keyring: some tens of lines of 65 bytes.
const LARGEST: u64 = 4096;

impl Keyring {
    /// Reads the keys; `None` when there are none yet.
    ///
    /// # Errors
    /// [`KeyError`] when the file cannot be read, can be read by others, or holds no keys.
    pub fn load(source: &KeySource) -> Result<Option<Self>, KeyError> {
        let path = match source {
            KeySource::File(path) => path.clone(),
            KeySource::Credential(name) => match env::var_os("CREDENTIALS_DIRECTORY") {
                Some(folder) => Path::new(&folder).join(name),
                None => return Err(KeyError::NoCredentials(name.clone())),
            },
        };
        let failed = |error| KeyError::Io {
            path: path.clone(),
            error,
        };
        let about = match fs::metadata(&path) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // Only the unit can enter systemd's folder, whatever the mode of the file in it.
        if matches!(source, KeySource::File(_)) && about.mode() & 0o077 != 0 {
            return Err(KeyError::Exposed {
                mode: about.mode() & 0o777,
                path,
            });
        }
        if about.len() > LARGEST {
            return Err(KeyError::Malformed(source.clone()));
        }
        let mut text = fs::read_to_string(&path).map_err(failed)?;
        let ring = Self::parse(&text);
        text.zeroize();
        ring.map(Some)
            .ok_or_else(|| KeyError::Malformed(source.clone()))
    }

    /// Makes the first key of a new store. A credential is made by `systemd-creds` and cannot be made here.
    ///
    /// # Errors
    /// [`KeyError::Missing`] for a credential, and [`KeyError::Io`] when the file cannot be written.
    pub fn create(source: &KeySource) -> Result<Self, KeyError> {
        let KeySource::File(path) = source else {
            return Err(KeyError::Missing(source.clone()));
        };
        let ring = Self::random();
        ring.write(path)?;
        Ok(ring)
    }

    /// A keyring of one fresh key that is stored nowhere.
    pub fn random() -> Self {
        Self {
            keys: vec![named(fresh_key())],
        }
    }

    /// These keys with a fresh one before them.
    pub(crate) fn with_fresh_key(&self) -> Self {
        let mut keys = vec![named(fresh_key())];
        keys.extend(self.keys.iter().cloned());
        Self { keys }
    }

    /// A keyring of the newest key alone.
    pub(crate) fn newest_only(&self) -> Self {
        Self {
            keys: self.keys.iter().take(1).cloned().collect(),
        }
    }

    /// Writes the keys so that a power cut leaves either the old file or the new one.
    pub(crate) fn write(&self, path: &Path) -> Result<(), KeyError> {
        let failed = |error| KeyError::Io {
            path: path.to_owned(),
            error,
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let beside = path.with_extension("new");
        let mut text = self.text();
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&beside, path))
            .and_then(|()| fs::File::open(folder)?.sync_all());
        text.zeroize();
        written.map_err(failed)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn newest(&self) -> KeyId {
        self.keys[0].0
    }

    /// Seals a payload's key by the booth's newest key.
    pub(crate) fn wrap(&self, key: &Key, context: &[u8]) -> Vec<u8> {
        seal(&self.keys[0].1, context, key.expose())
    }

    /// Opens a payload's key that the booth's key named `by` has wrapped.
    pub(crate) fn unwrap(&self, by: &[u8], context: &[u8], wrapped: &[u8]) -> Result<Key, NotOurs> {
        let (_, key) = self.keys.iter().find(|(id, _)| id == by).ok_or(NotOurs)?;
        key_from(&open(key, context, wrapped)?)
    }

    fn parse(text: &str) -> Option<Self> {
        let keys: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| parse_key(line).map(named))
            .collect::<Option<_>>()?;
        (!keys.is_empty()).then_some(Self { keys })
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(self.keys.len() * 65);
        for (_, key) in &self.keys {
            // Appending leaves no copy of the key behind: the text has room for all keys.
            HEXLOWER.encode_append(key.expose(), &mut text);
            text.push('\n');
        }
        text
    }
}

fn named(key: Key) -> (KeyId, Key) {
    let digest = Sha256::new()
        .chain_update(b"fotoautomat key id v1\0")
        .chain_update(key.expose())
        .finalize();
    let mut id = KeyId::default();
    id.copy_from_slice(&digest[..8]);
    (id, key)
}

fn parse_key(line: &str) -> Option<Key> {
    let mut bytes = hex::decode::<32>(line)?;
    let key = Private::new(bytes);
    bytes.zeroize();
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_is_lines_of_64_hexadecimal_digits() {
        let newest = "0123456789abcdef".repeat(4);
        let older = "ff".repeat(32);
        let ring = Keyring::parse(&format!("{newest}\n{older}\n")).unwrap();
        assert_eq!(ring.len(), 2);
        assert_eq!(ring.text(), format!("{newest}\n{older}\n"));
        let spaced = format!("\n  {}\n\n{older}", newest.to_uppercase());
        assert_eq!(Keyring::parse(&spaced).unwrap().text(), ring.text());
        for text in [
            String::new(),
            "\n".to_owned(),
            newest[1..].to_owned(),
            format!("{newest}0"),
            format!("{newest} {older}"),
            format!("{newest}\nno key"),
            "g".repeat(64),
            format!("+{}", &newest[1..]),
        ] {
            assert!(Keyring::parse(&text).is_none(), "{text:?}");
        }
    }
}
