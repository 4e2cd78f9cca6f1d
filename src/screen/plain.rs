//! The screens that consist of a picture, words and choices.

use iced::{
    Point, Rectangle, Size,
    alignment::{Horizontal, Vertical},
};

use super::{
    Chosen,
    kit::{ButtonStyle, Kit, columns, grid, grid_height},
    layers::timer_ring,
};
use crate::{
    elements::{Element as PageElement, Place, Role, ScreenName},
    widget::{
        Board, Element, Words,
        art::Art,
        picture,
        shape::{Area, Corners, bar, drawn},
        words::Line,
    },
};

/// The parts of a plain screen.
struct Parts<'a> {
    lines: Vec<Line>,
    choices: Vec<&'a PageElement>,
    meters: Vec<&'a PageElement>,
    /// The area of the column that contains them.
    content: Rectangle,
}

pub(super) fn draw(kit: &Kit<'_>, board: &mut Board<'_, Chosen>) {
    let page = kit.scene.page;
    let has = |place| page.at(place).next().is_some();
    let is_meter = |thing: &&PageElement| matches!(thing.role, Role::Timer | Role::Progress);
    let parts = Parts {
        lines: kit.lines(page.at(Place::Words).filter(|thing| !is_meter(thing))),
        choices: page.at(Place::Choices).collect(),
        meters: page.at(Place::Words).filter(is_meter).collect(),
        content: kit
            .frame
            .content_without(has(Place::Main), has(Place::Second)),
    };
    match kit.frame.side {
        Some(side) => lying(kit, board, parts, side),
        None => standing(kit, board, parts),
    }
}

/// The layout in portrait orientation: title, picture, words and choices, one below the other. The picture takes the
/// height that the others leave.
fn standing(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, parts: Parts<'_>) {
    let u = kit.u();
    let content = parts.content;
    board.put(kit.frame.title, Words::new(kit.title_lines()));
    let bottom = put_choices(kit, board, &parts.choices, content);
    let bottom = put_meters(kit, board, &parts.meters, content, bottom);
    let most = bottom - content.y;
    let wanted = words_height(kit, &parts.lines, content.width);
    // A drawing is left out if the words need its place; a code or a card is never left out.
    let least = if is_needed(kit) { 22.0 * u } else { 9.0 * u };
    if !has_picture(kit) || (!is_needed(kit) && most - wanted < least) {
        let place = Rectangle {
            height: most,
            ..content
        };
        return board.put(place, Words::new(parts.lines));
    }
    let words = wanted.min((most - least).max(10.0 * u));
    let place = Rectangle {
        y: bottom - words,
        height: words,
        ..content
    };
    board.put(place, Words::new(parts.lines));
    let picture = Rectangle {
        height: (place.y - 1.8 * u - content.y).max(1.0),
        ..content
    };
    draw_picture(kit, board, picture);
}

/// The layout in landscape: the picture at the side, title and words in the column. The choices go below the picture if
/// the column is full.
fn lying(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, parts: Parts<'_>, side: Rectangle) {
    let u = kit.u();
    let content = parts.content;
    let mut all = kit.title_lines();
    all.extend(parts.lines.into_iter().enumerate().map(|(i, line)| {
        let before = if i == 0 { 1.2 * u } else { line.before };
        line.before(before)
    }));
    let wanted = words_height(kit, &all, content.width);
    let list = choices_height(kit, &parts.choices);
    let full = wanted + list > content.height && !parts.choices.is_empty();
    let mut bottom = content.y + content.height;
    let mut picture = side;
    if full {
        let width = side.width.min(content.width);
        let under = Rectangle {
            x: side.x + (side.width - width) / 2.0,
            width,
            ..side
        };
        let top = put_choices(kit, board, &parts.choices, under);
        picture.height = (top - side.y).max(1.0);
    } else {
        bottom = put_choices(kit, board, &parts.choices, content);
    }
    let bottom = put_meters(kit, board, &parts.meters, content, bottom);
    let place = Rectangle {
        height: (bottom - content.y).max(1.0),
        ..content
    };
    board.put(place, Words::new(all));
    // A smaller picture could not be recognised.
    if picture.height > 9.0 * u {
        draw_picture(kit, board, picture);
    }
}

/// How many choices stand side by side, and the height of a row in logical pixels.
fn choices_grid(kit: &Kit<'_>, count: usize) -> (usize, f32) {
    let m = kit.metrics();
    let row = m.hit.max(4.8 * m.u * (1.0 + (m.larger - 1.0) * 0.5));
    (if count > 3 { 2 } else { 1 }, row)
}

/// The height of the choices with the free space above them.
fn choices_height(kit: &Kit<'_>, choices: &[&PageElement]) -> f32 {
    let (across, row) = choices_grid(kit, choices.len());
    match choices.len() {
        0 => 0.0,
        count => grid_height(count, across, row, kit.metrics().gap) + 1.4 * kit.u(),
    }
}

/// Draws the choices at the bottom of the column, where a seated person can reach them. Returns the lower edge of the
/// space above them.
fn put_choices(
    kit: &Kit<'_>,
    board: &mut Board<'_, Chosen>,
    choices: &[&PageElement],
    column: Rectangle,
) -> f32 {
    let height = choices_height(kit, choices);
    let top = column.y + column.height - height;
    let (across, row) = choices_grid(kit, choices.len());
    let room = Rectangle {
        y: top + 1.4 * kit.u(),
        height,
        ..column
    };
    let places = grid(room, choices.len(), across, row, kit.metrics().gap);
    for (thing, place) in choices.iter().zip(places) {
        let button = match thing.role {
            Role::Toggle => kit.toggle(thing, place.size(), kit.live),
            _ => kit.button(thing, ButtonStyle::Choice, kit.live),
        };
        board.put(place, button);
    }
    top
}

/// Draws timers and progress bars above `bottom`. Returns the lower edge of the space above them.
fn put_meters(
    kit: &Kit<'_>,
    board: &mut Board<'_, Chosen>,
    meters: &[&PageElement],
    column: Rectangle,
    bottom: f32,
) -> f32 {
    let height = 4.6 * kit.u() * kit.metrics().larger;
    let mut bottom = bottom;
    for thing in meters {
        bottom -= height;
        let place = Rectangle {
            y: bottom,
            height,
            ..column
        };
        draw_meter(kit, board, thing, place);
    }
    bottom
}

/// An estimate of the lines' height; the picture takes the rest. An estimate that is too small shrinks the words, and
/// one that is too large is harmless, so letters are assumed to be a little wider than they are.
pub(super) fn words_height(kit: &Kit<'_>, lines: &[Line], width: f32) -> f32 {
    let u = kit.u();
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let indent = line.icon.map_or(0.0, |_| line.size * 1.9);
            let letter = line.size
                * if line.font == crate::look::SEMIBOLD {
                    0.60
                } else {
                    0.56
                };
            let per_line = ((width - indent) / letter).floor().max(4.0);
            let count = (line.text.chars().count() as f32 / per_line)
                .ceil()
                .max(1.0);
            let before = if index == 0 { 0.0 } else { line.before };
            count * line.size * line.leading + before
        })
        .sum::<f32>()
        + 0.2 * u
}

fn has_picture(kit: &Kit<'_>) -> bool {
    kit.scene.page.at(Place::Picture).next().is_some()
}

fn draw_meter(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, thing: &PageElement, place: Rectangle) {
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    if thing.role == Role::Timer {
        let side = place.height.min(3.4 * u);
        let ring = Rectangle::new(
            Point::new(place.x, place.y + (place.height - side) / 2.0),
            Size::new(side, side),
        );
        return timer_ring(kit, board, thing, ring);
    }
    let thick = 0.9 * u;
    let track = Rectangle {
        y: place.y + place.height - thick,
        height: thick,
        ..place
    };
    let part = thing.part.unwrap_or(0.0);
    board.put(track, bar(track.size(), part, palette.accent, palette.tint));
    let words = Rectangle {
        height: place.height - thick - 0.8 * u,
        ..place
    };
    let name = Line::new(thing.id.to_string(), thing.label.clone(), m.body()).bold();
    let left = Words::one(name.color(palette.ink)).align(Horizontal::Left, Vertical::Bottom);
    match &thing.note {
        None => board.put(words, left),
        Some(note) => {
            let half = Rectangle {
                width: words.width * 0.5,
                ..words
            };
            board.put(half, left);
            let rest = Rectangle {
                x: words.x + words.width * 0.45,
                width: words.width * 0.55,
                ..words
            };
            let line = Line::new(format!("{}-note", thing.id), note.clone(), m.body());
            let right = Words::one(line.color(palette.quiet));
            board.put(rest, right.align(Horizontal::Right, Vertical::Bottom));
        }
    }
}

/// Whether the screen is useless without its picture, because it is a code or a card and not only a drawing.
fn is_needed(kit: &Kit<'_>) -> bool {
    use ScreenName as Name;
    let screen = kit.scene.page.screen;
    matches!(
        screen,
        Name::ShowCode
            | Name::AttendantSignIn
            | Name::ShowingCard
            | Name::ReadingBack
            | Name::NeedsAttendant
    )
}

/// Draws what belongs in the picture's place.
fn draw_picture(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    if !has_picture(kit) {
        return;
    }
    let art = match kit.scene.page.screen {
        ScreenName::ShowCode if approved(kit) => Art::Phone,
        ScreenName::AttendantSignIn if refused(kit) => Art::Desk,
        ScreenName::ShowCode | ScreenName::AttendantSignIn => return code(kit, board, room),
        ScreenName::ShowingCard => return card(kit, board, room),
        ScreenName::Collecting if kit.scene.pictures.front.handle().is_some() => {
            return card(kit, board, room);
        }
        ScreenName::OutOfService => Art::Closed,
        ScreenName::Consent => Art::Terms,
        ScreenName::OldCard if read_already(kit) => Art::Done,
        ScreenName::OldCard => Art::Reader,
        ScreenName::AskIsThisYou => Art::Card,
        ScreenName::Printing => Art::Printer,
        ScreenName::Collecting => Art::Done,
        ScreenName::ReadingBack if shows_code(kit) => return lens(kit, board, room),
        ScreenName::ReadingBack => Art::Reader,
        ScreenName::NeedsAttendant if shows_code(kit) => return lens(kit, board, room),
        _ => Art::Desk,
    };
    kit.art(board, room, art);
}

/// Whether the attendant was refused and no new code is being fetched.
fn refused(kit: &Kit<'_>) -> bool {
    use session::{
        State,
        attendant::{Step, Way},
    };
    match &kit.scene.session.state {
        State::Attendant(state) => matches!(
            state.step,
            Step::SigningIn {
                way: Way::Phone { code: None },
                problem: Some(_),
                ..
            }
        ),
        _ => false,
    }
}

/// Whether the person has approved the sign-in on the phone.
fn approved(kit: &Kit<'_>) -> bool {
    use session::{State, sign_in};
    let state = &kit.scene.session.state;
    matches!(state, State::SignIn(sign_in::State::ShowCode { approved, .. }) if *approved)
}

/// Whether the old card lies on the reader.
fn read_already(kit: &Kit<'_>) -> bool {
    use session::State;
    matches!(&kit.scene.session.state, State::OldCard(state) if state.laid.is_some())
}

/// Whether the holder has to show the card's code to the camera now.
fn shows_code(kit: &Kit<'_>) -> bool {
    use session::{State, issue};
    match &kit.scene.session.state {
        State::Issue(issue::State::ReadingBack(issue::ReadingBack { uid, .. })) => {
            let chip = kit.scene.context.rules.read_back.chip
                && kit.scene.session.health.reader == common::health::Condition::Ready;
            uid.is_some() || !chip
        }
        State::Issue(issue::State::NeedsAttendant(_)) => true,
        _ => false,
    }
}

/// The sign-in's code on a white tile; a quiet text in its place while it is fetched.
fn code(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    let side = room.width.min(room.height).min(34.0 * u);
    let place = picture::inside(room, 1.0);
    let place = Rectangle {
        x: place.x + (place.width - side) / 2.0,
        y: place.y + (place.height - side) / 2.0,
        width: side,
        height: side,
    };
    match kit.scene.pictures.scan() {
        Some(handle) => {
            board.put(
                place,
                Area::new(palette.white, 1.2 * u).edge(palette.line, 0.1 * u),
            );
            let inner = place.shrink(0.6 * u);
            board.put(inner, Element::from(picture::exact(handle)));
        }
        None => {
            board.put(place, Area::new(palette.tint, 1.2 * u));
            let label = kit.scene.page.at(Place::Picture).next();
            let label = label.map(|thing| thing.label.clone()).unwrap_or_default();
            let line = Line::new("picture", label, m.body()).color(palette.ink);
            board.put(place.shrink(2.0 * u), Words::one(line).centered());
        }
    }
}

/// The card's front, and its back if it has one.
fn card(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    const RATIO: f32 = 85.60 / 53.98;
    let (m, u, palette) = (kit.metrics(), kit.u(), kit.palette());
    let pictures = kit.scene.pictures;
    let both = pictures.back.handle().is_some();
    let gap = 1.6 * u;
    let over = Rectangle {
        height: (room.height - gap) / 2.0,
        ..room
    };
    let under = Rectangle {
        y: over.y + over.height + gap,
        ..over
    };
    let beside = columns(room, 2, gap);
    let larger = |a: Rectangle, b: Rectangle| {
        picture::inside(a, RATIO).width >= picture::inside(b, RATIO).width
    };
    let rooms = match beside.first() {
        _ if !both => vec![room],
        Some(first) if larger(*first, over) => beside,
        _ => vec![over, under],
    };
    for (kept, room) in [&pictures.front, &pictures.back].into_iter().zip(rooms) {
        let most = 40.0 * u;
        let room = Rectangle {
            x: room.x + (room.width - room.width.min(most)) / 2.0,
            width: room.width.min(most),
            ..room
        };
        let place = picture::inside(room, RATIO);
        let radius = place.width * 3.18 / 85.60;
        match kept.handle() {
            Some(handle) => {
                board.put(place, Area::new(palette.white, radius));
                board.put(place, picture::whole(handle));
                let edge = Area::new(iced::Color::TRANSPARENT, radius);
                board.lay(place.expand(0.06 * u), edge.edge(palette.line, 0.1 * u));
            }
            None => {
                board.put(place, Area::new(palette.tint, radius));
                let label = kit.scene.page.at(Place::Picture).next();
                let label = label.map(|thing| thing.label.clone()).unwrap_or_default();
                let line = Line::new("picture", label, m.body()).color(palette.ink);
                board.put(place, Words::one(line).centered());
            }
        }
    }
}

/// The camera's picture while the booth looks for the card's code; a drawing until there is a picture.
fn lens(kit: &Kit<'_>, board: &mut Board<'_, Chosen>, room: Rectangle) {
    match &kit.scene.pictures.preview {
        Some(handle) => {
            let place = picture::inside(room, 4.0 / 3.0);
            board.put(place, picture::cover(handle));
            let aim = picture::inside(place.shrink(0.16 * place.height), 85.60 / 53.98);
            let palette = kit.palette();
            let corners = Corners {
                color: palette.white,
                edge: palette.black,
                width: 0.6 * kit.u(),
                length: 0.18,
            };
            board.lay(aim, drawn(corners));
        }
        None => kit.art(board, room, Art::ShowCode),
    }
}
