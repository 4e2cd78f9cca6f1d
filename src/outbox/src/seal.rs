//! Sealing: whoever has only the store's file cannot read what waits in it.
//!
//! Every order, photo and chip number has a key of its own (32 random bytes). XChaCha20-Poly1305 seals it, bound to the
//! order and the field it belongs to, so that a sealed photo put in another order's place does not open. The key itself
//! is sealed ("wrapped") by the booth's key, which is not in the store. Deleting the wrapped key is the erasure: whatever
//! is left in old pages, backups or worn flash blocks cannot be opened any more.

mod keyring;

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sqlx::Row as _;
use zeroize::Zeroize;

pub use keyring::{KeyError, Keyring};
pub use portal::seal::NotOurs;

use common::{KeySource, order::Private};

/// Bytes of a nonce and of an authentication tag: what sealing adds.
const NONCE: usize = 24;
const TAG: usize = 16;

/// A key of 256 bits, wiped when dropped.
pub(super) type Key = Private<[u8; 32]>;

/// A fresh key from the system's random source.
pub(super) fn fresh_key() -> Key {
    let mut bytes: [u8; 32] = rand::random();
    let key = Private::new(bytes);
    bytes.zeroize();
    key
}

/// Seals `plain` under `key`, bound to `context`: nonce, cipher text, tag.
pub(super) fn seal(key: &Key, context: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE] = rand::random();
    let cipher = XChaCha20Poly1305::new(key.expose().into());
    let payload = Payload {
        msg: plain,
        aad: context,
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("encrypting fails only past 256 GB");
    let mut whole = Vec::with_capacity(NONCE + sealed.len());
    whole.extend_from_slice(&nonce);
    whole.extend_from_slice(&sealed);
    whole
}

/// Opens what [`seal`] made under the same key and context.
pub(super) fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Private<Vec<u8>>, NotOurs> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(NotOurs)?;
    if sealed.len() < TAG {
        return Err(NotOurs);
    }
    let payload = Payload {
        msg: sealed,
        aad: context,
    };
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Private::new)
        .map_err(|_| NotOurs)
}

/// The key in opened bytes.
fn key_from(bytes: &[u8]) -> Result<Key, NotOurs> {
    <[u8; 32]>::try_from(bytes)
        .map(Private::new)
        .map_err(|_| NotOurs)
}

/// Finds the key that opens this store and the key of the lanes. A new store gets both. A store whose key is missing or
/// another's is refused and stays unchanged.
pub(super) async fn unlock(
    store: &super::Store,
    source: &KeySource,
    known: Option<Keyring>,
) -> Result<(Keyring, Key), super::Error> {
    const CONTEXT: &[u8] = b"lane:v1";
    let mut tx = store.write().await?;
    let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT k.value, l.value FROM meta k JOIN meta l ON l.name = 'lane' WHERE k.name = 'lane key'",
    )
    .fetch_optional(&mut *tx)
    .await?;
    match (row, known) {
        (Some((by, wrapped)), Some(keys)) => {
            let lane = keys
                .unwrap(&by, CONTEXT, &wrapped)
                .map_err(|NotOurs| KeyError::Wrong(source.clone()))?;
            Ok((keys, lane))
        }
        (Some(_), None) => Err(KeyError::Missing(source.clone()).into()),
        (None, known) => {
            let keys = match known {
                Some(keys) => keys,
                None => Keyring::create(source)?,
            };
            let lane = fresh_key();
            write_lane_key(&mut tx, &keys, &lane).await?;
            tx.commit().await?;
            Ok((keys, lane))
        }
    }
}

async fn write_lane_key(
    tx: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
    keys: &Keyring,
    lane: &Key,
) -> Result<(), super::Error> {
    for (name, value) in [
        ("lane key", keys.newest().to_vec()),
        ("lane", keys.wrap(lane, b"lane:v1")),
    ] {
        sqlx::query("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)")
            .bind(name)
            .bind(value)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

impl super::Outbox {
    /// With more than one key in the keyring, wraps every payload's key by the newest one. Afterwards the older ones open
    /// nothing in this store and can be removed. Returns how many payloads were wrapped again.
    pub(super) async fn finish_rotation(&self) -> Result<u64, super::Error> {
        if self.0.keys.len() < 2 {
            return Ok(0);
        }
        let newest = self.0.keys.newest();
        let mut tx = self.0.store.write().await?;
        let rows = sqlx::query(
            "SELECT payloads.id, key_id, wrapped, field, order_id
             FROM payloads LEFT JOIN orders ON orders.id = order_row
             WHERE key_id IS NOT NULL AND key_id <> ?",
        )
        .bind(&newest[..])
        .fetch_all(&mut *tx)
        .await?;
        let rewrapped = rows.len() as u64;
        for row in rows {
            let id: i64 = row.try_get(0)?;
            let order: Option<Vec<u8>> = row.try_get(4)?;
            let order = order.map(super::columns::order_id).transpose()?;
            let context = super::payload::payload_context(order, row.try_get(3)?);
            let key = self
                .0
                .keys
                .unwrap(row.try_get(1)?, &context, row.try_get(2)?)?;
            sqlx::query("UPDATE payloads SET key_id = ?, wrapped = ? WHERE id = ?")
                .bind(&newest[..])
                .bind(self.0.keys.wrap(&key, &context))
                .bind(id)
                .execute(&mut *tx)
                .await?;
        }
        write_lane_key(&mut tx, &self.0.keys, &self.0.lane_key).await?;
        tx.commit().await?;
        Ok(rewrapped)
    }
}
