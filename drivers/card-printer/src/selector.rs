//! The name of a printer in a configuration.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use thiserror::Error;

use crate::card_image::MAX_SIDE;
use crate::driver::{Driver, Finder, Timing};
use crate::evolis::Evolis;
use crate::file::FileFinder;
use crate::ipp::{IppFinder, Queue};
use crate::magicard::Magicard;
use crate::model::{Model, Protocol};
use crate::supervisor::Handle;
use crate::transport::recording::{Recording, Replay};
use crate::transport::tcp::TcpTransport;
use crate::transport::usb::{Filter, UsbTransport};
use crate::transport::{LinkError, Transport};
use crate::virtual_printer::{VirtualOptions, VirtualPrinter, VirtualTransport};

/// Names a printer, in configurations and on the command line.
///
/// | text | means |
/// |---|---|
/// | `usb` | the first printer on USB that this crate knows |
/// | `usb:SERIAL` | the one with this serial number |
/// | `usb?model=rio2`, `usb:SERIAL?model=rio2` | the same, and it must be of this model |
/// | `tcp://HOST:PORT?model=primacy` | one on a network socket |
/// | `ipp://localhost/printers/NAME` | a queue of the spooler on this machine; more in [`Queue`] |
/// | `ipp://...?raster=1016x642&media=NAME` | the same: what picture it gets, and what it calls the card |
/// | `ipp://...?turn=180` | the same: the picture on its head, where the queue's driver turns it the wrong way |
/// | `ipp://...?socket=PATH` | the same: where the spooler's socket file is |
/// | `ipp://...?trust=completed` | the same: a job that the queue has completed is a printed card |
/// | `virtual:rio2`, `virtual:rio2?speed=0` | one that exists only in software |
/// | `file:PATH?model=rio2` | no printer: the bytes of each job go to this file |
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    Usb {
        model: Option<Model>,
        serial: Option<String>,
    },
    Tcp {
        address: String,
        model: Model,
    },
    Ipp(Queue),
    Virtual(VirtualOptions),
    File {
        path: PathBuf,
        model: Model,
    },
}

/// Why a text names no printer.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("\"{text}\" names no printer: {reason}")]
pub struct SelectorError {
    text: String,
    reason: String,
}

/// What stands behind the question mark of a selector.
struct Query<'a> {
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Query<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            pair.split_once('=')
                .ok_or_else(|| format!("write \"{pair}\" as KEY=VALUE"))
        });
        Ok(Self {
            pairs: pairs.collect::<Result<_, _>>()?,
        })
    }

    /// Takes one value out.
    fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.pairs.iter().position(|(name, _)| *name == key)?;
        Some(self.pairs.remove(at).1)
    }

    fn model(&mut self) -> Result<Option<Model>, String> {
        self.take("model").map(str::parse).transpose()
    }

    fn needed_model(&mut self) -> Result<Model, String> {
        self.model()?
            .ok_or_else(|| "say which model it is: add ?model=rio2".to_owned())
    }

    fn number(&mut self, key: &str) -> Result<Option<f64>, String> {
        let Some(text) = self.take(key) else {
            return Ok(None);
        };
        let number = text
            .parse::<f64>()
            .ok()
            .filter(|number| (0.0..=1e6).contains(number));
        number
            .map(Some)
            .ok_or_else(|| format!("{key}={text} is no number"))
    }

    /// All values must have been taken.
    fn end(self, known: &str) -> Result<(), String> {
        match self.pairs.first() {
            Some((key, _)) => Err(format!("there is no option {key}: use {known}")),
            None => Ok(()),
        }
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Self::read(text).map_err(|reason| SelectorError {
            text: text.to_owned(),
            reason,
        })
    }
}

impl Selector {
    fn read(text: &str) -> Result<Self, String> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let mut query = Query::parse(query)?;
        let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
        match kind {
            "usb" => {
                let model = query.model()?;
                query.end("model")?;
                Ok(Self::Usb {
                    model,
                    serial: Some(rest.to_owned()).filter(|serial| !serial.is_empty()),
                })
            }
            "tcp" => {
                let address = rest.strip_prefix("//").unwrap_or(rest);
                let port = address
                    .rsplit_once(':')
                    .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
                if port.is_none_or(|(host, _)| host.is_empty()) {
                    return Err("write tcp://HOST:PORT?model=MODEL".to_owned());
                }
                let model = query.needed_model()?;
                query.end("model")?;
                Ok(Self::Tcp {
                    address: address.to_owned(),
                    model,
                })
            }
            "ipp" => {
                let mut queue = Queue::parse(rest)?;
                if let Some(text) = query.take("raster") {
                    queue.raster = sides(text)?;
                }
                queue.media = query.take("media").map(word).transpose()?;
                queue.turned = match query.take("turn") {
                    None | Some("0") => false,
                    Some("180") => true,
                    Some(other) => {
                        return Err(format!("turn={other} is not possible: use turn=180"));
                    }
                };
                queue.socket = query.take("socket").map(PathBuf::from);
                queue.trusted = match query.take("trust") {
                    None => false,
                    Some("completed") => true,
                    Some(other) => {
                        return Err(format!(
                            "trust={other} is not possible: use trust=completed"
                        ));
                    }
                };
                query.end("raster, media, turn, socket, trust")?;
                Ok(Self::Ipp(queue))
            }
            "virtual" => {
                let mut options = VirtualOptions::new(rest.parse()?);
                if let Some(speed) = query.number("speed")? {
                    options = options.speed(speed);
                }
                options.cards = query
                    .number("cards")?
                    .map_or(options.cards, |cards| cards as u32);
                options.film = query
                    .number("film")?
                    .map_or(options.film, |film| film as u32);
                options.serial = query.take("serial").map_or(options.serial, str::to_owned);
                query.end("speed, cards, film, serial")?;
                Ok(Self::Virtual(options))
            }
            "file" if !rest.is_empty() => {
                let model = query.needed_model()?;
                query.end("model")?;
                Ok(Self::File {
                    path: PathBuf::from(rest),
                    model,
                })
            }
            _ => Err("begin with usb, tcp://, ipp://, virtual:MODEL or file:PATH".to_owned()),
        }
    }
}

/// Reads `1016x642`.
fn sides(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|side| (1..=MAX_SIDE).contains(side))
    };
    text.split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| format!("raster={text} is no raster: write raster=1016x642"))
}

/// A name that a spooler may have for a size.
fn word(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 127 || !text.chars().all(fits) {
        return Err(format!("media={text} is no name of a size"));
    }
    Ok(text.to_owned())
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
            Self::Tcp { address, model } => write!(f, "tcp://{address}?model={model}"),
            Self::Ipp(queue) => queue.fmt(f),
            Self::Virtual(options) => {
                write!(f, "virtual:{}?speed={}", options.model, options.speed)
            }
            Self::File { path, model } => write!(f, "file:{}?model={model}", path.display()),
        }
    }
}

/// Opens the printer that `selector` names. Returns at once: a thread finds it, opens it, watches it and finds it again.
pub fn open(selector: &Selector, timing: Timing) -> Handle {
    start(selector, timing, None)
}

/// The same, and everything that goes over the link is written to a file; see [`Replay`]. `time` is the time stamp of the job.
/// A printer behind a spooler and a file have no link to record.
pub fn open_recorded(selector: &Selector, timing: Timing, path: &Path, time: u32) -> Handle {
    start(selector, timing, Some((path.to_owned(), time)))
}

/// Opens a recording in place of a printer.
///
/// # Errors
/// When the recording names no model of this crate.
pub fn open_replay(recording: Replay, timing: Timing) -> Result<Handle, String> {
    let model = recording.prologue().model.parse::<Model>()?;
    let mut once = Some(recording);
    let open = move || match once.take() {
        Some(replay) => Ok((Box::new(replay) as Box<dyn Transport>, model)),
        None => Err(LinkError::NotFound("the end of the recording".to_owned())),
    };
    let finder = LinkFinder {
        open: Box::new(open),
        record: None,
        timing: timing.clone(),
        place: "replay".to_owned(),
    };
    Ok(Handle::start(Box::new(finder), timing))
}

fn start(selector: &Selector, timing: Timing, record: Option<(PathBuf, u32)>) -> Handle {
    let open: OpenLink = match selector.clone() {
        Selector::Usb { model, serial } => Box::new(move || {
            open_usb(&Filter {
                model,
                serial: serial.clone(),
            })
        }),
        Selector::Tcp { address, model } => Box::new(move || {
            TcpTransport::open(&address).map(|link| (Box::new(link) as Box<dyn Transport>, model))
        }),
        Selector::Ipp(queue) => {
            let finder = IppFinder {
                queue,
                timing: timing.clone(),
            };
            return Handle::start(Box::new(finder), timing);
        }
        Selector::Virtual(options) => open_virtual(VirtualPrinter::new(options)),
        Selector::File { path, model } => {
            return Handle::start(Box::new(FileFinder { path, model }), timing);
        }
    };
    let finder = LinkFinder {
        open,
        record,
        timing: timing.clone(),
        place: selector.to_string(),
    };
    Handle::start(Box::new(finder), timing)
}

fn open_usb(filter: &Filter) -> Result<(Box<dyn Transport>, Model), LinkError> {
    let link = UsbTransport::open(filter)?;
    let Some(model) = filter.model.or(link.model()) else {
        return Err(LinkError::Other(
            "the printer's model is not known: write it in the configuration, for example usb?model=rio2".to_owned(),
        ));
    };
    Ok((Box::new(link), model))
}

fn open_virtual(printer: VirtualPrinter) -> OpenLink {
    Box::new(move || {
        VirtualTransport::open(&printer)
            .map(|link| (Box::new(link) as Box<dyn Transport>, printer.model()))
    })
}

/// Opens a virtual printer; the control raises its faults and takes its cards.
pub fn virtual_printer(options: VirtualOptions, timing: Timing) -> (Handle, crate::Control) {
    let printer = VirtualPrinter::new(options);
    let (control, place) = (printer.control(), format!("virtual:{}", printer.model()));
    let finder = LinkFinder {
        open: open_virtual(printer),
        record: None,
        timing: timing.clone(),
        place,
    };
    (Handle::start(Box::new(finder), timing), control)
}

type OpenLink = Box<dyn FnMut() -> Result<(Box<dyn Transport>, Model), LinkError> + Send>;

/// Finds printers that are reached by a transport.
struct LinkFinder {
    open: OpenLink,
    record: Option<(PathBuf, u32)>,
    timing: Timing,
    place: String,
}

impl Finder for LinkFinder {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError> {
        let (link, model) = (self.open)()?;
        // A recording has one session: one after an unplug must not overwrite it.
        if let Some((path, time)) = self.record.take() {
            let failed =
                |error| LinkError::Other(format!("{} cannot be written: {error}", path.display()));
            let link = Recording::new(link, &path, model, time).map_err(failed)?;
            return Ok(driver(link, model, &self.timing));
        }
        Ok(driver(link, model, &self.timing))
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

/// The driver for a model over a link.
fn driver<T: Transport + 'static>(link: T, model: Model, timing: &Timing) -> Box<dyn Driver> {
    match model.protocol() {
        Protocol::Magicard => Box::new(Magicard::new(link, model, timing.clone())),
        Protocol::Evolis => Box::new(Evolis::new(link, model, timing.clone())),
    }
}

#[cfg(test)]
mod tests;
