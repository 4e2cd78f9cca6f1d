//! Where a JPEG ends, how large it says it is, and whether it is whole. No device is used here.
//!
//! A webcam's buffer is longer than the picture in it, a bad cable truncates pictures, and many cameras leave the
//! Huffman tables out (ITU-T T.81 Annex K.3 has those that they use), which general decoders refuse.

use std::borrow::Cow;

use crate::damage::{Damage, MAX_SIDE};

/// What the markers of one JPEG say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Bytes from the start to the end of the picture, its end marker included.
    pub(crate) len: usize,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// False when the Huffman tables are left out.
    pub(crate) has_tables: bool,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DHT: u8 = 0xc4;

/// Walks the markers from the start of `bytes` to the end marker; what follows it does not matter.
///
/// # Errors
/// [`Damage`] when there is no whole picture.
pub(crate) fn extent(bytes: &[u8]) -> Result<Extent, Damage> {
    if bytes.get(..2) != Some(&[0xff, SOI]) {
        return Err(Damage::NoStart);
    }
    let (mut at, mut size, mut has_tables, mut scans) = (2, None, false, 0);
    loop {
        let marker = marker_at(bytes, &mut at)?;
        match marker {
            EOI => {
                let (width, height) = size.ok_or(Damage::NoPicture)?;
                let whole = Extent {
                    len: at,
                    width,
                    height,
                    has_tables,
                };
                return if scans > 0 {
                    Ok(whole)
                } else {
                    Err(Damage::NoPicture)
                };
            }
            // without a length: TEM and stray restart markers
            0x01 | 0xd0..=0xd7 => continue,
            SOI | 0x00 => return Err(Damage::Header),
            _ => {}
        }
        let segment = segment_at(bytes, &mut at)?;
        match marker {
            DHT => has_tables = true,
            0xc0..=0xc2 => size = Some(size_in(segment)?),
            SOS => {
                scans += 1;
                at = scan_end(bytes, at)?;
            }
            _ => {}
        }
    }
}

/// The marker at `at`, fill bytes skipped; `at` then points behind it.
pub(crate) fn marker_at(bytes: &[u8], at: &mut usize) -> Result<u8, Damage> {
    let mut rest = bytes.get(*at..).unwrap_or_default().iter();
    if *rest.next().ok_or(Damage::Truncated)? != 0xff {
        return Err(Damage::Header);
    }
    *at += 1;
    for &byte in rest {
        *at += 1;
        if byte != 0xff {
            return Ok(byte);
        }
    }
    Err(Damage::Truncated)
}

/// The body of the segment whose length stands at `at`; `at` then points behind it.
pub(crate) fn segment_at<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], Damage> {
    let length = bytes.get(*at..*at + 2).ok_or(Damage::Truncated)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    if length < 2 {
        return Err(Damage::Header);
    }
    let body = bytes.get(*at + 2..*at + length).ok_or(Damage::Truncated)?;
    *at += length;
    Ok(body)
}

fn size_in(frame_header: &[u8]) -> Result<(u32, u32), Damage> {
    let &[_precision, h1, h0, w1, w0, ..] = frame_header else {
        return Err(Damage::Header);
    };
    let (width, height) = (
        u32::from(u16::from_be_bytes([w1, w0])),
        u32::from(u16::from_be_bytes([h1, h0])),
    );
    let sane = (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height);
    if sane {
        Ok((width, height))
    } else {
        Err(Damage::Header)
    }
}

/// Where the entropy-coded data that begin at `at` end: at the next marker that is no restart marker.
fn scan_end(bytes: &[u8], mut at: usize) -> Result<usize, Damage> {
    loop {
        let rest = bytes.get(at..).ok_or(Damage::Truncated)?;
        at += memchr::memchr(0xff, rest).ok_or(Damage::Truncated)?;
        match bytes.get(at + 1) {
            None => return Err(Damage::Truncated),
            // a stuffed zero, a restart marker or a fill byte
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            Some(_) => return Ok(at),
        }
    }
}

/// The frames of an MJPEG file, one JPEG after another; what is between them is skipped.
pub(crate) fn frames(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let start = memchr::memmem::find(bytes, &[0xff, SOI, 0xff])?;
            bytes = &bytes[start..];
            match extent(bytes) {
                Ok(extent) => {
                    let (frame, rest) = bytes.split_at(extent.len);
                    bytes = rest;
                    return Some(frame);
                }
                Err(_) => bytes = &bytes[2..],
            }
        }
    })
}

/// The same JPEG with the standard Huffman tables put in, if it left them out.
#[must_use]
pub(crate) fn with_tables<'a>(jpeg: &'a [u8], extent: &Extent) -> Cow<'a, [u8]> {
    if extent.has_tables {
        return Cow::Borrowed(jpeg);
    }
    let mut whole = Vec::with_capacity(jpeg.len() + STANDARD_TABLES.len());
    whole.extend_from_slice(&jpeg[..2]);
    whole.extend_from_slice(&STANDARD_TABLES);
    whole.extend_from_slice(&jpeg[2..]);
    Cow::Owned(whole)
}

/// One DHT segment with the four tables of ITU-T T.81 Annex K.3.
#[rustfmt::skip]
pub(crate) const STANDARD_TABLES: [u8; 420] = [
    0xff, DHT, 0x01, 0xa2,
    // K.3: luminance DC
    0x00, 0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    // K.5: luminance AC
    0x10, 0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d,
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0,
    0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49,
    0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
    0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
    0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
    0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5,
    0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
    0xf9, 0xfa,
    // K.4: chrominance DC
    0x01, 0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    // K.6: chrominance AC
    0x11, 0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77,
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0,
    0x15, 0x62, 0x72, 0xd1, 0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26,
    0x27, 0x28, 0x29, 0x2a, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
    0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
    0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87,
    0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5,
    0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
    0xf9, 0xfa,
];

#[cfg(test)]
pub(crate) mod tests;
