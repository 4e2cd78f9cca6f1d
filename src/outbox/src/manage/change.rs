//! Changes that staff make: retry, hold back, discard.

use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use crate::{Error, Outbox, columns, jobs, journal::Broken};
use common::order::OrderId;

impl Outbox {
    /// Sends parked parts again, of one order or, with `None`, of all orders and notices. Returns how many.
    ///
    /// # Errors
    /// [`Error::NoOrder`] when the store does not have the order; [`Error::Store`] when it fails.
    pub async fn retry(&self, id: Option<OrderId>) -> Result<u64, Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let row = match id {
            Some(id) => Some(order_row(&mut tx, id).await?),
            None => None,
        };
        let freed = sqlx::query(
            "UPDATE jobs SET state = CASE WHEN lane IS NULL THEN 'available' ELSE 'held' END, reason = NULL, due = 0
             WHERE state = 'parked' AND (?1 IS NULL OR order_row = ?1) RETURNING order_row, lane",
        )
        .bind(row)
        .fetch_all(&mut *tx)
        .await?;
        settle_changed(&mut tx, &freed, now).await?;
        tx.commit().await?;
        self.make_all_due().await?;
        self.changed();
        Ok(freed.len() as u64)
    }

    /// Holds an order's unsent parts back until [`Outbox::retry`]; `reason` is in staff's own words. Returns how many.
    ///
    /// # Errors
    /// [`Error::NoOrder`] when the store does not have the order; [`Error::Store`] when it fails.
    pub async fn hold_back(&self, id: OrderId, reason: &str) -> Result<u64, Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let row = order_row(&mut tx, id).await?;
        let held = sqlx::query(
            "UPDATE jobs SET state = 'parked', reason = ?2
             WHERE order_row = ?1 AND state IN ('held', 'available') RETURNING order_row, lane",
        )
        .bind(row)
        .bind(reason)
        .fetch_all(&mut *tx)
        .await?;
        settle_changed(&mut tx, &held, now).await?;
        tx.commit().await?;
        self.changed();
        Ok(held.len() as u64)
    }

    /// Discards an order and erases what names its person at once, whatever the retention times are. An order that the
    /// portal has not acknowledged is discarded only with `undelivered`.
    ///
    /// # Errors
    /// [`Broken::Undecided`] while its card is undecided; [`Error::NotDelivered`] without `undelivered`;
    /// [`Error::NoOrder`] when the store does not have the order; [`Error::Store`] when it fails.
    pub async fn purge(&self, id: OrderId, undelivered: bool) -> Result<(), Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let row = order_row(&mut tx, id).await?;
        let open: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT serial FROM cards WHERE order_row = ? AND outcome IN ('open', 'unknown')",
        )
        .bind(row)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(serial) = open {
            let serial = columns::serial(serial)?;
            return Err(Broken::Undecided { order: id, serial }.into());
        }
        let state: String = sqlx::query_scalar("SELECT state FROM orders WHERE id = ?")
            .bind(row)
            .fetch_one(&mut *tx)
            .await?;
        if !undelivered && !matches!(state.as_str(), "delivered" | "discarded") {
            return Err(Error::NotDelivered(id));
        }
        let discarded = sqlx::query(
            "UPDATE jobs SET state = 'discarded', reason = NULL, done_at = ?2
             WHERE order_row = ?1 AND state IN ('held', 'available', 'running', 'parked') RETURNING order_row, lane",
        )
        .bind(row)
        .bind(now)
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query("UPDATE cards SET closed = 1 WHERE order_row = ?")
            .bind(row)
            .execute(&mut *tx)
            .await?;
        settle_changed(&mut tx, &discarded, now).await?;
        self.erase(&mut tx, row, now).await?;
        tx.commit().await?;
        self.0.store.checkpoint().await?;
        self.changed();
        Ok(())
    }
}

/// Writes the state of the orders, and makes the next job of the lanes available, whose jobs (`order_row`, `lane`) changed.
async fn settle_changed(
    tx: &mut Transaction<'_, Sqlite>,
    changed: &[SqliteRow],
    now: i64,
) -> Result<(), Error> {
    let mut orders: Vec<i64> = Vec::new();
    let mut lanes: Vec<Vec<u8>> = Vec::new();
    for row in changed {
        orders.extend(row.try_get::<Option<i64>, _>(0)?);
        lanes.extend(row.try_get::<Option<Vec<u8>>, _>(1)?);
    }
    orders.sort_unstable();
    orders.dedup();
    lanes.sort_unstable();
    lanes.dedup();
    for order in orders {
        jobs::settle_order(tx, order, now).await?;
    }
    for lane in lanes {
        jobs::release(tx, &lane).await?;
    }
    Ok(())
}

async fn order_row(tx: &mut Transaction<'_, Sqlite>, id: OrderId) -> Result<i64, Error> {
    sqlx::query_scalar("SELECT id FROM orders WHERE order_id = ?")
        .bind(&id.0.as_bytes()[..])
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NoOrder(id))
}
