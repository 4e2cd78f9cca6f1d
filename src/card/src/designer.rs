//! Draws cards from the site's templates.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::tz::TimeZone;

use common::KeyError;

use super::{
    CardContent, Credential, NoBars, PrinterProfile, Raster, Settings,
    bars::Bars,
    code::{CodeError, Coder},
    face::{Face, Filling},
    fonts::Fonts,
    keys::PublicKeys,
    qr::{self, Symbol},
    revocation::Revocations,
    settings::{BOXES, FIELDS, Form, is_inside},
    soft,
    template::{Template, TextField},
    verify::Verifier,
};
use common::{
    Problem, Problems,
    order::{CardFace, CardImage, CardKind, Picture, Serial},
};

/// Why a card could not be drawn. The printer is never the reason: either the site's templates or the order must be
/// corrected.
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
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error("the text of the code is too long for it: shorten card.code.host")]
    CodeText,
    #[error(
        "the box for the code is too small: a module would be under {least} dots; make the box at least 16.6 mm"
    )]
    CodeRoom { least: u32 },
    #[error("the printer's raster is no card's")]
    Raster,
    #[error("the printer's ICC profile cannot be applied to the card")]
    Profile,
    #[error(transparent)]
    Bars(#[from] NoBars),
    #[error(
        "the box for the bar code is too narrow: its narrowest bar would be under {least} dots; make the box wider or the value shorter"
    )]
    BarsRoom { least: u32 },
}

/// The largest number of faces in the cache. It covers the kinds, languages and sides of a large site; other faces are
/// drawn again each time.
const MOST_FACES: usize = 128;

/// The site's templates, which were read and checked once, and its fonts.
#[derive(Debug)]
pub struct Designer {
    settings: Settings,
    coder: Coder,
    kinds: BTreeMap<CardKind, Sides>,
    fonts: Fonts,
    /// The parts that are the same on every card. Each is drawn at its first use, so that a card then takes a few
    /// milliseconds.
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
    /// Reads all templates and fonts of the site.
    ///
    /// # Errors
    ///
    /// Every mistake in the templates and fonts, with file and line where they are known.
    pub fn load(site: &Path, settings: &Settings) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        settings.check_values(&mut problems);
        let fonts = Fonts::load(site, settings, &mut problems);
        let kinds = templates(site, settings, &mut problems);
        let public = public_keys(site, settings, &mut problems);
        let designer = Self {
            coder: Coder::new(&settings.code, site, public),
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

    /// Draws every side of every kind in every language once, to prove that it can be drawn.
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
                    // The result is dropped, because the faces of a large site would fill the memory.
                    if let Err(error) = self.compile(kind, template, &language, Raster::PROOF) {
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

    /// Iterates over the kinds of card that the site issues.
    pub fn kinds(&self) -> impl Iterator<Item = CardKind> {
        self.settings
            .kinds
            .iter()
            .filter(|(_, about)| about.enabled)
            .map(|(kind, _)| CardKind(kind.clone()))
    }

    /// Returns the name of this kind's template, as an order records it.
    pub fn template_name(&self, kind: &CardKind) -> Option<String> {
        let front = &self.settings.kinds.get(&kind.0)?.front;
        Some(front.file_stem()?.to_string_lossy().into_owned())
    }

    /// Returns the text of the code on the front of this card.
    ///
    /// # Errors
    ///
    /// The key is missing, or the code cannot hold the values of the card.
    pub fn code_text(&self, content: &CardContent) -> Result<String, CodeError> {
        self.text_of(Side::Front, content)
    }

    /// Returns what the portal must sign before this card can be drawn, or `None` when it need not sign anything.
    ///
    /// # Errors
    ///
    /// The values of the card do not fit into a code.
    pub fn asked(&self, content: &CardContent) -> Result<Option<Credential>, CodeError> {
        self.coder.asked(content, self.code_of(&content.kind))
    }

    /// Returns the text of the signed code for [`CardContent::signed`]. The portal made `signature` over the result of
    /// [`Self::asked`].
    ///
    /// # Errors
    ///
    /// None of the site's public keys matches the signature, or the values do not fit into a code.
    pub fn signed_elsewhere(
        &self,
        credential: &Credential,
        signature: &[u8; 64],
    ) -> Result<String, CodeError> {
        self.coder.signed_elsewhere(credential, signature)
    }

    /// Returns a code with the form and size of the front's code that no verifier accepts: the key that signed it is
    /// discarded.
    ///
    /// # Errors
    ///
    /// The values of the card do not fit into a code.
    pub fn specimen_code(&self, content: &CardContent) -> Result<String, CodeError> {
        let kind = Some(self.code_of(&content.kind).unwrap_or(u8::MAX));
        self.coder.specimen(self.form(Side::Front), content, kind)
    }

    fn text_of(&self, side: Side, content: &CardContent) -> Result<String, CodeError> {
        match &content.code {
            Some(text) => Ok(text.clone()),
            None if self.form(side) == Form::Signed && content.signed.is_some() => {
                Ok(content.signed.clone().unwrap_or_default())
            }
            None => self
                .coder
                .text(self.form(side), content, self.code_of(&content.kind)),
        }
    }

    fn form(&self, side: Side) -> Form {
        let code = &self.settings.code;
        match side {
            Side::Front => code.form,
            Side::Back => code.back.unwrap_or(code.form),
        }
    }

    fn code_of(&self, kind: &CardKind) -> Option<u8> {
        self.settings.kinds.get(&kind.0).and_then(|kind| kind.code)
    }

    /// Checks that the booth can sign now. This loads the key if the site has one.
    ///
    /// # Errors
    ///
    /// The key cannot be read.
    pub fn check_key(&self) -> Result<(), KeyError> {
        self.coder.signer().map(|_| ())
    }

    /// Returns the serial in a code of this site's cards, or `None` for any other text. The signature is checked.
    pub fn serial_in(&self, text: &str) -> Option<Serial> {
        self.coder.serial_in(text)
    }

    /// Returns a verifier for the codes of this site's cards. A card is valid until midnight in `zone`.
    pub fn verifier(&self, revocations: Option<Revocations>, zone: TimeZone) -> Verifier {
        self.coder.verifier(revocations, zone)
    }

    /// Draws the card for a printer's raster: the front and, where the kind has one, the back.
    ///
    /// # Errors
    ///
    /// The site does not issue this kind, the raster is not a card's, or a value cannot be drawn.
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
        let value = |field: &TextField| self.value(field, content, &language);
        let bars = self.bars(content)?;
        let draw = |side, template: &Template| {
            let code = || {
                let text = self.text_of(side, content)?;
                let size = match content.code {
                    None => Coder::size(self.form(side)),
                    Some(_) => qr::Size::Any,
                };
                Symbol::new(&text, size).map_err(|_| DrawError::CodeText)
            };
            let filling = Filling {
                content,
                portrait,
                code: &code,
                bars: bars.as_ref(),
                value: &value,
            };
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

    /// Returns a picture of a side as it will look when printed. A line below it says how exact the colours are: they
    /// follow the printer's ICC profile or a rough model.
    pub fn soft_proof(
        &self,
        face: &CardFace,
        profile: Option<&PrinterProfile>,
    ) -> Result<Picture, DrawError> {
        soft::soft_proof(face, profile, &self.fonts).ok_or(DrawError::Profile)
    }

    /// Returns the languages that a kind of card is printed in.
    pub fn languages(&self, kind: &CardKind) -> Vec<String> {
        self.settings.languages(kind)
    }

    /// Returns the card's bar code, or `None` when the site prints none or the order has no value for it.
    fn bars(&self, content: &CardContent) -> Result<Option<Bars>, NoBars> {
        let (Some(about), Some(value)) = (&self.settings.barcode, &content.barcode) else {
            return Ok(None);
        };
        Bars::new(value.expose(), about.symbology).map(Some)
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
        let face = Arc::new(self.compile(kind, template, language, raster)?);
        if faces.len() >= MOST_FACES {
            faces.clear();
        }
        faces.insert(key, face.clone());
        Ok(face)
    }

    fn compile(
        &self,
        kind: &CardKind,
        template: &Template,
        language: &str,
        raster: Raster,
    ) -> Result<Face, DrawError> {
        let fields = fields(&self.settings);
        Face::compile(template, kind, language, raster, &self.fonts, &fields)
    }

    fn value(&self, field: &TextField, content: &CardContent, language: &str) -> Option<String> {
        let text = |private: &common::order::Private<String>| private.expose().clone();
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
            "loginNumber" => {
                let number = content.number.as_ref()?.expose();
                let suffix = self.settings.duplicate_suffix.as_deref().unwrap_or("");
                Some(number.strip_suffix(suffix).unwrap_or(number).to_owned())
            }
            "barcodeValue" => content.barcode.as_ref().map(text),
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
    /// Returns the languages that a kind of card is printed in.
    fn languages(&self, kind: &CardKind) -> Vec<String> {
        self.kinds
            .get(&kind.0)
            .map(|about| about.label.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns the wanted language if the kind has it, otherwise the kind's first language.
    fn language(&self, kind: &CardKind, wanted: &str) -> String {
        let languages = self.languages(kind);
        let found = languages.iter().find(|language| *language == wanted);
        found.or(languages.first()).cloned().unwrap_or_default()
    }
}

/// Loads the templates of each kind. A template that cannot be used is left out and its mistakes are noted.
pub(super) fn templates(
    site: &Path,
    settings: &Settings,
    problems: &mut Problems,
) -> BTreeMap<CardKind, Sides> {
    let fields = fields(settings);
    let mut files = BTreeMap::new();
    for kind in settings.kinds.values() {
        for file in std::iter::once(&kind.front).chain(&kind.back) {
            // The check of the settings has already reported a path that leads out of the folder.
            if is_inside(file) && !files.contains_key(file) {
                let template = Template::load(site, file, &fields, problems);
                if settings.barcode.is_none() {
                    no_barcode(template.as_ref(), problems);
                }
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

/// Notes a template that has a box for a bar code although the site prints none. Either the template or the
/// configuration is wrong.
fn no_barcode(template: Option<&Template>, problems: &mut Problems) {
    let line = template.and_then(|template| template.line_of("barcode"));
    if let (Some(template), Some(line)) = (template, line) {
        problems.push(Problem {
            key: String::new(),
            wrong: "the template has a box for a bar code, and card.barcode is missing".to_owned(),
            remedy: "Add [card.barcode] with its symbology, or remove the box.".to_owned(),
            place: Some((template.file().to_owned(), line)),
        });
    }
}

/// Reads the site's public keys if the site has a file of them.
fn public_keys(site: &Path, settings: &Settings, problems: &mut Problems) -> PublicKeys {
    let Some(file) = settings
        .code
        .public_keys
        .as_ref()
        .filter(|file| is_inside(file))
    else {
        return PublicKeys::default();
    };
    let path = site.join(file);
    let read = PublicKeys::read(&path);
    read.unwrap_or_else(|wrong| {
        problems.at(
            "card.code.public_keys",
            format!("{}: {wrong}", path.display()),
            "Give a JWKS file; `fotoautomat key new` makes and extends one.",
        );
        PublicKeys::default()
    })
}

/// Returns all field names that a template can show.
fn fields(settings: &Settings) -> BTreeSet<&str> {
    FIELDS
        .into_iter()
        .chain(BOXES)
        .chain(settings.texts.keys().map(String::as_str))
        .chain(settings.fields.iter().map(String::as_str))
        .collect()
}
