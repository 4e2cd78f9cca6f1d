//! The booth's memory: orders on their way to the portal, and the journal of every card.
//!
//! [`Outbox::commit`] writes an order, its photo, its first attempt to print and the jobs that carry them to the portal
//! in one transaction, and returns once that is on the disk: only then may the screen say "yes". From then on a power
//! cut, a killed process, a dead network or a confused portal delay the order and never lose or double it:
//! [`worker`] sends order, photo and cards until the portal acknowledges each with its hash, and every request can be
//! repeated without effect.
//!
//! The journal ([`journal`]) keeps one row for each serial, i.e. for each card that was or may have been made, and at
//! most one valid serial for each order. Nothing in it prints: after a restart a person decides.
//!
//! Everything that names a person is sealed ([`seal`]) and erased once it is delivered and no longer needed to print.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod erase;
pub mod export;
mod jobs;
pub mod journal;
pub mod manage;
mod schema;
pub mod seal;
mod settings;
pub mod worker;

use std::{fmt, sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use sqlx::{Sqlite, Transaction};
use tokio::sync::{Notify, watch};

pub use jobs::Counts;
pub use journal::{Books, NewAttempt, Undecided};
pub use seal::{KeyError, Keyring};
pub use settings::Settings;
pub use store::SetAside;

use common::{
    KeySource,
    health::Backlog,
    order::{Commitment, Delivery, Order, OrderId, Outcome, Private, Serial},
};
use portal::seal::{BadKey, Receiver, context};
use portal::{Block, Incident, LARGEST_ORDER, LARGEST_PHOTO};
use seal::{Key, NotOurs};
use store::{Lock, Store};

/// Why the store could not do it. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("outbox.receiver: {0}")]
    Receiver(#[from] BadKey),
    #[error(transparent)]
    Sealed(#[from] NotOurs),
    #[error("the store has no order {0}")]
    NoOrder(OrderId),
    #[error("the portal has not acknowledged order {0}; to give it up all the same, say so")]
    NotDelivered(OrderId),
    #[error("the store has no card {0} of that order")]
    NoCard(Serial),
    #[error("{0} is larger than {1} bytes")]
    TooLarge(&'static str, usize),
    #[error(transparent)]
    Rule(#[from] journal::Broken),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What the booth commits when the holder says "print my card" (or "fetch later").
#[derive(Debug)]
pub struct NewRecord {
    pub order: Order,
    /// The portrait as JPEG, without metadata; its SHA-256 is in the order.
    pub photo: Private<Vec<u8>>,
    /// The first attempt, when the card is printed here and now.
    pub attempt: Option<NewAttempt>,
}

/// The store, opened.
#[derive(Debug)]
pub struct Opened {
    pub outbox: Outbox,
    /// Cards whose fate a power cut or an unanswered question left open, oldest first.
    pub undecided: Vec<Undecided>,
    /// The last store was damaged and put aside: staff must hear of it.
    pub set_aside: Option<SetAside>,
}

/// A handle to the store; cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keyring,
    /// Whose eyes orders and photos are for, where the site says so.
    receiver: Option<Receiver>,
    /// Makes the keyed hash that tells one person's orders from another's.
    lane_key: Key,
    settings: Settings,
    backlog: watch::Sender<Backlog>,
    /// What the daily check found wrong with the file.
    damage: watch::Sender<Option<String>>,
    /// Something new may wait for the worker.
    work: Notify,
    /// Something changed that the backlog counts.
    counted: Notify,
    /// The zero of the jobs' due times.
    started: tokio::time::Instant,
    wall: fn() -> Timestamp,
    _lock: Option<Lock>,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({})", self.0.settings.store.display())
    }
}

impl Outbox {
    /// Opens the booth's store, making it when there is none, and puts right what the last run left: jobs that were
    /// being sent wait again. Takes the lock that keeps a second booth away.
    pub async fn open(settings: &Settings) -> Result<Opened, Error> {
        Self::open_by_clock(settings, Timestamp::now).await
    }

    /// The same with another wall clock: what it says is kept with orders and decides how long they are kept.
    pub async fn open_by_clock(
        settings: &Settings,
        wall: fn() -> Timestamp,
    ) -> Result<Opened, Error> {
        store::make_room(&settings.store)?;
        let lock = Lock::take(&settings.store)?;
        Self::open_locked(settings, lock, wall)
            .await
            .map(|(opened, _)| opened)
    }

    /// Changes the key that seals the store: everything is brought under a fresh one, and the old one is forgotten.
    /// The booth must not be running. A power cut leaves a keyring that opens everything; answers how many sealed
    /// parts were brought over.
    pub async fn rotate(settings: &Settings) -> Result<u64, Error> {
        let KeySource::File(path) = &settings.key else {
            return Err(KeyError::NotOurs(settings.key.clone()).into());
        };
        let lock = Lock::take(&settings.store)?;
        let old = Keyring::load(&settings.key)?;
        let both = old
            .ok_or_else(|| KeyError::Missing(settings.key.clone()))?
            .with_fresh_key();
        both.write(path)?;
        let (opened, brought) = Self::open_locked(settings, lock, Timestamp::now).await?;
        both.newest_only().write(path)?;
        opened.outbox.close().await;
        Ok(brought)
    }

    async fn open_locked(
        settings: &Settings,
        lock: Lock,
        wall: fn() -> Timestamp,
    ) -> Result<(Opened, u64), Error> {
        let known = Keyring::load(&settings.key)?;
        let (store, set_aside) = store::open(&settings.store, wall(), &schema::MIGRATIONS).await?;
        let outbox = Self::assemble(settings, store, known, wall, Some(lock)).await?;
        outbox.rescue().await?;
        let brought = outbox.finish_rotation().await?;
        outbox.count().await?;
        let undecided = outbox.undecided().await?;
        let opened = Opened {
            outbox,
            undecided,
            set_aside,
        };
        Ok((opened, brought))
    }

    /// Opens an existing store beside a running booth, for the command line.
    pub async fn attach(settings: &Settings) -> Result<Self, Error> {
        if !settings.store.exists() {
            return Err(store::Error::Absent(settings.store.clone()).into());
        }
        let known = Keyring::load(&settings.key)?;
        let store = store::attach(&settings.store, &schema::MIGRATIONS).await?;
        let outbox = Self::assemble(settings, store, known, Timestamp::now, None).await?;
        outbox.count().await?;
        Ok(outbox)
    }

    async fn assemble(
        settings: &Settings,
        store: Store,
        known: Option<Keyring>,
        wall: fn() -> Timestamp,
        lock: Option<Lock>,
    ) -> Result<Self, Error> {
        let receiver = settings.receiver.as_deref().map(Receiver::read);
        let receiver = receiver.transpose()?;
        let (keys, lane_key) = seal::unlock(&store, &settings.key, known).await?;
        Ok(Self(Arc::new(Inner {
            store,
            keys,
            receiver,
            lane_key,
            settings: settings.clone(),
            backlog: watch::Sender::new(Backlog::default()),
            damage: watch::Sender::new(None),
            work: Notify::new(),
            counted: Notify::new(),
            started: tokio::time::Instant::now(),
            wall,
            _lock: lock,
        })))
    }

    /// Writes order, photo, jobs and, when it is printed here, the attempt; returns once all of it is on the disk.
    /// The same order again (after an error that left its fate open) is found and not written twice.
    pub async fn commit(&self, record: NewRecord) -> Result<Commitment, Error> {
        let NewRecord {
            order,
            photo,
            attempt,
        } = record;
        let id = order.order_id;
        let body = serde_json::to_vec(&order).map(Private::new);
        let body = body.expect("an order has no map with keys other than text");
        if photo.len() > LARGEST_PHOTO {
            return Err(Error::TooLarge("the photo", LARGEST_PHOTO));
        }
        if body.len() > LARGEST_ORDER {
            return Err(Error::TooLarge("the order", LARGEST_ORDER));
        }
        let lane = self.lane(&order.person.idp, &order.person.subject);
        let sealed_order = self.seal_to_send(id, "order", &body);
        let sealed_photo = self.seal_to_send(id, "photo", &photo);
        let now = self.now();
        let delivery = match order.delivery {
            Delivery::Here => "here",
            Delivery::Pickup { .. } => "pickup",
        };

        let mut tx = self.0.store.write().await?;
        if let Some(known) = journal::commitment(&mut tx, id).await? {
            return Ok(known);
        }
        let row = sqlx::query(
            "INSERT INTO orders (order_id, lane, delivery, state, created_at) VALUES (?, ?, ?, 'waiting', ?)",
        )
        .bind(&id.0.as_bytes()[..])
        .bind(&lane[..])
        .bind(delivery)
        .bind(now)
        .execute(&mut *tx)
        .await?
        .last_insert_rowid();
        for (part, sealed) in [("order", sealed_order), ("photo", sealed_photo)] {
            let payload = sealed.insert(&mut tx, Some(row), part).await?;
            jobs::insert(&mut tx, part, Some(row), Some(&lane), Some(payload), None).await?;
        }
        let attempt = match attempt {
            Some(new) => Some(journal::insert_attempt(&mut tx, row, &new, now).await?),
            None => None,
        };
        if let Some(replaced) = order.supersedes {
            journal::void_unprinted(&mut tx, replaced, now).await?;
        }
        jobs::release(&mut tx, &lane).await?;
        tx.commit().await?;
        self.changed();
        Ok(Commitment { order: id, attempt })
    }

    /// Tells the portal, as soon as it can be reached, that a card is lost or stolen.
    pub async fn block(&self, serial: Serial, block: &Block) -> Result<(), Error> {
        let field = format!("block/{serial}");
        let body = serde_json::to_vec(block).expect("a block is a plain struct");
        self.notice("block", &field, &body, Some(serial)).await
    }

    /// Tells the portal of an incident ("that was not me", tampering); each is told once, by its id.
    pub async fn incident(&self, incident: &Incident) -> Result<(), Error> {
        let field = format!("incident/{}", incident.id);
        let body = serde_json::to_vec(incident).expect("an incident is a plain struct");
        self.notice("incident", &field, &body, None).await
    }

    async fn notice(
        &self,
        part: &str,
        field: &str,
        body: &[u8],
        serial: Option<Serial>,
    ) -> Result<(), Error> {
        let sealed = self.seal_for(None, field, body);
        let mut tx = self.0.store.write().await?;
        let payload = sealed.insert(&mut tx, None, field).await?;
        let card = serial.map(|serial| (serial, 0));
        jobs::insert(&mut tx, part, None, None, Some(payload), card).await?;
        tx.commit().await?;
        self.changed();
        Ok(())
    }

    /// The order and photo of an order whose card may still have to be drawn; `None` once they are erased, and always
    /// where they are sealed to the receiver.
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

    /// What waits for the portal; follows the store.
    pub fn backlog(&self) -> watch::Receiver<Backlog> {
        self.0.backlog.subscribe()
    }

    /// What the daily check found wrong with the file; `None` while it is sound. A damaged store is put aside at the
    /// next start.
    pub fn damage(&self) -> watch::Receiver<Option<String>> {
        self.0.damage.subscribe()
    }

    /// How long the oldest order may wait before staff are told.
    pub fn alarm_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.0.settings.alarm_days) * 24 * 3600)
    }

    /// Checks the whole file when the last such check is a day old. Damage is told by [`Outbox::damage`].
    async fn daily_check(&self) -> Result<(), Error> {
        const DAY: i64 = 24 * 3600 * 1000;
        let last: Option<i64> =
            sqlx::query_scalar("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'checked'")
                .fetch_optional(self.0.store.reader())
                .await?;
        let now = self.now();
        // a clock that was set back must not put the check off for long
        if last.is_some_and(|last| (0..DAY).contains(&now.saturating_sub(last))) {
            return Ok(());
        }
        let faults = self.0.store.check(false).await?;
        if !faults.is_empty() {
            store::suspect(&self.0.settings.store)?;
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

    /// Whether an order waits for longer than the site allows.
    pub fn is_overdue(&self) -> bool {
        let oldest = self.0.backlog.borrow().oldest;
        oldest.is_some_and(|oldest| oldest > self.alarm_after())
    }

    /// Empties the WAL into the file and lets go of it.
    pub async fn close(self) {
        // an error here costs nothing: the next start finds the WAL and goes on from it
        let _ = self.0.store.checkpoint().await;
        self.0.store.close().await;
    }

    fn now(&self) -> i64 {
        (self.0.wall)().as_millisecond()
    }

    /// Milliseconds since the store was opened, by a clock that never jumps; starts at 1, so that 0 is always past.
    fn uptime(&self) -> i64 {
        i64::try_from(self.0.started.elapsed().as_millis())
            .unwrap_or(i64::MAX - 1)
            .saturating_add(1)
    }

    fn changed(&self) {
        self.0.work.notify_one();
        self.0.counted.notify_one();
    }

    fn lane(&self, idp: &str, subject: &str) -> [u8; 16] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.lane_key.expose())
            .expect("HMAC takes keys of any length");
        mac.update(idp.as_bytes());
        mac.update(&[0]);
        mac.update(subject.as_bytes());
        let mut lane = [0; 16];
        lane.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        lane
    }

    /// Seals what goes out as it is: to the receiver where there is one.
    fn seal_to_send(&self, order: OrderId, field: &str, plain: &[u8]) -> Payload {
        match &self.0.receiver {
            Some(receiver) => Payload {
                key: None,
                sealed: receiver.seal(&context(order, field), plain),
            },
            None => self.seal(order, field, plain),
        }
    }

    fn seal(&self, order: OrderId, field: &str, plain: &[u8]) -> Payload {
        self.seal_for(Some(order), field, plain)
    }

    fn seal_for(&self, order: Option<OrderId>, field: &str, plain: &[u8]) -> Payload {
        let key = seal::fresh_key();
        let context = payload_context(order, field);
        let wrapped = self.0.keys.wrap(&key, &context);
        Payload {
            key: Some((self.0.keys.newest(), wrapped)),
            sealed: seal::seal(&key, &context, plain),
        }
    }

    async fn open_payload(
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

/// The same for any payload: one that belongs to no order is a notice.
fn payload_context(order: Option<OrderId>, field: &str) -> Vec<u8> {
    match order {
        Some(order) => context(order, field),
        None => format!("notice:{field}:v1").into_bytes(),
    }
}

/// Sealed bytes with the name of the booth's key and their own key wrapped by it; none when only the receiver opens them.
struct Payload {
    key: Option<([u8; 8], Vec<u8>)>,
    sealed: Vec<u8>,
}

/// A row of `payloads`.
struct SealedRow {
    key_id: Option<Vec<u8>>,
    wrapped: Option<Vec<u8>>,
    sealed: Vec<u8>,
    field: String,
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
    async fn insert(
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

/// The outcome's name in the store, the same as on the wire.
fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Printed => "printed",
        Outcome::NotPrinted => "notPrinted",
        Outcome::Unknown => "unknown",
        Outcome::Void => "void",
    }
}

fn outcome_named(name: &str) -> Option<Outcome> {
    [
        Outcome::Printed,
        Outcome::NotPrinted,
        Outcome::Unknown,
        Outcome::Void,
    ]
    .into_iter()
    .find(|outcome| outcome_name(*outcome) == name)
}
