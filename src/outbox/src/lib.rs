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
//!
//! # Code map
//! - `commit`: writes orders and notices; `payload`: seals and opens their parts. Start reading there.
//! - [`journal`]: attempts, outcomes, the rules for them, and each printer's books
//! - `jobs`: what is to be sent and in which order; [`worker`]: sends it; `backlog`: counts what waits
//! - [`seal`]: the booth's keyring and the encryption of stored parts
//! - `erase`: deletes what is delivered and no longer needed
//! - [`manage`], [`export`]: what staff do with the store from the command line
//! - `schema`, `columns`: the tables, and how values are kept in them
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use outbox::{Outbox, Settings};
//!
//! let folder = tempfile::tempdir()?;
//! let opened = Outbox::open(&Settings::in_folder(folder.path())).await?;
//! assert!(opened.undecided.is_empty(), "a new store waits for no decision");
//! assert_eq!(opened.outbox.counts().await?.waiting, 0);
//! opened.outbox.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backlog;
mod columns;
mod commit;
mod erase;
pub mod export;
mod jobs;
pub mod journal;
pub mod manage;
mod payload;
mod schema;
pub mod seal;
mod settings;
pub mod worker;

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::sync::{Notify, watch};

pub use backlog::Counts;
pub use commit::NewRecord;
pub use journal::{Books, NewAttempt, Undecided};
pub use seal::{KeyError, Keyring};
pub use settings::Settings;
pub use store::Quarantined;

use common::{
    KeySource,
    health::Backlog,
    order::{OrderId, Serial},
};
use portal::seal::{BadKey, Receiver};
use seal::{Key, NotOurs};
use store::{Lock, Store};

/// Why the store refused or failed. It is unchanged then.
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

/// The opened store, and what was found in opening it.
#[derive(Debug)]
pub struct Opened {
    pub outbox: Outbox,
    /// Cards whose outcome a power cut or an unanswered question left open, oldest first.
    pub undecided: Vec<Undecided>,
    /// The last store, when it was damaged and is quarantined now. Staff must learn of it.
    pub quarantined: Option<Quarantined>,
}

/// A handle to the store; cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keyring,
    /// The public key that orders and photos are sealed to, where the site has one.
    receiver: Option<Receiver>,
    /// Keys the hash by which one person's orders are known from another's.
    lane_key: Key,
    settings: Settings,
    backlog: watch::Sender<Backlog>,
    /// What the daily check found wrong with the file.
    damage: watch::Sender<Option<String>>,
    /// Wakes the worker, because a job may be due.
    work: Notify,
    /// Wakes the task that counts the backlog.
    counted: Notify,
    /// The moment from which the jobs' due times are measured.
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
    /// Opens the booth's store, creating it when there is none, and recovers from the last run: jobs that were being sent
    /// wait again. Takes the lock that keeps a second booth away.
    ///
    /// # Errors
    /// [`Error::Store`] when another booth uses the store or the disk fails; [`Error::Key`] and [`Error::Receiver`] when
    /// a key cannot be used. A damaged store is no error: it is quarantined and a new one is created.
    pub async fn open(settings: &Settings) -> Result<Opened, Error> {
        Self::open_by_clock(settings, Timestamp::now).await
    }

    /// Like [`Outbox::open`] with another wall clock, whose times are stored with orders and decide how long they are kept.
    ///
    /// # Errors
    /// Those of [`Outbox::open`].
    pub async fn open_by_clock(
        settings: &Settings,
        wall: fn() -> Timestamp,
    ) -> Result<Opened, Error> {
        store::create_folder_of(&settings.store)?;
        let lock = Lock::take(&settings.store)?;
        Self::open_locked(settings, lock, wall)
            .await
            .map(|(opened, _)| opened)
    }

    /// Changes the key that seals the store: every part is sealed by a fresh key, and the old one is removed. The booth must
    /// not be running. After a power cut the keyring still opens everything. Returns how many parts were sealed again.
    ///
    /// # Errors
    /// [`Error::Key`] when the key is a credential of systemd or cannot be read or written; otherwise those of
    /// [`Outbox::open`].
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
        let (opened, rewrapped) = Self::open_locked(settings, lock, Timestamp::now).await?;
        both.newest_only().write(path)?;
        opened.outbox.close().await;
        Ok(rewrapped)
    }

    async fn open_locked(
        settings: &Settings,
        lock: Lock,
        wall: fn() -> Timestamp,
    ) -> Result<(Opened, u64), Error> {
        let known = Keyring::load(&settings.key)?;
        let (store, quarantined) =
            store::open(&settings.store, wall(), &schema::MIGRATIONS).await?;
        let outbox = Self::assemble(settings, store, known, wall, Some(lock)).await?;
        outbox.rescue().await?;
        let rewrapped = outbox.finish_rotation().await?;
        outbox.count().await?;
        let undecided = outbox.undecided().await?;
        let opened = Opened {
            outbox,
            undecided,
            quarantined,
        };
        Ok((opened, rewrapped))
    }

    /// Opens an existing store beside a running booth, for the command line.
    ///
    /// # Errors
    /// [`Error::Store`] when there is no store or it cannot be opened; [`Error::Key`] and [`Error::Receiver`] when a key
    /// cannot be used.
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

    /// Moves the WAL into the file and closes it.
    pub async fn close(self) {
        // An error is ignored: the next start finds the WAL and goes on from it.
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

    /// The lane of a person: a keyed hash, by which orders of one person are sent one after the other without naming them.
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
}
