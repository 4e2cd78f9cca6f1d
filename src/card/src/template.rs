//! A template from the designer: an SVG file that is checked before any part of it is drawn.
//!
//! A template uses ids to mark the elements that are filled in for each card, classes to say when an element is shown
//! and which panel prints it, and `data-` attributes to say how a text is fitted into its box. The SVG renderer never
//! sees the file itself: [`Template::cut`] writes the parts to draw into new documents, which contain only what
//! [`check`] allows.

mod check;
mod cut;
mod field;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use resvg::usvg::roxmltree::{Document, Node, ParsingOptions};

use super::{
    raster::{CARD_HEIGHT, CARD_WIDTH},
    settings::is_inside,
};
use common::{Problem, Problems};

pub(super) use check::{picture, picture_size};
pub(super) use cut::{Part, TextFrame, When};
pub(super) use field::{TextField, VerticalAlign};

/// The namespace of every element that is drawn.
const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// The largest template, in bytes. A large picture belongs in a separate file.
const LARGEST_FILE: u64 = 2 << 20;
/// The largest picture file in a template, in bytes.
const LARGEST_PICTURE: u64 = 8 << 20;

/// A template that passed its check.
#[derive(Debug)]
pub(super) struct Template {
    file: PathBuf,
    source: String,
    /// Whether the card is upright, 53.98 mm wide.
    upright: bool,
    pictures: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Template {
    /// Reads `file` from the site's folder and notes its mistakes with file and line. Returns `None` when the file
    /// cannot be used at all.
    pub(super) fn load(
        site: &Path,
        file: &Path,
        fields: &BTreeSet<&str>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let path = site.join(file);
        let source = match read_text(site, file) {
            Ok(source) => source,
            Err(wrong) => {
                problems.push(Problem {
                    key: String::new(),
                    wrong,
                    remedy: "Give the path of an SVG file in the site's folder.".to_owned(),
                    place: Some((path, 1)),
                });
                return None;
            }
        };
        let mut template = Self {
            file: path.clone(),
            source,
            upright: false,
            pictures: BTreeMap::new(),
        };
        let document = match template.document() {
            Ok(document) => document,
            Err(problem) => {
                problems.push(problem);
                return None;
            }
        };
        let mut found = check::Findings::new(&path, problems);
        check::check(&document, fields, &mut found);
        let upright = found.upright;
        let pictures = found.pictures;
        if found.count > 0 {
            return None;
        }
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut loaded = BTreeMap::new();
        for (name, line) in pictures {
            match read_picture(site, &folder.join(&name)) {
                Ok(bytes) => {
                    loaded.insert(name, Arc::new(bytes));
                }
                Err(wrong) => {
                    problems.push(Problem {
                        key: String::new(),
                        wrong: format!("the picture {name} {wrong}"),
                        remedy:
                            "Put a PNG or JPEG beside the template and name it by its file name."
                                .to_owned(),
                        place: Some((path.clone(), line)),
                    });
                    return None;
                }
            }
        }
        template.upright = upright;
        template.pictures = loaded;
        Some(template)
    }

    /// The path of the file, for messages.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn is_upright(&self) -> bool {
        self.upright
    }

    /// Returns the width and height in mm.
    pub(super) fn size(&self) -> (f32, f32) {
        if self.upright {
            (CARD_HEIGHT, CARD_WIDTH)
        } else {
            (CARD_WIDTH, CARD_HEIGHT)
        }
    }

    /// Returns the picture that an `<image>` names.
    pub(super) fn picture(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.pictures.get(name).cloned()
    }

    /// Returns the line of the element with this id.
    pub(super) fn line_of(&self, id: &str) -> Option<usize> {
        let document = self.document().ok()?;
        let found = document
            .descendants()
            .find(|node| node.attribute("id") == Some(id))?;
        Some(document.text_pos_at(found.range().start).row as usize)
    }

    /// Parses the file. A document type is not allowed, so there are no entities.
    fn document(&self) -> Result<Document<'_>, Problem> {
        let options = ParsingOptions {
            allow_dtd: false,
            nodes_limit: 50_000,
            ..ParsingOptions::default()
        };
        Document::parse_with_options(&self.source, options).map_err(|error| Problem {
            key: String::new(),
            wrong: format!("the file is no SVG: {error}"),
            remedy: "Save it from Inkscape as plain SVG.".to_owned(),
            place: Some((self.file.clone(), error.pos().row as usize)),
        })
    }
}

/// Opens a file of the site. After links are resolved it must still be inside the site's folder.
fn open_inside(site: &Path, file: &Path, largest: u64) -> Result<Vec<u8>, String> {
    if !is_inside(file) {
        return Err("is outside the site's folder".to_owned());
    }
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let site = site.canonicalize().map_err(unreadable)?;
    let path = site.join(file).canonicalize().map_err(unreadable)?;
    if !path.starts_with(&site) {
        return Err("is outside the site's folder".to_owned());
    }
    let about = std::fs::metadata(&path).map_err(unreadable)?;
    if !about.is_file() {
        return Err("is no file".to_owned());
    }
    if about.len() > largest {
        return Err(format!("is larger than {} MiB", largest >> 20));
    }
    std::fs::read(&path).map_err(unreadable)
}

fn read_text(site: &Path, file: &Path) -> Result<String, String> {
    let bytes =
        open_inside(site, file, LARGEST_FILE).map_err(|wrong| format!("the file {wrong}"))?;
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())
}

fn read_picture(site: &Path, file: &Path) -> Result<Vec<u8>, String> {
    let bytes = open_inside(site, file, LARGEST_PICTURE)?;
    check::picture(&bytes)?;
    Ok(bytes)
}

/// Returns the element's name if it is an SVG element, otherwise an empty text.
fn svg_name<'a>(node: &Node<'a, '_>) -> Option<&'a str> {
    let tag = node.tag_name();
    (node.is_element() && tag.namespace() == Some(SVG)).then(|| tag.name())
}

/// Iterates over the class names of an element.
fn classes<'a>(node: &Node<'a, '_>) -> impl Iterator<Item = &'a str> + Clone {
    node.attribute("class").unwrap_or("").split_whitespace()
}
