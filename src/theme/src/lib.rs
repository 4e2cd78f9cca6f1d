//! How the booth looks: roles of colour from the site's `theme.toml`, and every size as a step of one unit.
//!
//! No screen names a colour or a size: it asks for a role or a step. This crate knows no window; the booth's `look`
//! turns roles into the window's colours.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod colours;
mod metrics;
#[cfg(test)]
mod tests;

pub use colours::{Colours, Rgb, Theme};
pub use metrics::{Metrics, Screen};

/// The one typeface, embedded: the letters of every name, and digits of one width.
pub const FONTS: [&[u8]; 3] = [
    include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../../assets/fonts/NotoSans-SemiBold.ttf"),
    include_bytes!("../../../assets/icons/lucide.ttf"),
];

/// A capital letter's height in parts of the type's size: `OS/2.sCapHeight` of Noto Sans, 714 of 1000.
pub const CAPITAL: f32 = 0.714;
