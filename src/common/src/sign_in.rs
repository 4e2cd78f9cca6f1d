//! What a sign-in asks for and answers, between the session and whoever checks it.

use std::time::Instant;

use crate::order::Private;

/// What the person needs to sign in on the own phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Opens the right page with the code filled in, where the provider has such an address; else the page alone.
    pub scan: Private<String>,
    /// The address to type.
    pub address: String,
    /// The code in groups, e.g. `WDJB-MJHT`.
    pub user_code: Private<String>,
    pub shown: Instant,
    pub expires: Instant,
}

/// A password on its way to the directory.
#[derive(Debug, Clone)]
pub struct Password {
    pub name: Private<String>,
    pub password: Private<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The person said no on the phone.
    Denied,
    Expired,
    /// The provider does not answer, or answers rubbish.
    Unreachable,
    /// The provider refuses this booth.
    Refused,
    /// The provider's answer could not be believed (signature, audience, time).
    NotBelieved,
    /// The portal does not answer, and the site does without orders then.
    PortalDown,
    WrongPassword,
    /// Too many wrong passwords at this booth.
    Paused,
    /// The portal does not know the person.
    Unknown,
}

impl Failure {
    pub const ALL: [Self; 9] = [
        Self::Denied,
        Self::Expired,
        Self::Unreachable,
        Self::Refused,
        Self::NotBelieved,
        Self::PortalDown,
        Self::WrongPassword,
        Self::Paused,
        Self::Unknown,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::NotBelieved => "not-believed",
            Self::PortalDown => "portal-down",
            Self::WrongPassword => "wrong-password",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
        }
    }
}

/// An attendant who proved to be one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staff {
    pub id: String,
    /// For questions to the portal about somebody else; none from a PIN.
    pub token: Option<Private<String>>,
}

/// Why somebody is not let in as an attendant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    /// Too many wrong PINs; try later.
    Locked,
    /// The site has set no PIN.
    NoPin,
    /// Signed in, and no attendant.
    NotStaff,
    /// The sign-in on the phone led nowhere.
    Phone(Failure),
}
