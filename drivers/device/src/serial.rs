//! Serial lines. The only file of the repository that names `serialport`.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, ErrorKind, SerialPort, SerialPortType, TTYPort};

/// The rate of every line: microcontroller boards take it, and a PN532 speaks it after power-up (UM0701-02 section 6.3.2).
/// 8 data bits, no parity, 1 stop bit and no flow control are the defaults of serialport, and those of both.
const BAUD: u32 = 115_200;

/// More unsent bytes than this mean that the line takes nothing: several times the longest command of any driver.
const UNSENT: u32 = 512;

/// How a line fails that was open. Silence is no failure of the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The device is not connected any more.
    #[error("the serial port is gone: {0}")]
    Gone(String),
    /// The other side does not take what is sent.
    #[error("the serial port takes no bytes")]
    Stuck,
}

/// Why a port cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct OpenError {
    /// The kind of failure, for the fault of the driver.
    pub reason: OpenFailure,
    /// The path and the words of the system, for the log.
    pub detail: String,
}

/// The kinds of failure when a port is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenFailure {
    /// There is no such port, or there is nothing behind it.
    NotFound,
    /// This program may not open it.
    NoPermission,
    /// Another program has it open.
    Busy,
    /// The path leads to something that is no serial port.
    NoSerialPort,
}

/// An open serial port. No call waits for longer than the caller says.
#[derive(Debug)]
pub struct SerialLine {
    port: TTYPort,
}

impl SerialLine {
    /// Opens the port at `path`, for this process alone.
    ///
    /// # Errors
    /// With the reason why it cannot be opened.
    pub fn open(path: &str) -> Result<SerialLine, OpenError> {
        let port =
            TTYPort::open(&serialport::new(path, BAUD)).map_err(|error| why_not(path, &error))?;
        let mut line = SerialLine { port };
        line.discard();
        Ok(line)
    }

    /// Sets the lines DTR and RTS, by which some boards are powered or released from reset. A pseudo terminal has none
    /// (ENOTTY), and a port that cannot set them may carry bytes all the same, so a failure is not reported.
    pub fn power_by_control_lines(&mut self) {
        let _optional = self.port.write_data_terminal_ready(true);
        let _optional = self.port.write_request_to_send(true);
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the line is gone, or does not take the bytes within `limit`.
    pub fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError> {
        // The port blocks in write once its buffer is full, whatever the limit is, so it must never be filled.
        let unsent = self.port.bytes_to_write();
        if unsent.is_ok_and(|unsent| unsent > UNSENT) {
            return Err(LinkError::Stuck);
        }
        let until = Instant::now() + limit;
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::Stuck);
            }
            self.port.set_timeout(left).map_err(gone)?;
            match self.port.write(rest) {
                Ok(0) => return Err(LinkError::Gone("nothing can be written".to_owned())),
                Ok(sent) => rest = &rest[sent..],
                Err(error) if is_passing(&error) => {}
                Err(error) => return Err(gone(error)),
            }
        }
        Ok(())
    }

    /// Waits up to `limit` for bytes and returns how many came; 0 when none did.
    ///
    /// # Errors
    /// When the line is gone.
    pub fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        self.port.set_timeout(limit).map_err(gone)?;
        match self.port.read(buffer) {
            Ok(0) => Err(LinkError::Gone("end of file".to_owned())),
            Ok(count) => Ok(count),
            Err(error) if is_passing(&error) => Ok(0),
            Err(error) => Err(gone(error)),
        }
    }

    /// Drops what has come and was not received, and what was sent and has not left.
    pub fn discard(&mut self) {
        // When the port is gone, the next call reports it.
        let _gone = self.port.clear(ClearBuffer::All);
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        // Closing a port waits up to 30 s for bytes that a stuck device does not take.
        self.discard();
    }
}

fn gone(error: impl std::fmt::Display) -> LinkError {
    LinkError::Gone(error.to_string())
}

/// Finds the kind of failure in what serialport makes of an errno; it keeps the number for a few of them only.
fn why_not(path: &str, error: &serialport::Error) -> OpenError {
    let is_device = fs::metadata(path).is_ok_and(|file| file.file_type().is_char_device());
    let text = error.to_string();
    let reason = match error.kind() {
        ErrorKind::NoDevice => OpenFailure::Busy, // EBUSY of TIOCEXCL or of flock
        ErrorKind::Io(io::ErrorKind::NotFound) => OpenFailure::NotFound,
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => OpenFailure::NoPermission,
        _ if text == "Operation not permitted" => OpenFailure::NoPermission,
        // ENODEV, ENXIO, EIO: the device file has outlived the device.
        _ if is_device && (text.starts_with("No such device") || text == "I/O error") => {
            OpenFailure::NotFound
        }
        _ => OpenFailure::NoSerialPort,
    };
    OpenError {
        reason,
        detail: format!("{path}: {text}"),
    }
}

/// Whether nothing happened in time while the line is still up.
fn is_passing(error: &io::Error) -> bool {
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
    /// Its vendor number.
    pub vid: u16,
    /// Its product number.
    pub pid: u16,
    /// Its serial number, where it has one.
    pub serial: Option<String>,
    /// What it calls itself.
    pub product: Option<String>,
}

/// The serial ports of this machine, in the order of their names. Only built-in ports are opened, which shows whether
/// there is one behind the device file.
#[must_use]
pub fn ports() -> Vec<Port> {
    let mut ports: Vec<Port> = match serialport::available_ports() {
        Ok(ports) => ports.into_iter().map(Port::from).collect(),
        Err(error) => {
            tracing::warn!(%error, "the system does not list its serial ports");
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

/// A pseudo terminal: a serial line whose other end is in this process, for virtual devices. Its path exists as long as
/// this does.
#[derive(Debug)]
pub struct Pty {
    near: TTYPort,
    /// Held open so that the line stays up, as a cable does, while nobody has the far end open.
    _far: TTYPort,
    path: PathBuf,
}

impl Pty {
    /// A new pseudo terminal.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn new() -> io::Result<Pty> {
        let (near, far) = TTYPort::pair()?;
        let path = far
            .name()
            .map(PathBuf::from)
            .ok_or_else(|| io::Error::other("a terminal without a name"))?;
        // Clones are closed on exec, the pair is not: a program started meanwhile would keep the line up for ever.
        Ok(Pty {
            near: near.try_clone_native()?,
            _far: far.try_clone_native()?,
            path,
        })
    }

    /// The path by which the far end is opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits up to `limit` for bytes from the far end and returns how many came; 0 when none did.
    ///
    /// # Errors
    /// When the terminal is broken.
    pub fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize> {
        self.near.set_timeout(limit)?;
        match self.near.read(buffer) {
            Err(error) if is_passing(&error) => Ok(0),
            result => result,
        }
    }

    /// Sends bytes to the far end. What it does not take within `limit` is lost, as on a wire. The bytes go one by one: a
    /// terminal that has said that it has room takes one byte without blocking, and more only perhaps.
    ///
    /// # Errors
    /// When the terminal is broken.
    pub fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        self.near.set_timeout(limit)?;
        for byte in bytes {
            match self.near.write(&[*byte]) {
                Err(error) if is_passing(&error) => return Ok(()),
                result => result?,
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
