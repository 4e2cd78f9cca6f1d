//! The site's configuration: parsed as it is written ([`RawConfig`]), then checked ([`Config`]).
//!
//! A site is a folder: `kiosk.toml`, `theme.toml`, `cards/*.svg` and `texts/<language>/*.ftl`. Test mode
//! merges a second file over `kiosk.toml`. All mistakes are reported at once, each with its file, line, key and remedy.

mod check;
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

/// Declares the sections of `kiosk.toml` once, for three uses: the struct, the list of their names, and a function that
/// parses them one by one, so that a mistake in one section does not hide those in others.
macro_rules! declare_sections {
    ($($(#[$about:meta])* $name:ident: $kind:ident $section:ty,)*) => {
        /// `kiosk.toml` as it is written.
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct RawConfig {
            $($(#[$about])* $name: $section,)*
        }

        const SECTIONS: &[&str] = &[$(stringify!($name)),*];

        fn read_sections(table: &mut Table, problems: &mut Problems) -> Option<RawConfig> {
            $(let $name = $kind(table, stringify!($name), problems);)*
            Some(RawConfig { $($name: $name?,)* })
        }
    };
}

declare_sections! {
    booth: required sections::Booth,
    devices: required sections::Devices,
    #[serde(default)]
    rules: with_default sections::Rules,
    consent: required sections::Consent,
    #[serde(default)]
    camera: with_default sections::Camera,
    #[serde(default)]
    portrait: with_default portrait::Settings,
    /// What the cards look like.
    #[serde(default)]
    card: optional Option<card::Settings>,
    /// Who says who a person is; test mode brings its own.
    #[serde(default)]
    identity: optional Option<identity::Settings>,
    /// Where orders go; test mode brings its own.
    #[serde(default)]
    portal: optional Option<http::Settings>,
    /// The router of the European Student Card.
    #[serde(default)]
    esc_router: optional Option<esc_router::Settings>,
    /// Where orders wait; in the data folder when left out.
    #[serde(default)]
    outbox: optional Option<outbox::Settings>,
    /// Orders while the portal is down.
    #[serde(default)]
    review: optional Option<sections::Review>,
    /// How large the screen is, and from where it is read.
    #[serde(default)]
    screen: with_default Screen,
    #[serde(default)]
    session: with_default session::limits::LimitSettings,
    /// Reading aloud.
    #[serde(default)]
    speech: with_default speech::VoiceSettings,
    #[serde(default)]
    test: optional Option<sections::Test>,
}

/// A checked configuration of a site.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder.
    pub site: PathBuf,
    raw: RawConfig,
    /// The folder of the file that test mode merges; `None` outside test mode.
    pub test_folder: Option<PathBuf>,
}

/// Reads and checks the site's folder; in test mode with the file `test_mode` merged over its `kiosk.toml`.
///
/// # Errors
/// Returns all mistakes in these files.
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
        // The site's own changes to test mode are merged last.
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

/// Parses every section, and reports unknown ones.
fn sections(mut merged: Table, problems: &mut Problems) -> Option<RawConfig> {
    let raw = read_sections(&mut merged, problems);
    for unknown in merged.keys() {
        problems.at(
            unknown,
            "is no section of a configuration",
            format!("Write one of: {}.", SECTIONS.join(", ")),
        );
    }
    raw
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
    optional(table, name, problems)?
}

fn with_default<T: DeserializeOwned + Default>(
    table: &mut Table,
    name: &str,
    problems: &mut Problems,
) -> Option<T> {
    optional(table, name, problems).map(Option::unwrap_or_default)
}

/// Parses a section that may be left out. A section with a mistake is reported and then counts as left out.
fn optional<T: DeserializeOwned>(
    table: &mut Table,
    name: &str,
    problems: &mut Problems,
) -> Option<Option<T>> {
    let Some(value) = table.remove(name) else {
        return Some(None);
    };
    match serde_path_to_error::deserialize::<Value, T>(value) {
        Ok(section) => Some(Some(section)),
        Err(error) => {
            let inner = error.path().to_string();
            let message = error.inner().message().to_owned();
            // Serde names an unknown key only in its message.
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
            Some(None)
        }
    }
}

/// Translates serde's message into what is wrong and the remedy.
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

    pub fn portrait(&self) -> &portrait::Settings {
        &self.raw.portrait
    }

    /// The design of the cards; `None` for a site that makes none.
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

    /// The settings of test mode; `None` in a live booth.
    pub fn test(&self) -> Option<&sections::Test> {
        self.raw.test.as_ref()
    }

    /// Multiplies the print time of the virtual printer by `pace`. This does nothing in a live booth.
    pub fn scale_print_time(&mut self, pace: f32) {
        if let Some(test) = &mut self.raw.test {
            test.print_time *= pace;
        }
    }

    /// Replaces the selector of the lamp. A test uses this to prove that the booth lights a lamp on a serial line.
    pub fn set_lamp(&mut self, selector: String) {
        self.raw.devices.lamp = selector;
    }
}

impl Config {
    pub fn is_test(&self) -> bool {
        self.raw.test.is_some()
    }

    /// Loads the card's templates and fonts, and draws each side once to check that it can be drawn.
    ///
    /// # Errors
    /// Returns all mistakes in them, or that the site has no section `[card]`.
    pub fn designer(&self) -> Result<card::Designer, Problems> {
        let Some(settings) = &self.raw.card else {
            let mut problems = Problems::default();
            let remedy = "Add a section [card]; kiosk-config/umu/kiosk.toml shows one.";
            problems.at("card", "is missing", remedy);
            return Err(problems);
        };
        card::Designer::load(&self.site, settings)
    }

    /// The site's texts and theme, checked: every text that the booth may show, in every language, and the contrasts.
    ///
    /// # Errors
    /// Returns all mistakes in them.
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

    /// Whether the booth starts its own identity provider and portal.
    pub fn has_virtual_servers(&self) -> bool {
        self.raw
            .test
            .as_ref()
            .is_some_and(|test| test.servers == sections::Servers::Virtual)
    }

    /// The settings of the institution's servers.
    ///
    /// # Errors
    /// Returns the section that is missing, since a live booth needs both.
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

    /// The settings of the outbox's store: those of the site, or the default names in the folder `data`.
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

    /// The file of test mode's people: in the site's folder, or else beside the file that test mode merges.
    pub fn people_file(&self) -> PathBuf {
        let name = self.raw.test.as_ref().map_or("", |test| &test.people);
        let own = self.site.join(name);
        match &self.test_folder {
            Some(folder) if !own.is_file() => folder.join(name),
            _ => own,
        }
    }

    /// The rules of the site that the session follows.
    pub fn rules(&self) -> Rules {
        let raw = &self.raw;
        // Test mode's own provider has its own claims and checks no password.
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
