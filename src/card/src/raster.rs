//! Converts millimetres on the card to dots of a printer.

/// The width of an ID-1 card (ISO/IEC 7810), in mm.
pub const CARD_WIDTH: f32 = 85.60;
/// The height of an ID-1 card (ISO/IEC 7810), in mm.
pub const CARD_HEIGHT: f32 = 53.98;

/// The size and resolution of the picture that a printer expects: the card and its bleed. The card is centred in the
/// picture and is never scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Raster {
    pub width: u32,
    pub height: u32,
    /// Dots per inch, the same in both directions.
    pub dpi: u32,
}

impl Raster {
    /// The largest raster of the common printers. Proofs use it when no printer is named.
    pub const PROOF: Self = Self::at_300(1016, 642);

    /// Returns the raster of a 300 dpi printer.
    pub const fn at_300(width: u32, height: u32) -> Self {
        Self {
            width,
            height,
            dpi: 300,
        }
    }

    /// Returns the same raster at twice the resolution.
    pub const fn doubled(self) -> Self {
        Self {
            width: self.width * 2,
            height: self.height * 2,
            dpi: self.dpi * 2,
        }
    }

    /// Returns the number of dots per millimetre.
    pub fn dots_per_mm(self) -> f32 {
        self.dpi as f32 / 25.4
    }

    /// Whether the raster has the size of a card and a bounded amount of memory. It may be slightly smaller than a
    /// card, because printers leave out the edge (1000 dots of 1011).
    pub fn is_plausible(self) -> bool {
        let (w, h) = (
            self.width as f32 / self.dots_per_mm(),
            self.height as f32 / self.dots_per_mm(),
        );
        (150..=1200).contains(&self.dpi)
            && (CARD_WIDTH - 2.0..=CARD_WIDTH + 4.0).contains(&w)
            && (CARD_HEIGHT - 2.0..=CARD_HEIGHT + 4.0).contains(&h)
    }

    /// Returns the raster turned by 90 degrees, for a card that is drawn upright.
    pub(super) fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
            dpi: self.dpi,
        }
    }

    /// Returns the position of the card's upper left corner in dots. It is negative when the printer leaves out the
    /// edge. `card` is the card's size in mm, in this raster's orientation.
    pub(super) fn corner(self, card: (f32, f32)) -> (f32, f32) {
        let dots = self.dots_per_mm();
        (
            (self.width as f32 - card.0 * dots) / 2.0,
            (self.height as f32 - card.1 * dots) / 2.0,
        )
    }
}

/// A rectangle in whole dots, which may extend beyond the raster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dots {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Dots {
    /// Returns the part inside `width` x `height`, as ranges of columns and rows.
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
