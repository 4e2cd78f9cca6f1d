//! What other crates need to know of a visit: how it ended, and which preferences the visitor chose.

/// The visitor's choices that make the booth easier to use. After each visit they are reset to the site's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// One of the site's languages, e.g. `sv`.
    pub language: String,
    pub large_text: bool,
    pub high_contrast: bool,
    /// The screen is read aloud.
    pub speech: bool,
    /// Controls low on the screen, for short reach.
    pub low_controls: bool,
    /// Nothing on the screen moves.
    pub calm: bool,
}

impl Preferences {
    /// The defaults: the first of the site's languages, and no aid switched on.
    pub fn of_site(languages: &[String]) -> Self {
        Self {
            language: languages
                .first()
                .cloned()
                .unwrap_or_else(|| "en".to_owned()),
            large_text: false,
            high_contrast: false,
            speech: false,
            low_controls: false,
            calm: false,
        }
    }
}

/// Why a visit ended, for the audit trail and the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    Done,
    Cancelled,
    TimedOut,
    NotEligible,
    NotMe,
    /// The card is fetched later.
    Later,
    Fault,
}
