//! The project's rules that the compiler cannot check. The table below says which crates may depend on which, and is
//! compared with the manifests. For rules within a crate the source is parsed.

mod names;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use names::Names;

/// Which crates of this repository each crate may depend on. Tests may use more.
const MAY_KNOW: &[(&str, &[&str])] = &[
    (
        ".",
        &[
            "camera",
            "card",
            "card-printer",
            "card-reader",
            "common",
            "device",
            "identity",
            "lamp",
            "outbox",
            "portal",
            "portal-server",
            "portrait",
            "session",
            "text",
            "theme",
            "web",
        ],
    ),
    ("drivers/camera", &["device"]),
    ("drivers/card-printer", &["device"]),
    ("drivers/card-reader", &["device"]),
    ("drivers/device", &[]),
    ("drivers/lamp", &["device"]),
    ("src/card", &["common"]),
    ("src/common", &[]),
    ("src/identity", &["common", "web"]),
    ("src/outbox", &["common", "portal", "store"]),
    ("src/portal", &["common", "web"]),
    (
        "src/portal-server",
        &[
            "card", "common", "portal", "portrait", "store", "text", "theme", "web",
        ],
    ),
    ("src/portrait", &["common", "tflite"]),
    ("src/portrait/tflite", &[]),
    ("src/session", &["common"]),
    ("src/store", &[]),
    ("src/text", &["common"]),
    ("src/theme", &["common"]),
    ("src/web", &[]),
];

/// The only crates that may use a foreign library.
const HOMES: &[(&str, &[&str])] = &[
    ("iced", &["."]),
    ("nokhwa", &["drivers/camera"]),
    ("rusb", &["drivers/card-printer"]),
    ("serialport", &["drivers/device"]),
    ("sqlx", &["src/outbox", "src/portal-server", "src/store"]),
];

/// Names by which the session would wait, read a clock, or use input and output.
const IMPURE: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "rand",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`, by its path in the repository.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap();
                found.push((
                    name.to_string_lossy().into_owned(),
                    fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// The files of the booth itself, without those of the crates beside it.
fn sources_of_the_booth() -> Vec<(String, String)> {
    let mut files = sources("src");
    files.retain(|(file, _)| {
        MAY_KNOW
            .iter()
            .all(|(krate, _)| *krate == "." || !file.starts_with(&format!("{krate}/")))
    });
    files
}

/// Whether the file is one of these modules or lies below one.
fn is_below(file: &str, modules: &[&str]) -> bool {
    modules
        .iter()
        .any(|module| file == format!("{module}.rs") || file.starts_with(&format!("{module}/")))
}

/// The names of a crate's dependencies, those of its tests left out.
fn dependencies(krate: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let found = manifest.get("dependencies").and_then(toml::Value::as_table);
    found.map_or_else(Vec::new, |found| found.keys().cloned().collect())
}

#[test]
fn every_crate_has_its_line_in_the_table() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let members = members.iter().map(|member| member.as_str().unwrap());
    let missing: Vec<&str> = members
        .filter(|member| !member.starts_with("tests/"))
        .filter(|member| MAY_KNOW.iter().all(|(krate, _)| krate != member))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn no_crate_depends_on_more_than_the_table_allows() {
    let names: Vec<String> = MAY_KNOW
        .iter()
        .filter_map(|(krate, _)| Some(Path::new(krate).file_name()?.to_string_lossy().into_owned()))
        .collect();
    let mut breaches = Vec::new();
    for (krate, may) in MAY_KNOW {
        for dependency in dependencies(krate) {
            let ours = names.contains(&dependency);
            if ours && !may.contains(&dependency.as_str()) {
                breaches.push(format!("{krate} knows {dependency}"));
            }
            let home = HOMES.iter().find(|(library, _)| *library == dependency);
            if home.is_some_and(|(_, homes)| !homes.contains(krate)) {
                breaches.push(format!("{krate} depends on {dependency}"));
            }
        }
    }
    assert_eq!(breaches, Vec::<String>::new());
}

#[test]
fn each_device_library_is_named_in_one_file() {
    for library in ["nokhwa", "rusb", "serialport", "v4l"] {
        let mut homes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (file, source) in sources("drivers") {
            if file.contains("/tests/") || !Names::of(&source).has(library) {
                continue;
            }
            let krate = file.split('/').nth(1).unwrap_or_default().to_owned();
            homes.entry(krate).or_default().push(file);
        }
        for (krate, files) in homes {
            assert_eq!(files.len(), 1, "{krate} names {library} in {files:?}");
        }
    }
}

#[test]
fn only_the_window_names_iced() {
    let window = ["src/app", "src/look", "src/screen", "src/widget"];
    let strangers: Vec<String> = sources_of_the_booth()
        .into_iter()
        .filter(|(file, source)| !is_below(file, &window) && Names::of(source).has("iced"))
        .map(|(file, _)| file)
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
}

#[test]
fn the_session_is_pure() {
    for (file, source) in sources("src/session/src") {
        if file.starts_with("src/session/src/tests") {
            continue;
        }
        let names = Names::of(&source);
        assert!(!names.has_async, "{file} waits");
        for word in IMPURE {
            assert!(
                !names.has(word) && !names.has_end(word),
                "{file} names {word}"
            );
        }
    }
}

#[test]
fn screens_only_read() {
    let strangers = [
        "outbox",
        "portal",
        "identity",
        "crate::devices",
        "crate::perform",
        "crate::booth",
        "crate::config",
    ];
    for (file, source) in sources_of_the_booth() {
        if is_below(&file, &["src/screen", "src/widget"]) {
            let names = Names::of(&source);
            for stranger in strangers {
                assert!(!names.has(stranger), "{file} names {stranger}");
            }
        }
    }
}

#[test]
fn the_top_level_is_what_a_repository_needs() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "Makefile",
        "LICENSE",
        "README.md",
        ".ci",
        ".gitignore",
        ".git",
        "src",
        "assets",
        "drivers",
        "kiosk-config",
        "tests",
        "target",
        "demo",
    ];
    let names = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let strange: Vec<String> = names
        .filter(|name| !allowed.contains(&name.as_str()))
        .collect();
    assert_eq!(strange, Vec::<String>::new());
}

#[test]
fn no_text_names_a_machine_or_a_folder_outside() {
    let mut folders: Vec<PathBuf> = ["src", "drivers", "tests", "kiosk-config", "assets", ".ci"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !["target", "fetched", "corpus", "node_modules"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                // The text is split so that this file does not match itself.
                for place in [
                    concat!("/wo", "rk/"),
                    concat!("/ro", "ot/"),
                    concat!("/tmp/", "wt/"),
                    concat!("../sha", "red"),
                ] {
                    if text.contains(place) {
                        found.push(format!("{} has {place}", path.display()));
                    }
                }
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_schema_for_editors_is_the_configurations_own() {
    let stored = fs::read_to_string(root().join("kiosk-config/schema.json")).unwrap();
    let fresh = fotoautomat::config::schema();
    assert!(
        stored.trim() == fresh.trim(),
        "stale: run `fotoautomat config schema > kiosk-config/schema.json`"
    );
}

/// Words that the project does not use, because the field has its own: each with what to write instead. Words that are
/// right in another sense are not in this list: an HTTP request, `std::sync`, a user of the system.
const NOT_OUR_WORDS: &[(&str, &str)] = &[
    ("customer", "visitor or holder"),
    ("deed", "action"),
    ("hasten", "shorten"),
    ("lesson", "coaching run"),
    ("merit", "quality"),
    ("mock", "virtual device"),
    ("orderly", "in order"),
    ("simulator", "virtual device"),
    ("studio", "face worker"),
    ("tongue", "locale"),
];

#[test]
fn the_code_uses_the_words_of_the_field() {
    let files = sources("src").into_iter().chain(sources("drivers"));
    let mut found = Vec::new();
    for (file, source) in files {
        for word in words(&source) {
            if let Some((_, better)) = NOT_OUR_WORDS.iter().find(|(not, _)| *not == word) {
                found.push(format!("{file}: write {better} and not {word}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// The words of a text in lower case; an identifier counts as the words that it is made of.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in text.chars() {
        if !letter.is_alphabetic() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if letter.is_alphabetic() {
            words.last_mut().unwrap().extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn a_word_is_found_in_prose_and_in_identifiers() {
    for (text, expected) in [
        ("// hasten it", true),
        ("fn hasten_all() {}", true),
        ("struct HastenAll;", true),
        ("hastened", false),
    ] {
        let found = words(text).iter().any(|word| word == "hasten");
        assert_eq!(found, expected, "{text}");
    }
}
