//! The answers of an Evolis.

use super::RETURN;
use super::status::{Bit, State};

/// The longest answer that is read.
pub const MAX_REPLY: usize = 256;

/// Takes the whole answer, without its end; `None` when more is to come.
///
/// Through the kernel's driver an answer ends with NUL; which end byte it has on the bare wire is not known, so NUL, return and
/// newline all end it.
pub fn frame(bytes: &[u8]) -> Option<String> {
    let start = bytes.iter().position(|byte| !is_end(*byte))?;
    let length = bytes[start..].iter().position(|byte| is_end(*byte));
    let length = length.or((bytes.len() - start >= MAX_REPLY).then_some(MAX_REPLY))?;
    Some(
        String::from_utf8_lossy(&bytes[start..start + length])
            .trim()
            .to_owned(),
    )
}

fn is_end(byte: u8) -> bool {
    matches!(byte, 0 | RETURN | b'\n')
}

/// What an answer to a command means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done,
    /// A state that the vendor has named.
    State(Bit),
    /// An error in words that have not been published.
    Error(String),
}

/// The answers of the vendor's sample classes, and the state each names.
const WORDS: [(&str, Bit); 8] = [
    ("FEEDER EMPTY", Bit::FeederEmpty),
    ("COVER OPEN", Bit::CoverOpen),
    ("CARD JAM", Bit::Mechanical),
    ("ERROR RIBBON", Bit::Ribbon),
    ("HOPPER FULL", Bit::HopperFull),
    ("NEED CLEANING", Bit::CleaningMandatory),
    ("ERROR HOPPER", Bit::Feeder),
    ("ERROR TIME OUT", Bit::Feeder),
];

/// Reads an answer to a command. What contains "ERR" is an error, as in the vendor's present library.
pub fn answer(text: &str) -> Answer {
    let upper = text.to_ascii_uppercase();
    if let Some((_, bit)) = WORDS.iter().find(|(word, _)| *word == upper) {
        return Answer::State(*bit);
    }
    let silent = ["HOPPER DOOR", "OPT NOT AVAILABLE", "NO CARD"];
    if upper.contains("ERR") || silent.contains(&upper.as_str()) {
        Answer::Error(text.to_owned())
    } else {
        Answer::Done
    }
}

/// Whether the word for a state is published.
pub fn has_word(bit: Bit) -> bool {
    WORDS.iter().any(|(_, other)| *other == bit)
}

/// The word for a state, for the virtual printer; what has no published word gets the vendor's name of the bit.
pub fn word(bit: Bit) -> String {
    match WORDS.iter().find(|(_, other)| *other == bit) {
        Some((word, _)) => (*word).to_owned(),
        None => format!("ERR {}", bit.name()),
    }
}

/// The answer to `Rlr;p`: whether a card is at the head. `None` when it says neither.
pub fn card_present(text: &str) -> Option<bool> {
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "NO CARD" => Some(false),
        _ if upper.contains("ERR") => None,
        _ => Some(true),
    }
}

/// A number in an answer to `Rco`.
pub fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// What the state words say so far, after this answer.
pub fn note(answer: &Answer, state: &mut State) {
    if let Answer::State(bit) = answer {
        state.set(*bit);
    }
}

#[cfg(test)]
mod tests;
