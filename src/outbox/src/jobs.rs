//! Jobs: what is to be sent, in which order, and what became of it.
//!
//! States: `held` (an earlier job of the same person goes first), `available`, `running`, and the final ones `completed`,
//! `parked` (staff must look) and `discarded` (replaced by a newer revision, or discarded by staff). A job is claimed by
//! one UPDATE .. RETURNING, so that two workers can never send the same one.

use std::time::Duration;

use sqlx::{Row as _, Sqlite, Transaction};

use super::{
    Error, Outbox, columns,
    payload::{SealedRow, payload_context},
    seal,
};
use common::order::{OrderId, Private, Serial};
use portal::{Body, Message, Target};

/// How many of a job's failed tries are kept.
const TRIES_KEPT: i64 = 20;

/// A job that this worker has claimed and sends now.
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

/// Why a try did not succeed.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault {
    pub(super) status: Option<u16>,
    pub(super) error: String,
}

/// Adds a job. A job with a lane is held until [`release`] makes it available.
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

/// Makes the next job of a lane available unless another one of the lane is on its way. While an order is parked, its
/// photo and cards wait. A parked photo or card holds nothing back, so that the portal learns of a card that the holder has.
pub(super) async fn release(tx: &mut Transaction<'_, Sqlite>, lane: &[u8]) -> Result<(), Error> {
    sqlx::query(RELEASE).bind(lane).execute(&mut **tx).await?;
    Ok(())
}

/// Repeats the condition of the index `jobs_lane` word for word, because SQLite uses a partial index only then.
pub(super) const RELEASE: &str = "UPDATE jobs SET state = 'available', due = 0 WHERE id = (
        SELECT id FROM jobs j WHERE lane = ?1 AND state IN ('held', 'available', 'running') AND state = 'held'
         AND NOT EXISTS (
            SELECT 1 FROM jobs p WHERE p.order_row = j.order_row AND p.part = 'order' AND p.state = 'parked')
        ORDER BY id LIMIT 1)
     AND NOT EXISTS (
        SELECT 1 FROM jobs WHERE lane = ?1 AND state IN ('held', 'available', 'running') AND state <> 'held')";

/// Discards the unsent revisions of a card, because a newer one follows.
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
    /// Recovers from the last run: jobs that were being sent wait again, due times start anew, and cards whose read-back
    /// was cut off are sent as printed.
    pub(super) async fn rescue(&self) -> Result<(), Error> {
        self.send_again(Duration::ZERO).await?;
        self.make_all_due().await?;
        self.close_unread(i64::MAX).await?;
        self.void_unreadable().await
    }

    /// Makes every running job available again after `wait`. Only for a worker that has no request under way.
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
                    order: order.map(columns::order_id).transpose()?,
                    serial: serial.map(columns::serial).transpose()?,
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

    /// The message of a claimed job; `None` when a newer revision of the same card waits behind it.
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
            // Only the receiver can open it, so it is sent as it is.
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

    /// Ends a job that the portal has acknowledged.
    pub(super) async fn complete(&self, job: &ClaimedJob) -> Result<(), Error> {
        self.end(job, "completed", None).await
    }

    /// Ends a job that need not be sent any more.
    pub(super) async fn discard(&self, job: &ClaimedJob) -> Result<(), Error> {
        self.end(job, "discarded", None).await
    }

    /// Parks a job that the portal refused or that cannot be read. Staff decide what becomes of it; it is never deleted by
    /// itself.
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
            keep_fault(&mut tx, job.id, fault, now).await?;
        }
        if let (Some(serial), Some(rev), "completed") = (job.serial, job.rev, state) {
            sqlx::query("UPDATE cards SET sent_rev = max(sent_rev, ?) WHERE serial = ?")
                .bind(rev)
                .bind(&serial.0[..])
                .execute(&mut *tx)
                .await?;
        }
        if job.order_row.is_none() && ended {
            // A notice belongs to no order, so its content is deleted as soon as it is delivered.
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

    /// Makes a job due again in `wait` milliseconds.
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
        keep_fault(&mut tx, job.id, fault, now).await?;
        tx.commit().await?;
        self.0.counted.notify_one();
        Ok(())
    }

    /// Makes every job due now that waits for its next try.
    pub(super) async fn make_all_due(&self) -> Result<(), Error> {
        sqlx::query("UPDATE jobs SET due = 0 WHERE state = 'available' AND due > 0")
            .execute(self.0.store.writer())
            .await?;
        self.0.work.notify_one();
        Ok(())
    }
}

/// Writes why a try failed and deletes all but the newest such rows of the job.
async fn keep_fault(
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
