//! Every limit of a visit, declared once: its name, its meaning, the booth's own value.
//!
//! From the one table below come [`Limits`], which the session reads, and [`LimitSettings`], which a site may write
//! into the section `[session]` of `kiosk.toml`.

use std::time::Duration;

use common::Problems;
use schemars::JsonSchema;
use serde::Deserialize;

/// The longest limit that a site may write, in seconds: a day. A longer one is a slip of the pen.
const LONGEST: u32 = 86_400;

/// The shortest question "are you still there?" that WCAG 2.2.1 allows, in seconds.
const SHORTEST_ANSWER: u32 = 20;

/// Makes the types of both halves of the table: `site` has limits that a site may change, in whole seconds, and `booth`
/// those that depend on devices and on the program itself.
macro_rules! limits {
    (
        site { $($(#[doc = $site_doc:literal])+ $site:ident = $seconds:literal;)+ }
        booth { $($(#[doc = $booth_doc:literal])+ $booth:ident: $kind:ty = $value:expr;)+ }
    ) => {
        /// Every limit of a visit. The defaults are the booth's own; a site may change some, see [`LimitSettings`].
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $site_doc])+ pub $site: Duration,)+
            $($(#[doc = $booth_doc])+ pub $booth: $kind,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self {
                    $($site: Duration::from_secs($seconds),)+
                    $($booth: $value,)+
                }
            }
        }

        /// `[session]`: limits in seconds, where a site wants others than the booth's own.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        #[schemars(rename = "Session")]
        pub struct LimitSettings {
            $($(#[doc = $site_doc])+ pub $site: Option<u32>,)+
        }

        impl LimitSettings {
            /// What is written, each by its name in the file.
            fn named(&self) -> impl Iterator<Item = (&'static str, u32)> {
                [$((stringify!($site), self.$site)),+]
                    .into_iter()
                    .filter_map(|(name, seconds)| Some((name, seconds?)))
            }

            /// The limits of a visit at this site.
            pub fn limits(&self) -> Limits {
                let mut limits = Limits::default();
                $(if let Some(seconds) = self.$site {
                    limits.$site = Duration::from_secs(seconds.into());
                })+
                limits
            }
        }
    };
}

limits! {
    site {
        /// How long the password sign-in waits for a touch or a key.
        typing = 60;
        /// How long "is this you?" waits.
        is_this_you = 45;
        /// How long it is shown why somebody gets no card here.
        not_eligible = 30;
        /// How long the rules wait to be accepted.
        consent = 90;
        /// How long the old card is waited for.
        old_card = 60;
        /// How long the live picture waits for a photograph.
        framing = 120;
        /// How long the photograph waits to be accepted.
        reviewing = 120;
        /// How long the card is shown before "print" is pressed.
        showing_card = 120;
        /// How long the new card is waited for on the reader and before the camera.
        reading_back = 60;
        /// How long it is shown what the new card is good for.
        collecting = 20;
        /// How long the choice of a pick-up place waits.
        fetch_later = 60;
        /// How long a card that was not fed waits to be tried again; time enough for staff to fill the printer.
        not_printed = 180;
        /// How long the attendant's screen stays open without a touch.
        attendant = 180;
        /// How long "are you still there?" waits for an answer: at least 20 s (WCAG 2.2.1).
        answer = 30;
        /// How long a visit may be, counted from sign-in, before it is asked about.
        absolute = 600;
        /// How long a visit may be in all, unless it is read aloud.
        absolute_most = 1800;
        /// From the start of the countdown to the shutter.
        countdown = 3;
        /// How long a printer that never says how its job ended is waited for; the driver's own bounds are shorter.
        printing = 300;
        /// When reading back the new card may be skipped.
        skip = 30;
        /// When a name leaves the screen that waits for an attendant.
        names = 180;
    }
    booth {
        /// Devices must have answered by then.
        starting: Duration = Duration::from_secs(20);
        /// How often more time is given without speech: ten times, as WCAG 2.2.1 asks for.
        more_time: u32 = 10;
        /// A server or the disk must have answered by then; longer than their own limits.
        answering: Duration = Duration::from_secs(40);
        /// The camera must have given the still by then.
        capture: Duration = Duration::from_secs(2);
        /// From then on the manual shutter asks for no perfection.
        shutter_forgives: Duration = Duration::from_secs(8);
        /// How long a tick ("read") is shown before the visit goes on by itself.
        tick_shown: Duration = Duration::from_millis(1200);
    }
}

impl LimitSettings {
    /// Notes every setting that no visit could be held to.
    pub fn check(&self, problems: &mut Problems) {
        for (name, seconds) in self.named() {
            if !(1..=LONGEST).contains(&seconds) {
                problems.at(
                    format!("session.{name}"),
                    "is no time a person could use",
                    format!(
                        "Write a number of seconds from 1 to {LONGEST}, or leave the line out."
                    ),
                );
            }
        }
        if self
            .answer
            .is_some_and(|seconds| (1..SHORTEST_ANSWER).contains(&seconds))
        {
            let remedy = format!(
                "Write at least {SHORTEST_ANSWER}: people need that long to answer (WCAG 2.2.1)."
            );
            problems.at("session.answer", "is too short", remedy);
        }
    }
}
