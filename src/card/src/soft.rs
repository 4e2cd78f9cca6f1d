//! Shows how a card will look when it is printed. Dye has less contrast than a screen and spreads a little; resin is
//! black with hard edges.
//!
//! If the site has an ICC profile of the printer, the colours follow it. Otherwise they follow a rough model of a dye
//! printer, and the picture says so.

use std::{fs, path::Path, sync::Arc};

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, TransformExecutor, TransformOptions,
};

use resvg::{tiny_skia, usvg};

use super::fonts::{Fonts, Lacking};
use common::order::{CardFace, Picture};

/// The white of an unprinted card under the overcoat, as a screen shows it.
const CARD: [u8; 3] = [250, 249, 245];
/// The darkest colour that three dyes make together, which is a warm dark grey.
const DYE_BLACK: [u8; 3] = [50, 46, 47];
/// The colour of the resin panel.
const RESIN: [u8; 3] = [22, 21, 23];

/// The largest profile, in bytes.
const LARGEST: u64 = 8 << 20;

/// The colours of one printer.
pub struct PrinterProfile {
    there: Arc<dyn TransformExecutor<u8> + Send + Sync>,
    back: Arc<dyn TransformExecutor<u8> + Send + Sync>,
}

impl std::fmt::Debug for PrinterProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PrinterProfile")
    }
}

impl PrinterProfile {
    /// Reads an ICC profile of an RGB printer. Card printers are RGB printers.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is not a profile of an RGB printer.
    pub fn read(path: &Path) -> Result<Self, String> {
        let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
        if size > LARGEST {
            return Err("is larger than 8 MiB and no printer's profile".to_owned());
        }
        Self::from_bytes(&fs::read(path).map_err(|error| error.to_string())?)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let profile = ColorProfile::new_from_slice(bytes)
            .map_err(|error| format!("is no ICC profile: {error}"))?;
        if profile.color_space != DataColorSpace::Rgb {
            return Err("is no profile of an RGB printer, as card printers are".to_owned());
        }
        let screen = ColorProfile::new_srgb();
        let options = TransformOptions {
            rendering_intent: RenderingIntent::Perceptual,
            ..TransformOptions::default()
        };
        let unusable = |error| format!("cannot be used: {error}");
        let there = screen
            .create_transform_8bit(Layout::Rgb, &profile, Layout::Rgb, options)
            .map_err(unusable)?;
        let shown = TransformOptions {
            rendering_intent: RenderingIntent::RelativeColorimetric,
            ..TransformOptions::default()
        };
        let back = profile
            .create_transform_8bit(Layout::Rgb, &screen, Layout::Rgb, shown)
            .map_err(unusable)?;
        Ok(Self { there, back })
    }

    /// Converts colours to what the printer makes of them, as a screen shows it.
    fn printed(&self, rgb: &[u8]) -> Option<Vec<u8>> {
        let mut device = vec![0; rgb.len()];
        self.there.transform(rgb, &mut device).ok()?;
        let mut shown = vec![0; rgb.len()];
        self.back.transform(&device, &mut shown).ok()?;
        Some(shown)
    }
}

/// Returns the side as it will look, with a line below it that says how exact it is. Returns `None` when the profile
/// cannot be applied.
pub(super) fn soft_proof(
    face: &CardFace,
    profile: Option<&PrinterProfile>,
    fonts: &Fonts,
) -> Option<Picture> {
    let says = match profile {
        Some(_) => "Soft proof: colours by the printer's ICC profile",
        None => "Soft proof, colours approximate: no ICC profile of the printer",
    };
    captioned(&printed(face, profile)?, says, fonts)
}

/// Adds a strip below the picture that shows `text`. The strip has a twelfth of the picture's height.
fn captioned(picture: &Picture, text: &str, fonts: &Fonts) -> Option<Picture> {
    let (width, strip) = (picture.width(), picture.height() / 12);
    let size = strip as f32 * 0.45;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{strip}\">\
         <rect width=\"{width}\" height=\"{strip}\" fill=\"#fff\"/>\
         <text x=\"{}\" y=\"{}\" font-size=\"{size}\" fill=\"#333\">{text}</text></svg>",
        strip / 2,
        strip as f32 * 0.66,
    );
    let lacking = Lacking::default();
    let nothing = usvg::ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    };
    let tree = usvg::Tree::from_str(&svg, &fonts.options(&lacking, nothing)).ok()?;
    let mut pixmap = tiny_skia::Pixmap::new(width, strip)?;
    resvg::render(
        &tree,
        tiny_skia::Transform::identity(),
        &mut pixmap.as_mut(),
    );
    let mut rgb = picture.rgb().to_vec();
    rgb.extend(pixmap.data().chunks_exact(4).flat_map(|pixel| &pixel[..3]));
    Picture::new(width, picture.height() + strip, rgb)
}

fn printed(face: &CardFace, profile: Option<&PrinterProfile>) -> Option<Picture> {
    let (width, height) = (face.rgb.width(), face.rgb.height());
    // No dye is printed under the resin, so the dye must not be visible at the edges of the black parts.
    let mut dye: Vec<u8> = face.rgb.rgb().to_vec();
    for (pixel, resin) in dye.chunks_exact_mut(3).zip(&face.resin_mask) {
        if *resin != 0 {
            pixel.fill(255);
        }
    }
    let dye = match profile {
        Some(profile) => profile.printed(&dye)?,
        None => dye.into_iter().enumerate().map(rough).collect(),
    };
    let mut shown = spread(&dye, width as usize);
    for (pixel, resin) in shown.chunks_exact_mut(3).zip(&face.resin_mask) {
        if *resin != 0 {
            pixel.copy_from_slice(&RESIN);
        }
    }
    Picture::new(width, height, shown)
}

/// Maps a value to the range between the card's white and the black of the dyes.
fn rough((index, value): (usize, u8)) -> u8 {
    let channel = index % 3;
    let (white, black) = (u32::from(CARD[channel]), u32::from(DYE_BLACK[channel]));
    ((black * (255 - u32::from(value)) + white * u32::from(value)) / 255) as u8
}

/// Spreads the dye by about half a dot in each direction. At the end of a row the neighbour is a dot of the next row,
/// which is invisible because it lies in the bleed.
fn spread(rgb: &[u8], width: usize) -> Vec<u8> {
    let along = |from: &[u8], step: usize| {
        let mut to = from.to_vec();
        for i in step..from.len().saturating_sub(step) {
            let sides = u32::from(from[i - step]) + u32::from(from[i + step]);
            to[i] = ((sides + 6 * u32::from(from[i])) / 8) as u8;
        }
        to
    };
    along(&along(rgb, 3), width * 3)
}
