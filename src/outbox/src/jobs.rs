//! Jobs: what is to be sent, in which order, and what became of it.
//!
//! States: `held` (an earlier job of the same person goes first), `available`, `running`, and the ends `completed`,
//! `parked` (a person must look) and `discarded` (replaced by newer news, or given up by staff). A job is claimed by one
//! UPDATE .. RETURNING, so that two workers can never send the same one.

use std::time::Duration;

use sqlx::{Row as _, Sqlite, Transaction};

use super::{Error, Outbox, SealedRow, journal, payload_context, seal};
use common::{
    health::Backlog,
    order::{OrderId, Private, Serial},
};
use portal::{Body, Message, Target};

/// How many of a job's tries are remembered.
const TRIES_KEPT: i64 = 20;

/// A job that this worker, and no other, is to send now.
#[derive(Debug)]
pub(super) struct ClaimedJob {
    pub(super) id: i64,
    /// Tries before this one.
    pub(super) tries: u32,
    part: String,
    order_row: Option<i64>,
    order: Option<OrderId>,
    serial: Option<Serial>,
    rev: Option<i64>,
    payload: Option<i64>,
}

/// What can be said of a try that did not succeed.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault {
    pub(super) status: Option<u16>,
    pub(super) error: String,
}

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
    /// Being printed, or cut off in it.
    pub open: u64,
}

/// Adds a job; one with a lane is held until [`release`] lets it go.
pub(super) async fn insert(
    tx: &mut Transaction<'_, Sqlite>,
    part: &str,
    order_row: Option<i64>,
    lane: Option<&[u8]>,
    payload: Option<i64>,
    card: Option<(Serial, i64)>,
) -> Result<(), Error> {
    let state = if lane.is_some() { "held" } else { "available" };
    sqlx::query(
        "INSERT INTO jobs (part, order_row, lane, payload, serial, rev, state) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(part)
    .bind(order_row)
    .bind(lane)
    .bind(payload)
    .bind(card.map(|(serial, _)| serial.0.to_vec()))
    .bind(card.map(|(_, rev)| rev))
    .bind(state)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets the next job of a lane go, if none of it is on its way. The rest of an order waits while the order itself is
/// parked; a parked photo or card holds nothing back, so that a card in the holder's hand becomes known.
pub(super) async fn release(tx: &mut Transaction<'_, Sqlite>, lane: &[u8]) -> Result<(), Error> {
    sqlx::query(RELEASE).bind(lane).execute(&mut **tx).await?;
    Ok(())
}

/// Asks by the very condition of the index `jobs_lane`: SQLite takes a partial index only where that is asked too.
pub(super) const RELEASE: &str = "UPDATE jobs SET state = 'available', due = 0 WHERE id = (
        SELECT id FROM jobs j WHERE lane = ?1 AND state IN ('held', 'available', 'running') AND state = 'held'
         AND NOT EXISTS (
            SELECT 1 FROM jobs p WHERE p.order_row = j.order_row AND p.part = 'order' AND p.state = 'parked')
        ORDER BY id LIMIT 1)
     AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE lane = ?1 AND state IN ('held', 'available', 'running') AND state <> 'held')";

/// Gives up the unsent rows of a card: a newer one is to follow.
pub(super) async fn drop_older(
    tx: &mut Transaction<'_, Sqlite>,
    serial: Serial,
    now: i64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE jobs SET state = 'discarded', reason = NULL, done_at = ?
         WHERE serial = ? AND part = 'card' AND state IN ('held', 'available', 'parked')",
    )
    .bind(now)
    .bind(&serial.0[..])
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes the state of an order that follows from its jobs and cards.
pub(super) async fn settle_order(
    tx: &mut Transaction<'_, Sqlite>,
    order_row: i64,
    now: i64,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE orders SET
            state = fresh.state,
            delivered_at = CASE WHEN fresh.state = 'delivered' THEN coalesce(delivered_at, ?2) END
         FROM (SELECT CASE
                WHEN EXISTS (SELECT 1 FROM jobs WHERE order_row = ?1 AND state = 'parked') THEN 'parked'
                WHEN EXISTS (SELECT 1 FROM jobs WHERE order_row = ?1 AND state IN ('held', 'available', 'running'))
                  OR EXISTS (SELECT 1 FROM cards WHERE order_row = ?1 AND closed = 0) THEN 'waiting'
                WHEN EXISTS (SELECT 1 FROM jobs WHERE order_row = ?1 AND part IN ('order', 'photo') AND state = 'discarded')
                  THEN 'discarded'
                ELSE 'delivered' END AS state) AS fresh
         WHERE orders.id = ?1",
    )
    .bind(order_row)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

impl Outbox {
    /// Puts right what the last run left: jobs that were being sent wait again, due times start anew, and cards whose
    /// read-back was cut off are announced as printed.
    pub(super) async fn rescue(&self) -> Result<(), Error> {
        self.send_again(Duration::ZERO).await?;
        self.hurry_all().await?;
        self.close_unread(i64::MAX).await?;
        self.void_unreadable().await
    }

    /// Lets every job that counts as running wait again, for so long; for a worker that has nothing under way.
    pub(super) async fn send_again(&self, wait: Duration) -> Result<(), Error> {
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        sqlx::query("UPDATE jobs SET state = 'available', due = ? WHERE state = 'running'")
            .bind(self.uptime().saturating_add(wait))
            .execute(self.0.store.writer())
            .await?;
        Ok(())
    }

    /// Claims up to `most` jobs that are due.
    pub(super) async fn claim(&self, most: u32) -> Result<Vec<ClaimedJob>, Error> {
        let rows = sqlx::query(
            "UPDATE jobs SET state = 'running' WHERE id IN (
                SELECT id FROM jobs WHERE state = 'available' AND due <= ? ORDER BY due, id LIMIT ?)
             RETURNING id, tries, part, order_row, serial, rev, payload,
                (SELECT order_id FROM orders WHERE orders.id = order_row)",
        )
        .bind(self.uptime())
        .bind(most)
        .fetch_all(self.0.store.writer())
        .await?;
        rows.iter()
            .map(|row| {
                let serial: Option<Vec<u8>> = row.try_get(4)?;
                let order: Option<Vec<u8>> = row.try_get(7)?;
                Ok(ClaimedJob {
                    id: row.try_get(0)?,
                    tries: row.try_get(1)?,
                    part: row.try_get(2)?,
                    order_row: row.try_get(3)?,
                    order: order.map(journal::order_id).transpose()?,
                    serial: serial.map(journal::serial).transpose()?,
                    rev: row.try_get(5)?,
                    payload: row.try_get(6)?,
                })
            })
            .collect()
    }

    /// When the next job is due, in milliseconds of [`Outbox::uptime`].
    pub(super) async fn next_due(&self) -> Result<Option<i64>, Error> {
        let due = sqlx::query_scalar("SELECT min(due) FROM jobs WHERE state = 'available'")
            .fetch_one(self.0.store.reader())
            .await?;
        Ok(due)
    }

    /// What a claimed job has to say; `None` when newer news of the same card is waiting behind it.
    pub(super) async fn message(&self, job: &ClaimedJob) -> Result<Option<Message>, Error> {
        let gone = || {
            Error::from(store::Error::Damaged(format!(
                "job {} has nothing to send",
                job.id
            )))
        };
        if job.part == "card" {
            let (order, serial) = job.order.zip(job.serial).ok_or_else(gone)?;
            let Some(row) = self.card_row(serial).await? else {
                return Ok(None);
            };
            if job.rev != Some(i64::from(row.rev)) {
                return Ok(None);
            }
            let body = serde_json::to_vec(&row).expect("a card's row is a plain struct");
            return Ok(Some(Message {
                to: Target::Card(order, serial),
                body: Body::json(Private::new(body)),
            }));
        }
        let SealedRow {
            key_id,
            wrapped,
            sealed,
            field,
        } = sqlx::query_as("SELECT key_id, wrapped, sealed, field FROM payloads WHERE id = ?")
            .bind(job.payload)
            .fetch_optional(self.0.store.reader())
            .await?
            .ok_or_else(gone)?;
        let (Some(key_id), Some(wrapped)) = (key_id, wrapped) else {
            // only the receiver can open it: it goes out as it is
            let body = Body::sealed(Private::new(sealed));
            let to = match (job.part.as_str(), job.order) {
                ("order", Some(order)) => Target::Order(order),
                ("photo", Some(order)) => Target::Photo(order),
                _ => return Err(gone()),
            };
            return Ok(Some(Message { to, body }));
        };
        let context = payload_context(job.order, &field);
        let key = self.0.keys.unwrap(&key_id, &context, &wrapped)?;
        let plain = seal::open(&key, &context, &sealed)?;
        let (to, body) = match (job.part.as_str(), job.order, job.serial) {
            ("order", Some(order), _) => (Target::Order(order), Body::json(plain)),
            ("photo", Some(order), _) => (Target::Photo(order), Body::jpeg(plain)),
            ("block", _, Some(serial)) => (Target::Block(serial), Body::json(plain)),
            ("incident", _, _) => {
                let id = field.rsplit('/').next().and_then(|id| id.parse().ok());
                (Target::Incident(id.ok_or_else(gone)?), Body::json(plain))
            }
            _ => return Err(gone()),
        };
        Ok(Some(Message { to, body }))
    }

    /// The portal has it.
    pub(super) async fn complete(&self, job: &ClaimedJob) -> Result<(), Error> {
        self.end(job, "completed", None).await
    }

    /// It need not be sent any more.
    pub(super) async fn discard(&self, job: &ClaimedJob) -> Result<(), Error> {
        self.end(job, "discarded", None).await
    }

    /// The portal refused it, or it cannot be read: a person must look. Never deleted by itself.
    pub(super) async fn park(&self, job: &ClaimedJob, fault: &Fault) -> Result<(), Error> {
        self.end(job, "parked", Some(fault)).await
    }

    async fn end(&self, job: &ClaimedJob, state: &str, fault: Option<&Fault>) -> Result<(), Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let ended = state != "parked";
        let lane: Option<Vec<u8>> = sqlx::query_scalar(
            "UPDATE jobs SET state = ?, tries = tries + 1, reason = ?, done_at = ? WHERE id = ? RETURNING lane",
        )
        .bind(state)
        .bind(fault.map(|fault| fault.error.as_str()))
        .bind(ended.then_some(now))
        .bind(job.id)
        .fetch_one(&mut *tx)
        .await?;
        if let Some(fault) = fault {
            remember(&mut tx, job.id, fault, now).await?;
        }
        if let (Some(serial), Some(rev), "completed") = (job.serial, job.rev, state) {
            sqlx::query("UPDATE cards SET sent_rev = max(sent_rev, ?) WHERE serial = ?")
                .bind(rev)
                .bind(&serial.0[..])
                .execute(&mut *tx)
                .await?;
        }
        if job.order_row.is_none() && ended {
            // a notice of its own: with its delivery its content goes
            sqlx::query("DELETE FROM payloads WHERE id = ?")
                .bind(job.payload)
                .execute(&mut *tx)
                .await?;
        }
        if let Some(order_row) = job.order_row {
            settle_order(&mut tx, order_row, now).await?;
        }
        if let Some(lane) = lane {
            release(&mut tx, &lane).await?;
        }
        tx.commit().await?;
        self.changed();
        Ok(())
    }

    /// Not now: again in `wait` milliseconds.
    pub(super) async fn retry_later(
        &self,
        job: &ClaimedJob,
        fault: &Fault,
        wait: i64,
    ) -> Result<(), Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        sqlx::query("UPDATE jobs SET state = 'available', tries = tries + 1, due = ? WHERE id = ?")
            .bind(self.uptime().saturating_add(wait))
            .bind(job.id)
            .execute(&mut *tx)
            .await?;
        remember(&mut tx, job.id, fault, now).await?;
        tx.commit().await?;
        self.0.counted.notify_one();
        Ok(())
    }

    /// Makes everything that waits for its next try due now.
    pub(super) async fn hurry_all(&self) -> Result<(), Error> {
        sqlx::query("UPDATE jobs SET due = 0 WHERE state = 'available' AND due > 0")
            .execute(self.0.store.writer())
            .await?;
        self.0.work.notify_one();
        Ok(())
    }

    /// Nothing is waiting or on its way.
    pub(super) async fn is_drained(&self) -> Result<bool, Error> {
        let left: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'available')
                 OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running')",
        )
        .fetch_one(self.0.store.reader())
        .await?;
        Ok(!left)
    }

    /// Counts anew what waits, for the screen.
    pub(super) async fn count(&self) -> Result<(), Error> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT state, count(*), min(created_at) FROM orders WHERE state IN ('waiting', 'parked') GROUP BY state",
        )
        .fetch_all(self.0.store.reader())
        .await?;
        let mut backlog = Backlog::default();
        let mut oldest: Option<i64> = None;
        for (state, count, created) in rows {
            let count = journal::unsigned(count);
            match state.as_str() {
                "waiting" => backlog.waiting = count,
                _ => backlog.parked = count,
            }
            oldest = Some(oldest.map_or(created, |known| known.min(created)));
        }
        // whole seconds: the screen need not be told more often
        backlog.oldest = oldest.map(|created| {
            let age = self.now().saturating_sub(created).max(0) / 1000;
            std::time::Duration::from_secs(journal::unsigned(age))
        });
        self.0.backlog.send_if_modified(|known| {
            let changed = *known != backlog;
            *known = backlog;
            changed
        });
        Ok(())
    }

    /// How many orders and cards are in which state.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, count(*) FROM orders GROUP BY state
             UNION ALL SELECT 'card ' || outcome, count(*) FROM cards GROUP BY outcome",
        )
        .fetch_all(self.0.store.reader())
        .await?;
        let mut counts = Counts::default();
        for (state, count) in rows {
            let place = match state.as_str() {
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
            *place = journal::unsigned(count);
        }
        Ok(counts)
    }
}

/// Keeps what became of a try; of many, the newest.
async fn remember(
    tx: &mut Transaction<'_, Sqlite>,
    job: i64,
    fault: &Fault,
    now: i64,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO tries (job, at, status, error) VALUES (?, ?, ?, ?)")
        .bind(job)
        .bind(now)
        .bind(fault.status)
        .bind(&fault.error)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "DELETE FROM tries WHERE job = ?1 AND id NOT IN (
            SELECT id FROM tries WHERE job = ?1 ORDER BY id DESC LIMIT ?2)",
    )
    .bind(job)
    .bind(TRIES_KEPT)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
