//! Draws cards from the site's templates.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    CardContent, Raster, Settings, base32,
    face::{Face, Filling},
    fonts::Fonts,
    qr::{self, Symbol},
    settings::{BOXES, FIELDS, Form, is_inside},
    template::{Template, TextField},
};
use crate::{
    config::Problems,
    order::{CardImage, CardKind, Picture, Serial},
};

/// Why a card could not be drawn. None of these depends on the printer: they are the site's to mend, or the order's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    #[error("the site has no card of the kind {0}: add it under card.kinds")]
    Kind(CardKind),
    #[error("the template {} cannot be drawn: {what}", file.display())]
    Template { file: PathBuf, what: String },
    #[error(
        "the {field} is too long for its box even at the smallest size: give the box more room or lines"
    )]
    Room { field: String },
    #[error("no font has the letters {letters:?} of the {field}: add a font under card.fonts")]
    Letters { field: String, letters: String },
    #[error("the text of the code is too long for it: shorten card.code.host")]
    CodeText,
    #[error(
        "the box for the code is too small: a module would be under {least} dots; make the box at least 16.6 mm"
    )]
    CodeRoom { least: u32 },
    #[error("the printer's raster is no card's")]
    Raster,
}

/// Faces kept drawn: kinds times languages times sides of a large site; beyond, they are drawn anew.
const MOST_FACES: usize = 128;

/// The site's templates, read and checked once, and the fonts they are set in.
#[derive(Debug)]
pub struct Designer {
    settings: Settings,
    kinds: BTreeMap<CardKind, Sides>,
    fonts: Fonts,
    /// What never changes, drawn at its first use: a card then takes a few milliseconds.
    faces: Mutex<HashMap<FaceKey, Arc<Face>>>,
}

#[derive(Debug)]
pub(super) struct Sides {
    front: Arc<Template>,
    back: Option<Arc<Template>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Front,
    Back,
}

type FaceKey = (CardKind, Side, String, Raster);

impl Designer {
    /// Reads all templates and fonts of the site. Every mistake is reported, with file and line.
    pub fn load(site: &Path, settings: &Settings) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        settings.check_values(&mut problems);
        let fonts = Fonts::load(site, settings, &mut problems);
        let kinds = templates(site, settings, &mut problems);
        let designer = Self {
            settings: settings.clone(),
            kinds,
            fonts,
            faces: Mutex::default(),
        };
        designer.try_all(&mut problems);
        if problems.is_empty() {
            Ok(designer)
        } else {
            Err(problems)
        }
    }

    /// Draws every side of every kind in every language once, as a proof that it can be drawn.
    fn try_all(&self, problems: &mut Problems) {
        for (kind, sides) in &self.kinds {
            for language in self.settings.languages(kind) {
                for side in [Side::Front, Side::Back] {
                    let template = match side {
                        Side::Front => Some(&sides.front),
                        Side::Back => sides.back.as_ref(),
                    };
                    let Some(template) = template else {
                        continue;
                    };
                    if let Err(error) = self.face(kind, side, template, &language, Raster::PROOF) {
                        problems.at(
                            format!("card.kinds.{kind}"),
                            error.to_string(),
                            "Mend the template.",
                        );
                    }
                }
            }
        }
    }

    /// The kinds that the site issues.
    pub fn kinds(&self) -> impl Iterator<Item = CardKind> {
        self.settings
            .kinds
            .iter()
            .filter(|(_, about)| about.enabled)
            .map(|(kind, _)| CardKind(kind.clone()))
    }

    /// What the order calls the template of this kind.
    pub fn template_name(&self, kind: &CardKind) -> Option<String> {
        let front = &self.settings.kinds.get(&kind.0)?.front;
        Some(front.file_stem()?.to_string_lossy().into_owned())
    }

    /// What the code of this card says: the address of its page, with the serial in base 32.
    pub fn code_text(&self, content: &CardContent) -> String {
        match &content.code {
            Some(text) => text.clone(),
            None => match self.settings.code.form {
                Form::Opaque => opaque(&self.settings.code.host, content.serial),
            },
        }
    }

    /// The serial in a code of this site's cards; `None` for any other text.
    pub fn serial_in(&self, text: &str) -> Option<Serial> {
        let start = opaque_start(&self.settings.code.host);
        let bytes = base32::decode(text.strip_prefix(&start)?)?;
        bytes.try_into().ok().map(Serial)
    }

    /// Draws the card in a printer's raster, front and, where the kind has one, back.
    pub fn draw(
        &self,
        content: &CardContent,
        portrait: &Picture,
        raster: Raster,
    ) -> Result<CardImage, DrawError> {
        if !raster.is_plausible() {
            return Err(DrawError::Raster);
        }
        let sides = self
            .kinds
            .get(&content.kind)
            .ok_or_else(|| DrawError::Kind(content.kind.clone()))?;
        let language = self.settings.language(&content.kind, &content.language);
        let text = self.code_text(content);
        let size = match (&content.code, self.settings.code.form) {
            (None, Form::Opaque) => qr::Size::Opaque,
            (Some(_), _) => qr::Size::Any,
        };
        let code = Symbol::new(&text, size).map_err(|_| DrawError::CodeText)?;
        let value = |field: &TextField| self.value(field, content, &language);
        let filling = Filling {
            content,
            portrait,
            code: &code,
            value: &value,
        };
        let draw = |side, template: &Template| {
            self.face(&content.kind, side, template, &language, raster)?
                .fill(&filling, &self.fonts)
                .map(Arc::new)
        };
        Ok(CardImage {
            front: draw(Side::Front, &sides.front)?,
            back: sides
                .back
                .as_deref()
                .map(|template| draw(Side::Back, template))
                .transpose()?,
        })
    }

    fn face(
        &self,
        kind: &CardKind,
        side: Side,
        template: &Template,
        language: &str,
        raster: Raster,
    ) -> Result<Arc<Face>, DrawError> {
        let key = (kind.clone(), side, language.to_owned(), raster);
        let mut faces = self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(face) = faces.get(&key) {
            return Ok(face.clone());
        }
        let fields = fields(&self.settings);
        let face = Face::compile(template, kind, language, raster, &self.fonts, &fields)?;
        let face = Arc::new(face);
        if faces.len() >= MOST_FACES {
            faces.clear();
        }
        faces.insert(key, face.clone());
        Ok(face)
    }

    fn value(&self, field: &TextField, content: &CardContent, language: &str) -> Option<String> {
        let text = |private: &crate::order::Private<String>| private.expose().clone();
        match field.field.as_str() {
            "name" => Some(text(&content.name)),
            "kind" => self
                .settings
                .kinds
                .get(&content.kind.0)?
                .label
                .get(language)
                .cloned(),
            "unit" => content.unit.as_ref().map(text),
            "number" => content.number.as_ref().map(text),
            "issue" => Some(content.issue.to_string()),
            "validThrough" => {
                let format = field.date.as_deref().unwrap_or("%Y-%m-%d");
                jiff::fmt::strtime::format(format, content.valid_through).ok()
            }
            other => match content.fields.get(other) {
                Some(value) => Some(text(value)),
                None => self.settings.texts.get(other)?.get(language).cloned(),
            },
        }
    }
}

impl Settings {
    /// The languages a kind is printed in.
    fn languages(&self, kind: &CardKind) -> Vec<String> {
        self.kinds
            .get(&kind.0)
            .map(|about| about.label.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The wanted language when the kind has it, else its first.
    fn language(&self, kind: &CardKind, wanted: &str) -> String {
        let languages = self.languages(kind);
        let found = languages.iter().find(|language| *language == wanted);
        found.or(languages.first()).cloned().unwrap_or_default()
    }
}

/// The templates of each kind, where they can be used; what is wrong is noted.
pub(super) fn templates(
    site: &Path,
    settings: &Settings,
    problems: &mut Problems,
) -> BTreeMap<CardKind, Sides> {
    let fields = fields(settings);
    let mut files = BTreeMap::new();
    for kind in settings.kinds.values() {
        for file in std::iter::once(&kind.front).chain(&kind.back) {
            // a path that leads out of the folder was reported already
            if is_inside(file) && !files.contains_key(file) {
                let template = Template::load(site, file, &fields, problems);
                files.insert(file, template.map(Arc::new));
            }
        }
    }
    let find = |file: &PathBuf| files.get(file).cloned().flatten();
    let mut kinds = BTreeMap::new();
    for (kind, about) in &settings.kinds {
        let (front, back) = (find(&about.front), about.back.as_ref().map(find));
        if let (Some(front), None | Some(Some(_))) = (front, &back) {
            let back = back.flatten();
            kinds.insert(CardKind(kind.clone()), Sides { front, back });
        }
    }
    kinds
}

/// All names that a template may show.
fn fields(settings: &Settings) -> BTreeSet<&str> {
    FIELDS
        .into_iter()
        .chain(BOXES)
        .chain(settings.texts.keys().map(String::as_str))
        .chain(settings.fields.iter().map(String::as_str))
        .collect()
}

/// `HTTPS://<HOST>/K/<serial in base 32>`: all in the QR code's dense alphabet.
fn opaque(host: &str, serial: Serial) -> String {
    opaque_start(host) + &base32::encode(&serial.0)
}

fn opaque_start(host: &str) -> String {
    format!("HTTPS://{host}/K/")
}
