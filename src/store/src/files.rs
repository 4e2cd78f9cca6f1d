//! Names and folders that survive a power cut.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::Error;

/// Creates the folder of a store that is about to be created.
///
/// # Errors
/// [`Error::File`] when the folder cannot be created.
pub fn create_folder_of(file: &Path) -> Result<(), Error> {
    folder(file).map_or(Ok(()), create_folder)
}

/// Creates a folder and the missing ones above it, each so that its name survives a power cut.
fn create_folder(path: &Path) -> Result<(), Error> {
    if exists(path)? {
        return Ok(());
    }
    if let Some(above) = folder(path) {
        create_folder(above)?;
    }
    match fs::create_dir(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::File {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Syncs the folder of `name`, so that a new name survives a power cut before anything is acknowledged.
pub(super) fn sync_folder_of(name: &Path) -> Result<(), Error> {
    let folder = folder(name).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::File {
            path: folder.to_owned(),
            error,
        })
}

pub(super) fn exists(file: &Path) -> Result<bool, Error> {
    file.try_exists().map_err(|error| Error::File {
        path: file.to_owned(),
        error,
    })
}

/// The folder of a file; `None` for a bare name.
pub(super) fn folder(file: &Path) -> Option<&Path> {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}

/// The path with `end` added to its last name, e.g. `-wal`.
pub fn with_suffix(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
