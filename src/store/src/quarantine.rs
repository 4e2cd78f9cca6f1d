//! Opening a store, and the quarantine: a damaged store is renamed, nothing of it is deleted, and a new one takes its place.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sqlx::migrate::Migrator;

use super::{
    Error, Store,
    files::{exists, folder, sync_folder_of, with_suffix},
};

/// A damaged store that was put aside. The booth went on with a new one, and staff must learn of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Where the damaged file lies now.
    pub path: PathBuf,
    /// What was found wrong with it.
    pub why: String,
}

/// Opens a store, creating it when there is none. A damaged one is quarantined and a new one is created in its place.
///
/// # Errors
/// [`Error`] for every fault that is not damage: the disk, a permission, a newer version of the program.
pub async fn open(
    file: &Path,
    now: Timestamp,
    migrations: &Migrator,
) -> Result<(Store, Option<Quarantined>), Error> {
    let orphaned = quarantine_orphaned_wal(file, now)?;
    let suspect = with_suffix(file, SUSPECT);
    let suspected = exists(&suspect)?;
    let opened = open_or_quarantine(file, now, suspected, migrations).await?;
    if suspected {
        fs::remove_file(&suspect).map_err(|error| Error::File {
            path: suspect,
            error,
        })?;
    }
    let (store, quarantined) = opened;
    Ok((store, quarantined.or(orphaned)))
}

async fn open_or_quarantine(
    file: &Path,
    now: Timestamp,
    suspected: bool,
    migrations: &Migrator,
) -> Result<(Store, Option<Quarantined>), Error> {
    let opened = match attempt(file, suspected, migrations).await {
        // SQLite reports some failed reads as damage. Real damage is still there when the file is read again.
        Err(Failed::Damage(why)) => {
            tracing::warn!("the store looks damaged and is checked once more: {why}");
            attempt(file, suspected, migrations).await
        }
        opened => opened,
    };
    match opened {
        Ok(store) => {
            // On every start, because the program may have been killed between creating the file and this line.
            sync_folder_of(file)?;
            Ok((store, None))
        }
        Err(Failed::Other(error)) => Err(error),
        Err(Failed::Damage(why)) => {
            let path = quarantine(file, now)?;
            let store = attempt(file, false, migrations)
                .await
                .map_err(|failed| match failed {
                    Failed::Other(error) => error,
                    Failed::Damage(why) => Error::Damaged(why),
                })?;
            sync_folder_of(file)?;
            Ok((store, Some(Quarantined { path, why })))
        }
    }
}

/// Why an attempt to open a store failed.
enum Failed {
    Damage(String),
    Other(Error),
}

async fn attempt(file: &Path, suspected: bool, migrations: &Migrator) -> Result<Store, Failed> {
    let classify = |error: sqlx::Error| match Error::from(error) {
        Error::Damaged(why) => Failed::Damage(why),
        error => Failed::Other(error),
    };
    let store = Store::connect(file, true, migrations)
        .await
        .map_err(classify)?;
    match store.check(!suspected).await {
        Ok(faults) if faults.is_empty() => Ok(store),
        Ok(faults) => {
            store.close().await;
            Err(Failed::Damage(faults.join("; ")))
        }
        Err(error) => {
            store.close().await;
            Err(classify(error))
        }
    }
}

/// A WAL without its file is left by a power cut while a store was being quarantined. A new store would read it as its own,
/// so it is quarantined too.
fn quarantine_orphaned_wal(file: &Path, now: Timestamp) -> Result<Option<Quarantined>, Error> {
    if exists(file)? || !exists(&with_suffix(file, "-wal"))? {
        return Ok(None);
    }
    let path = quarantine(file, now)?;
    let why = "its WAL was found without it".to_owned();
    Ok(Some(Quarantined { path, why }))
}

/// Marks a store whose damage only the thorough check finds, so that the next start makes that check.
///
/// # Errors
/// [`Error::File`] when the mark cannot be written.
pub fn mark_suspect(file: &Path) -> Result<(), Error> {
    let mark = with_suffix(file, SUSPECT);
    File::create(&mark)
        .map_err(|error| Error::File { path: mark, error })
        .and_then(|_| sync_folder_of(file))
}

const SUSPECT: &str = ".suspect";

/// Stands between a store's name and the time at which it was quarantined.
const DAMAGED: &str = ".damaged-";

/// The quarantined stores that lie beside `file`, oldest first.
///
/// # Errors
/// [`Error::File`] when the folder cannot be read.
pub fn quarantined_beside(file: &Path) -> Result<Vec<PathBuf>, Error> {
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
        // The WAL and its index are named after their store and count as part of it.
        if let Some(rest) = name.strip_prefix(&start) {
            let time = rest.trim_end_matches("-wal").trim_end_matches("-shm");
            found.push(beside.join(format!("{start}{time}")));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Renames a damaged store with its WAL and WAL index.
fn quarantine(file: &Path, now: Timestamp) -> Result<PathBuf, Error> {
    let mark = format!("{DAMAGED}{}", now.strftime("%Y%m%dT%H%M%S%3fZ"));
    let quarantined = with_suffix(file, &mark);
    for end in ["", "-wal", "-shm"] {
        let from = with_suffix(file, end);
        let to = with_suffix(&quarantined, end);
        match fs::rename(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::File { path: from, error }),
        }
    }
    Ok(quarantined)
}
