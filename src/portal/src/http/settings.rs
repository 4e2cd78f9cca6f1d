//! The section `[portal]` of a site's configuration.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use ed25519_dalek::{SigningKey, pkcs8::DecodePrivateKey as _};
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::HttpPortal;
use common::Problems;

/// `[portal]` of the site's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The portal's address, e.g. `https://card.example.edu/booth`.
    pub address: String,
    /// PEM of the only certificate authority to believe; the system's when not given.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// PEM of the booth's certificate and its key, for mutual TLS.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// The proxy on the way, e.g. `http://proxy.example.edu:3128`; the environment's (`HTTPS_PROXY`) when not given,
    /// `none` for no proxy at all.
    #[serde(default)]
    pub proxy: Option<String>,
    /// How messages are sent.
    #[serde(default)]
    pub method: Method,
    /// PEM (PKCS #8) of the booth's Ed25519 key, to sign requests with, where there is no certificate.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// How orders, photos and cards are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By PUT, as the contract has it.
    #[default]
    Put,
    /// By POST with an `Idempotency-Key`, for receivers that know POST only.
    Post,
}

/// Why the link to the portal cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUp {
    #[error("{} cannot be read: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{} holds no Ed25519 key in PKCS #8 PEM; make one with: openssl genpkey -algorithm ed25519", .0.display())]
    Key(PathBuf),
    #[error("{0} is no address of a portal; write one like https://card.example.edu")]
    Address(String),
    #[error(transparent)]
    Client(#[from] web::Error),
}

impl Settings {
    /// Adds what cannot be right to `problems`; `at` is the table's key in the configuration.
    pub fn check(&self, at: &str, problems: &mut Problems) {
        match address(&self.address) {
            None => problems.at(
                format!("{at}.address"),
                format!("\"{}\" is no address", self.address),
                "Write an address like \"https://card.example.edu\".",
            ),
            Some(url) if url.scheme() == "http" && !is_loopback(&url) => problems.at(
                format!("{at}.address"),
                "sends names and photographs unencrypted",
                "Write an https address; http is for this machine only.",
            ),
            Some(_) => {}
        }
        match (&self.certificate, &self.key) {
            (None, None) => problems.at(
                at,
                "has nothing by which the portal can know this booth",
                "Give `certificate` (mutual TLS) or `key` (signed requests).",
            ),
            (Some(_), Some(_)) => problems.at(
                format!("{at}.key"),
                "stands beside `certificate`",
                "Keep one of the two: a certificate is enough.",
            ),
            _ => {}
        }
        if let Some(proxy) = &self.proxy
            && proxy != "none"
            && address(proxy).is_none()
        {
            problems.at(
                format!("{at}.proxy"),
                format!("\"{proxy}\" is no address"),
                "Write an address like \"http://proxy.example.edu:3128\", or \"none\".",
            );
        }
    }

    /// Sets up the link for the booth of this name.
    ///
    /// # Errors
    /// [`SetUp`] when the address, a key or a certificate cannot be used.
    pub fn connect(&self, booth: &str) -> Result<HttpPortal, SetUp> {
        let base = address(&self.address).ok_or_else(|| SetUp::Address(self.address.clone()))?;
        let key = match &self.key {
            None => None,
            Some(path) => {
                let pem = Zeroizing::new(read(path)?);
                let pem = std::str::from_utf8(&pem).map_err(|_| SetUp::Key(path.clone()))?;
                Some(SigningKey::from_pkcs8_pem(pem).map_err(|_| SetUp::Key(path.clone()))?)
            }
        };
        let client = web::client(&web::Options {
            ca: self.ca.as_deref().map(read).transpose()?,
            identity: self.certificate.as_deref().map(read).transpose()?,
            timeout: None,
            proxy: self.proxy.clone(),
        })?;
        let portal = HttpPortal::new(client, base, booth, key);
        Ok(match self.method {
            Method::Put => portal,
            Method::Post => portal.posting(),
        })
    }
}

fn address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_matches(['[', ']']);
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}

fn read(path: &Path) -> Result<Vec<u8>, SetUp> {
    fs::read(path).map_err(|error| SetUp::File {
        path: path.to_owned(),
        error,
    })
}
