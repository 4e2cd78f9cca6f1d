//! Writes the skeleton of a site.

use std::{fs, path::Path};

use crate::cli::Error;

/// The files of a new site: path in the folder, and content.
const FILES: [(&str, &str); 7] = [
    (
        "kiosk.toml",
        include_str!("../../../assets/site/kiosk.toml"),
    ),
    (
        "theme.toml",
        include_str!("../../../assets/site/theme.toml"),
    ),
    (
        "cards/front.svg",
        include_str!("../../../assets/site/cards/front.svg"),
    ),
    (
        "cards/back.svg",
        include_str!("../../../assets/site/cards/back.svg"),
    ),
    (
        "texts/en/booth.ftl",
        include_str!("../../../assets/site/texts/en/booth.ftl"),
    ),
    (
        "texts/en/reasons.ftl",
        include_str!("../../../assets/site/texts/en/reasons.ftl"),
    ),
    (
        "texts/en/site.ftl",
        include_str!("../../../assets/site/texts/en/site.ftl"),
    ),
];

/// Writes the skeleton into `dir`, which must not hold anything yet.
pub(super) fn write(dir: &Path) -> Result<(), Error> {
    let at = |path: &Path, what: &dyn std::fmt::Display| {
        Error::Failed(format!("{} cannot be written: {what}", path.display()))
    };
    fs::create_dir_all(dir).map_err(|error| at(dir, &error))?;
    let mut inside = fs::read_dir(dir).map_err(|error| at(dir, &error))?;
    if inside.next().is_some() {
        return Err(Error::Failed(format!(
            "{} holds something already: name a new folder",
            dir.display()
        )));
    }
    let schema = crate::config::schema() + "\n";
    for (name, text) in FILES.into_iter().chain([("schema.json", schema.as_str())]) {
        let path = dir.join(name);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
        fs::write(&path, text).map_err(|error| at(&path, &error))?;
    }
    Ok(())
}
