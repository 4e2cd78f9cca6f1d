//! Checks of the whole store: SQLite's integrity, the journal's rules, the books, and whether each sealed part opens.

use std::path::PathBuf;

use serde::Serialize;
use sqlx::Row as _;
use tokio::sync::watch;

use crate::{Books, Counts, Error, Outbox, columns, payload::payload_context, seal};
use common::health::Attention;

/// What a check of the whole store found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Damage that SQLite's own check found; empty when there is none.
    pub damage: Vec<String>,
    /// Sealed parts that do not open with the booth's key.
    pub unreadable: u64,
    /// Rules of the journal that the rows break; empty when there are none.
    pub broken_rules: Vec<String>,
    pub books: Vec<Books>,
    pub counts: Counts,
    /// Cards whose outcome a person must decide.
    pub undecided: u64,
    /// An order waits for longer than the site allows (`alarm_days`).
    pub overdue: bool,
    /// Damaged stores that were put aside and lie beside this one.
    #[serde(rename = "setAside")]
    pub quarantined: Vec<PathBuf>,
}

impl Findings {
    /// Whether nothing is wrong with the store itself. Undecided cards and parked orders are work to do, not damage.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
            && self.unreadable == 0
            && self.broken_rules.is_empty()
            && self.quarantined.is_empty()
            && !self.overdue
            && self.books.iter().all(|books| books.unexplained() == 0)
    }
}

impl Outbox {
    /// Checks everything: SQLite's integrity, the rules of the journal, the books, and whether each sealed part opens.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be read. Damage that is found is no error but a finding.
    pub async fn check(&self) -> Result<Findings, Error> {
        let damage = self.0.store.check(false).await?;
        Ok(Findings {
            unreadable: self.unreadable().await?,
            broken_rules: self.broken_rules().await?,
            books: self.books().await?,
            counts: self.counts().await?,
            undecided: self.undecided().await?.len() as u64,
            overdue: self.is_overdue(),
            quarantined: store::quarantined_beside(&self.0.settings.store)?,
            damage,
        })
    }

    /// What staff must learn of while the booth runs, as far as it is cheap to look for.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or its folder cannot be read.
    pub async fn attention(&self) -> Result<Attention, Error> {
        let books = self.books().await?;
        let differing = books.iter().map(|books| books.unexplained().unsigned_abs());
        Ok(Attention {
            set_aside: store::quarantined_beside(&self.0.settings.store)?.len() as u64,
            unexplained: differing.sum(),
            overdue: self.is_overdue(),
        })
    }

    async fn unreadable(&self) -> Result<u64, Error> {
        const AT_ONCE: i64 = 100;
        let (mut last, mut unreadable) = (0, 0);
        loop {
            let rows = sqlx::query(
                "SELECT payloads.id, key_id, wrapped, sealed, field, order_id
                 FROM payloads LEFT JOIN orders ON orders.id = order_row
                 WHERE key_id IS NOT NULL AND payloads.id > ? ORDER BY payloads.id LIMIT ?",
            )
            .bind(last)
            .bind(AT_ONCE)
            .fetch_all(self.0.store.reader())
            .await?;
            let Some(end) = rows.last() else {
                return Ok(unreadable);
            };
            last = end.try_get(0)?;
            for row in &rows {
                let order: Option<Vec<u8>> = row.try_get(5)?;
                let order = order.map(columns::order_id).transpose()?;
                let context = payload_context(order, row.try_get(4)?);
                let opened = self
                    .0
                    .keys
                    .unwrap(row.try_get(1)?, &context, row.try_get(2)?)
                    .and_then(|key| seal::open(&key, &context, row.try_get(3).unwrap_or(&[])));
                unreadable += u64::from(opened.is_err());
            }
        }
    }

    /// Rules that no statement of this crate breaks, but that an edited or damaged file may break.
    async fn broken_rules(&self) -> Result<Vec<String>, Error> {
        let mut broken = Vec::new();
        for (rule, query) in [
            (
                "orders have more than one valid serial",
                "SELECT count(*) FROM (SELECT 1 FROM cards WHERE outcome <> 'void' GROUP BY order_row HAVING count(*) > 1)",
            ),
            (
                "orders wait that have nothing to send and no card under way",
                "SELECT count(*) FROM orders o WHERE state = 'waiting'
                 AND NOT EXISTS (SELECT 1 FROM jobs WHERE order_row = o.id AND state IN ('held', 'available', 'running'))
                 AND NOT EXISTS (SELECT 1 FROM cards WHERE order_row = o.id AND closed = 0)",
            ),
            (
                "orders count as delivered with parts unsent",
                "SELECT count(*) FROM orders o WHERE state = 'delivered'
                 AND EXISTS (SELECT 1 FROM jobs WHERE order_row = o.id AND state NOT IN ('completed', 'discarded'))",
            ),
            (
                "unsent parts have nothing left to send",
                "SELECT count(*) FROM jobs WHERE part <> 'card' AND payload IS NULL
                 AND state IN ('held', 'available', 'running', 'parked')",
            ),
            (
                "persons have orders that wait for nothing",
                "SELECT count(*) FROM (SELECT lane FROM jobs j WHERE lane IS NOT NULL
                    AND state IN ('held', 'available', 'running')
                    AND NOT EXISTS (SELECT 1 FROM jobs p WHERE p.order_row = j.order_row AND p.part = 'order' AND p.state = 'parked')
                    GROUP BY lane HAVING sum(state IN ('available', 'running')) = 0)",
            ),
            (
                "rows point to rows that are not there",
                "SELECT count(*) FROM pragma_foreign_key_check",
            ),
        ] {
            let count: i64 = sqlx::query_scalar(query)
                .fetch_one(self.0.store.reader())
                .await?;
            if count > 0 {
                broken.push(format!("{count} {rule}"));
            }
        }
        Ok(broken)
    }

    /// What the daily check found wrong with the file; `None` while it is sound. A damaged store is quarantined at the next
    /// start.
    pub fn damage(&self) -> watch::Receiver<Option<String>> {
        self.0.damage.subscribe()
    }

    /// Checks the whole file when the last such check is a day old. [`Outbox::damage`] publishes what is found.
    pub(crate) async fn daily_check(&self) -> Result<(), Error> {
        const DAY: i64 = 24 * 3600 * 1000;
        let last: Option<i64> =
            sqlx::query_scalar("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'checked'")
                .fetch_optional(self.0.store.reader())
                .await?;
        let now = self.now();
        // A last check in the future means that the clock was set back. It must not delay the next check for long.
        if last.is_some_and(|last| (0..DAY).contains(&now.saturating_sub(last))) {
            return Ok(());
        }
        let faults = self.0.store.check(false).await?;
        if !faults.is_empty() {
            store::mark_suspect(&self.0.settings.store)?;
            let why = faults.join("; ");
            tracing::error!("the store is damaged and is put aside at the next start: {why}");
            self.0.damage.send_replace(Some(why));
        }
        sqlx::query(
            "INSERT OR REPLACE INTO meta (name, value) VALUES ('checked', CAST(? AS BLOB))",
        )
        .bind(now.to_string())
        .execute(self.0.store.writer())
        .await?;
        Ok(())
    }
}
