//! The fonts for cards: the booth's own and the site's, never those installed on the machine.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use resvg::usvg::{self, FontResolver, fontdb};

use super::settings::Settings;
use common::Problems;

/// The family of the booth's own font.
pub(super) const FAMILY: &str = "Noto Sans";

/// The largest font file of a site, in bytes.
const LARGEST_FILE: u64 = 32 << 20;

static BUILT_IN: [&[u8]; 2] = [
    include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSans-SemiBold.ttf"),
];

/// What was missing from the fonts while texts were shaped.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Letters that no font has.
    pub(super) letters: Mutex<BTreeSet<char>>,
    /// Families that a template names and that are not loaded.
    pub(super) families: Mutex<BTreeSet<String>>,
}

impl Lacking {
    pub(super) fn letters(&self) -> BTreeSet<char> {
        self.letters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn families(&self) -> BTreeSet<String> {
        self.families
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Fonts(Arc<fontdb::Database>);

impl Fonts {
    pub(super) fn load(site: &Path, settings: &Settings, problems: &mut Problems) -> Self {
        let mut fonts = fontdb::Database::new();
        for face in BUILT_IN {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(face)));
        }
        for file in &settings.fonts {
            let path = site.join(file);
            let known = fonts.len();
            match read(&path) {
                Ok(bytes) => {
                    fonts.load_font_data(bytes);
                    if fonts.len() == known {
                        problems.at(
                            "card.fonts",
                            format!("{} is no font", path.display()),
                            "Give a TrueType or OpenType file.",
                        );
                    }
                }
                Err(error) => problems.at(
                    "card.fonts",
                    format!("{} cannot be read: {error}", path.display()),
                    "Give the path of a font file in the site's folder.",
                ),
            }
        }
        for set in [
            fontdb::Database::set_serif_family::<&str>,
            fontdb::Database::set_sans_serif_family::<&str>,
            fontdb::Database::set_cursive_family::<&str>,
            fontdb::Database::set_fantasy_family::<&str>,
            fontdb::Database::set_monospace_family::<&str>,
        ] {
            set(&mut fonts, FAMILY);
        }
        Self(Arc::new(fonts))
    }

    /// Returns options for the SVG parser. It can use only these fonts and only the files that `images` provides, and
    /// it records what is missing.
    pub(super) fn options<'a>(
        &self,
        lacking: &'a Lacking,
        images: usvg::ImageHrefResolver<'a>,
    ) -> usvg::Options<'a> {
        let select = FontResolver::default_font_selector();
        let fall_back = FontResolver::default_fallback_selector();
        usvg::Options {
            resources_dir: None,
            dpi: 96.0,
            font_family: FAMILY.to_owned(),
            fontdb: self.0.clone(),
            image_href_resolver: images,
            font_resolver: FontResolver {
                select_font: Box::new(move |font, database| {
                    note_unknown(font, database, lacking);
                    select(font, database)
                }),
                select_fallback: Box::new(move |letter, tried, database| {
                    let found = fall_back(letter, tried, database);
                    if found.is_none() {
                        lacking
                            .letters
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(letter);
                    }
                    found
                }),
            },
            ..usvg::Options::default()
        }
    }
}

impl Fonts {
    /// Returns the letters of `text` that no font has. The parser itself reports only the first one of a run.
    pub(super) fn missing(&self, text: &str) -> String {
        let letters: BTreeSet<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        letters
            .into_iter()
            .filter(|letter| {
                let lacking = Lacking::default();
                let nothing = usvg::ImageHrefResolver {
                    resolve_data: Box::new(|_, _, _| None),
                    resolve_string: Box::new(|_, _| None),
                };
                let svg = format!(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\"><text>&#{};</text></svg>",
                    u32::from(*letter)
                );
                let parsed = usvg::Tree::from_str(&svg, &self.options(&lacking, nothing));
                parsed.is_err() || !lacking.letters().is_empty()
            })
            .collect()
    }
}

/// Records a family that is not loaded, because the parser would silently replace it with another one.
fn note_unknown(font: &usvg::Font, database: &fontdb::Database, lacking: &Lacking) {
    let Some(usvg::FontFamily::Named(name)) = font.families().first() else {
        return;
    };
    let there = database
        .faces()
        .any(|face| face.families.iter().any(|(family, _)| family == name));
    if !there {
        lacking
            .families
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone());
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > LARGEST_FILE {
        return Err(std::io::Error::other("the file is larger than 32 MiB"));
    }
    std::fs::read(path)
}
