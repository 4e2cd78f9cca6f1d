//! A rendered card.

use std::sync::Arc;

use super::Picture;

/// One side of a card in the printer's raster: the colours, and which dots belong to the black resin panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFace {
    pub rgb: Picture,
    /// One byte for each pixel of `rgb`, 0 or 255. It is made of the template's elements, never of the portrait.
    pub resin_mask: Vec<u8>,
}

/// A card ready to print: its front and, when the kind of card has one, its back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardImage {
    pub front: Arc<CardFace>,
    pub back: Option<Arc<CardFace>>,
}

impl CardFace {
    /// Whether nothing on this side is printed by dye.
    pub fn is_black_only(&self) -> bool {
        let mut dots = self.rgb.rgb().chunks_exact(3).zip(&self.resin_mask);
        dots.all(|(colour, resin)| *resin != 0 || colour == [255; 3])
    }
}
