//! What is to be printed: the picture of a card, and what the printer does with it.

use std::fmt;
use std::str::FromStr;

use crate::card_image::CardImage;
use crate::colour::ColourProfile;
use crate::names::named_enum;

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
    /// Names the attempt.
    pub id: JobId,
    /// The picture of the front, in the raster of the printer.
    pub front: CardImage,
    /// The picture of the back, if there is one; upright when the card is turned over its long edge.
    pub back: Option<CardImage>,
    /// Everything beside the pictures.
    pub options: Options,
}

/// How a card is printed. `default()` is what a booth needs: YMCKO, overcoat everywhere, one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which ribbon is in the printer.
    pub ribbon: Ribbon,
    /// The areas of the front that stay free of overcoat.
    pub holes: Vec<Hole>,
    /// What is written to the magnetic stripe.
    pub magnetic: Magnetic,
    /// How many copies, 1 to 255. The booth always sends 1.
    pub copies: u8,
    /// Magicard: the position of the head across the card, as the printer's own status reports it; 35 to 65.
    pub head_position: u8,
    /// Magicard: the heat of the head.
    pub power: Power,
    /// Magicard: where the image begins along the card, 0 to 100, 50 = as shipped.
    pub image_start: u8,
    /// Magicard: where the image ends along the card, on the same scale.
    pub image_end: u8,
    /// The language of the session; the printer answers in the nearest one it has.
    pub language: Language,
    /// Magicard Rio/Tango: put a card that failed into the reject tray.
    pub reject_faulty: bool,
    /// Magicard Rio/Tango: the slow, exact colour mode.
    pub colour_sure: bool,
    /// The colour profile of the printer; `None` = dye in proportion to the picture. A queue of a spooler has its own.
    pub profile: Option<ColourProfile>,
    /// Evolis: how finely colour is laid.
    pub levels: Levels,
    /// Evolis: send resin and overcoat in the short form, as the Windows driver does.
    pub compress: bool,
    /// The time for the printer's log, in Unix seconds; `None` = 0 in [`encode`](crate::encode), and the present time when a
    /// [`Handle`](crate::Handle) sends the job.
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

impl Hole {
    /// The area that stays bare, in dots from the bottom left: left, bottom, right, top. The named areas are those of the
    /// vendor's filter for Magicard.
    pub(crate) fn area(self) -> [u16; 4] {
        match self {
            Hole::Chip => [90, 295, 260, 450],
            Hole::ChipLarge => [75, 275, 280, 470],
            Hole::Stripe => [0, 420, 1025, 590],
            Hole::StripeWide => [0, 400, 1025, 610],
            Hole::Area {
                left,
                bottom,
                right,
                top,
            } => [left, bottom, right, top],
        }
    }
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

/// How many levels of dye a colour panel has. The guide names 32, 64 and 128; eight bits exist, but how to ask for them was
/// never published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Levels {
    Five,
    Six,
    #[default]
    Seven,
}

impl Levels {
    pub fn bits(self) -> usize {
        match self {
            Self::Five => 5,
            Self::Six => 6,
            Self::Seven => 7,
        }
    }

    /// The number in the command: 32, 64 or 128.
    pub fn count(self) -> usize {
        1 << self.bits()
    }

    pub fn from_count(count: usize) -> Option<Self> {
        [Self::Five, Self::Six, Self::Seven]
            .into_iter()
            .find(|levels| levels.count() == count)
    }

    /// The value of full dye.
    pub fn full(self) -> u8 {
        (self.count() - 1) as u8
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

    /// Accepts `sv` and also `sv-SE`; a printer does not distinguish what follows the two letters.
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
