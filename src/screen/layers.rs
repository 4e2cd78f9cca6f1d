//! What surrounds and covers every screen: tools, steps, buttons, footer, sheets, test mode.

use iced::{
    Color, Point, Rectangle, Size,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{ButtonStyle, Kit, columns, grid, grid_height},
};
use crate::{
    elements::{Element as PageElement, Place, Role, Sheet},
    widget::{
        Board, Words,
        shape::{Area, Ring, drawn},
        words::Line,
    },
};

/// Draws tools, steps, main and second buttons, and footer.
pub(super) fn around(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    tools(kit, board);
    steps(kit, board);
    let page = kit.scene.page;
    if let Some(main) = page.at(Place::Main).next() {
        board.put(
            kit.frame.main,
            kit.button(main, ButtonStyle::Main, kit.live),
        );
    }
    let second: Vec<&PageElement> = page.at(Place::Second).collect();
    let places = columns(kit.frame.second, second.len(), kit.metrics().gap);
    for (thing, place) in second.iter().zip(places) {
        board.put(place, kit.button(thing, ButtonStyle::Second, kit.live));
    }
    footer(kit, board);
}

fn tools(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u) = (kit.metrics(), kit.u());
    // There are always four places, so that each tool keeps its place; cancel is the last.
    let places = columns(kit.frame.tools, 4, m.gap.min(1.2 * u));
    let tools: Vec<&PageElement> = kit.scene.page.at(Place::Tools).collect();
    for (index, tool) in tools.iter().enumerate() {
        let at = if tool.id == "cancel" {
            3
        } else if tools.iter().any(|tool| tool.id == "language") {
            index
        } else {
            index + 1
        };
        let Some(place) = places.get(at) else {
            continue;
        };
        board.put(*place, kit.stacked(tool, ButtonStyle::Tool, kit.live));
    }
}

/// One bar for each step. The current step has a thick bar and a bold name, and steps that are done have a tick.
fn steps(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    let steps: Vec<&PageElement> = kit.scene.page.at(Place::Steps).collect();
    // All names have the same size, in which the longest name fits.
    let longest = steps.iter().map(|step| step.label.chars().count()).max();
    let width = kit.frame.steps.width / steps.len().max(1) as f32 - 1.0 * u;
    let size = m
        .body()
        .min(width / (longest.unwrap_or(1) as f32 + 3.2) / 0.58);
    for (step, place) in steps
        .iter()
        .zip(columns(kit.frame.steps, steps.len(), 1.0 * u))
    {
        let now = step.chosen == Some(true);
        let done = step.icon.is_some();
        let thick = if now { 0.6 * u } else { 0.34 * u };
        let bar = Rectangle {
            y: place.y + (0.6 * u - thick) / 2.0,
            height: thick,
            ..place
        };
        let color = if now || done {
            palette.accent
        } else {
            palette.line
        };
        board.put(bar, Area::new(color, thick / 2.0));
        let words = Rectangle {
            y: place.y + 1.0 * u,
            height: place.height - 1.0 * u,
            ..place
        };
        let number = step.note.clone().unwrap_or_default();
        let mut line = match step.icon {
            Some(icon) => Line::new(step.id.to_string(), step.label.clone(), size)
                .icon(icon, Some(palette.accent)),
            None => Line::new(
                step.id.to_string(),
                format!("{number}  {}", step.label),
                size,
            ),
        };
        line = line
            .leading(1.3)
            .color(if now { palette.ink } else { palette.quiet });
        if now {
            line = line.bold();
        }
        board.put(words, Words::one(line).unwrapped());
    }
}

fn footer(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let (m, palette) = (kit.metrics(), kit.palette());
    let place = kit.frame.footer;
    let left = Rectangle {
        width: place.width * 0.7,
        ..place
    };
    let right = Rectangle {
        x: place.x + place.width * 0.72,
        width: place.width * 0.28,
        ..place
    };
    for (thing, place, side) in kit
        .scene
        .page
        .at(Place::Footer)
        .zip([left, right])
        .zip([Horizontal::Left, Horizontal::Right])
        .map(|((thing, place), side)| (thing, place, side))
    {
        let line = Line::new(thing.id.to_string(), thing.label.clone(), 1.5 * m.u)
            .color(palette.quiet)
            .leading(1.2);
        let words = Words::one(line).unwrapped().align(side, Vertical::Center);
        if thing.role == Role::Button {
            board.put(
                place,
                kit.target(thing, ButtonStyle::Footer, words, kit.live),
            );
        } else {
            board.put(place, words);
        }
    }
}

/// Fades a new screen in, by covering it with the ground colour that gets more and more transparent.
pub(super) fn veil(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let hidden = 1.0 - kit.scene.entered;
    if hidden <= 0.01 || kit.scene.look.calm {
        return;
    }
    let top = kit.frame.side.map_or(kit.frame.title.y, |side| side.y);
    let area = Rectangle {
        x: kit.frame.area.x,
        y: top,
        width: kit.frame.area.width,
        height: kit.frame.footer.y - top,
    };
    let ground = kit.palette().ground.scale_alpha(hidden);
    board.lay(area, Area::new(ground, 0.0));
}

/// Draws the open sheet over the screen.
pub(super) fn sheet(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let Some((sheet, things)) = &kit.scene.page.sheet else {
        return;
    };
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    let area = kit.frame.area;
    let shade = Color {
        a: 0.55,
        ..palette.black
    };
    board.lay(area, Area::new(shade, 0.0));
    let wide = *sheet == Sheet::Faults;
    let width = if wide {
        area.width - 4.0 * u
    } else {
        (42.0 * u).min(area.width - 4.0 * u)
    };
    let inner = width - 6.0 * u;
    let button = m.hit.max(5.2 * u);
    let main: Vec<&PageElement> = things.iter().filter(|t| t.place == Place::Main).collect();
    let second: Vec<&PageElement> = things.iter().filter(|t| t.place == Place::Second).collect();
    let choices: Vec<&PageElement> = things
        .iter()
        .filter(|t| t.place == Place::Choices)
        .collect();
    let timer = things.iter().find(|t| t.role == Role::Timer);
    let across = if wide {
        (inner / (13.0 * u)).floor().max(2.0) as usize
    } else {
        1
    };
    let row = if wide { 2.6 * u } else { m.hit.max(4.4 * u) };
    let row_gap = if wide { 0.5 * u } else { m.gap };
    let list = grid_height(choices.len(), across, row, row_gap);
    let buttons = (main.len() + second.len()) as f32 * (button + m.gap);
    let most = area.height - 3.0 * u;
    let shown = things.iter().filter(|thing| {
        matches!(thing.place, Place::Title | Place::Words) && thing.role != Role::Timer
    });
    let lines = kit.lines(shown);
    let title_height = 1.18 * m.title() * 1.05;
    let words_count = lines.len().saturating_sub(1) as f32;
    let words_wanted = title_height
        + words_count * (2.0 * 1.38 * m.body() + 0.8 * u)
        + if timer.is_some() { 9.0 * u } else { 0.0 };
    let height =
        (5.0 * u + words_wanted + list + buttons + if choices.is_empty() { 0.0 } else { u })
            .min(most);
    let card = Rectangle::new(
        Point::new(
            area.x + (area.width - width) / 2.0,
            if m.low_controls {
                area.y + area.height - height - 1.5 * u
            } else {
                area.y + (area.height - height) / 2.0
            },
        ),
        Size::new(width, height),
    );
    board.lay(
        card,
        Area::new(palette.ground, 1.6 * u).edge(palette.line, 0.1 * u),
    );
    let x = card.x + 3.0 * u;
    let mut bottom = card.y + card.height - 2.6 * u;
    for thing in second.iter().chain(&main) {
        let place = Rectangle::new(Point::new(x, bottom - button), Size::new(inner, button));
        let kind = if thing.place == Place::Main {
            ButtonStyle::Main
        } else {
            ButtonStyle::Second
        };
        board.lay(place, kit.button(thing, kind, true));
        bottom -= button + m.gap;
    }
    let room = Rectangle::new(Point::new(x, bottom - list), Size::new(inner, list));
    for (thing, place) in choices
        .iter()
        .zip(grid(room, choices.len(), across, row, row_gap))
    {
        match thing.role {
            Role::Toggle if !wide => board.lay(place, kit.toggle(thing, place.size(), true)),
            Role::Text => {
                let line = Line::new(thing.id.to_string(), thing.label.clone(), 1.6 * u).bold();
                let words =
                    Words::one(line.color(palette.ink)).align(Horizontal::Left, Vertical::Center);
                board.lay(place, words);
            }
            _ => board.lay(
                place,
                kit.button(
                    thing,
                    if wide {
                        ButtonStyle::Strip
                    } else {
                        ButtonStyle::Choice
                    },
                    true,
                ),
            ),
        }
    }
    if !choices.is_empty() {
        bottom -= list + u;
    }
    let top = card.y + 2.6 * u;
    if let Some(timer) = timer {
        let side = 7.0 * u;
        let ring = Rectangle::new(Point::new(x, bottom - side - u), Size::new(side, side));
        timer_ring(kit, board, timer, ring);
        bottom -= side + 2.0 * u;
    }
    let place = Rectangle::new(
        Point::new(x, top),
        Size::new(inner, (bottom - top).max(1.0)),
    );
    board.lay(place, Words::new(lines));
}

/// A timer: a ring that empties, and its text beside it.
pub(super) fn timer_ring(
    kit: &Kit<'_>,
    board: &mut Board<'_, Chosen>,
    timer: &PageElement,
    place: Rectangle,
) {
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    let ring = Ring {
        part: 1.0 - timer.part.unwrap_or(0.0),
        color: palette.accent,
        track: palette.tint,
        width: (place.height * 0.12).max(0.5 * u),
    };
    board.lay(place, drawn(ring));
    let words = Rectangle {
        x: place.x + place.width + 1.4 * u,
        width: (kit.frame.metrics.width - place.x - place.width).min(26.0 * u),
        ..place
    };
    let line = Line::new(timer.id.to_string(), timer.label.clone(), m.body())
        .color(palette.ink)
        .leading(1.3);
    board.lay(
        words,
        Words::one(line).align(Horizontal::Left, Vertical::Center),
    );
}

/// Draws test mode's banner and strip.
pub(super) fn test_mode(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let palette = kit.palette();
    let page = kit.scene.page;
    let Some(banner) = page.at(Place::Banner).next() else {
        return;
    };
    let u = kit.scene.size.width.min(kit.scene.size.height) / 54.0;
    board.lay(kit.frame.banner, Area::new(palette.warn, 0.0));
    let mut line = Line::new(banner.id.to_string(), banner.label.clone(), 1.5 * u)
        .bold()
        .color(palette.ground);
    if let Some(icon) = banner.icon {
        line = line.icon(icon, Some(palette.ground));
    }
    board.lay(kit.frame.banner, Words::one(line).centered());
    board.lay(kit.frame.strip, Area::new(palette.warn, 0.0));
    let things: Vec<&PageElement> = page.at(Place::Strip).collect();
    let rows = if kit.frame.strip.height > 5.0 * u {
        2
    } else {
        1
    };
    let across = things.len().div_ceil(rows);
    let (pad, gap) = (0.6 * u, 0.5 * u);
    let room = Rectangle {
        x: kit.frame.strip.x + pad,
        y: kit.frame.strip.y + pad,
        width: kit.frame.strip.width - 2.0 * pad,
        height: kit.frame.strip.height - 2.0 * pad,
    };
    let height = (room.height - gap * (rows as f32 - 1.0)) / rows as f32;
    for (thing, place) in things
        .iter()
        .zip(grid(room, things.len(), across, height, gap))
    {
        board.lay(place, kit.button(thing, ButtonStyle::Strip, true));
    }
}
