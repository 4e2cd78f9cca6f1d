//! Exports orders while the portal cannot be reached: one line of JSON for each order, its parts sealed to the receiver
//! or, without one, by the booth's key as they are in the store.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Error, Keyring, Outbox, columns, payload::SealedRow, seal};
use common::{
    KeySource,
    order::{OrderId, Private},
};
use portal::seal::{Receiver, ReceiverSecret, context};

/// An exported order. It names its person nowhere in clear text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exported {
    pub order_id: OrderId,
    /// Its state at the booth.
    pub state: String,
    pub parts: Vec<ExportedPart>,
}

/// One part of an exported order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedPart {
    /// `order`, `photo` or `card/SERIAL`.
    pub part: String,
    /// The part's own key, sealed by the booth's. `None` when the part is sealed to the receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<Wrapped>,
    /// Base64.
    pub sealed: String,
}

/// A part's own key, sealed by one of the booth's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wrapped {
    /// The name of the booth's key, base64.
    pub by: String,
    /// Base64.
    pub key: String,
}

/// What opens an export.
#[derive(Debug)]
pub enum Opener {
    Receiver(ReceiverSecret),
    Booth(Keyring),
}

impl Opener {
    /// An opener with the booth's own keys.
    ///
    /// # Errors
    /// [`Error::Key`] when the keyring is missing or cannot be read.
    pub fn booth(source: &KeySource) -> Result<Self, Error> {
        Keyring::load(source)?
            .map(Self::Booth)
            .ok_or_else(|| super::KeyError::Missing(source.clone()).into())
    }

    /// Opens one part.
    ///
    /// # Errors
    /// [`seal::NotOurs`] when the part is damaged or sealed with another key.
    pub fn open(
        &self,
        order: OrderId,
        part: &ExportedPart,
    ) -> Result<Private<Vec<u8>>, seal::NotOurs> {
        let bytes = |text: &str| BASE64.decode(text).map_err(|_| seal::NotOurs);
        let (context, sealed) = (context(order, &part.part), bytes(&part.sealed)?);
        match (self, &part.wrapped) {
            (Self::Receiver(secret), None) => secret.open(&context, &sealed),
            (Self::Booth(keys), Some(wrapped)) => {
                let key = keys.unwrap(&bytes(&wrapped.by)?, &context, &bytes(&wrapped.key)?)?;
                seal::open(&key, &context, &sealed)
            }
            _ => Err(seal::NotOurs),
        }
    }
}

impl Outbox {
    /// One order with the parts that are not erased, sealed to `to` or by the booth's key. `None` when the store does not
    /// have it.
    ///
    /// # Errors
    /// [`Error::Sealed`] when the booth's key does not open a part; [`Error::Store`] when the store fails.
    pub async fn export(
        &self,
        id: OrderId,
        to: Option<&Receiver>,
    ) -> Result<Option<Exported>, Error> {
        let row = sqlx::query("SELECT id, state FROM orders WHERE order_id = ?")
            .bind(&id.0.as_bytes()[..])
            .fetch_optional(self.0.store.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (order_row, state): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let rows: Vec<SealedRow> = sqlx::query_as(
            "SELECT key_id, wrapped, sealed, field FROM payloads
             WHERE order_row = ? AND field IN ('order', 'photo') ORDER BY id",
        )
        .bind(order_row)
        .fetch_all(self.0.store.reader())
        .await?;
        let mut parts = Vec::new();
        for row in rows {
            let (field, sealed) = (row.field, row.sealed);
            let wrapped = row.key_id.zip(row.wrapped);
            parts.push(match (to, wrapped) {
                (Some(to), Some((by, key))) => {
                    let context = context(id, &field);
                    let key = self.0.keys.unwrap(&by, &context, &key)?;
                    let plain = seal::open(&key, &context, &sealed)?;
                    part(field, None, &to.seal(&context, &plain))
                }
                (_, wrapped) => part(field, wrapped, &sealed),
            });
        }
        let serials: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT serial FROM cards WHERE order_row = ? AND outcome <> 'open'",
        )
        .bind(order_row)
        .fetch_all(self.0.store.reader())
        .await?;
        for bytes in serials {
            let serial = columns::serial(bytes)?;
            let Some(card) = self.card_row(serial).await? else {
                continue;
            };
            let plain = Private::new(serde_json::to_vec(&card).expect("a card's row is plain"));
            let field = format!("card/{serial}");
            parts.push(match to {
                Some(to) => part(field.clone(), None, &to.seal(&context(id, &field), &plain)),
                None => {
                    let payload = self.seal(id, &field, &plain);
                    let wrapped = payload.key.map(|(by, key)| (by.to_vec(), key));
                    part(field, wrapped, &payload.sealed)
                }
            });
        }
        Ok(Some(Exported {
            order_id: id,
            state,
            parts,
        }))
    }
}

fn part(part: String, wrapped: Option<(Vec<u8>, Vec<u8>)>, sealed: &[u8]) -> ExportedPart {
    ExportedPart {
        part,
        wrapped: wrapped.map(|(by, key)| Wrapped {
            by: BASE64.encode(by),
            key: BASE64.encode(key),
        }),
        sealed: BASE64.encode(sealed),
    }
}
