//! Selects one hint at a time, and decides when the shutter may be released automatically.

use std::time::Duration;

use super::check::{Assessment, Check, Finding, Hint, Level};

/// How long a hint must apply before it is shown. Nobody can follow a text that flickers.
const SETTLE: Duration = Duration::from_millis(400);
/// How long all checks must be good before the shutter is released automatically. It is longer while there is a warning
/// that does not block the shutter, so that the visitor has time to act on it.
const ALL_WELL: Duration = Duration::from_secs(1);
const WELL_ENOUGH: Duration = Duration::from_millis(2500);
/// How far a value that was good may exceed its limit, as a share of the limit, before it counts as bad. Breathing
/// moves a value by about as much.
const SLACK: f32 = 0.12;

/// What is shown while a visitor gets ready.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Advice {
    pub hint: Option<Hint>,
    /// The elapsed share of the time for which all checks must be good, 0 to 1.
    pub ring: f32,
    /// Whether all checks have been good for long enough.
    pub ready: bool,
}

/// Follows the assessments of a live picture. Times are measured from any fixed moment.
#[derive(Debug, Clone, Default)]
pub struct Coach {
    /// The checks that were good the last time.
    good: Vec<Check>,
    shown: Option<Hint>,
    meant: Option<(Option<Hint>, Duration)>,
    well_since: Option<Duration>,
}

impl Coach {
    #[must_use]
    pub fn new() -> Coach {
        Coach::default()
    }

    /// Takes one assessment and returns what to show now.
    pub fn hear(&mut self, assessment: &Assessment, now: Duration) -> Advice {
        let bad: Vec<&Finding> = assessment
            .findings
            .iter()
            .filter(|finding| !self.is_good(finding))
            .collect();
        let told = bad.iter().find(|finding| finding.level > Level::Note);
        let hint = told.and_then(|finding| finding.hint);
        let blocked = bad.iter().any(|finding| finding.level == Level::Block);
        let bad: Vec<Check> = bad.iter().map(|finding| finding.check).collect();
        self.good = assessment
            .findings
            .iter()
            .map(|finding| finding.check)
            .filter(|check| !bad.contains(check))
            .collect();
        self.settle(hint, now);
        self.well_since = if blocked {
            None
        } else {
            self.well_since.or(Some(now))
        };
        let well = self
            .well_since
            .map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let enough = if hint.is_some() {
            WELL_ENOUGH
        } else {
            ALL_WELL
        };
        Advice {
            hint: self.shown,
            ring: (well.as_secs_f32() / enough.as_secs_f32()).min(1.0),
            ready: self.well_since.is_some() && well >= enough,
        }
    }

    fn is_good(&self, finding: &Finding) -> bool {
        finding.ok || (self.good.contains(&finding.check) && finding.margin >= -SLACK)
    }

    fn settle(&mut self, hint: Option<Hint>, now: Duration) {
        match self.meant {
            Some((meant, since)) if meant == hint => {
                if now.saturating_sub(since) >= SETTLE {
                    self.shown = hint;
                }
            }
            _ => self.meant = Some((hint, now)),
        }
    }
}

#[cfg(test)]
mod tests;
