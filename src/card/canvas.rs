//! The picture a card is drawn on: colours for the dye panels, and which dots the black resin panel takes.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images::ImageRef,
};
use resvg::{tiny_skia, usvg};

use super::raster::{Dots, Raster};
use crate::order::{CardFace, Picture};

/// From this coverage on, a dot belongs to the resin panel, which knows no half tones.
const HALF: u8 = 128;

/// A drawn part and where it lies.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pixmap: tiny_skia::Pixmap,
    x: i32,
    y: i32,
}

impl Layer {
    /// Draws `tree`, no larger than what it covers of the raster; `None` when it covers nothing.
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

    /// Coverage of each dot, row by row.
    pub(super) fn coverage(&self) -> impl Iterator<Item = u8> + '_ {
        self.pixmap.pixels().iter().map(|pixel| pixel.alpha())
    }

    /// Whether something is drawn at dots that `other` covers too.
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

    /// Whether every dot that the resin panel would take is black.
    pub(super) fn is_black(&self) -> bool {
        self.pixmap.pixels().iter().all(|pixel| {
            pixel.alpha() < HALF || pixel.red().max(pixel.green()).max(pixel.blue()) < 32
        })
    }
}

/// A colour over an opaque pixel. tiny-skia would take the layer for a pattern, and a quarter of a card's time.
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

pub(super) struct Canvas {
    raster: Raster,
    /// Opaque RGBA.
    pixmap: tiny_skia::Pixmap,
    resin: Vec<u8>,
}

impl Canvas {
    /// A white card.
    pub(super) fn new(raster: Raster) -> Option<Self> {
        let mut pixmap = tiny_skia::Pixmap::new(raster.width, raster.height)?;
        pixmap.fill(tiny_skia::Color::WHITE);
        let resin = vec![0; raster.width as usize * raster.height as usize];
        Some(Self {
            raster,
            pixmap,
            resin,
        })
    }

    /// Draws in colour; what was black below gives way where it is covered.
    pub(super) fn dye(&mut self, layer: &Layer) {
        let width = self.raster.width as usize;
        let (columns, rows) = layer.dots().inside(self.raster.width, self.raster.height);
        let mut tints = layer.pixmap.pixels().iter();
        let pixels = self.pixmap.data_mut();
        for row in rows {
            for (at, tint) in
                (row * width + columns.start..row * width + columns.end).zip(&mut tints)
            {
                if tint.alpha() > 0 {
                    lay_over(&mut pixels[at * 4..], *tint);
                }
                if tint.alpha() >= HALF {
                    self.resin[at] = 0;
                }
            }
        }
    }

    /// Draws with the resin panel: black or nothing.
    pub(super) fn resin(&mut self, layer: &Layer) {
        let (columns, rows) = layer.dots().inside(self.raster.width, self.raster.height);
        let mut coverage = layer.coverage();
        for row in rows {
            let start = row * self.raster.width as usize;
            for dot in &mut self.resin[start + columns.start..start + columns.end] {
                if coverage.next().is_some_and(|covered| covered >= HALF) {
                    *dot = 255;
                }
            }
        }
    }

    /// A tint over everything that is not black, except in these boxes.
    pub(super) fn wash(&mut self, layer: &Layer, except: &[Dots]) {
        let width = self.raster.width as usize;
        let (columns, rows) = layer.dots().inside(self.raster.width, self.raster.height);
        let free: Vec<_> = except
            .iter()
            .map(|dots| dots.inside(self.raster.width, self.raster.height))
            .collect();
        let mut tints = layer.pixmap.pixels().iter();
        let pixels = self.pixmap.data_mut();
        for row in rows {
            for column in columns.clone() {
                let Some(tint) = tints.next() else { return };
                let kept = self.resin[row * width + column] != 0
                    || free
                        .iter()
                        .any(|(c, r)| c.contains(&column) && r.contains(&row));
                if kept {
                    continue;
                }
                lay_over(&mut pixels[(row * width + column) * 4..], *tint);
            }
        }
    }

    /// Puts the portrait into `shape`: as large as it covers it, cut evenly at the sides.
    pub(super) fn portrait(&mut self, portrait: &Picture, shape: &Layer) {
        let dots = shape.dots();
        let Some(fitted) = cover(portrait, dots.width, dots.height) else {
            return;
        };
        let width = self.raster.width as usize;
        let (columns, rows) = dots.inside(self.raster.width, self.raster.height);
        let mut source = fitted.chunks_exact(3).zip(shape.coverage());
        let pixels = self.pixmap.data_mut();
        for row in rows {
            for column in columns.clone() {
                let Some((colour, coverage)) = source.next() else {
                    return;
                };
                let (covered, rest) = (u32::from(coverage), 255 - u32::from(coverage));
                let at = (row * width + column) * 4;
                for (value, colour) in pixels[at..at + 3].iter_mut().zip(colour) {
                    *value =
                        ((u32::from(*colour) * covered + u32::from(*value) * rest) / 255) as u8;
                }
                if coverage >= HALF {
                    self.resin[row * width + column] = 0;
                }
            }
        }
    }

    /// White in all of `dots`.
    pub(super) fn clear(&mut self, dots: Dots) {
        let width = self.raster.width as usize;
        let (columns, rows) = dots.inside(self.raster.width, self.raster.height);
        let pixels = self.pixmap.data_mut();
        for row in rows {
            let (start, end) = (row * width + columns.start, row * width + columns.end);
            pixels[start * 4..end * 4].fill(255);
            self.resin[start..end].fill(0);
        }
    }

    /// Black resin in all of `dots`.
    pub(super) fn black(&mut self, dots: Dots) {
        let width = self.raster.width as usize;
        let (columns, rows) = dots.inside(self.raster.width, self.raster.height);
        for row in rows {
            self.resin[row * width + columns.start..row * width + columns.end].fill(255);
        }
    }

    /// The finished side. An upright card is turned so that its top is at the left.
    pub(super) fn finish(self, upright: bool) -> Option<CardFace> {
        let dots = self.resin.len();
        let (width, height) = (self.raster.width as usize, self.raster.height as usize);
        let mut rgb = vec![0; dots * 3];
        let pixels = self.pixmap.data();
        for (index, (out, pixel)) in rgb
            .chunks_exact_mut(3)
            .zip(pixels.chunks_exact(4))
            .enumerate()
        {
            if self.resin[index] == 0 {
                out.copy_from_slice(&pixel[..3]);
            }
        }
        if !upright {
            let rgb = Picture::new(self.raster.width, self.raster.height, rgb)?;
            return Some(CardFace {
                rgb,
                resin_mask: self.resin,
            });
        }
        // column x from the left becomes row width-1-x from the top
        let (mut turned, mut resin) = (vec![0; dots * 3], vec![0; dots]);
        for row in 0..width {
            for column in 0..height {
                let (from, to) = (column * width + (width - 1 - row), row * height + column);
                turned[to * 3..to * 3 + 3].copy_from_slice(&rgb[from * 3..from * 3 + 3]);
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

/// Scales `picture` so that it covers `width` x `height`, and cuts what is over evenly on both sides.
fn cover(picture: &Picture, width: u32, height: u32) -> Option<Vec<u8>> {
    let source = ImageRef::new(
        picture.width(),
        picture.height(),
        picture.rgb(),
        PixelType::U8x3,
    )
    .ok()?;
    let mut target = fast_image_resize::images::Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .fit_into_destination(Some((0.5, 0.5)));
    Resizer::new().resize(&source, &mut target, &options).ok()?;
    Some(target.into_vec())
}
