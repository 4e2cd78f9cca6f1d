//! The lines between booth and lamp as text, without a device. `README.md` has them for people who build a lamp.

use std::fmt;
use std::str::FromStr;

/// The longest line, in bytes without its end. What is longer does not come from a lamp.
pub const MAX_LINE: usize = 64;
/// The version of these lines.
const VERSION: &str = "1";

/// How bright a lamp is, in percent of its full brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Brightness(u8);

impl Brightness {
    /// Off.
    pub const DARK: Brightness = Brightness(0);
    /// As bright as the lamp can be.
    pub const FULL: Brightness = Brightness(100);

    /// The brightness of this many percent; none for more than 100.
    #[must_use]
    pub const fn from_percent(percent: u8) -> Option<Brightness> {
        if percent <= 100 {
            Some(Brightness(percent))
        } else {
            None
        }
    }

    /// From 0 to 100.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl FromStr for Brightness {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let percent = text.parse().ok().filter(|_| is_number);
        percent
            .and_then(Brightness::from_percent)
            .ok_or("a brightness is a number from 0 to 100")
    }
}

impl fmt::Display for Brightness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the booth sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Asks for the version of the lines and the name of the lamp.
    Identify,
    /// Sets the brightness.
    Set(Brightness),
}

/// What the lamp answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A lamp of this name.
    Lamp(String),
    /// The brightness that the lamp has now.
    Bright(Brightness),
    /// The lamp did not understand or cannot do it, and why.
    Refused(String),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Identify => f.write_str("ID"),
            Command::Set(brightness) => write!(f, "SET {brightness}"),
        }
    }
}

impl FromStr for Command {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        match line.split_once(' ') {
            None if line == "ID" => Ok(Command::Identify),
            Some(("SET", brightness)) => brightness.parse().map(Command::Set),
            _ => Err("send ID, or SET and a brightness"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Lamp(name) => write!(f, "LAMP {VERSION} {name}"),
            Reply::Bright(brightness) => write!(f, "OK {brightness}"),
            Reply::Refused(why) => write!(f, "ERR {why}"),
        }
    }
}

impl FromStr for Reply {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let is_plain = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if line.len() > MAX_LINE || !is_plain {
            return Err("not a line of printable ASCII");
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "LAMP" => match rest.split_once(' ').unwrap_or((rest, "")) {
                (VERSION, name) => Ok(Reply::Lamp(name.to_owned())),
                _ => Err("a lamp of another version"),
            },
            "OK" => rest.parse().map(Reply::Bright),
            "ERR" => Ok(Reply::Refused(rest.to_owned())),
            _ => Err("not an answer of a lamp"),
        }
    }
}

#[cfg(test)]
mod tests;
