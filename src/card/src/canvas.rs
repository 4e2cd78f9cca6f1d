//! The canvas that one side of a card is drawn on: its colours for the dye panels, and the dots for the black resin
//! panel.

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use resvg::{tiny_skia, usvg};

use super::raster::{Dots, Raster};
use common::order::{CardFace, Picture};

/// A dot with at least this coverage is printed by the resin panel, which has no half tones.
const HALF: u8 = 128;

/// A rendered part of the card and its position.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pixmap: tiny_skia::Pixmap,
    x: i32,
    y: i32,
}

impl Layer {
    /// Renders `tree` into the part of the raster that it covers. Returns `None` when it covers nothing.
    pub(super) fn draw(
        tree: &usvg::Tree,
        raster: Raster,
        to_dots: tiny_skia::Transform,
    ) -> Option<Self> {
        let bounds = tree.root().abs_layer_bounding_box().transform(to_dots)?;
        let dots = Dots {
            x: bounds.left().floor() as i32,
            y: bounds.top().floor() as i32,
            width: (bounds.right().ceil() - bounds.left().floor()) as u32,
            height: (bounds.bottom().ceil() - bounds.top().floor()) as u32,
        };
        let (columns, rows) = dots.inside(raster.width, raster.height);
        let (x, y) = (columns.start as i32, rows.start as i32);
        let mut pixmap = tiny_skia::Pixmap::new(columns.len() as u32, rows.len() as u32)?;
        let transform = to_dots.post_translate(-(x as f32), -(y as f32));
        resvg::render(tree, transform, &mut pixmap.as_mut());
        Some(Self { pixmap, x, y })
    }

    pub(super) fn dots(&self) -> Dots {
        Dots {
            x: self.x,
            y: self.y,
            width: self.pixmap.width(),
            height: self.pixmap.height(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = &[tiny_skia::PremultipliedColorU8]> {
        self.pixmap
            .pixels()
            .chunks_exact(self.pixmap.width() as usize)
    }

    /// Whether this layer and `other` draw at least one dot in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.dots(), other.dots());
        let left = mine.x.max(theirs.x);
        let right = (mine.x + mine.width as i32).min(theirs.x + theirs.width as i32);
        let top = mine.y.max(theirs.y);
        let bottom = (mine.y + mine.height as i32).min(theirs.y + theirs.height as i32);
        let at = |layer: &Self, x: i32, y: i32| {
            let (x, y) = (x - layer.x, y - layer.y);
            let pixel = layer.pixmap.pixel(x as u32, y as u32);
            pixel.is_some_and(|pixel| pixel.alpha() >= HALF)
        };
        (top..bottom).any(|y| (left..right).any(|x| at(self, x, y) && at(other, x, y)))
    }

    /// Whether the layer covers a dot of the rectangle.
    pub(super) fn covers_any(&self, dots: Dots) -> bool {
        (dots.y..dots.y + dots.height as i32).any(|y| {
            (dots.x..dots.x + dots.width as i32).any(|x| {
                let (x, y) = (x - self.x, y - self.y);
                let inside = x >= 0 && y >= 0;
                let pixel = self.pixmap.pixel(x as u32, y as u32);
                inside && pixel.is_some_and(|pixel| pixel.alpha() >= HALF)
            })
        })
    }

    /// Whether every dot that the resin panel would print is black.
    pub(super) fn is_black(&self) -> bool {
        self.pixmap.pixels().iter().all(|pixel| {
            pixel.alpha() < HALF || pixel.red().max(pixel.green()).max(pixel.blue()) < 32
        })
    }
}

/// Blends a colour over an opaque pixel.
#[inline]
fn lay_over(pixel: &mut [u8], tint: tiny_skia::PremultipliedColorU8) {
    let rest = 255 - u32::from(tint.alpha());
    for (value, tint) in pixel
        .iter_mut()
        .zip([tint.red(), tint.green(), tint.blue()])
    {
        *value = (u32::from(tint) + (u32::from(*value) * rest + 127) / 255).min(255) as u8;
    }
}

/// The dye panels and the resin panel of one side, row by row.
#[derive(Debug, Clone)]
pub(super) struct Canvas {
    raster: Raster,
    /// The colours, three bytes per dot.
    rgb: Vec<u8>,
    resin: Vec<u8>,
}

impl Canvas {
    /// Creates a white card.
    pub(super) fn new(raster: Raster) -> Self {
        let dots = raster.width as usize * raster.height as usize;
        Self {
            raster,
            rgb: vec![255; dots * 3],
            resin: vec![0; dots],
        }
    }

    /// Iterates over the rows of a rectangle. Each item holds the colours of the row and its black dots.
    fn rows(&mut self, dots: Dots) -> impl Iterator<Item = (&mut [u8], &mut [u8])> {
        let width = self.raster.width as usize;
        let (columns, rows) = dots.inside(self.raster.width, self.raster.height);
        let dots = rows.start * width..rows.end * width;
        self.rgb[dots.start * 3..dots.end * 3]
            .chunks_exact_mut(width * 3)
            .zip(self.resin[dots].chunks_exact_mut(width))
            .map(move |(rgb, resin)| {
                let (start, end) = (columns.start, columns.end);
                (&mut rgb[start * 3..end * 3], &mut resin[start..end])
            })
    }

    /// Draws with the resin panel or with the dye panels.
    pub(super) fn ink(&mut self, layer: &Layer, resin: bool) {
        if resin {
            self.resin(layer);
        } else {
            self.dye(layer);
        }
    }

    /// Draws in colour. Where the layer covers at least half of a dot, black below it is removed.
    fn dye(&mut self, layer: &Layer) {
        for ((rgb, resin), tints) in self.rows(layer.dots()).zip(layer.rows()) {
            for ((pixel, black), tint) in rgb.chunks_exact_mut(3).zip(resin).zip(tints) {
                match tint.alpha() {
                    0 => continue,
                    255 => pixel.copy_from_slice(&[tint.red(), tint.green(), tint.blue()]),
                    _ => lay_over(pixel, *tint),
                }
                if tint.alpha() >= HALF {
                    *black = 0;
                }
            }
        }
    }

    /// Draws with the resin panel. Each dot is either black or unchanged.
    fn resin(&mut self, layer: &Layer) {
        for ((_, resin), tints) in self.rows(layer.dots()).zip(layer.rows()) {
            for (black, tint) in resin.iter_mut().zip(tints) {
                if tint.alpha() >= HALF {
                    *black = 255;
                }
            }
        }
    }

    /// Tints everything that is not black, except inside the given boxes.
    pub(super) fn wash(&mut self, layer: &Layer, except: &[Dots]) {
        let (columns, rows) = layer.dots().inside(self.raster.width, self.raster.height);
        let free: Vec<_> = except
            .iter()
            .map(|dots| dots.inside(self.raster.width, self.raster.height))
            .collect();
        for (row, ((rgb, resin), tints)) in rows.zip(self.rows(layer.dots()).zip(layer.rows())) {
            let dots = columns.clone().zip(rgb.chunks_exact_mut(3)).zip(resin);
            for (((column, pixel), black), tint) in dots.zip(tints) {
                let kept = *black != 0
                    || free
                        .iter()
                        .any(|(c, r)| c.contains(&column) && r.contains(&row));
                if !kept {
                    lay_over(pixel, *tint);
                }
            }
        }
    }

    /// Draws the portrait into `shape`. The portrait is scaled to cover the shape, and the excess is cut off evenly at
    /// the sides.
    pub(super) fn portrait(&mut self, portrait: &Picture, shape: &Layer) {
        let dots = shape.dots();
        let Some(fitted) = cover(portrait, dots.width, dots.height) else {
            return;
        };
        let fitted = fitted.chunks_exact(dots.width as usize * 3);
        for (((rgb, resin), shape), fitted) in self.rows(dots).zip(shape.rows()).zip(fitted) {
            let colours = fitted.chunks_exact(3).zip(shape);
            for ((pixel, black), (colour, shape)) in rgb.chunks_exact_mut(3).zip(resin).zip(colours)
            {
                let (covered, rest) = (u32::from(shape.alpha()), 255 - u32::from(shape.alpha()));
                for (value, colour) in pixel.iter_mut().zip(colour) {
                    *value =
                        ((u32::from(*colour) * covered + u32::from(*value) * rest) / 255) as u8;
                }
                if shape.alpha() >= HALF {
                    *black = 0;
                }
            }
        }
    }

    /// Makes every dot of `dots` white.
    pub(super) fn clear(&mut self, dots: Dots) {
        for (rgb, resin) in self.rows(dots) {
            rgb.fill(255);
            resin.fill(0);
        }
    }

    /// Makes every dot of `dots` black resin.
    pub(super) fn black(&mut self, dots: Dots) {
        for (_, resin) in self.rows(dots) {
            resin.fill(255);
        }
    }

    /// Returns the finished side. An upright card is turned so that its top is on the left.
    pub(super) fn finish(mut self, upright: bool) -> Option<CardFace> {
        for (pixel, black) in self.rgb.chunks_exact_mut(3).zip(&self.resin) {
            if *black != 0 {
                pixel.fill(0);
            }
        }
        if !upright {
            let rgb = Picture::new(self.raster.width, self.raster.height, self.rgb)?;
            return Some(CardFace {
                rgb,
                resin_mask: self.resin,
            });
        }
        // Column x from the left becomes row width-1-x from the top.
        let (width, height) = (self.raster.width as usize, self.raster.height as usize);
        let (mut turned, mut resin) = (vec![0; self.rgb.len()], vec![0; self.resin.len()]);
        for row in 0..width {
            for column in 0..height {
                let (from, to) = (column * width + (width - 1 - row), row * height + column);
                turned[to * 3..to * 3 + 3].copy_from_slice(&self.rgb[from * 3..from * 3 + 3]);
                resin[to] = self.resin[from];
            }
        }
        let rgb = Picture::new(self.raster.height, self.raster.width, turned)?;
        Some(CardFace {
            rgb,
            resin_mask: resin,
        })
    }
}

/// Scales `picture` so that it covers `width` x `height`, and cuts off the excess evenly on both sides.
fn cover(picture: &Picture, width: u32, height: u32) -> Option<Vec<u8>> {
    // The typed call is used because the untyped one would compile the filters for every pixel type of the library.
    let source =
        TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.rgb())
            .ok()?;
    let mut scaled = vec![0; width as usize * height as usize * 3];
    let mut target = TypedImage::<U8x3>::from_buffer(width, height, &mut scaled).ok()?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .fit_into_destination(Some((0.5, 0.5)));
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .ok()?;
    drop(target);
    Some(scaled)
}
