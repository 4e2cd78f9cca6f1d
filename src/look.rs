//! The site's theme in the types of iced: colours and fonts for the roles of the crate `theme`.

use iced::{
    Color, Font,
    font::{Family, Weight},
};

use common::visit::Preferences;
use theme::{Colours, Metrics, Rgb, Screen, Theme};

pub const REGULAR: Font = Font::with_name("Noto Sans");
pub const SEMIBOLD: Font = Font {
    family: Family::Name("Noto Sans"),
    weight: Weight::Semibold,
    ..Font::DEFAULT
};
pub const ICONS: Font = Font::with_name("lucide");

/// The colours that the widgets use, by their role.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    pub ground: Color,
    pub surface: Color,
    pub ink: Color,
    pub quiet: Color,
    pub accent: Color,
    pub on_accent: Color,
    pub good: Color,
    pub warn: Color,
    pub bad: Color,
    pub focus: Color,
    /// Edges of things that can be pressed, with a contrast of at least 3:1 to the ground.
    pub line: Color,
    /// The ground with a little of the accent, behind pictures and chosen elements.
    pub tint: Color,
    /// The fill of buttons that cannot be pressed.
    pub faint: Color,
    /// Black and white are the same in every theme: for QR codes, the screen's lamp, and the countdown on the picture.
    pub black: Color,
    pub white: Color,
}

impl From<&Colours> for Palette {
    fn from(colours: &Colours) -> Self {
        let mix = |a: Rgb, b: Rgb, part: f32| color(a.mix(b, part));
        Self {
            ground: color(colours.ground),
            surface: color(colours.surface),
            ink: color(colours.ink),
            quiet: color(colours.ink_quiet),
            accent: color(colours.accent),
            on_accent: color(colours.on_accent),
            good: color(colours.good),
            warn: color(colours.warn),
            bad: color(colours.bad),
            focus: color(colours.focus),
            line: color(colours.line()),
            tint: mix(colours.ground, colours.accent, 0.10),
            faint: mix(colours.ground, colours.ink, 0.07),
            black: Color::BLACK,
            white: Color::WHITE,
        }
    }
}

fn color(rgb: Rgb) -> Color {
    let [r, g, b] = rgb.0;
    Color::from_rgb8(r, g, b)
}

/// The settings that drawing depends on: colours, sizes, and whether motion is allowed (`calm` switches it off).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    pub palette: Palette,
    pub metrics: Metrics,
    pub high_contrast: bool,
    pub calm: bool,
}

impl Look {
    pub fn new(
        theme: &Theme,
        screen: &Screen,
        size: iced::Size,
        preferences: &Preferences,
    ) -> Self {
        let colours = if preferences.high_contrast {
            &theme.high_contrast
        } else {
            &theme.light
        };
        Self {
            palette: colours.into(),
            metrics: Metrics::new(size.width, size.height, screen, preferences),
            high_contrast: preferences.high_contrast,
            calm: preferences.calm,
        }
    }
}
