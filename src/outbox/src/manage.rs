//! What staff do with the store by hand: look, try again, hold back, give up, check. Beside a running booth or without.
//!
//! Nothing here names a person; what was sealed stays sealed.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use super::{
    Books, Counts, Error, Outbox, jobs,
    journal::{self, Broken},
};
use common::{
    health::Attention,
    order::{OrderId, Serial},
};

/// Which orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Waiting,
    Parked,
    Delivered,
    Discarded,
    All,
}

impl Which {
    fn state(self) -> Option<&'static str> {
        match self {
            Self::Waiting => Some("waiting"),
            Self::Parked => Some("parked"),
            Self::Delivered => Some("delivered"),
            Self::Discarded => Some("discarded"),
            Self::All => None,
        }
    }
}

/// One order in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    pub order_id: OrderId,
    /// What staff and holder say to each other.
    pub code: String,
    /// `waiting`, `parked`, `delivered` or `discarded`.
    pub state: String,
    /// `here` or `pickup`.
    pub delivery: String,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    /// Names, picture and chip number are gone.
    pub erased: bool,
    /// How often a part of it was sent.
    pub tries: i64,
    /// Why it is parked.
    pub reason: Option<String>,
}

/// One order with its parts and cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    #[serde(flatten)]
    pub order: Listed,
    pub parts: Vec<Part>,
    pub cards: Vec<CardShown>,
}

/// A part of an order on its way to the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// `order`, `photo` or `card`.
    pub part: String,
    pub serial: Option<Serial>,
    /// `held`, `available`, `running`, `completed`, `parked` or `discarded`.
    pub state: String,
    pub tries: i64,
    pub reason: Option<String>,
    /// What became of the last tries that did not succeed, oldest first.
    pub failures: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub at: Timestamp,
    /// The portal's status code, when it answered.
    pub status: Option<u16>,
    pub error: String,
}

/// A card that was, or may have been, made for the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CardShown {
    pub serial: Serial,
    /// `open` (being printed, or cut off in it), `printed`, `notPrinted`, `unknown` or `void`.
    pub outcome: String,
    pub fed: bool,
    pub code_read_back: bool,
    pub collected: bool,
    pub printer: String,
    pub rev: i64,
    /// The revision that the portal has acknowledged.
    pub sent_rev: i64,
}

/// What a look at the whole store found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Damage that SQLite's own check found; empty = none.
    pub damage: Vec<String>,
    /// Sealed parts that do not open with the booth's key.
    pub unreadable: u64,
    /// Rules of the journal that the rows break; empty = none.
    pub broken_rules: Vec<String>,
    pub books: Vec<Books>,
    pub counts: Counts,
    /// Cards that somebody must decide.
    pub undecided: u64,
    /// An order waits for longer than the site allows (`alarm_days`).
    pub overdue: bool,
    /// Stores that were damaged and put aside, beside this one.
    pub set_aside: Vec<PathBuf>,
}

impl Findings {
    /// Nothing is wrong with the store itself. Undecided cards and parked orders are work, not damage.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
            && self.unreadable == 0
            && self.broken_rules.is_empty()
            && self.set_aside.is_empty()
            && !self.overdue
            && self.books.iter().all(|books| books.unexplained() == 0)
    }
}

const LISTED: &str = "SELECT order_id, state, delivery, created_at, delivered_at, erased_at,
    (SELECT coalesce(sum(tries), 0) FROM jobs WHERE order_row = orders.id),
    (SELECT reason FROM jobs WHERE order_row = orders.id AND state = 'parked' ORDER BY id LIMIT 1), id
    FROM orders";

impl Outbox {
    /// The oldest `most` orders of a state.
    pub async fn list(&self, which: Which, most: u32) -> Result<Vec<Listed>, Error> {
        let query = format!("{LISTED} WHERE ?1 IS NULL OR state = ?1 ORDER BY id LIMIT ?2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(which.state())
            .bind(most)
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter().map(listed).collect()
    }

    /// The order that staff name: by its id, or by the code that the holder was shown.
    pub async fn find(&self, name: &str) -> Result<Option<OrderId>, Error> {
        let name = name.trim();
        let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT order_id FROM orders ORDER BY id DESC")
            .fetch_all(self.0.store.reader())
            .await?;
        for bytes in ids {
            let id = journal::order_id(bytes)?;
            if id.to_string().eq_ignore_ascii_case(name) || id.short().eq_ignore_ascii_case(name) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Everything about one order that is no secret.
    pub async fn show(&self, id: OrderId) -> Result<Option<Shown>, Error> {
        let query = format!("{LISTED} WHERE order_id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(&id.0.as_bytes()[..])
            .fetch_optional(self.0.store.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let order_row: i64 = row.try_get(8)?;
        Ok(Some(Shown {
            order: listed(&row)?,
            parts: self.parts(order_row).await?,
            cards: self.cards_shown(order_row).await?,
        }))
    }

    async fn parts(&self, order_row: i64) -> Result<Vec<Part>, Error> {
        let rows = sqlx::query(
            "SELECT id, part, serial, state, tries, reason FROM jobs WHERE order_row = ? ORDER BY id",
        )
        .bind(order_row)
        .fetch_all(self.0.store.reader())
        .await?;
        let mut parts = Vec::new();
        for row in &rows {
            let job: i64 = row.try_get(0)?;
            let failures: Vec<(i64, Option<u16>, String)> =
                sqlx::query_as("SELECT at, status, error FROM tries WHERE job = ? ORDER BY id")
                    .bind(job)
                    .fetch_all(self.0.store.reader())
                    .await?;
            let serial: Option<Vec<u8>> = row.try_get(2)?;
            parts.push(Part {
                part: row.try_get(1)?,
                serial: serial.map(journal::serial).transpose()?,
                state: row.try_get(3)?,
                tries: row.try_get(4)?,
                reason: row.try_get(5)?,
                failures: failures
                    .into_iter()
                    .map(|(at, status, error)| Failure {
                        at: time(at),
                        status,
                        error,
                    })
                    .collect(),
            });
        }
        Ok(parts)
    }

    async fn cards_shown(&self, order_row: i64) -> Result<Vec<CardShown>, Error> {
        let rows = sqlx::query(
            "SELECT serial, outcome, fed, code_read_back, collected, printer, rev, sent_rev FROM cards
             WHERE order_row = ? ORDER BY at, serial",
        )
        .bind(order_row)
        .fetch_all(self.0.store.reader())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(CardShown {
                    serial: journal::serial(row.try_get(0)?)?,
                    outcome: row.try_get(1)?,
                    fed: row.try_get(2)?,
                    code_read_back: row.try_get(3)?,
                    collected: row.try_get(4)?,
                    printer: row.try_get(5)?,
                    rev: row.try_get(6)?,
                    sent_rev: row.try_get(7)?,
                })
            })
            .collect()
    }

    /// Lets parked parts go again, of one order or, with `None`, of all and of notices too. Answers how many.
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
        touch(&mut tx, &freed, now).await?;
        tx.commit().await?;
        self.hurry_all().await?;
        self.changed();
        Ok(freed.len() as u64)
    }

    /// Holds an order's unsent parts back until [`Outbox::retry`]; `reason` in staff's own words. Answers how many.
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
        touch(&mut tx, &held, now).await?;
        tx.commit().await?;
        self.changed();
        Ok(held.len() as u64)
    }

    /// Gives an order up and erases what names its person: at once, whatever the retention says. One that the portal
    /// has not acknowledged goes only with `undelivered`; one whose card is undecided never does.
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
            let serial = journal::serial(serial)?;
            return Err(Broken::Undecided { order: id, serial }.into());
        }
        let state: String = sqlx::query_scalar("SELECT state FROM orders WHERE id = ?")
            .bind(row)
            .fetch_one(&mut *tx)
            .await?;
        if !undelivered && !matches!(state.as_str(), "delivered" | "discarded") {
            return Err(Error::NotDelivered(id));
        }
        let given_up = sqlx::query(
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
        touch(&mut tx, &given_up, now).await?;
        self.erase(&mut tx, row, now).await?;
        tx.commit().await?;
        self.0.store.checkpoint().await?;
        self.changed();
        Ok(())
    }

    /// Looks at everything: SQLite's own integrity check, the rules of the journal, the books, and whether each sealed
    /// part opens.
    pub async fn check(&self) -> Result<Findings, Error> {
        let damage = self.0.store.check(false).await?;
        Ok(Findings {
            unreadable: self.unreadable().await?,
            broken_rules: self.broken_rules().await?,
            books: self.books().await?,
            counts: self.counts().await?,
            undecided: self.undecided().await?.len() as u64,
            overdue: self.is_overdue(),
            set_aside: store::set_aside_beside(&self.0.settings.store)?,
            damage,
        })
    }

    /// What of it staff must hear of while the booth runs, and what it costs little to look for.
    pub async fn attention(&self) -> Result<Attention, Error> {
        let books = self.books().await?;
        let differing = books.iter().map(|books| books.unexplained().unsigned_abs());
        Ok(Attention {
            set_aside: store::set_aside_beside(&self.0.settings.store)?.len() as u64,
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
                let order = order.map(journal::order_id).transpose()?;
                let context = super::payload_context(order, row.try_get(4)?);
                let opened = self
                    .0
                    .keys
                    .unwrap(row.try_get(1)?, &context, row.try_get(2)?)
                    .and_then(|key| {
                        super::seal::open(&key, &context, row.try_get(3).unwrap_or(&[]))
                    });
                unreadable += u64::from(opened.is_err());
            }
        }
    }

    /// Rules that no statement here breaks; a file that was edited or damaged may.
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
}

/// Settles the orders and lets the lanes go whose jobs (`order_row`, `lane`) were changed.
async fn touch(
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

fn listed(row: &SqliteRow) -> Result<Listed, Error> {
    let order_id = journal::order_id(row.try_get(0)?)?;
    Ok(Listed {
        order_id,
        code: order_id.short(),
        state: row.try_get(1)?,
        delivery: row.try_get(2)?,
        created_at: time(row.try_get(3)?),
        delivered_at: row.try_get::<Option<i64>, _>(4)?.map(time),
        erased: row.try_get::<Option<i64>, _>(5)?.is_some(),
        tries: row.try_get(6)?,
        reason: row.try_get(7)?,
    })
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}
