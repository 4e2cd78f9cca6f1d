//! Pixels as the data of a panel, and back.
//!
//! A panel is 1016 lines along the card, each of 648 dots across it, packed without gaps, highest bit first. The picture lies on
//! its left side: line 0 is its left edge, the first dot of a line its lower edge. (That no vendor's colour job was seen leaves
//! this direction unproved; black jobs agree with it.)

use super::{ACROSS, LINES};
use crate::card::CardImage;

/// How many levels of dye a colour panel has. The guide names 32, 64 and 128; eight bits exist, but how to ask for them was
/// never published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Levels {
    Five,
    Six,
    #[default]
    Seven,
}

impl Levels {
    pub fn bits(self) -> usize {
        match self {
            Self::Five => 5,
            Self::Six => 6,
            Self::Seven => 7,
        }
    }

    /// The number in the command: 32, 64 or 128.
    pub fn count(self) -> usize {
        1 << self.bits()
    }

    pub fn from_count(count: usize) -> Option<Self> {
        [Self::Five, Self::Six, Self::Seven]
            .into_iter()
            .find(|levels| levels.count() == count)
    }

    /// The value of full dye.
    pub fn full(self) -> u8 {
        (self.count() - 1) as u8
    }
}

/// Bytes of a panel of so many bits a dot.
pub fn bytes(bits: usize) -> usize {
    ACROSS * LINES * bits / 8
}

/// Packs 8 values of `bits` bits, the first into the highest bits; gives them in the low bits of a word.
fn join(values: [u8; 8], bits: usize) -> u64 {
    values
        .into_iter()
        .fold(0, |word, value| word << bits | u64::from(value))
}

/// How many columns are packed at a time; they and their lines stay in the first cache.
const TILE: usize = 16;

/// Packs what `value` makes of each pixel (its index in the picture) into a panel of `bits` bits a dot.
fn pack(bits: usize, out: &mut [u8], value: impl Fn(usize) -> u8) {
    let line_bytes = ACROSS * bits / 8;
    for first in (0..LINES).step_by(TILE) {
        for group in 0..ACROSS / 8 {
            // Dot 0 of a line is the lowest row.
            let rows: [usize; 8] =
                std::array::from_fn(|step| (ACROSS - 1 - (group * 8 + step)) * LINES);
            for line in first..(first + TILE).min(LINES) {
                let word = join(rows.map(|row| value(row + line)), bits).to_be_bytes();
                let at = line * line_bytes + group * bits;
                out[at..at + bits].copy_from_slice(&word[8 - bits..]);
            }
        }
    }
}

/// Packs one channel of a picture (0 red, 1 green, 2 blue) as dye. Pixels marked for resin get none if `spare_resin`.
pub fn pack_dye(
    image: &CardImage,
    channel: usize,
    levels: Levels,
    spare_resin: bool,
    out: &mut [u8],
) {
    let full = usize::from(levels.full());
    let dye: [u8; 256] = std::array::from_fn(|light| ((255 - light) * full / 255) as u8);
    let (rgb, resin) = (image.rgb(), image.resin_mask());
    let spare = if spare_resin { 0xFF } else { 0 };
    pack(levels.bits(), out, |pixel| {
        dye[usize::from(rgb[pixel * 3 + channel])] & !(resin[pixel] & spare)
    });
}

/// Packs a mask (0 or 255 a pixel) as a panel of one bit a dot.
pub fn pack_mask(mask: &[u8], out: &mut [u8]) {
    pack(1, out, |pixel| mask[pixel] & 1);
}

/// The opposite of the packing: one byte a pixel, rows from the top of the landscape picture.
pub fn unpack(data: &[u8], bits: usize) -> Vec<u8> {
    let line_bytes = ACROSS * bits / 8;
    let mask = (1_u64 << bits) - 1;
    let mut pixels = vec![0; ACROSS * LINES];
    for (line, bytes) in data.chunks_exact(line_bytes).take(LINES).enumerate() {
        for (group, bytes) in bytes.chunks_exact(bits).enumerate() {
            let word = bytes
                .iter()
                .fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            for step in 0..8 {
                let value = (word >> (bits * (7 - step))) & mask;
                pixels[(ACROSS - 1 - (group * 8 + step)) * LINES + line] = value as u8;
            }
        }
    }
    pixels
}

/// Bytes of a line of one bit a dot.
const LINE: usize = ACROSS / 8;

/// Shortens a panel of one bit a dot: 00 = an empty line, FF = a full one, else a count and so many bytes, the rest empty.
///
/// Eight jobs of the Windows driver come out byte for byte by leaving off the empty bytes at the end of each line.
pub fn compress(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() / 4);
    for line in data.chunks_exact(LINE) {
        let used = line
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        if line.iter().all(|byte| *byte == 0xFF) {
            out.push(0xFF);
        } else {
            out.push(used as u8);
            out.extend_from_slice(&line[..used]);
        }
    }
    out
}

/// The opposite of [`compress`]; the error is the offset at which the data makes no sense, and why.
pub fn expand(data: &[u8]) -> Result<Vec<u8>, (usize, &'static str)> {
    let mut out = Vec::with_capacity(LINE * LINES);
    let mut at = 0;
    for _ in 0..LINES {
        let Some(&head) = data.get(at) else {
            return Err((at, "it has fewer than 1016 lines"));
        };
        at += 1;
        match usize::from(head) {
            0xFF => out.resize(out.len() + LINE, 0xFF),
            count if count > LINE => return Err((at - 1, "a line has more than 81 bytes")),
            count => {
                let Some(bytes) = data.get(at..at + count) else {
                    return Err((at, "a line is cut"));
                };
                out.extend_from_slice(bytes);
                out.resize(out.len() + LINE - count, 0);
                at += count;
            }
        }
    }
    if at == data.len() {
        Ok(out)
    } else {
        Err((at, "bytes follow the last line"))
    }
}

#[cfg(test)]
mod tests;
