//! Decodes a webcam's JPEG straight to a part of its size, and only where it is shown. No device is used here.
//!
//! The low frequencies of a block of 8x8 pixels are, through a smaller transform, the same block in fewer pixels
//! (libjpeg calls it DCT scaling). So a preview is decoded at that many eighths of the camera's size which make
//! scaling unnecessary, and blocks outside of the preview's shape are skipped. What a webcam sends is decoded:
//! baseline, 8 bits, grey or YCbCr at 4:4:4, 4:2:2, 4:4:0 or 4:2:0, with or without Huffman tables and restart markers.
//! Anything else is [`Refusal::Unsupported`], and left to the general decoder. `tests/bench/camera.rs` compares the two,
//! ffmpeg and libjpeg-turbo.

mod bits;
mod header;
mod huffman;
mod transform;

use std::array::from_fn;
use std::ops::Range;

use bits::Bits;
pub(crate) use header::Refusal;
use header::{Component, Header};
use huffman::{END, LOOKS, TOGETHER, Table};
use transform::{BLOCK, Block, Factors, Inverse};

use wide::{bytemuck, i16x8, i32x8, u16x8};
use zeroize::Zeroize;

use crate::damage::Damage;

/// A part of the scaled picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

/// What is wanted of a picture: eighths of its size, and the window of the scaled picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) eighths: usize,
    pub(crate) window: Window,
}

/// Keeps its tables and buffers from frame to frame. The buffers are wiped on drop.
#[derive(Default)]
pub(crate) struct Decoder {
    header: Header,
    planes: [Vec<i16>; 3],
    /// What one line of chroma adds to red, green and blue.
    tints: [Vec<i16>; 3],
    /// The bytes of the scan without stuffing and restart markers, and where each part ends.
    bytes: Vec<u8>,
    parts: Vec<usize>,
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.planes.zeroize();
        self.tints.zeroize();
        self.bytes.zeroize();
    }
}

impl Decoder {
    /// Decodes `jpeg`. `wish` gets the full size and returns what is wanted; `out` then has its pixels, RGBA.
    pub(crate) fn decode(
        &mut self,
        jpeg: &[u8],
        wish: impl FnOnce(u32, u32) -> Wish,
        out: &mut Vec<u8>,
    ) -> Result<(u32, u32), Refusal> {
        let data = self.header.read(jpeg)?;
        let (width, height) = (self.header.width, self.header.height);
        let wish = wish(width, height);
        let window = wish.window;
        let scaled = |side: u32| (side as usize * wish.eighths).div_ceil(8);
        assert!(
            window.left + window.width <= scaled(width)
                && window.top + window.height <= scaled(height),
            "the window lies within the picture"
        );
        out.resize(window.width * window.height * 4, 0);
        self.scan(data, &wish, out)?;
        Ok((window.width as u32, window.height as u32))
    }

    fn scan(&mut self, data: &[u8], wish: &Wish, out: &mut [u8]) -> Result<(), Refusal> {
        unstuff(data, &mut self.bytes, &mut self.parts)?;
        let inverse = Inverse::new(wish.eighths);
        let components = &self.header.components[..self.header.count];
        let units = Units::new(&self.header, wish);
        for (plane, component) in self.planes.iter_mut().zip(components) {
            let blocks = units.wanted_columns.len() * component.across * component.down;
            plane.resize(blocks * wish.eighths * wish.eighths, 0);
        }
        let factors: [Factors; 3] = from_fn(|index| {
            inverse.factors(&self.header.quantities[self.header.components[index].quantity])
        });
        let mut parts = Parts {
            bytes: &self.bytes,
            ends: self.parts.iter(),
            start: 0,
        };
        let mut bits = parts.next().ok_or(Damage::Truncated)?;
        let mut before = [0i16; 3];
        let mut until_restart = self.header.restart;
        let mut unit = [([0i16; BLOCK], 0usize); UNIT];
        for row in 0..units.rows {
            let row_wanted = units.wanted_rows.contains(&row);
            for column in 0..units.columns {
                if self.header.restart > 0 && until_restart == 0 {
                    bits.end(SURPLUS)?;
                    bits = parts.next().ok_or(Damage::Truncated)?;
                    before = [0; 3];
                    until_restart = self.header.restart;
                }
                until_restart = until_restart.wrapping_sub(1);
                let wanted = row_wanted && units.wanted_columns.contains(&column);
                let mut blocks = &mut unit[..];
                for (before, component) in before.iter_mut().zip(components) {
                    let (dc, ac) = (&self.header.dc[component.dc], &self.header.ac[component.ac]);
                    let (own, rest) = blocks.split_at_mut(component.across * component.down);
                    blocks = rest;
                    if wanted {
                        fill(&mut bits, dc, ac, before, &inverse.place, own)?;
                    } else {
                        skip(&mut bits, dc, ac, before, own.len())?;
                    }
                }
                if !wanted {
                    continue;
                }
                // Only after all of them are read: a processor waits when it loads as one what was just stored in parts.
                let mut blocks = unit.iter_mut();
                for (index, component) in components.iter().enumerate() {
                    let bias = if index == 0 { 128.0 } else { 0.0 };
                    for (part, (block, last)) in blocks
                        .by_ref()
                        .take(component.across * component.down)
                        .enumerate()
                    {
                        let (at, stride) = units.place(component, part, column);
                        let to = &mut self.planes[index][at..];
                        inverse.apply(block, &factors[index], *last, bias, to, stride);
                    }
                }
            }
            bits.check()?;
            if row_wanted {
                let planes = &self.planes;
                units.paint(row, components, planes, &mut self.tints, &wish.window, out);
            }
        }
        bits.end(SURPLUS)?;
        match parts.next() {
            None => Ok(()),
            Some(_) => Err(Damage::Data.into()),
        }
    }
}

/// The stretches between restart markers.
struct Parts<'a> {
    bytes: &'a [u8],
    ends: std::slice::Iter<'a, usize>,
    start: usize,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Bits<'a>;

    fn next(&mut self) -> Option<Bits<'a>> {
        let end = *self.ends.next()?;
        let part = self.bytes.get(self.start..end)?;
        self.start = end;
        Some(Bits::new(part))
    }
}

/// How the picture is made of units (T.81 calls them MCU), and which of them are looked at.
struct Units {
    columns: usize,
    rows: usize,
    wanted_columns: Range<usize>,
    wanted_rows: Range<usize>,
    /// Blocks of luma in a unit, and pixels of a block's side.
    across: usize,
    down: usize,
    side: usize,
}

impl Units {
    fn new(header: &Header, wish: &Wish) -> Units {
        let (across, down) = (header.components[0].across, header.components[0].down);
        let (side, window) = (wish.eighths, wish.window);
        let wanted =
            |from: usize, length: usize, unit: usize| from / unit..(from + length).div_ceil(unit);
        Units {
            columns: (header.width as usize).div_ceil(across * 8),
            rows: (header.height as usize).div_ceil(down * 8),
            wanted_columns: wanted(window.left, window.width, across * side),
            wanted_rows: wanted(window.top, window.height, down * side),
            across,
            down,
            side,
        }
    }

    /// Where in its component's plane a block begins, and how long the plane's lines are.
    #[inline(always)]
    fn place(&self, component: &Component, part: usize, column: usize) -> (usize, usize) {
        let stride = self.wanted_columns.len() * component.across * self.side;
        let (x, y) = (part % component.across, part / component.across);
        let x = (column - self.wanted_columns.start) * component.across + x;
        ((y * stride + x) * self.side, stride)
    }

    /// Turns one row of units into the lines of the picture that it has.
    fn paint(
        &self,
        row: usize,
        components: &[Component],
        planes: &[Vec<i16>; 3],
        tints: &mut [Vec<i16>; 3],
        window: &Window,
        out: &mut [u8],
    ) {
        let narrow = self.wanted_columns.len() * self.side;
        let stride = narrow * self.across;
        let offset = window.left - self.wanted_columns.start * self.across * self.side;
        let across = offset..offset + window.width;
        let top = row * self.down * self.side;
        let lines =
            window.top.max(top)..(window.top + window.height).min(top + self.down * self.side);
        let mut widened = None;
        for y in lines {
            let within = y - top;
            let luma = &planes[0][within * stride..][across.clone()];
            let out = &mut out[(y - window.top) * window.width * 4..][..window.width * 4];
            if components.len() == 1 {
                grey(luma, out);
                continue;
            }
            let line = within / self.down;
            if widened != Some(line) {
                widened = Some(line);
                let [blues, reds] = [1, 2].map(|index| &planes[index][line * narrow..][..narrow]);
                tint(blues, reds, self.across, tints);
            }
            colour(
                luma,
                tints.each_ref().map(|tint| &tint[across.clone()]),
                out,
            );
        }
    }
}

/// The most blocks in a unit: four of luma, two of chroma.
const UNIT: usize = 6;

/// Some webcams put a few bytes too many before a marker; libjpeg skips them with a warning.
const SURPLUS: usize = 16;

/// Takes the stuffed zeros and the restart markers out of a scan, up to its end.
fn unstuff(data: &[u8], bytes: &mut Vec<u8>, parts: &mut Vec<usize>) -> Result<(), Damage> {
    bytes.clear();
    parts.clear();
    let mut rest = data;
    loop {
        let run = memchr::memchr(0xff, rest).ok_or(Damage::Truncated)?;
        bytes.extend_from_slice(&rest[..run]);
        rest = &rest[run..];
        match rest.get(1) {
            None => return Err(Damage::Truncated),
            Some(0) => {
                bytes.push(0xff);
                rest = &rest[2..];
            }
            Some(0xff) => rest = &rest[1..],
            Some(marker @ 0xd0..=0xd7) => {
                if usize::from(marker - 0xd0) != parts.len() % 8 {
                    return Err(Damage::Data);
                }
                parts.push(bytes.len());
                rest = &rest[2..];
            }
            Some(0xd9) => {
                parts.push(bytes.len());
                return Ok(());
            }
            Some(_) => return Err(Damage::Data),
        }
    }
}

fn grey(line: &[i16], out: &mut [u8]) {
    for (&y, pixel) in line.iter().zip(out.as_chunks_mut::<4>().0) {
        let y = y.clamp(0, 255) as u8;
        *pixel = [y, y, y, 255];
    }
}

/// What a line of chroma adds to red, green and blue, each value for `across` pixels: ITU-R BT.601 with the full range, as
/// JFIF 1.02 has it; sixteen bits are enough for a screen.
fn tint(blues: &[i16], reds: &[i16], across: usize, tints: &mut [Vec<i16>; 3]) {
    // factors times 16384; the product's upper half of a chroma times 128 is then 32 times too large
    const fn scaled(factor: f64) -> i16 {
        (factor * 16384.0) as i16
    }
    const RED: i16 = scaled(1.402);
    const GREEN_BLUE: i16 = scaled(0.344_136);
    const GREEN_RED: i16 = scaled(0.714_136);
    const BLUE: i16 = scaled(1.772);
    let upper = |a: i16, b: i16| ((i32::from(a) * i32::from(b)) >> 16) as i16;
    let chroma = |value: i16| value.clamp(-128, 127) * 128;
    let red = |_: i16, red: i16| (upper(chroma(red), RED) + 16) >> 5;
    let green = |blue: i16, red: i16| {
        -((upper(chroma(blue), GREEN_BLUE) + upper(chroma(red), GREEN_RED) + 16) >> 5)
    };
    let blue = |blue: i16, _: i16| (upper(chroma(blue), BLUE) + 16) >> 5;
    let [for_red, for_green, for_blue] = tints;
    spread(blues, reds, across, for_red, red);
    spread(blues, reds, across, for_green, green);
    spread(blues, reds, across, for_blue, blue);
}

/// Each value `across` times.
#[inline(always)]
fn spread(
    blues: &[i16],
    reds: &[i16],
    across: usize,
    tint: &mut Vec<i16>,
    value: impl Fn(i16, i16) -> i16,
) {
    tint.resize(blues.len() * across, 0);
    let pairs = blues.iter().zip(reds);
    if across == 1 {
        for (tint, (&blue, &red)) in tint.iter_mut().zip(pairs) {
            *tint = value(blue, red);
        }
    } else {
        for (tint, (&blue, &red)) in tint.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *tint = [value(blue, red); 2];
        }
    }
}

/// Adds tints to luma. Eight pixels at a time, in registers: the compiler's own way takes twice as long.
fn colour(line: &[i16], tints: [&[i16]; 3], out: &mut [u8]) {
    let (eights, rest) = line.as_chunks::<8>();
    let (pixels, last) = out.as_chunks_mut::<32>();
    let [reds, greens, blues] = tints.map(|tint| tint.as_chunks::<8>());
    let parts = reds.0.iter().zip(greens.0).zip(blues.0);
    for ((&y, ((&r, &g), &b)), pixels) in eights.iter().zip(parts).zip(pixels) {
        *pixels = eight_pixels(y, [r, g, b]);
    }
    let filled = |part: &[i16]| -> [i16; 8] {
        std::array::from_fn(|index| part.get(index).copied().unwrap_or(0))
    };
    let pixels = eight_pixels(filled(rest), [reds.1, greens.1, blues.1].map(filled));
    last.copy_from_slice(&pixels[..last.len()]);
}

#[inline(always)]
fn eight_pixels(luma: [i16; 8], tints: [[i16; 8]; 3]) -> [u8; 32] {
    let (least, most) = (i16x8::splat(0), i16x8::splat(255));
    let luma = i16x8::from(luma).max(least).min(most);
    let [r, g, b] = tints.map(|tint| (luma + i16x8::from(tint)).max(least).min(most));
    // two channels in sixteen bits, then four in thirty-two
    let red_green: u16x8 = bytemuck::cast(r | g << 8);
    let blue_opaque: u16x8 = bytemuck::cast(b | i16x8::splat(0xff00u16 as i16));
    let pixels = i32x8::from_u16x8(red_green) | i32x8::from_u16x8(blue_opaque) << 16;
    bytemuck::cast(pixels)
}

/// Reads blocks of one component, and the index of the last coefficient in each, in zigzag order.
///
/// Apart from the rest, and with the bits in variables of its own: they have to stay in the processor's registers.
#[inline(never)]
fn fill(
    from: &mut Bits<'_>,
    dc: &Table,
    ac: &Table,
    before: &mut i16,
    place: &[u8; 256],
    blocks: &mut [(Block, usize)],
) -> Result<(), Damage> {
    let (mut bits, mut mean, runs) = (*from, *before, ac.runs());
    for (block, last) in blocks {
        bits.refill();
        mean = mean.wrapping_add(dc.step(&mut bits)?.value());
        block[0] = mean;
        let mut index = 0usize;
        'block: loop {
            for _ in 0..LOOKS {
                let (head, values) = runs.look(&bits);
                // what goes beyond the block has no place in it
                for part in 0..TOGETHER {
                    let place = place[(index + values.advance(part)) & 255];
                    block[usize::from(place)] = values.value(part);
                }
                let after = index + head.advance();
                if after < 63 {
                    bits.drop(head.length());
                    index = after;
                    continue;
                }
                if is_end(after) {
                    bits.drop(head.length());
                    *last = last_of(after)?;
                    break 'block;
                }
                // a long one, or the last of the block: what follows is of the next
                let step = ac.step(&mut bits)?;
                index += step.advance();
                block[usize::from(place[index & 255])] = step.value();
                if index >= 63 {
                    *last = last_of(index)?;
                    break 'block;
                }
            }
            bits.refill();
        }
    }
    (*from, *before) = (bits, mean);
    Ok(())
}

/// Whether a block ends just here.
#[inline(always)]
fn is_end(after: usize) -> bool {
    after == 63 || (usize::from(END)..usize::from(END) + 63).contains(&after)
}

/// The index of a block's last coefficient.
#[inline(always)]
fn last_of(index: usize) -> Result<usize, Damage> {
    match index.checked_sub(usize::from(END)) {
        Some(last) => Ok(last),
        None if index == 63 => Ok(63),
        None => Err(Damage::Data),
    }
}

/// Reads past `count` blocks, in strides of several coefficients as long as they are all of the same block.
#[inline(never)]
fn skip(
    from: &mut Bits<'_>,
    dc: &Table,
    ac: &Table,
    before: &mut i16,
    count: usize,
) -> Result<(), Damage> {
    let (mut bits, strides) = (*from, ac.strides());
    for _ in 0..count {
        bits.refill();
        *before = before.wrapping_add(dc.step(&mut bits)?.value());
        let mut index = 0usize;
        'block: loop {
            for _ in 0..LOOKS {
                let stride = strides.look(&bits);
                let after = index + stride.advance();
                if after < 63 {
                    bits.drop(stride.length());
                    index = after;
                    continue;
                }
                if is_end(after) {
                    bits.drop(stride.length());
                    break 'block;
                }
                index += ac.step(&mut bits)?.advance();
                if index >= 63 {
                    last_of(index)?;
                    break 'block;
                }
            }
            bits.refill();
        }
    }
    *from = bits;
    Ok(())
}

#[cfg(test)]
mod tests;
