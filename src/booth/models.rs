//! Where the face models lie, and the finder that is made with them or without.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use portrait::{Finder, Models};

/// The largest of the models has 2.5 MB.
const LARGEST: u64 = 16 << 20;
/// How far above the program the repository is looked for: tests run from `target/debug/deps`.
const ABOVE: usize = 5;

/// A finder with the models of `folder`, or of the first usual place that has them. Without them one that needs none, and
/// in one sentence why.
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

/// Beside the program, where a package puts them, or in the repository that the program was built in.
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
