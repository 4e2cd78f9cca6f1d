//! The bar code on the card, for library and till scanners that cannot read QR codes.

use rxing::oned::{
    Code39Writer, Code128Writer, EAN13Writer, ITFWriter, OneDimensionalCodeWriter as _,
};

use super::raster::{Dots, Raster};

/// The kinds of bar code that a card can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    /// Letters, digits and signs (ISO/IEC 15417); pairs of digits take the room of one letter.
    #[serde(rename = "code-128")]
    Code128,
    /// Capitals, digits and `-. $/+%` (ISO/IEC 16388); wide, and read by the oldest scanners.
    #[serde(rename = "code-39")]
    Code39,
    /// Thirteen digits, the last one a check digit (ISO/IEC 15420); of twelve the check digit is added.
    #[serde(rename = "ean-13")]
    Ean13,
    /// An even count of digits (ISO/IEC 16390).
    #[serde(rename = "interleaved-2-of-5")]
    Interleaved2of5,
}

/// What a site says of the bar codes on its cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Barcode {
    /// `code-128`, `code-39`, `ean-13` or `interleaved-2-of-5`.
    pub symbology: Symbology,
}

/// The longest value. A longer bar code would not fit the width of a card.
const LONGEST: usize = 40;

/// The value cannot be written in this kind of bar code. The error does not contain the value, because it identifies a
/// person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bar code's value is not {}", .0.holds())]
pub struct NoBars(Symbology);

impl Symbology {
    /// Describes the characters that this kind of bar code can hold, for error messages.
    fn holds(self) -> &'static str {
        match self {
            Self::Code128 => "1 to 40 letters, digits and signs of ASCII, as Code 128 needs",
            Self::Code39 => "1 to 40 capitals, digits and -. $/+%, as Code 39 needs",
            Self::Ean13 => "12 digits, or 13 with a right check digit, as EAN-13 needs",
            Self::Interleaved2of5 => "an even count of 2 to 40 digits, as Interleaved 2 of 5 needs",
        }
    }

    fn can_hold(self, value: &str) -> bool {
        let all = |allowed: fn(u8) -> bool| value.bytes().all(allowed);
        let length = value.len();
        match self {
            Self::Code128 => (1..=LONGEST).contains(&length) && all(|b| (b' '..=b'~').contains(&b)),
            Self::Code39 => {
                (1..=LONGEST).contains(&length)
                    && all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9') || b"-. $/+%".contains(&b))
            }
            Self::Ean13 => matches!(length, 12 | 13) && all(|b| b.is_ascii_digit()),
            Self::Interleaved2of5 => {
                (2..=LONGEST).contains(&length)
                    && length.is_multiple_of(2)
                    && all(|b| b.is_ascii_digit())
            }
        }
    }

    /// The width of the white zone that a reader needs on each side, in modules.
    fn quiet(self) -> u32 {
        match self {
            // An EAN-13 needs 11 modules on the left and 7 on the right. The larger zone on both sides keeps the bars
            // centred.
            Self::Ean13 => 11,
            _ => 10,
        }
    }
}

/// The modules of a bar code from left to right, without the quiet zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bars {
    symbology: Symbology,
    dark: Vec<bool>,
}

impl Bars {
    pub(super) fn new(value: &str, symbology: Symbology) -> Result<Self, NoBars> {
        if !symbology.can_hold(value) {
            return Err(NoBars(symbology));
        }
        let written = match symbology {
            Symbology::Code128 => Code128Writer.encode_oned(value),
            Symbology::Code39 => Code39Writer.encode_oned(value),
            Symbology::Ean13 => EAN13Writer.encode_oned(value),
            Symbology::Interleaved2of5 => ITFWriter.encode_oned(value),
        };
        let dark = written.map_err(|_| NoBars(symbology))?;
        Ok(Self { symbology, dark })
    }

    /// Returns the bars, centred in `room`. Each module is a whole number of dots and as wide as `room` allows with the
    /// quiet zones. Returns `None` when a module would be narrower than `least` dots.
    pub(super) fn bars(&self, room: Dots, least: u32) -> Option<impl Iterator<Item = Dots> + '_> {
        let modules = u32::try_from(self.dark.len()).ok()?;
        let module = room.width / (modules + 2 * self.symbology.quiet());
        if module < least.max(1) {
            return None;
        }
        let left = room.x + ((room.width - module * modules) / 2) as i32;
        let mut at = 0;
        let runs = self.dark.chunk_by(|a, b| a == b);
        Some(runs.filter_map(move |run| {
            let (start, width) = (at, run.len() as u32);
            at += width;
            run[0].then_some(Dots {
                x: left + (start * module) as i32,
                y: room.y,
                width: width * module,
                height: room.height,
            })
        }))
    }
}

/// The smallest width of the narrowest bar, in dots. It is 0.25 mm, which every scanner can read and which a resin
/// panel prints without joining bars.
pub(super) fn least_dots(raster: Raster) -> u32 {
    (3 * raster.dpi).div_ceil(300)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(value: &str, symbology: Symbology) -> Option<String> {
        let bars = Bars::new(value, symbology).ok()?;
        let letters = bars.dark.iter().map(|dark| if *dark { '1' } else { '0' });
        Some(letters.collect())
    }

    #[test]
    fn known_values_have_the_bars_of_the_standard() {
        // Guards and codes follow ISO/IEC 15420: the parity encodes the first digit 5, and the check digit 7 is added.
        let ean = pattern("590123412345", Symbology::Ean13).unwrap();
        assert_eq!(ean.len(), 95);
        assert!(ean.starts_with("1010001011010011101100110010011011110100111010101"));
        assert_eq!(pattern("5901234123457", Symbology::Ean13), Some(ean));
        // The symbols are start B, "A", check symbol 34 and stop (ISO/IEC 15417).
        assert_eq!(
            pattern("A", Symbology::Code128).unwrap(),
            ["11010010000", "10100011000", "10001011000", "1100011101011"].concat()
        );
        let pairs = pattern("12345678", Symbology::Code128).unwrap();
        assert_eq!(pairs.len(), 11 * (1 + 4 + 1) + 13, "pairs of digits");
        assert_eq!(
            pattern("1234", Symbology::Interleaved2of5).unwrap().len(),
            45
        );
        assert_eq!(pattern("A1", Symbology::Code39).unwrap().len(), 51);
    }

    #[test]
    fn unsupported_values_are_refused_without_being_shown() {
        for (value, symbology) in [
            ("", Symbology::Code128),
            ("zażółć", Symbology::Code128),
            ("tab\there", Symbology::Code128),
            ("abc", Symbology::Code39),
            ("A*B", Symbology::Code39),
            ("5901234123456", Symbology::Ean13),
            ("59012341234", Symbology::Ean13),
            ("59012341234x", Symbology::Ean13),
            ("123", Symbology::Interleaved2of5),
            ("12a4", Symbology::Interleaved2of5),
            ("١٢٣٤", Symbology::Interleaved2of5),
        ] {
            let error = Bars::new(value, symbology).unwrap_err().to_string();
            assert!(error.starts_with("the bar code's value is not"), "{error}");
            assert!(value.is_empty() || !error.contains(value), "{error}");
        }
        let long = "7".repeat(LONGEST + 1);
        assert!(Bars::new(&long, Symbology::Code128).is_err());
    }

    #[test]
    fn bars_are_whole_dots_with_quiet_zones_on_both_sides() {
        let bars = Bars::new("12345678", Symbology::Code128).unwrap();
        let room = |width| Dots {
            x: 7,
            y: 3,
            width,
            height: 90,
        };
        // The bars need 99 modules: 79 for the code and 20 for the white zones.
        assert!(bars.bars(room(296), 3).is_none());
        let drawn: Vec<Dots> = bars.bars(room(300), 3).unwrap().collect();
        assert!(
            drawn
                .iter()
                .all(|bar| bar.width % 3 == 0 && bar.height == 90)
        );
        let (first, last) = (drawn[0], drawn[drawn.len() - 1]);
        assert!(first.x - 7 >= 30 && 307 - (last.x + last.width as i32) >= 30);
        assert_eq!(last.x + last.width as i32 - first.x, 79 * 3);
    }

    proptest::proptest! {
        #[test]
        fn no_value_panics(value in "\\PC{0,50}") {
            for symbology in [Symbology::Code128, Symbology::Code39, Symbology::Ean13, Symbology::Interleaved2of5] {
                let _ = Bars::new(&value, symbology);
            }
        }
    }
}
