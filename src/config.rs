//! The site's configuration: read as it is written ([`RawConfig`]), checked, and only then believed ([`Config`]).
//!
//! A site is a folder: `kiosk.toml`, `theme.toml`, `cards/*.svg` and `texts/<language>/*.ftl`. Test mode lays a second
//! file over `kiosk.toml`. Every mistake is reported at once, each with its file, line, key and what to write instead.

pub mod sections;
mod source;
#[cfg(test)]
mod tests;
mod wanted;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use common::{Problem, Problems};
use source::{Source, lay_over, locate};

use crate::speech;
use identity::Pins;
use portal::{esc_router, http};
use session::rules::{AttendantWays, ConsentText, ReadBack, Rules};
use text::Texts;
use theme::{Screen, Theme};

/// `kiosk.toml` as it is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    booth: sections::Booth,
    devices: sections::Devices,
    #[serde(default)]
    rules: sections::Rules,
    consent: sections::Consent,
    #[serde(default)]
    camera: sections::Camera,
    #[serde(default)]
    portrait: sections::Portrait,
    /// What the cards look like.
    #[serde(default)]
    card: Option<card::Settings>,
    /// Who says who a person is; test mode brings its own.
    #[serde(default)]
    identity: Option<identity::Settings>,
    /// Where orders go; test mode brings its own.
    #[serde(default)]
    portal: Option<http::Settings>,
    /// The router of the European Student Card.
    #[serde(default)]
    esc_router: Option<esc_router::Settings>,
    /// Where orders wait; in the data folder when left out.
    #[serde(default)]
    outbox: Option<outbox::Settings>,
    /// Orders while the portal is down.
    #[serde(default)]
    review: Option<sections::Review>,
    /// How large the screen is, and from where it is read.
    #[serde(default)]
    screen: Screen,
    #[serde(default)]
    session: session::limits::LimitSettings,
    /// Reading aloud.
    #[serde(default)]
    speech: speech::VoiceSettings,
    #[serde(default)]
    test: Option<sections::Test>,
}

/// A configuration that was checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder.
    pub site: PathBuf,
    raw: RawConfig,
    /// The overlay's folder, in test mode.
    pub test_folder: Option<PathBuf>,
}

/// Reads and checks the site's folder, with the file of test mode laid over it where one is given.
pub fn load(site: &Path, test_mode: Option<&Path>) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let config = read(site, test_mode, &mut problems);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

fn read(site: &Path, test_mode: Option<&Path>, problems: &mut Problems) -> Option<Config> {
    let own = site.join("test-mode.toml");
    let files = [
        Some(site.join("kiosk.toml")),
        test_mode.map(Path::to_owned),
        // what is different in this site's test mode, laid last
        test_mode
            .is_some()
            .then_some(own)
            .filter(|own| own.exists()),
    ];
    let sources: Vec<Source> = files
        .into_iter()
        .flatten()
        .filter_map(|file| Source::read(&file, problems))
        .collect();
    let mut merged = Table::new();
    for source in &sources {
        lay_over(&mut merged, source.parse(problems)?);
    }
    if !problems.is_empty() {
        return None;
    }
    let raw = sections(merged, problems);
    let config = raw.map(|raw| Config {
        site: site.to_owned(),
        raw,
        test_folder: test_mode.and_then(Path::parent).map(Path::to_owned),
    });
    if let Some(config) = &config {
        config.check(problems);
    }
    for problem in problems
        .iter_mut()
        .filter(|problem| problem.place.is_none())
    {
        problem.place = locate(&sources, &problem.key);
    }
    config
}

/// Section by section, so that a mistake in one does not hide those in the others.
fn sections(mut merged: Table, problems: &mut Problems) -> Option<RawConfig> {
    let booth = required(&mut merged, "booth", problems);
    let devices = required(&mut merged, "devices", problems);
    let rules = optional(&mut merged, "rules", problems);
    let consent = required(&mut merged, "consent", problems);
    let camera = optional(&mut merged, "camera", problems);
    let portrait = optional(&mut merged, "portrait", problems);
    let card = optional(&mut merged, "card", problems);
    let identity = optional(&mut merged, "identity", problems);
    let portal = optional(&mut merged, "portal", problems);
    let esc_router = optional(&mut merged, "esc_router", problems);
    let outbox = optional(&mut merged, "outbox", problems);
    let review = optional(&mut merged, "review", problems);
    let screen = optional(&mut merged, "screen", problems);
    let session = optional(&mut merged, "session", problems);
    let speech = optional(&mut merged, "speech", problems);
    let test = optional(&mut merged, "test", problems);
    for unknown in merged.keys() {
        let known = "booth, devices, camera, portrait, rules, consent, card, identity, portal, esc_router, outbox, review, screen, session, speech, test";
        problems.at(
            unknown,
            "is no section of a configuration",
            format!("Write one of: {known}."),
        );
    }
    Some(RawConfig {
        booth: booth?,
        devices: devices?,
        rules: rules.unwrap_or_default(),
        consent: consent?,
        camera: camera.unwrap_or_default(),
        portrait: portrait.unwrap_or_default(),
        card,
        identity,
        portal,
        esc_router,
        outbox,
        review,
        screen: screen.unwrap_or_default(),
        session: session.unwrap_or_default(),
        speech: speech.unwrap_or_default(),
        test,
    })
}

fn required<T: DeserializeOwned>(
    table: &mut Table,
    name: &str,
    problems: &mut Problems,
) -> Option<T> {
    if !table.contains_key(name) {
        problems.at(
            name,
            "is missing",
            format!("Add a section [{name}]; kiosk-config/umu/kiosk.toml shows one."),
        );
        return None;
    }
    optional(table, name, problems)
}

fn optional<T: DeserializeOwned>(
    table: &mut Table,
    name: &str,
    problems: &mut Problems,
) -> Option<T> {
    let value = table.remove(name)?;
    match serde_path_to_error::deserialize::<Value, T>(value) {
        Ok(section) => Some(section),
        Err(error) => {
            let inner = error.path().to_string();
            let message = error.inner().message().to_owned();
            // serde names an unknown key only in its sentence
            let unknown = message
                .strip_prefix("unknown field `")
                .and_then(|rest| rest.split('`').next());
            let mut key = name.to_owned();
            if inner != "." {
                key = format!("{key}.{inner}");
            }
            if let Some(unknown) = unknown.filter(|unknown| !key.ends_with(&format!(".{unknown}")))
            {
                key = format!("{key}.{unknown}");
            }
            let (wrong, remedy) = explain(&message);
            problems.at(key, wrong, remedy);
            None
        }
    }
}

/// Serde's sentence as what is wrong and what to write instead.
fn explain(message: &str) -> (String, String) {
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let expected = rest
            .split_once("expected ")
            .map_or("a known key", |(_, expected)| expected);
        return (
            "is no key of this section".to_owned(),
            format!("Write {expected}, or leave it out."),
        );
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return (format!("lacks {field}"), "Add that line.".to_owned());
    }
    if let Some((wrong, expected)) = message.split_once(", expected ") {
        return (format!("has an {wrong}"), format!("Write {expected}."));
    }
    (message.to_owned(), "Mend that value.".to_owned())
}

/// The JSON schema of `kiosk.toml`, as `kiosk-config/schema.json` holds it.
pub fn schema() -> String {
    let schema = schemars::schema_for!(RawConfig);
    serde_json::to_string_pretty(&schema).expect("a schema is plain JSON")
}

/// The checked sections, for whoever needs one of them.
impl Config {
    pub fn booth(&self) -> &sections::Booth {
        &self.raw.booth
    }

    pub fn devices(&self) -> &sections::Devices {
        &self.raw.devices
    }

    pub fn camera(&self) -> &sections::Camera {
        &self.raw.camera
    }

    pub fn portrait(&self) -> &sections::Portrait {
        &self.raw.portrait
    }

    /// What the cards look like; a site without it makes none.
    pub fn card(&self) -> Option<&card::Settings> {
        self.raw.card.as_ref()
    }

    pub fn esc_router(&self) -> Option<&esc_router::Settings> {
        self.raw.esc_router.as_ref()
    }

    /// What may be ordered while the portal is down.
    pub fn review(&self) -> Option<&sections::Review> {
        self.raw.review.as_ref()
    }

    pub fn screen(&self) -> &Screen {
        &self.raw.screen
    }

    pub fn speech(&self) -> &speech::VoiceSettings {
        &self.raw.speech
    }

    /// The settings of test mode; none in a live booth.
    pub fn test(&self) -> Option<&sections::Test> {
        self.raw.test.as_ref()
    }

    /// Lets the virtual printer take this share of its time; a live booth has none.
    pub fn scale_print_time(&mut self, pace: f32) {
        if let Some(test) = &mut self.raw.test {
            test.print_time *= pace;
        }
    }

    /// Names another lamp. Test mode may drive a lamp on a serial line, for the proof that the booth lights it.
    pub fn set_lamp(&mut self, selector: String) {
        self.raw.devices.lamp = selector;
    }
}

impl Config {
    pub fn is_test(&self) -> bool {
        self.raw.test.is_some()
    }

    fn check(&self, problems: &mut Problems) {
        let raw = &self.raw;
        raw.session.check(problems);
        raw.screen.check(problems);
        raw.portrait.check(problems);
        raw.speech.check(problems);
        if let Some(card) = &raw.card {
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
        let kinds = raw.card.as_ref().map(|card| &card.kinds);
        let made = |kind: &str| kinds.is_some_and(|kinds| kinds.contains_key(kind));
        match &raw.review {
            Some(review) => review.check(made, problems),
            None if raw.rules.without_portal => {
                let remedy =
                    "Add a section [review] that says who may order what then, or write false.";
                let wrong =
                    "is true, and nothing says what may be ordered while the portal is down";
                problems.at("rules.without_portal", wrong, remedy);
            }
            None => {}
        }
        let devices = &raw.devices;
        crate::devices::check(devices, &self.site, |key, reason| {
            problems.at(
                format!("devices.{key}"),
                "is not understood",
                format!("{reason}."),
            );
        });
        if raw.booth.languages.is_empty() {
            problems.at(
                "booth.languages",
                "is empty",
                "Write at least one language, for example [\"sv\", \"en\"].",
            );
        }
        for language in &raw.booth.languages {
            if language.parse::<unic_langid::LanguageIdentifier>().is_err() {
                problems.at(
                    "booth.languages",
                    format!("names {language:?}"),
                    "Write codes such as \"sv\" or \"en\".",
                );
            }
        }
        for (key, text) in [
            ("booth.id", &raw.booth.id),
            ("booth.place", &raw.booth.place),
        ] {
            if text.trim().is_empty() || text.len() > 64 {
                problems.at(
                    key,
                    "is empty or longer than 64 bytes",
                    "Write a short name.",
                );
            }
        }
        if raw
            .booth
            .id
            .contains(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        {
            let remedy = "Write letters a to z, digits and hyphens, for example infocenter-1.";
            problems.at(
                "booth.id",
                "stands in addresses and may not hold other characters",
                remedy,
            );
        }
        if raw.consent.pages == 0 || raw.consent.pages > 9 {
            problems.at(
                "consent.pages",
                "is out of range",
                "Write how many pages the whole text has, from 1 to 9.",
            );
        }
        for (key, value) in [
            ("devices.camera", &raw.devices.camera),
            ("devices.printer", &raw.devices.printer),
            ("devices.reader", &raw.devices.reader),
            ("devices.lamp", &raw.devices.lamp),
        ] {
            // a lamp is no part that a booth must have
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

    /// Reads the card's templates and fonts, and draws each side once as a proof that it can be drawn.
    pub fn designer(&self) -> Result<card::Designer, Problems> {
        let Some(settings) = &self.raw.card else {
            let mut problems = Problems::default();
            let remedy = "Add a section [card]; kiosk-config/umu/kiosk.toml shows one.";
            problems.at("card", "is missing", remedy);
            return Err(problems);
        };
        card::Designer::load(&self.site, settings)
    }

    /// The site's words and colours, checked: every text the booth may show in every language, and contrasts.
    pub fn look(&self) -> Result<(Texts, Theme), Problems> {
        let mut problems = Problems::default();
        let raw = &self.raw;
        let texts = Texts::load(
            &self.site.join("texts"),
            &raw.booth.languages,
            &mut problems,
        );
        let kinds = raw.card.iter().flat_map(|card| &card.kinds);
        let kinds = kinds.filter(|(_, kind)| kind.enabled);
        let wanted = wanted::of_site(kinds.map(|(name, _)| name.as_str()), raw.consent.pages);
        texts.check(&wanted, &mut problems);
        match self.theme(&mut problems) {
            Some(theme) if problems.is_empty() => Ok((texts, theme)),
            _ => Err(problems),
        }
    }

    fn theme(&self, problems: &mut Problems) -> Option<Theme> {
        let source = Source::read(&self.site.join("theme.toml"), problems)?;
        let table = Value::Table(source.parse(problems)?);
        let mut found = Problems::default();
        let theme = match serde_path_to_error::deserialize::<Value, Theme>(table) {
            Ok(theme) => {
                theme.check(&mut found);
                Some(theme)
            }
            Err(error) => {
                let key = error.path().to_string();
                let (wrong, remedy) = explain(error.inner().message());
                found.at(key, wrong, remedy);
                None
            }
        };
        let sources = [source];
        for problem in found.iter() {
            let place = locate(&sources, &problem.key);
            problems.push(Problem {
                place,
                ..problem.clone()
            });
        }
        theme
    }

    /// Whether the booth brings its own identity provider and portal.
    pub fn has_virtual_servers(&self) -> bool {
        self.raw
            .test
            .as_ref()
            .is_some_and(|test| test.servers == sections::Servers::Virtual)
    }

    /// The settings of the institution's servers; a live booth has both.
    pub fn servers(&self) -> Result<(&identity::Settings, &http::Settings), Problems> {
        match (&self.raw.identity, &self.raw.portal) {
            (Some(identity), Some(portal)) => Ok((identity, portal)),
            (identity, _) => {
                let mut problems = Problems::default();
                let key = if identity.is_none() {
                    "identity"
                } else {
                    "portal"
                };
                let remedy = format!("Add a section [{key}], or try the booth with --test-mode.");
                problems.at(key, "is missing", remedy);
                Err(problems)
            }
        }
    }

    /// The store's settings: the site's, or the usual names in `data`.
    pub fn outbox_settings(&self, data: &Path) -> outbox::Settings {
        match &self.raw.outbox {
            Some(settings) if !self.is_test() => settings.clone(),
            _ => outbox::Settings::in_folder(data),
        }
    }

    /// The attendants' PINs.
    pub fn pins(&self) -> Pins {
        Pins::new(
            self.raw
                .identity
                .as_ref()
                .map_or(&[], |identity| &identity.attendants),
        )
    }

    /// The people of test mode: the site's own file of that name, else the one beside the overlay.
    pub fn people_file(&self) -> PathBuf {
        let name = self.raw.test.as_ref().map_or("", |test| &test.people);
        let own = self.site.join(name);
        match &self.test_folder {
            Some(folder) if !own.is_file() => folder.join(name),
            _ => own,
        }
    }

    /// What the session must know of the site.
    pub fn rules(&self) -> Rules {
        let raw = &self.raw;
        // test mode's own provider has its own claims, and checks no password
        let identity = raw
            .identity
            .as_ref()
            .filter(|_| !self.has_virtual_servers());
        let pin = raw
            .identity
            .as_ref()
            .is_some_and(|identity| !identity.attendants.is_empty());
        Rules {
            languages: raw.booth.languages.clone(),
            needs: raw.rules.needs(),
            limits: raw.session.limits(),
            consent: ConsentText {
                text: raw.consent.text.clone(),
                version: raw.consent.version.clone(),
                pages: raw.consent.pages,
            },
            kinds: Vec::new(),
            only_without_code: raw.rules.only_without_code,
            password: identity.is_some_and(|identity| identity.password.is_some()),
            staff: raw.rules.staff_sessions,
            attendant: AttendantWays {
                phone: self.has_virtual_servers()
                    || identity.is_some_and(|identity| identity.claims.attendant.is_some()),
                pin,
            },
            approval: raw.rules.approval.into(),
            print_here_assurance: raw.rules.print_here_assurance.clone(),
            read_back: ReadBack {
                chip: raw.rules.read_back_chip,
                code: raw.rules.read_back_code,
            },
            ask_library: raw.rules.ask_library,
        }
    }
}
