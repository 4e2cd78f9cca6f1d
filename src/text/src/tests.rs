use std::path::{Path, PathBuf};

use super::*;

fn site(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../kiosk-config")
        .join(name)
}

/// Returns the problems of these texts, which are written to one file of the language `sv`.
fn problems_of(ftl: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sv")).unwrap();
    std::fs::write(folder.path().join("sv/all.ftl"), ftl).unwrap();
    let mut problems = Problems::default();
    let texts = Texts::load(folder.path(), &["sv".to_owned()], &mut problems);
    texts.check(&Wanted::default(), &mut problems);
    problems.iter().map(ToString::to_string).collect()
}

fn says(ftl: &str, expect: &str) {
    let said = problems_of(ftl);
    assert!(
        said.iter().any(|problem| problem.contains(expect)),
        "{expect:?} not in {said:#?}"
    );
}

#[test]
fn the_clerk_never_shouts_and_never_shows_a_key() {
    let languages = ["sv".to_owned(), "en".to_owned()];
    let texts = Texts::load(
        &site("umu").join("texts"),
        &languages,
        &mut Problems::default(),
    );
    for language in &texts.languages {
        for text in &language.written {
            let said = language.format(&text.name, None).unwrap_or_default();
            assert!(!said.contains('!'), "{}: {said}", text.name);
            assert!(!said.is_empty(), "{} is empty", text.name);
        }
    }
}

#[test]
fn a_mistake_is_reported_with_its_remedy() {
    says("", "attract-title is missing in");
    says(
        "attract-titel = Hej\n",
        "attract-titel is no text of the booth",
    );
    says(
        "code-left = Kvar { $tid }\n",
        "code-left uses { $tid }, which it is not given. It may use { $time }.",
    );
    says("help = Hjälp { $name }\n", "Write it without values.");
    says(
        "help = Hjälp\nhelp = Hjälp igen\n",
        "all.ftl:2: help is there twice",
    );
    says("help = Hjälp {\n", "is no Fluent text");
}

#[test]
fn values_inside_a_selector_are_checked_too() {
    says(
        "still-left = { $seconds ->\n    [one] en { $sekund }\n   *[other] många\n }\n",
        "uses { $sekund }",
    );
}

#[test]
fn a_missing_folder_is_reported() {
    let mut problems = Problems::default();
    Texts::load(Path::new("/nowhere"), &["sv".to_owned()], &mut problems);
    let said = problems.to_string();
    assert!(said.contains("/nowhere/sv: cannot be read"), "{said}");
}

#[test]
fn texts_insert_values_and_select_plurals() {
    let languages = ["sv".to_owned(), "en".to_owned()];
    let texts = Texts::load(
        &site("umu").join("texts"),
        &languages,
        &mut Problems::default(),
    );
    let check = |language: &str, seconds: u64, expect: &str| {
        let said = texts
            .of(language)
            .with(key::STILL_LEFT, &[("seconds", seconds.into())]);
        assert_eq!(said, expect);
    };
    check("sv", 1, "1 sekund kvar");
    check("sv", 12, "12 sekunder kvar");
    check("en", 1, "1 second left");
    check("en", 30, "30 seconds left");
    // For a language that the site does not have, the text of the site's first language is used.
    check("fi", 2, "2 sekunder kvar");
}

#[test]
fn a_missing_text_falls_back_to_another_language() {
    let folder = tempfile::tempdir().unwrap();
    for (language, text) in [("sv", "help = Hjälp\n"), ("en", "")] {
        std::fs::create_dir(folder.path().join(language)).unwrap();
        std::fs::write(folder.path().join(language).join("all.ftl"), text).unwrap();
    }
    let languages = ["sv".to_owned(), "en".to_owned()];
    let texts = Texts::load(folder.path(), &languages, &mut Problems::default());
    assert_eq!(texts.of("en").say(key::HELP), "Hjälp");
    assert_eq!(texts.of("en").named("reason-printer-odd", &[]), None);
}
