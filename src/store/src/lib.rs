//! One SQLite file: how it is opened, locked, checked, brought up to date and, when damaged, set aside. The booth's outbox
//! and the portal keep their data in such a file.
//!
//! WAL with `synchronous=FULL`: a commit returns only after its frames are on the disk. Every pragma is in the connect
//! options, so that each connection has it. One connection writes; every write begins with `BEGIN IMMEDIATE`, which
//! waits for another process's write instead of failing in the middle.

#![cfg_attr(test, allow(clippy::unwrap_used))]

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

/// Why the store could not do it. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another booth uses the store {}; stop it first", .0.display())]
    Taken(PathBuf),
    #[error("there is no store {}: name the folder in which the booth keeps its data", .0.display())]
    Absent(PathBuf),
    #[error("{} cannot be used: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the store is damaged: {0}")]
    Damaged(String),
    #[error("the disk is full; make room, nothing was lost")]
    Full,
    #[error("the disk failed: {0}; nothing was acknowledged that is not on it")]
    Disk(String),
    #[error("the store was made by a newer version of this program ({0}); install that version")]
    Newer(String),
    #[error("the store failed: {0}")]
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // primary result codes, https://www.sqlite.org/rescode.html
        const IOERR: u32 = 10;
        const CORRUPT: u32 = 11;
        const FULL: u32 = 13;
        const NOTADB: u32 = 26;
        let code = match &error {
            sqlx::Error::Database(inner) => inner.code().and_then(|code| code.parse::<u32>().ok()),
            sqlx::Error::Io(inner) => return Self::Disk(inner.to_string()),
            sqlx::Error::Migrate(inner) => return Self::Newer(inner.to_string()),
            _ => None,
        };
        match code.map(|code| code & 0xff) {
            Some(IOERR) => Self::Disk(error.to_string()),
            Some(CORRUPT | NOTADB) => Self::Damaged(error.to_string()),
            Some(FULL) => Self::Full,
            _ => Self::Sql(error),
        }
    }
}

/// How long a statement waits for another process (the command line beside the booth) to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// How long a task waits for the one writing connection; past this something is badly wrong with the disk.
const ACQUIRE: Duration = Duration::from_secs(20);
/// Readers: the screen's backlog, the worker's photo, the attendant's books.
pub const READERS: u32 = 3;
/// The WAL is cut back to this after a checkpoint; one order with its photo is about 150 kB.
const WAL_LIMIT: &str = "4194304";

/// The connections to one store file.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// The connect options that everything here depends on.
pub fn options(file: &Path) -> SqliteConnectOptions {
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
    pub async fn connect(
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
    pub async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// The connection that writes, for single statements.
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves everything out of the WAL into the file and empties the WAL. Says whether it could: a reader in another
    /// process may hold it up.
    pub async fn checkpoint(&self) -> Result<bool, sqlx::Error> {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await?;
        Ok(busy == 0)
    }

    /// Looks for damage: `quick` compares no indexes with their tables and is meant for every start.
    pub async fn check(&self, quick: bool) -> Result<Vec<String>, sqlx::Error> {
        let pragma = if quick {
            "PRAGMA quick_check(20)"
        } else {
            "PRAGMA integrity_check(20)"
        };
        let rows: Vec<(String,)> = sqlx::query_as(pragma).fetch_all(&self.readers).await?;
        let faults: Vec<String> = rows
            .into_iter()
            // a row may have several lines
            .map(|(row,)| row.replace('\n', ", "))
            .filter(|row| row != "ok")
            .collect();
        // a page that could not be read is a fault of the disk, and perhaps read again the next time
        match faults.iter().find(|fault| was_unreadable(fault)) {
            Some(fault) => Err(sqlx::Error::Io(io::Error::other(fault.clone()))),
            None => Ok(faults),
        }
    }

    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether a line of SQLite's check tells of a read that failed: "... error code=266", an extended code of IOERR (10).
fn was_unreadable(fault: &str) -> bool {
    const IOERR: u32 = 10;
    fault.split("error code=").skip(1).any(|rest| {
        let code = rest.split(|c: char| !c.is_ascii_digit()).next();
        code.and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| code & 0xff == IOERR)
    })
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
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    pub fn take(store: &Path) -> Result<Self, Error> {
        let path = with_suffix(store, ".lock");
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::Absent(store.to_owned()),
            _ => Error::File {
                path: path.clone(),
                error,
            },
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
pub async fn open(
    file: &Path,
    now: Timestamp,
    migrations: &Migrator,
) -> Result<(Store, Option<SetAside>), Error> {
    let orphaned = leave_no_orphan(file, now)?;
    let suspect = with_suffix(file, SUSPECT);
    let suspected = exists(&suspect)?;
    let opened = open_or_set_aside(file, now, suspected, migrations).await?;
    if suspected {
        fs::remove_file(&suspect).map_err(|error| Error::File {
            path: suspect,
            error,
        })?;
    }
    let (store, set_aside) = opened;
    Ok((store, set_aside.or(orphaned)))
}

async fn open_or_set_aside(
    file: &Path,
    now: Timestamp,
    suspected: bool,
    migrations: &Migrator,
) -> Result<(Store, Option<SetAside>), Error> {
    let judged = match attempt(file, suspected, migrations).await {
        // SQLite takes some reads that failed for damage; what is damaged is so when it is read again
        Err(Damage::Found(why)) => {
            tracing::warn!("the store looks damaged and is looked at once more: {why}");
            attempt(file, suspected, migrations).await
        }
        judged => judged,
    };
    match judged {
        Ok(store) => {
            // every time: the program may have been killed after it made the file and before it came here
            settle(file)?;
            Ok((store, None))
        }
        Err(Damage::Not(error)) => Err(error),
        Err(Damage::Found(why)) => {
            let path = set_aside(file, now)?;
            let store = attempt(file, false, migrations)
                .await
                .map_err(|damage| match damage {
                    Damage::Not(error) => error,
                    Damage::Found(why) => Error::Damaged(why),
                })?;
            settle(file)?;
            Ok((store, Some(SetAside { path, why })))
        }
    }
}

/// Opens a store that a booth may be using, for the command line: nothing is made, checked or set aside.
pub async fn attach(file: &Path, migrations: &Migrator) -> Result<Store, Error> {
    Ok(Store::connect(file, false, migrations).await?)
}

enum Damage {
    Found(String),
    Not(Error),
}

async fn attempt(file: &Path, suspected: bool, migrations: &Migrator) -> Result<Store, Damage> {
    let judged = |error: sqlx::Error| match Error::from(error) {
        Error::Damaged(why) => Damage::Found(why),
        error => Damage::Not(error),
    };
    let store = Store::connect(file, true, migrations)
        .await
        .map_err(judged)?;
    match store.check(!suspected).await {
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

/// Makes the folder of a store that is to be made.
pub fn make_room(file: &Path) -> Result<(), Error> {
    folder(file).map_or(Ok(()), make_folder)
}

/// Makes a folder and those above it that are missing, each so that its name survives a power cut.
fn make_folder(path: &Path) -> Result<(), Error> {
    if exists(path)? {
        return Ok(());
    }
    if let Some(above) = folder(path) {
        make_folder(above)?;
    }
    match fs::create_dir(path) {
        Ok(()) => settle(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::File {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Makes a new name survive a power cut, before anything is promised.
fn settle(name: &Path) -> Result<(), Error> {
    let folder = folder(name).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::File {
            path: folder.to_owned(),
            error,
        })
}

/// A WAL without its file is what a power cut left of a store that was being put aside. A new store would take it for its
/// own: it is put aside too.
fn leave_no_orphan(file: &Path, now: Timestamp) -> Result<Option<SetAside>, Error> {
    if exists(file)? || !exists(&with_suffix(file, "-wal"))? {
        return Ok(None);
    }
    let path = set_aside(file, now)?;
    let why = "its WAL was found without it".to_owned();
    Ok(Some(SetAside { path, why }))
}

/// Marks a store whose damage only the thorough check sees, so that the next start makes that check.
pub fn suspect(file: &Path) -> Result<(), Error> {
    let mark = with_suffix(file, SUSPECT);
    File::create(&mark)
        .map_err(|error| Error::File { path: mark, error })
        .and_then(|_| settle(file))
}

const SUSPECT: &str = ".suspect";

/// What stands between a store's name and the time at which it was put aside.
const DAMAGED: &str = ".damaged-";

/// The damaged stores that lie beside `file`, oldest first.
pub fn set_aside_beside(file: &Path) -> Result<Vec<PathBuf>, Error> {
    let beside = folder(file).unwrap_or(Path::new("."));
    let failed = |error| Error::File {
        path: beside.to_owned(),
        error,
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let start = format!("{name}{DAMAGED}");
    let mut found = Vec::new();
    for entry in fs::read_dir(beside).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // its WAL and WAL index are named after it
        if let Some(rest) = name.strip_prefix(&start) {
            let time = rest.trim_end_matches("-wal").trim_end_matches("-shm");
            found.push(beside.join(format!("{start}{time}")));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Renames a damaged store and what belongs to it; nothing of it is deleted.
fn set_aside(file: &Path, now: Timestamp) -> Result<PathBuf, Error> {
    let mark = format!("{DAMAGED}{}", now.strftime("%Y%m%dT%H%M%S%3fZ"));
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

pub fn with_suffix(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_could_not_be_read_is_no_damage() {
        for (fault, unreadable) in [
            (
                "Tree 34 page 34: unable to get the page. error code=8458",
                true,
            ),
            (
                "Page 3: unable to get the page. error code=266\nrow 1 missing",
                true,
            ),
            ("unable to get the page. error code=11", false),
            ("Tree 3 page 7 cell 2: Rowid 9 out of order", false),
        ] {
            assert_eq!(was_unreadable(fault), unreadable, "{fault}");
        }
    }
}
