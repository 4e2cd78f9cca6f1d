//! The QR code on the card: its modules, and reading it back.

use qrcode::{Color, EcLevel, QrCode, Version, bits::Bits};

use super::raster::{Dots, Raster};
use common::order::Picture;

/// The width of the white zone that a reader needs around the code, in modules (ISO/IEC 18004).
pub(super) const QUIET: u32 = 4;

/// The modules of a code, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Symbol {
    side: u32,
    dark: Vec<bool>,
}

/// The size of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Version 3, level Q: 29 modules, up to 47 characters of the alphanumeric mode.
    Opaque,
    /// Version 6, level M: 41 modules, up to 154 characters of the alphanumeric mode.
    Signed,
    /// Version 4, level M: 33 modules, the size of the European Student Card's code.
    Esc,
    /// The smallest version at level M that holds the text.
    Any,
}

/// The text is longer than a code of this size can hold.
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

    /// Returns the number of modules per side, including the quiet zone.
    pub(super) fn modules(&self) -> u32 {
        self.side + 2 * QUIET
    }

    /// Returns the dark modules as squares, centred in `room`. Each module is a whole number of dots and as large as
    /// `room` allows. Returns `None` when a module would be smaller than `least` dots.
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

/// Encodes the text as one alphanumeric segment. By default the library switches to the numeric mode where that seems
/// shorter; with some serials the result is too long for the code.
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

/// The smallest module in dots. A webcam cannot read modules of three dots at 300 dpi from arm's length.
pub(super) fn least_dots(raster: Raster) -> u32 {
    (4 * raster.dpi).div_ceil(300)
}

/// Whether the text is a host name that contains only characters of the alphanumeric mode.
pub(super) fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-'))
        && !host.starts_with(['.', '-'])
        && !host.ends_with(['.', '-'])
        && !host.contains("..")
}

/// Returns the texts of all QR codes in the picture. The booth uses it on camera frames that show a card.
pub fn read_code(picture: &Picture) -> Vec<String> {
    let luma: Vec<u8> = picture
        .rgb()
        .chunks_exact(3)
        .map(|p| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8)
        .collect();
    read_code_luma(picture.width(), picture.height(), &luma)
}

/// Returns the texts of all QR codes in a grey picture, row by row. Returns nothing when `luma` is not `width * height`
/// bytes long.
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
