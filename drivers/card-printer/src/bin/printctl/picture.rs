//! Pictures in files.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use card_printer::CardImage;
use image::{ImageFormat, ImageReader, Limits, RgbImage};

use crate::Failure;

/// More than any printer takes. It limits how much memory a bad file can make this tool allocate.
const MAX_SIDE: u32 = 4096;

/// Reads a PNG as a card, landscape. Black is printed in resin unless the arguments say otherwise.
pub(crate) fn load(path: &Path, resin: bool) -> Result<CardImage, Failure> {
    let shown = path.display();
    let bytes = fs::read(path)
        .map_err(|error| Failure::Misuse(format!("{shown} cannot be read: {error}")))?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| {
        Failure::No(format!(
            "{shown} is no PNG picture that can be used: {error}"
        ))
    })?;
    let picture = over_white(&picture.to_rgba8());
    let (width, height) = picture.dimensions();
    let card = CardImage::from_rgb(width, height, picture.into_raw())
        .map_err(|error| Failure::No(format!("{shown}: {error}")))?
        .landscape();
    Ok(if resin {
        card.with_black_as_resin()
    } else {
        card
    })
}

/// Transparent pixels show the white card.
fn over_white(picture: &image::RgbaImage) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, alpha] = picture.get_pixel(x, y).0;
        let mix = |channel: u8| {
            let (channel, alpha) = (u32::from(channel), u32::from(alpha));
            ((channel * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        image::Rgb([mix(r), mix(g), mix(b)])
    })
}

/// Writes a card as PNG at 300 dots per inch.
pub(crate) fn save(path: &Path, card: &CardImage) -> Result<(), Failure> {
    let picture = RgbImage::from_raw(card.width(), card.height(), card.rgb().to_vec())
        .expect("a card image has three bytes a pixel");
    picture
        .save_with_format(path, ImageFormat::Png)
        .map_err(|error| Failure::Misuse(format!("{} cannot be written: {error}", path.display())))
}
