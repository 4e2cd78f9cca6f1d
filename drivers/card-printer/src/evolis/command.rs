//! Reads and writes the commands of an Evolis, byte by byte as they come. Pixels may hold any byte, so that a command with data
//! is read by its length, never up to the next end byte.

use thiserror::Error;

use super::panel;
use super::{ESCAPE, RETURN};
use crate::card::{Levels, Panel};

/// The longest command without pixels: a magnetic track of 107 characters, with room.
pub const MAX_TEXT: usize = 1024;
/// No compressed panel is longer than this: each of 1016 lines a count and 81 bytes.
pub const MAX_COMPRESSED: usize = 1016 * 82;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Letters and parameters: `Pr;ymcko` is name `Pr` with one parameter.
    Text {
        name: String,
        parameters: Vec<String>,
    },
    /// `Db`, `Dbc`: the pixels of a panel, unpacked to the bytes of a plain `Db` of so many bits a dot.
    Download {
        panel: Panel,
        bits: usize,
        data: Vec<u8>,
    },
}

impl Command {
    /// A command from its text, as it is written in the guide: `Rco;c`.
    pub fn text(text: &str) -> Self {
        let mut parts = text.split(';').map(str::to_owned);
        Self::Text {
            name: parts.next().unwrap_or_default(),
            parameters: parts.collect(),
        }
    }
}

/// The bytes of a command without pixels.
pub fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = vec![ESCAPE];
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(RETURN);
    bytes
}

/// Why bytes are no command: where and what.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("byte {offset}: {reason}")]
pub struct CommandError {
    pub offset: usize,
    pub reason: String,
}

/// The letter of a panel in commands.
pub fn panel_of(letter: &str) -> Option<Panel> {
    [
        Panel::Yellow,
        Panel::Magenta,
        Panel::Cyan,
        Panel::Resin,
        Panel::Overcoat,
    ]
    .into_iter()
    .find(|panel| letter.len() == 1 && letter.starts_with(panel.letter()))
}

#[derive(Debug)]
enum State {
    /// Between commands: NUL bytes are padding.
    Between,
    Text(Vec<u8>),
    /// Pixels: of which panel, how many bits, compressed or not, how many bytes.
    Data {
        panel: Panel,
        bits: usize,
        compressed: bool,
        length: usize,
        data: Vec<u8>,
    },
    /// After an error: everything up to the next escape byte is passed over.
    Lost,
}

/// Takes bytes as they come and gives commands.
#[derive(Debug)]
pub struct Parser {
    state: State,
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
            offset: 0,
        }
    }

    /// How many bytes have gone in.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// True when no command is half read.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Between | State::Lost)
    }

    /// What is missing if nothing more comes; `None` when all is complete.
    pub fn missing(&self) -> Option<String> {
        match &self.state {
            State::Between | State::Lost => None,
            State::Text(_) => Some("the last command has no end byte 0d".to_owned()),
            State::Data {
                panel,
                length,
                data,
                ..
            } => Some(format!(
                "the {panel} panel ends after {} of {length} bytes",
                data.len().min(*length)
            )),
        }
    }

    /// Takes the next bytes and calls `events` for each command, with the offset after it. After an error it reads on at the next
    /// escape byte.
    pub fn push(
        &mut self,
        mut bytes: &[u8],
        events: &mut impl FnMut(usize, Result<Command, CommandError>),
    ) {
        while !bytes.is_empty() {
            let (used, event) = self.step(bytes);
            bytes = &bytes[used..];
            self.offset += used;
            match event {
                Some(Ok(command)) => events(self.offset, Ok(command)),
                Some(Err(reason)) => {
                    self.state = State::Lost;
                    let offset = self.offset.saturating_sub(1);
                    events(offset, Err(CommandError { offset, reason }));
                }
                None => {}
            }
        }
    }

    fn step(&mut self, bytes: &[u8]) -> (usize, Option<Result<Command, String>>) {
        match std::mem::replace(&mut self.state, State::Between) {
            State::Between => match bytes[0] {
                // A lone end byte is how a host makes sure that nothing is half said.
                0 | RETURN => (1, None),
                ESCAPE => {
                    self.state = State::Text(Vec::new());
                    (1, None)
                }
                byte => (
                    1,
                    Some(Err(format!("{byte:02x} where an escape byte 1b must be"))),
                ),
            },
            State::Lost => {
                let at = bytes.iter().position(|byte| *byte == ESCAPE);
                self.state = if at.is_some() {
                    State::Text(Vec::new())
                } else {
                    State::Lost
                };
                (at.map_or(bytes.len(), |at| at + 1), None)
            }
            State::Text(text) => self.text(text, bytes[0]),
            State::Data {
                panel,
                bits,
                compressed,
                length,
                mut data,
            } => {
                // The end byte is read with the data.
                let part = &bytes[..(length + 1 - data.len()).min(bytes.len())];
                data.extend_from_slice(part);
                if data.len() <= length {
                    self.state = State::Data {
                        panel,
                        bits,
                        compressed,
                        length,
                        data,
                    };
                    return (part.len(), None);
                }
                (part.len(), Some(download(panel, bits, compressed, data)))
            }
        }
    }

    fn text(&mut self, mut text: Vec<u8>, byte: u8) -> (usize, Option<Result<Command, String>>) {
        if byte == RETURN {
            return (1, Some(finish(text)));
        }
        if !(b' '..=b'~').contains(&byte) {
            return (1, Some(Err(format!("{byte:02x} in the text of a command"))));
        }
        text.push(byte);
        if text.len() > MAX_TEXT {
            return (
                1,
                Some(Err(format!("the command is longer than {MAX_TEXT} bytes"))),
            );
        }
        if byte == b';' && (text.starts_with(b"Db;") || text.starts_with(b"Dbc;")) {
            match header(&text) {
                None => {}
                Some(Err(reason)) => return (1, Some(Err(reason))),
                Some(Ok(state)) => {
                    self.state = state;
                    return (1, None);
                }
            }
        }
        self.state = State::Text(text);
        (1, None)
    }
}

/// Reads `Db;y;128;` and `Dbc;k;2;1234;`: the state that takes the data; `None` when it is not whole yet.
fn header(text: &[u8]) -> Option<Result<State, String>> {
    let text = String::from_utf8_lossy(text);
    let parts: Vec<&str> = text.trim_end_matches(';').split(';').collect();
    let compressed = parts[0] == "Dbc";
    if parts.len() < if compressed { 4 } else { 3 } {
        return None;
    }
    Some(data_state(&parts, compressed))
}

fn data_state(parts: &[&str], compressed: bool) -> Result<State, String> {
    let panel = panel_of(parts[1]).ok_or_else(|| format!("there is no panel \"{}\"", parts[1]))?;
    let single = matches!(panel, Panel::Resin | Panel::Overcoat);
    let bits = match parts[2].parse::<usize>() {
        Ok(2) if single => 1,
        Ok(count) if !single => match Levels::from_count(count) {
            Some(levels) => levels.bits(),
            None => {
                return Err(format!(
                    "the {panel} panel has 32, 64 or 128 levels, not {count}"
                ));
            }
        },
        _ => {
            return Err(format!(
                "\"{}\" is no number of levels for the {panel} panel",
                parts[2]
            ));
        }
    };
    let length = match (compressed, parts.get(3)) {
        (false, _) => panel::bytes(bits),
        (true, _) if !single => return Err("how colour is compressed is not published".to_owned()),
        (true, count) => match count.and_then(|count| count.parse().ok()) {
            Some(count) if (1..=MAX_COMPRESSED).contains(&count) => count,
            _ => {
                return Err(
                    "the length of the compressed data is no number from 1 to 83312".to_owned(),
                );
            }
        },
    };
    Ok(State::Data {
        panel,
        bits,
        compressed,
        length,
        data: Vec::with_capacity(length + 1),
    })
}

fn download(
    panel: Panel,
    bits: usize,
    compressed: bool,
    mut data: Vec<u8>,
) -> Result<Command, String> {
    match data.pop() {
        Some(RETURN) => {}
        byte => {
            return Err(format!(
                "{:02x} where the end byte 0d of the {panel} panel must be",
                byte.unwrap_or_default()
            ));
        }
    }
    if compressed {
        data = panel::expand(&data)
            .map_err(|(at, reason)| format!("the {panel} panel, at its byte {at}: {reason}"))?;
    }
    Ok(Command::Download { panel, bits, data })
}

fn finish(text: Vec<u8>) -> Result<Command, String> {
    let text = String::from_utf8(text).map_err(|_| "a command is not text".to_owned())?;
    let name = text.split(';').next().unwrap_or_default();
    if name.is_empty() || name.len() > 8 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(format!(
            "\"{}\" is no command",
            text.chars().take(24).collect::<String>()
        ));
    }
    if name == "Db" || name == "Dbc" {
        return Err(format!("the command {name} has no pixels"));
    }
    Ok(Command::text(&text))
}

#[cfg(test)]
mod tests;
