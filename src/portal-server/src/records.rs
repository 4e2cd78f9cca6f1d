//! The portal's records in its store, and the rules that every change of them follows.

use std::path::Path;

use jiff::Timestamp;
use sqlx::{Row as _, Sqlite, Transaction, migrate::Migrator, sqlite::SqliteRow};

use super::answer::{Problem, Stored};
use common::order::{CardKind, CardRow, Delivery, HeldCard, Order, OrderId, Outcome, Serial};
use portal::{Block, CUT_OFF, Hash, OrderState};
use store::Store;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The portal's store.
pub(super) struct Records {
    pub(super) store: Store,
}

impl Records {
    pub(super) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let store = Store::connect(file, true, &MIGRATIONS).await?;
        Ok(Self { store })
    }

    /// Stores an order once; `sha256` is the hash of the bytes that were received. A person has one open order for each kind
    /// of card, so another one must name the order that it supersedes.
    pub(super) async fn order(
        &self,
        booth: &str,
        order: &Order,
        body: &[u8],
        sha256: Hash,
    ) -> Result<Stored, Problem> {
        let id = &order.order_id.0.as_bytes()[..];
        let mut tx = self.store.write().await?;
        if let Some(known) =
            known(&mut tx, "SELECT sha256 FROM orders WHERE order_id = ?", id).await?
        {
            return same(known, sha256);
        }
        let supersedes = order.supersedes.map(|id| id.0.as_bytes().to_vec());
        let open: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT order_id FROM orders WHERE subject = ? AND kind = ?
             AND state IN ('received', 'review', 'approved') AND order_id IS NOT ?
             AND order_id NOT IN (SELECT supersedes FROM orders WHERE supersedes IS NOT NULL)",
        )
        .bind(order.person.subject.expose())
        .bind(&order.card.kind.0)
        .bind(&supersedes)
        .fetch_optional(&mut *tx)
        .await?;
        if open.is_some() {
            return Err(Problem::order_open());
        }
        let now = now();
        if let Some(replaced) = &supersedes {
            sqlx::query(
                "UPDATE orders SET state = 'void', reason = 'superseded', state_at = ? WHERE order_id = ?
                 AND subject = ? AND state IN ('received', 'review', 'approved', 'unknown')",
            )
            .bind(now)
            .bind(replaced)
            .bind(order.person.subject.expose())
            .execute(&mut *tx)
            .await?;
        }
        let pickup = match &order.delivery {
            Delivery::Here => None,
            Delivery::Pickup { place } => Some(place.as_str()),
        };
        sqlx::query(
            "INSERT INTO orders (order_id, booth, subject, kind, pickup, supersedes, body, sha256, state, state_at, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
        )
        .bind(id)
        .bind(booth)
        .bind(order.person.subject.expose())
        .bind(&order.card.kind.0)
        .bind(pickup)
        .bind(&supersedes)
        .bind(body)
        .bind(&sha256.0[..])
        .bind(if pickup.is_some() { "review" } else { "received" })
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(fresh(sha256))
    }

    /// Stores the photo that an order announced; `sha256` is the hash of the bytes that were received.
    pub(super) async fn photo(
        &self,
        order: OrderId,
        jpeg: &[u8],
        sha256: Hash,
    ) -> Result<Stored, Problem> {
        let id = &order.0.as_bytes()[..];
        let mut tx = self.store.write().await?;
        let announced = self.announced(&mut tx, order).await?;
        if announced != Hash::of(jpeg).to_string() {
            return Err(Problem::unprocessable(
                "photo-differs",
                "The photo is not the one that the order announced",
            ));
        }
        if let Some(known) =
            known(&mut tx, "SELECT sha256 FROM photos WHERE order_id = ?", id).await?
        {
            return same(known, sha256);
        }
        sqlx::query("INSERT INTO photos (order_id, sha256, jpeg) VALUES (?, ?, ?)")
            .bind(id)
            .bind(&sha256.0[..])
            .bind(jpeg)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(fresh(sha256))
    }

    /// The hash of the photo that an order announced.
    async fn announced(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        order: OrderId,
    ) -> Result<String, Problem> {
        let body: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT body FROM orders WHERE order_id = ?")
                .bind(&order.0.as_bytes()[..])
                .fetch_optional(&mut **tx)
                .await?;
        let body = body.ok_or_else(|| Problem::not_known("The portal has no such order"))?;
        serde_json::from_slice::<Order>(&body)
            .map(|order| order.photo.sha256)
            .map_err(Problem::failed)
    }

    /// Stores a card's row when it is newer than the known one, and applies it: a card that the holder took becomes active,
    /// and the person's earlier card of that kind is blocked.
    pub(super) async fn card(
        &self,
        order: OrderId,
        serial: Serial,
        row: &CardRow,
        body: &[u8],
    ) -> Result<Stored, Problem> {
        let sha256 = Hash::of(body);
        let mut tx = self.store.write().await?;
        let of: Option<(String, String, String)> =
            sqlx::query_as("SELECT subject, kind, state FROM orders WHERE order_id = ?")
                .bind(&order.0.as_bytes()[..])
                .fetch_optional(&mut *tx)
                .await?;
        let (subject, kind, state) =
            of.ok_or_else(|| Problem::not_known("The portal has no such order"))?;
        let before: Option<(Vec<u8>, i64, Vec<u8>, String)> =
            sqlx::query_as("SELECT order_id, rev, sha256, status FROM cards WHERE serial = ?")
                .bind(&serial.0[..])
                .fetch_optional(&mut *tx)
                .await?;
        let mut status = "none".to_owned();
        let is_fresh = before.is_none();
        if let Some((owner, rev, known, was)) = before {
            if owner != order.0.as_bytes() {
                return Err(Problem::unprocessable(
                    "other-order",
                    "This serial belongs to another order",
                ));
            }
            if i64::from(row.rev) <= rev {
                return same(hash(known)?, sha256);
            }
            status = was;
        }
        if matches!(row.outcome, Outcome::Printed | Outcome::Unknown) {
            let other: Option<i64> = sqlx::query_scalar(
                "SELECT 1 FROM cards WHERE order_id = ? AND serial <> ? AND outcome IN ('printed', 'unknown')",
            )
            .bind(&order.0.as_bytes()[..])
            .bind(&serial.0[..])
            .fetch_optional(&mut *tx)
            .await?;
            if other.is_some() {
                return Err(Problem::unprocessable(
                    "second-card",
                    "The order has a valid card under another serial",
                ));
            }
        }
        let status = next_status(&status, row);
        let (outcome, now) = (outcome_name(row.outcome), now());
        sqlx::query(
            "INSERT INTO cards (serial, order_id, rev, outcome, status, body, sha256, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (serial) DO UPDATE SET rev = ?3, outcome = ?4, status = ?5, body = ?6, sha256 = ?7, at = ?8",
        )
        .bind(&serial.0[..])
        .bind(&order.0.as_bytes()[..])
        .bind(row.rev)
        .bind(outcome)
        .bind(status)
        .bind(body)
        .bind(&sha256.0[..])
        .bind(now)
        .execute(&mut *tx)
        .await?;
        if status == "active" {
            sqlx::query(
                "UPDATE cards SET status = 'blocked', at = ?4 WHERE serial <> ?1 AND status IN ('printed', 'active')
                 AND order_id IN (SELECT order_id FROM orders WHERE subject = ?2 AND kind = ?3)",
            )
            .bind(&serial.0[..])
            .bind(&subject)
            .bind(&kind)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        }
        if let Some(next) = next_state(&state, row, status) {
            set_state(&mut tx, order, next, row.reason.as_deref(), now).await?;
        }
        tx.commit().await?;
        Ok(Stored {
            sha256,
            fresh: is_fresh,
        })
    }

    /// Blocks a card, known or not. Nothing unblocks it.
    pub(super) async fn block(
        &self,
        booth: &str,
        serial: Serial,
        block: &Block,
    ) -> Result<(), Problem> {
        let reason = serde_json::to_value(block.reason).map_err(Problem::failed)?;
        let mut tx = self.store.write().await?;
        sqlx::query("INSERT INTO blocks (serial, reason, booth, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&serial.0[..])
            .bind(reason.as_str().unwrap_or_default())
            .bind(booth)
            .bind(now())
            .execute(&mut *tx)
            .await?;
        sqlx::query("UPDATE cards SET status = 'blocked', at = ? WHERE serial = ?")
            .bind(now())
            .bind(&serial.0[..])
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Stores an incident once, by its key.
    pub(super) async fn incident(
        &self,
        booth: &str,
        key: &str,
        body: &[u8],
    ) -> Result<Stored, Problem> {
        let sha256 = Hash::of(body);
        let mut tx = self.store.write().await?;
        let known: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT sha256 FROM incidents WHERE id = ?")
                .bind(key)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(known) = known {
            // The Idempotency-Key draft demands 422 for the same key with another content.
            return if hash(known)? == sha256 {
                Ok(Stored {
                    sha256,
                    fresh: false,
                })
            } else {
                Err(Problem::unprocessable(
                    "key-reused",
                    "The idempotency key was used for another content",
                ))
            };
        }
        sqlx::query("INSERT INTO incidents (id, booth, body, sha256, at) VALUES (?, ?, ?, ?, ?)")
            .bind(key)
            .bind(booth)
            .bind(body)
            .bind(&sha256.0[..])
            .bind(now())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(fresh(sha256))
    }

    /// Stores a booth's newest heartbeat.
    pub(super) async fn heartbeat(&self, booth: &str, body: &[u8]) -> Result<(), Problem> {
        sqlx::query("INSERT OR REPLACE INTO booths (booth, body, at) VALUES (?, ?, ?)")
            .bind(booth)
            .bind(body)
            .bind(now())
            .execute(self.store.writer())
            .await?;
        Ok(())
    }

    /// States of this booth's orders that changed after `since`, oldest first.
    pub(super) async fn states(
        &self,
        booth: &str,
        since: Timestamp,
    ) -> Result<Vec<OrderState>, Problem> {
        let rows = sqlx::query(
            "SELECT order_id, state, reason, state_at FROM orders WHERE booth = ? AND state_at > ?
             ORDER BY state_at LIMIT 1000",
        )
        .bind(booth)
        .bind(since.as_millisecond())
        .fetch_all(self.store.reader())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(OrderState {
                    order_id: order_id(row.try_get(0)?)?,
                    state: row.try_get(1)?,
                    reason: row.try_get(2)?,
                    at: Timestamp::from_millisecond(row.try_get(3)?).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// The cards that the person got by orders, and the newest order that is still open.
    pub(super) async fn of_person(
        &self,
        subject: &str,
    ) -> Result<(Vec<HeldCard>, Option<OrderId>), Problem> {
        let rows = sqlx::query(
            "SELECT serial, status, cards.body, orders.body, kind FROM cards
             JOIN orders ON orders.order_id = cards.order_id
             WHERE subject = ? AND status NOT IN ('none', 'void') ORDER BY cards.at",
        )
        .bind(subject)
        .fetch_all(self.store.reader())
        .await?;
        let cards = rows.iter().map(known_card).collect::<Result<_, _>>()?;
        let open: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT order_id FROM orders WHERE subject = ? AND state IN ('received', 'review', 'approved')
             ORDER BY received_at DESC LIMIT 1",
        )
        .bind(subject)
        .fetch_optional(self.store.reader())
        .await?;
        Ok((cards, open.map(order_id).transpose()?))
    }

    /// Whether the card with this serial is valid today.
    pub(super) async fn is_valid(&self, serial: Serial) -> Result<bool, Problem> {
        let status: Option<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT status, orders.body FROM cards JOIN orders ON orders.order_id = cards.order_id WHERE serial = ?",
        )
        .bind(&serial.0[..])
        .fetch_optional(self.store.reader())
        .await?;
        let Some((status, body)) = status else {
            return Ok(false);
        };
        let order: Order = serde_json::from_slice(&body).map_err(Problem::failed)?;
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(matches!(status.as_str(), "printed" | "active") && order.card.valid_through >= today)
    }

    /// Whether a card that was not made by an order here was blocked.
    pub(super) async fn is_blocked(&self, serial: Serial) -> Result<bool, Problem> {
        let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM blocks WHERE serial = ?")
            .bind(&serial.0[..])
            .fetch_optional(self.store.reader())
            .await?;
        Ok(found.is_some())
    }
}

fn known_card(row: &SqliteRow) -> Result<HeldCard, Problem> {
    let bytes: Vec<u8> = row.try_get(0)?;
    let serial = <[u8; 8]>::try_from(bytes)
        .map(Serial)
        .map_err(|_| Problem::failed("a serial is not 8 bytes"))?;
    let card: CardRow = serde_json::from_slice(row.try_get(2)?).map_err(Problem::failed)?;
    let order: Order = serde_json::from_slice(row.try_get(3)?).map_err(Problem::failed)?;
    let library = order.library.as_ref();
    Ok(HeldCard {
        serial: Some(serial),
        card_number: order.card.card_number.clone(),
        uid: card.uid,
        barcode: library.and_then(|library| library.barcode.clone()),
        kind: CardKind(row.try_get(4)?),
        has_code: true,
        status: row.try_get(1)?,
    })
}

/// A card's status at the portal after a new row. A card that is blocked, expired or returned stays so.
fn next_status(was: &str, row: &CardRow) -> &'static str {
    match (was, row.outcome) {
        ("blocked", _) => "blocked",
        ("expired", _) => "expired",
        ("returned", _) => "returned",
        (_, Outcome::Void) => "void",
        (_, Outcome::NotPrinted | Outcome::Unknown) => "none",
        ("active", Outcome::Printed) => "active",
        (_, Outcome::Printed) if row.collected => "active",
        (_, Outcome::Printed) => "printed",
    }
}

/// The order's new state after a card's row; `None` when it does not change.
fn next_state(was: &str, row: &CardRow, status: &str) -> Option<&'static str> {
    if matches!(was, "rejected" | "void" | "returned" | "expired") {
        return None;
    }
    match (row.outcome, status) {
        (Outcome::Printed, "active") => Some("active"),
        (Outcome::Printed, "blocked") => Some("blocked"),
        (Outcome::Printed, _) => Some("printed"),
        (Outcome::Unknown, _) => Some("unknown"),
        (Outcome::Void, _) if row.reason.as_deref() == Some(CUT_OFF) => Some("void"),
        // There is no card now, so the order waits for another attempt.
        (Outcome::NotPrinted | Outcome::Void, _)
            if matches!(was, "unknown" | "printed" | "active") =>
        {
            Some("received")
        }
        _ => None,
    }
}

pub(super) async fn set_state(
    tx: &mut Transaction<'_, Sqlite>,
    order: OrderId,
    state: &str,
    reason: Option<&str>,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE orders SET state = ?2, reason = ?3, state_at = ?4 WHERE order_id = ?1 AND state <> ?2")
        .bind(&order.0.as_bytes()[..])
        .bind(state)
        .bind(reason)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn known(
    tx: &mut Transaction<'_, Sqlite>,
    query: &'static str,
    key: &[u8],
) -> Result<Option<Hash>, Problem> {
    let found: Option<Vec<u8>> = sqlx::query_scalar(query)
        .bind(key)
        .fetch_optional(&mut **tx)
        .await?;
    found.map(hash).transpose()
}

fn same(known: Hash, sent: Hash) -> Result<Stored, Problem> {
    if known == sent {
        Ok(Stored {
            sha256: known,
            fresh: false,
        })
    } else {
        Err(Problem::conflict(known))
    }
}

fn fresh(sha256: Hash) -> Stored {
    Stored {
        sha256,
        fresh: true,
    }
}

fn hash(bytes: Vec<u8>) -> Result<Hash, Problem> {
    <[u8; 32]>::try_from(bytes)
        .map(Hash)
        .map_err(|_| Problem::failed("a hash is not 32 bytes"))
}

pub(super) fn order_id(bytes: Vec<u8>) -> Result<OrderId, Problem> {
    uuid::Uuid::from_slice(&bytes)
        .map(OrderId)
        .map_err(Problem::failed)
}

pub(super) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Printed => "printed",
        Outcome::NotPrinted => "notPrinted",
        Outcome::Unknown => "unknown",
        Outcome::Void => "void",
    }
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}
