//! Sign-in with a password that is typed at the booth and checked by the institution's directory (LDAP, RFC 4511). It
//! is off by default, always uses TLS with the site's own certificate authority, and limits the number of wrong
//! passwords.
//!
//! Only this file and the files below it use ldap3.

mod guard;
mod link;
mod tries;

use std::{fmt, path::Path, path::PathBuf, sync::Arc, time::Duration};

use ldap3::{
    LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchOptions, StdStream, dn_escape,
    ldap_escape,
};
use openidconnect::url::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{sync::Mutex, time::Instant, time::timeout};
use tracing::warn;

use super::{Fault, Grant, Mapping, Step, Trouble, settings::read};
use common::{
    Problems,
    order::LoginMethod,
    sign_in::{Failure, Password},
};
use link::{Broken, Server};
use tries::Tries;

/// `[identity.password]`: people without a phone may type their password at the booth.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordSettings {
    /// `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]` with StartTLS; never without TLS.
    pub server: String,
    /// PEM file of the authority that signed the server's certificate.
    pub ca: PathBuf,
    /// Whom to bind as, with the typed name in it: `uid={name},ou=people,dc=example,dc=edu`, or `{name}@ad.example.edu`.
    pub user: String,
    /// Where the person's entry is found; the one bound as when not set.
    #[serde(default)]
    pub search: Option<Search>,
    #[serde(default = "Mapping::of_directory")]
    pub claims: Mapping,
}

/// A search for exactly one entry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    pub base: String,
    /// With the typed name in it: `(sAMAccountName={name})`.
    pub filter: String,
}

/// A directory that checks passwords. Clones share the count of wrong passwords.
#[derive(Clone)]
pub(super) struct Directory(Arc<Inner>);

struct Inner {
    settings: PasswordSettings,
    server: Server,
    /// The lock is held during a check, so that concurrent checks cannot bypass the count.
    tries: Mutex<Tries>,
}

/// The time limit of a check. A visitor should not wait longer.
const CHECK: Duration = Duration::from_secs(10);
/// The longest user name that is checked. Real names are shorter.
const LONGEST_NAME: usize = 64;

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.0.settings.server)
    }
}

impl PasswordSettings {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.url().is_none() {
            problems.at(
                "identity.password.server",
                "is no address of a directory",
                "Write \"ldaps://HOST\", or \"ldap://HOST\" for StartTLS.",
            );
        }
        let remedy = "Write {name} where the typed name belongs, e.g. \"uid={name},ou=people,dc=example,dc=edu\".";
        if self.user.matches("{name}").count() != 1 {
            let wrong = "does not have {name} in it once";
            problems.at("identity.password.user", wrong, remedy);
        }
        let is_filter = |search: &Search| {
            search.filter.matches("{name}").count() == 1 && search.filter.starts_with('(')
        };
        match &self.search {
            Some(search) if !is_filter(search) => problems.at(
                "identity.password.search.filter",
                "is no filter with {name} in it once",
                "Write e.g. \"(sAMAccountName={name})\".",
            ),
            None if !self.user.contains('=') => problems.at(
                "identity.password.search",
                "is missing, and identity.password.user is no entry",
                "Add search = { base = \"dc=example,dc=edu\", filter = \"(userPrincipalName={name})\" }.",
            ),
            _ => {}
        }
    }

    fn url(&self) -> Option<Url> {
        let url = Url::parse(&self.server).ok()?;
        let ok = matches!(url.scheme(), "ldap" | "ldaps")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        ok.then_some(url)
    }
}

impl Directory {
    /// Reads the certificate of the authority. It sends no request yet.
    pub(super) fn open(
        settings: &PasswordSettings,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<Self> {
        let at = "identity.password.ca";
        let remedy = "Name the PEM file of the authority that signed the directory's certificate.";
        let ca = read(folder, &settings.ca, at, remedy, problems)?;
        match Server::new(&settings.url()?, &ca) {
            Ok(server) => Some(Self(Arc::new(Inner {
                settings: settings.clone(),
                server,
                tries: Mutex::default(),
            }))),
            Err(wrong) => {
                problems.at(at, wrong, remedy);
                None
            }
        }
    }

    /// Checks a password. The person's claims come from their own entry.
    pub(super) async fn check(&self, password: Password) -> Step {
        let Inner { tries, .. } = &*self.0;
        let mut tries = tries.lock().await;
        if tries.is_paused(Instant::now()) {
            return Step::Failed(Failure::Paused);
        }
        if !is_plausible(&password) {
            // This is not counted as a wrong password, because the directory was not asked and nothing could be learnt
            // from it.
            return Step::Failed(Failure::WrongPassword);
        }
        let answer = match timeout(CHECK, self.0.ask(&password)).await {
            Ok(answer) => answer,
            Err(_) => Err(Denied::Failure(Failure::Unreachable)),
        };
        match answer {
            Ok(grant) => Step::Approved(grant),
            Err(Denied::Wrong) => {
                tries.wrong(Instant::now());
                if tries.is_paused(Instant::now()) {
                    warn!("too many wrong passwords at this booth: sign-in by password pauses");
                    Step::Failed(Failure::Paused)
                } else {
                    Step::Failed(Failure::WrongPassword)
                }
            }
            Err(Denied::Failure(failure)) => Step::Failed(failure),
        }
    }

    /// Checks that the directory answers and that its certificate is valid.
    pub(super) async fn probe(&self) -> Result<(), Trouble> {
        let server = &self.0.settings.server;
        let trouble = |fault, clause: &str, remedy: &str| Trouble {
            fault,
            sentence: format!("The directory {server} {clause}: {remedy}."),
        };
        match timeout(CHECK, self.0.server.connect()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(Broken::Certificate(why))) => Err(trouble(
                Fault::Certificate,
                &format!("shows a certificate that is not to be believed ({why})"),
                "name its authority in identity.password.ca and write its host as the certificate does",
            )),
            Ok(Err(Broken::NoTls)) => Err(trouble(
                Fault::Certificate,
                "refuses StartTLS",
                "have it switched on, or write ldaps://",
            )),
            Ok(Err(Broken::Link | Broken::Answer)) | Err(_) => Err(trouble(
                Fault::Unreachable,
                "cannot be reached",
                "check the network, the firewall and identity.password.server",
            )),
        }
    }
}

/// Whether the directory may be asked. An empty password would be an anonymous bind, which some directories report as a
/// success (RFC 4513, section 5.1.2). A name may contain only characters of user names, so that it cannot have a
/// special meaning in a DN or a filter.
fn is_plausible(password: &Password) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-_@+".contains(letter);
    let name = password.name.trim();
    !password.password.is_empty()
        && (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(is_name)
}

/// Why nobody is signed in.
enum Denied {
    /// The password is wrong or the account is locked. The directory does not distinguish the two, so the booth does
    /// not either.
    Wrong,
    Failure(Failure),
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Maps the result codes of RFC 4511, appendix A.
fn judge(code: u32) -> Result<(), Denied> {
    match code {
        0 => Ok(()),
        // 49 is invalidCredentials. Some servers report a locked account as 19 (constraintViolation) or 53
        // (unwillingToPerform).
        49 | 19 | 53 => Err(Denied::Wrong),
        // 51 is busy and 52 is unavailable.
        51 | 52 => Err(Failure::Unreachable.into()),
        code => {
            warn!("the directory refuses the booth's request with result code {code}");
            Err(Failure::Refused.into())
        }
    }
}

impl Inner {
    async fn ask(&self, password: &Password) -> Result<Grant, Denied> {
        let unreachable = |_| Denied::from(Failure::Unreachable);
        let link = self.server.connect().await.map_err(|broken| {
            warn!("no sign-in by password: {broken}");
            Denied::from(Failure::Unreachable)
        })?;
        // The library gets a stream whose data the guard checks. It needs an address only formally.
        let (near, far) = link::pair().map_err(unreachable)?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(near));
        let opened = LdapConnAsync::with_settings(settings, "ldapi:///").await;
        let (connection, mut ldap) = opened.map_err(|_| Failure::Unreachable)?;
        tokio::select! {
            grant = self.bind_and_read(&mut ldap, password) => grant,
            broken = link.carry(far) => {
                warn!("no sign-in by password: {broken}");
                Err(Failure::Unreachable.into())
            }
            _ = connection.drive() => Err(Failure::Unreachable.into()),
        }
    }

    async fn bind_and_read(
        &self,
        ldap: &mut ldap3::Ldap,
        password: &Password,
    ) -> Result<Grant, Denied> {
        let name = password.name.trim();
        let unreachable = |_: ldap3::LdapError| Denied::from(Failure::Unreachable);
        let user = self.settings.user.replace("{name}", &dn_escape(name));
        let bound = ldap
            .simple_bind(&user, &password.password)
            .await
            .map_err(unreachable)?;
        judge(bound.rc)?;
        let (base, scope, filter) = match &self.settings.search {
            None => (user.as_str(), Scope::Base, "(objectClass=*)".to_owned()),
            Some(search) => (
                search.base.as_str(),
                Scope::Subtree,
                search.filter.replace("{name}", &ldap_escape(name)),
            ),
        };
        let wanted = self.settings.claims.names();
        // Two entries are enough to show that the filter matches more than one person.
        let options = SearchOptions::new().sizelimit(2);
        let found = ldap
            .with_search_options(options)
            .search(base, scope, &filter, &wanted)
            .await
            .map_err(unreachable)?;
        let (entries, _) = found.success().map_err(|_| Failure::Unknown)?;
        let mut entries = entries
            .into_iter()
            .filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        let (Some(entry), None) = (entries.next(), entries.next()) else {
            warn!("the directory let somebody in and has not exactly one entry of them");
            return Err(Failure::Unknown.into());
        };
        let claims = claims_of(&SearchEntry::construct(entry), &wanted);
        let mapping = &self.settings.claims;
        let claims = mapping
            .apply(&self.settings.server, &claims)
            .map_err(|why| {
                warn!("the person's entry is of no use: {why}");
                Failure::Unknown
            })?;
        Ok(Grant {
            access_token: None,
            method: LoginMethod::Ldap,
            claims,
        })
    }
}

/// Returns the entry as claims under the names that the site uses. Attribute names are case-insensitive.
fn claims_of(entry: &SearchEntry, wanted: &[String]) -> Value {
    let mut claims = Map::new();
    for name in wanted {
        let values = entry
            .attrs
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        if let Some((_, values)) = values {
            claims.insert(name.clone(), json!(values));
        }
    }
    Value::Object(claims)
}
