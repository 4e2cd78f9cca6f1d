//! The picture of a card, in the raster of a printer.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroize;

/// The largest side that any printer of this crate takes, in pixels. It limits how much memory a caller can make this crate
/// allocate.
pub(crate) const MAX_SIDE: u32 = 2048;

/// A card in the raster of a printer, landscape, with the pixels that are printed in black resin marked.
///
/// It shows a face, so the memory is overwritten when it is dropped, and `Debug` shows no pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct CardImage {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
    resin: Vec<u8>,
}

/// Why pixels do not make a [`CardImage`].
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    #[error(
        "a card image of {width}x{height} pixels is not possible: each side must be 1 to {MAX_SIDE}"
    )]
    Size { width: u32, height: u32 },
    #[error(
        "the {what} of a {width}x{height} card must be {expected} bytes long, not {found}: give {per_pixel} for each pixel, row by row"
    )]
    Length {
        what: &'static str,
        per_pixel: usize,
        width: u32,
        height: u32,
        expected: usize,
        found: usize,
    },
}

impl CardImage {
    /// A card of `width` x `height` pixels, rows from the top.
    ///
    /// `rgb` holds 3 bytes a pixel. `resin_mask` holds one byte a pixel: 0 = dye, anything else = black resin
    /// (text and codes; never the portrait).
    ///
    /// # Errors
    /// When a side is zero or too large, or a length does not fit the size.
    pub fn new(
        width: u32,
        height: u32,
        rgb: Vec<u8>,
        resin_mask: Vec<u8>,
    ) -> Result<Self, ImageError> {
        if width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE {
            return Err(ImageError::Size { width, height });
        }
        let pixels = width as usize * height as usize;
        for (what, found, per_pixel) in [
            ("pixels", rgb.len(), 3),
            ("resin mask", resin_mask.len(), 1),
        ] {
            if found != pixels * per_pixel {
                let expected = pixels * per_pixel;
                return Err(ImageError::Length {
                    what,
                    per_pixel,
                    width,
                    height,
                    expected,
                    found,
                });
            }
        }
        let mut resin = resin_mask;
        for value in &mut resin {
            *value = if *value == 0 { 0 } else { 0xFF };
        }
        Ok(Self {
            width,
            height,
            rgb,
            resin,
        })
    }

    /// A card with no pixel in resin.
    ///
    /// # Errors
    /// As [`CardImage::new`].
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, ImageError> {
        let pixels = width as usize * height as usize;
        Self::new(
            width,
            height,
            rgb,
            vec![0; pixels.min((MAX_SIDE * MAX_SIDE) as usize)],
        )
    }

    /// Marks as resin every pixel whose three channels are at most 3: black in the 6 bits that a Magicard prints.
    ///
    /// For a picture without a mask of its own; a card of the booth has one.
    #[must_use]
    pub fn with_black_as_resin(mut self) -> Self {
        for (mark, pixel) in self.resin.iter_mut().zip(self.rgb.chunks_exact(3)) {
            *mark = if pixel.iter().all(|channel| *channel <= 3) {
                0xFF
            } else {
                0
            };
        }
        self
    }

    /// The same card turned so that it lies in landscape: a portrait picture turns a quarter to the left.
    #[must_use]
    pub fn landscape(self) -> Self {
        if self.width >= self.height {
            return self;
        }
        let (width, height) = (self.height as usize, self.width as usize);
        let mut rgb = vec![0; self.rgb.len()];
        let mut resin = vec![0; self.resin.len()];
        for y in 0..height {
            for x in 0..width {
                let (to, from) = (y * width + x, x * height + (height - 1 - y));
                rgb[to * 3..to * 3 + 3].copy_from_slice(&self.rgb[from * 3..from * 3 + 3]);
                resin[to] = self.resin[from];
            }
        }
        Self {
            width: self.height,
            height: self.width,
            rgb,
            resin,
        }
    }

    /// In pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// 3 bytes a pixel, rows from the top.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// One byte a pixel: 0 or 255.
    pub fn resin_mask(&self) -> &[u8] {
        &self.resin
    }

    /// True when no pixel is printed in resin.
    pub fn has_no_resin(&self) -> bool {
        self.resin.iter().all(|mark| *mark == 0)
    }
}

impl fmt::Debug for CardImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardImage({}x{})", self.width, self.height)
    }
}

impl Drop for CardImage {
    fn drop(&mut self) {
        self.rgb.zeroize();
        self.resin.zeroize();
    }
}
