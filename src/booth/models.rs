//! Finds the folder of the face models and makes a finder, with the models or without.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use portrait::{Finder, Models};

/// The size limit of a model in bytes. The largest of the models has 2.5 MB.
const LARGEST: u64 = 16 << 20;
/// How many folders above the program are searched for the repository: tests run from `target/debug/deps`.
const ABOVE: usize = 5;

/// A finder with the models of `folder`, or of the first usual place that exists. If they cannot be loaded, a finder
/// that needs none, and the reason in one sentence.
pub fn finder(folder: Option<&Path>) -> (Finder, Option<String>) {
    let Some(folder) = folder.map(Path::to_owned).or_else(usual_place) else {
        let why = "there is no folder of face models".to_owned();
        return (Finder::plain(), Some(why));
    };
    match Models::load(|name| read(&folder.join(name))) {
        Ok(models) => (Finder::with(models), None),
        Err(error) => (
            Finder::plain(),
            Some(format!(
                "the face models in {} are not used: {error}",
                folder.display()
            )),
        ),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first folder of models that exists: beside the program, where a package installs them, or in the repository that
/// the program was built in.
fn usual_place() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let beside = program.parent()?;
    let installed = [
        beside.join("models"),
        beside.join("../share/fotoautomat/models"),
    ];
    let built = beside
        .ancestors()
        .take(ABOVE)
        .map(|folder| folder.join("assets/fetched/models"));
    installed
        .into_iter()
        .chain(built)
        .find(|folder| folder.is_dir())
}
