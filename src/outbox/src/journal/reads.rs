//! What the journal answers.

use jiff::Timestamp;
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use super::{Broken, Card, Undecided, uid_field};
use crate::{
    Error, Outbox,
    columns::{order_id, outcome_named, serial, unsigned},
};
use common::order::{Attempt, CardRow, Commitment, OrderId, Serial};

const CARD: &str =
    "SELECT cards.order_row, orders.order_id, orders.lane, cards.serial, cards.outcome, cards.fed,
    cards.evidence, cards.code_read_back, cards.collected, cards.closed
    FROM cards JOIN orders ON orders.id = cards.order_row WHERE cards.serial = ?";

// Both queries repeat the condition of the index `cards_unsettled` word for word, because SQLite uses a partial index only
// then. A person waits for their answers.
pub(crate) const UNDECIDED: &str =
    "SELECT orders.order_id, cards.serial, a.printer, a.counter_before, a.outcome IS NULL
    FROM cards JOIN orders ON orders.id = cards.order_row
    JOIN attempts a ON a.id = (SELECT max(id) FROM attempts WHERE serial = cards.serial)
    WHERE (cards.outcome IN ('open', 'unknown', 'notPrinted') OR cards.closed = 0)
      AND cards.outcome IN ('open', 'unknown') ORDER BY a.id";
pub(crate) const PRINTABLE: &str =
    "SELECT orders.order_id, cards.serial, (SELECT max(id) FROM attempts WHERE serial = cards.serial)
    FROM cards JOIN orders ON orders.id = cards.order_row
    WHERE (cards.outcome IN ('open', 'unknown', 'notPrinted') OR cards.closed = 0)
      AND cards.outcome = 'notPrinted' AND cards.fed = 0 AND orders.erased_at IS NULL
      AND EXISTS (SELECT 1 FROM payloads p
        WHERE p.order_row = orders.id AND p.field = 'photo' AND p.wrapped IS NOT NULL)
      AND (?1 IS NULL OR orders.lane = ?1)
    ORDER BY orders.id DESC";

impl Card {
    pub(super) async fn find(
        tx: &mut Transaction<'_, Sqlite>,
        serial: Serial,
    ) -> Result<Option<Self>, Error> {
        let row = sqlx::query(CARD)
            .bind(&serial.0[..])
            .fetch_optional(&mut **tx)
            .await?;
        row.map(|row| Self::from_row(&row)).transpose()
    }

    pub(super) async fn of_order(
        tx: &mut Transaction<'_, Sqlite>,
        order: OrderId,
        serial: Serial,
    ) -> Result<Self, Error> {
        let card = Self::find(tx, serial).await?.ok_or(Error::NoCard(serial))?;
        if card.order == order {
            Ok(card)
        } else {
            Err(Broken::OtherOrder(serial).into())
        }
    }

    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            order_row: row.try_get(0)?,
            order: order_id(row.try_get(1)?)?,
            lane: row.try_get(2)?,
            serial: serial(row.try_get(3)?)?,
            outcome: outcome_named(row.try_get(4)?),
            fed: row.try_get(5)?,
            evidence: serde_json::from_str(row.try_get(6)?).unwrap_or_default(),
            code_read_back: row.try_get(7)?,
            collected: row.try_get(8)?,
            closed: row.try_get(9)?,
        })
    }
}

impl Outbox {
    /// Cards whose outcome is open, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
    pub async fn undecided(&self) -> Result<Vec<Undecided>, Error> {
        let rows = sqlx::query(UNDECIDED)
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Undecided {
                    order: order_id(row.try_get(0)?)?,
                    serial: serial(row.try_get(1)?)?,
                    printer: row.try_get(2)?,
                    counter_before: row.try_get::<Option<i64>, _>(3)?.map(unsigned),
                    cut_off: row.try_get(4)?,
                })
            })
            .collect()
    }

    /// Orders of this person whose card was not printed and may be printed now under its serial, newest first. It serves a
    /// holder who signs in again.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
    pub async fn printable(
        &self,
        idp: &str,
        subject: &str,
    ) -> Result<Vec<(OrderId, Attempt)>, Error> {
        self.printable_where(Some(self.lane(idp, subject))).await
    }

    /// Orders of all persons whose card was not printed and may be printed now, newest first. It serves an attendant.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails or a row of it is damaged.
    pub async fn all_printable(&self) -> Result<Vec<(OrderId, Attempt)>, Error> {
        self.printable_where(None).await
    }

    async fn printable_where(
        &self,
        lane: Option<[u8; 16]>,
    ) -> Result<Vec<(OrderId, Attempt)>, Error> {
        let rows = sqlx::query(PRINTABLE)
            .bind(lane.map(|lane| lane.to_vec()))
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter()
            .map(|row| {
                let id: i64 = row.try_get(2)?;
                let attempt = Attempt {
                    id: unsigned(id),
                    serial: serial(row.try_get(1)?)?,
                };
                Ok((order_id(row.try_get(0)?)?, attempt))
            })
            .collect()
    }

    /// A card's row as it is sent to the portal; `None` while the card is being printed.
    pub(crate) async fn card_row(&self, which: Serial) -> Result<Option<CardRow>, Error> {
        let row = sqlx::query(
            "SELECT rev, at, outcome, reason, fed, code_read_back, collected, printer, evidence, orders.order_id
             FROM cards JOIN orders ON orders.id = cards.order_row WHERE serial = ?",
        )
        .bind(&which.0[..])
        .fetch_optional(self.0.store.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(outcome) = outcome_named(row.try_get(2)?) else {
            return Ok(None);
        };
        let uid = self
            .open_payload(order_id(row.try_get(9)?)?, &uid_field(which))
            .await?
            .and_then(|plain| serde_json::from_slice(&plain).ok());
        Ok(Some(CardRow {
            rev: row.try_get(0)?,
            at: Timestamp::from_millisecond(row.try_get(1)?).unwrap_or_default(),
            outcome,
            reason: row.try_get(3)?,
            fed: row.try_get(4)?,
            uid,
            code_read_back: row.try_get(5)?,
            collected: row.try_get(6)?,
            printer: row.try_get(7)?,
            evidence: serde_json::from_str(row.try_get(8)?).unwrap_or_default(),
        }))
    }
}

/// The order's commitment; `None` when the order is not in the store yet.
pub(crate) async fn commitment(
    tx: &mut Transaction<'_, Sqlite>,
    order: OrderId,
) -> Result<Option<Commitment>, Error> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT id FROM orders WHERE order_id = ?")
        .bind(&order.0.as_bytes()[..])
        .fetch_optional(&mut **tx)
        .await?;
    let Some((row,)) = row else { return Ok(None) };
    let attempt: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT attempts.id, attempts.serial FROM attempts JOIN cards USING (serial)
         WHERE order_row = ? AND attempts.outcome IS NULL",
    )
    .bind(row)
    .fetch_optional(&mut **tx)
    .await?;
    let attempt = match attempt {
        Some((id, bytes)) => Some(Attempt {
            id: unsigned(id),
            serial: serial(bytes)?,
        }),
        None => None,
    };
    Ok(Some(Commitment { order, attempt }))
}
