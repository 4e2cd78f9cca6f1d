//! The rules of the house, kept by reading the source: who may name whom.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every Rust file below `folder`, as path relative to the repository and text without comments.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((name, code_of(&fs::read_to_string(&path).unwrap())));
            }
        }
    }
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// The text without its comment lines, so that a rule may be written about.
fn code_of(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the code names the crate or module: as `name::`, `use name` or `name;`.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        let starts = !before
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '.');
        let uses = code[..at].ends_with("use ") || after.starts_with("::");
        starts && uses && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

fn breaches(folder: &str, named: &str, allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let files = sources(folder).into_iter();
    files
        .filter(|(file, code)| !allowed(file) && names(code, named))
        .map(|(file, _)| format!("{file} names {named}"))
        .collect()
}

fn under(file: &str, stems: &[&str]) -> bool {
    stems
        .iter()
        .any(|stem| file == format!("{stem}.rs") || file.starts_with(&format!("{stem}/")))
}

#[test]
fn each_foreign_library_has_its_home() {
    let mut found = Vec::new();
    found.extend(breaches("src", "iced", |file| {
        under(
            file,
            &[
                "src/main",
                "src/app",
                "src/screen",
                "src/widget",
                "src/theme",
            ],
        )
    }));
    found.extend(breaches("src", "sqlx", |file| {
        under(file, &["src/outbox", "src/portal/reference"])
    }));
    for library in ["rusb", "nokhwa", "serialport"] {
        found.extend(breaches("src", library, |_| false));
        for driver in ["camera", "card-printer", "card-reader", "lamp"] {
            let folder = format!("drivers/{driver}/src");
            let homes = breaches(&folder, library, |_| false);
            if homes.len() > 1 {
                found.push(format!(
                    "{library} has {} homes in {folder}: {homes:?}",
                    homes.len()
                ));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_session_is_pure() {
    for (file, code) in sources("src")
        .into_iter()
        .filter(|(file, _)| under(file, &["src/session"]))
    {
        let is_test = file.starts_with("src/session/tests");
        for word in [
            "async ",
            ".await",
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "std::thread",
            "std::fs",
            "tokio",
            "rand::",
        ] {
            assert!(is_test || !code.contains(word), "{file} has {word:?}");
        }
        let devices = ["camera", "card_printer", "card_reader", "lamp", "iced"];
        for foreign in devices {
            assert!(!names(&code, foreign), "{file} names {foreign}");
        }
        for module in [
            "app", "screen", "widget", "outbox", "portal", "devices", "perform", "booth", "card",
        ] {
            assert!(
                !code.contains(&format!("crate::{module}::")),
                "{file} names crate::{module}"
            );
        }
    }
}

#[test]
fn drivers_know_neither_the_app_nor_each_other() {
    let drivers = [
        ("camera", "camera"),
        ("card-printer", "card_printer"),
        ("card-reader", "card_reader"),
        ("lamp", "lamp"),
    ];
    for (folder, _) in drivers {
        for (_, other) in drivers.into_iter().filter(|(other, _)| *other != folder) {
            assert_eq!(
                breaches(&format!("drivers/{folder}/src"), other, |_| false),
                Vec::<String>::new()
            );
        }
        assert_eq!(
            breaches(&format!("drivers/{folder}/src"), "fotoautomat", |_| false),
            Vec::<String>::new()
        );
    }
}

#[test]
fn screens_only_read() {
    for (file, code) in sources("src")
        .into_iter()
        .filter(|(file, _)| under(file, &["src/screen", "src/widget"]))
    {
        for module in [
            "outbox", "portal", "identity", "devices", "perform", "booth", "config",
        ] {
            assert!(
                !code.contains(&format!("crate::{module}::")),
                "{file} names crate::{module}"
            );
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let strange: Vec<String> = names
        .filter(|name| !allowed.contains(&name.as_str()))
        .collect();
    assert_eq!(strange, Vec::<String>::new());
}

#[test]
fn no_text_names_a_machine_or_a_folder_outside() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["src", "drivers", "tests", "kiosk-config", "assets", ".ci"]
        .iter()
        .map(|name| root.join(name))
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
                // in two parts, so that this file does not find itself
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
    let stored =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/schema.json"))
            .unwrap();
    let fresh = fotoautomat::config::schema();
    assert!(
        stored.trim() == fresh.trim(),
        "stale: run `fotoautomat config schema > kiosk-config/schema.json`"
    );
}

#[test]
fn the_reader_of_these_rules_sees_what_it_should() {
    for (code, expected) in [
        ("use iced::Task;", true),
        ("let x = iced::Color::BLACK;", true),
        ("use iced;", true),
        ("let noticed::x = 1;", false),
        ("crate::iced::x", false),
        ("let s = \"iced::Task\";", false),
        ("iced_like::x", false),
    ] {
        assert_eq!(names(code, "iced"), expected, "{code}");
    }
}
