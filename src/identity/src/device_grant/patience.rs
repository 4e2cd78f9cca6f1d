//! Decides how often the token endpoint is polled and when the booth gives up (RFC 8628, section 3.5). This is pure
//! logic.

use std::time::Duration;

use tokio::time::Instant;

use common::sign_in::Failure;

/// An answer after which the booth polls again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Pending,
    SlowDown,
    /// There was no answer, or none that can be understood.
    Bad {
        retry_after: Option<Duration>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    AskIn(Duration),
    GiveUpIn(Duration, Failure),
}

#[derive(Debug, Clone)]
pub(super) struct Patience {
    interval: Duration,
    /// The pause before the next poll while answers are bad. It starts at the interval and is doubled each time.
    back_off: Option<Duration>,
    /// When the first of the current run of bad answers came.
    bad_since: Option<Instant>,
    /// When the code expires.
    expires: Instant,
}

/// RFC 8628, section 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const SLOWER: Duration = Duration::from_secs(5);
/// The longest pause. To the visitor, a longer one would look like a broken machine.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// A provider that has given only bad answers for this long is reported to the visitor as unreachable.
const LONGEST_BAD: Duration = Duration::from_secs(45);

impl Patience {
    pub(super) fn new(interval: Duration, expires: Instant) -> Self {
        Self {
            interval,
            back_off: None,
            bad_since: None,
            expires,
        }
    }

    pub(super) fn after(&mut self, answer: Answer, now: Instant) -> Next {
        let pause = match answer {
            Answer::Pending | Answer::SlowDown => {
                self.back_off = None;
                self.bad_since = None;
                if answer == Answer::SlowDown {
                    self.interval = self.interval.saturating_add(SLOWER);
                }
                self.interval
            }
            Answer::Bad { retry_after } => {
                let since = *self.bad_since.get_or_insert(now);
                if now.duration_since(since) >= LONGEST_BAD {
                    return Next::GiveUpIn(Duration::ZERO, Failure::Unreachable);
                }
                let doubled = self.back_off.unwrap_or(self.interval).saturating_mul(2);
                let pause = doubled.min(LONGEST_PAUSE.max(self.interval));
                self.back_off = Some(pause);
                pause.max(retry_after.unwrap_or_default())
            }
        };
        let left = self.expires.saturating_duration_since(now);
        if pause < left {
            return Next::AskIn(pause);
        }
        // An earlier poll would only be answered with slow_down.
        let failure = if self.bad_since.is_some() {
            Failure::Unreachable
        } else {
            Failure::Expired
        };
        Next::GiveUpIn(left, failure)
    }
}

#[cfg(test)]
mod tests;
