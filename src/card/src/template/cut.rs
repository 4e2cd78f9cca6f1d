//! Splits a template into the parts that are the same on every card, which are drawn once, and the parts that are
//! filled in for each card. Both are written as small SVG documents that contain only what [`super::check`] allowed.

use std::{collections::BTreeSet, fmt::Write};

use resvg::usvg::roxmltree::Node;

use super::{
    SVG, Template, TextField, XLINK,
    check::{self, DRAWN, GROUPS, REFERRED},
    classes, svg_name,
};
use crate::settings::BOXES;
use common::order::CardKind;

/// The condition for drawing a part: which values the card must have and which it must not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) has: BTreeSet<String>,
    pub(crate) lacks: BTreeSet<String>,
}

/// A part of the template, in drawing order.
#[derive(Debug)]
pub(crate) enum Part {
    /// A part that is the same on every card, as an SVG document of its own.
    Fixed {
        svg: String,
        resin: bool,
        when: When,
    },
    /// A box that is filled in. The document draws its shape in black.
    Box { id: String, svg: String, when: When },
    /// A text that is filled in.
    Text {
        field: TextField,
        frame: TextFrame,
        resin: bool,
        when: When,
    },
}

impl Part {
    fn bytes(&self) -> usize {
        match self {
            Self::Fixed { svg, .. } | Self::Box { svg, .. } => svg.len(),
            Self::Text { frame, .. } => frame.before.len() + frame.after.len(),
        }
    }
}

/// The document around a text, without the lines of the text.
#[derive(Debug)]
pub(crate) struct TextFrame {
    before: String,
    style: String,
    after: String,
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl TextFrame {
    /// Returns the document with these lines. Each has its position and size in the text's own units.
    pub(crate) fn with_lines<'a>(
        &self,
        lines: impl Iterator<Item = (&'a str, f32, f32)>,
        size: Option<f32>,
    ) -> String {
        let mut svg = self.before.clone();
        for (line, x, y) in lines {
            let _ = write!(svg, "<tspan x=\"{x}\" y=\"{y}\" style=\"");
            escape(&self.style, &mut svg);
            if let Some(size) = size {
                let _ = write!(svg, "font-size:{size}px");
            }
            svg.push_str("\">");
            escape(line, &mut svg);
            svg.push_str("</tspan>");
        }
        svg.push_str(&self.after);
        svg
    }
}

/// The parts of a template for one kind and one language.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) parts: Vec<Part>,
    /// Whether the template has more parts than a card may have.
    pub(crate) too_much: bool,
}

/// The largest number of parts of one side. A new part begins at each change between black and colour, and between
/// fields and drawing.
const MOST_PARTS: usize = 200;
/// The largest size of all parts in bytes. Each part contains the gradients, symbols and styles of the whole file.
const MOST_BYTES: usize = 16 << 20;

impl Template {
    /// Splits the template for one kind of card and one language.
    pub(crate) fn cut(&self, kind: &CardKind, language: &str, fields: &BTreeSet<&str>) -> Cut {
        let mut parts = Vec::new();
        // The document was parsed before, when the template was loaded.
        let Ok(document) = self.document() else {
            return Cut {
                parts,
                too_much: false,
            };
        };
        let root = document.root_element();
        let mut run: Option<Run> = None;
        for node in root.descendants().filter(|node| is_drawn(*node)) {
            if !is_meant(node, kind, language) || check::has_class(node, "keep-out") {
                continue;
            }
            if parts.len() > MOST_PARTS || parts.iter().map(Part::bytes).sum::<usize>() > MOST_BYTES
            {
                return Cut {
                    parts: Vec::new(),
                    too_much: true,
                };
            }
            let (resin, when) = (check::has_class(node, "resin"), when(node));
            let text = (svg_name(&node) == Some("text"))
                .then(|| TextField::of(node, fields))
                .flatten();
            let id = node.attribute("id").filter(|id| BOXES.contains(id));
            if text.is_none() && id.is_none() {
                match &mut run {
                    Some(run) if run.resin == resin && run.when == when => {
                        run.nodes.insert(node.id().get());
                    }
                    _ => {
                        flush(run.take(), root, &mut parts);
                        run = Some(Run {
                            nodes: BTreeSet::from([node.id().get()]),
                            resin,
                            when,
                        });
                    }
                }
                continue;
            }
            flush(run.take(), root, &mut parts);
            if let Some(field) = text {
                let frame = frame(root, node);
                parts.push(Part::Text {
                    field,
                    frame,
                    resin,
                    when,
                });
            } else if let Some(id) = id {
                let svg = Writer::only(root, node, true);
                parts.push(Part::Box {
                    id: id.to_owned(),
                    svg,
                    when,
                });
            }
        }
        flush(run.take(), root, &mut parts);
        Cut {
            parts,
            too_much: false,
        }
    }

    /// Returns the zones in which nothing may be printed, as one document, or `None` when the template has none.
    pub(crate) fn keep_out(&self) -> Option<String> {
        let document = self.document().ok()?;
        let root = document.root_element();
        let nodes: BTreeSet<u32> = root
            .descendants()
            .filter(|node| is_drawn(*node) && check::has_class(*node, "keep-out"))
            .map(|node| node.id().get())
            .collect();
        (!nodes.is_empty()).then(|| {
            let mut writer = Writer::new(nodes, true);
            writer.element(root, true);
            writer.out
        })
    }
}

/// Neighbouring elements that are drawn together.
struct Run {
    nodes: BTreeSet<u32>,
    resin: bool,
    when: When,
}

fn flush(run: Option<Run>, root: Node<'_, '_>, parts: &mut Vec<Part>) {
    if let Some(Run { nodes, resin, when }) = run {
        let mut writer = Writer::new(nodes, false);
        writer.element(root, true);
        parts.push(Part::Fixed {
            svg: writer.out,
            resin,
            when,
        });
    }
}

/// Whether the element is drawn at its position: it is inside neither a referenced element nor a text.
fn is_drawn(node: Node<'_, '_>) -> bool {
    svg_name(&node).is_some_and(|name| DRAWN.contains(&name))
        && node.ancestors().skip(1).all(|above| {
            !above.is_element() || svg_name(&above).is_some_and(|n| GROUPS.contains(&n))
        })
}

/// Whether the classes `kind-…` and `lang-…` on the element and its ancestors allow this kind and language.
fn is_meant(node: Node<'_, '_>, kind: &CardKind, language: &str) -> bool {
    node.ancestors().all(|above| {
        [("kind-", kind.0.as_str()), ("lang-", language)]
            .into_iter()
            .all(|(prefix, wanted)| {
                let mut named = classes(&above).filter_map(|class| class.strip_prefix(prefix));
                match named.next() {
                    None => true,
                    Some(first) => first == wanted || named.any(|name| name == wanted),
                }
            })
    })
}

fn when(node: Node<'_, '_>) -> When {
    let mut when = When::default();
    for above in node.ancestors() {
        for class in classes(&above) {
            if let Some(field) = class.strip_prefix("if-") {
                when.has.insert(field.to_owned());
            } else if let Some(field) = class.strip_prefix("unless-") {
                when.lacks.insert(field.to_owned());
            }
        }
    }
    when
}

/// Returns the document around a text. Inkscape sets the position and style of a line on its `<tspan>`, so these take
/// precedence.
fn frame(root: Node<'_, '_>, text: Node<'_, '_>) -> TextFrame {
    let span = text
        .descendants()
        .find(|inner| svg_name(inner) == Some("tspan"));
    let number = |key: &str| {
        span.and_then(|span| span.attribute(key))
            .or_else(|| text.attribute(key))
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(0.0)
    };
    let mut style = String::new();
    if let Some(span) = span {
        for attribute in span.attributes() {
            let name = attribute.name();
            if attribute.namespace().is_none() && PRESENTATION.contains(&name) {
                let _ = write!(style, "{name}:{};", attribute.value());
            }
        }
        if let Some(own) = span.attribute("style") {
            let _ = write!(style, "{own};");
        }
    }
    let whole = Writer::only(root, text, false);
    // The text's own content was left out, so the lines are inserted before its end tag.
    let (before, after) = whole
        .rsplit_once("</text>")
        .map_or((whole.as_str(), ""), |(before, after)| (before, after));
    TextFrame {
        before: before.to_owned(),
        style,
        after: format!("</text>{after}"),
        x: number("x"),
        y: number("y"),
    }
}

/// The attributes that a `<tspan>` can have besides its style.
const PRESENTATION: [&str; 9] = [
    "fill",
    "font-family",
    "font-size",
    "font-weight",
    "font-style",
    "font-stretch",
    "letter-spacing",
    "word-spacing",
    "text-anchor",
];

/// Writes some elements of a document, with the groups that contain them and the elements that they refer to.
struct Writer {
    out: String,
    nodes: BTreeSet<u32>,
    /// Whether shapes are drawn in black and the contents of texts and pictures are left out, because only the outline
    /// matters.
    shape: bool,
    /// Whether only elements that a text can need are written: style sheets and gradients.
    for_text: bool,
}

impl Writer {
    fn new(nodes: BTreeSet<u32>, shape: bool) -> Self {
        Self {
            out: String::new(),
            nodes,
            shape,
            for_text: false,
        }
    }

    fn only(root: Node<'_, '_>, node: Node<'_, '_>, shape: bool) -> String {
        let mut writer = Self::new(BTreeSet::from([node.id().get()]), shape);
        writer.for_text = svg_name(&node) == Some("text");
        writer.element(root, true);
        writer.out
    }

    /// Whether the element has a descendant that is written.
    fn holds(&self, node: Node<'_, '_>) -> bool {
        node.descendants()
            .any(|inner| self.nodes.contains(&inner.id().get()))
    }

    fn element(&mut self, node: Node<'_, '_>, is_root: bool) {
        let Some(name) = svg_name(&node) else { return };
        if REFERRED.contains(&name) {
            let needed = !self.for_text
                || matches!(name, "defs" | "style" | "linearGradient" | "radialGradient");
            if needed {
                self.whole(node);
            }
            return;
        }
        if GROUPS.contains(&name) {
            if !is_root && !self.holds(node) {
                // An empty group is left out, because it would count as drawn.
                for child in node.children() {
                    self.element(child, false);
                }
                return;
            }
            self.open(node, name, is_root);
            for child in node.children() {
                self.element(child, false);
            }
            self.close(name);
        } else if self.nodes.contains(&node.id().get()) {
            if name == "text" && self.for_text {
                self.open(node, name, false);
                self.close(name);
            } else {
                self.whole(node);
            }
        }
    }

    /// Writes the element with all its descendants.
    fn whole(&mut self, node: Node<'_, '_>) {
        if node.is_text() {
            escape(node.text().unwrap_or(""), &mut self.out);
            return;
        }
        let Some(name) = svg_name(&node) else { return };
        if matches!(name, "title" | "desc" | "metadata") {
            return;
        }
        let dropped =
            self.for_text && matches!(name, "symbol" | "clipPath" | "path" | "image" | "use" | "g");
        if dropped {
            return;
        }
        self.open(node, name, false);
        for child in node.children() {
            self.whole(child);
        }
        self.close(name);
    }

    fn open(&mut self, node: Node<'_, '_>, name: &str, is_root: bool) {
        let _ = write!(self.out, "<{name}");
        if is_root {
            let _ = write!(self.out, " xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\"");
        }
        let outline = self.shape && self.nodes.contains(&node.id().get());
        for attribute in node.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            let prefix = match attribute.namespace() {
                None => "",
                Some(XLINK) if key == "href" => "xlink:",
                Some("http://www.w3.org/XML/1998/namespace") if key == "space" => "xml:",
                Some(_) => continue,
            };
            let ours = key.starts_with("data-") || key.starts_with("on");
            // An outline is drawn in opaque black, whatever the designer's placeholder looks like.
            let painted = outline
                && matches!(
                    key,
                    "style" | "class" | "fill" | "stroke" | "opacity" | "fill-opacity" | "display"
                );
            if ours || painted {
                continue;
            }
            let _ = write!(self.out, " {prefix}{key}=\"");
            escape(value, &mut self.out);
            self.out.push('"');
        }
        if outline {
            self.out
                .push_str(" style=\"fill:#000;stroke:none;opacity:1;fill-opacity:1\"");
        }
        self.out.push('>');
    }

    fn close(&mut self, name: &str) {
        let _ = write!(self.out, "</{name}>");
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML does not allow these characters at all.
            '\u{0}'..='\u{8}'
            | '\u{b}'
            | '\u{c}'
            | '\u{e}'..='\u{1f}'
            | '\u{fffe}'
            | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
}
