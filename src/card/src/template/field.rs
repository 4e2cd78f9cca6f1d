//! A text of the template that is filled in for each card.

use std::collections::BTreeSet;

use resvg::usvg::roxmltree::Node;

use super::{check::Findings, svg_name};
use crate::settings::BOXES;

/// Where a text with several lines is placed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum VerticalAlign {
    /// The first line is at the position of the text in the template.
    #[default]
    Top,
    Middle,
    /// The last line is at the position of the text in the template.
    Bottom,
}

/// A text element that shows a value, and how the value is fitted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextField {
    /// The name of the value.
    pub(crate) field: String,
    /// The available width in mm (`data-width`).
    pub(crate) width: Option<f32>,
    /// The smallest size before the text is broken into lines, in mm (`data-shrink`).
    pub(crate) shrink: Option<f32>,
    /// The largest number of lines (`data-lines`).
    pub(crate) lines: usize,
    /// The distance between lines in multiples of the size (`data-leading`).
    pub(crate) leading: f32,
    /// The available height in mm (`data-height`).
    pub(crate) height: Option<f32>,
    /// Which line keeps the position of the text (`data-valign`).
    pub(crate) align: VerticalAlign,
    /// The date format (`data-date`), as in strftime.
    pub(crate) date: Option<String>,
    /// Whether the value is written in upper case (`data-case="upper"`).
    pub(crate) upper: bool,
    /// The value whose text this one follows: it moves down when that text has several lines (`data-after`).
    pub(crate) after: Option<String>,
}

const KNOWN: [&str; 10] = [
    "data-field",
    "data-width",
    "data-shrink",
    "data-lines",
    "data-leading",
    "data-height",
    "data-valign",
    "data-date",
    "data-case",
    "data-after",
];

impl TextField {
    /// Returns the field that a `<text>` shows, or `None` for plain text.
    pub(crate) fn of(node: Node<'_, '_>, fields: &BTreeSet<&str>) -> Option<Self> {
        let field = name(node, fields)?;
        let number = |key: &str| {
            node.attribute(key)
                .and_then(|text| text.trim().parse::<f32>().ok())
                .filter(|mm| (0.1..=100.0).contains(mm))
        };
        Some(Self {
            field: field.to_owned(),
            width: number("data-width"),
            shrink: number("data-shrink"),
            lines: node
                .attribute("data-lines")
                .and_then(|text| text.trim().parse().ok())
                .filter(|lines| (1..=6).contains(lines))
                .unwrap_or(1),
            leading: number("data-leading").unwrap_or(1.15),
            height: number("data-height"),
            align: match node.attribute("data-valign") {
                Some("middle") => VerticalAlign::Middle,
                Some("bottom") => VerticalAlign::Bottom,
                _ => VerticalAlign::Top,
            },
            date: node.attribute("data-date").map(str::to_owned),
            upper: node.attribute("data-case") == Some("upper"),
            after: node.attribute("data-after").map(str::to_owned),
        })
    }
}

/// Returns the name of the value: `data-field`, or otherwise the id if it is the name of a value.
fn name<'a>(node: Node<'a, '_>, fields: &BTreeSet<&str>) -> Option<&'a str> {
    node.attribute("data-field")
        .or_else(|| node.attribute("id").filter(|id| fields.contains(id)))
}

pub(super) fn check(node: Node<'_, '_>, fields: &BTreeSet<&str>, found: &mut Findings<'_>) {
    unknown_attributes(node, found);
    let Some(field) = name(node, fields) else {
        return;
    };
    if !fields.contains(field) || BOXES.contains(&field) {
        let known: Vec<&str> = fields.iter().copied().collect();
        found.at(
            node,
            format!("the text shows {field:?}, which no card has"),
            format!(
                "Show one of {}, or name it under card.texts or card.fields.",
                known.join(", ")
            ),
        );
    }
    for (key, least, most) in [
        ("data-width", 2.0, 86.0),
        ("data-shrink", 1.0, 30.0),
        ("data-lines", 1.0, 6.0),
        ("data-leading", 0.8, 3.0),
        ("data-height", 1.0, 86.0),
    ] {
        if let Some(text) = node.attribute(key) {
            let inside = text
                .trim()
                .parse::<f32>()
                .is_ok_and(|value| (least..=most).contains(&value));
            if !inside {
                found.at(
                    node,
                    format!("{key}={text:?} is no number from {least} to {most}"),
                    "Give it in millimetres (data-lines: a count, data-leading: a factor).",
                );
            }
        }
    }
    if node.attribute("data-width").is_none() {
        found.at(
            node,
            format!("the text {field} does not say how much room it has"),
            "Add data-width=\"...\" in millimetres (Inkscape: Edit, XML Editor).",
        );
    }
    choices(node, found);
    if let Some(format) = node.attribute("data-date") {
        let date = jiff::civil::date(2026, 11, 21);
        if jiff::fmt::strtime::format(format, date).is_err() {
            found.at(
                node,
                format!("data-date={format:?} is no way to write a date"),
                "Use %Y, %m and %d, e.g. \"%Y-%m-%d\".",
            );
        }
    }
    if node.children().any(|child| {
        child.is_element() && svg_name(&child) != Some("tspan") && svg_name(&child).is_some()
    }) {
        found.at(
            node,
            "a field's text may hold only <tspan>",
            "Remove the rest; the value replaces it.",
        );
    }
    position(node, found);
}

fn unknown_attributes(node: Node<'_, '_>, found: &mut Findings<'_>) {
    for attribute in node.attributes() {
        if attribute.name().starts_with("data-") && !KNOWN.contains(&attribute.name()) {
            found.at(
                node,
                format!("{} is not known", attribute.name()),
                format!("Use one of {}.", KNOWN.join(", ")),
            );
        }
    }
}

fn choices(node: Node<'_, '_>, found: &mut Findings<'_>) {
    for (key, allowed) in [
        ("data-valign", &["top", "middle", "bottom"][..]),
        ("data-case", &["upper"][..]),
    ] {
        if let Some(value) = node.attribute(key)
            && !allowed.contains(&value)
        {
            found.at(
                node,
                format!("{key}={value:?} is not known"),
                format!("Use {}.", allowed.join(", ")),
            );
        }
    }
}

/// Notes a position that is not a plain one, because lines can be placed below each other only from a plain position.
fn position(node: Node<'_, '_>, found: &mut Findings<'_>) {
    for element in node.descendants().filter(Node::is_element) {
        for key in ["x", "y"] {
            if let Some(text) = element.attribute(key)
                && text.trim().parse::<f32>().is_err()
            {
                found.at(
                    element,
                    format!("{key}={text:?} is no plain number"),
                    "Remove letter spacing by hand and units from the text's position.",
                );
            }
        }
    }
}
