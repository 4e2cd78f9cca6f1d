//! The connections to one store file, and SQLite's own check of it.

use std::{io, path::Path, time::Duration};

use sqlx::{
    Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::Error;

/// How long a statement waits for another process (the command line beside the booth) to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// How long a task waits for the one writing connection. A longer wait means that the disk has failed.
const ACQUIRE: Duration = Duration::from_secs(20);
/// Reading connections: one each for the screen's backlog, the worker's photo and the attendant's books.
pub const READERS: u32 = 3;
/// The WAL is cut back to this many bytes after a checkpoint. One order with its photo is about 150 kB.
const WAL_LIMIT: &str = "4194304";

/// The connections to one store file.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// The connect options on which durability, erasure and locking depend.
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
        // Sorting and sub-queries must not write rows into temporary files, which are never erased.
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
}

impl Store {
    /// Opens `file`, creating it when `create` says so, and applies `migrations`.
    ///
    /// # Errors
    /// SQLite's error, and [`sqlx::Error::Migrate`] when a newer version of the program has made the file.
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
    ///
    /// # Errors
    /// SQLite's error, also when another process has been writing for longer than 5 s.
    pub async fn write(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// The writing connection, for single statements.
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// The reading connections.
    pub fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// Moves everything from the WAL into the file and empties the WAL. Returns false when a reader in another process
    /// prevents that.
    ///
    /// # Errors
    /// SQLite's error.
    pub async fn checkpoint(&self) -> Result<bool, sqlx::Error> {
        let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await?;
        Ok(busy == 0)
    }

    /// The damage that SQLite finds. A `quick` check, meant for every start, does not compare indexes with their tables.
    ///
    /// # Errors
    /// SQLite's error, and [`sqlx::Error::Io`] when a page cannot be read.
    pub async fn check(&self, quick: bool) -> Result<Vec<String>, sqlx::Error> {
        let pragma = if quick {
            "PRAGMA quick_check(20)"
        } else {
            "PRAGMA integrity_check(20)"
        };
        let rows: Vec<(String,)> = sqlx::query_as(pragma).fetch_all(&self.readers).await?;
        let faults: Vec<String> = rows
            .into_iter()
            // A row may have several lines.
            .map(|(row,)| row.replace('\n', ", "))
            .filter(|row| row != "ok")
            .collect();
        // A page that cannot be read is a fault of the disk and not damage: the next read may succeed.
        match faults.iter().find(|fault| was_unreadable(fault)) {
            Some(fault) => Err(sqlx::Error::Io(io::Error::other(fault.clone()))),
            None => Ok(faults),
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether a line of SQLite's check reports a read that failed: "... error code=266", an extended code of IOERR (10).
fn was_unreadable(fault: &str) -> bool {
    const IOERR: u32 = 10;
    fault.split("error code=").skip(1).any(|rest| {
        let code = rest.split(|c: char| !c.is_ascii_digit()).next();
        code.and_then(|code| code.parse::<u32>().ok())
            .is_some_and(|code| code & 0xff == IOERR)
    })
}

fn pool(connections: u32) -> SqlitePoolOptions {
    // Connections are never retired: nothing is gained by it, and a reopened writer would check the schema again.
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Opens a store that a booth may be using, for the command line. Nothing is created, checked or quarantined.
///
/// # Errors
/// [`Error`] when the file is not there, or SQLite fails.
pub async fn attach(file: &Path, migrations: &Migrator) -> Result<Store, Error> {
    Ok(Store::connect(file, false, migrations).await?)
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
