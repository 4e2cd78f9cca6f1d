//! What a site may write into `[session]`.

use std::time::Duration;

use crate::limits::{LimitSettings, Limits};
use common::Problems;

fn read(text: &str) -> Result<LimitSettings, toml::de::Error> {
    toml::from_str(text)
}

/// The keys that `text` is wrong at.
fn wrong(text: &str) -> Vec<String> {
    let mut problems = Problems::default();
    read(text).unwrap().check(&mut problems);
    problems.iter().map(|problem| problem.key.clone()).collect()
}

#[test]
fn what_a_site_leaves_out_is_the_booths_own_limit() {
    assert_eq!(read("").unwrap().limits(), Limits::default());
    let limits = read("consent = 40\nnames = 60").unwrap().limits();
    let expected = Limits {
        consent: Duration::from_secs(40),
        names: Duration::from_secs(60),
        ..Limits::default()
    };
    assert_eq!(limits, expected);
}

#[test]
fn limits_that_nobody_could_keep_are_refused_by_their_names() {
    assert!(wrong("consent = 1\nnames = 86400\nanswer = 20").is_empty());
    assert_eq!(
        wrong("typing = 0\nconsent = 86401\nnames = 0"),
        ["session.typing", "session.consent", "session.names"]
    );
    assert_eq!(wrong("answer = 19"), ["session.answer"]);
    assert_eq!(wrong("answer = 0"), ["session.answer"]);
}

#[test]
fn a_limit_that_the_booth_does_not_have_or_keeps_to_itself_is_refused() {
    for unknown in ["patience = 5", "capture = 5", "starting = 5"] {
        assert!(read(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn every_setting_says_in_the_schema_what_it_means() {
    let schema = schemars::schema_for!(LimitSettings);
    assert_eq!(schema.get("title").unwrap(), "Session");
    let properties = schema.get("properties").unwrap().as_object().unwrap();
    for (name, property) in properties {
        assert!(property.get("description").is_some(), "{name}");
    }
}
