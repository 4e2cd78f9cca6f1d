//! What comes out of a camera: preview frames, captures and stills.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::damage::MAX_SIDE;
use crate::settings::Rotation;

/// One preview frame, ready for the screen: scaled, rotated and mirrored as the settings ask.
///
/// The pixels are wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Frame {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `width * height * 4` bytes, red first, opaque.
    pub rgba: Bytes,
    /// Counts the frames of this camera since it was opened; gaps are frames that were damaged.
    pub seq: u64,
    /// When the frame was taken over from the driver.
    pub at: Instant,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame {}x{} #{}", self.width, self.height, self.seq)
    }
}

/// How the bytes of a frame are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pixels {
    /// One baseline JPEG a frame.
    Mjpeg,
    /// Luma and chroma interleaved, two bytes a pixel (V4L2 `YUYV`).
    Yuyv,
}

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pixels::Mjpeg => "MJPEG",
            Pixels::Yuyv => "YUYV",
        })
    }
}

/// A frame as the camera delivered it, not yet decoded: cheap to keep, decoded in full when wanted.
///
/// The bytes are wiped on drop.
#[derive(Clone)]
pub struct Capture {
    /// How the bytes are laid out.
    pub pixels: Pixels,
    /// The width that the camera announced. The size in a JPEG itself takes precedence.
    pub width: u32,
    /// The height that the camera announced.
    pub height: u32,
    /// How the picture must be turned to be upright.
    pub rotate: Rotation,
    /// The frame, without what follows it in the driver's buffer.
    pub bytes: Zeroizing<Vec<u8>>,
    /// As [`Frame::seq`].
    pub seq: u64,
    /// When the frame was taken over from the driver.
    pub at: Instant,
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Capture {} {}x{} #{} ({} bytes)",
            self.pixels,
            self.width,
            self.height,
            self.seq,
            self.bytes.len()
        )
    }
}

/// A picture at the camera's full resolution, upright and not mirrored. Wiped on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Still {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `width * height * 3` bytes, red first, sRGB.
    pub rgb: Zeroizing<Vec<u8>>,
}

impl Still {
    /// A picture from its pixels; `None` when their number does not fit the size or the size is out of bounds.
    #[must_use]
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Option<Still> {
        let rgb = Zeroizing::new(rgb);
        let fits = (1..=MAX_SIDE).contains(&width)
            && (1..=MAX_SIDE).contains(&height)
            && rgb.len() == width as usize * height as usize * 3;
        fits.then_some(Still { width, height, rgb })
    }
}

impl fmt::Debug for Still {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Still {}x{}", self.width, self.height)
    }
}
