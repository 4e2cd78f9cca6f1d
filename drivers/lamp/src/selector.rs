//! The name of a lamp in a configuration.

use std::fmt;
use std::str::FromStr;

use crate::Control;

/// Which lamp to use. Written in a configuration as `serial:/dev/serial/by-id/NAME` or `virtual`.
#[derive(Debug, Clone)]
pub enum Selector {
    /// The lamp at this serial port.
    Serial(String),
    /// No device: a lamp in this program.
    Virtual(Control),
}

/// Why a selector could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lamp {0:?}: this does not name a lamp; write serial:/dev/PORT or virtual")]
pub struct SelectorError(String);

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("serial:") {
            Some(path) if path.starts_with('/') => Ok(Selector::Serial(path.to_owned())),
            None if text == "virtual" => Ok(Selector::Virtual(Control::new())),
            _ => Err(SelectorError(text.to_owned())),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Serial(path) => write!(f, "serial:{path}"),
            Selector::Virtual(_) => f.write_str("virtual"),
        }
    }
}
