//! The screens of the photograph: live picture, countdown, review.

use iced::{
    Color, Point, Rectangle, Size, Vector,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{ButtonStyle, Kit, grid},
    plain::words_height,
};
use crate::{
    elements::{Element as PageElement, Place, Role, ScreenName},
    widget::{
        Board, Words, picture,
        shape::{Area, Oval, drawn},
        words::Line,
    },
};

/// Width divided by height of the shown part of the camera's picture, which is the same as for a portrait.
const PORTRAIT: f32 = 3.0 / 4.0;

pub(super) fn live(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (u, palette) = (kit.u(), kit.palette());
    lamp(kit, board);
    let content = kit.frame.content;
    let lines = kit.lines(
        kit.scene
            .page
            .at(Place::Words)
            .filter(|thing| thing.role != Role::Timer),
    );
    let room = match kit.frame.side {
        Some(side) => {
            let mut all = title(kit);
            all.extend(lines);
            board.put(content, Words::new(all));
            side
        }
        None => {
            board.put(kit.frame.title, Words::new(title(kit)));
            // The height is the same for all screens of the photograph, so that the picture does not jump.
            let words = 8.2 * u * kit.metrics().larger;
            let at = Rectangle {
                y: content.y + content.height - words,
                height: words,
                ..content
            };
            board.put(at, Words::new(lines));
            Rectangle {
                height: content.height - words - 1.6 * u,
                ..content
            }
        }
    };
    let place = picture::inside(room, PORTRAIT);
    match &kit.scene.pictures.preview {
        Some(handle) => board.put(place, picture::cover(handle)),
        None => board.put(place, Area::new(palette.tint, 0.0)),
    }
    let ring = kit.scene.page.get("ring").and_then(|ring| ring.part);
    let oval = Oval {
        center: Point::new(0.5, 0.47),
        radii: Vector::new(0.33, 0.33),
        veil: Color {
            a: 0.5,
            ..palette.white
        },
        line: palette.white,
        ring: palette.accent,
        part: ring.unwrap_or(0.0),
        width: 0.5 * u,
    };
    if kit.scene.page.screen == ScreenName::Framing {
        board.lay(place, drawn(oval));
    }
    if let Some(count) = kit.scene.page.get("count") {
        figure(kit, board, count, place);
    }
}

/// The hint in words, with an arrow in its direction.
fn title(kit: &Kit<'_>) -> Vec<Line> {
    let mut lines = kit.title_lines();
    if let (Some(line), Some(icon)) = (lines.first_mut(), kit.title().and_then(|title| title.icon))
    {
        line.icon = Some((icon, Some(kit.palette().accent)));
    }
    lines
}

/// The edge of the screen as a lamp. It is white in every theme, because it lights the face.
fn lamp(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (u, palette) = (kit.u(), kit.palette());
    let area = kit.frame.area;
    // Four strips are drawn instead of one frame, because a frame encloses the live picture and would be drawn again
    // with each of the camera's frames.
    let across = Size::new(area.width, u);
    let along = Size::new(u, area.height);
    let (right, bottom) = (area.x + area.width - u, area.y + area.height - u);
    for strip in [
        Rectangle::new(area.position(), across),
        Rectangle::new(Point::new(area.x, bottom), across),
        Rectangle::new(area.position(), along),
        Rectangle::new(Point::new(right, area.y), along),
    ] {
        board.put(strip, Area::new(palette.white, 0.0));
    }
}

/// The seconds of the countdown in large figures near the face, where the person looks.
fn figure(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, count: &PageElement, place: Rectangle) {
    let (u, palette) = (kit.u(), kit.palette());
    let side = 9.0 * u;
    // The figure stands beside the face and does not cover it.
    let at = Rectangle::new(
        Point::new(place.x + place.width - side - 1.2 * u, place.y + 1.2 * u),
        Size::new(side, side),
    );
    let disc = Color {
        a: 0.86,
        ..palette.white
    };
    board.lay(at, Area::new(disc, side / 2.0));
    let line = Line::new(count.id.to_string(), count.label.clone(), 6.4 * u)
        .bold()
        .leading(1.0)
        .color(palette.black);
    board.lay(at, Words::one(line).centered());
}

pub(super) fn review(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    let content = kit.frame.content;
    let lines = kit.lines(kit.scene.page.at(Place::Words));
    let pad = pad_height(kit);
    let pad_at = Rectangle {
        y: content.y + content.height - pad,
        height: pad,
        ..content
    };
    let room = match kit.frame.side {
        Some(side) => {
            let mut all = kit.title_lines();
            all.extend(lines.into_iter().enumerate().map(|(i, line)| {
                let before = if i == 0 { 1.2 * u } else { line.before };
                line.before(before)
            }));
            let place = Rectangle {
                height: (pad_at.y - m.gap - content.y).max(1.0),
                ..content
            };
            board.put(place, Words::new(all));
            side
        }
        None => {
            board.put(kit.frame.title, Words::new(kit.title_lines()));
            let words = words_height(kit, &lines, content.width);
            let at = Rectangle {
                y: pad_at.y - m.gap - 0.6 * u - words,
                height: words,
                ..content
            };
            board.put(at, Words::new(lines));
            Rectangle {
                height: at.y - 1.6 * u - content.y,
                ..content
            }
        }
    };
    adjust_pad(kit, board, pad_at);
    portrait(kit, board, room);
}

/// The portrait in large, and beside it in about the size it has on the card.
fn portrait(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    let (u, palette) = (kit.u(), kit.palette());
    // The portrait on the card is 25 mm wide, which is about 4 units on the default screen, as far as the screen's real
    // size is known.
    let small = Size::new(6.0 * u, 8.0 * u);
    let large_room = Rectangle {
        width: room.width - small.width - 1.6 * u,
        ..room
    };
    let mut large = picture::inside(large_room, PORTRAIT);
    let total = large.width + 1.6 * u + small.width;
    large.x = room.x + (room.width - total) / 2.0;
    let small = Rectangle::new(
        Point::new(
            large.x + large.width + 1.6 * u,
            large.y + large.height - small.height,
        ),
        small,
    );
    for place in [large, small] {
        match kit.scene.pictures.portrait.handle() {
            Some(handle) => board.put(place, picture::whole(handle)),
            None => board.put(place, Area::new(palette.tint, 0.03 * place.width)),
        }
    }
}

fn pad_height(kit: &Kit<'_>) -> f32 {
    2.0 * pad_row(kit) + kit.metrics().gap
}

fn pad_row(kit: &Kit<'_>) -> f32 {
    kit.metrics().hit.max(3.8 * kit.u())
}

/// The six buttons that move the portrait, in two rows of three.
fn adjust_pad(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    let things: Vec<&PageElement> = kit.scene.page.at(Place::Pad).collect();
    // Closer, left and up stand above wider, right and down, so that each pair of opposites is one above the other.
    let order = ["closer", "left", "up", "wider", "right", "down"];
    let sorted = order
        .iter()
        .filter_map(|id| things.iter().find(|thing| thing.id == *id));
    let places = grid(room, order.len(), 3, pad_row(kit), kit.metrics().gap);
    for (thing, place) in sorted.zip(places) {
        board.put(place, kit.button(thing, ButtonStyle::Pad, kit.live));
    }
}

/// Draws the whole live picture. The attendant's camera page uses it too.
pub(super) fn preview(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    let palette = kit.palette();
    let place = picture::inside(room, 4.0 / 3.0);
    match &kit.scene.pictures.preview {
        Some(handle) => board.put(place, picture::cover(handle)),
        None => {
            board.put(place, Area::new(palette.tint, kit.u()));
            let label = kit.scene.page.at(Place::Picture).next();
            let label = label.map(|thing| thing.label.clone()).unwrap_or_default();
            let line = Line::new("picture", label, kit.metrics().body()).color(palette.ink);
            let words = Words::one(line).align(Horizontal::Center, Vertical::Center);
            board.put(place, words);
        }
    }
}
