//! The look of the booth: colour roles from the site's `theme.toml`, and every size as a multiple of one unit.
//!
//! Screens do not name colours or sizes; they ask for a role or a step. This crate does not depend on the window
//! library; the booth's `look` module converts roles to the window's colours. [`Theme`] and [`Colours`] (`colours.rs`)
//! check the contrast of every pair of colours, and [`Metrics`] (`metrics.rs`) computes the sizes.
//!
//! ```
//! use theme::Rgb;
//!
//! assert!(Rgb([0; 3]).contrast(Rgb([255; 3])) > 20.9);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod colours;
mod metrics;
#[cfg(test)]
mod tests;

pub use colours::{Colours, Rgb, Theme};
pub use metrics::{Metrics, Screen};

/// The embedded fonts. The text fonts contain the letters of every name and digits of equal width; the last font has
/// the icons.
pub const FONTS: [&[u8]; 3] = [
    include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSans-SemiBold.ttf"),
    include_bytes!("../../../assets/icons/lucide.ttf"),
];

/// The height of a capital letter relative to the font size: `OS/2.sCapHeight` of Noto Sans, 714 of 1000.
pub const CAPITAL: f32 = 0.714;
