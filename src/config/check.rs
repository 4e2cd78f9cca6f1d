//! Checks that need the whole configuration. Each crate checks its own settings; here are the checks that involve
//! several sections or files.

use common::Problems;

use super::{Config, sections};

impl Config {
    pub(super) fn check(&self, problems: &mut Problems) {
        let raw = &self.raw;
        raw.session.check(problems);
        raw.screen.check(problems);
        raw.portrait.check(problems);
        raw.speech.check(problems);
        self.check_card(problems);
        if let Some(identity) = &raw.identity {
            identity.check(problems);
        }
        if let Some(portal) = &raw.portal {
            portal.check("portal", problems);
        }
        if let Some(router) = &raw.esc_router {
            router.check(problems);
        }
        if let Some(outbox) = &raw.outbox {
            outbox.check("outbox", problems);
        }
        self.check_review(problems);
        self.check_devices(problems);
        check_booth(&raw.booth, problems);
        check_consent(&raw.consent, problems);
    }

    fn check_card(&self, problems: &mut Problems) {
        let Some(card) = &self.raw.card else {
            return;
        };
        card.check(&self.site, problems);
        if card.code.key == Some(card::CodeKey::Test) && !self.is_test() {
            let remedy = "Name the site's own key: file:PATH, credential:NAME or portal.";
            problems.at(
                "card.code.key",
                "is the key of test mode in a live booth",
                remedy,
            );
        }
    }

    /// A site that allows orders without the portal must say who may order what.
    fn check_review(&self, problems: &mut Problems) {
        let kinds = self.raw.card.as_ref().map(|card| &card.kinds);
        let made = |kind: &str| kinds.is_some_and(|kinds| kinds.contains_key(kind));
        match &self.raw.review {
            Some(review) => review.check(made, problems),
            None if self.raw.rules.without_portal => {
                let remedy =
                    "Add a section [review] that says who may order what then, or write false.";
                let wrong =
                    "is true, and nothing says what may be ordered while the portal is down";
                problems.at("rules.without_portal", wrong, remedy);
            }
            None => {}
        }
    }

    /// A live booth has real devices only, and test mode virtual ones only.
    fn check_devices(&self, problems: &mut Problems) {
        let devices = &self.raw.devices;
        crate::devices::check(devices, &self.site, |key, reason| {
            problems.at(
                format!("devices.{key}"),
                "is not understood",
                format!("{reason}."),
            );
        });
        for (key, value) in [
            ("devices.camera", &devices.camera),
            ("devices.printer", &devices.printer),
            ("devices.reader", &devices.reader),
            ("devices.lamp", &devices.lamp),
        ] {
            // The lamp is optional.
            if key == "devices.lamp" && value == "none" {
                continue;
            }
            let is_virtual = value.starts_with("virtual");
            if is_virtual && !self.is_test() {
                let remedy = "Name a real device; a virtual one is for --test-mode only.";
                problems.at(key, "is virtual in a live booth", remedy);
            }
            let is_absent = value == "none" && key == "devices.reader";
            if !is_virtual && !is_absent && self.is_test() {
                problems.at(
                    key,
                    "is a real device in test mode",
                    "Write virtual in the overlay.",
                );
            }
        }
    }
}

fn check_booth(booth: &sections::Booth, problems: &mut Problems) {
    if booth.languages.is_empty() {
        problems.at(
            "booth.languages",
            "is empty",
            "Write at least one language, for example [\"sv\", \"en\"].",
        );
    }
    for language in &booth.languages {
        if language.parse::<unic_langid::LanguageIdentifier>().is_err() {
            problems.at(
                "booth.languages",
                format!("names {language:?}"),
                "Write codes such as \"sv\" or \"en\".",
            );
        }
    }
    for (key, text) in [("booth.id", &booth.id), ("booth.place", &booth.place)] {
        if text.trim().is_empty() || text.len() > 64 {
            problems.at(
                key,
                "is empty or longer than 64 bytes",
                "Write a short name.",
            );
        }
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !booth.id.chars().all(is_plain) {
        problems.at(
            "booth.id",
            "stands in addresses and may not hold other characters",
            "Write letters a to z, digits and hyphens, for example infocenter-1.",
        );
    }
}

fn check_consent(consent: &sections::Consent, problems: &mut Problems) {
    if consent.pages == 0 || consent.pages > 9 {
        problems.at(
            "consent.pages",
            "is out of range",
            "Write how many pages the whole text has, from 1 to 9.",
        );
    }
}
