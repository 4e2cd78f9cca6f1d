//! Attract: what the booth does, in three pictures, and one button.

use iced::{
    Point, Rectangle, Size,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{Kit, columns},
};
use crate::{
    elements::{Element as PageElement, Place},
    widget::{Board, Words, art::Art, words::Line},
};

pub(super) fn draw(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    let frame = &kit.frame;
    let words = kit.lines(kit.scene.page.at(Place::Words));
    match frame.side {
        None => {
            let top = frame.steps.y;
            let bottom = frame.main.y - 2.0 * u;
            let height = bottom - top;
            let (x, width) = (frame.main.x, frame.main.width);
            let words_height = super::plain::words_height(kit, &words, width);
            let title_height = 2.3 * 1.12 * m.display() + 1.5 * m.lead();
            let title = place(x, top, width, title_height);
            headline(kit, board, title);
            let rest = height - title_height - words_height - 3.2 * u;
            three(
                kit,
                board,
                place(x, top + title_height + 1.0 * u, width, rest),
            );
            let words_at = place(x, bottom - words_height, width, words_height);
            board.put(
                words_at,
                Words::new(words).align(Horizontal::Left, Vertical::Bottom),
            );
        }
        Some(side) => {
            let column = place(
                frame.content.x,
                side.y,
                frame.content.width,
                frame.main.y - side.y - 1.6 * u,
            );
            three(kit, board, side);
            let words_height =
                super::plain::words_height(kit, &words, column.width).min(column.height * 0.55);
            let split = column.height - words_height - 0.8 * u;
            headline(
                kit,
                board,
                Rectangle {
                    height: split,
                    ..column
                },
            );
            let below = Rectangle {
                y: column.y + column.height - words_height,
                height: words_height,
                ..column
            };
            board.put(
                below,
                Words::new(words).align(Horizontal::Left, Vertical::Bottom),
            );
        }
    }
}

fn place(x: f32, y: f32, width: f32, height: f32) -> Rectangle {
    Rectangle::new(Point::new(x, y), Size::new(width, height))
}

/// The title in large letters, and below it the title in the other languages.
fn headline(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, place: Rectangle) {
    let (m, palette) = (kit.metrics(), kit.palette());
    let Some(title) = kit.title() else {
        return;
    };
    let mut lines = vec![
        Line::new("title", title.label.clone(), m.display())
            .bold()
            .leading(1.12)
            .color(palette.ink),
    ];
    if let Some(other) = &title.note {
        let line = Line::new("title-note", other.clone(), m.lead());
        lines.push(line.color(palette.quiet).before(0.8 * m.u).leading(1.25));
    }
    board.put(place, Words::new(lines));
}

/// Phone, face and card: one below the other with the words beside them, or side by side with the words below them.
fn three(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    let (m, palette) = (kit.metrics(), kit.palette());
    let things: Vec<&PageElement> = kit.scene.page.at(Place::Picture).collect();
    let arts = [Art::Phone, Art::Face, Art::Card].into_iter();
    let line = |thing: &PageElement, size| {
        Line::new(thing.id.to_string(), thing.label.clone(), size)
            .color(palette.ink)
            .leading(1.3)
    };
    if room.height > room.width * 0.8 {
        let gap = 1.4 * m.u;
        let row = (room.height - 2.0 * gap) / 3.0;
        let side = row.min(room.width * 0.42).min(15.0 * m.u);
        for (index, (thing, art)) in things.iter().zip(arts).enumerate() {
            let y = room.y + index as f32 * (row + gap);
            kit.art(board, place(room.x, y, side, row), art);
            let x = room.x + side + 2.4 * m.u;
            let words = place(x, y, room.x + room.width - x, row);
            let words_line = Words::one(line(thing, m.lead()));
            board.put(words, words_line.align(Horizontal::Left, Vertical::Center));
        }
        return;
    }
    for ((thing, art), place_of) in things.iter().zip(arts).zip(columns(room, 3, 1.6 * m.u)) {
        let caption = 3.0 * 1.3 * m.body();
        let side = place_of.width.min(place_of.height - caption - 1.6 * m.u);
        let total = side + 1.6 * m.u + caption;
        let top = place_of.y + (place_of.height - total) / 2.0;
        kit.art(board, place(place_of.x, top, place_of.width, side), art);
        let words = place(place_of.x, top + side + 1.6 * m.u, place_of.width, caption);
        let words_line = Words::one(line(thing, m.body()));
        board.put(words, words_line.align(Horizontal::Center, Vertical::Top));
    }
}
