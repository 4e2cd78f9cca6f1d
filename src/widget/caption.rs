//! What stands on a button: an icon beside the label or above it, and a quieter second line. It is made to fit: on one
//! line if that needs no small letters, else on two.

use std::hash::{DefaultHasher, Hash, Hasher};

use iced::{
    Color, Font, Length, Point, Rectangle, Size, Vector,
    advanced::{
        Layout, Widget, layout, mouse, renderer,
        text::{Renderer as _, Wrapping},
        widget::{Id, Operation, Tree, tree},
    },
    alignment::{Horizontal, Vertical},
};

use super::{
    Element, icon,
    words::{Fit, Paragraph, plain},
};
use crate::elements::Icon;

/// An icon and up to two lines.
#[derive(Debug, Clone)]
pub struct Caption {
    id: String,
    label: String,
    size: f32,
    font: Font,
    note: Option<(String, f32, Option<Color>)>,
    icon: Option<Icon>,
    stacked: bool,
    align: Horizontal,
}

/// The size of an icon beside the label and above it, and its distance from it, in parts of the label's font size.
const BESIDE: f32 = 1.3;
const OVER: f32 = 1.35;
const GAP: f32 = 0.6;
const LEADING: f32 = 1.22;

impl Caption {
    pub fn new(id: impl Into<String>, label: impl Into<String>, size: f32) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            size,
            font: crate::look::REGULAR,
            note: None,
            icon: None,
            stacked: false,
            align: Horizontal::Center,
        }
    }

    pub fn bold(mut self) -> Self {
        self.font = crate::look::SEMIBOLD;
        self
    }

    pub fn icon(mut self, icon: Option<Icon>) -> Self {
        self.icon = icon;
        self
    }

    /// Sets the second line, its size, and its colour if it has one of its own.
    pub fn note(mut self, note: Option<&str>, size: f32, color: Option<Color>) -> Self {
        self.note = note.map(|note| (note.to_owned(), size, color));
        self
    }

    /// Puts the icon above the label.
    pub fn stacked(mut self) -> Self {
        self.stacked = true;
        self.align = Horizontal::Center;
        self
    }

    pub fn left(mut self) -> Self {
        self.align = Horizontal::Left;
        self
    }

    fn fingerprint(&self, room: Size) -> u64 {
        let mut hasher = DefaultHasher::new();
        room.width.to_bits().hash(&mut hasher);
        room.height.to_bits().hash(&mut hasher);
        (&self.label, self.size.to_bits(), self.font).hash(&mut hasher);
        let note = self
            .note
            .as_ref()
            .map(|(note, size, _)| (note, size.to_bits()));
        (note, self.icon, self.stacked).hash(&mut hasher);
        hasher.finish()
    }
}

/// The laid-out caption.
#[derive(Debug, Default)]
struct Set {
    fingerprint: u64,
    fit: Fit,
    icon: Paragraph,
    label: Paragraph,
    note: Paragraph,
    icon_at: Point,
    label_at: Rectangle,
    note_at: Rectangle,
}

impl Set {
    fn at(&mut self, caption: &Caption, room: Size, scale: f32, wrapping: Wrapping) -> bool {
        let size = caption.size * scale;
        let factor = if caption.stacked { OVER } else { BESIDE };
        let icon = caption.icon.map_or(0.0, |_| size * factor);
        let indent = match (caption.icon, caption.stacked) {
            (Some(_), false) => icon + GAP * size,
            _ => 0.0,
        };
        let width = (room.width - indent).max(1.0);
        // Beside an icon the two lines are aligned at their start.
        let inner = match (caption.icon, caption.stacked) {
            (Some(_), false) => Horizontal::Left,
            _ => caption.align,
        };
        let set = |paragraph: &mut Paragraph, text: &str, font, size, wrapping| {
            let mut text = plain(text, font, size, LEADING, width, inner);
            text.wrapping = wrapping;
            let _ = paragraph.update(text);
            paragraph.min_bounds()
        };
        let label = set(
            &mut self.label,
            &caption.label,
            caption.font,
            size,
            wrapping,
        );
        let note = match &caption.note {
            Some((note, note_size, _)) => set(
                &mut self.note,
                note,
                crate::look::REGULAR,
                note_size * scale,
                wrapping,
            ),
            None => Size::ZERO,
        };
        if let Some(wanted) = caption.icon {
            let glyph = icon::glyph(wanted).to_string();
            let _ = self.icon.update(plain(
                &glyph,
                crate::look::ICONS,
                icon,
                1.0,
                icon * 2.0,
                Horizontal::Left,
            ));
        }
        let over = if caption.stacked && icon > 0.0 {
            icon + 0.25 * size
        } else {
            0.0
        };
        let text = Size::new(label.width.max(note.width), label.height + note.height);
        let whole = Size::new(text.width + indent, text.height + over);
        let x = match caption.align {
            Horizontal::Left => 0.0,
            Horizontal::Center => (room.width - whole.width) / 2.0,
            Horizontal::Right => room.width - whole.width,
        };
        let y = (room.height - whole.height) / 2.0;
        self.icon_at = if caption.stacked {
            Point::new((room.width - icon) / 2.0, y)
        } else {
            Point::new(x, y + (whole.height - icon) / 2.0)
        };
        self.label_at = Rectangle::new(
            Point::new(x + indent, y + over),
            Size::new(text.width, label.height),
        );
        self.note_at = Rectangle::new(
            Point::new(x + indent, y + over + label.height),
            Size::new(text.width, note.height),
        );
        self.fit.scale = scale;
        whole.width <= room.width + 0.5 && whole.height <= room.height + 0.5
    }
}

impl<Message> Widget<Message, iced::Theme, iced::Renderer> for Caption {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<Set>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(Set::default())
    }

    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fill)
    }

    fn layout(
        &mut self,
        tree: &mut Tree,
        _renderer: &iced::Renderer,
        limits: &layout::Limits,
    ) -> layout::Node {
        let set = tree.state.downcast_mut::<Set>();
        let room = limits.max();
        let fingerprint = self.fingerprint(room);
        if set.fingerprint != fingerprint {
            set.fingerprint = fingerprint;
            let ways = [
                (1.0, Wrapping::None),
                (0.94, Wrapping::None),
                (0.88, Wrapping::None),
                (1.0, Wrapping::Word),
                (0.94, Wrapping::Word),
                (0.88, Wrapping::Word),
                (0.82, Wrapping::None),
                (0.82, Wrapping::Word),
                (0.769, Wrapping::Word),
                (0.72, Wrapping::None),
                (0.66, Wrapping::Word),
                (0.58, Wrapping::Word),
                (0.5, Wrapping::Word),
            ];
            let fitted = ways
                .into_iter()
                .any(|(scale, wrapping)| set.at(self, room, scale, wrapping));
            set.fit.cut = !fitted;
        }
        layout::Node::new(room)
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        _renderer: &iced::Renderer,
        operation: &mut dyn Operation,
    ) {
        let set = tree.state.downcast_mut::<Set>();
        let corner = layout.position() - Point::ORIGIN;
        let id = Id::from(self.id.clone());
        operation.text(Some(&id), set.label_at + corner, &self.label);
        if let Some((note, ..)) = &self.note {
            let id = Id::from(format!("{}-note", self.id));
            operation.text(Some(&id), set.note_at + corner, note);
        }
        operation.custom(Some(&id), layout.bounds(), &mut set.fit);
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut iced::Renderer,
        _theme: &iced::Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        _cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let set = tree.state.downcast_ref::<Set>();
        let corner: Vector = layout.position() - Point::ORIGIN;
        let color = style.text_color;
        let mut write = |paragraph: &Paragraph, place: Rectangle, color: Color| {
            let at =
                (place + corner).anchor(paragraph.min_bounds(), paragraph.align_x(), Vertical::Top);
            renderer.fill_paragraph(paragraph.raw(), at, color, *viewport);
        };
        write(&set.label, set.label_at, color);
        if let Some((_, _, note)) = &self.note {
            write(&set.note, set.note_at, note.unwrap_or(color));
        }
        if self.icon.is_some() {
            let at = set.icon_at + corner;
            renderer.fill_paragraph(set.icon.raw(), at, color, *viewport);
        }
    }
}

impl<'a, Message: 'a> From<Caption> for Element<'a, Message> {
    fn from(caption: Caption) -> Self {
        Element::new(caption)
    }
}
