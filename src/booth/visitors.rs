//! The visitors that the virtual camera can show: a photograph, or one of the drawn visitors.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::{SCENE, Visitor, test_panel::Looks};
use common::order::Picture;

/// Why a picture file cannot be shown.
#[derive(Debug, thiserror::Error)]
#[error("the picture {} cannot be used: {reason}. Name a PNG or JPEG of at most 64 megapixels.", path.display())]
pub struct Unreadable {
    path: PathBuf,
    reason: String,
}

/// The limit of width and height in pixels, so that a small file cannot claim a huge picture.
const MOST_PIXELS: u32 = 8192;

/// Reads a PNG or JPEG and turns it upright by its Exif orientation.
///
/// # Errors
/// Returns [`Unreadable`] if the file cannot be read or decoded, or is too large.
pub fn read_picture(path: &Path) -> Result<Picture, Unreadable> {
    let unreadable = |reason: String| Unreadable {
        path: path.to_owned(),
        // Some decoders end their messages with a line break.
        reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|error| unreadable(error.to_string()))?;
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_PIXELS), Some(MOST_PIXELS));
    reader.limits(limits);
    let decoded = reader.into_decoder().and_then(|mut decoder| {
        // Cameras do not turn the pixels but record how they were held.
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    });
    let picture = decoded
        .map_err(|error| unreadable(error.to_string()))?
        .into_rgb8();
    let (width, height) = picture.dimensions();
    Picture::new(width, height, picture.into_raw())
        .ok_or_else(|| unreadable("it has no pixels".to_owned()))
}

/// Encodes a picture as PNG.
pub fn png(picture: &Picture) -> Option<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let colour = image::ExtendedColorType::Rgb8;
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    image::ImageEncoder::write_image(
        encoder,
        picture.rgb(),
        picture.width(),
        picture.height(),
        colour,
    )
    .ok()?;
    Some(bytes.into_inner())
}

/// The photograph if one is given, otherwise the drawn visitors that come with the booth.
pub(super) fn load(photo: Option<&Path>) -> Result<Vec<Visitor>, Unreadable> {
    if let Some(path) = photo {
        read_picture(path)?;
        return Ok(vec![Visitor {
            name: "photo".to_owned(),
            looks: Looks::File(path.to_owned()),
        }]);
    }
    Ok(drawn())
}

/// The drawn visitors: name and SVG.
const DRAWN: [(&str, &str); 5] = [
    (
        "auburn-hair",
        include_str!("../../assets/visitors/auburn-hair.svg"),
    ),
    (
        "black-bob",
        include_str!("../../assets/visitors/black-bob.svg"),
    ),
    (
        "grey-glasses",
        include_str!("../../assets/visitors/grey-glasses.svg"),
    ),
    (
        "head-scarf",
        include_str!("../../assets/visitors/head-scarf.svg"),
    ),
    (
        "short-beard",
        include_str!("../../assets/visitors/short-beard.svg"),
    ),
];

fn drawn() -> Vec<Visitor> {
    let visitors = DRAWN.iter().filter_map(|(name, svg)| {
        Some(Visitor {
            name: (*name).to_owned(),
            looks: Looks::Drawn(draw(svg)?),
        })
    });
    visitors.collect()
}

fn draw(svg: &str) -> Option<Picture> {
    use resvg::{tiny_skia, usvg};
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).ok()?;
    let (width, height) = SCENE;
    let mut pixmap = tiny_skia::Pixmap::new(width, height)?;
    pixmap.fill(tiny_skia::Color::from_rgba8(200, 204, 208, 255));
    let scale = (width as f32 / tree.size().width()).min(height as f32 / tree.size().height());
    let left = (width as f32 - tree.size().width() * scale) / 2.0;
    let transform = tiny_skia::Transform::from_translate(left, 0.0).pre_scale(scale, scale);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    let rgb = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    Picture::new(width, height, rgb)
}
