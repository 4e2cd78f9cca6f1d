//! A look at the store of a running portal, and changes that staff of a portal would make: for tests, for `rehearse`, and
//! for the staff of a trial run.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::Row as _;

use super::{App, answer::Problem, records};
use common::order::{CardRow, Order, OrderId, Outcome, Serial};

/// A handle on a running portal.
#[derive(Debug, Clone)]
pub struct Control(Arc<App>);

/// How much is in the portal's store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub orders: u64,
    pub photos: u64,
    /// Rows of cards, one for each serial.
    pub cards: u64,
    /// The cards that are valid.
    pub valid: u64,
    pub blocks: u64,
    pub incidents: u64,
}

/// One order in the portal's store.
#[derive(Debug, Clone)]
pub struct OrderView {
    pub order: Order,
    pub state: String,
    pub reason: Option<String>,
    /// SHA-256 of the photo, once it was received.
    pub photo: Option<String>,
    pub cards: Vec<CardView>,
}

/// One card in the portal's store.
#[derive(Debug, Clone)]
pub struct CardView {
    pub serial: Serial,
    pub status: String,
    pub row: CardRow,
}

/// The portal's store failed.
#[derive(Debug, thiserror::Error)]
#[error("the portal's store failed: {0}")]
pub struct Failed(String);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(format!("{problem:?}"))
    }
}

impl Control {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self(app)
    }

    /// How much is in the store.
    ///
    /// # Errors
    /// When the store fails or a row of it is damaged.
    pub async fn totals(&self) -> Result<Totals, Failed> {
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM photos), (SELECT count(*) FROM cards),
                (SELECT count(*) FROM cards WHERE status IN ('printed', 'active')),
                (SELECT count(*) FROM blocks), (SELECT count(*) FROM incidents)",
        )
        .fetch_one(self.0.records.store.reader())
        .await?;
        let number = |at: usize| row.try_get::<i64, _>(at).map(i64::cast_unsigned);
        Ok(Totals {
            orders: number(0)?,
            photos: number(1)?,
            cards: number(2)?,
            valid: number(3)?,
            blocks: number(4)?,
            incidents: number(5)?,
        })
    }

    /// The ids of all orders in the order of their arrival.
    ///
    /// # Errors
    /// When the store fails or a row of it is damaged.
    pub async fn orders(&self) -> Result<Vec<OrderId>, Failed> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT order_id FROM orders ORDER BY received_at, rowid")
                .fetch_all(self.0.records.store.reader())
                .await?;
        Ok(rows
            .into_iter()
            .map(records::order_id)
            .collect::<Result<_, _>>()?)
    }

    /// An order with its cards; `None` when the portal does not have it.
    ///
    /// # Errors
    /// When the store fails or a row of it is damaged.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderView>, Failed> {
        let row = sqlx::query(
            "SELECT body, state, reason, (SELECT hex(sha256) FROM photos WHERE photos.order_id = orders.order_id)
             FROM orders WHERE order_id = ?",
        )
        .bind(&id.0.as_bytes()[..])
        .fetch_optional(self.0.records.store.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let cards = sqlx::query(
            "SELECT serial, status, body FROM cards WHERE order_id = ? ORDER BY at, serial",
        )
        .bind(&id.0.as_bytes()[..])
        .fetch_all(self.0.records.store.reader())
        .await?;
        let cards = cards
            .iter()
            .map(|card| {
                let serial: Vec<u8> = card.try_get(0)?;
                let serial = <[u8; 8]>::try_from(serial)
                    .map_err(|_| Failed("a serial is not 8 bytes".to_owned()))?;
                Ok(CardView {
                    serial: Serial(serial),
                    status: card.try_get(1)?,
                    row: serde_json::from_slice(card.try_get(2)?)?,
                })
            })
            .collect::<Result<_, Failed>>()?;
        Ok(Some(OrderView {
            order: serde_json::from_slice(row.try_get(0)?)?,
            state: row.try_get(1)?,
            reason: row.try_get(2)?,
            photo: row
                .try_get::<Option<String>, _>(3)?
                .map(|hash| hash.to_ascii_lowercase()),
            cards,
        }))
    }

    /// The photo of an order; `None` before it was received.
    ///
    /// # Errors
    /// When the store fails or a row of it is damaged.
    pub async fn photo(&self, id: OrderId) -> Result<Option<Vec<u8>>, Failed> {
        Ok(
            sqlx::query_scalar("SELECT jpeg FROM photos WHERE order_id = ?")
                .bind(&id.0.as_bytes()[..])
                .fetch_optional(self.0.records.store.reader())
                .await?,
        )
    }

    /// Sets an order's state as staff of the portal would: approved, rejected, ready, handed over, void.
    ///
    /// # Errors
    /// When the store fails or a row of it is damaged.
    pub async fn set_state(
        &self,
        id: OrderId,
        state: &str,
        reason: Option<&str>,
    ) -> Result<(), Failed> {
        let mut tx = self.0.records.store.write().await?;
        let now = Timestamp::now().as_millisecond();
        records::set_state(&mut tx, id, state, reason, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn close(&self) {
        self.0.records.store.close().await;
    }
}

impl OrderView {
    /// The card of this order that was printed, if exactly one was.
    pub fn printed(&self) -> Option<&CardView> {
        let mut printed = self
            .cards
            .iter()
            .filter(|card| card.row.outcome == Outcome::Printed);
        let first = printed.next();
        first.filter(|_| printed.next().is_none())
    }
}
