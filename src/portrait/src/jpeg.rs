//! The portrait as it is stored and sent: a JPEG that says nothing but the picture, and is never too large.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zeroize::Zeroizing;

use common::order::Picture;

/// Above this quality files only grow; below the other one a face shows blocks.
const BEST: u8 = 95;
const WORST: u8 = 40;

/// Why there is no JPEG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JpegError {
    #[error(
        "the portrait of {width}x{height} pixels does not fit into {limit} bytes; allow more in the site's photo size"
    )]
    TooSmall {
        width: u32,
        height: u32,
        limit: usize,
    },
    #[error("the portrait of {width}x{height} pixels is too large for a JPEG")]
    TooLarge { width: u32, height: u32 },
}

/// Encodes in sRGB with full colour resolution and the best quality (95 at most, 40 at least) that stays within
/// `limit` bytes. There is no metadata in it beyond the JFIF header.
///
/// # Errors
/// When even the lowest quality is too large.
pub fn jpeg(picture: &Picture, limit: usize) -> Result<Zeroizing<Vec<u8>>, JpegError> {
    let (width, height) = (picture.width(), picture.height());
    let best = encode(picture, BEST)?;
    if best.len() <= limit {
        return Ok(best);
    }
    // size falls with quality, so the best that fits is found by halving
    let (mut fits, mut low, mut high) = (None, WORST, BEST - 1);
    while low <= high {
        let quality = low.midpoint(high);
        let bytes = encode(picture, quality)?;
        if bytes.len() <= limit {
            fits = Some(bytes);
            low = quality + 1;
        } else {
            high = quality - 1;
        }
    }
    fits.ok_or(JpegError::TooSmall {
        width,
        height,
        limit,
    })
}

fn encode(picture: &Picture, quality: u8) -> Result<Zeroizing<Vec<u8>>, JpegError> {
    let (width, height) = (picture.width(), picture.height());
    let too_large = JpegError::TooLarge { width, height };
    let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(too_large);
    };
    // large enough at once for any quality: growing would leave copies behind that nobody wipes
    let mut bytes = Zeroizing::new(Vec::with_capacity(picture.rgb().len() + 4096));
    let mut encoder = Encoder::new(&mut *bytes, quality);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(picture.rgb(), columns, rows, ColorType::Rgb)
        .map_err(|_| too_large)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
