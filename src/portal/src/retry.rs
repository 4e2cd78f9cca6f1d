//! When to try again: pure.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

/// The first waits are around a second, the longest about five minutes on average.
pub const BASE: Duration = Duration::from_secs(2);
pub const CAP: Duration = Duration::from_secs(600);
/// A server that asks for more than a day is asked again after a day: staff see the backlog long before.
pub const LONGEST_ASKED: Duration = Duration::from_secs(24 * 3600);

/// Full jitter: a random share of the ceiling, which doubles with every try up to [`CAP`]. `chance` is uniform in
/// 0..1. Many booths that lost the same portal so come back at different times.
pub fn delay(tries: u32, chance: f64) -> Duration {
    let doubled = BASE.saturating_mul(
        1u32.checked_shl(tries.saturating_sub(1))
            .unwrap_or(u32::MAX),
    );
    doubled.min(CAP).mul_f64(chance.clamp(0.0, 1.0))
}

/// What `Retry-After` asks for (RFC 9110 section 10.2.3), in seconds or as a date. A date is measured against the
/// server's own `Date`, where it gave one, because the booth's clock may be wrong.
pub fn retry_after(value: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let asked = if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        // more digits than a u64 has is "very long"
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

/// Keeps a portal that is down from being asked by every waiting order: after [`Self::TRIPS`] failures in a row
/// nothing is sent for a while, then one probe.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    failures: u32,
    /// Open until then, in milliseconds of the caller's clock.
    until: i64,
    probing: bool,
}

/// What may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// One request only: does the portal answer again?
    Probe,
    Closed {
        until: i64,
    },
}

impl Breaker {
    /// One lost connection is weather; five in a row is a portal that is down.
    pub const TRIPS: u32 = 5;

    pub fn gate(&self, now: i64) -> Gate {
        if now < self.until {
            Gate::Closed { until: self.until }
        } else if self.probing {
            // the probe is under way; its answer opens or closes
            Gate::Closed { until: i64::MAX }
        } else if self.failures >= Self::TRIPS {
            Gate::Probe
        } else {
            Gate::Open
        }
    }

    pub fn probe_sent(&mut self) {
        self.probing = true;
    }

    /// The probe was not sent after all, or nobody can say what came of it: another one may go.
    pub fn probe_lost(&mut self) {
        self.probing = false;
    }

    /// The portal answered, be it well or badly: it is there.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// No answer, or one that says "not now". `asked` is its `Retry-After`.
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
