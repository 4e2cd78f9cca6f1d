//! The report of a rehearsal.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde_json::json;

use super::{
    Answer, Error,
    visitor::{Ended, Visit},
};
use crate::booth::Booth;
use common::order::Serial;

/// Counts over all sessions, and the result of the last.
#[derive(Debug, Default)]
pub(super) struct Report {
    sessions: u64,
    printed: u64,
    not_printed: u64,
    unknown: u64,
    uploaded: u64,
    /// The number of orders that earlier runs in the same folder delivered.
    delivered_before: u64,
    /// The sum of each step's duration over all sessions, in seconds.
    seconds: BTreeMap<&'static str, f64>,
    resident: Vec<u64>,
    serial: Option<Serial>,
    problems: Vec<String>,
}

impl Report {
    pub(super) async fn new(booth: &Booth) -> Result<Self, Error> {
        let counts = booth.outbox().counts().await.map_err(Error::failed)?;
        Ok(Self {
            delivered_before: counts.delivered,
            ..Self::default()
        })
    }

    pub(super) fn add(&mut self, visit: &Visit) {
        self.sessions += 1;
        match visit.ended {
            Ended::Printed => self.printed += 1,
            Ended::NotPrinted => self.not_printed += 1,
            Ended::Unknown => self.unknown += 1,
        }
        for (step, lasted) in &visit.steps {
            *self.seconds.entry(step).or_default() += lasted.as_secs_f64();
        }
        self.problems.extend(visit.problem.clone());
        self.serial = visit.serial;
        self.resident.push(memory("VmRSS"));
    }

    /// Compares with what arrived at the portal; `drained` says whether all uploads ended in time.
    pub(super) async fn close(&mut self, booth: &Booth, drained: bool) -> Result<(), Error> {
        let counts = booth.outbox().counts().await.map_err(Error::failed)?;
        self.uploaded = counts.delivered.saturating_sub(self.delivered_before);
        if !drained {
            self.problems.push(format!(
                "{} orders still wait for the portal",
                counts.waiting
            ));
        }
        if counts.parked > 0 {
            self.problems
                .push(format!("{} orders are parked for staff", counts.parked));
        }
        let Some(portal) = booth.test_portal() else {
            return Ok(());
        };
        let totals = portal.totals().await.map_err(Error::failed)?;
        if totals.photos != totals.orders {
            self.problems.push(format!(
                "the portal has {} orders and {} photos",
                totals.orders, totals.photos
            ));
        }
        Ok(())
    }

    /// Whether all went well. If not, the reasons are added to the report.
    pub(super) fn verdict(&mut self, booth: &Booth, out: &Path) -> Answer {
        if self.printed != self.sessions {
            self.problems.push(format!(
                "{} of {} cards came out",
                self.printed, self.sessions
            ));
        }
        if let Err(problem) = self.check_code(booth, out) {
            self.problems.push(problem);
        }
        if self.problems.is_empty() {
            Answer::Yes
        } else {
            Answer::No
        }
    }

    /// Checks that the code on the printed card holds the card's serial.
    fn check_code(&self, booth: &Booth, out: &Path) -> Result<(), String> {
        let path = out.join("card-printed.png");
        let picture = crate::booth::read_picture(&path).map_err(|error| error.to_string())?;
        let texts = card::read_code(&picture);
        let text = texts
            .first()
            .ok_or("the code on the printed card cannot be read")?;
        match (booth.serial_in(text), self.serial) {
            (Some(found), Some(serial)) if found == serial => Ok(()),
            _ => Err(format!(
                "the code on the printed card says {text}, which is not its serial"
            )),
        }
    }

    pub(super) fn json(&self) -> String {
        let sessions = self.sessions.max(1) as f64;
        let seconds: BTreeMap<_, _> = self
            .seconds
            .iter()
            .map(|(step, sum)| (step, sum / sessions))
            .collect();
        json!({
            "sessions": self.sessions,
            "printed": self.printed,
            "notPrinted": self.not_printed,
            "unknown": self.unknown,
            "uploaded": self.uploaded,
            "seconds": seconds,
            "peakRssBytes": memory("VmHWM"),
            "rssBytes": self.resident,
            "rssGrowth": self.growth(),
            "problems": self.problems,
        })
        .to_string()
    }

    /// The ratio of memory in the last quarter of the sessions to that in the second: 1 means no growth. `None` if the
    /// run was too short.
    fn growth(&self) -> Option<f64> {
        const LEAST: usize = 10;
        let quarter = self.resident.len() / 4;
        if quarter < LEAST {
            return None;
        }
        let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len() as f64;
        let early = mean(&self.resident[quarter..2 * quarter]);
        let late = mean(&self.resident[self.resident.len() - quarter..]);
        (early > 0.0).then(|| late / early)
    }

    pub(super) fn words(&self, out: &Path) -> String {
        let mut words = String::new();
        let total: f64 = self.seconds.values().sum();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            words,
            "{} of {} cards printed, {} orders uploaded, {:.1} s a session",
            self.printed,
            self.sessions,
            self.uploaded,
            total / self.sessions.max(1) as f64
        );
        if let Some(growth) = self.growth() {
            let _ = writeln!(
                words,
                "memory: {:.0} MB at most, {:+.1} % from the second to the last quarter",
                memory("VmHWM") as f64 / 1e6,
                (growth - 1.0) * 100.0
            );
        }
        if let Ok(card) = fs::canonicalize(out.join("card-printed.png")) {
            let _ = writeln!(words, "the card: {}", card.display());
        }
        for problem in &self.problems {
            let _ = writeln!(words, "not well: {problem}");
        }
        words
    }
}

/// A line of `/proc/self/status` in bytes; 0 if it cannot be read.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = found.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
