//! Forgetting: what is delivered and no longer needed to print is erased, first by its key, then from the file.

use sqlx::{Row as _, Sqlite, Transaction};

use super::{Error, Outbox};

/// Orders erased in one transaction: a commit stays short.
const AT_ONCE: i64 = 200;

/// Orders that are done, whose card needs nothing of theirs any more.
pub(super) const ERASABLE: &str = "SELECT id FROM orders
     WHERE state IN ('delivered', 'discarded') AND erased_at IS NULL
     AND (delivered_at <= ? OR NOT EXISTS (
        SELECT 1 FROM cards WHERE order_row = orders.id AND outcome IN ('open', 'unknown', 'notPrinted')))
     LIMIT ?";

pub(super) const ERASE: &str = "DELETE FROM payloads WHERE order_row = ?";

impl Outbox {
    /// Erases names, photos and chip numbers of orders that are done, deletes bare rows past their time, and empties
    /// the WAL when anything was erased. Called by the worker now and then.
    pub(super) async fn tidy(&self) -> Result<(), Error> {
        // a read-back that never came: ten minutes are far past its limit in a visit
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

    /// Erases delivered orders whose card is settled: in a hand, void, made elsewhere, or unprinted for so long that
    /// nobody comes for it.
    async fn erase_some(&self) -> Result<u64, Error> {
        let now = self.now();
        let given_up = now.saturating_sub(days(self.0.settings.reprint_days));
        let mut tx = self.0.store.write().await?;
        let rows = sqlx::query(ERASABLE)
            .bind(given_up)
            .bind(AT_ONCE)
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            self.erase(&mut tx, row.try_get(0)?, now).await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Erases what names the person of one order: its keys with all that they seal, and whose it was.
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

    /// Deletes bare rows that are past their time, and what was said in notices.
    async fn delete_old(&self) -> Result<u64, Error> {
        let past = self.now().saturating_sub(days(self.0.settings.keep_days));
        let mut tx = self.0.store.write().await?;
        // from the oldest on, as far as all are past their time: a gap in the middle of the journal would look like cards
        // that nobody accounts for
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
