//! What a site decides about a visit; built from its checked configuration.

use std::time::Duration;

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

/// Every limit of a visit. The defaults are the booth's; a site may change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Devices must have answered by then.
    pub starting: Duration,
    pub typing: Duration,
    pub is_this_you: Duration,
    pub not_eligible: Duration,
    pub consent: Duration,
    pub old_card: Duration,
    pub framing: Duration,
    pub reviewing: Duration,
    pub showing_card: Duration,
    pub reading_back: Duration,
    pub collecting: Duration,
    pub fetch_later: Duration,
    pub attendant: Duration,
    /// How long "still there?" waits for an answer; 20 s at least by WCAG 2.2.1.
    pub answer: Duration,
    /// How often more time is given without speech.
    pub more_time: u32,
    /// A visit's length from sign-in until it is asked about, and the most it may be without speech.
    pub absolute: Duration,
    pub absolute_most: Duration,
    /// From the start of the countdown to the shutter.
    pub countdown: Duration,
    /// A server or the disk must have answered by then; longer than their own limits.
    pub answering: Duration,
    /// The camera must have given the still by then.
    pub capture: Duration,
    /// From then on the manual shutter asks for no perfection.
    pub shutter_forgives: Duration,
    /// A printer that never says how the job ended; the driver's own bounds are shorter.
    pub printing: Duration,
    /// Reading back may be skipped from then on.
    pub skip: Duration,
    /// Names leave the screen that waits for an attendant.
    pub names: Duration,
    /// How long a tick ("read") is shown before going on by itself.
    pub tick_shown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            starting: seconds(20),
            typing: seconds(60),
            is_this_you: seconds(45),
            not_eligible: seconds(30),
            consent: seconds(90),
            old_card: seconds(60),
            framing: seconds(120),
            reviewing: seconds(120),
            showing_card: seconds(120),
            reading_back: seconds(60),
            collecting: seconds(20),
            fetch_later: seconds(60),
            attendant: seconds(180),
            answer: seconds(30),
            more_time: 10,
            absolute: seconds(600),
            absolute_most: seconds(1800),
            countdown: seconds(3),
            answering: seconds(40),
            capture: seconds(2),
            shutter_forgives: seconds(8),
            printing: seconds(300),
            skip: seconds(30),
            names: seconds(180),
            tick_shown: Duration::from_millis(1200),
        }
    }
}
