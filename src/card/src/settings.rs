//! The section `[card]` of the site's configuration.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    bars::Barcode,
    esc::Issuer,
    keys::{CodeKey, TEST_KEY},
    qr,
};
use common::Problems;

/// What a site says of its cards.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The code on the card.
    pub code: Code,
    /// The kinds of card, each with its templates.
    pub kinds: BTreeMap<String, Kind>,
    /// Which bar code cards carry whose order brings a value for one; templates place it with the id `barcode`.
    #[serde(default)]
    pub barcode: Option<Barcode>,
    /// What a duplicate's printed number ends in, e.g. `D`; the field `loginNumber` is the number without it.
    #[serde(default)]
    pub duplicate_suffix: Option<String>,
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
    /// On the front, and on the back too where that has a code and nothing else is said.
    #[serde(default)]
    pub form: Form,
    /// On the back.
    #[serde(default)]
    pub back: Option<Form>,
    /// Host of the page behind the code, e.g. `KORT.UMU.SE`; at most 16 characters, or the code would not fit its size.
    pub host: String,
    /// Where the signing key comes from: `file:PATH`, `credential:NAME` (systemd) or `portal`. Test mode has its own.
    #[serde(default)]
    pub key: Option<CodeKey>,
    /// The signing key's number, 1 to 65535; a new key has a new number.
    #[serde(default)]
    pub key_id: Option<u16>,
    /// The public keys of this site, past and present: a JWKS file in the site's folder.
    #[serde(default)]
    pub public_keys: Option<PathBuf>,
    /// Who issues European Student Cards here.
    #[serde(default)]
    pub esc: Option<Issuer>,
}

/// The forms of the code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The card's serial and nothing else; whoever reads it asks the portal.
    #[default]
    Opaque,
    /// Serial, kind and last day of validity, signed: it can be checked without a network.
    Signed,
    /// The European Student Card's.
    Esc,
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
    /// The kind's number in the signed code: 1 employee, 2 student, 3 guest, 4 function, 5 alumni, 6 external,
    /// 7 temporary, 8 loan; a site's own from 100.
    #[serde(default)]
    pub code: Option<u8>,
    /// Whether this site issues the kind.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn yes() -> bool {
    true
}

/// The longest host with which the signed code still fits version 6 of the QR code.
pub const LONGEST_HOST: usize = 16;

/// The names of the values that every card has. A template's element with such an id shows the value.
pub(super) const FIELDS: [&str; 8] = [
    "name",
    "kind",
    "validThrough",
    "unit",
    "number",
    "loginNumber",
    "barcodeValue",
    "issue",
];

/// The ids of the boxes that do not hold a text.
pub(super) const BOXES: [&str; 3] = ["portrait", "qr", "barcode"];

impl Settings {
    /// Notes every mistake that can be found without drawing, including mistakes in the templates in the folder `site`.
    /// [`super::Designer::load`] finds the others.
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
        self.check_code(problems);
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

    fn check_code(&self, problems: &mut Problems) {
        let code = &self.code;
        let forms = [code.form, code.back.unwrap_or(code.form)];
        if forms.contains(&Form::Signed) {
            if code.key.is_none() {
                problems.at(
                    "card.code.key",
                    "is missing",
                    "Say where the signing key comes from: file:PATH, credential:NAME or portal.",
                );
            }
            let needs_number = code.key != Some(CodeKey::Test);
            if needs_number && code.key_id.is_none_or(|id| id == TEST_KEY) {
                problems.at(
                    "card.code.key_id",
                    "is missing or 0",
                    "Give the signing key's number, from 1 to 65535.",
                );
            }
        }
        if forms.contains(&Form::Signed)
            && code.key == Some(CodeKey::Portal)
            && code.public_keys.is_none()
        {
            problems.at(
                "card.code.public_keys",
                "is missing",
                "Name a JWKS file with the portal's public key: a signature that it does not believe is not printed.",
            );
        }
        if forms.contains(&Form::Esc) && !code.esc.as_ref().is_some_and(Issuer::is_good) {
            problems.at(
                "card.code.esc",
                "does not say who issues European Student Cards",
                "Write esc = { server = \"001\", pic = \"999999999\" } with the institution's own digits.",
            );
        }
        if let Some(file) = &code.public_keys {
            check_path("card.code.public_keys", file, problems);
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
        let signed = [Some(self.code.form), self.code.back].contains(&Some(Form::Signed));
        if signed && settings.code.is_none_or(|code| code == 0) {
            problems.at(
                format!("{key}.code"),
                "is missing or 0",
                "Give the kind's number in the signed code, e.g. 2 for students.",
            );
        }
        check_path(&format!("{key}.front"), &settings.front, problems);
        if let Some(back) = &settings.back {
            check_path(&format!("{key}.back"), back, problems);
        }
    }
}

/// Checks that a path in the configuration stays inside the site's folder.
fn check_path(key: &str, path: &Path, problems: &mut Problems) {
    if !is_inside(path) {
        problems.at(
            key,
            format!("{} leads out of the site's folder", path.display()),
            "Put the file into the site's folder and name it from there.",
        );
    }
}

/// Whether a path relative to some folder can name only a file inside that folder. Links are not resolved.
pub(super) fn is_inside(path: &Path) -> bool {
    path.components().next().is_some()
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
