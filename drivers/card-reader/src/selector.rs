//! The name of a reader in a configuration.

use std::fmt;
use std::str::FromStr;

use crate::transport::Port;
use crate::virtual_reader::Control;

/// Which reader to use. Written in a configuration as `pn532:any`, `pn532:/dev/ttyUSB0`, `pn532:usb`,
/// `pn532:usb:1a86:7523`, `pn532:usb:1a86:7523:SERIAL` or `virtual`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selector {
    /// The first serial port, USB ones before built-in ones, behind which a PN532 answers. The driver speaks to every free
    /// port: where other serial devices are connected, name the reader's port.
    #[default]
    Any,
    /// The port with this device file or link to one; the links in `/dev/serial/by-id` keep their names.
    Serial(String),
    /// The first port of a USB bridge with these numbers, of any when they are left out, behind which a PN532 answers.
    Usb {
        id: Option<UsbId>,
        serial: Option<String>,
    },
    /// No device: a reader in software at the end of a pseudo terminal.
    Virtual(Control),
}

/// Vendor and product number of a USB device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsbId {
    pub vid: u16,
    pub pid: u16,
}

/// Why a selector could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "card reader {given:?}: {why}; write pn532:any, pn532:/dev/NAME, pn532:usb[:VID:PID[:SERIAL]] or virtual"
)]
pub struct SelectorError {
    given: String,
    why: &'static str,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|why| SelectorError {
            given: text.to_owned(),
            why,
        })
    }
}

fn parse(text: &str) -> Result<Selector, &'static str> {
    match text.split_once(':') {
        None if text == "virtual" => Ok(Selector::Virtual(Control::new())),
        None if text == "pn532" => Ok(Selector::Any),
        Some(("pn532", "any")) => Ok(Selector::Any),
        Some(("pn532", "usb")) => Ok(Selector::Usb {
            id: None,
            serial: None,
        }),
        Some(("pn532", path)) if path.starts_with('/') => Ok(Selector::Serial(path.to_owned())),
        Some(("pn532", rest)) => parse_usb(rest),
        _ => Err("this does not name a card reader"),
    }
}

fn parse_usb(text: &str) -> Result<Selector, &'static str> {
    let mut parts = text.splitn(4, ':');
    if parts.next() != Some("usb") {
        return Err("a port is written in full, from /dev on");
    }
    let (Some(vid), Some(pid)) = (parts.next(), parts.next()) else {
        return Err("a USB device has two numbers, as lsusb prints them");
    };
    let number = |text: &str| {
        let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
    };
    let (Some(vid), Some(pid)) = (number(vid), number(pid)) else {
        return Err("a USB number has four hexadecimal digits");
    };
    match parts.next() {
        Some("") => Err("nothing follows the last colon"),
        serial => Ok(Selector::Usb {
            id: Some(UsbId { vid, pid }),
            serial: serial.map(str::to_owned),
        }),
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Any => f.write_str("pn532:any"),
            Selector::Serial(path) => write!(f, "pn532:{path}"),
            Selector::Usb { id, serial } => {
                f.write_str("pn532:usb")?;
                if let Some(UsbId { vid, pid }) = id {
                    write!(f, ":{vid:04x}:{pid:04x}")?;
                }
                match serial {
                    Some(serial) => write!(f, ":{serial}"),
                    None => Ok(()),
                }
            }
            Selector::Virtual(_) => f.write_str("virtual"),
        }
    }
}

impl Selector {
    /// The ports to try, in this order.
    pub(crate) fn candidates(&self, ports: &[Port]) -> Vec<Candidate> {
        let candidate = |path: &str, expected| Candidate {
            path: path.to_owned(),
            expected,
        };
        let usb = ports
            .iter()
            .filter_map(|port| Some((port, port.usb.as_ref()?)));
        let built_in = ports.iter().filter(|port| port.usb.is_none());
        match self {
            Selector::Serial(path) => vec![candidate(path, true)],
            Selector::Any => usb
                .map(|(port, _)| candidate(&port.path, true))
                .chain(built_in.map(|port| candidate(&port.path, false)))
                .collect(),
            Selector::Usb { id, serial } => usb
                .filter(|(_, bridge)| {
                    id.is_none_or(|id| (id.vid, id.pid) == (bridge.vid, bridge.pid))
                })
                .filter(|(_, bridge)| serial.is_none() || *serial == bridge.serial)
                .map(|(port, _)| candidate(&port.path, true))
                .collect(),
            Selector::Virtual(_) => Vec::new(),
        }
    }
}

/// A port behind which a reader may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) path: String,
    /// Whether a reader is expected at the port, so that a failure there is worth reporting. A built-in port that the
    /// configuration does not name may well have nothing behind it.
    pub(crate) expected: bool,
}

#[cfg(test)]
mod tests;
