//! Finds out who the person in front of the booth is.
//!
//! A visitor signs in on their own phone (OAuth 2.0 device grant, RFC 8628). The booth learns who the person is from a
//! verified ID Token, and gets an access token for one request to the portal. A site can also allow passwords, which
//! its directory (LDAP) checks, and PINs for attendants. The site's [`Settings`] name the provider, scopes and claims.
//!
//! Where to start reading:
//!
//! - [`IdentityProvider`], [`Step`] and [`open`] in this file: what the rest of the booth uses.
//! - `device_grant.rs`: sign-in by phone; below it discovery, client authentication, polling and tokens.
//! - `directory.rs`: sign-in by password; `directory/guard.rs` checks every answer of the server.
//! - [`Mapping`] (`claims.rs`): from the provider's claims to [`Claims`].
//! - [`Pins`] (`pin.rs`): the attendant's PIN when the network is down.
//! - [`virtual_idp`]: the provider in test mode and in tests, which is reached by HTTP like a real one.
//!
//! ```
//! let pin = identity::random_pin();
//! assert_eq!(pin.len(), 6);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod claims;
mod device_grant;
mod directory;
mod jwt;
mod network;
mod pin;
mod settings;
pub mod virtual_idp;

use std::{path::Path, sync::Arc};

use device_grant::DeviceGrant;
use directory::Directory;
use futures::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use network::Allowed;

pub use claims::{Claims, Mapping};
pub use directory::{PasswordSettings, Search};
pub use pin::{Attendant, Pins, hash_pin, random_pin};
pub use settings::{ClientAuth, Settings};

use common::{
    Problems,
    order::{LoginMethod, Private},
    sign_in::{Code, Failure, Password},
};

/// The steps of one sign-in, in this order: at most one code, then one of the other two.
#[derive(Debug)]
pub enum Step {
    CodeReady(Code),
    Approved(Grant),
    Failed(Failure),
}

/// A person who has proved who they are.
#[derive(Debug)]
pub struct Grant {
    /// The token for one `GET /v1/holder`, after which it is dropped. It is `None` when no provider issued one; the
    /// booth then authenticates with its own credentials.
    pub access_token: Option<Private<String>>,
    pub method: LoginMethod,
    pub claims: Claims,
}

/// Why nobody can sign in at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub fault: Fault,
    /// One sentence for staff: what is wrong, where, and what to do.
    pub sentence: String,
}

/// What is wrong with an identity provider. Its name is part of a text's key (`reason-identity-<fault>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Unreachable,
    Certificate,
    ClockOff,
    /// The device grant is switched off or not offered.
    NoDeviceGrant,
    /// The provider refuses the booth's client id or credentials.
    WrongClient,
    /// The server answers, but not as an OpenID provider with this issuer.
    NotAProvider,
    /// The booth is outside the networks from which the site allows sign-in.
    OtherNetwork,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::Unreachable,
        Self::Certificate,
        Self::ClockOff,
        Self::NoDeviceGrant,
        Self::WrongClient,
        Self::NotAProvider,
        Self::OtherNetwork,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Certificate => "certificate",
            Self::ClockOff => "clock-off",
            Self::NoDeviceGrant => "no-device-grant",
            Self::WrongClient => "wrong-client",
            Self::NotAProvider => "not-a-provider",
            Self::OtherNetwork => "other-network",
        }
    }
}

pub trait IdentityProvider: Send + Sync {
    /// Starts a sign-in. The stream ends after `Approved` or `Failed`; dropping it cancels the sign-in.
    fn begin(&self) -> BoxStream<'static, Step>;

    /// Checks a password that was typed at the booth. The result is `Approved` or `Failed`.
    fn check_password(&self, password: Password) -> BoxFuture<'static, Step>;

    /// Checks whether somebody could sign in now. It is cheap enough to be called every minute.
    ///
    /// # Errors
    ///
    /// The provider cannot be used, or the booth is outside the allowed networks.
    fn ready(&self) -> BoxFuture<'static, Result<(), Trouble>>;

    /// Does the same as [`ready`](Self::ready), and also begins a sign-in that nobody will finish, to check that the
    /// provider accepts the booth.
    ///
    /// # Errors
    ///
    /// As for [`ready`](Self::ready); also when the provider or the directory refuses the booth.
    fn probe(&self) -> BoxFuture<'static, Result<(), Trouble>>;

    /// Returns the possible values of [`Claims::issuer`]. A person has the same subject with each of them.
    fn issuers(&self) -> Vec<String>;
}

/// Opens the identity provider of a site. File names in the settings are relative to `folder`.
///
/// # Errors
///
/// Every mistake in the settings and in the files that they name.
pub fn open(settings: &Settings, folder: &Path) -> Result<Arc<dyn IdentityProvider>, Problems> {
    let mut problems = Problems::default();
    settings.check(&mut problems);
    let phone = DeviceGrant::open(settings, folder, &mut problems);
    let directory = settings
        .password
        .as_ref()
        .map(|password| Directory::open(password, folder, &mut problems));
    let directory = match directory {
        None => Some(None),
        Some(opened) => opened.map(Some),
    };
    match (phone, directory, settings.allowed()) {
        (Some(phone), Some(directory), Some(allowed)) if problems.is_empty() => {
            let password = settings.password.as_ref();
            let issuers = [Some(&settings.issuer), password.map(|at| &at.server)];
            Ok(Arc::new(Site {
                allowed: Arc::new(allowed),
                issuers: issuers.into_iter().flatten().cloned().collect(),
                phone,
                directory,
            }))
        }
        _ => Err(problems),
    }
}

/// The ways to sign in at a site: always by phone, and by password if the site has a directory.
struct Site {
    allowed: Arc<Allowed>,
    issuers: Vec<String>,
    phone: DeviceGrant,
    directory: Option<Directory>,
}

impl IdentityProvider for Site {
    fn begin(&self) -> BoxStream<'static, Step> {
        let (allowed, phone) = (self.allowed.clone(), self.phone.clone());
        let begun = async move {
            match allowed.check().await {
                Ok(()) => phone.begin(),
                Err(trouble) => stream::iter([Step::Failed(refused_here(&trouble))]).boxed(),
            }
        };
        stream::once(begun).flatten().boxed()
    }

    fn check_password(&self, password: Password) -> BoxFuture<'static, Step> {
        let (allowed, directory) = (self.allowed.clone(), self.directory.clone());
        Box::pin(async move {
            match (allowed.check().await, directory) {
                (Err(trouble), _) => Step::Failed(refused_here(&trouble)),
                (Ok(()), Some(directory)) => directory.check(password).await,
                (Ok(()), None) => Step::Failed(Failure::Refused),
            }
        })
    }

    fn ready(&self) -> BoxFuture<'static, Result<(), Trouble>> {
        let (allowed, phone) = (self.allowed.clone(), self.phone.clone());
        Box::pin(async move {
            allowed.check().await?;
            phone.ready().await
        })
    }

    fn probe(&self) -> BoxFuture<'static, Result<(), Trouble>> {
        let (allowed, phone) = (self.allowed.clone(), self.phone.clone());
        let directory = self.directory.clone();
        Box::pin(async move {
            allowed.check().await?;
            phone.probe().await?;
            match directory {
                Some(directory) => directory.probe().await,
                None => Ok(()),
            }
        })
    }

    fn issuers(&self) -> Vec<String> {
        self.issuers.clone()
    }
}

/// Returns what the visitor is told when the booth may not sign anybody in from its network.
fn refused_here(trouble: &Trouble) -> Failure {
    tracing::warn!(
        fault = trouble.fault.name(),
        "no sign-in: {}",
        trouble.sentence
    );
    match trouble.fault {
        Fault::OtherNetwork => Failure::Refused,
        _ => Failure::Unreachable,
    }
}
