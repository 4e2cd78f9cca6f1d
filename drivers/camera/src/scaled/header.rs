//! What stands before the picture's data.

use super::huffman::Table;
use crate::damage::{Damage, MAX_SIDE};
use crate::mjpeg::{STANDARD_TABLES, marker_at, segment_at};

/// Why a JPEG was not decoded by this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may be whole, and is of a kind that webcams do not send.
    Unsupported,
    /// It is not a whole JPEG.
    Damaged(Damage),
}

impl From<Damage> for Refusal {
    fn from(damage: Damage) -> Self {
        Refusal::Damaged(damage)
    }
}

/// Sampling and tables of one component.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Component {
    id: u8,
    /// Blocks in a unit.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) quantity: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// Size, components and tables. Tables last from frame to frame, as in an MJPEG stream.
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) count: usize,
    pub(super) components: [Component; 3],
    pub(super) restart: u32,
    pub(super) quantities: Quantities,
    pub(super) dc: [Table; 2],
    pub(super) ac: [Table; 2],
    /// The DHT segments that the tables were made of.
    made_of: Vec<u8>,
    segments: Vec<u8>,
}

impl Default for Header {
    fn default() -> Self {
        Header {
            width: 0,
            height: 0,
            count: 0,
            components: Default::default(),
            restart: 0,
            quantities: [[1; 64]; 4],
            dc: Default::default(),
            ac: Default::default(),
            made_of: Vec::new(),
            segments: Vec::new(),
        }
    }
}

/// Four tables in the order of the file.
type Quantities = [[u16; 64]; 4];

impl Header {
    /// Reads up to the picture's data and returns them.
    pub(super) fn read<'a>(&mut self, jpeg: &'a [u8]) -> Result<&'a [u8], Refusal> {
        if jpeg.get(..2) != Some(&[0xff, 0xd8]) {
            return Err(Damage::NoStart.into());
        }
        (self.count, self.restart) = (0, 0);
        self.segments.clear();
        let mut quantities_seen = 0u8;
        let mut at = 2;
        loop {
            let marker = marker_at(jpeg, &mut at)?;
            if matches!(marker, 0x01 | 0xd0..=0xd7) {
                continue;
            }
            if matches!(marker, 0x00 | 0xd8 | 0xd9) {
                return Err(Damage::Header.into());
            }
            let segment = segment_at(jpeg, &mut at)?;
            match marker {
                0xc0 | 0xc1 => self.frame(segment)?,
                0xc4 => self.segments.extend_from_slice(segment),
                0xc2..=0xcf => return Err(Refusal::Unsupported),
                0xdb => quantities_seen |= self.quantize(segment)?,
                0xdd => {
                    self.restart = u32::from(u16::from_be_bytes(
                        *segment.first_chunk().ok_or(Damage::Header)?,
                    ))
                }
                // Adobe's marker may say that the colours are others
                0xee => return Err(Refusal::Unsupported),
                0xda => {
                    self.scan(segment)?;
                    if self.components[..self.count]
                        .iter()
                        .any(|c| quantities_seen & 1 << c.quantity == 0)
                    {
                        return Err(Damage::Header.into());
                    }
                    self.tables()?;
                    return Ok(&jpeg[at..]);
                }
                _ => {}
            }
        }
    }

    fn frame(&mut self, segment: &[u8]) -> Result<(), Refusal> {
        let &[precision, h1, h0, w1, w0, count, ref rest @ ..] = segment else {
            return Err(Damage::Header.into());
        };
        self.width = u32::from(u16::from_be_bytes([w1, w0]));
        self.height = u32::from(u16::from_be_bytes([h1, h0]));
        let sane = (1..=MAX_SIDE).contains(&self.width) && (1..=MAX_SIDE).contains(&self.height);
        let (parts, _) = rest.as_chunks::<3>();
        if !sane || parts.len() < usize::from(count) {
            return Err(Damage::Header.into());
        }
        if precision != 8 || !matches!(count, 1 | 3) || self.count > 0 {
            return Err(Refusal::Unsupported);
        }
        self.count = usize::from(count);
        for (component, &[id, sampling, quantity]) in self.components.iter_mut().zip(parts) {
            // one component alone has one block in a unit, whatever it says
            let sampling = if count == 1 { 0x11 } else { sampling };
            *component = Component {
                id,
                across: usize::from(sampling >> 4),
                down: usize::from(sampling & 15),
                quantity: usize::from(quantity & 3),
                ..Component::default()
            };
        }
        let parts = &self.components[..self.count];
        let luma = (1..=2).contains(&parts[0].across) && (1..=2).contains(&parts[0].down);
        let chroma = parts[1..].iter().all(|c| (c.across, c.down) == (1, 1));
        if luma && chroma {
            Ok(())
        } else {
            Err(Refusal::Unsupported)
        }
    }

    fn quantize(&mut self, mut segment: &[u8]) -> Result<u8, Damage> {
        let mut seen = 0;
        while let Some((&kind, rest)) = segment.split_first() {
            let table = self
                .quantities
                .get_mut(usize::from(kind & 15))
                .ok_or(Damage::Header)?;
            seen |= 1 << (kind & 15);
            let wide = kind >> 4 != 0;
            let (values, rest) = rest
                .split_at_checked(if wide { 128 } else { 64 })
                .ok_or(Damage::Header)?;
            if wide {
                for (to, from) in table.iter_mut().zip(values.as_chunks::<2>().0) {
                    *to = u16::from_be_bytes(*from);
                }
            } else {
                for (to, from) in table.iter_mut().zip(values) {
                    *to = u16::from(*from);
                }
            }
            segment = rest;
        }
        Ok(seen)
    }

    fn scan(&mut self, segment: &[u8]) -> Result<(), Refusal> {
        let (&count, rest) = segment.split_first().ok_or(Damage::Header)?;
        if self.count == 0 {
            return Err(Damage::Header.into());
        }
        if usize::from(count) != self.count {
            return Err(Refusal::Unsupported);
        }
        let (parts, spectrum) = rest
            .split_at_checked(self.count * 2)
            .ok_or(Damage::Header)?;
        for (component, &[id, tables]) in self.components.iter_mut().zip(parts.as_chunks::<2>().0) {
            if id != component.id || tables & 0xee != 0 {
                return Err(Refusal::Unsupported);
            }
            (component.dc, component.ac) = (usize::from(tables >> 4), usize::from(tables & 15));
        }
        if spectrum == [0, 63, 0] {
            Ok(())
        } else {
            Err(Refusal::Unsupported)
        }
    }

    /// Makes the Huffman tables, unless they are those of the frame before.
    fn tables(&mut self) -> Result<(), Refusal> {
        if self.segments.is_empty() {
            self.segments.extend_from_slice(&STANDARD_TABLES[4..]);
        }
        if self.segments == self.made_of {
            return Ok(());
        }
        self.made_of.clear();
        let mut rest = self.segments.as_slice();
        while let Some((&kind, after)) = rest.split_first() {
            let (counts, after) = after.split_first_chunk::<16>().ok_or(Damage::Header)?;
            let count: usize = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, after) = after
                .split_at_checked(count)
                .filter(|_| count <= 256)
                .ok_or(Damage::Header)?;
            let table = match kind {
                0x00 | 0x01 => &mut self.dc[usize::from(kind)],
                0x10 | 0x11 => &mut self.ac[usize::from(kind & 1)],
                _ => return Err(Refusal::Unsupported),
            };
            table.set(counts, symbols)?;
            rest = after;
        }
        self.made_of.clone_from(&self.segments);
        Ok(())
    }
}
