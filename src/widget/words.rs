//! A block of words that always fits: lines under one another, set a little smaller when there is too little room.

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

/// Text that was shaped.
pub(super) type Paragraph = paragraph::Plain<<iced::Renderer as text::Renderer>::Paragraph>;

/// How words came to fit; tests read it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fit {
    /// The scale that was needed.
    pub scale: f32,
    /// Even the smallest scale did not fit.
    pub cut: bool,
}

/// One paragraph.
#[derive(Debug, Clone)]
pub struct Line {
    /// The element it belongs to.
    pub id: String,
    pub text: String,
    pub size: f32,
    pub font: Font,
    /// The surrounding colour where none is given.
    pub color: Option<Color>,
    /// Line to line, in parts of the size.
    pub leading: f32,
    /// Free space above.
    pub before: f32,
    /// Stands left of the text, in its own colour.
    pub icon: Option<(Icon, Option<Color>)>,
    /// Stands as far in as if it had an icon.
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

/// Lines under one another.
#[derive(Debug, Clone)]
pub struct Words {
    lines: Vec<Line>,
    align_x: Horizontal,
    align_y: Vertical,
    take: Take,
    wrapping: Wrapping,
}

/// How much of the room it is given a block takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
    All,
    /// The whole width, and the height that is needed.
    Height,
    Least,
}

/// An icon's size and its distance from the words, in parts of theirs.
const ICON: f32 = 1.25;
const ICON_GAP: f32 = 0.65;
/// The scales that are tried, from large to small. Below the last one words are cut; tests keep every screen above it.
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

    /// Every line stays one line.
    pub fn unwrapped(mut self) -> Self {
        self.wrapping = Wrapping::None;
        self
    }

    /// Takes only the height it needs.
    pub fn flow(mut self) -> Self {
        self.take = Take::Height;
        self
    }

    /// Takes only what it needs.
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

/// How the words came to stand.
#[derive(Debug, Default)]
struct Set {
    /// What the lines were set for; the same again needs no setting.
    fingerprint: u64,
    paragraphs: Vec<(Paragraph, Option<Paragraph>)>,
    /// Where each line's text and icon stand, within the block.
    places: Vec<(Rectangle, Rectangle)>,
    size: Size,
    fit: Fit,
}

impl Set {
    /// Sets the lines at one scale; answers whether they fit.
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
        // one shaper for every language, so that kerning is the same with and without å
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
                // with centred words the icon goes along with them
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
    /// Where the block's lines start within the place it was given.
    fn corner(&self, set: &Set, bounds: Rectangle) -> iced::Vector {
        let spare = (bounds.height - set.size.height).max(0.0);
        let y = match self.align_y {
            Vertical::Top => 0.0,
            Vertical::Center => spare / 2.0,
            Vertical::Bottom => spare,
        };
        // a centred line with an icon is centred with it
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
