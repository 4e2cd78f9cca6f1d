//! The file on disk: how it is opened, locked, checked, brought up to date and, when damaged, set aside.
//!
//! WAL with `synchronous=FULL`: a commit returns only after its frames are on the disk. Every pragma is in the connect
//! options, so that each connection has it. One connection writes; every write begins with `BEGIN IMMEDIATE`, which
//! waits for another process's write instead of failing in the middle.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::Error;

static MIGRATIONS: Migrator = sqlx::migrate!("src/outbox/migrations");

/// How long a statement waits for another process (the command line beside the booth) to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// How long a task waits for the one writing connection; past this something is badly wrong with the disk.
const ACQUIRE: Duration = Duration::from_secs(20);
/// Readers: the screen's backlog, the worker's photo, the attendant's books.
const READERS: u32 = 3;
/// The WAL is cut back to this after a checkpoint; one order with its photo is about 150 kB.
const WAL_LIMIT: &str = "4194304";

/// The connections to one store file.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// The connect options that everything here depends on; the reference portal keeps its own store the same way.
pub(crate) fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .locking_mode(SqliteLockingMode::Normal)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", WAL_LIMIT)
        // sorting and sub-queries never spill plain rows into files of their own
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
}

impl Store {
    /// Opens `file`, creating it when `create` says so, with `migrations` applied.
    pub(crate) async fn connect(
        file: &Path,
        create: bool,
        migrations: &Migrator,
    ) -> Result<Self, sqlx::Error> {
        let writer = pool(1)
            .connect_with(options(file).create_if_missing(create))
            .await?;
        migrations.run(&writer).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(error)
            | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => error,
            other => sqlx::Error::Migrate(Box::new(other)),
        })?;
        let readers = pool(READERS)
            .connect_with(options(file).read_only(true))
            .await?;
        Ok(Self { writer, readers })
    }

    /// Begins a transaction that will write.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// The connection that writes, for single statements.
    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves everything out of the WAL into the file and empties the WAL. Says whether it could: a reader in another
    /// process may hold it up.
    pub(crate) async fn checkpoint(&self) -> Result<bool, sqlx::Error> {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await?;
        Ok(busy == 0)
    }

    /// Looks for damage: `quick` compares no indexes with their tables and is meant for every start.
    pub(crate) async fn check(&self, quick: bool) -> Result<Vec<String>, sqlx::Error> {
        let pragma = if quick {
            "PRAGMA quick_check(20)"
        } else {
            "PRAGMA integrity_check(20)"
        };
        let rows: Vec<(String,)> = sqlx::query_as(pragma).fetch_all(&self.readers).await?;
        Ok(rows
            .into_iter()
            .map(|(row,)| row)
            .filter(|row| row != "ok")
            .collect())
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // connections are never retired: nothing is gained by it, and a reopened writer would check the schema anew
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Held for as long as a booth uses the store; a second booth on the same store is refused.
#[derive(Debug)]
pub(super) struct Lock(#[allow(dead_code)] File);

impl Lock {
    pub(super) fn take(store: &Path) -> Result<Self, Error> {
        let path = with_suffix(store, ".lock");
        let failed = |error| Error::File {
            path: path.clone(),
            error,
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::Taken(store.to_owned())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// A damaged store that was put aside; the booth went on with a new one, and staff must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    pub path: PathBuf,
    pub why: String,
}

/// Opens the booth's store; a damaged one is set aside and a new one made. Other faults (disk, permission) are errors.
pub(super) async fn open(file: &Path, now: Timestamp) -> Result<(Store, Option<SetAside>), Error> {
    let fresh = !exists(file)?;
    if fresh && let Some(folder) = folder(file) {
        fs::create_dir_all(folder).map_err(|error| Error::File {
            path: folder.to_owned(),
            error,
        })?;
    }
    match attempt(file).await {
        Ok(store) => {
            if fresh {
                settle(file)?;
            }
            Ok((store, None))
        }
        Err(Damage::Not(error)) => Err(error),
        Err(Damage::Found(why)) => {
            let path = set_aside(file, now)?;
            let store = attempt(file).await.map_err(|damage| match damage {
                Damage::Not(error) => error,
                Damage::Found(why) => Error::Damaged(why),
            })?;
            settle(file)?;
            Ok((store, Some(SetAside { path, why })))
        }
    }
}

/// Opens a store that a booth may be using, for the command line: nothing is made, checked or set aside.
pub(super) async fn attach(file: &Path) -> Result<Store, Error> {
    Ok(Store::connect(file, false, &MIGRATIONS).await?)
}

enum Damage {
    Found(String),
    Not(Error),
}

async fn attempt(file: &Path) -> Result<Store, Damage> {
    let judged = |error: sqlx::Error| match Error::from(error) {
        Error::Damaged(why) => Damage::Found(why),
        error => Damage::Not(error),
    };
    let store = Store::connect(file, true, &MIGRATIONS)
        .await
        .map_err(judged)?;
    match store.check(true).await {
        Ok(faults) if faults.is_empty() => Ok(store),
        Ok(faults) => {
            store.close().await;
            Err(Damage::Found(faults.join("; ")))
        }
        Err(error) => {
            store.close().await;
            Err(judged(error))
        }
    }
}

/// Makes the new file's name survive a power cut, before anything is promised.
fn settle(file: &Path) -> Result<(), Error> {
    let folder = folder(file).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::File {
            path: folder.to_owned(),
            error,
        })
}

/// Renames a damaged store and what belongs to it; nothing of it is deleted.
fn set_aside(file: &Path, now: Timestamp) -> Result<PathBuf, Error> {
    let mark = format!(".damaged-{}", now.strftime("%Y%m%dT%H%M%S%3fZ"));
    let aside = with_suffix(file, &mark);
    for end in ["", "-wal", "-shm"] {
        let from = with_suffix(file, end);
        let to = with_suffix(&aside, end);
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::File { path: from, error }),
        }
    }
    Ok(aside)
}

fn exists(file: &Path) -> Result<bool, Error> {
    file.try_exists().map_err(|error| Error::File {
        path: file.to_owned(),
        error,
    })
}

fn folder(file: &Path) -> Option<&Path> {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

pub(super) fn with_suffix(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
