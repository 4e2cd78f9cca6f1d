//! A template as the designer drew it: an SVG file, checked before anything of it is drawn.
//!
//! A template says with ids which elements are filled in for each card, with classes when an element is shown and
//! which panel prints it, and with `data-` attributes how a text fits its box. The file itself is never given to the
//! SVG renderer: [`Template::cut`] writes out the parts that are to be drawn, and only what [`check`] allows.

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

/// The namespace of everything that is drawn.
const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";

/// No template is larger; a mark as a picture belongs into a file of its own.
const LARGEST_FILE: u64 = 2 << 20;
/// No picture in a template is larger, as a file.
const LARGEST_PICTURE: u64 = 8 << 20;

/// A checked template.
#[derive(Debug)]
pub(super) struct Template {
    file: PathBuf,
    source: String,
    /// The card stands upright: 53.98 mm wide.
    upright: bool,
    pictures: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Template {
    /// Reads `file` of the site's folder. What is wrong with it is noted with file and line; `None` when it cannot be
    /// used at all.
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

    /// The file's path, for messages.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn is_upright(&self) -> bool {
        self.upright
    }

    /// Width and height in mm.
    pub(super) fn size(&self) -> (f32, f32) {
        if self.upright {
            (CARD_HEIGHT, CARD_WIDTH)
        } else {
            (CARD_WIDTH, CARD_HEIGHT)
        }
    }

    /// The picture that an `<image>` names.
    pub(super) fn picture(&self, name: &str) -> Option<Arc<Vec<u8>>> {
        self.pictures.get(name).cloned()
    }

    /// The line of the element with this id.
    pub(super) fn line_of(&self, id: &str) -> Option<usize> {
        let document = self.document().ok()?;
        let found = document
            .descendants()
            .find(|node| node.attribute("id") == Some(id))?;
        Some(document.text_pos_at(found.range().start).row as usize)
    }

    /// The file as a tree; without document type, hence without entities.
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

/// A file of the site, by links too inside the site.
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

/// The element's name when it is SVG, else nothing.
fn svg_name<'a>(node: &Node<'a, '_>) -> Option<&'a str> {
    let tag = node.tag_name();
    (node.is_element() && tag.namespace() == Some(SVG)).then(|| tag.name())
}

/// The class names of an element.
fn classes<'a>(node: &Node<'a, '_>) -> impl Iterator<Item = &'a str> + Clone {
    node.attribute("class").unwrap_or("").split_whitespace()
}
