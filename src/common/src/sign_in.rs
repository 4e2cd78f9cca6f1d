//! What a sign-in shows, asks for and results in: the types between the session and the identity provider's client.

use std::time::Instant;

use crate::order::Private;

/// What a person needs to sign in on their own phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The address that opens the page with the code filled in or, when the provider has none, the page alone.
    pub scan: Private<String>,
    /// The address to type.
    pub address: String,
    /// The code in groups, e.g. `WDJB-MJHT`.
    pub user_code: Private<String>,
    pub shown: Instant,
    pub expires: Instant,
}

/// A name and password that the directory is to check.
#[derive(Debug, Clone)]
pub struct Password {
    pub name: Private<String>,
    pub password: Private<String>,
}

/// Why a sign-in failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The person said no on the phone.
    Denied,
    Expired,
    /// The provider does not answer, or its answer is malformed.
    Unreachable,
    /// The provider refuses this booth.
    Refused,
    /// The provider's token is invalid (signature, audience, time).
    NotBelieved,
    /// The portal does not answer, and the site takes no orders without it.
    PortalDown,
    WrongPassword,
    /// Too many wrong passwords at this booth.
    Paused,
    /// The portal does not know the person.
    Unknown,
}

impl Failure {
    /// Every failure.
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

    /// The failure's stable name, used in texts and logs.
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

/// An attendant whose identity was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staff {
    pub id: String,
    /// The access token for requests about another person. An attendant who signed in by PIN has none.
    pub token: Option<Private<String>>,
}

/// Why a person may not act as an attendant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    /// Too many wrong PINs; try later.
    Locked,
    /// The site has set no PIN.
    NoPin,
    /// The person signed in and is no attendant.
    NotStaff,
    /// The sign-in on the phone failed.
    Phone(Failure),
}
