//! The screens with text fields and the on-screen keyboard.

use iced::{
    Point, Rectangle, Size,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{ButtonStyle, Kit, columns},
};
use crate::{
    elements::{Element as PageElement, Place, Role},
    widget::{Board, Words, words::Line},
};

pub(super) fn draw(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    let frame = &kit.frame;
    let margin = 2.4 * u;
    let wide = Rectangle {
        x: frame.area.x + margin,
        width: frame.area.width - 2.0 * margin,
        ..frame.area
    };
    let gap = 0.7 * u;
    let lying = frame.side.is_some();
    let bottom = frame.main.y - 1.6 * u;
    let rows = key_rows(kit);
    let top = frame.content.y;
    let stacked = 21.0 * u * (0.6 + 0.4 * m.larger);
    // Fields stand side by side if one above the other they would leave too little height for the keys.
    let beside = lying || (bottom - top - stacked) / (rows.len() as f32) < LEAST_ROW * u;
    let fields_room = match (lying, beside) {
        (true, _) => 12.0 * u,
        (false, true) => field_height(kit) + 6.0 * u,
        (false, false) => stacked,
    };
    let row = ((bottom - top - fields_room) / rows.len() as f32 - gap).min(m.hit.max(4.4 * u));
    let height = rows.len() as f32 * (row + gap) - gap;
    let keyboard = Rectangle {
        y: bottom - height,
        height,
        ..wide
    };
    keys(kit, board, keyboard, &rows, row, gap);
    let fields = Rectangle {
        y: top,
        height: (keyboard.y - 1.4 * u - top).max(1.0),
        ..if beside { wide } else { frame.content }
    };
    draw_fields(kit, board, fields, beside);
}

/// The least height of a row of keys with the gap below it, in units.
const LEAST_ROW: f32 = 3.6;

fn field_height(kit: &Kit<'_>) -> f32 {
    let m = kit.metrics();
    m.hit.max(4.4 * m.u * (0.6 + 0.4 * m.larger))
}

fn draw_fields(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle, beside: bool) {
    let lying = kit.frame.side.is_some();
    let (m, u) = (kit.metrics(), kit.u());
    let page = kit.scene.page;
    let title = Words::new(kit.title_lines());
    let fields: Vec<&PageElement> = page
        .at(Place::Words)
        .filter(|t| t.role == Role::Field)
        .collect();
    let toggle = page.at(Place::Words).find(|t| t.role == Role::Toggle);
    let problem = kit.lines(page.at(Place::Words).filter(|t| t.role == Role::Notice));
    let height = field_height(kit);
    let count = fields.len() + usize::from(toggle.is_some());
    let (title_at, fields_at) = if lying {
        let head = 1.18 * m.title();
        let body = Rectangle {
            y: room.y + head + 0.6 * u,
            height,
            ..room
        };
        (
            Rectangle {
                width: room.width * 0.4,
                height: head,
                ..room
            },
            columns(body, count, 1.2 * u),
        )
    } else if beside {
        let body = Rectangle { height, ..room };
        (kit.frame.title, columns(body, count, 1.2 * u))
    } else {
        let rows = (0..count).map(|index| Rectangle {
            y: room.y + index as f32 * (height + 0.9 * u),
            height,
            ..room
        });
        (kit.frame.title, rows.collect())
    };
    board.put(title_at, title);
    let things = fields.into_iter().chain(toggle);
    for (thing, place) in things.zip(&fields_at) {
        if thing.role == Role::Field {
            board.put(*place, field(kit, thing));
        } else {
            board.put(*place, kit.button(thing, ButtonStyle::Second, kit.live));
        }
    }
    let last = fields_at.last().map_or(room.y, |last| last.y + last.height);
    let problem_at = if lying {
        Rectangle {
            x: room.x + room.width * 0.42,
            width: room.width * 0.58,
            height: 1.18 * m.title(),
            ..room
        }
    } else {
        Rectangle {
            y: last + 0.6 * u,
            height: (room.y + room.height - last - 0.6 * u).max(1.0),
            ..room
        }
    };
    board.put(
        problem_at,
        Words::new(problem).align(Horizontal::Left, Vertical::Center),
    );
}

/// A text field: its name, and what was typed with a cursor behind it.
pub(super) fn field<'a>(kit: &Kit<'_>, thing: &PageElement) -> crate::widget::Element<'a, Chosen> {
    let (m, palette) = (kit.metrics(), kit.palette());
    let mut typed = thing.note.clone().unwrap_or_default();
    if thing.chosen == Some(true) {
        typed.push('|');
    }
    let name = Line::new(thing.id.to_string(), thing.label.clone(), m.body() * 0.86)
        .leading(1.2)
        .color(palette.quiet);
    let typed = Line::new(format!("{}-note", thing.id), typed, m.body())
        .leading(1.2)
        .color(palette.ink);
    let words = Words::new([name, typed])
        .unwrapped()
        .align(Horizontal::Left, Vertical::Center);
    kit.target(thing, ButtonStyle::Field, words, kit.live)
        .into()
}

/// The keys by row. The wide keys are the last row.
fn key_rows<'a>(kit: &Kit<'a>) -> Vec<Vec<&'a PageElement>> {
    let mut rows: Vec<Vec<&PageElement>> = Vec::new();
    let mut last = Vec::new();
    for key in kit.scene.page.at(Place::Pad) {
        let place = key
            .id
            .strip_prefix("key-")
            .and_then(|rest| rest.split_once('-'));
        match place.and_then(|(row, _)| row.parse::<usize>().ok()) {
            Some(row) => {
                rows.resize_with(rows.len().max(row + 1), Vec::new);
                rows[row].push(key);
            }
            None => last.push(key),
        }
    }
    rows.push(last);
    rows
}

fn keys(
    kit: &Kit<'_>,
    board: &mut Board<'_, Chosen>,
    room: Rectangle,
    rows: &[Vec<&PageElement>],
    height: f32,
    gap: f32,
) {
    let longest = rows.iter().map(Vec::len).max().unwrap_or(1).max(11) as f32;
    let width = ((room.width + gap) / longest - gap).min(height * 1.5);
    for (index, row) in rows.iter().enumerate() {
        let wide = |key: &PageElement| match key.id.as_ref() {
            "key-space" => 3.2,
            "key-shift" | "key-backspace" => 2.3,
            "key-symbols" => 1.5,
            _ => 1.0,
        };
        let widths: Vec<f32> = row.iter().map(|key| width * wide(key)).collect();
        let total = widths.iter().sum::<f32>() + gap * (row.len() as f32 - 1.0);
        // The keys of a row that is too wide are all made narrower.
        let squeeze = (room.width / total).min(1.0);
        let mut x = room.x + (room.width - total * squeeze) / 2.0;
        for (key, width) in row.iter().zip(widths) {
            let place = Rectangle::new(
                Point::new(x, room.y + index as f32 * (height + gap)),
                Size::new(width * squeeze, height),
            );
            board.put(place, kit.button(key, ButtonStyle::Key, kit.live));
            x += (width + gap) * squeeze;
        }
    }
}
