//! When to try again, as pure functions: the caller brings time and chance.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

/// The ceiling of the first delay. With full jitter the first delay is one second on average.
pub const BASE: Duration = Duration::from_secs(2);
/// The ceiling of every later delay, five minutes on average.
pub const CAP: Duration = Duration::from_secs(600);
/// A server that asks for a longer delay is tried again after a day. Staff see the backlog long before.
pub const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);

/// The delay before the next try: full jitter, i.e. a random share of a ceiling that doubles with every try up to [`CAP`].
/// `chance` is uniform in 0..1. So booths that lost the same portal come back at different times.
pub fn delay(tries: u32, chance: f64) -> Duration {
    let doubled = BASE.saturating_mul(
        1u32.checked_shl(tries.saturating_sub(1))
            .unwrap_or(u32::MAX),
    );
    doubled.min(CAP).mul_f64(chance.clamp(0.0, 1.0))
}

/// The delay that `Retry-After` asks for (RFC 9110 section 10.2.3), in seconds or as a date; `None` when it is malformed. A
/// date is measured against the server's own `Date`, when there is one, because the booth's clock may be wrong.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let asked = if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        // A number that does not fit into 64 bits is capped like any other long delay.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let then = httpdate::parse_http_date(value).ok()?;
        let now = date
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or(now);
        then.duration_since(now).unwrap_or_default()
    };
    Some(asked.min(LONGEST_ASKED))
}

/// A circuit breaker, so that not every waiting order asks a portal that is down: after [`Self::TRIPS`] failures in a row
/// nothing is sent for a while, and then one probe.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    failures: u32,
    /// Nothing is sent before this time, in milliseconds of the caller's clock.
    until: i64,
    probing: bool,
}

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// One request only, to find out whether the portal answers again.
    Probe,
    Closed {
        until: i64,
    },
}

impl Breaker {
    /// Single failures are normal on any network. Five in a row mean that the portal is down.
    pub const TRIPS: u32 = 5;

    /// What may be sent at the time `now`.
    pub fn gate(&self, now: i64) -> Gate {
        if now < self.until {
            Gate::Closed { until: self.until }
        } else if self.probing {
            // The result of the probe under way decides.
            Gate::Closed { until: i64::MAX }
        } else if self.failures >= Self::TRIPS {
            Gate::Probe
        } else {
            Gate::Open
        }
    }

    /// Notes that the probe is under way.
    pub fn probe_sent(&mut self) {
        self.probing = true;
    }

    /// Notes that the probe was not sent after all or that its result is lost, so that another one may be sent.
    pub fn probe_lost(&mut self) {
        self.probing = false;
    }

    /// Notes that the portal answered, whatever it said.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// Notes a failure: no answer, or one that asks for a later try. `asked` is its `Retry-After`.
    pub fn failed(&mut self, now: i64, chance: f64, asked: Option<Duration>) {
        self.probing = false;
        self.failures = self.failures.saturating_add(1);
        let mut wait = asked.unwrap_or_default();
        if self.failures >= Self::TRIPS {
            wait = wait.max(delay(self.failures - Self::TRIPS + 2, chance));
        }
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        self.until = self.until.max(now.saturating_add(wait));
    }
}
