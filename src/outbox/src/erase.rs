//! Erasure: what is delivered and no longer needed to print is deleted, first its key, then its bytes in the file.

use sqlx::{Row as _, Sqlite, Transaction};

use super::{Error, Outbox};

/// Orders erased in one transaction; few, so that a commit of an order never waits long.
const AT_ONCE: i64 = 200;

/// Finished orders whose card does not need their parts any more.
pub(super) const ERASABLE: &str = "SELECT id FROM orders
     WHERE state IN ('delivered', 'discarded') AND erased_at IS NULL
     AND (delivered_at <= ? OR NOT EXISTS (
        SELECT 1 FROM cards WHERE order_row = orders.id AND outcome IN ('open', 'unknown', 'notPrinted')))
     LIMIT ?";

pub(super) const ERASE: &str = "DELETE FROM payloads WHERE order_row = ?";

impl Outbox {
    /// Erases names, photos and chip numbers of finished orders, deletes rows past their retention time, and empties the
    /// WAL when anything was deleted. The worker calls it every [`crate::worker::Policy::tidy`].
    pub(super) async fn tidy(&self) -> Result<(), Error> {
        // Ten minutes are far past the limit for a read-back within a visit.
        self.close_unread(self.now().saturating_sub(600_000))
            .await?;
        let mut erased = 0;
        loop {
            let some = self.erase_some().await?;
            erased += some;
            if some < AT_ONCE.cast_unsigned() {
                break;
            }
        }
        let gone = self.delete_old().await?;
        if erased > 0 || gone > 0 {
            self.0.store.checkpoint().await?;
        }
        Ok(())
    }

    /// Erases delivered orders whose card is with its holder, void, made elsewhere, or unprinted for `reprint_days`.
    async fn erase_some(&self) -> Result<u64, Error> {
        let now = self.now();
        let reprint_until = now.saturating_sub(days(self.0.settings.reprint_days));
        let mut tx = self.0.store.write().await?;
        let rows = sqlx::query(ERASABLE)
            .bind(reprint_until)
            .bind(AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            self.erase(&mut tx, row.try_get(0)?, now).await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Erases what names the person of one order: its sealed parts with their keys, and its lane.
    pub(super) async fn erase(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        order_row: i64,
        now: i64,
    ) -> Result<(), Error> {
        for statement in [ERASE, "UPDATE jobs SET lane = NULL WHERE order_row = ?"] {
            sqlx::query(statement)
                .bind(order_row)
                .execute(&mut **tx)
                .await?;
        }
        sqlx::query("UPDATE orders SET lane = NULL, erased_at = ? WHERE id = ?")
            .bind(now)
            .bind(order_row)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Deletes the rows of erased orders and of delivered notices that are past their retention time.
    async fn delete_old(&self) -> Result<u64, Error> {
        let past = self.now().saturating_sub(days(self.0.settings.keep_days));
        let mut tx = self.0.store.write().await?;
        // Rows are deleted from the oldest on and only up to the first one that is kept: a gap in the middle of the journal
        // would make the books differ from the printer's counter.
        let orders = sqlx::query(
            "WITH past AS (
                 SELECT id FROM orders WHERE erased_at IS NOT NULL AND coalesce(delivered_at, erased_at) <= ?
                 AND NOT EXISTS (SELECT 1 FROM cards WHERE order_row = orders.id AND outcome IN ('open', 'unknown'))
             )
             DELETE FROM orders WHERE id IN (SELECT id FROM past)
             AND id < coalesce((SELECT min(id) FROM orders WHERE id NOT IN (SELECT id FROM past)), id + 1)",
        )
        .bind(past)
        .execute(&mut *tx)
        .await?;
        let notices = sqlx::query("DELETE FROM jobs WHERE order_row IS NULL AND done_at <= ?")
            .bind(past)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(orders.rows_affected() + notices.rows_affected())
    }
}

fn days(days: u16) -> i64 {
    i64::from(days) * 24 * 3600 * 1000
}
