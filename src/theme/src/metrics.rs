//! Computes every size on the screen from its pixels and its real size.

use schemars::JsonSchema;
use serde::Deserialize;

use common::{Problems, visit::Preferences};

/// `[screen]`: how large the picture really is, so that a finger's width and a letter's height are computed.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Screen {
    /// The picture's width and height as it hangs, in millimetres. The default is a 27 inch screen on end.
    pub width_mm: f32,
    pub height_mm: f32,
    /// How far the eyes are from it, in millimetres.
    pub distance_mm: f32,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            width_mm: 336.0,
            height_mm: 598.0,
            distance_mm: 600.0,
        }
    }
}

/// The size of a target for a finger, and the distance to its neighbour, in mm (our own rule; WCAG 2.2 asks for less).
const FINGER_MM: f32 = 20.0;
const APART_MM: f32 = 8.0;
/// The height of a capital letter relative to the distance: 0.7 degrees (EN 301 549 V3.2.1, 5.1.4).
const CAPITAL_PER_DISTANCE: f32 = 0.012_22;
/// The number of units along the short side.
const UNITS: f32 = 54.0;
/// The size of body text in units.
const BODY: f32 = 1.7;
/// The factor for "larger text".
const LARGER: f32 = 1.3;

impl Screen {
    /// Notes a screen that is too small to read or to touch.
    pub fn check(&self, problems: &mut Problems) {
        let sizes = [
            ("screen.width_mm", self.width_mm),
            ("screen.height_mm", self.height_mm),
        ];
        for (key, size) in sizes {
            if !(100.0..=3000.0).contains(&size) {
                let remedy = "Measure the lit picture and write millimetres, for example 336.";
                return problems.at(key, "is no size of a screen", remedy);
            }
        }
        if !(200.0..=2000.0).contains(&self.distance_mm) {
            let remedy = "Write millimetres from the eyes to the screen, for example 600.";
            return problems.at("screen.distance_mm", "is no distance to read from", remedy);
        }
        let unit_mm = self.short_mm() / UNITS;
        let capital = BODY * unit_mm * super::CAPITAL;
        let needed = self.distance_mm * CAPITAL_PER_DISTANCE;
        if capital < needed {
            problems.at(
                "screen.distance_mm",
                format!("is too far: a capital letter is {capital:.1} mm high and would need {needed:.1} mm"),
                format!(
                    "Use a larger screen, or stand it so that it is read from {:.0} mm.",
                    capital / CAPITAL_PER_DISTANCE
                ),
            );
        }
    }

    fn short_mm(&self) -> f32 {
        self.width_mm.min(self.height_mm)
    }
}

/// The sizes in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    pub width: f32,
    pub height: f32,
    /// The unit, which is the short side divided by 54.
    pub u: f32,
    /// The factor for text: 1, or 1.3 with "larger text".
    pub larger: f32,
    /// The smallest height and width of a thing that can be pressed.
    pub hit: f32,
    /// The smallest distance between two things that can be pressed.
    pub gap: f32,
    pub landscape: bool,
    pub low_controls: bool,
}

impl Metrics {
    pub fn new(width: f32, height: f32, screen: &Screen, preferences: &Preferences) -> Self {
        let (width, height) = (width.max(1.0), height.max(1.0));
        let u = width.min(height) / UNITS;
        // The window is assumed to fill the screen, whichever way it is turned.
        let per_mm = width.min(height) / screen.short_mm();
        Self {
            width,
            height,
            u,
            larger: if preferences.large_text { LARGER } else { 1.0 },
            // On a screen that is too small for targets of a finger's width everywhere, five units are the most that
            // fits.
            hit: (FINGER_MM * per_mm).clamp(3.6 * u, 5.0 * u),
            gap: (APART_MM * per_mm).clamp(1.0 * u, 2.0 * u),
            landscape: width > height,
            low_controls: preferences.low_controls,
        }
    }

    /// Returns the size of captions and body text.
    pub fn body(&self) -> f32 {
        BODY * self.u * self.larger
    }

    pub fn lead(&self) -> f32 {
        2.2 * self.u * self.larger
    }

    /// Returns the size of titles. They are already large, so with larger text they grow only half as much.
    pub fn title(&self) -> f32 {
        3.2 * self.u * (1.0 + (self.larger - 1.0) / 2.0)
    }

    pub fn display(&self) -> f32 {
        5.0 * self.u * (1.0 + (self.larger - 1.0) / 2.0)
    }
}
