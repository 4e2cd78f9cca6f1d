//! Millimetres on the card to dots of a printer.

/// Width of an ID-1 card (ISO/IEC 7810), mm.
pub const CARD_WIDTH: f32 = 85.60;
/// Height of an ID-1 card (ISO/IEC 7810), mm.
pub const CARD_HEIGHT: f32 = 53.98;

/// The picture a printer wants of a card: the card and its bleed. The card lies in its middle and is never scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Raster {
    pub width: u32,
    pub height: u32,
    /// Dots an inch, the same both ways.
    pub dpi: u32,
}

impl Raster {
    /// The largest of the common printers' rasters; what proofs show when no printer is named.
    pub const PROOF: Self = Self::at_300(1016, 642);

    /// The raster of a 300 dpi printer.
    pub const fn at_300(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            dpi: 300,
        }
    }

    /// The same raster on a device twice as fine.
    pub const fn doubled(self) -> Self {
        Self {
            width: self.width * 2,
            height: self.height * 2,
            dpi: self.dpi * 2,
        }
    }

    /// Dots a millimetre.
    pub fn dots_per_mm(self) -> f32 {
        self.dpi as f32 / 25.4
    }

    /// Whether a card fits, give or take the rim that printers leave out (1000 dots of 1011), and memory stays bounded.
    pub fn is_plausible(self) -> bool {
        let (w, h) = (
            self.width as f32 / self.dots_per_mm(),
            self.height as f32 / self.dots_per_mm(),
        );
        (150..=1200).contains(&self.dpi)
            && (CARD_WIDTH - 2.0..=CARD_WIDTH + 4.0).contains(&w)
            && (CARD_HEIGHT - 2.0..=CARD_HEIGHT + 4.0).contains(&h)
    }

    /// The raster on its side, for a card that is drawn upright.
    pub(super) fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
            dpi: self.dpi,
        }
    }

    /// Where the card's upper left corner lies, in dots; negative where the printer leaves out the rim.
    /// `card` is the card's size in mm as it lies in this raster.
    pub(super) fn corner(self, card: (f32, f32)) -> (f32, f32) {
        let dots = self.dots_per_mm();
        (
            (self.width as f32 - card.0 * dots) / 2.0,
            (self.height as f32 - card.1 * dots) / 2.0,
        )
    }
}

/// A rectangle in whole dots; may reach beyond the raster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dots {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Dots {
    /// The part inside `width` x `height`, as column and row ranges.
    pub(super) fn inside(
        self,
        width: u32,
        height: u32,
    ) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let clip = |from: i32, length: u32, limit: u32| {
            let start = i64::from(from).clamp(0, i64::from(limit));
            let end = (i64::from(from) + i64::from(length)).clamp(start, i64::from(limit));
            usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)
        };
        (
            clip(self.x, self.width, width),
            clip(self.y, self.height, height),
        )
    }
}
