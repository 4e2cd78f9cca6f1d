//! How much waits for the portal: counted for the screen, for health and for staff.

use std::time::Duration;

use tokio::sync::watch;

use super::{Error, Outbox, columns::unsigned};
use common::health::Backlog;

/// How many orders and cards are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub waiting: u64,
    pub parked: u64,
    pub delivered: u64,
    pub discarded: u64,
    pub printed: u64,
    pub not_printed: u64,
    pub unknown: u64,
    pub void: u64,
    /// Cards that are being printed, or whose printing was cut off.
    pub open: u64,
}

impl Outbox {
    /// What waits for the portal. The receiver is notified when it changes.
    pub fn backlog(&self) -> watch::Receiver<Backlog> {
        self.0.backlog.subscribe()
    }

    /// How long the oldest order may wait before staff are alarmed.
    pub fn alarm_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.0.settings.alarm_days) * 24 * 3600)
    }

    /// Whether an order waits for longer than the site allows.
    pub fn is_overdue(&self) -> bool {
        let oldest = self.0.backlog.borrow().oldest;
        oldest.is_some_and(|oldest| oldest > self.alarm_after())
    }

    /// Whether no job is waiting or being sent.
    pub(super) async fn is_drained(&self) -> Result<bool, Error> {
        let left: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'available')
                 OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running')",
        )
        .fetch_one(self.0.store.reader())
        .await?;
        Ok(!left)
    }

    /// Counts what waits and publishes it for the screen.
    pub(super) async fn count(&self) -> Result<(), Error> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT state, count(*), min(created_at) FROM orders WHERE state IN ('waiting', 'parked') GROUP BY state",
        )
        .fetch_all(self.0.store.reader())
        .await?;
        let mut backlog = Backlog::default();
        let mut oldest: Option<i64> = None;
        for (state, count, created) in rows {
            let count = unsigned(count);
            match state.as_str() {
                "waiting" => backlog.waiting = count,
                _ => backlog.parked = count,
            }
            oldest = Some(oldest.map_or(created, |known| known.min(created)));
        }
        // Whole seconds, so that the screen is not notified more often.
        backlog.oldest = oldest.map(|created| {
            let age = self.now().saturating_sub(created).max(0) / 1000;
            Duration::from_secs(unsigned(age))
        });
        self.0.backlog.send_if_modified(|known| {
            let changed = *known != backlog;
            *known = backlog;
            changed
        });
        Ok(())
    }

    /// How many orders and cards are in which state.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, count(*) FROM orders GROUP BY state
             UNION ALL SELECT 'card ' || outcome, count(*) FROM cards GROUP BY outcome",
        )
        .fetch_all(self.0.store.reader())
        .await?;
        let mut counts = Counts::default();
        for (state, count) in rows {
            let counter = match state.as_str() {
                "waiting" => &mut counts.waiting,
                "parked" => &mut counts.parked,
                "delivered" => &mut counts.delivered,
                "discarded" => &mut counts.discarded,
                "card printed" => &mut counts.printed,
                "card notPrinted" => &mut counts.not_printed,
                "card unknown" => &mut counts.unknown,
                "card void" => &mut counts.void,
                _ => &mut counts.open,
            };
            *counter = unsigned(count);
        }
        Ok(counts)
    }
}
