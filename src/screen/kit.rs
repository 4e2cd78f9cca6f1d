//! How each kind of element looks, the same on every screen.

use iced::{Color, Rectangle, Size};

use super::{Chosen, Frame, Scene};
use crate::look::Palette;
use crate::{
    elements::{Element as PageElement, Icon, Place, Role, Tone},
    widget::{
        Board, Caption, Element, Target,
        art::Art,
        picture,
        shape::Area,
        target::{Style, Styles},
        words::Line,
    },
};
use theme::Metrics;

/// What every drawing function needs.
pub(super) struct Kit<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) frame: Frame,
    /// Whether the screen can be used, because no sheet covers it.
    pub(super) live: bool,
}

/// The kinds of buttons. The kind decides size and colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ButtonStyle {
    Main,
    Second,
    Choice,
    /// A text field.
    Field,
    Tool,
    /// The booth's name in the footer, which opens the attendant's screen when it is held.
    Footer,
    /// One button of a pad of small buttons.
    Pad,
    Key,
    /// A button of test mode's strip.
    Strip,
}

impl Kit<'_> {
    pub(super) fn palette(&self) -> &Palette {
        &self.scene.look.palette
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.frame.metrics
    }

    pub(super) fn u(&self) -> f32 {
        self.frame.metrics.u
    }

    pub(super) fn tone(&self, tone: Tone) -> Color {
        let palette = self.palette();
        match tone {
            Tone::Plain => palette.ink,
            Tone::Quiet => palette.quiet,
            Tone::Good => palette.good,
            Tone::Warn => palette.warn,
            Tone::Bad => palette.bad,
        }
    }

    fn styles(&self, kind: ButtonStyle, thing: &PageElement) -> Styles {
        let (palette, u) = (self.palette(), self.u());
        let high = self.scene.look.high_contrast;
        let style = |fill, text, edge, edge_width: f32, radius: f32| Style {
            fill,
            text,
            edge,
            edge_width: edge_width * u,
            radius: radius * u,
        };
        let clear = Color::TRANSPARENT;
        let chosen = thing.chosen == Some(true);
        let rest = match kind {
            // A disabled button has no edge and no strong fill, so that it can be told without colour.
            _ if !thing.is_live() && kind != ButtonStyle::Field => {
                let fill = if matches!(kind, ButtonStyle::Tool | ButtonStyle::Footer) {
                    clear
                } else {
                    palette.faint
                };
                let radius = if kind == ButtonStyle::Strip { 0.5 } else { 1.2 };
                style(fill, palette.quiet, clear, 0.0, radius)
            }
            ButtonStyle::Main => style(palette.accent, palette.on_accent, palette.accent, 0.0, 1.2),
            ButtonStyle::Second | ButtonStyle::Pad => {
                style(palette.surface, palette.ink, palette.line, 0.12, 1.2)
            }
            ButtonStyle::Choice | ButtonStyle::Field if chosen => {
                style(palette.tint, palette.ink, palette.accent, 0.32, 1.2)
            }
            ButtonStyle::Choice | ButtonStyle::Field => {
                style(palette.surface, palette.ink, palette.line, 0.12, 1.2)
            }
            ButtonStyle::Footer => style(clear, palette.quiet, clear, 0.0, 1.0),
            ButtonStyle::Tool if high => style(clear, palette.ink, palette.line, 0.12, 1.0),
            ButtonStyle::Tool => style(clear, palette.ink, clear, 0.0, 1.0),
            ButtonStyle::Key if chosen => {
                style(palette.tint, palette.ink, palette.accent, 0.24, 0.7)
            }
            ButtonStyle::Key => style(palette.surface, palette.ink, palette.line, 0.1, 0.7),
            ButtonStyle::Strip => style(palette.surface, palette.ink, palette.line, 0.1, 0.5),
        };
        let pressed = match kind {
            ButtonStyle::Main => Style {
                fill: palette.ink,
                text: palette.ground,
                ..rest
            },
            _ => Style {
                fill: palette.tint,
                edge: palette.accent,
                edge_width: 0.32 * u,
                ..rest
            },
        };
        Styles {
            rest,
            pressed: if thing.is_live() { pressed } else { rest },
            ring: palette.focus,
            ring_width: 0.4 * u,
            ring_gap: 0.25 * u,
        }
    }

    /// A touch target around `content`. It can be pressed if the element is live and `live` is true.
    pub(super) fn target<'a>(
        &self,
        thing: &PageElement,
        kind: ButtonStyle,
        content: impl Into<Element<'a, Chosen>>,
        live: bool,
    ) -> Target<'a, Chosen> {
        let chosen = thing.action.clone().map(|action| Chosen {
            id: thing.id.clone(),
            action,
        });
        let message = chosen.filter(|_| live && thing.is_live());
        let padding = match kind {
            ButtonStyle::Footer => 0.0,
            ButtonStyle::Key | ButtonStyle::Strip | ButtonStyle::Tool | ButtonStyle::Pad => 0.4,
            _ => 1.4,
        };
        Target::new(
            thing.id.to_string(),
            content,
            self.styles(kind, thing),
            message,
        )
        .padding(padding * self.u())
        .hold(thing.hold)
        .focused(self.scene.focus == Some(thing.id.as_ref()))
    }

    /// A button with its icon beside the label, and the note in a quieter second line.
    pub(super) fn button<'a>(
        &self,
        thing: &PageElement,
        kind: ButtonStyle,
        live: bool,
    ) -> Element<'a, Chosen> {
        let caption = self.caption(thing, kind);
        self.target(thing, kind, caption, live).into()
    }

    /// A button with its icon above the label, for places with little width.
    pub(super) fn stacked<'a>(
        &self,
        thing: &PageElement,
        kind: ButtonStyle,
        live: bool,
    ) -> Element<'a, Chosen> {
        let caption = self.caption(thing, kind).stacked();
        self.target(thing, kind, caption, live).into()
    }

    fn caption(&self, thing: &PageElement, kind: ButtonStyle) -> Caption {
        let m = self.metrics();
        let size = match kind {
            ButtonStyle::Main => m.lead(),
            ButtonStyle::Key => m.lead() * 0.9,
            ButtonStyle::Strip => m.u * 1.35,
            ButtonStyle::Tool | ButtonStyle::Footer => m.body() * 0.94,
            ButtonStyle::Pad => m.body() * 0.9,
            ButtonStyle::Second | ButtonStyle::Choice | ButtonStyle::Field => m.body(),
        };
        let chosen = thing.chosen == Some(true);
        let icon = match (thing.role, chosen) {
            (Role::Choice, true) => Some(thing.icon.unwrap_or(Icon::RadioOn)),
            (Role::Choice, false) => Some(thing.icon.unwrap_or(Icon::RadioOff)),
            (Role::Toggle, true) if thing.icon.is_none() => Some(Icon::BoxOn),
            (Role::Toggle, false) if thing.icon.is_none() => Some(Icon::BoxOff),
            _ => thing.icon,
        };
        let (note_size, note_color) = match kind {
            ButtonStyle::Main => (m.body(), None),
            _ => (size * 0.88, Some(self.palette().quiet)),
        };
        let mut caption = Caption::new(thing.id.to_string(), thing.label.clone(), size)
            .icon(icon)
            .note(thing.note.as_deref(), note_size, note_color);
        if kind == ButtonStyle::Main || chosen {
            caption = caption.bold();
        }
        if kind == ButtonStyle::Choice {
            caption = caption.left();
        }
        caption
    }

    /// A toggle: icon and label at the left, and at the right a switch whose shape says on or off.
    pub(super) fn toggle<'a>(
        &self,
        thing: &PageElement,
        size: Size,
        live: bool,
    ) -> Element<'a, Chosen> {
        let (m, palette) = (self.metrics(), self.palette());
        let on = thing.chosen == Some(true);
        let inner = Size::new(size.width - 2.8 * m.u, size.height);
        let mut board = Board::new(inner);
        let (width, height) = (4.4 * m.u, 2.4 * m.u);
        let words = Rectangle::new(
            iced::Point::ORIGIN,
            Size::new(inner.width - width - m.u, inner.height),
        );
        let caption = Caption::new(thing.id.to_string(), thing.label.clone(), m.body());
        board.put(words, caption.icon(thing.icon).left());
        let track = Rectangle::new(
            iced::Point::new(inner.width - width, (inner.height - height) / 2.0),
            Size::new(width, height),
        );
        let fill = if on { palette.accent } else { palette.surface };
        let area = Area::new(fill, height / 2.0)
            .edge(if on { palette.accent } else { palette.line }, 0.18 * m.u);
        board.put(track, area);
        let knob = height - 0.9 * m.u;
        let x = if on {
            track.x + width - knob - 0.45 * m.u
        } else {
            track.x + 0.45 * m.u
        };
        let place = Rectangle::new(
            iced::Point::new(x, track.y + 0.45 * m.u),
            Size::new(knob, knob),
        );
        board.put(
            place,
            Area::new(
                if on { palette.on_accent } else { palette.line },
                knob / 2.0,
            ),
        );
        self.target(thing, ButtonStyle::Choice, board, live).into()
    }

    /// Elements as lines of the column.
    pub(super) fn lines<'t>(&self, things: impl Iterator<Item = &'t PageElement>) -> Vec<Line> {
        things.flat_map(|thing| self.line(thing)).collect()
    }

    /// One element as lines.
    fn line(&self, thing: &PageElement) -> Vec<Line> {
        let (m, palette) = (self.metrics(), self.palette());
        let id = thing.id.to_string();
        let line = |size: f32| Line::new(id.clone(), thing.label.clone(), size).before(0.8 * m.u);
        let mut first = match thing.role {
            Role::Heading => line(m.title()).bold().leading(1.18).color(palette.ink),
            Role::Display => line(m.title()).bold().leading(1.15).color(palette.accent),
            Role::Notice => line(m.body()).bold().color(self.tone(thing.tone)),
            _ if thing.tone != Tone::Plain => line(m.body()).color(self.tone(thing.tone)),
            _ => line(m.body()).color(palette.ink),
        };
        if let Some(icon) = thing.icon.filter(|_| thing.role != Role::Heading) {
            let color = match thing.tone {
                Tone::Plain => palette.accent,
                tone => self.tone(tone),
            };
            first = first.icon(icon, Some(color));
        }
        let mut lines = vec![first];
        if let Some(note) = &thing.note {
            let mut note =
                Line::new(format!("{id}-note"), note.clone(), m.body()).color(palette.quiet);
            if thing.icon.is_some() {
                // The note is aligned with the words above it, not with their icon.
                note = note.indented();
            }
            lines.push(note);
        }
        lines
    }

    pub(super) fn title(&self) -> Option<&PageElement> {
        self.scene.page.at(Place::Title).next()
    }

    /// The heading's line, in the size of a title.
    pub(super) fn title_lines(&self) -> Vec<Line> {
        self.title()
            .map(|title| self.line(title))
            .unwrap_or_default()
    }

    /// Draws a picture as large as fits into its place.
    pub(super) fn art(&self, board: &mut Board<'_, Chosen>, room: Rectangle, art: Art) {
        // The size is limited so that the drawing does not dominate the screen.
        let most = 40.0 * self.u();
        let room = Rectangle {
            x: room.x + (room.width - room.width.min(most)) / 2.0,
            width: room.width.min(most),
            ..room
        };
        let place = picture::inside(room, art.ratio());
        let place = Rectangle {
            x: place.x.round(),
            y: place.y.round(),
            width: place.width.floor(),
            height: place.height.floor(),
        };
        let handle = self
            .scene
            .pictures
            .gallery
            .get(art, place.width, self.palette());
        board.put(place, picture::whole(&handle));
    }
}

/// Divides `room` into `count` places side by side.
pub(super) fn columns(room: Rectangle, count: usize, gap: f32) -> Vec<Rectangle> {
    let count_f = count.max(1) as f32;
    let width = (room.width - gap * (count_f - 1.0)) / count_f;
    (0..count)
        .map(|index| Rectangle {
            x: room.x + index as f32 * (width + gap),
            width,
            ..room
        })
        .collect()
}

/// The places of a grid with `across` columns, row by row.
pub(super) fn grid(
    room: Rectangle,
    count: usize,
    across: usize,
    height: f32,
    gap: f32,
) -> Vec<Rectangle> {
    let across = across.max(1);
    (0..count.div_ceil(across))
        .flat_map(|row| {
            let band = Rectangle {
                y: room.y + row as f32 * (height + gap),
                height,
                ..room
            };
            columns(band, across, gap)
        })
        .take(count)
        .collect()
}

/// The height of a grid.
pub(super) fn grid_height(count: usize, across: usize, height: f32, gap: f32) -> f32 {
    let rows = count.div_ceil(across.max(1)) as f32;
    if rows == 0.0 {
        0.0
    } else {
        rows * height + (rows - 1.0) * gap
    }
}
