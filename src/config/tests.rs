use std::fs;

use super::*;

const GOOD: &str = r#"
[booth]
id = "infocenter-1"
institution = "Umeå universitet"
place = "Infocenter"
languages = ["sv", "en"]

[devices]
camera = "any"
printer = "usb"
reader = "none"

[consent]
text = "card-rules"
version = "2024-07-04"
"#;

/// The output of `config check` for a site whose `kiosk.toml` is `text`, with `over` merged over it.
fn said(text: &str, over: Option<&str>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kiosk.toml"), text).unwrap();
    let overlay = folder.path().join("test-mode.toml");
    fs::write(&overlay, over.unwrap_or_default()).unwrap();
    match load(folder.path(), over.map(|_| overlay.as_path())) {
        Ok(_) => vec![],
        Err(problems) => problems
            .iter()
            .map(|problem| {
                problem
                    .to_string()
                    .replace(&format!("{}/", folder.path().display()), "")
            })
            .collect(),
    }
}

#[test]
fn a_good_site_is_accepted() {
    assert_eq!(said(GOOD, None), Vec::<String>::new());
}

#[test]
fn a_mistake_is_reported_with_its_file_line_key_and_remedy() {
    for (from, to, expected) in [
        (
            "\"usb\"",
            "\"virtual:rio2\"",
            "kiosk.toml:10: devices.printer is virtual in a live booth.",
        ),
        (
            "[\"sv\", \"en\"]",
            "[]",
            "kiosk.toml:6: booth.languages is empty.",
        ),
        (
            "[\"sv\", \"en\"]",
            "[\"sv\", \"?\"]",
            "kiosk.toml:6: booth.languages names \"?\".",
        ),
        (
            "reader = \"none\"",
            "reeder = \"none\"",
            "kiosk.toml:11: devices.reeder is no key of this section. Write one of",
        ),
        (
            "reader = \"none\"",
            "",
            "kiosk.toml:8: devices lacks `reader`. Add that line.",
        ),
        (
            "id = \"infocenter-1\"",
            "id = 7",
            "kiosk.toml:3: booth.id has an invalid type: integer `7`. Write a string.",
        ),
        (
            "id = \"infocenter-1\"",
            "id = \"a/b\"",
            "kiosk.toml:3: booth.id stands in addresses",
        ),
        (
            "[consent]",
            "[konsent]",
            "consent is missing. Add a section [consent]",
        ),
        ("languages =", "languages", "kiosk.toml:6: is not TOML:"),
    ] {
        let told = said(&GOOD.replace(from, to), None);
        assert!(
            told.iter().any(|line| line.contains(expected)),
            "{expected:?} not in {told:#?}"
        );
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let text = GOOD
        .replace("id = \"infocenter-1\"", "id = \"\"")
        .replace("\"usb\"", "\"virtual\"")
        + "\n[session]\nanswer = 5\n[extra]\n";
    let told = said(&text, None);
    for expected in [
        "booth.id",
        "devices.printer",
        "session.answer is too short",
        "extra is no section",
    ] {
        assert!(
            told.iter().any(|line| line.contains(expected)),
            "{expected:?} not in {told:#?}"
        );
    }
}

#[test]
fn the_overlay_takes_precedence_and_is_named_in_mistakes() {
    let over = "[devices]\ncamera = \"virtual\"\nprinter = \"virtual:rio2\"\n\n[test]\npeople = \"people.toml\"\n";
    assert_eq!(
        said(GOOD, Some(over)),
        Vec::<String>::new(),
        "a booth may have no reader"
    );
    let told = said(&GOOD.replace("\"none\"", "\"pn532:usb\""), Some(over));
    assert_eq!(
        told,
        [
            "kiosk.toml:11: devices.reader is a real device in test mode. Write virtual in the overlay."
        ]
    );
    let told = said(GOOD, Some(&format!("{over}print_time = \"slow\"\n")));
    assert!(
        told[0].starts_with("test-mode.toml:7: test.print_time"),
        "{told:#?}"
    );
}

#[test]
fn a_folder_without_a_configuration_is_reported() {
    let problems = load(Path::new("/nowhere/at/all"), None)
        .unwrap_err()
        .to_string();
    assert!(
        problems.contains("/nowhere/at/all/kiosk.toml") && problems.contains("kiosk-config/umu"),
        "{problems}"
    );
}

#[test]
fn orders_for_review_and_networks_are_checked() {
    let identity = "[identity]\nissuer = \"https://login.example.edu\"\nclient_id = \"booth-1\"\n";
    for (more, expected) in [
        (
            "[rules]\nwithout_portal = true".to_owned(),
            "rules.without_portal is true, and nothing says what may be ordered",
        ),
        (
            "[review]\nkinds = []\nplaces = [{ id = \"desk\", name = \"Desk\" }]".to_owned(),
            "review.kinds is empty",
        ),
        (
            "[review]\nkinds = [{ affiliation = \"student\", kind = \"pet\", valid_days = 0 }]\nplaces = []".to_owned(),
            "review.kinds[0].kind names \"pet\", which this site does not make",
        ),
        (
            format!("{identity}networks = [\"campus\"]"),
            "identity.networks has \"campus\", which is no network",
        ),
    ] {
        let found = said(&format!("{GOOD}\n{more}"), None);
        assert!(
            found.iter().any(|problem| problem.contains(expected)),
            "{expected}: {found:#?}"
        );
    }
}
