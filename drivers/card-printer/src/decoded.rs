//! What the bytes of a job make of a card.

use thiserror::Error;

use crate::card_image::CardImage;
use crate::model::Model;

/// Why bytes are no job that a printer would take.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("byte {offset}: {reason}")]
pub struct DecodeError {
    pub offset: usize,
    pub reason: String,
}

/// What a job makes of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedCard {
    pub model: Model,
    pub copies: u8,
    pub front: DecodedSide,
    pub back: Option<DecodedSide>,
    /// What goes to the magnetic stripe, tracks 1 to 3.
    pub tracks: [Option<String>; 3],
    /// Unix seconds from the job.
    pub time: Option<u32>,
}

/// How finely a printer lays dye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The light that is missing, cut to its 6 highest bits: 0 to 63 (Magicard).
    SixBits,
    /// The light that is missing, scaled down to 0 to this value (Evolis).
    Levels(u8),
}

impl Depth {
    /// The value of full dye.
    pub fn full(self) -> u8 {
        match self {
            Self::SixBits => 63,
            Self::Levels(full) => full,
        }
    }

    /// The smallest loss of light that is encoded as `dye`, so that a drawn card encodes to the same values; all of it for
    /// full dye.
    fn light_taken(self, dye: u8) -> u8 {
        match self {
            Self::SixBits => dye << 2 | dye >> 4,
            Self::Levels(full) => (u16::from(dye) * 255).div_ceil(u16::from(full.max(1))) as u8,
        }
    }
}

/// One side, panel by panel, in the printer's own depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedSide {
    pub width: u32,
    pub height: u32,
    pub depth: Depth,
    /// Yellow, magenta and cyan, one byte a pixel, rows from the top; `None` = that panel is not printed.
    pub dye: [Option<Vec<u8>>; 3],
    /// One byte a pixel: 0 or 255.
    pub resin: Option<Vec<u8>>,
    /// One byte a pixel: 0 = bare, 255 = covered.
    pub overcoat: Option<Vec<u8>>,
}

impl DecodedSide {
    /// A side with nothing printed on it.
    pub fn blank(width: u32, height: u32, depth: Depth) -> Self {
        Self {
            width,
            height,
            depth,
            dye: [None, None, None],
            resin: None,
            overcoat: None,
        }
    }

    /// The card as the eye sees it: dye back to light, resin black on top, overcoat not visible. The mask of the picture is
    /// the resin panel.
    ///
    /// This is the one function that draws a card: `printctl decode` and every virtual printer go through it.
    pub fn draw(&self) -> CardImage {
        let pixels = self.width as usize * self.height as usize;
        let light: Vec<u8> = (0..=self.depth.full())
            .map(|dye| 255 - self.depth.light_taken(dye))
            .collect();
        let mut rgb = vec![0xFF; pixels * 3];
        for (channel, plane) in [2, 1, 0].into_iter().zip(&self.dye) {
            let Some(plane) = plane else { continue };
            for (pixel, dye) in rgb.chunks_exact_mut(3).zip(plane) {
                pixel[channel] = light[usize::from(*dye).min(light.len() - 1)];
            }
        }
        let resin = match &self.resin {
            Some(resin) => {
                for (pixel, mark) in rgb.chunks_exact_mut(3).zip(resin) {
                    if *mark != 0 {
                        pixel.fill(0);
                    }
                }
                resin.clone()
            }
            None => vec![0; pixels],
        };
        CardImage::new(self.width, self.height, rgb, resin)
            .expect("planes are as large as the raster of a model")
    }
}
