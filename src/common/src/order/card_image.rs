use std::sync::Arc;

use super::Picture;

/// One side of a card in the printer's raster: the colours, and which dots belong to the black resin panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardFace {
    pub rgb: Picture,
    /// One byte a pixel, 0 or 255, the size of `rgb`. Comes from the template's elements, never from the portrait.
    pub resin_mask: Vec<u8>,
}

/// A card ready to print, front and, where the kind has one, back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardImage {
    pub front: Arc<CardFace>,
    pub back: Option<Arc<CardFace>>,
}

impl CardFace {
    /// Nothing on it is printed by dye.
    pub fn is_black_only(&self) -> bool {
        let mut dots = self.rgb.rgb().chunks_exact(3).zip(&self.resin_mask);
        dots.all(|(colour, resin)| *resin != 0 || colour == [255; 3])
    }
}
