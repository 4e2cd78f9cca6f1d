use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use common::{KeySource, Problems};

/// `[outbox]` of the site's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The store's file.
    pub store: PathBuf,
    /// The key that seals it: a file only its owner can read, or `credential:NAME` for one that systemd unseals.
    #[schemars(with = "String")]
    #[serde(deserialize_with = "path_or_credential")]
    pub key: KeySource,
    /// How long the bare record (no name, no picture) is kept after delivery.
    #[serde(default = "thirty")]
    pub keep_days: u16,
    /// An order undelivered for so long is an alarm.
    #[serde(default = "fourteen")]
    pub alarm_days: u16,
    /// The portal's public key (X25519, PEM): orders and photos are sealed so that only the portal can read them. An order
    /// that is cut off before its card came out is void then, and the person starts again.
    #[serde(default)]
    pub receiver: Option<PathBuf>,
    /// How long name and photo of a delivered order are kept for a card that did not come out.
    #[serde(default = "seven")]
    pub reprint_days: u16,
}

/// The key's place: `credential:NAME`, or else a path.
fn path_or_credential<'de, D: serde::Deserializer<'de>>(source: D) -> Result<KeySource, D::Error> {
    let text = String::deserialize(source)?;
    match text.strip_prefix("credential:") {
        Some(_) => text.parse().map_err(serde::de::Error::custom),
        None if text.is_empty() => Err(serde::de::Error::custom("no file is named")),
        None => Ok(KeySource::File(text.into())),
    }
}

fn thirty() -> u16 {
    30
}

fn fourteen() -> u16 {
    14
}

fn seven() -> u16 {
    7
}

impl Settings {
    /// The usual names in `folder`, as test mode and `rehearse` use them.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            store: folder.join("outbox.sqlite"),
            key: KeySource::File(folder.join("outbox.key")),
            keep_days: thirty(),
            alarm_days: fourteen(),
            receiver: None,
            reprint_days: seven(),
        }
    }

    /// Notes what cannot be right; `at` is the table's key in the configuration.
    pub fn check(&self, at: &str, problems: &mut Problems) {
        for (key, days) in [
            ("keep_days", self.keep_days),
            ("alarm_days", self.alarm_days),
            ("reprint_days", self.reprint_days),
        ] {
            if !(1..=366).contains(&days) {
                problems.at(
                    format!("{at}.{key}"),
                    format!("is {days}"),
                    "Write a number of days from 1 to 366.",
                );
            }
        }
        if self.store.file_name().is_none() {
            problems.at(
                format!("{at}.store"),
                "names no file",
                "Write the path of the store, e.g. \"/var/lib/fotoautomat/outbox.sqlite\".",
            );
        }
        if let KeySource::File(key) = &self.key
            && *key == self.store
        {
            problems.at(
                format!("{at}.key"),
                "is the store itself",
                "Write a file of its own, at best on another disk.",
            );
        }
    }
}
