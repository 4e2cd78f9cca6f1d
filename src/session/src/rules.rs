//! What a site decides about a visit; built from its checked configuration.

pub use crate::limits::{LimitSettings, Limits};

use common::{health::Needs, order::CardKind};

#[derive(Debug, Clone)]
pub struct Rules {
    /// The site's languages, the first one shown first.
    pub languages: Vec<String>,
    pub needs: Needs,
    pub limits: Limits,
    pub consent: ConsentText,
    /// Kinds of card this booth makes.
    pub kinds: Vec<CardKind>,
    /// Only a card without a code (or a person without a card) may be replaced here.
    pub only_without_code: bool,
    /// Sign-in by password at the booth, for those without a phone.
    pub password: bool,
    /// An attendant may open a session for somebody.
    pub staff: bool,
    /// How an attendant may sign in.
    pub attendant: AttendantWays,
    /// When the card is printed.
    pub approval: Approval,
    /// Assurance levels that may have the card printed here and now; empty: all.
    pub print_here_assurance: Vec<String>,
    /// Something to read the new card back with: the reader's chip number, the camera's code.
    pub read_back: ReadBack,
    /// The holder is asked whether the card shall work in the library.
    pub ask_library: bool,
}

/// How an attendant may sign in at this site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttendantWays {
    /// With their own account on their own phone: the site has said which claim makes an attendant.
    pub phone: bool,
    pub pin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Printed at once; the portal may object later.
    None,
    /// Somebody looks at the photo first; the card is fetched later.
    BeforePrint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBack {
    pub chip: bool,
    pub code: bool,
}

/// The text the holder agrees to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentText {
    pub text: String,
    pub version: String,
    /// Pages of the whole text.
    pub pages: usize,
}
