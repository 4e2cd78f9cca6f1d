//! One SQLite file: how it is opened, locked, checked, migrated and, when it is damaged, quarantined. The booth's outbox
//! and the portal keep their data in such a file.
//!
//! WAL with `synchronous=FULL`: a commit returns only after its frames are on the disk. Every pragma is in the connect
//! options, so that each connection has it. One connection writes; every write begins with `BEGIN IMMEDIATE`, which
//! waits for another process's write instead of failing in the middle.
//!
//! # Code map
//! - `connection`: the pools of one file ([`Store`]), their pragmas, SQLite's integrity check
//! - `lock`: keeps a second booth away from the file
//! - `quarantine`: opens a file, and puts a damaged one aside for staff ([`open`]). Start reading there.
//! - `files`: folders and names that survive a power cut
//!
//! ```
//! use std::path::Path;
//!
//! let wal = store::with_suffix(Path::new("/var/lib/booth/outbox.sqlite"), "-wal");
//! assert_eq!(wal, Path::new("/var/lib/booth/outbox.sqlite-wal"));
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connection;
mod files;
mod lock;
mod quarantine;

use std::{io, path::PathBuf};

pub use connection::{READERS, Store, attach, options};
pub use files::{create_folder_of, with_suffix};
pub use lock::Lock;
pub use quarantine::{Quarantined, mark_suspect, open, quarantined_beside};

/// Why the store refused or failed. It is unchanged then.
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
        // SQLite's primary result codes, https://www.sqlite.org/rescode.html
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
