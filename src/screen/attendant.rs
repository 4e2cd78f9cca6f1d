//! The attendant's screens: a number pad for the PIN, and pages about the booth's condition.

use iced::{
    Rectangle,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{ButtonStyle, Kit, columns, grid, grid_height},
    photo, typing,
};
use crate::{
    elements::{Element as PageElement, Place, Role, ScreenName},
    widget::{Board, Words, words::Line},
};

pub(super) fn draw(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    if kit.scene.page.screen == ScreenName::AttendantSignIn {
        sign_in(kit, board);
    } else {
        panel(kit, board);
    }
}

fn sign_in(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    let frame = &kit.frame;
    let page = kit.scene.page;
    board.put(frame.title, Words::new(kit.title_lines()));
    let content = frame.content;
    let height = m.hit.max(4.8 * u);
    let below = Rectangle {
        y: frame.title.y + frame.title.height + u,
        height,
        ..content
    };
    if let Some(pin) = page
        .at(Place::Words)
        .find(|thing| thing.role == Role::Field)
    {
        board.put(below, typing::field(kit, pin));
    }
    let problem = kit.lines(
        page.at(Place::Words)
            .filter(|thing| thing.role == Role::Notice),
    );
    let problem_at = Rectangle {
        y: below.y + height + 0.8 * u,
        height: 5.0 * u,
        ..content
    };
    board.put(problem_at, Words::new(problem));
    let keys: Vec<&PageElement> = page.at(Place::Pad).collect();
    let room = frame.side.unwrap_or(Rectangle {
        y: problem_at.y + problem_at.height,
        height: content.y + content.height - problem_at.y - problem_at.height,
        ..content
    });
    let row = ((room.height - 3.0 * m.gap) / 4.0).min(7.0 * u);
    let width = room.width.min(30.0 * u);
    let room = Rectangle {
        x: room.x + (room.width - width) / 2.0,
        y: room.y + (room.height - 4.0 * row - 3.0 * m.gap) / 2.0,
        width,
        ..room
    };
    // The last row has the delete key to the left of the zero.
    for (key, place) in keys.iter().zip(grid(room, keys.len(), 3, row, m.gap)) {
        board.put(place, kit.button(key, ButtonStyle::Key, kit.live));
    }
}

fn panel(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    let frame = &kit.frame;
    let page = kit.scene.page;
    let pages: Vec<&PageElement> = page.at(Place::Choices).collect();
    let bottom = frame.second.y + frame.second.height;
    let tab = m.hit.max(5.2 * u * (1.0 + (m.larger - 1.0) * 0.5));
    // Five buttons side by side are too narrow for large letters.
    let across = if pages.len() > 4 && m.larger > 1.0 {
        3
    } else {
        pages.len()
    };
    let height = grid_height(pages.len(), across, tab, m.gap);
    let tabs = Rectangle {
        y: bottom - height,
        height,
        x: frame.area.x + 2.4 * u,
        width: frame.area.width - 4.8 * u,
    };
    for (thing, place) in pages
        .iter()
        .zip(grid(tabs, pages.len(), across, tab, m.gap))
    {
        board.put(place, kit.stacked(thing, ButtonStyle::Choice, kit.live));
    }
    let top = frame.side.map_or(frame.steps.y, |side| side.y);
    let room = Rectangle {
        y: top,
        height: tabs.y - 1.6 * u - top,
        ..tabs
    };
    let title = Rectangle {
        height: 1.18 * m.title(),
        ..room
    };
    board.put(title, Words::new(kit.title_lines()));
    let body = Rectangle {
        y: room.y + title.height + 1.2 * u,
        height: room.height - title.height - 1.2 * u,
        ..room
    };
    let pad: Vec<&PageElement> = page.at(Place::Pad).collect();
    let row = m.hit.max(4.6 * u);
    let pad_across = if frame.side.is_some() { pad.len() } else { 1 };
    let pad_height = grid_height(pad.len(), pad_across, row, m.gap);
    let pad_at = Rectangle {
        y: body.y + body.height - pad_height,
        height: pad_height,
        ..body
    };
    for (thing, place) in pad
        .iter()
        .zip(grid(pad_at, pad.len(), pad_across, row, m.gap))
    {
        board.put(place, kit.button(thing, ButtonStyle::Second, kit.live));
    }
    let words = kit.lines(page.at(Place::Words));
    let body = Rectangle {
        height: (pad_at.y - u - body.y).max(1.0),
        ..body
    };
    if page.at(Place::Picture).next().is_some() {
        return camera(kit, board, body, words);
    }
    if kit.frame.side.is_some() && words.len() > 8 {
        // Columns are filled in pairs, so that a line and its second line stay together.
        let half = words.len().div_ceil(4) * 2;
        let (left, right) = words.split_at(half);
        for (lines, place) in [left, right].into_iter().zip(columns(body, 2, 3.0 * u)) {
            board.put(place, Words::new(lines.to_vec()));
        }
        return;
    }
    board.put(body, Words::new(words));
}

/// The live picture and its measurements: beside the picture in landscape, below it in portrait orientation.
fn camera(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, body: Rectangle, words: Vec<Line>) {
    let (m, u) = (kit.metrics(), kit.u());
    if kit.frame.side.is_some() {
        let columns = columns(body, 2, 3.0 * u);
        photo::preview(kit, board, columns[0]);
        let words = Words::new(words).align(Horizontal::Left, Vertical::Center);
        return board.put(columns[1], words);
    }
    // The first text may need two lines; each measurement is short.
    let more = words.len().saturating_sub(1) as f32;
    let caption = 3.0 * m.body() + more * (1.4 * m.body() + 0.8 * u);
    let picture = Rectangle {
        height: body.height - caption,
        ..body
    };
    photo::preview(kit, board, picture);
    let below = Rectangle {
        y: body.y + body.height - caption,
        height: caption,
        ..body
    };
    let words = Words::new(words).align(Horizontal::Center, Vertical::Bottom);
    board.put(below, words);
}
