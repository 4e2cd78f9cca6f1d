//! The code on the card: its modules, and reading it back.

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits};

use super::raster::{Dots, Raster};
use common::order::Picture;

/// Modules of white that a reader needs around the code (ISO/IEC 18004).
pub(super) const QUIET: u32 = 4;

/// The modules of a code, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symbol {
    side: u32,
    dark: Vec<bool>,
}

/// How large a code is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Version 3, level Q: 29 modules, up to 47 characters of the QR alphabet.
    Opaque,
    /// Version 6, level M: 41 modules, up to 154 characters of the QR alphabet.
    Signed,
    /// Version 4, level M: 33 modules, the one of the European Student Card.
    Esc,
    /// The smallest at level M.
    Any,
}

/// The text is longer than the code of this size holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for the code")]
pub(super) struct TooLong;

impl Symbol {
    pub(super) fn new(text: &str, size: Size) -> Result<Self, TooLong> {
        let code = match size {
            Size::Opaque => in_one(text, Version::Normal(3), EcLevel::Q),
            Size::Signed => in_one(text, Version::Normal(6), EcLevel::M),
            Size::Esc => QrCode::with_version(text, Version::Normal(4), EcLevel::M),
            Size::Any => QrCode::with_error_correction_level(text, EcLevel::M),
        }
        .map_err(|_| TooLong)?;
        Ok(Self {
            side: u32::try_from(code.width()).map_err(|_| TooLong)?,
            dark: code
                .to_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    }

    /// Modules a side, with the quiet zone.
    pub(super) fn modules(&self) -> u32 {
        self.side + 2 * QUIET
    }

    /// The dark modules as squares of whole dots, as large as they fit into `room`, in its middle. `None` when a module
    /// would be under `least` dots.
    pub(super) fn squares(
        &self,
        room: Dots,
        least: u32,
    ) -> Option<impl Iterator<Item = Dots> + '_> {
        let module = room.width.min(room.height) / self.modules();
        if module < least.max(1) {
            return None;
        }
        let side = module * self.side;
        let x = room.x + ((room.width - side) / 2) as i32;
        let y = room.y + ((room.height - side) / 2) as i32;
        Some(self.dark.iter().enumerate().filter_map(move |(i, dark)| {
            let (column, row) = (i as u32 % self.side, i as u32 / self.side);
            dark.then_some(Dots {
                x: x + (column * module) as i32,
                y: y + (row * module) as i32,
                width: module,
                height: module,
            })
        }))
    }
}

/// The text in one segment of the dense alphabet. Left to itself the library changes to digits and back where that looks
/// shorter, which with an unlucky serial is longer than the code holds.
fn in_one(text: &str, version: Version, level: EcLevel) -> qrcode::QrResult<QrCode> {
    let dense = |b: u8| matches!(b, b'A'..=b'Z' | b'0'..=b'9') || b" $%*+-./:".contains(&b);
    if !text.bytes().all(dense) {
        return Err(qrcode::types::QrError::InvalidCharacter);
    }
    let mut bits = Bits::new(version);
    bits.push_alphanumeric_data(text.as_bytes())?;
    bits.push_terminator(level)?;
    QrCode::with_bits(bits, level)
}

/// Fewest dots a module: three dots of 300 dpi can no longer be read by a webcam at arm's length.
pub(super) fn least_dots(raster: Raster) -> u32 {
    (4 * raster.dpi).div_ceil(300)
}

/// Whether the text is a host name in the letters of the QR code's dense alphabet.
pub(super) fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-'))
        && !host.starts_with(['.', '-'])
        && !host.ends_with(['.', '-'])
        && !host.contains("..")
}

/// The texts of all QR codes in the picture; for the booth's camera, which looks at a card held before it.
pub fn read_code(picture: &Picture) -> Vec<String> {
    let luma: Vec<u8> = picture
        .rgb()
        .chunks_exact(3)
        .map(|p| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8)
        .collect();
    read_code_luma(picture.width(), picture.height(), &luma)
}

/// The texts of all QR codes in a grey picture, row by row; nothing when `luma` is not `width * height` long.
pub fn read_code_luma(width: u32, height: u32, luma: &[u8]) -> Vec<String> {
    let (width, height) = (width as usize, height as usize);
    if width.checked_mul(height) != Some(luma.len()) || luma.is_empty() {
        return Vec::new();
    }
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| luma[y * width + x]);
    image
        .detect_grids()
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}
