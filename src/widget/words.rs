//! A block of lines that is made to fit: the letters become smaller if there is too little room.

use std::hash::{DefaultHasher, Hash, Hasher};

use iced::{
    Color, Font, Length, Pixels, Rectangle, Size,
    advanced::{
        Layout, Widget, layout, mouse, renderer,
        text::{self, LineHeight, Renderer as _, Shaping, Wrapping, paragraph},
        widget::{Id, Operation, Tree, tree},
    },
    alignment::{Horizontal, Vertical},
};

use super::{Element, icon};
use crate::elements::Icon;

/// Text that is shaped and ready to be drawn.
pub(super) type Paragraph = paragraph::Plain<<iced::Renderer as text::Renderer>::Paragraph>;

/// How the words were made to fit. Tests read it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fit {
    /// The factor by which the letters were made smaller.
    pub scale: f32,
    /// Whether the words do not fit even at the smallest scale.
    pub cut: bool,
}

/// One paragraph.
#[derive(Debug, Clone)]
pub struct Line {
    /// The id of its element.
    pub id: String,
    pub text: String,
    pub size: f32,
    pub font: Font,
    /// The colour; `None` takes the surrounding one.
    pub color: Option<Color>,
    /// The line height, in parts of the size.
    pub leading: f32,
    /// The space above the line.
    pub before: f32,
    /// An icon to the left of the text, and its colour if it has one of its own.
    pub icon: Option<(Icon, Option<Color>)>,
    /// Whether the text is indented as if it had an icon.
    pub indented: bool,
}

impl Line {
    pub fn new(id: impl Into<String>, text: impl Into<String>, size: f32) -> Self {
        Self {
            id: id.into(),
            text: text.into(),
            size,
            font: crate::look::REGULAR,
            color: None,
            leading: 1.38,
            before: 0.0,
            icon: None,
            indented: false,
        }
    }

    pub fn bold(mut self) -> Self {
        self.font = crate::look::SEMIBOLD;
        self
    }

    pub fn leading(mut self, leading: f32) -> Self {
        self.leading = leading;
        self
    }

    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    pub fn before(mut self, before: f32) -> Self {
        self.before = before;
        self
    }

    pub fn indented(mut self) -> Self {
        self.indented = true;
        self
    }

    pub fn icon(mut self, icon: Icon, color: Option<Color>) -> Self {
        self.icon = Some((icon, color));
        self
    }
}

/// A block of lines, one below the other.
#[derive(Debug, Clone)]
pub struct Words {
    lines: Vec<Line>,
    align_x: Horizontal,
    align_y: Vertical,
    take: Take,
    wrapping: Wrapping,
}

/// How much of the available room a block takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    All,
    /// All of the width, and the height that the words need.
    Height,
    Least,
}

/// An icon's size and its distance from the words, in parts of the words' size.
const ICON: f32 = 1.25;
const ICON_GAP: f32 = 0.65;
/// The scales that are tried, from large to small. Words that need less are cut; the tests check that no screen does.
const SCALES: [f32; 12] = [
    1.0, 0.96, 0.92, 0.88, 0.84, 0.8, 0.769, 0.72, 0.66, 0.6, 0.54, 0.48,
];

impl Words {
    pub fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        Self {
            lines: lines.into_iter().collect(),
            align_x: Horizontal::Left,
            align_y: Vertical::Top,
            take: Take::All,
            wrapping: Wrapping::Word,
        }
    }

    pub fn one(line: Line) -> Self {
        Self::new([line])
    }

    pub fn align(mut self, x: Horizontal, y: Vertical) -> Self {
        self.align_x = x;
        self.align_y = y;
        self
    }

    pub fn centered(self) -> Self {
        self.align(Horizontal::Center, Vertical::Center)
    }

    /// Switches off the wrapping of lines.
    pub fn unwrapped(mut self) -> Self {
        self.wrapping = Wrapping::None;
        self
    }

    /// Makes the block take only the height that it needs.
    pub fn flow(mut self) -> Self {
        self.take = Take::Height;
        self
    }

    /// Makes the block take only the width and height that it needs.
    pub fn shrink(mut self) -> Self {
        self.take = Take::Least;
        self
    }

    fn fingerprint(&self, room: Size) -> u64 {
        let mut hasher = DefaultHasher::new();
        room.width.to_bits().hash(&mut hasher);
        room.height.to_bits().hash(&mut hasher);
        for line in &self.lines {
            line.text.hash(&mut hasher);
            line.size.to_bits().hash(&mut hasher);
            line.before.to_bits().hash(&mut hasher);
            line.leading.to_bits().hash(&mut hasher);
            line.font.hash(&mut hasher);
            line.icon.map(|(icon, _)| icon).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The laid-out words.
#[derive(Debug, Default)]
struct Set {
    /// A hash of what the layout depends on. While it stays the same, nothing is laid out again.
    fingerprint: u64,
    paragraphs: Vec<(Paragraph, Option<Paragraph>)>,
    /// The places of each line's text and icon within the block.
    places: Vec<(Rectangle, Rectangle)>,
    size: Size,
    fit: Fit,
}

impl Set {
    /// Lays the lines out at one scale. Returns whether they fit.
    fn at(&mut self, words: &Words, room: Size, scale: f32) -> bool {
        self.paragraphs
            .resize_with(words.lines.len(), Default::default);
        self.places.clear();
        let (mut y, mut widest, mut fits) = (0.0_f32, 0.0_f32, true);
        for (index, (line, (words_set, icon_set))) in
            words.lines.iter().zip(&mut self.paragraphs).enumerate()
        {
            let size = line.size * scale;
            let indented = line.icon.is_some() || line.indented;
            let indent = if indented {
                size * (ICON + ICON_GAP)
            } else {
                0.0
            };
            let width = (room.width - indent).max(1.0);
            let mut text = plain(
                &line.text,
                line.font,
                size,
                line.leading,
                width,
                words.align_x,
            );
            text.wrapping = words.wrapping;
            let _ = words_set.update(text);
            let needed = words_set.min_bounds();
            fits &= needed.width <= width + 0.5;
            if index > 0 {
                y += line.before * scale;
            }
            let height = needed.height;
            let icon_place = match line.icon {
                Some((icon, _)) => {
                    let glyph = icon::glyph(icon).to_string();
                    let icon_size = size * ICON;
                    let set = icon_set.get_or_insert_default();
                    let _ = set.update(plain(
                        &glyph,
                        crate::look::ICONS,
                        icon_size,
                        1.0,
                        icon_size * 2.0,
                        Horizontal::Left,
                    ));
                    let first_line = size * line.leading;
                    Rectangle::new(
                        iced::Point::new(0.0, y + (first_line - icon_size) / 2.0),
                        Size::new(icon_size, icon_size),
                    )
                }
                None => {
                    *icon_set = None;
                    Rectangle::default()
                }
            };
            self.places.push((
                Rectangle::new(iced::Point::new(indent, y), Size::new(width, height)),
                icon_place,
            ));
            widest = widest.max(needed.width + indent);
            y += height;
        }
        self.size = Size::new(widest.min(room.width), y);
        self.fit.scale = scale;
        fits && y <= room.height + 0.5
    }
}

pub(super) fn plain(
    content: &str,
    font: Font,
    size: f32,
    leading: f32,
    width: f32,
    align_x: Horizontal,
) -> text::Text<&str, Font> {
    text::Text {
        content,
        bounds: Size::new(width, f32::INFINITY),
        size: Pixels(size),
        line_height: LineHeight::Relative(leading),
        font,
        align_x: align_x.into(),
        align_y: Vertical::Top,
        // All text is shaped the same way, so that kerning does not depend on letters such as å.
        shaping: Shaping::Advanced,
        wrapping: Wrapping::Word,
    }
}

impl<Message> Widget<Message, iced::Theme, iced::Renderer> for Words {
    fn tag(&self) -> tree::Tag {
        tree::Tag::of::<Set>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(Set::default())
    }

    fn size(&self) -> Size<Length> {
        match self.take {
            Take::All => Size::new(Length::Fill, Length::Fill),
            Take::Height => Size::new(Length::Fill, Length::Shrink),
            Take::Least => Size::new(Length::Shrink, Length::Shrink),
        }
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
            let fitted = SCALES.iter().any(|scale| set.at(self, room, *scale));
            set.fit.cut = !fitted;
        }
        let size = match self.take {
            Take::All => room,
            Take::Height => Size::new(room.width, set.size.height.min(room.height)),
            Take::Least => {
                for (words, _) in &mut set.places {
                    words.width = set.size.width - words.x;
                }
                Size::new(set.size.width, set.size.height.min(room.height))
            }
        };
        layout::Node::new(size)
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        _renderer: &iced::Renderer,
        operation: &mut dyn Operation,
    ) {
        let set = tree.state.downcast_mut::<Set>();
        let corner = self.corner(set, layout.bounds());
        for (line, (place, _)) in self.lines.iter().zip(&set.places) {
            let id = Id::from(line.id.clone());
            let place = *place + corner;
            operation.text(Some(&id), place, &line.text);
        }
        operation.custom(None, layout.bounds(), &mut set.fit);
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
        let corner = self.corner(set, layout.bounds());
        let parts = self.lines.iter().zip(&set.paragraphs).zip(&set.places);
        for ((line, (words, icon)), (place, icon_place)) in parts {
            let color = line.color.unwrap_or(style.text_color);
            let at = (*place + corner).anchor(words.min_bounds(), words.align_x(), Vertical::Top);
            renderer.fill_paragraph(words.raw(), at, color, *viewport);
            if let (Some(icon), Some((_, icon_color))) = (icon, line.icon) {
                let color = icon_color.unwrap_or(color);
                // The icon of centred words moves with them.
                let shift = match self.align_x {
                    Horizontal::Left => 0.0,
                    _ => at.x - (place.x + corner.x),
                };
                let at = (*icon_place + corner).position() + iced::Vector::new(shift, 0.0);
                renderer.fill_paragraph(icon.raw(), at, color, *viewport);
            }
        }
    }
}

impl Words {
    /// The offset of the lines within the block's place.
    fn corner(&self, set: &Set, bounds: Rectangle) -> iced::Vector {
        let spare = (bounds.height - set.size.height).max(0.0);
        let y = match self.align_y {
            Vertical::Top => 0.0,
            Vertical::Center => spare / 2.0,
            Vertical::Bottom => spare,
        };
        // A centred line with an icon is centred together with it.
        let indent = set.places.iter().any(|(_, icon)| icon.width > 0.0);
        let x = match self.align_x {
            Horizontal::Center if indent => -set.places[0].0.x / 2.0,
            _ => 0.0,
        };
        iced::Vector::new(bounds.x + x, bounds.y + y)
    }
}

impl<'a, Message: 'a> From<Words> for Element<'a, Message> {
    fn from(words: Words) -> Self {
        Element::new(words)
    }
}
