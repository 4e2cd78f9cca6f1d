//! The colours of a printer and its film, by a site's ICC profile. The only file that names `moxcms`.
//!
//! Without a profile dye is laid in proportion to the light that is missing, which is what Gutenprint calls uncorrected: a
//! curve that nobody measured would only be another error. With one, the picture (sRGB) becomes the RGB that the printer must
//! be sent so that the colours of the picture come out. What goes to resin is not touched.

use std::fmt;
use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, RenderingIntent, Transform8BitExecutor, TransformOptions,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::card_image::CardImage;

/// The largest profile that is read; those of photo printers have 1 to 3 MB.
const MAX_PROFILE: usize = 16 << 20;

/// Why bytes are no profile for a card printer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ProfileError {
    #[error("the profile has {0} bytes, more than any")]
    Size(usize),
    #[error("it is no ICC profile that can be used: {0}")]
    Broken(String),
    #[error(
        "the profile is for {0}, but a card printer is sent RGB: make it as for an RGB printer"
    )]
    Space(String),
}

/// An ICC profile of a printer, ready for use. Clones share it.
#[derive(Clone)]
pub struct ColourProfile {
    bytes: Arc<[u8]>,
    transform: Arc<Transform8BitExecutor>,
}

impl ColourProfile {
    /// Reads a profile: an output profile for RGB with tables, or one with a matrix and curves.
    ///
    /// Colours that the film cannot print are mapped by the profile's perceptual table.
    ///
    /// # Errors
    /// When the bytes are no such profile.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProfileError> {
        if bytes.len() > MAX_PROFILE {
            return Err(ProfileError::Size(bytes.len()));
        }
        let broken = |error: moxcms::CmsError| ProfileError::Broken(error.to_string());
        let profile = ColorProfile::new_from_slice(bytes).map_err(broken)?;
        if profile.color_space != DataColorSpace::Rgb {
            return Err(ProfileError::Space(format!("{:?}", profile.color_space)));
        }
        let options = TransformOptions {
            rendering_intent: RenderingIntent::Perceptual,
            ..TransformOptions::default()
        };
        let transform = ColorProfile::new_srgb()
            .create_transform_8bit(Layout::Rgb, &profile, Layout::Rgb, options)
            .map_err(broken)?;
        Ok(Self {
            bytes: bytes.into(),
            transform,
        })
    }

    /// The same card in the printer's own RGB.
    ///
    /// # Errors
    /// When the profile cannot convert the picture.
    pub fn apply(&self, image: &CardImage) -> Result<CardImage, ProfileError> {
        let mut rgb = Zeroizing::new(vec![0; image.rgb().len()]);
        self.transform
            .transform(image.rgb(), &mut rgb)
            .map_err(|error| ProfileError::Broken(error.to_string()))?;
        let rgb = std::mem::take(&mut *rgb);
        Ok(CardImage::new(
            image.width(),
            image.height(),
            rgb,
            image.resin_mask().to_vec(),
        )
        .expect("the picture keeps its size"))
    }
}

impl fmt::Debug for ColourProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColourProfile({} bytes)", self.bytes.len())
    }
}

impl PartialEq for ColourProfile {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for ColourProfile {}

#[cfg(test)]
mod tests;
