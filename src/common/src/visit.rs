//! What is known of a visit outside the session: how it ended, and how the visitor wants the booth to be.

/// What the visitor chose to make the booth easier to use; back to the site's defaults after each visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// One of the site's languages, e.g. `sv`.
    pub language: String,
    pub large_text: bool,
    pub high_contrast: bool,
    /// Read aloud.
    pub speech: bool,
    /// Controls low on the screen, for short reach.
    pub low_controls: bool,
    /// No motion.
    pub calm: bool,
}

impl Preferences {
    /// What a visitor finds: the first of the site's languages, and nothing eased.
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
