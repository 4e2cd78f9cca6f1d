//! Where a pixel of a card lies in the bytes of a plane.
//!
//! The head spans the short side of the card; the card moves under it, one *line* per dot of its long side. A line of a dye
//! plane is 6 bit-planes (least significant first), a line of the resin plane is one. Which of the head's dots a bit stands
//! for is the *head layout*; the three that are known differ only there, in the length of a line and in the direction.

use crate::bits::{gather, scatter};
use crate::card_image::CardImage;
use crate::model::Model;

/// Bits of dye per channel.
pub const DEPTH: usize = 6;
/// Rows of the picture across the card, on every Magicard.
pub const ROWS: usize = 642;
/// The head position that printers are shipped with.
pub const DEFAULT_HEAD_POSITION: u8 = 50;

/// A place of the head with no row of the picture.
const BLANK: u16 = u16::MAX;

/// Which dots of the head a job drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    /// Rio/Tango 2: 84 bytes, leftmost dot in the highest bit.
    Kee,
    /// Avalon: the same dots in 21 words, each with its first dot in the lowest bit and its highest byte first. From the vendor's
    /// filter; not verified.
    KeeSwapped,
    /// Alto, Opera, Tempo, DCP100: 24 words, halves of the head interleaved.
    Kge,
    /// Enduro family: the same with the bits of a word reversed; printed turned by 180 degrees.
    Kge2,
}

impl Head {
    /// The head of a Magicard; `None` for another make.
    pub fn of(model: Model) -> Option<Self> {
        match model {
            Model::Rio2 => Some(Self::Kee),
            Model::Avalon => Some(Self::KeeSwapped),
            Model::Enduro => Some(Self::Kge2),
            Model::Alto => Some(Self::Kge),
            Model::Primacy | Model::Zenius => None,
        }
    }

    pub fn model(self) -> Model {
        match self {
            Self::Kee => Model::Rio2,
            Self::KeeSwapped => Model::Avalon,
            Self::Kge => Model::Alto,
            Self::Kge2 => Model::Enduro,
        }
    }

    /// Lines of a plane: dots along the card.
    pub fn lines(self) -> usize {
        self.model().raster().0 as usize
    }

    /// Bytes of one bit-plane of one line.
    pub fn line_bytes(self) -> usize {
        match self {
            Self::Kee | Self::KeeSwapped => 84,
            Self::Kge | Self::Kge2 => 96,
        }
    }

    /// Bytes of a dye plane.
    pub fn dye_bytes(self) -> usize {
        self.lines() * self.line_bytes() * DEPTH
    }

    /// Bytes of the resin plane. For the Alto family this follows from the others; no job with one was seen.
    pub fn resin_bytes(self) -> usize {
        self.lines() * self.line_bytes()
    }

    /// The picture lies turned by 180 degrees: line 0 is its right edge, the head's first dot its top.
    ///
    /// The vendor's filter does so on the Enduro family, both sides. Gutenprint does so with the back of a Rio/Tango in its
    /// standard duplex mode, where the card is turned over its long edge.
    fn turned(self, back: bool) -> bool {
        self == Self::Kge2 || (back && self == Self::Kee)
    }

    /// The byte and the mask of the head's dot `y`, for `y` in 0..672.
    fn dot(self, y: usize) -> (usize, u8) {
        let word_and_bit = |y: usize| {
            if y < 288 {
                (6 + y / 16, 2 * (y % 16))
            } else {
                ((y - 288) / 16, 2 * ((y - 288) % 16) + 1)
            }
        };
        match self {
            Self::Kee => (y / 8, 0x80 >> (y % 8)),
            Self::KeeSwapped => ((y / 8) ^ 3, 1 << (y % 8)),
            Self::Kge => {
                let (word, bit) = word_and_bit(y);
                (4 * word + 3 - bit / 8, 1 << (bit % 8))
            }
            Self::Kge2 => {
                let (word, bit) = word_and_bit(y);
                (4 * word + bit / 8, 0x80 >> (bit % 8))
            }
        }
    }
}

/// For each byte of a bit-plane line the rows of the picture in its eight bits, highest first.
#[derive(Debug, Clone)]
pub struct HeadMap {
    head: Head,
    rows: Vec<[u16; 8]>,
    turned: bool,
}

impl HeadMap {
    /// The map for one side of a card under a head that stands at `position` (35 to 65; others are taken to the nearest): the
    /// picture begins at dot 65 - position.
    pub fn new(head: Head, position: u8, back: bool) -> Self {
        let margin = 65 - usize::from(position.clamp(35, 65));
        let turned = head.turned(back);
        let mut rows = vec![[BLANK; 8]; head.line_bytes()];
        for step in 0..ROWS {
            let (byte, mask) = head.dot(margin + step);
            // The head counts from the card's lower edge.
            let row = if turned { step } else { ROWS - 1 - step };
            rows[byte][mask.leading_zeros() as usize] = row as u16;
        }
        Self { head, rows, turned }
    }

    fn column(&self, line: usize) -> usize {
        if self.turned {
            self.head.lines() - 1 - line
        } else {
            line
        }
    }
}

/// How many columns are packed at a time, so that what is read and what is written stays in the first cache.
const TILE: usize = 16;

/// The planes that a side of a card becomes; each as long as the head says.
#[derive(Debug)]
pub struct Planes<'a> {
    /// Yellow, magenta, cyan; empty when the ribbon has no colour.
    pub dye: [&'a mut [u8]; 3],
    /// Empty when nothing goes to resin; then marked pixels are printed in dye.
    pub resin: &'a mut [u8],
}

/// Packs a picture into planes of zeros. Pixels marked for resin get no dye, unless there is no resin plane.
pub fn pack(image: &CardImage, map: &HeadMap, planes: &mut Planes<'_>) {
    let width = image.width() as usize;
    let line_bytes = map.head.line_bytes();
    let (blank_rgb, blank_mark) = (vec![0xFF_u8; width * 3], vec![0_u8; width]);
    let with_resin = !planes.resin.is_empty();
    let with_dye = !planes.dye[0].is_empty();
    for first in (0..width).step_by(TILE) {
        let last = (first + TILE).min(width);
        for (byte, rows) in map.rows.iter().enumerate() {
            if *rows == [BLANK; 8] {
                continue;
            }
            let rgb = rows.map(|row| match row {
                BLANK => &blank_rgb[first * 3..last * 3],
                row => &image.rgb()
                    [(usize::from(row) * width + first) * 3..(usize::from(row) * width + last) * 3],
            });
            let marks = rows.map(|row| match row {
                BLANK => &blank_mark[first..last],
                row => &image.resin_mask()
                    [usize::from(row) * width + first..usize::from(row) * width + last],
            });
            for step in 0..last - first {
                let line = map.column(first + step);
                let resin = if with_resin {
                    u64::from_be_bytes(marks.map(|row| row[step]))
                } else {
                    0
                };
                if with_resin {
                    planes.resin[line * line_bytes + byte] = gather(resin, 0);
                }
                if with_dye {
                    // Yellow is what is missing in blue, magenta in green, cyan in red.
                    for (plane, channel) in planes.dye.iter_mut().zip([2, 1, 0]) {
                        let light = u64::from_be_bytes(rgb.map(|row| row[step * 3 + channel]));
                        let dye = (!light >> 2) & 0x3F3F_3F3F_3F3F_3F3F & !resin;
                        let start = line * line_bytes * DEPTH + byte;
                        if dye != 0 {
                            for bit in 0..DEPTH {
                                plane[start + bit * line_bytes] = gather(dye, bit);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Gives the dye of a plane as one byte a pixel (0 to 63), rows from the top of the landscape picture. Dots beside the picture
/// are not looked at.
pub fn unpack_dye(plane: &[u8], map: &HeadMap) -> Vec<u8> {
    unpack(plane, map, DEPTH)
}

/// Gives the resin plane as one byte a pixel: 0 or 255.
pub fn unpack_resin(plane: &[u8], map: &HeadMap) -> Vec<u8> {
    let mut marks = unpack(plane, map, 1);
    for mark in &mut marks {
        *mark *= 0xFF;
    }
    marks
}

fn unpack(plane: &[u8], map: &HeadMap, depth: usize) -> Vec<u8> {
    let (width, line_bytes) = (map.head.lines(), map.head.line_bytes());
    let mut pixels = vec![0; width * ROWS];
    for first in (0..width).step_by(TILE) {
        for (byte, rows) in map.rows.iter().enumerate() {
            if *rows == [BLANK; 8] {
                continue;
            }
            for line in first..(first + TILE).min(width) {
                let start = line * line_bytes * depth + byte;
                let mut values = 0;
                for bit in 0..depth {
                    values |= scatter(plane[start + bit * line_bytes]) << bit;
                }
                if values == 0 {
                    continue;
                }
                let column = map.column(line);
                for (row, value) in rows.iter().zip(values.to_be_bytes()) {
                    if *row != BLANK {
                        pixels[usize::from(*row) * width + column] = value;
                    }
                }
            }
        }
    }
    pixels
}

#[cfg(test)]
mod tests;
