//! The `[identity]` table of the site's configuration.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use openidconnect::url::{Host, Url};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    claims::{Mapping, Role},
    directory::PasswordSettings,
    network::{Allowed, Network},
    pin::{Attendant, Pins},
};
use common::Problems;

/// `[identity]`: who says who a person is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Exactly as the provider writes it in its discovery document.
    pub issuer: String,
    pub client_id: String,
    /// Asked for beside `openid`; as little as the portal needs to let a person order their own card.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Sent along when a code is asked for: `resource` for AD FS and RFC 8707, `acr_values`, `max_age` and the like.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// How the booth proves that it is the booth.
    #[serde(default)]
    pub client: ClientAuth,
    /// PEM file of the only certificate authority to believe; the system's when not set.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    #[serde(default)]
    pub claims: Mapping,
    /// The longest that a code is shown, in seconds, whatever the provider allows.
    #[serde(default = "code_life")]
    pub code_life: u64,
    /// Networks from which this booth may sign people in, e.g. `["192.0.2.0/24", "2001:db8::/32"]`; any when empty. What
    /// counts is the address from which the booth reaches the issuer.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Sign-in by password at the booth; off when not set.
    #[serde(default)]
    pub password: Option<PasswordSettings>,
    /// Who may use the attendant's screen with a PIN when the network is down.
    #[serde(default)]
    pub attendants: Vec<Attendant>,
    /// For tests and the demonstration only: plain HTTP to a provider on this very machine.
    #[serde(default)]
    pub allow_http_loopback: bool,
}

/// Client authentication at the token endpoint (OpenID Connect Core 1.0, section 9; RFC 8705).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(
    tag = "method",
    rename_all = "kebab-case",
    rename_all_fields = "snake_case",
    deny_unknown_fields
)]
pub enum ClientAuth {
    /// A public client: whoever knows the client id can show the institution's sign-in page.
    #[default]
    None,
    /// A fresh assertion signed with the booth's key in every request (RFC 7523).
    PrivateKeyJwt {
        /// PEM (PKCS #8) of a P-256 or RSA key.
        key: PathBuf,
        /// The key's name at the provider, where it has one.
        #[serde(default)]
        key_id: Option<String>,
        /// PEM of the key's certificate: AD FS and Entra find the key by its thumbprint.
        #[serde(default)]
        certificate: Option<PathBuf>,
        /// Whom the assertions are for; the token endpoint when not set. Some providers want their issuer.
        #[serde(default)]
        audience: Option<String>,
    },
    /// The booth's certificate in the TLS handshake (RFC 8705).
    Mtls { certificate: PathBuf, key: PathBuf },
    /// A shared secret in the `Authorization` header.
    SecretBasic { secret_file: PathBuf },
    /// A shared secret in the request's body.
    SecretPost { secret_file: PathBuf },
}

/// The default life of a code in seconds. RFC 8628 leaves it to the provider; a short life makes a photographed code
/// less useful to an attacker (RFC 10027, section 6.1).
const CODE_LIFE: u64 = 180;
const SHORTEST_CODE_LIFE: u64 = 60;

/// Parameters that the booth sets itself, so that a site cannot.
const OURS: [&str; 5] = [
    "client_id",
    "scope",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

fn code_life() -> u64 {
    CODE_LIFE
}

/// The largest file in bytes. The CA bundle of a whole system is a third of it, so a larger file must be the wrong one.
const LARGEST_FILE: u64 = 1 << 20;

impl Settings {
    /// Returns the settings for a provider on this machine that a test or the demonstration has started.
    pub fn loopback(issuer: &str, client_id: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            scopes: vec!["profile".to_owned()],
            parameters: BTreeMap::new(),
            client: ClientAuth::None,
            ca: None,
            claims: Mapping {
                attendant: Some(Role {
                    claim: "groups".to_owned(),
                    value: "booth-staff".to_owned(),
                }),
                ..Mapping::default()
            },
            networks: Vec::new(),
            password: None,
            attendants: Vec::new(),
            code_life: CODE_LIFE,
            allow_http_loopback: true,
        }
    }

    /// Notes every mistake that can be found without asking the provider.
    pub fn check(&self, problems: &mut Problems) {
        if let Err(wrong) = self.issuer_url() {
            problems.at(
                "identity.issuer",
                wrong,
                "Write the issuer as the provider's /.well-known/openid-configuration says it, e.g. \
                 \"https://login.example.edu\".",
            );
        }
        if self.client_id.trim().is_empty() {
            problems.at(
                "identity.client_id",
                "is empty",
                "Write the id under which the identity team has registered this booth.",
            );
        }
        if !(SHORTEST_CODE_LIFE..=CODE_LIFE).contains(&self.code_life) {
            problems.at(
                "identity.code_life",
                format!("is {} seconds", self.code_life),
                format!("Write a number from {SHORTEST_CODE_LIFE} to {CODE_LIFE}."),
            );
        }
        for scope in &self.scopes {
            if scope.is_empty() || scope.contains(char::is_whitespace) {
                problems.at(
                    "identity.scopes",
                    format!("has \"{scope}\", which is no scope"),
                    "Write each scope as a text of its own.",
                );
            }
            if scope == "offline_access" {
                problems.at(
                    "identity.scopes",
                    "asks for offline_access",
                    "Leave it out: the booth keeps no token beyond the visit.",
                );
            }
        }
        for name in OURS {
            if self.parameters.contains_key(name) {
                problems.at(
                    format!("identity.parameters.{name}"),
                    "is sent by the booth itself",
                    "Leave it out; identity.client_id, identity.scopes and identity.client say it.",
                );
            }
        }
        for network in &self.networks {
            if network.parse::<Network>().is_err() {
                problems.at(
                    "identity.networks",
                    format!("has {network:?}, which is no network"),
                    "Write each as ADDRESS/BITS, e.g. \"192.0.2.0/24\" or \"2001:db8::/32\".",
                );
            }
        }
        self.claims.check(problems);
        if let Some(password) = &self.password {
            password.check(problems);
        }
        Pins::check_config(&self.attendants, problems);
    }

    /// Returns the issuer as a URL, or what is wrong with it.
    pub(super) fn issuer_url(&self) -> Result<Url, String> {
        let url = Url::parse(&self.issuer).map_err(|_| "is no address".to_owned())?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or a fragment, which no issuer has".to_owned());
        }
        if self.may_ask(&url) {
            Ok(url)
        } else {
            Err("is not an https address".to_owned())
        }
    }

    /// Returns the networks from which people may sign in, or `None` if [`check`](Self::check) has found a mistake.
    pub(super) fn allowed(&self) -> Option<Allowed> {
        let issuer = self.issuer_url().ok()?;
        let networks: Result<Vec<Network>, _> =
            self.networks.iter().map(|text| text.parse()).collect();
        // A URL has brackets around an IPv6 address.
        let host = issuer.host_str()?;
        Some(Allowed {
            networks: networks.ok()?,
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: issuer.port_or_known_default()?,
        })
    }

    /// Whether the booth may send requests to this URL: it must use TLS, or be on this machine in a test.
    pub(super) fn may_ask(&self, url: &Url) -> bool {
        url.scheme() == "https" && url.has_host()
            || url.scheme() == "http" && self.allow_http_loopback && is_loopback(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Reads a file that the settings name, up to [`LARGEST_FILE`].
pub(super) fn read(
    folder: &Path,
    file: &Path,
    key: &str,
    remedy: &str,
    problems: &mut Problems,
) -> Option<Vec<u8>> {
    let path = folder.join(file);
    let content = fs::metadata(&path).and_then(|about| {
        if about.len() > LARGEST_FILE {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is too large"));
        }
        fs::read(&path)
    });
    match content {
        Ok(content) => Some(content),
        Err(error) => {
            let wrong = format!("names {}, which cannot be read: {error}", path.display());
            problems.at(key, wrong, remedy);
            None
        }
    }
}
