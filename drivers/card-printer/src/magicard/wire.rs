//! Reads what a host sends to a Magicard, byte by byte as it comes, as strictly as the printer must: the lengths stand only in
//! the header, so one missing byte shifts everything after it.

use thiserror::Error;

use super::layout::{DEPTH, Head};
use super::request::Request;
use super::{END, LEAD_IN, SEPARATOR, START};
use crate::decoded::DecodeError;

/// The longest header: 20 tokens and three tracks of 750 characters (the vendor's own bound for a track).
pub const MAX_HEADER: usize = 4096;

/// Why bytes are no job: where and what.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("byte {offset}: {reason}")]
pub struct WireError {
    pub offset: usize,
    pub reason: String,
}

impl From<WireError> for DecodeError {
    fn from(error: WireError) -> Self {
        Self {
            offset: error.offset,
            reason: error.reason,
        }
    }
}

/// Which plane, in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneKind {
    Yellow,
    Magenta,
    Cyan,
    Resin,
}

impl PlaneKind {
    pub const ALL: [Self; 4] = [Self::Yellow, Self::Magenta, Self::Cyan, Self::Resin];

    /// The letter in the size token and in the trailer: a plane is named after the light that it takes away.
    pub fn letter(self) -> u8 {
        match self {
            Self::Yellow => b'B',
            Self::Magenta => b'G',
            Self::Cyan => b'R',
            Self::Resin => b'K',
        }
    }
}

/// One piece of what came in.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Request(Request),
    /// A job's page begins.
    Header(Header),
    /// A plane is complete.
    Plane(PlaneKind, Vec<u8>),
    /// The page is complete.
    PageEnd,
}

/// The header of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    tokens: Vec<String>,
    pub head: Head,
    /// The planes that follow, with their lengths.
    pub planes: Vec<(PlaneKind, usize)>,
}

impl Header {
    /// What stands after `name` in the first token that begins with it.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.tokens
            .iter()
            .find_map(|token| token.strip_prefix(name))
    }

    pub fn has(&self, token: &str) -> bool {
        self.tokens.iter().any(|t| t == token)
    }

    pub fn number(&self, name: &str) -> Option<u32> {
        self.value(name)?.parse().ok()
    }

    /// All tokens, in their order.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().map(String::as_str)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix(',') else {
            return Err("a header begins with a comma".to_owned());
        };
        if rest.ends_with(',') {
            // The vendor's source: a comma here triggers a fault of the firmware.
            return Err("there is a comma directly before the end of the header".to_owned());
        }
        let tokens: Vec<String> = rest.split(',').map(str::to_owned).collect();
        if !tokens[0].starts_with("NOC") {
            return Err(format!(
                "the first token must be NOC, not \"{}\"",
                clip(&tokens[0])
            ));
        }
        let head = Self::head(&tokens)?;
        let mut header = Self {
            tokens,
            head,
            planes: Vec::new(),
        };
        header.planes = header.sizes()?;
        header.check()?;
        Ok(header)
    }

    fn head(tokens: &[String]) -> Result<Head, String> {
        let named = |name: &str| tokens.iter().any(|token| token == name);
        match () {
            () if named("KEE") => Ok(if named("RT2") {
                Head::Kee
            } else {
                Head::KeeSwapped
            }),
            () if named("KGE") => Ok(Head::Kge),
            () if named("KGE2") => Ok(Head::Kge2),
            () if named("KEE1") || named("KEE4") => {
                Err("the plane layout of the heads KEE1 and KEE4 is not known".to_owned())
            }
            () => Err("no token names the print head (KEE, KGE or KGE2)".to_owned()),
        }
    }

    fn sizes(&self) -> Result<Vec<(PlaneKind, usize)>, String> {
        let mut planes = Vec::new();
        for kind in PlaneKind::ALL {
            let name = format!("SZ{}", char::from(kind.letter()));
            let Some(text) = self.value(&name) else {
                continue;
            };
            let size: usize = text
                .parse()
                .map_err(|_| format!("{name}{} is no size", clip(text)))?;
            let expected = if kind == PlaneKind::Resin {
                self.head.resin_bytes()
            } else {
                self.head.dye_bytes()
            };
            if size != expected {
                return Err(format!(
                    "{name}{size} is not the {expected} bytes of {} lines of {} bytes, {} bit",
                    self.head.lines(),
                    self.head.line_bytes(),
                    if kind == PlaneKind::Resin { 1 } else { DEPTH }
                ));
            }
            planes.push((kind, size));
        }
        let dyes = planes
            .iter()
            .filter(|(kind, _)| *kind != PlaneKind::Resin)
            .count();
        if dyes != 0 && dyes != 3 {
            return Err("of the three dye planes some have no size token".to_owned());
        }
        Ok(planes)
    }

    fn check(&self) -> Result<(), String> {
        if !self.planes.is_empty() {
            let format = self
                .value("IMF")
                .ok_or("planes follow, but there is no IMF token")?;
            // A declared plane may be left out when it is empty (seen in the capture), the other way round not.
            if let Some((kind, _)) = self
                .planes
                .iter()
                .find(|(kind, _)| !format.contains(char::from(kind.letter())))
            {
                return Err(format!(
                    "IMF{} does not name the plane {}",
                    clip(format),
                    char::from(kind.letter())
                ));
            }
        }
        let (lines, rows) = (self.head.lines() as u32, super::layout::ROWS as u32);
        for (name, expected) in [("WID", lines), ("HGT", rows)] {
            match self.value(name) {
                Some(text) if text.parse() != Ok(expected) => {
                    return Err(format!("{name}{} is not {name}{expected}", clip(text)));
                }
                _ => {}
            }
        }
        match self.number("NOC") {
            Some(1..=255) => Ok(()),
            _ => Err("NOC is not a number of copies from 1 to 255".to_owned()),
        }
    }
}

fn clip(text: &str) -> String {
    text.chars().take(24).collect()
}

#[derive(Debug)]
enum State {
    /// Lead-in bytes, or nothing yet.
    Between,
    /// After the start byte, up to the separator.
    Text(Vec<u8>),
    /// After the separator of a request: only the end byte may come.
    RequestEnd(Request),
    /// In plane `index` of the header.
    Plane(usize, Vec<u8>),
    /// In the trailer of plane `index`, with `seen` of its three bytes read.
    Trailer(usize, usize, Vec<u8>),
    /// After the last plane.
    PageEnd,
    /// After an error: everything up to the next start byte is skipped.
    Lost,
}

/// Takes bytes as they come and produces events.
#[derive(Debug)]
pub struct Parser {
    state: State,
    planes: Vec<(PlaneKind, usize)>,
    offset: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    pub fn new() -> Self {
        Self {
            state: State::Between,
            planes: Vec::new(),
            offset: 0,
        }
    }

    /// How many bytes have gone in.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// True when nothing is half read.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Between | State::Lost)
    }

    /// True while a page is half read.
    pub fn in_page(&self) -> bool {
        matches!(
            self.state,
            State::Plane(..) | State::Trailer(..) | State::PageEnd
        )
    }

    /// Takes the next bytes and calls `events` for each piece, with the offset after it. After an error it reads on at the next
    /// start byte.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        events: &mut impl FnMut(usize, Result<Event, WireError>),
    ) {
        while !bytes.is_empty() {
            let (used, event) = self.step(bytes);
            bytes = &bytes[used..];
            self.offset += used;
            match event {
                Some(Ok(event)) => events(self.offset, Ok(event)),
                Some(Err(reason)) => {
                    self.state = State::Lost;
                    let offset = self.offset.saturating_sub(1);
                    events(offset, Err(WireError { offset, reason }));
                }
                None => {}
            }
        }
    }

    /// What is missing if nothing more comes; `None` when all is complete.
    pub fn missing(&self) -> Option<String> {
        match &self.state {
            State::Between | State::Lost => None,
            State::Text(_) => Some("the header has no end".to_owned()),
            State::RequestEnd(_) => Some("the end byte 03 of a request is missing".to_owned()),
            State::Plane(index, data) => {
                let (kind, size) = self.planes[*index];
                Some(format!(
                    "the {kind:?} plane ends after {} of {size} bytes",
                    data.len()
                ))
            }
            State::Trailer(index, ..) => Some(format!(
                "the trailer of the {:?} plane is cut",
                self.planes[*index].0
            )),
            State::PageEnd => Some("the end byte 03 of the page is missing".to_owned()),
        }
    }

    fn step(&mut self, bytes: &[u8]) -> (usize, Option<Result<Event, String>>) {
        let first = bytes[0];
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => match first {
                LEAD_IN => (1, None),
                START => {
                    self.state = State::Text(Vec::new());
                    (1, None)
                }
                byte => (
                    1,
                    Some(Err(format!(
                        "{byte:02x} where a lead-in 05 or a start 01 must be"
                    ))),
                ),
            },
            State::Lost => {
                let used = bytes.iter().position(|byte| *byte == START);
                self.state = if used.is_some() {
                    State::Text(Vec::new())
                } else {
                    State::Lost
                };
                (used.map_or(bytes.len(), |at| at + 1), None)
            }
            State::Text(mut text) => {
                let end = bytes.iter().position(|byte| *byte == SEPARATOR);
                let part = &bytes[..end.unwrap_or(bytes.len()).min(MAX_HEADER + 1)];
                text.extend_from_slice(part);
                if text.len() > MAX_HEADER {
                    return (
                        part.len(),
                        Some(Err(format!("the header is longer than {MAX_HEADER} bytes"))),
                    );
                }
                if end.is_none() {
                    self.state = State::Text(text);
                    return (part.len(), None);
                }
                (part.len() + 1, self.begin(text))
            }
            State::RequestEnd(request) => match first {
                END => (1, Some(Ok(Event::Request(request)))),
                byte => (
                    1,
                    Some(Err(format!(
                        "{byte:02x} where the end 03 of a request must be"
                    ))),
                ),
            },
            State::Plane(index, mut data) => {
                let (_, size) = self.planes[index];
                let part = &bytes[..(size - data.len()).min(bytes.len())];
                data.extend_from_slice(part);
                self.state = if data.len() == size {
                    State::Trailer(index, 0, data)
                } else {
                    State::Plane(index, data)
                };
                (part.len(), None)
            }
            State::Trailer(index, seen, data) => self.trailer(first, index, seen, data),
            State::PageEnd => match first {
                END => (1, Some(Ok(Event::PageEnd))),
                byte => (
                    1,
                    Some(Err(format!(
                        "{byte:02x} where the end 03 of the page must be"
                    ))),
                ),
            },
        }
    }

    fn trailer(
        &mut self,
        byte: u8,
        index: usize,
        seen: usize,
        data: Vec<u8>,
    ) -> (usize, Option<Result<Event, String>>) {
        let kind = self.planes[index].0;
        let expected = [SEPARATOR, kind.letter(), b':'];
        if byte != expected[seen] {
            let reason = format!(
                "{byte:02x} where the trailer {expected:02x?} of the {kind:?} plane has {:02x}",
                expected[seen]
            );
            return (1, Some(Err(reason)));
        }
        if seen < 2 {
            self.state = State::Trailer(index, seen + 1, data);
            return (1, None);
        }
        self.after_plane(index + 1);
        (1, Some(Ok(Event::Plane(kind, data))))
    }

    fn after_plane(&mut self, next: usize) {
        self.state = match self.planes.get(next) {
            Some((_, size)) => State::Plane(next, Vec::with_capacity(*size)),
            None => State::PageEnd,
        };
    }

    fn begin(&mut self, text: Vec<u8>) -> Option<Result<Event, String>> {
        let Ok(text) = String::from_utf8(text) else {
            return Some(Err("the header is not text".to_owned()));
        };
        if let Some(request) = Request::parse(&text) {
            self.state = State::RequestEnd(request);
            return None;
        }
        match Header::parse(&text) {
            Ok(header) => {
                self.planes.clone_from(&header.planes);
                self.after_plane(0);
                Some(Ok(Event::Header(header)))
            }
            Err(reason) => Some(Err(reason)),
        }
    }
}

#[cfg(test)]
mod tests;
