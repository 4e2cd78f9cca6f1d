//! The sealed parts of the store: every order, photo, chip number and notice is a payload with a key of its own.

use sqlx::{Sqlite, Transaction};

use super::{Error, Outbox, seal};
use common::order::{Order, OrderId, Private};
use portal::seal::context;

impl Outbox {
    /// The order and photo of an order whose card may still have to be drawn. `None` once they are erased, and always when
    /// they are sealed to the receiver.
    ///
    /// # Errors
    /// [`Error::Sealed`] when the booth's key does not open them; [`Error::Store`] when the store fails or is damaged.
    pub async fn read(&self, id: OrderId) -> Result<Option<(Order, Private<Vec<u8>>)>, Error> {
        let order = self.open_payload(id, "order").await?;
        let photo = self.open_payload(id, "photo").await?;
        match (order, photo) {
            (Some(order), Some(photo)) => {
                let order = serde_json::from_slice(&order)
                    .map_err(|error| store::Error::Damaged(format!("order {id}: {error}")))?;
                Ok(Some((order, photo)))
            }
            _ => Ok(None),
        }
    }

    /// Seals a part that is sent: to the receiver where there is one, else by the booth's key.
    pub(super) fn seal_to_send(&self, order: OrderId, field: &str, plain: &[u8]) -> Payload {
        match &self.0.receiver {
            Some(receiver) => Payload {
                key: None,
                sealed: receiver.seal(&context(order, field), plain),
            },
            None => self.seal(order, field, plain),
        }
    }

    /// Seals a part of an order by the booth's key.
    pub(super) fn seal(&self, order: OrderId, field: &str, plain: &[u8]) -> Payload {
        self.seal_for(Some(order), field, plain)
    }

    /// Seals a part of an order, or of a notice when there is none, by the booth's key.
    pub(super) fn seal_for(&self, order: Option<OrderId>, field: &str, plain: &[u8]) -> Payload {
        let key = seal::fresh_key();
        let context = payload_context(order, field);
        let wrapped = self.0.keys.wrap(&key, &context);
        Payload {
            key: Some((self.0.keys.newest(), wrapped)),
            sealed: seal::seal(&key, &context, plain),
        }
    }

    pub(super) async fn open_payload(
        &self,
        id: OrderId,
        field: &str,
    ) -> Result<Option<Private<Vec<u8>>>, Error> {
        let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT key_id, wrapped, sealed FROM payloads JOIN orders ON orders.id = order_row
             WHERE order_id = ? AND field = ? AND wrapped IS NOT NULL",
        )
        .bind(&id.0.as_bytes()[..])
        .bind(field)
        .fetch_optional(self.0.store.reader())
        .await?;
        let Some((key_id, wrapped, sealed)) = row else {
            return Ok(None);
        };
        let context = context(id, field);
        let key = self.0.keys.unwrap(&key_id, &context, &wrapped)?;
        Ok(Some(seal::open(&key, &context, &sealed)?))
    }
}

/// What a payload is bound to. A payload without an order is a notice.
pub(super) fn payload_context(order: Option<OrderId>, field: &str) -> Vec<u8> {
    match order {
        Some(order) => context(order, field),
        None => format!("notice:{field}:v1").into_bytes(),
    }
}

/// Sealed bytes that are not in the store yet.
pub(super) struct Payload {
    /// The name of the booth's key, and the payload's own key wrapped by it. `None` when only the receiver opens it.
    pub(super) key: Option<([u8; 8], Vec<u8>)>,
    pub(super) sealed: Vec<u8>,
}

/// A row of `payloads`.
pub(super) struct SealedRow {
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) wrapped: Option<Vec<u8>>,
    pub(super) sealed: Vec<u8>,
    pub(super) field: String,
}

impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for SealedRow {
    fn from_row(row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
        use sqlx::Row as _;
        Ok(Self {
            key_id: row.try_get("key_id")?,
            wrapped: row.try_get("wrapped")?,
            sealed: row.try_get("sealed")?,
            field: row.try_get("field")?,
        })
    }
}

impl Payload {
    /// Writes the payload in place of an older one of the same order and field. Returns the row's id.
    pub(super) async fn insert(
        self,
        tx: &mut Transaction<'_, Sqlite>,
        order: Option<i64>,
        field: &str,
    ) -> Result<i64, Error> {
        let (key_id, wrapped) = self.key.unzip();
        let done = sqlx::query(
            "INSERT INTO payloads (order_row, field, key_id, wrapped, sealed) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (order_row, field) DO UPDATE SET
                key_id = excluded.key_id, wrapped = excluded.wrapped, sealed = excluded.sealed
             RETURNING id",
        )
        .bind(order)
        .bind(field)
        .bind(key_id.map(|id| id.to_vec()))
        .bind(wrapped)
        .bind(self.sealed)
        .fetch_one(&mut **tx)
        .await?;
        Ok(sqlx::Row::get(&done, 0))
    }
}
