//! The booth's own drawings: SVG in the colours of the light theme, drawn in those of the theme at hand, once for each
//! size.

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

    /// Width by height.
    pub fn ratio(self) -> f32 {
        match self {
            Self::Phone | Self::Face | Self::Card => 1.0,
            _ => 4.0 / 3.0,
        }
    }
}

/// Drawings that were drawn already; a few sizes and themes at a time.
#[derive(Debug, Default)]
pub struct Gallery {
    drawn: RefCell<HashMap<Key, Handle>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    art: Art,
    width: u32,
    /// The theme, by the colours that a drawing uses.
    colours: [[u8; 4]; 6],
}

/// More drawings than a screen shows in all its themes; then all are let go.
const MOST: usize = 24;

impl Gallery {
    /// The drawing so many pixels wide.
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

/// The colours that the files are drawn in, each standing for a role.
fn themed(svg: &str, palette: &Palette) -> String {
    let roles = [
        ("#14212b", palette.ink),
        ("#43525d", palette.quiet),
        ("#0d4a5c", palette.accent),
        ("#fffffe", palette.on_accent),
        ("#ffffff", palette.surface),
        ("#dde4e3", palette.tint),
    ];
    // in two steps, so that a theme's colour is not taken for another role's
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
