//! Port: who is the person in front of the booth?
//!
//! The person signs in on the own phone (OAuth 2.0 device grant, RFC 8628); the booth learns who it is from a verified ID
//! Token and gets an access token for one question to the portal. Which provider, scopes and claims: the site's
//! [`Settings`]. In test mode the [`virtual_idp`] stands in for the institution and speaks the same HTTP.

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

/// Steps of one sign-in, in this order: at most one code, then one end.
#[derive(Debug)]
pub enum Step {
    CodeReady(Code),
    Approved(Grant),
    Failed(Failure),
}

/// A person who proved who they are.
#[derive(Debug)]
pub struct Grant {
    /// For one `GET /v1/holder`, then dropped. None where no provider gave one: the booth asks in its own name.
    pub access_token: Option<Private<String>>,
    pub method: LoginMethod,
    pub claims: Claims,
}

/// Why nobody could sign in now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub fault: Fault,
    /// What is wrong, where, and what to do: one sentence for staff.
    pub sentence: String,
}

/// What is wrong with an identity provider, as a stable name for texts (`reason-identity-<fault>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Unreachable,
    Certificate,
    ClockOff,
    /// The device grant is switched off, or not offered.
    NoDeviceGrant,
    /// The provider refuses the booth's client id or credentials.
    WrongClient,
    /// It answers, but not as an OpenID provider with this issuer does.
    NotAProvider,
    /// The booth is in none of the networks from which the site lets people sign in.
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
    /// Starts a sign-in. Dropping the stream ends it; it ends by itself after `Approved` or `Failed`.
    fn begin(&self) -> BoxStream<'static, Step>;

    /// Checks a password typed at the booth; answers `Approved` or `Failed`.
    fn check_password(&self, password: Password) -> BoxFuture<'static, Step>;

    /// Whether somebody could sign in now; cheap enough to be asked every minute.
    fn ready(&self) -> BoxFuture<'static, Result<(), Trouble>>;

    /// As [`ready`](Self::ready), and begins a sign-in that nobody will finish, to see that the booth is let in.
    fn probe(&self) -> BoxFuture<'static, Result<(), Trouble>>;

    /// The names under which it says who somebody is ([`Claims::issuer`]); a person's subject is the same in all.
    fn issuers(&self) -> Vec<String>;
}

/// The identity provider of a site. File names in the settings are relative to `folder`.
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

/// What a site has: always the phone, and a directory where it says so.
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

/// What a visitor is told of a booth that stands where it may not sign anybody in.
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
