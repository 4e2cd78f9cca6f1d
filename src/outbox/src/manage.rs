//! What staff do with the store from the command line, beside a running booth or without one: list and show orders, retry,
//! hold back or discard them (`change`), and check the store (`check`).
//!
//! Nothing here names a person; what was sealed stays sealed.

mod change;
mod check;

pub use check::Findings;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{Row as _, sqlite::SqliteRow};

use super::{Error, Outbox, columns};
use common::order::{OrderId, Serial};

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
    /// The short code that staff and holder say to each other.
    pub code: String,
    /// `waiting`, `parked`, `delivered` or `discarded`.
    pub state: String,
    /// `here` or `pickup`.
    pub delivery: String,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    /// Names, photo and chip number are erased.
    pub erased: bool,
    /// How often parts of it were sent.
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
    /// The last tries that did not succeed, oldest first.
    pub failures: Vec<Failure>,
}

/// A try that did not succeed.
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

const LISTED: &str = "SELECT order_id, state, delivery, created_at, delivered_at, erased_at,
    (SELECT coalesce(sum(tries), 0) FROM jobs WHERE order_row = orders.id),
    (SELECT reason FROM jobs WHERE order_row = orders.id AND state = 'parked' ORDER BY id LIMIT 1), id
    FROM orders";

impl Outbox {
    /// The oldest `most` orders of a state.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
    pub async fn list(&self, which: Which, most: u32) -> Result<Vec<Listed>, Error> {
        let query = format!("{LISTED} WHERE ?1 IS NULL OR state = ?1 ORDER BY id LIMIT ?2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(which.state())
            .bind(most)
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter().map(listed).collect()
    }

    /// The order that staff name by its id or by the code that the holder was shown.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
    pub async fn find(&self, name: &str) -> Result<Option<OrderId>, Error> {
        let name = name.trim();
        let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT order_id FROM orders ORDER BY id DESC")
            .fetch_all(self.0.store.reader())
            .await?;
        for bytes in ids {
            let id = columns::order_id(bytes)?;
            if id.to_string().eq_ignore_ascii_case(name) || id.short().eq_ignore_ascii_case(name) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Everything about one order that is no secret; `None` when the store does not have it.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
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
                serial: serial.map(columns::serial).transpose()?,
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
                    serial: columns::serial(row.try_get(0)?)?,
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
}

fn listed(row: &SqliteRow) -> Result<Listed, Error> {
    let order_id = columns::order_id(row.try_get(0)?)?;
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
