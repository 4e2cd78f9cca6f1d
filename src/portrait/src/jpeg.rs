//! Encodes the portrait for storage and transfer: a JPEG without metadata and of limited size.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use zeroize::Zeroizing;

use common::order::Picture;

/// The highest and the lowest quality. Above the first, files only grow; below the second, a face shows blocks.
const BEST: u8 = 95;
const WORST: u8 = 40;

/// Why the picture cannot be encoded.
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

/// Encodes in sRGB with full colour resolution, at the best quality (40 to 95) that fits into `limit` bytes. The result
/// has no metadata beyond the JFIF header.
///
/// # Errors
///
/// The file is too large even at the lowest quality, or JPEG cannot hold a picture of this size.
pub fn jpeg(picture: &Picture, limit: usize) -> Result<Zeroizing<Vec<u8>>, JpegError> {
    let (width, height) = (picture.width(), picture.height());
    let best = encode(picture, BEST)?;
    if best.len() <= limit {
        return Ok(best);
    }
    // The size grows with the quality, so a binary search finds the best quality that fits.
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
    // The buffer is large enough for any quality, because growing it would leave copies that are not wiped.
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
