//! The model of a disk that loses power: what was synced is there, and of the rest a selection of sectors.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::trace::Event;

/// The size in bytes of a sector, which a disk writes completely or not at all.
const SECTOR: usize = 512;

/// The state of the disk: what is safely on it, and what may be.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk {
    files: Vec<File>,
    /// The names as programs see them.
    names: HashMap<PathBuf, usize>,
    /// The names that survive a power cut.
    safe_names: BTreeMap<PathBuf, usize>,
    /// The changes of names since their folder was synced.
    pending_names: Vec<NameChange>,
    /// How many changes of a file or folder a sync in progress will make safe.
    syncing: HashMap<PathBuf, usize>,
    /// The program's output so far.
    pub(super) said: String,
}

#[derive(Debug, Clone, Default)]
struct File {
    safe: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Cut(usize),
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Move(PathBuf, PathBuf, usize),
}

impl NameChange {
    fn folder(&self) -> Option<&Path> {
        match self {
            Self::Link(path, _) | Self::Unlink(path) | Self::Move(_, path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Link(path, file) => {
                names.insert(path.clone(), *file);
            }
            Self::Unlink(path) => {
                names.remove(path);
            }
            Self::Move(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(at, bytes) => put(content, *at, bytes),
            Self::Cut(length) => content.resize(*length, 0),
        }
    }

    /// Applies a write in part: each of its sectors independently reaches the disk or not.
    fn apply_in_part(&self, content: &mut Vec<u8>, mut reached: impl FnMut() -> bool) {
        match self {
            Self::Write(at, bytes) => {
                let mut from = 0;
                while from < bytes.len() {
                    let end = ((at + from) / SECTOR + 1) * SECTOR - at;
                    let end = end.min(bytes.len());
                    if reached() {
                        put(content, at + from, &bytes[from..end]);
                    }
                    from = end;
                }
            }
            Self::Cut(_) => {
                if reached() {
                    self.apply(content);
                }
            }
        }
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if content.len() < at + bytes.len() {
        content.resize(at + bytes.len(), 0);
    }
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

impl Disk {
    pub(super) fn step(&mut self, event: &Event) {
        match event {
            Event::Make(path) => {
                if !self.names.contains_key(path) {
                    let file = self.files.len();
                    self.files.push(File::default());
                    self.names.insert(path.clone(), file);
                    self.pending_names
                        .push(NameChange::Link(path.clone(), file));
                }
            }
            Event::Write { path, at, bytes } => {
                if let Some(file) = self.names.get(path) {
                    self.files[*file]
                        .pending
                        .push(Change::Write(*at, bytes.clone()));
                }
            }
            Event::Cut { path, length } => {
                if let Some(file) = self.names.get(path) {
                    self.files[*file].pending.push(Change::Cut(*length));
                }
            }
            Event::SyncBegins(path) => {
                let so_far = match self.names.get(path) {
                    Some(file) => self.files[*file].pending.len(),
                    None => self.pending_names.len(),
                };
                self.syncing.insert(path.clone(), so_far);
            }
            Event::SyncEnds(path) => self.synced(path),
            Event::Rename { from, to } => {
                if let Some(file) = self.names.remove(from) {
                    self.names.insert(to.clone(), file);
                    let moved = NameChange::Move(from.clone(), to.clone(), file);
                    self.pending_names.push(moved);
                }
            }
            Event::Remove(path) => {
                self.names.remove(path);
                self.pending_names.push(NameChange::Unlink(path.clone()));
            }
            Event::Said(text) => self.said.push_str(text),
        }
    }

    fn synced(&mut self, path: &Path) {
        let so_far = self.syncing.remove(path).unwrap_or(0);
        match self.names.get(path) {
            Some(file) => {
                let file = &mut self.files[*file];
                let so_far = so_far.min(file.pending.len());
                for change in file.pending.drain(..so_far) {
                    change.apply(&mut file.safe);
                }
            }
            // The sync of a folder makes its names safe, but not the content of its files.
            None => {
                let mut kept = Vec::new();
                for (number, change) in self.pending_names.drain(..).enumerate() {
                    if number < so_far && change.folder() == Some(path) {
                        change.apply(&mut self.safe_names);
                    } else {
                        kept.push(change);
                    }
                }
                self.pending_names = kept;
            }
        }
    }

    /// The content of a file as programs see it. This is for files that stand for a device, which loses nothing.
    pub(super) fn as_written(&self, path: &Path) -> Option<Vec<u8>> {
        let file = &self.files[*self.names.get(path)?];
        let mut content = file.safe.clone();
        for change in &file.pending {
            change.apply(&mut content);
        }
        Some(content)
    }

    /// Writes to `to` what a power cut now leaves of the folder `root`: only what was synced, or also the unsynced
    /// sectors for which `reached` returns true.
    pub(super) fn cut(
        &self,
        root: &Path,
        to: &Path,
        mut reached: Option<&mut dyn FnMut() -> bool>,
    ) {
        let mut names = self.safe_names.clone();
        if let Some(reached) = &mut reached {
            for change in &self.pending_names {
                if reached() {
                    change.apply(&mut names);
                }
            }
        }
        for (path, file) in names {
            let file = &self.files[file];
            let mut content = file.safe.clone();
            if let Some(reached) = &mut reached {
                for change in &file.pending {
                    change.apply_in_part(&mut content, &mut *reached);
                }
            }
            let path = to.join(path.strip_prefix(root).unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            // The booth makes its files with this mode, and refuses a key that others can read.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn only_what_was_synced_before_the_sync_began_is_safe() {
    let (f, d) = (PathBuf::from("/d/f"), PathBuf::from("/d"));
    let write = |at: usize, byte: u8| Event::Write {
        path: f.clone(),
        at,
        bytes: vec![byte; 1024],
    };
    let mut disk = Disk::default();
    for event in [
        Event::Make(f.clone()),
        write(0, 1),
        Event::SyncBegins(f.clone()),
        write(1024, 2),
        Event::SyncEnds(f.clone()),
    ] {
        disk.step(&event);
    }
    let left = |disk: &Disk, reached: Option<&mut dyn FnMut() -> bool>| {
        let folder = tempfile::tempdir().unwrap();
        disk.cut(Path::new("/d"), folder.path(), reached);
        fs::read(folder.path().join("f")).ok()
    };
    // The folder that holds its name was not synced.
    assert_eq!(left(&disk, None), None);
    disk.step(&Event::SyncBegins(d.clone()));
    disk.step(&Event::SyncEnds(d));
    assert_eq!(left(&disk, None), Some(vec![1; 1024]));
    // Of the second write only the second sector reached the disk.
    let mut coins = [false, true].into_iter();
    let torn = left(&disk, Some(&mut || coins.next().unwrap())).unwrap();
    assert_eq!(torn, [vec![1; 1024], vec![0; 512], vec![2; 512]].concat());
}
