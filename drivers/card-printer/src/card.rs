//! What is to be printed: the picture of a card and what the printer shall do with it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroize;

use crate::colour::ColourProfile;

pub use crate::evolis::panel::Levels;

/// The largest side that any printer of this crate takes, in pixels; bounds what a caller can make us allocate.
pub(crate) const MAX_SIDE: u32 = 2048;

/// A card in the raster of a printer, landscape, with the pixels that are printed in black resin marked.
///
/// It carries a face, so the memory is overwritten when it is dropped and `Debug` shows no pixel.
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
    /// Only for a bare picture that has no mask of its own; a card of the booth brings one.
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

    pub fn width(&self) -> u32 {
        self.width
    }

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

/// Names one attempt to print. The supervisor refuses an id that it has already sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobId(pub String);

impl From<&str> for JobId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<u64> for JobId {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One card to print.
#[derive(Debug, Clone)]
pub struct PrintJob {
    pub id: JobId,
    pub front: CardImage,
    /// Upright when the card is turned over its long edge.
    pub back: Option<CardImage>,
    pub options: Options,
}

/// What the printer shall do beside the picture. `default()` is what a booth wants: YMCKO, overcoat all over, one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub ribbon: Ribbon,
    /// What stays free of overcoat, on the front.
    pub holes: Vec<Hole>,
    pub magnetic: Magnetic,
    /// 1 to 255. The booth always sends 1.
    pub copies: u8,
    /// Magicard: where the head sits across the card, as the printer's own status says; 35 to 65.
    pub head_position: u8,
    pub power: Power,
    /// Magicard: where the image begins and ends along the card, 0 to 100, 50 = as shipped.
    pub image_start: u8,
    pub image_end: u8,
    /// The language of the session; the printer answers in the nearest one it has.
    pub language: Language,
    /// Magicard Rio/Tango: drop a card that failed into the reject tray.
    pub reject_faulty: bool,
    /// Magicard Rio/Tango: the slow, exact colour mode.
    pub colour_sure: bool,
    /// The printer's colours; `None` = dye in proportion to the picture. A queue of a spooler has its own.
    pub profile: Option<ColourProfile>,
    /// Evolis: how finely colour is laid.
    pub levels: Levels,
    /// Evolis: send resin and overcoat in the short form, as the Windows driver does.
    pub compress: bool,
    /// Unix seconds for the printer's log; `None` = 0 in [`encode`](crate::encode), the present time when sent by a [`Handle`](crate::Handle).
    pub time: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ribbon: Ribbon::default(),
            holes: Vec::new(),
            magnetic: Magnetic::default(),
            copies: 1,
            head_position: 50,
            power: Power::default(),
            image_start: 50,
            image_end: 50,
            language: Language::default(),
            reject_faulty: false,
            colour_sure: true,
            profile: None,
            levels: Levels::default(),
            compress: false,
            time: None,
        }
    }
}

/// Head power in percent of the printer's range; 50 is the printer's own setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Power {
    pub colour: u8,
    pub resin: u8,
    pub overcoat: u8,
}

impl Default for Power {
    fn default() -> Self {
        Self {
            colour: 50,
            resin: 50,
            overcoat: 50,
        }
    }
}

/// An area that the overcoat leaves free, so that a chip or a stripe stays bare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
    Chip,
    ChipLarge,
    Stripe,
    StripeWide,
    /// Printer dots from the bottom left: left, bottom, right, top.
    Area {
        left: u16,
        bottom: u16,
        right: u16,
        top: u16,
    },
}

/// What is written to the magnetic stripe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Magnetic {
    /// Tracks 1 to 3 with their sentinels, for example `%B12345^DOE?`.
    pub tracks: [Option<String>; 3],
    pub coercivity: Coercivity,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Coercivity {
    #[default]
    High,
    Low,
}

macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every value once.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The name in configurations and on the command line.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $($text $(| $alias)* => Ok($name::$variant),)+
                    _ => Err(format!(
                        "there is no {} \"{text}\": use one of {}",
                        $what,
                        Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ")
                    )),
                }
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// Which film is in the printer, and so which panels a job may use.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    Ribbon, "ribbon" {
        /// Colour, no resin, no overcoat.
        Ymc = "ymc",
        /// Colour and overcoat.
        Ymco = "ymco",
        /// Colour and resin.
        Ymck = "ymck",
        /// Colour, resin and overcoat.
        #[default]
        Ymcko = "ymcko",
        /// The same with a half colour panel.
        HalfYmcko = "ymckos",
        /// Colour, resin, overcoat, and resin for the back.
        Ymckok = "ymckok",
        /// Black resin only.
        K = "k",
        /// Black resin and overcoat.
        Ko = "ko",
    }
}

impl Ribbon {
    /// Which panels it has, in the order of printing.
    pub fn panels(self, back: bool) -> &'static [Panel] {
        use Panel::{Cyan, Magenta, Overcoat, Resin, Yellow};
        match (self, back) {
            (Self::Ymc, _) => &[Yellow, Magenta, Cyan],
            (Self::Ymco, _) => &[Yellow, Magenta, Cyan, Overcoat],
            (Self::Ymck, _) => &[Yellow, Magenta, Cyan, Resin],
            (Self::Ymckok, true) | (Self::K, _) => &[Resin],
            (Self::Ko, _) => &[Resin, Overcoat],
            (Self::Ymcko | Self::HalfYmcko | Self::Ymckok, _) => {
                &[Yellow, Magenta, Cyan, Resin, Overcoat]
            }
        }
    }

    pub fn has(self, back: bool, panel: Panel) -> bool {
        self.panels(back).contains(&panel)
    }
}

/// One pass of the card under the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Panel {
    Yellow,
    Magenta,
    Cyan,
    Resin,
    Overcoat,
}

impl Panel {
    /// The letter of the film: y, m, c, k or o.
    pub fn letter(self) -> char {
        match self {
            Self::Yellow => 'y',
            Self::Magenta => 'm',
            Self::Cyan => 'c',
            Self::Resin => 'k',
            Self::Overcoat => 'o',
        }
    }
}

impl fmt::Display for Panel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yellow => "yellow",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::Resin => "resin",
            Self::Overcoat => "overcoat",
        })
    }
}

/// The language of a session, by its ISO 639-1 code; two lower-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language([u8; 2]);

impl Language {
    pub const SWEDISH: Self = Self(*b"sv");
    pub const ENGLISH: Self = Self(*b"en");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only letters are let in")
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    /// Takes `sv` and also `sv-SE`; what stands after the two letters does not matter to a printer.
    fn from_str(text: &str) -> Result<Self, String> {
        let letters = text.split(['-', '_']).next().unwrap_or_default().as_bytes();
        match *letters {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_lowercase(), b.to_ascii_lowercase()]))
            }
            _ => Err(format!(
                "\"{text}\" is no language code: use two letters such as sv or en"
            )),
        }
    }
}

#[cfg(test)]
mod tests;
