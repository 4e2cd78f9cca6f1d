//! From the bytes of a Magicard job to the card that comes out.

use super::layout::{self, DEFAULT_HEAD_POSITION, Head, HeadMap, ROWS};
use super::wire::{Event, Header, Parser, PlaneKind};
use crate::decoded::{DecodeError, DecodedCard, DecodedSide, Depth};

/// Puts the pages of a job together, plane by plane as they come.
#[derive(Debug)]
pub(crate) struct Assembly {
    card: DecodedCard,
    map: HeadMap,
    header: Header,
    back: bool,
}

impl Assembly {
    /// Begins a card with the header of its front.
    pub(crate) fn begin(header: Header) -> Result<Self, String> {
        if header.has("PAG2") {
            return Err("a back side (PAG2) comes without its front".to_owned());
        }
        let head = header.head;
        let map = HeadMap::new(head, head_position(&header), false);
        let copies = header
            .number("NOC")
            .and_then(|n| u8::try_from(n).ok())
            .unwrap_or(1);
        let card = DecodedCard {
            model: head.model(),
            copies,
            front: side(&header),
            back: None,
            tracks: tracks(&header),
            time: header
                .value("TDT")
                .and_then(|text| u32::from_str_radix(text, 16).ok()),
        };
        Ok(Self {
            card,
            map,
            header,
            back: false,
        })
    }

    /// Goes on with the header of the back.
    pub(crate) fn turn(&mut self, header: Header) -> Result<(), String> {
        if !self.expects_back() {
            return Err("a second page follows, but the first said DPXOFF".to_owned());
        }
        if !header.has("PAG2") || header.head != self.header.head {
            return Err(
                "the second page of a duplex job must say PAG2 and name the same head".to_owned(),
            );
        }
        self.map = HeadMap::new(header.head, head_position(&header), true);
        self.card.back = Some(side(&header));
        self.header = header;
        self.back = true;
        Ok(())
    }

    pub(crate) fn plane(&mut self, kind: PlaneKind, data: &[u8]) {
        let map = &self.map;
        let side = if self.back {
            self.card.back.get_or_insert_with(|| side(&self.header))
        } else {
            &mut self.card.front
        };
        match kind {
            PlaneKind::Yellow => side.dye[0] = Some(layout::unpack_dye(data, map)),
            PlaneKind::Magenta => side.dye[1] = Some(layout::unpack_dye(data, map)),
            PlaneKind::Cyan => side.dye[2] = Some(layout::unpack_dye(data, map)),
            PlaneKind::Resin => side.resin = Some(layout::unpack_resin(data, map)),
        }
    }

    /// True when the other side is still to come.
    pub(crate) fn expects_back(&self) -> bool {
        !self.back && self.header.has("DPXON")
    }

    pub(crate) fn finish(self) -> DecodedCard {
        self.card
    }
}

fn head_position(header: &Header) -> u8 {
    header
        .number("DDD")
        .and_then(|n| u8::try_from(n).ok())
        .unwrap_or(DEFAULT_HEAD_POSITION)
}

fn side(header: &Header) -> DecodedSide {
    let head: Head = header.head;
    let mut side = DecodedSide::blank(head.lines() as u32, ROWS as u32, Depth::SixBits);
    if header.has("OVRON") {
        side.overcoat = Some(overcoat(header));
    }
    side
}

/// The overcoat as one byte a pixel: what `PCT` covers, less what `NCT` leaves free.
fn overcoat(header: &Header) -> Vec<u8> {
    let (width, height) = (header.head.lines(), ROWS);
    let mut cover = vec![0; width * height];
    let tokens: Vec<&str> = header.tokens().collect();
    for (name, value) in [("PCT", 0xFF), ("NCT", 0)] {
        for (index, token) in tokens.iter().enumerate() {
            let Some(first) = token.strip_prefix(name) else {
                continue;
            };
            let numbers: Vec<usize> = std::iter::once(first)
                .chain(tokens[index + 1..].iter().copied().take(3))
                .map_while(|n| n.parse().ok())
                .collect();
            let [left, bottom, right, top] = numbers[..] else {
                continue;
            };
            // Dots from the bottom left, both ends included.
            for y in bottom..=top.min(height - 1) {
                for x in left..=right.min(width - 1) {
                    cover[(height - 1 - y) * width + x] = value;
                }
            }
        }
    }
    cover
}

/// The data of the `MAG` tokens: the first token after it that is no setting.
fn tracks(header: &Header) -> [Option<String>; 3] {
    let tokens: Vec<&str> = header.tokens().collect();
    [1, 2, 3].map(|track| {
        let at = tokens
            .iter()
            .position(|token| *token == format!("MAG{track}"))?;
        let setting = |token: &str| {
            token
                .strip_prefix("BPI")
                .or(token.strip_prefix("MPC"))
                .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
                || token == "COEH"
                || token == "COEL"
        };
        tokens[at + 1..]
            .iter()
            .find(|token| !setting(token))
            .map(|data| (*data).to_owned())
    })
}

/// Reads a whole job from a file: one card of one or two pages, nothing after it.
pub(crate) fn decode(bytes: &[u8]) -> Result<DecodedCard, DecodeError> {
    let mut parser = Parser::new();
    let mut job = Reading::default();
    let mut failure: Option<DecodeError> = None;
    parser.push(bytes, &mut |offset, event| {
        if failure.is_none() {
            let result = match event {
                Ok(event) => job
                    .take(event)
                    .map_err(|reason| DecodeError { offset, reason }),
                Err(error) => Err(error.into()),
            };
            failure = result.err();
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let end = |reason: &str| DecodeError {
        offset: bytes.len(),
        reason: reason.to_owned(),
    };
    if let Some(missing) = parser.missing() {
        return Err(end(&missing));
    }
    match job.assembly {
        None => Err(end("there is no job in it")),
        Some(_) if !job.complete => Err(end("the back side of a duplex job is missing")),
        Some(assembly) => Ok(assembly.finish()),
    }
}

/// A file that holds one job.
#[derive(Default)]
struct Reading {
    assembly: Option<Assembly>,
    complete: bool,
}

impl Reading {
    fn take(&mut self, event: Event) -> Result<(), String> {
        match (event, &mut self.assembly) {
            (Event::Request(request), _) => {
                return Err(format!("the request {request:?} stands in a job"));
            }
            (Event::Header(_), _) if self.complete => {
                return Err("another job follows the first".to_owned());
            }
            (Event::Header(header), None) => self.assembly = Some(Assembly::begin(header)?),
            (Event::Header(header), Some(assembly)) => assembly.turn(header)?,
            (Event::Plane(kind, data), Some(assembly)) => assembly.plane(kind, &data),
            (Event::PageEnd, Some(assembly)) => self.complete = !assembly.expects_back(),
            (Event::Plane(..) | Event::PageEnd, None) => {
                return Err("a plane comes before any header".to_owned());
            }
        }
        Ok(())
    }
}
