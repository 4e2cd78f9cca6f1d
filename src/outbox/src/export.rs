//! Taking orders out by hand, for a portal that stays away: one line of JSON for each order, its parts sealed to the
//! receiver or, without one, by the booth's key as they are in the store.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;

use super::{Error, Keyring, Outbox, SealedRow, journal, seal};
use common::{
    KeySource,
    order::{OrderId, Private},
};
use portal::seal::{Receiver, ReceiverSecret, context};

/// An order taken out; names its person nowhere in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exported {
    pub order_id: OrderId,
    /// Its state at the booth.
    pub state: String,
    pub parts: Vec<ExportedPart>,
}

/// `order`, `photo` or `card/SERIAL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExportedPart {
    pub part: String,
    /// The part's own key, sealed by the booth's; none when it is sealed to the receiver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<Wrapped>,
    /// Base64.
    pub sealed: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wrapped {
    /// Which of the booth's keys, base64.
    pub by: String,
    pub key: String,
}

/// What opens an export.
#[derive(Debug)]
pub enum Opener {
    Receiver(ReceiverSecret),
    Booth(Keyring),
}

impl Opener {
    /// The booth's own keys.
    pub fn booth(source: &KeySource) -> Result<Self, Error> {
        Keyring::load(source)?
            .map(Self::Booth)
            .ok_or_else(|| super::KeyError::Missing(source.clone()).into())
    }

    /// One part in clear.
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
    /// One order with what is left of it, sealed to `to` or by the booth's key.
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
            let serial = journal::serial(bytes)?;
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
