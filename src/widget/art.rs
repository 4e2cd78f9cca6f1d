//! The booth's drawings: SVG files in the colours of the light theme, rendered once for each size in the colours of the
//! current theme.

use std::{cell::RefCell, collections::HashMap};

use iced::{Color, advanced::image::Handle};
use resvg::{tiny_skia, usvg};

use crate::look::Palette;

/// A drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Art {
    Phone,
    Face,
    Card,
    Reader,
    Printer,
    Done,
    Terms,
    Desk,
    Closed,
    ShowCode,
}

impl Art {
    pub const ALL: [Self; 10] = [
        Self::Phone,
        Self::Face,
        Self::Card,
        Self::Reader,
        Self::Printer,
        Self::Done,
        Self::Terms,
        Self::Desk,
        Self::Closed,
        Self::ShowCode,
    ];

    fn svg(self) -> &'static str {
        match self {
            Self::Phone => include_str!("../../assets/art/phone.svg"),
            Self::Face => include_str!("../../assets/art/face.svg"),
            Self::Card => include_str!("../../assets/art/card.svg"),
            Self::Reader => include_str!("../../assets/art/reader.svg"),
            Self::Printer => include_str!("../../assets/art/printer.svg"),
            Self::Done => include_str!("../../assets/art/done.svg"),
            Self::Terms => include_str!("../../assets/art/terms.svg"),
            Self::Desk => include_str!("../../assets/art/desk.svg"),
            Self::Closed => include_str!("../../assets/art/closed.svg"),
            Self::ShowCode => include_str!("../../assets/art/show-code.svg"),
        }
    }

    /// Width divided by height.
    pub fn ratio(self) -> f32 {
        match self {
            Self::Phone | Self::Face | Self::Card => 1.0,
            _ => 4.0 / 3.0,
        }
    }
}

/// A cache of rendered drawings.
#[derive(Debug, Default)]
pub struct Gallery {
    drawn: RefCell<HashMap<Key, Handle>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    art: Art,
    width: u32,
    /// The colours that a drawing uses, which stand for the theme.
    colours: [[u8; 4]; 6],
}

/// The cache is emptied at this size, which is more than the drawings of one screen in all themes.
const MOST: usize = 24;

impl Gallery {
    /// The drawing, rendered `width` pixels wide.
    pub fn get(&self, art: Art, width: f32, palette: &Palette) -> Handle {
        let colours = [
            palette.ink,
            palette.quiet,
            palette.accent,
            palette.on_accent,
            palette.surface,
            palette.tint,
        ];
        let key = Key {
            art,
            width: (width.round() as u32).clamp(1, 2048),
            colours: colours.map(|color| color.into_rgba8()),
        };
        let mut drawn = self.drawn.borrow_mut();
        if let Some(handle) = drawn.get(&key) {
            return handle.clone();
        }
        if drawn.len() >= MOST {
            drawn.clear();
        }
        let handle = draw(art, key.width, palette);
        drawn.insert(key, handle.clone());
        handle
    }
}

/// The drawing with each colour of the file replaced by the theme's colour for the same role.
fn themed(svg: &str, palette: &Palette) -> String {
    let roles = [
        ("#14212b", palette.ink),
        ("#43525d", palette.quiet),
        ("#0d4a5c", palette.accent),
        ("#fffffe", palette.on_accent),
        ("#ffffff", palette.surface),
        ("#dde4e3", palette.tint),
    ];
    // Replacing in two steps keeps a colour that was just put in from being taken for another role.
    let marked = roles
        .iter()
        .enumerate()
        .fold(svg.to_owned(), |svg, (i, (from, _))| {
            svg.replace(from, &format!("@{i}@"))
        });
    roles.iter().enumerate().fold(marked, |svg, (i, (_, to))| {
        svg.replace(&format!("@{i}@"), &hex(*to))
    })
}

fn hex(color: Color) -> String {
    let [r, g, b, _] = color.into_rgba8();
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn draw(art: Art, width: u32, palette: &Palette) -> Handle {
    let height = ((width as f32 / art.ratio()).round() as u32).max(1);
    let mut pixmap = tiny_skia::Pixmap::new(width, height).expect("both sides are one or more");
    let svg = themed(art.svg(), palette);
    let tree =
        usvg::Tree::from_str(&svg, &usvg::Options::default()).expect("a test draws every drawing");
    let size = tree.size();
    let scale = tiny_skia::Transform::from_scale(
        width as f32 / size.width(),
        height as f32 / size.height(),
    );
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    let rgba: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let color = pixel.demultiply();
            [color.red(), color.green(), color.blue(), color.alpha()]
        })
        .collect();
    Handle::from_rgba(width, height, rgba)
}
