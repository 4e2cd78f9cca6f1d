//! Pixels as the data of a panel, and back.
//!
//! A panel is 1016 lines along the card, each of 648 dots across it, packed without gaps, highest bit first. The picture lies on
//! its left side: line 0 is its left edge, the first dot of a line its lower edge. (That no vendor's colour job was seen leaves
//! this direction unproved; black jobs agree with it.)

use super::{ACROSS, LINES};
use crate::bits::gather;
use crate::card::Levels;
use crate::card_image::CardImage;

/// How many bytes a panel of this many bits a dot has.
pub fn bytes(bits: usize) -> usize {
    ACROSS * LINES * bits / 8
}

/// How many columns are packed at a time, so that they and their lines stay in the first cache.
const TILE: usize = 16;

/// Goes through a picture as a panel needs it: 8 dots of a line at a time. `take` gets the eight places of a picture of
/// one byte a pixel where the tile begins in each of the eight rows (dot 0 of a line is the lowest row), how many columns the
/// tile has, and where in the panel the dots of its first column go; a column further is a line further.
fn tiles(bits: usize, mut take: impl FnMut([usize; 8], usize, usize)) {
    let line_bytes = ACROSS * bits / 8;
    for first in (0..LINES).step_by(TILE) {
        let columns = TILE.min(LINES - first);
        for group in 0..ACROSS / 8 {
            let rows =
                std::array::from_fn(|step| (ACROSS - 1 - (group * 8 + step)) * LINES + first);
            take(rows, columns, first * line_bytes + group * bits);
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
    let dye = std::array::from_fn(|light| ((255 - light) * full / 255) as u8);
    let spare = if spare_resin { 0xFF } else { 0 };
    match levels {
        Levels::Five => pack::<5>(image, channel, &dye, spare, out),
        Levels::Six => pack::<6>(image, channel, &dye, spare, out),
        Levels::Seven => pack::<7>(image, channel, &dye, spare, out),
    }
}

/// The same for a depth that the compiler knows: `dye` for each light, none where the mark and `spare` have bits.
fn pack<const BITS: usize>(
    image: &CardImage,
    channel: usize,
    dye: &[u8; 256],
    spare: u8,
    out: &mut [u8],
) {
    tiles(BITS, |rows, columns, at| {
        let rgb = rows.map(|row| &image.rgb()[row * 3..(row + columns) * 3]);
        let resin = rows.map(|row| &image.resin_mask()[row..row + columns]);
        let lines = out[at..].chunks_mut(ACROSS * BITS / 8);
        for (column, line) in lines.take(columns).enumerate() {
            let mut word = 0_u64;
            for (rgb, resin) in rgb.iter().zip(&resin) {
                let value = dye[usize::from(rgb[column * 3 + channel])] & !(resin[column] & spare);
                word = word << BITS | u64::from(value);
            }
            let bytes = word.to_be_bytes();
            line[..BITS].copy_from_slice(&bytes[8 - BITS..]);
        }
    });
}

/// Packs a mask (0 or 255 a pixel) as a panel of one bit a dot.
pub fn pack_mask(mask: &[u8], out: &mut [u8]) {
    tiles(1, |rows, columns, at| {
        let rows = rows.map(|row| &mask[row..row + columns]);
        for column in 0..columns {
            let dots = u64::from_be_bytes(rows.map(|row| row[column]));
            out[at + column * LINE] = gather(dots, 0);
        }
    });
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
///
/// # Errors
/// When the data is cut, has a line that is too long, or goes on after the last line.
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
