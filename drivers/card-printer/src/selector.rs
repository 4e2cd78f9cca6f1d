//! Which printer a configuration means.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::driver::{Driver, Finder, Timing};
use crate::model::Model;
use crate::supervisor::Handle;
use crate::transport::LinkError;
use crate::transport::usb::{Filter, UsbTransport};
use crate::virtual_printer::{VirtualOptions, driver, virtual_printer};

/// Names a printer, in configurations and on the command line.
///
/// | text | means |
/// |---|---|
/// | `usb` | the first printer on USB that this crate knows |
/// | `usb:SERIAL` | the one with this serial number |
/// | `usb?model=rio2`, `usb:SERIAL?model=rio2` | the same, and it must be of this model |
/// | `virtual:rio2`, `virtual:rio2?speed=0` | one that exists only in software |
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    Usb {
        model: Option<Model>,
        serial: Option<String>,
    },
    Virtual(VirtualOptions),
}

/// Why a text names no printer.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{text}\" names no printer: {reason}")]
pub struct SelectorError {
    text: String,
    reason: String,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let error = |reason: String| SelectorError {
            text: text.to_owned(),
            reason,
        };
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let mut options = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            options.push(
                pair.split_once('=')
                    .ok_or_else(|| error(format!("write \"{pair}\" as KEY=VALUE")))?,
            );
        }
        let model = |value: &str| value.parse::<Model>().map_err(error);
        let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
        let unknown =
            |key: &str, known: &str| error(format!("there is no option {key}: use {known}"));
        match kind {
            "usb" => {
                let mut wanted = None;
                for (key, value) in options {
                    match key {
                        "model" => wanted = Some(model(value)?),
                        key => return Err(unknown(key, "model")),
                    }
                }
                Ok(Self::Usb {
                    model: wanted,
                    serial: Some(rest.to_owned()).filter(|serial| !serial.is_empty()),
                })
            }
            "virtual" => {
                let mut virtual_options = VirtualOptions::new(model(rest)?);
                for (key, value) in options {
                    let number = value
                        .parse::<f64>()
                        .ok()
                        .filter(|number| (0.0..=1e6).contains(number));
                    let number = number.ok_or_else(|| error(format!("{key}={value} is no number")));
                    match key {
                        "speed" => virtual_options.speed = number?.min(100.0),
                        "cards" => virtual_options.cards = number? as u32,
                        "film" => virtual_options.film = number? as u32,
                        "serial" => virtual_options.serial = value.to_owned(),
                        key => return Err(unknown(key, "speed, cards, film, serial")),
                    }
                }
                Ok(Self::Virtual(virtual_options))
            }
            _ => Err(error("begin with usb or virtual:MODEL".to_owned())),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usb { model, serial } => {
                f.write_str("usb")?;
                if let Some(serial) = serial {
                    write!(f, ":{serial}")?;
                }
                model.map_or(Ok(()), |model| write!(f, "?model={model}"))
            }
            Self::Virtual(options) => {
                write!(f, "virtual:{}?speed={}", options.model, options.speed)
            }
        }
    }
}

/// Begins to look after the printer. Never blocks: a thread finds it, opens it, watches it and finds it again.
pub fn open(selector: &Selector, timing: Timing) -> Handle {
    match selector {
        Selector::Usb { model, serial } => {
            let filter = Filter {
                model: *model,
                serial: serial.clone(),
            };
            Handle::start(
                Box::new(UsbFinder {
                    filter,
                    timing: timing.clone(),
                }),
                timing,
            )
        }
        Selector::Virtual(options) => virtual_printer(options.clone(), timing).0,
    }
}

struct UsbFinder {
    filter: Filter,
    timing: Timing,
}

impl Finder for UsbFinder {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError> {
        let link = UsbTransport::open(&self.filter)?;
        let Some(model) = self.filter.model.or(link.model()) else {
            return Err(LinkError::Other(
                "the printer's model is not known: write it in the configuration, for example usb?model=rio2".to_owned(),
            ));
        };
        Ok(driver(link, model, &self.timing))
    }

    fn place(&self) -> String {
        Selector::Usb {
            model: self.filter.model,
            serial: self.filter.serial.clone(),
        }
        .to_string()
    }
}

#[cfg(test)]
mod tests;
