//! Checks what a template contains.
//!
//! A template is not trusted: it could name files that it must not read, or take minutes to draw. Only elements whose
//! cost is bounded by their number and by the card's area are therefore allowed, references can lead only to the same
//! document or to pictures beside the template, and everything is counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use resvg::usvg::roxmltree::{Document, Node};

use super::{SVG, XLINK, classes, field, svg_name};
use crate::{
    raster::{CARD_HEIGHT, CARD_WIDTH},
    settings::BOXES,
};
use common::{Problem, Problems};

/// Elements that group other elements.
pub(super) const GROUPS: [&str; 2] = ["svg", "g"];
/// Elements that are drawn at their position in the document.
pub(super) const DRAWN: [&str; 10] = [
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "image", "use",
];
/// Elements that are drawn only when other elements refer to them.
pub(super) const REFERRED: [&str; 6] = [
    "defs",
    "style",
    "linearGradient",
    "radialGradient",
    "clipPath",
    "symbol",
];
/// Elements that occur inside drawn or referenced elements.
const INNER: [&str; 2] = ["tspan", "stop"];
/// Elements that do not affect the picture. They are left out.
const SILENT: [&str; 3] = ["title", "desc", "metadata"];

const MOST_ELEMENTS: usize = 5_000;
/// The deepest nesting. Drawing programs nest less deeply, and each level may need a picture of the whole card.
const DEEPEST: usize = 24;
/// The largest number of copies by `<use>`, each of which is drawn separately.
const MOST_COPIES: usize = 2_000;
/// The largest size of the path data of all paths. A fine guilloche has some ten thousand points and commands.
const MOST_PATH_BYTES: usize = 1 << 20;
/// The largest number of elements that need a layer of their own.
const MOST_LAYERS: usize = 64;
/// The largest number in a drawing, in any unit. Outlines of enormous size are slow even to measure.
const LARGEST_NUMBER: f32 = 100_000.0;
/// Attributes and properties whose values are numbers.
const GEOMETRY: [&str; 24] = [
    "d",
    "points",
    "transform",
    "gradientTransform",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "fx",
    "fy",
    "r",
    "rx",
    "ry",
    "width",
    "height",
    "stroke-width",
    "stroke-dasharray",
    "font-size",
    "letter-spacing",
    "word-spacing",
];
/// The largest number of colours in one gradient.
const MOST_STOPS: usize = 64;
/// The largest number of characters in all texts that are the same on every card.
const MOST_LETTERS: usize = 5_000;
/// The largest number of characters in the class names of one element.
const LONGEST_CLASS: usize = 200;
/// The largest width and height of a picture, in pixels.
const LARGEST_SIDE: u32 = 4_096;

/// The mistakes that were found and their positions.
pub(super) struct Findings<'a> {
    file: &'a Path,
    problems: &'a mut Problems,
    pub(super) count: usize,
    pub(super) upright: bool,
    /// Pictures beside the template that it names, with the line of the first reference.
    pub(super) pictures: BTreeMap<String, usize>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(file: &'a Path, problems: &'a mut Problems) -> Self {
        Self {
            file,
            problems,
            count: 0,
            upright: false,
            pictures: BTreeMap::new(),
        }
    }

    pub(super) fn at(
        &mut self,
        node: Node<'_, '_>,
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        // The number of messages is limited, because a hostile file can contain thousands of mistakes.
        self.count += 1;
        if self.count > 20 {
            return;
        }
        let line = node.document().text_pos_at(node.range().start).row as usize;
        self.problems.push(Problem {
            key: String::new(),
            wrong: wrong.into(),
            remedy: remedy.into(),
            place: Some((self.file.to_owned(), line)),
        });
    }
}

/// Checks the whole document. `fields` contains the names of the values that texts can show.
pub(super) fn check(document: &Document<'_>, fields: &BTreeSet<&str>, found: &mut Findings<'_>) {
    let root = document.root_element();
    if svg_name(&root) != Some("svg") {
        found.at(
            root,
            "the file is no SVG",
            "Save it from Inkscape as plain SVG.",
        );
        return;
    }
    page(root, found);
    let mut counts = Counts::default();
    let mut ids = BTreeSet::new();
    for node in root.descendants().filter(Node::is_element) {
        counts.elements += 1;
        if counts.elements > MOST_ELEMENTS {
            found.at(
                node,
                format!("the template has more than {MOST_ELEMENTS} elements"),
                "Simplify the drawing; put fine patterns into a picture.",
            );
            return;
        }
        if let Some(id) = node.attribute("id")
            && !ids.insert(id)
        {
            found.at(
                node,
                format!("the id {id} is there twice"),
                "Give each element its own id.",
            );
        }
        element(node, fields, &mut counts, found);
    }
    totals(root, &counts, found);
}

#[derive(Default)]
struct Counts {
    elements: usize,
    copies: usize,
    path_bytes: usize,
    layers: usize,
    letters: usize,
}

fn totals(root: Node<'_, '_>, counts: &Counts, found: &mut Findings<'_>) {
    let Counts {
        elements: _,
        copies,
        path_bytes,
        layers,
        letters,
    } = *counts;
    if letters > MOST_LETTERS {
        found.at(
            root,
            format!("the template's texts have {letters} letters"),
            format!("Keep to {MOST_LETTERS}: a card has no room for more."),
        );
    }
    if copies > MOST_COPIES {
        found.at(
            root,
            format!("the template draws {copies} elements by <use>"),
            format!("Keep to {MOST_COPIES}; put fine patterns into a picture."),
        );
    }
    if path_bytes > MOST_PATH_BYTES {
        found.at(
            root,
            format!("the template's paths take {path_bytes} bytes"),
            format!("Keep to {MOST_PATH_BYTES}; simplify paths (Inkscape: Path, Simplify)."),
        );
    }
    if layers > MOST_LAYERS {
        found.at(
            root,
            format!("the template has {layers} elements with an opacity or a clip of their own"),
            format!("Keep to {MOST_LAYERS}; use colours instead of opacity."),
        );
    }
}

/// Checks that the page has exactly the size of a card, in either orientation.
fn page(root: Node<'_, '_>, found: &mut Findings<'_>) {
    let sides = ["width", "height"].map(|side| root.attribute(side).and_then(millimetres));
    let near = |a: f32, b: f32| (a - b).abs() < 0.05;
    match sides {
        [Some(w), Some(h)] if near(w, CARD_WIDTH) && near(h, CARD_HEIGHT) => {}
        [Some(w), Some(h)] if near(w, CARD_HEIGHT) && near(h, CARD_WIDTH) => found.upright = true,
        _ => found.at(
            root,
            "the page is no card",
            format!("Set the page to {CARD_WIDTH:.2} mm x {CARD_HEIGHT:.2} mm (or upright), in millimetres."),
        ),
    }
    let view: Vec<f32> = root
        .attribute("viewBox")
        .unwrap_or("")
        .split([' ', ','])
        .filter(|part| !part.is_empty())
        .filter_map(|part| part.parse().ok())
        .collect();
    let fits = match (view.as_slice(), sides) {
        ([x, y, w, h], [Some(width), Some(height)]) => {
            *x == 0.0
                && *y == 0.0
                && (1.0..=10_000.0).contains(w)
                && (h / w - height / width).abs() < 0.002
        }
        _ => false,
    };
    if !fits {
        found.at(
            root,
            "the page has no viewBox of a card's proportions",
            "Write viewBox=\"0 0 85.6 53.98\", so that one unit is one millimetre.",
        );
    }
}

fn millimetres(text: &str) -> Option<f32> {
    let number = text.trim().strip_suffix("mm")?;
    number.trim().parse().ok().filter(|mm: &f32| mm.is_finite())
}

fn element(
    node: Node<'_, '_>,
    fields: &BTreeSet<&str>,
    counts: &mut Counts,
    found: &mut Findings<'_>,
) {
    if node.ancestors().nth(DEEPEST).is_some() {
        found.at(
            node,
            format!("elements are nested more than {DEEPEST} deep"),
            "Ungroup some of the groups.",
        );
        return;
    }
    if node.tag_name().namespace() != Some(SVG) {
        return; // Elements of a drawing program's own namespace are left out.
    }
    let name = node.tag_name().name();
    let allowed = [&GROUPS[..], &DRAWN, &REFERRED, &INNER, &SILENT]
        .iter()
        .any(|list| list.contains(&name));
    if !allowed {
        found.at(
            node,
            format!("<{name}> is not allowed in a template"),
            "Turn it into plain shapes, text or a picture (Inkscape: Path, Object to Path; File, Export).",
        );
        return;
    }
    if name == "svg" && node.parent_element().is_some() {
        found.at(node, "an <svg> lies inside another", "Use a group instead.");
    }
    attributes(node, counts, found);
    match name {
        "use" => copy(node, counts, found),
        "image" => image(node, found),
        "text" => {
            let inside = node.descendants().filter_map(|inner| inner.text());
            counts.letters += inside.map(str::len).sum::<usize>();
            field::check(node, fields, found);
        }
        "linearGradient" | "radialGradient" => {
            let stops = node
                .children()
                .filter(|stop| svg_name(stop) == Some("stop"));
            if stops.count() > MOST_STOPS {
                found.at(
                    node,
                    format!("the gradient has more than {MOST_STOPS} colours"),
                    "Use fewer; nobody sees the difference on a card.",
                );
            }
        }
        "style" => style(node, found),
        _ => {}
    }
    if let Some(id) = node.attribute("id")
        && BOXES.contains(&id)
        && !matches!(name, "rect" | "circle" | "ellipse" | "path")
    {
        found.at(
            node,
            format!("the element {id} is a <{name}>"),
            "Draw it as a rectangle: it says where the field goes.",
        );
    }
}

/// Iterates over an element's attributes, and over the properties in its `style`, which take precedence.
fn properties<'a>(node: Node<'a, '_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let attributes = node
        .attributes()
        .filter(|attribute| attribute.namespace().is_none() && attribute.name() != "style")
        .map(|attribute| (attribute.name(), attribute.value()));
    let style = node.attribute("style").unwrap_or("");
    let rules = style.split(';').filter_map(|rule| rule.split_once(':'));
    attributes
        .chain(rules)
        .map(|(name, value)| (name.trim(), value.trim()))
}

fn attributes(node: Node<'_, '_>, counts: &mut Counts, found: &mut Findings<'_>) {
    if node
        .attribute("class")
        .is_some_and(|class| class.len() > LONGEST_CLASS)
    {
        found.at(
            node,
            format!("the class names are longer than {LONGEST_CLASS} letters together"),
            "Name fewer.",
        );
    }
    for (name, value) in properties(node) {
        if GEOMETRY.contains(&name) && !numbers(value).all(|number| number.abs() <= LARGEST_NUMBER)
        {
            found.at(
                node,
                format!("{name} has a number beyond {LARGEST_NUMBER}"),
                "Draw it as large as the card.",
            );
        }
        match name {
            "d" | "points" => counts.path_bytes += value.len(),
            "filter" | "mask" | "marker" | "marker-start" | "marker-mid" | "marker-end"
                if value != "none" =>
            {
                found.at(
                    node,
                    "filters, masks and markers are not allowed in a template",
                    "Remove the effect; a blurred shadow does not print well on a card either.",
                );
            }
            "stroke-dasharray" if value != "none" => dashes(node, value, found),
            "opacity" if value.parse() != Ok(1.0_f32) => counts.layers += 1,
            "clip-path" if value != "none" => counts.layers += 1,
            "mix-blend-mode" | "isolation" => counts.layers += 1,
            _ => {}
        }
        if !urls_are_local(value) {
            found.at(
                node,
                format!("{name} refers to something outside the file"),
                "Keep gradients and clips in the file itself.",
            );
        }
    }
}

/// Returns the numbers in an attribute. Text that looks like a number but cannot be parsed counts as infinite.
fn numbers(text: &str) -> impl Iterator<Item = f32> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_ascii_digit() || c == '.')?;
        rest = &rest[start..];
        let (mut end, mut last) = (0, ' ');
        let (mut dotted, mut exponent) = (false, false);
        for c in rest.chars() {
            let goes_on = match c {
                '0'..='9' => true,
                // In a path, "1.2.3" is two numbers.
                '.' => !dotted && !exponent,
                'e' | 'E' => !exponent,
                '+' | '-' => matches!(last, 'e' | 'E'),
                _ => false,
            };
            if !goes_on {
                break;
            }
            dotted |= c == '.';
            exponent |= matches!(c, 'e' | 'E');
            end += 1;
            last = c;
        }
        let (number, after) = rest.split_at(end);
        rest = after;
        // "2em" is a number with a unit.
        let plain = number.trim_end_matches(['e', 'E', '+', '-']);
        Some(plain.parse().unwrap_or(f32::INFINITY))
    })
}

/// Whether every `url(...)` refers to an element of the same file.
fn urls_are_local(text: &str) -> bool {
    text.to_ascii_lowercase()
        .split("url(")
        .skip(1)
        .all(|rest| rest.trim_start_matches([' ', '"', '\'']).starts_with('#'))
}

/// Limits the number of dashes. Very short dashes along a long path cost more than all dots of the picture.
fn dashes(node: Node<'_, '_>, list: &str, found: &mut Findings<'_>) {
    let lengths = list.split([',', ' ']).filter(|part| !part.is_empty());
    let together: Option<f32> = lengths.map(|part| part.parse::<f32>().ok()).sum();
    if together.is_none_or(|length| length.is_nan() || length < 0.1) {
        found.at(
            node,
            "the dashes are shorter than a dot, or no plain numbers",
            "Make dash and gap together 0.1 or longer, or draw a plain line.",
        );
    }
}

fn style(node: Node<'_, '_>, found: &mut Findings<'_>) {
    let text: String = node.children().filter_map(|child| child.text()).collect();
    let lower = text.to_ascii_lowercase();
    let forbidden = [
        "@import",
        "filter",
        "mask",
        "marker",
        "dasharray",
        "opacity:",
        "clip-path",
    ]
    .into_iter()
    .find(|word| lower.contains(word) && !(*word == "opacity:" && only_paint_opacity(&lower)));
    if let Some(word) = forbidden {
        found.at(
            node,
            format!("the style sheet uses {word}"),
            "Keep to colours, strokes and fonts; set the rest on the element.",
        );
    }
    if !urls_are_local(&text) || text.len() > 20_000 {
        found.at(
            node,
            "the style sheet is too large or refers to something outside the file",
            "Keep it short and in the file itself.",
        );
    }
}

fn only_paint_opacity(css: &str) -> bool {
    css.match_indices("opacity:").all(|(at, _)| {
        css[..at].ends_with("fill-")
            || css[..at].ends_with("stroke-")
            || css[..at].ends_with("stop-")
    })
}

fn href<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.attribute("href")
        .or_else(|| node.attribute((XLINK, "href")))
}

/// Checks that `<use>` copies only an element that is meant to be copied and that contains no `<use>` itself.
fn copy(node: Node<'_, '_>, counts: &mut Counts, found: &mut Findings<'_>) {
    let target = href(node)
        .and_then(|href| href.strip_prefix('#'))
        .and_then(|id| {
            node.document()
                .descendants()
                .find(|other| other.attribute("id") == Some(id))
        });
    let Some(target) = target else {
        found.at(
            node,
            "<use> copies nothing that is in the file",
            "Remove it.",
        );
        return;
    };
    let kept = target
        .ancestors()
        .any(|above| matches!(svg_name(&above), Some("defs" | "symbol")));
    let copies_again = target
        .descendants()
        .any(|inner| svg_name(&inner) == Some("use"));
    if !kept || copies_again {
        found.at(
            node,
            "<use> may only copy a symbol or something in <defs> that holds no copies itself",
            "Unlink the clone (Inkscape: Edit, Clone, Unlink).",
        );
        return;
    }
    counts.copies += target.descendants().filter(Node::is_element).count();
}

/// Checks that a picture is embedded or lies beside the template.
fn image(node: Node<'_, '_>, found: &mut Findings<'_>) {
    let Some(href) = href(node) else {
        found.at(
            node,
            "the picture names no file",
            "Name a PNG or JPEG beside the template.",
        );
        return;
    };
    if let Some(data) = href.strip_prefix("data:") {
        let kind = data.split([';', ',']).next().unwrap_or("");
        if !matches!(kind, "image/png" | "image/jpeg" | "image/jpg") {
            found.at(
                node,
                format!("the picture in the file is {kind:?}"),
                "Embed a PNG or JPEG.",
            );
        }
        return;
    }
    let plain = href
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' '))
        && !href.starts_with('.');
    if plain {
        let line = node.document().text_pos_at(node.range().start).row as usize;
        found.pictures.entry(href.to_owned()).or_insert(line);
    } else {
        found.at(
            node,
            format!("the picture {href:?} is not beside the template"),
            "Put it into the template's folder and name it by its file name alone.",
        );
    }
}

/// Checks the bytes of a picture: it must be a PNG or JPEG of limited size.
pub(crate) fn picture(bytes: &[u8]) -> Result<(), String> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| format!("cannot be read: {error}"))?;
    if !matches!(
        reader.format(),
        Some(image::ImageFormat::Png | image::ImageFormat::Jpeg)
    ) {
        return Err("is neither PNG nor JPEG".to_owned());
    }
    drop(reader);
    let (width, height) = picture_size(bytes).ok_or("cannot be read")?;
    if width.max(height) > LARGEST_SIDE {
        return Err(format!(
            "is {width} x {height} pixels, more than {LARGEST_SIDE} on a side"
        ));
    }
    Ok(())
}

/// Returns the width and height that the file's header states.
pub(crate) fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let reader = image::ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
    reader.ok()?.into_dimensions().ok()
}

/// Whether the element or one of its ancestors has the class.
pub(super) fn has_class(node: Node<'_, '_>, class: &str) -> bool {
    node.ancestors()
        .any(|above| classes(&above).any(|found| found == class))
}
