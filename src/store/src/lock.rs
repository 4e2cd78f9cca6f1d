//! The lock that keeps a second booth away from a store.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use super::{Error, files::with_suffix};

/// The lock of a store, held for as long as the booth uses it. The system releases it when the process ends.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// Takes the lock of `store`.
    ///
    /// # Errors
    /// [`Error::Taken`] while another process holds it; [`Error::Absent`] when the store's folder is not there;
    /// [`Error::File`] when the lock's file cannot be used.
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
