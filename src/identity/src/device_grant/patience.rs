//! How often the token endpoint is asked, and when the booth gives up: pure (RFC 8628, section 3.5).

use std::time::Duration;

use tokio::time::Instant;

use common::sign_in::Failure;

/// An answer after which the booth asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Pending,
    SlowDown,
    /// No answer, or none that makes sense.
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
    /// The pause before the next question while answers are bad; the interval doubled each time.
    back_off: Option<Duration>,
    /// Since when no answer made sense.
    bad_since: Option<Instant>,
    /// When the code's life is over.
    expires: Instant,
}

/// "the interval MUST be increased by 5 seconds for this and all subsequent requests"
const SLOWER: Duration = Duration::from_secs(5);
/// A visitor stands in front of the booth: a pause longer than this looks like a broken machine.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// A provider that has made no sense for this long is told to the visitor as not reachable.
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
        // asking earlier than agreed would only be answered by slow_down
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
