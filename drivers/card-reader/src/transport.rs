//! Bytes to and from a reader. The only file that names `serialport`.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, ErrorKind, SerialPort, SerialPortType, TTYPort};

use crate::{Error, Fault};

/// What a PN532 speaks after power-up: 115200 baud, 8 data bits, no parity, 1 stop bit, no flow control
/// (UM0701-02 section 6.3.2). The latter four are serialport's own defaults.
const BAUD: u32 = 115_200;

/// More than this still unsent means that the line takes nothing: several times the longest command.
const UNSENT: u32 = 512;

/// Carries bytes both ways. No call waits for longer than the caller says.
pub trait Transport: Send {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the link is gone, or does not take the bytes within `limit`.
    fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError>;

    /// Waits up to `limit` for bytes and tells how many came; 0 when none did.
    ///
    /// # Errors
    /// When the link is gone.
    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError>;

    /// Drops what has come and was not received, and what was sent and has not left.
    fn discard(&mut self);
}

/// How a link fails. Silence is no failure of the link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("the serial port is gone: {0}")]
    Gone(String),
    #[error("the serial port takes no bytes")]
    Stuck,
}

/// A serial port.
#[derive(Debug)]
pub struct SerialTransport {
    port: TTYPort,
}

impl SerialTransport {
    /// Opens the port at `path`, for this process alone.
    ///
    /// # Errors
    /// With the fault that says why not.
    pub fn open(path: &str) -> Result<SerialTransport, Error> {
        let mut port =
            TTYPort::open(&serialport::new(path, BAUD)).map_err(|error| why_not(path, &error))?;
        // Some boards are powered or held in reset by these lines. A pseudo terminal has none (ENOTTY), and a port that
        // cannot set them can carry bytes all the same: whether it does, the first command tells.
        let _optional = port.write_data_terminal_ready(true);
        let _optional = port.write_request_to_send(true);
        let mut transport = SerialTransport { port };
        transport.discard();
        Ok(transport)
    }
}

/// Reads the fault out of what serialport makes of an errno; it keeps the number for a few of them only.
fn why_not(path: &str, error: &serialport::Error) -> Error {
    let is_device = fs::metadata(path).is_ok_and(|file| file.file_type().is_char_device());
    let text = error.to_string();
    let fault = match error.kind() {
        ErrorKind::NoDevice => Fault::Busy, // EBUSY of TIOCEXCL or of flock
        ErrorKind::Io(io::ErrorKind::NotFound) => Fault::NotFound,
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => Fault::NoPermission,
        _ if text == "Operation not permitted" => Fault::NoPermission,
        // ENODEV, ENXIO, EIO: the node has outlived the device
        _ if is_device && (text.starts_with("No such device") || text == "I/O error") => {
            Fault::NotFound
        }
        _ => Fault::WrongDevice, // no serial port at all
    };
    Error::new(fault, format!("{path}: {text}"))
}

impl Transport for SerialTransport {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError> {
        // the port blocks in write once its buffer is full, whatever the limit: it is never filled
        if self
            .port
            .bytes_to_write()
            .is_ok_and(|unsent| unsent > UNSENT)
        {
            return Err(LinkError::Stuck);
        }
        let until = Instant::now() + limit;
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::Stuck);
            }
            set_limit(&mut self.port, left)?;
            match self.port.write(rest) {
                Ok(0) => return Err(LinkError::Gone("nothing can be written".to_owned())),
                Ok(sent) => rest = &rest[sent..],
                Err(error) if passes(&error) => {}
                Err(error) => return Err(LinkError::Gone(error.to_string())),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        set_limit(&mut self.port, limit)?;
        match self.port.read(buffer) {
            Ok(0) => Err(LinkError::Gone("end of file".to_owned())),
            Ok(count) => Ok(count),
            Err(error) if passes(&error) => Ok(0),
            Err(error) => Err(LinkError::Gone(error.to_string())),
        }
    }

    fn discard(&mut self) {
        // of a port that is gone, the next call tells
        let _gone = self.port.clear(ClearBuffer::All);
    }
}

impl Drop for SerialTransport {
    fn drop(&mut self) {
        // closing a port waits up to 30 s for bytes that a stuck device does not take
        self.discard();
    }
}

fn set_limit(port: &mut TTYPort, limit: Duration) -> Result<(), LinkError> {
    port.set_timeout(limit)
        .map_err(|error| LinkError::Gone(error.to_string()))
}

/// Nothing happened in time, and the link is there.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// A serial port of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its device file.
    pub path: String,
    /// What is behind it when that is USB.
    pub usb: Option<UsbBridge>,
}

/// A USB device that is a serial port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbBridge {
    pub vid: u16,
    pub pid: u16,
    pub serial: Option<String>,
    pub product: Option<String>,
}

/// The serial ports of this machine, in the order of their names. Opens none but the built-in ones, to tell real ones
/// from places for one.
#[must_use]
pub fn ports() -> Vec<Port> {
    let mut ports: Vec<Port> = match serialport::available_ports() {
        Ok(ports) => ports.into_iter().map(Port::from).collect(),
        Err(error) => {
            tracing::warn!(%error, "the system does not tell its serial ports");
            Vec::new()
        }
    };
    ports.sort_by(|one, other| one.path.cmp(&other.path));
    ports
}

impl From<serialport::SerialPortInfo> for Port {
    fn from(info: serialport::SerialPortInfo) -> Port {
        let usb = match info.port_type {
            SerialPortType::UsbPort(usb) => Some(UsbBridge {
                vid: usb.vid,
                pid: usb.pid,
                serial: usb.serial_number,
                product: usb.product,
            }),
            _ => None,
        };
        Port {
            path: info.port_name,
            usb,
        }
    }
}

/// A pseudo terminal: a serial line whose other end is in this process. Its path exists as long as this does.
#[derive(Debug)]
pub(crate) struct Pty {
    near: TTYPort,
    /// Held open so that the line stays up, as a cable does, while nobody has the far end open.
    _far: TTYPort,
    path: PathBuf,
}

impl Pty {
    pub(crate) fn new() -> io::Result<Pty> {
        let (near, far) = TTYPort::pair()?;
        let path = far
            .name()
            .map(PathBuf::from)
            .ok_or_else(|| io::Error::other("a terminal without a name"))?;
        // clones are closed on exec, the pair is not: a program started meanwhile would keep the line up for ever
        Ok(Pty {
            near: near.try_clone_native()?,
            _far: far.try_clone_native()?,
            path,
        })
    }

    /// What the far end is opened by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that came from the far end within `limit`; 0 when none did.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize> {
        self.near.set_timeout(limit)?;
        match self.near.read(buffer) {
            Err(error) if passes(&error) => Ok(0),
            result => result,
        }
    }

    /// Sends bytes to the far end. What it does not take within `limit` is lost, as on a wire: a terminal blocks when
    /// it is full, except for a single byte after it has said that it has room.
    pub(crate) fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        self.near.set_timeout(limit)?;
        for byte in bytes {
            match self.near.write(&[*byte]) {
                Err(error) if passes(&error) => return Ok(()),
                result => result?,
            };
        }
        Ok(())
    }
}
