//! The colour roles in `theme.toml`, and the check that they can be told apart.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

use common::Problems;

/// The colours of a site: one theme, and one of high contrast that a visitor can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Theme {
    pub light: Colours,
    pub high_contrast: Colours,
}

/// One theme, by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Colours {
    /// Behind everything.
    pub ground: Rgb,
    /// Buttons, sheets.
    pub surface: Rgb,
    pub ink: Rgb,
    /// Captions and second lines.
    pub ink_quiet: Rgb,
    /// The main button, what is chosen.
    pub accent: Rgb,
    pub on_accent: Rgb,
    pub good: Rgb,
    pub warn: Rgb,
    pub bad: Rgb,
    /// The ring around what the keyboard is on.
    pub focus: Rgb,
}

/// A colour, written `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String")]
pub struct Rgb(pub [u8; 3]);

impl<'de> Deserialize<'de> for Rgb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "invalid colour {text:?}, expected one like \"#0d4a5c\""
            ))
        })
    }
}

impl Rgb {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let [_, r, g, b] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([r, g, b]))
    }

    /// Returns this colour mixed with the share `part` (0 to 1) of `other`.
    pub fn mix(self, other: Self, part: f32) -> Self {
        let mut mixed = [0; 3];
        for ((to, a), b) in mixed.iter_mut().zip(self.0).zip(other.0) {
            *to = (f32::from(a) + (f32::from(b) - f32::from(a)) * part).round() as u8;
        }
        Self(mixed)
    }

    /// Returns the relative luminance (WCAG 2.2).
    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let c = f32::from(channel) / 255.0;
            if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Returns the contrast ratio (WCAG 2.2), 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }
}

/// The contrast that is required for text and for shapes that a person must find (WCAG 2.2, 1.4.6 and 1.4.11). High
/// contrast requires more.
const TEXT: f32 = 7.0;
const SHAPE: f32 = 3.0;
const TEXT_HIGH: f32 = 15.0;

impl Theme {
    /// Notes every pair of colours whose contrast is too low.
    pub fn check(&self, problems: &mut Problems) {
        self.light.check("light", TEXT, problems);
        self.high_contrast
            .check("high-contrast", TEXT_HIGH, problems);
    }
}

impl Colours {
    /// Returns the colour for the edges of things that can be pressed.
    pub fn line(&self) -> Rgb {
        self.ground.mix(self.ink_quiet, 0.72)
    }

    /// Returns every pair of colours that are drawn on each other: the names, the two colours and the contrast that
    /// they need.
    pub(super) fn pairs(&self, text: f32) -> Vec<(&'static str, Rgb, Rgb, f32)> {
        let grounds = [self.ground, self.surface];
        let inks = [
            ("ink", self.ink),
            ("ink-quiet", self.ink_quiet),
            ("good", self.good),
            ("warn", self.warn),
            ("bad", self.bad),
            ("accent", self.accent),
        ];
        let mut pairs = Vec::new();
        for ground in grounds {
            pairs.extend(inks.map(|(name, ink)| (name, ink, ground, text)));
            pairs.push(("focus", self.focus, ground, SHAPE));
            pairs.push(("ink-quiet", self.line(), ground, SHAPE));
        }
        // Selected things are on a ground that is tinted with the accent.
        let tint = self.ground.mix(self.accent, 0.10);
        pairs.push(("ink", self.ink, tint, text.min(10.0)));
        pairs.push(("on-accent", self.on_accent, self.accent, text));
        pairs
    }

    fn check(&self, section: &str, text: f32, problems: &mut Problems) {
        for (role, colour, ground, least) in self.pairs(text) {
            let contrast = colour.contrast(ground);
            if contrast < least {
                let [r, g, b] = ground.0;
                problems.at(
                    format!("{section}.{role}"),
                    format!("stands out from #{r:02x}{g:02x}{b:02x} by {contrast:.1}:1 only"),
                    format!("Choose a colour with {least:.0}:1 or more."),
                );
            }
        }
    }
}
