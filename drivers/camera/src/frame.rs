//! What comes out of a camera: preview frames, captures and stills.

use std::fmt;
use std::time::Instant;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::settings::Rotation;
use crate::{Error, convert};

/// One preview frame, ready for the screen: scaled, rotated and mirrored as the settings ask.
///
/// The pixels are wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Frame {
    pub width: u32,
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
    pub pixels: Pixels,
    /// Size the camera announced. A JPEG carries its own, which counts.
    pub width: u32,
    pub height: u32,
    pub rotate: Rotation,
    pub bytes: Zeroizing<Vec<u8>>,
    pub seq: u64,
    pub at: Instant,
}

impl Capture {
    /// Decodes the frame in full, upright and not mirrored. Takes some milliseconds: not for the UI thread.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes are no whole picture.
    pub fn still(&self) -> Result<Still, Error> {
        convert::still(self)
    }
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
    pub width: u32,
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

/// No webcam delivers more; a larger size in a JPEG header is damage, not a picture.
pub(crate) const MAX_SIDE: u32 = 8192;
