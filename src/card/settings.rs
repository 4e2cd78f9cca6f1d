//! The section `[card]` of the site's configuration.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{card::qr, config::Problems};

/// What a site says of its cards.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The code on the card.
    pub code: Code,
    /// The kinds of card, each with its templates.
    pub kinds: BTreeMap<String, Kind>,
    /// Words of the site that templates may show, by name and language: a text element with the id (or `data-field`)
    /// of that name gets them.
    #[serde(default)]
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    /// Names of further values that orders bring along and templates may show.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Font files of the site (TrueType or OpenType), beside the booth's own Noto Sans.
    #[serde(default)]
    pub fonts: Vec<PathBuf>,
}

/// What the code on the card says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[serde(default)]
    pub form: Form,
    /// Host of the page behind the code, e.g. `KORT.UMU.SE`; at most 16 characters, or the code would not fit its size.
    pub host: String,
}

/// The forms of the code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The card's serial and nothing else; whoever reads it asks the portal.
    #[default]
    Opaque,
}

/// One kind of card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// What is printed as the kind, by language.
    pub label: BTreeMap<String, String>,
    /// Template of the front, an SVG file in the site's folder.
    pub front: PathBuf,
    /// Template of the back, where the back is printed.
    #[serde(default)]
    pub back: Option<PathBuf>,
    /// Whether this site issues the kind.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// Longest host that leaves the signed code within version 6 of the QR code.
pub const LONGEST_HOST: usize = 16;

/// Names of the values every card has; a template's element with such an id shows it.
pub(super) const FIELDS: [&str; 6] = ["name", "kind", "validThrough", "unit", "number", "issue"];

/// Ids of the boxes that are no text.
pub(super) const BOXES: [&str; 3] = ["portrait", "qr", "barcode"];

impl Settings {
    /// Notes every mistake that can be seen without drawing, also those in the templates of the folder `site`;
    /// [`super::Designer::load`] finds the rest.
    pub fn check(&self, site: &Path, problems: &mut Problems) {
        self.check_values(problems);
        super::designer::templates(site, self, problems);
    }

    pub(super) fn check_values(&self, problems: &mut Problems) {
        if self.code.host.is_empty() || self.code.host.chars().count() > LONGEST_HOST {
            problems.at(
                "card.code.host",
                format!("has {} characters", self.code.host.chars().count()),
                format!("Give a host name of 1 to {LONGEST_HOST} characters: a longer one does not fit the code."),
            );
        } else if !qr::is_host(&self.code.host) {
            problems.at(
                "card.code.host",
                format!("{:?} is no host name in capitals", self.code.host),
                "Use the letters A-Z, digits, dots and hyphens, e.g. KORT.UMU.SE: small letters make the code larger.",
            );
        }
        if self.kinds.is_empty() {
            problems.at("card.kinds", "is empty", "Name at least one kind of card.");
        }
        for (kind, settings) in &self.kinds {
            self.check_kind(kind, settings, problems);
        }
        for name in self.texts.keys().chain(&self.fields) {
            if FIELDS.contains(&name.as_str()) || BOXES.contains(&name.as_str()) {
                problems.at(
                    format!("card.texts.{name}"),
                    "has the name of a field that every card has",
                    "Choose another name.",
                );
            }
        }
        for font in &self.fonts {
            check_path("card.fonts", font, problems);
        }
    }

    fn check_kind(&self, kind: &str, settings: &Kind, problems: &mut Problems) {
        let key = format!("card.kinds.{kind}");
        if settings.label.is_empty() {
            problems.at(
                format!("{key}.label"),
                "is empty",
                "Say for each language what is printed as the kind, e.g. { sv = \"Student\" }.",
            );
        }
        check_path(&format!("{key}.front"), &settings.front, problems);
        if let Some(back) = &settings.back {
            check_path(&format!("{key}.back"), back, problems);
        }
    }
}

/// A path of the configuration stays inside the site's folder.
fn check_path(key: &str, path: &Path, problems: &mut Problems) {
    if !is_inside(path) {
        problems.at(
            key,
            format!("{} leads out of the site's folder", path.display()),
            "Put the file into the site's folder and name it from there.",
        );
    }
}

/// Whether a path, read from some folder, can only name something in it (links apart).
pub(super) fn is_inside(path: &Path) -> bool {
    path.components().next().is_some()
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
