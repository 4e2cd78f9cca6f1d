//! The way bytes go to a printer and back. The drivers use [`Transport`] and do not know which kind of link it is.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::fault::Fault;
use crate::model::Model;

pub(crate) mod recording;
pub(crate) mod tcp;
pub(crate) mod usb;

/// What can go wrong between the host and a printer. That a printer has no cards is not an error but its status.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum LinkError {
    /// Nothing was transferred within the limit.
    #[error("the printer took or gave nothing in time")]
    Timeout,
    /// The link is closed from the other side.
    #[error("the printer is gone: it was unplugged or switched off")]
    Unplugged,
    /// The printer refused the transfer; how much of it was accepted is not known.
    #[error("the printer stalled the transfer")]
    Stalled,
    /// This program may not open the link.
    #[error("{0}")]
    NoPermission(String),
    #[error(
        "{0} is in use by another program: stop that program (perhaps a CUPS queue for the same printer)"
    )]
    InUse(String),
    #[error(
        "no printer was found at {0}: check its power and its cable, or the address in the configuration"
    )]
    NotFound(String),
    #[error(
        "a {found} is connected where a {wanted} must be: connect the right printer or change the configuration"
    )]
    WrongModel { found: Model, wanted: Model },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl LinkError {
    /// The fault that it means.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Timeout | Self::Stalled => Fault::NotAnswering,
            Self::Unplugged | Self::NotFound(_) => Fault::Unplugged,
            Self::NoPermission(_) => Fault::NoPermission,
            Self::WrongModel { .. } => Fault::WrongModel,
            Self::InUse(text) | Self::Other(text) => Fault::Other {
                code: "link".to_owned(),
                text: text.clone(),
            },
        }
    }

    /// Whether the link cannot be used any more and must be opened again.
    pub fn is_lost(&self) -> bool {
        !matches!(self, Self::Timeout)
    }
}

/// A link to one printer. Every call returns within about its limit.
pub trait Transport: Send {
    /// Sends as many bytes as the printer accepts, and returns how many, at least 1.
    ///
    /// # Errors
    /// `Timeout` when the printer accepted none within `limit`. After any other error it is not known how many of the bytes
    /// arrived, so none of them may be sent again.
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError>;

    /// Reads at most `buffer.len()` bytes.
    ///
    /// # Errors
    /// `Timeout` when the printer sent nothing within `limit`.
    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError>;

    /// The status byte of the USB printer class; `None` where the link has none.
    ///
    /// # Errors
    /// When the link is broken.
    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError>;

    /// The IEEE 1284 device id; `None` where the link has none.
    ///
    /// # Errors
    /// When the link is broken.
    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError>;

    /// Makes the printer drop what it has not worked on yet, and listen again.
    ///
    /// # Errors
    /// When the link is broken.
    fn soft_reset(&mut self) -> Result<(), LinkError>;

    /// Where the printer is, for people: `usb:1:4`, `tcp://127.0.0.1:9100`.
    fn place(&self) -> String;

    /// The serial number of the link's own descriptor, where it has one.
    fn serial(&self) -> Option<String> {
        None
    }

    /// How many bytes are sent at a time.
    fn chunk(&self) -> usize {
        8192
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
        (**self).write(bytes, limit)
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        (**self).read(buffer, limit)
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        (**self).port_status()
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        (**self).device_id()
    }

    fn soft_reset(&mut self) -> Result<(), LinkError> {
        (**self).soft_reset()
    }

    fn place(&self) -> String {
        (**self).place()
    }

    fn serial(&self) -> Option<String> {
        (**self).serial()
    }

    fn chunk(&self) -> usize {
        (**self).chunk()
    }
}

/// The status byte of the USB printer class (USB Printer Class 1.1, 4.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortStatus(pub u8);

impl PortStatus {
    /// Selected and no error: an idle printer.
    pub const READY: Self = Self(0x18);
    /// Not selected, no error: a Magicard at work (USB capture of a DCP100).
    pub const BUSY: Self = Self(0x08);
    /// Selected, error: a Magicard that waits for its operator (the same capture).
    pub const ERROR: Self = Self(0x10);
    pub const PAPER_EMPTY: u8 = 0x20;

    pub fn no_error(self) -> bool {
        self.0 & 0x08 != 0
    }

    pub fn selected(self) -> bool {
        self.0 & 0x10 != 0
    }

    pub fn paper_empty(self) -> bool {
        self.0 & Self::PAPER_EMPTY != 0
    }

    pub fn is_ready(self) -> bool {
        self.no_error() && self.selected() && !self.paper_empty()
    }
}

/// The identity that a printer reports: `KEY:VALUE;` pairs (IEEE 1284), read leniently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceId {
    pairs: Vec<(String, String)>,
}

impl DeviceId {
    /// Reads the text; blanks around keys and values do not count (`MFG:Magicard ; CMD:PCL` is seen on real printers).
    pub fn parse(text: &str) -> Self {
        let pairs = text
            .split(';')
            .filter_map(|pair| pair.split_once(':'))
            .map(|(key, value)| (key.trim().to_ascii_uppercase(), value.trim().to_owned()))
            .take(64)
            .collect();
        Self { pairs }
    }

    /// Reads the answer to GET_DEVICE_ID: two bytes of length, which count themselves, then text. Some printers send the length
    /// low byte first (CUPS expects that, too), so this is tried when the other order makes no sense.
    pub fn from_class_request(data: &[u8]) -> Self {
        let Some((length, text)) = data.split_first_chunk::<2>() else {
            return Self::default();
        };
        let fits = |length: u16| (14..=data.len()).contains(&usize::from(length));
        let length = match (u16::from_be_bytes(*length), u16::from_le_bytes(*length)) {
            (big, _) if fits(big) => usize::from(big),
            (_, little) if fits(little) => usize::from(little),
            _ => data.len(),
        };
        Self::parse(&String::from_utf8_lossy(&text[..length - 2]))
    }

    fn value(&self, keys: &[&str]) -> Option<&str> {
        let found = self
            .pairs
            .iter()
            .find(|(key, _)| keys.contains(&key.as_str()))?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    pub fn maker(&self) -> Option<&str> {
        self.value(&["MFG", "MANUFACTURER"])
    }

    pub fn model(&self) -> Option<&str> {
        self.value(&["MDL", "MODEL"])
    }

    pub fn serial(&self) -> Option<&str> {
        self.value(&["SERN", "SN", "SERIALNUMBER"])
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pairs
            .iter()
            .try_for_each(|(key, value)| write!(f, "{key}:{value};"))
    }
}

#[cfg(test)]
mod tests;
