//! The replies of a Magicard.

use thiserror::Error;

use super::{END, START};

/// The longest reply that is read: the host of the capture asks for 1024 bytes.
pub const MAX_REPLY: usize = 1024;

/// Why bytes are no reply.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the printer's reply is not understood at byte {offset}: {reason}")]
pub struct ReplyError {
    pub offset: usize,
    pub reason: &'static str,
}

fn error<T>(offset: usize, reason: &'static str) -> Result<T, ReplyError> {
    Err(ReplyError { offset, reason })
}

/// The keys of `REQ,STA` that a driver needs (Gutenprint's backend knows 28).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Serial,
    Firmware,
    Cards,
    Panels,
    Cleanings,
    CardsSinceCleaning,
    CardsBetweenCleanings,
    PanelsLeft,
    CleaningPrompt,
    HeadPosition,
}

impl Key {
    pub fn name(self) -> &'static str {
        match self {
            Self::Serial => "MSR",
            Self::Firmware => "VRS",
            Self::Cards => "TCQ",
            Self::Panels => "TPQ",
            Self::Cleanings => "TCN",
            Self::CardsSinceCleaning => "CCQ",
            Self::CardsBetweenCleanings => "CCP",
            Self::PanelsLeft => "DFR",
            Self::CleaningPrompt => "CLP",
            Self::HeadPosition => "FPP",
        }
    }
}

/// Takes the whole reply between start and end byte; `Ok(None)` when more bytes are to come.
///
/// What stands before the start byte (the rest of an older reply) is skipped.
///
/// # Errors
/// When 1024 bytes have come without a start byte or an end byte.
pub fn frame(bytes: &[u8]) -> Result<Option<&[u8]>, ReplyError> {
    let Some(start) = bytes.iter().position(|byte| *byte == START) else {
        return if bytes.len() > MAX_REPLY {
            error(0, "there is no start byte 01")
        } else {
            Ok(None)
        };
    };
    match bytes[start..].iter().position(|byte| *byte == END) {
        Some(end) => Ok(Some(&bytes[start + 1..start + end])),
        None if bytes.len() - start > MAX_REPLY => {
            error(start, "it is longer than 1024 bytes and has no end byte 03")
        }
        None => Ok(None),
    }
}

/// The value in a reply to `REQ,STA,KEY`: `STA,` key value `,`.
///
/// # Errors
/// When the frame is the reply to something else, or the value is not text.
pub fn value<'a>(frame: &'a [u8], key: &str) -> Result<&'a str, ReplyError> {
    let Some(rest) = frame.strip_prefix(b"STA,") else {
        return error(0, "it does not begin with STA,");
    };
    let Some(rest) = rest.strip_prefix(key.as_bytes()) else {
        return error(4, "it answers another question");
    };
    let rest = rest.strip_suffix(b",").unwrap_or(rest);
    match std::str::from_utf8(rest) {
        Ok(text) => Ok(text.trim()),
        Err(_) => error(4 + key.len(), "the value is not text"),
    }
}

/// A reply to `REQ,ERR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// In the language of the last job's header.
    pub text: String,
    pub major: u16,
    pub minor: u16,
    /// Four characters whose meaning is not published, for example `0300`.
    pub code: String,
}

impl Condition {
    pub fn is_ok(&self) -> bool {
        self.major == 0 && self.minor == 0
    }
}

/// Reads a reply to `REQ,ERR`: text, a line with `major:minor` (words may stand before it), a line with `(cNNNN)`.
///
/// # Errors
/// When the reply has another form.
pub fn condition(frame: &[u8]) -> Result<Condition, ReplyError> {
    let Some(rest) = frame.strip_prefix(b"STA") else {
        return error(0, "it does not begin with STA");
    };
    let all = String::from_utf8_lossy(rest);
    let mut lines: Vec<&str> = all.split('\n').collect();
    let code = match lines
        .last()
        .and_then(|line| line.trim().strip_prefix("(c"))
        .and_then(|line| line.strip_suffix(')'))
    {
        Some(code) => code.to_owned(),
        None => return error(3, "its last line is not (cNNNN)"),
    };
    lines.pop();
    let Some(numbers) = lines.pop() else {
        return error(3, "it has no line with the error's numbers");
    };
    // "00:00" when all is well, "Fehlercode - 11:01" with a fault: the numbers are the last word.
    let word = numbers.rsplit([' ', '-']).next().unwrap_or_default();
    let Some((major, minor)) = word.split_once(':') else {
        return error(3, "it has no major:minor error");
    };
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => Ok(Condition {
            text: lines.join(" ").trim().to_owned(),
            major,
            minor,
            code,
        }),
        _ => error(3, "the error's numbers are not numbers"),
    }
}

/// A reply to `REQ,INF`, the fields that a driver needs. Fields that are missing or no numbers are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    pub model_bits: Option<u32>,
    pub model_name: String,
    pub head_type: Option<u32>,
    pub serial: String,
    pub firmware: String,
    pub cards: Option<u64>,
    pub panels: Option<u64>,
    pub cleanings: Option<u64>,
    pub cards_since_cleaning: Option<u64>,
    pub cards_between_cleanings: Option<u64>,
    pub head_position: Option<u8>,
    pub major: Option<u16>,
    pub minor: Option<u16>,
    pub shots_on_film: Option<u32>,
    pub shots_used: Option<u32>,
    pub film_type: String,
}

impl Info {
    /// Prints left on the ribbon. That it is this difference is concluded from the names of the fields.
    pub fn shots_left(&self) -> Option<u32> {
        Some(self.shots_on_film?.saturating_sub(self.shots_used?))
    }
}

/// Reads a reply to `REQ,INF`: `STA$$`, then 35 fields between commas or colons.
///
/// # Errors
/// When the reply has another form, or too few fields.
pub fn info(frame: &[u8]) -> Result<Info, ReplyError> {
    let Some(rest) = frame.strip_prefix(b"STA$$") else {
        return error(0, "it does not begin with STA$$");
    };
    let text = String::from_utf8_lossy(rest);
    let fields: Vec<&str> = text.split([',', ':']).map(str::trim).collect();
    if fields.len() < 21 {
        return error(5, "it has fewer than 21 fields");
    }
    let text_at = |index: usize| fields.get(index).copied().unwrap_or_default().to_owned();
    fn number<T: std::str::FromStr>(fields: &[&str], index: usize) -> Option<T> {
        fields.get(index).and_then(|field| field.parse().ok())
    }
    Ok(Info {
        model_bits: number(&fields, 0),
        model_name: text_at(1),
        head_type: number(&fields, 2),
        serial: text_at(3),
        firmware: text_at(6),
        cards: number(&fields, 9),
        panels: number(&fields, 11),
        cleanings: number(&fields, 12),
        cards_since_cleaning: number(&fields, 14),
        cards_between_cleanings: number(&fields, 15),
        head_position: number(&fields, 16),
        major: number(&fields, 19),
        minor: number(&fields, 20),
        shots_on_film: number(&fields, 22),
        shots_used: number(&fields, 23),
        film_type: text_at(24),
    })
}

#[cfg(test)]
mod tests;
