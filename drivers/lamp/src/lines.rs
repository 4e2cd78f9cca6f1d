//! Lines to and from a lamp. The only file of this crate that names `serialport`.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, ErrorKind, SerialPort, TTYPort};

use crate::wire::MOST;
use crate::{Error, Fault};

/// What every microcontroller board takes; 8 data bits, no parity, 1 stop bit and no flow control are serialport's own.
const BAUD: u32 = 115_200;
/// More than this still unsent means that the line takes nothing: several times the longest command.
const UNSENT: u32 = 256;
/// For sending one command.
const SEND: Duration = Duration::from_millis(200);

/// How a link fails. Silence is no failure of the link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("the serial port is gone: {0}")]
    Gone(String),
    #[error("the serial port takes no bytes")]
    Stuck,
}

/// A serial port that carries lines.
#[derive(Debug)]
pub(crate) struct Line {
    port: TTYPort,
    /// Bytes of a line that has not ended.
    begun: Vec<u8>,
}

impl Line {
    /// Opens the port at `path`, for this process alone.
    pub(crate) fn open(path: &str) -> Result<Line, Error> {
        let port =
            TTYPort::open(&serialport::new(path, BAUD)).map_err(|error| why_not(path, &error))?;
        let mut line = Line {
            port,
            begun: Vec::new(),
        };
        line.discard();
        Ok(line)
    }

    /// Drops what has come and was not read, and what was sent and has not left.
    pub(crate) fn discard(&mut self) {
        self.begun.clear();
        // of a port that is gone, the next call tells
        let _gone = self.port.clear(ClearBuffer::All);
    }

    pub(crate) fn send(&mut self, line: &str) -> Result<(), LinkError> {
        // the port blocks in write once its buffer is full, whatever the limit: it is never filled
        let unsent = self.port.bytes_to_write();
        if unsent.is_ok_and(|unsent| unsent > UNSENT) {
            return Err(LinkError::Stuck);
        }
        let bytes = format!("{line}\n").into_bytes();
        let mut rest = bytes.as_slice();
        let until = Instant::now() + SEND;
        while !rest.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(LinkError::Stuck);
            }
            self.port.set_timeout(left).map_err(gone)?;
            match self.port.write(rest) {
                Ok(0) => return Err(LinkError::Gone("nothing can be written".to_owned())),
                Ok(sent) => rest = &rest[sent..],
                Err(error) if passes(&error) => {}
                Err(error) => return Err(gone(error)),
            }
        }
        Ok(())
    }

    /// The next line that came within `limit`; none when none ended in time, or what came is no text of a lamp's length.
    pub(crate) fn receive(&mut self, limit: Duration) -> Result<Option<String>, LinkError> {
        let until = Instant::now() + limit;
        let mut buffer = [0; MOST];
        loop {
            if let Some(end) = self.begun.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.begun.drain(..=end).collect();
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(String::from_utf8(line).ok());
            }
            if self.begun.len() > MOST {
                self.begun.clear();
                return Ok(None);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.port.set_timeout(left).map_err(gone)?;
            match self.port.read(&mut buffer) {
                Ok(0) => return Err(LinkError::Gone("end of file".to_owned())),
                Ok(count) => self.begun.extend_from_slice(&buffer[..count]),
                Err(error) if passes(&error) => {}
                Err(error) => return Err(gone(error)),
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // closing a port waits up to 30 s for bytes that a stuck device does not take
        self.discard();
    }
}

fn gone(error: impl std::fmt::Display) -> LinkError {
    LinkError::Gone(error.to_string())
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

/// Nothing happened in time, and the link is there.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// A pseudo terminal: a serial line whose other end is in this process. Its path exists as long as this does.
#[derive(Debug)]
pub(crate) struct Pty {
    near: Line,
    /// Held open so that the line stays up, as a cable does, while nobody has the far end open.
    _far: TTYPort,
    path: PathBuf,
}

impl Pty {
    pub(crate) fn new() -> io::Result<Pty> {
        let (near, far) = TTYPort::pair()?;
        let path = far.name().map(PathBuf::from);
        let path = path.ok_or_else(|| io::Error::other("a terminal without a name"))?;
        // clones are closed on exec, the pair is not: a program started meanwhile would keep the line up for ever
        let near = Line {
            port: near.try_clone_native()?,
            begun: Vec::new(),
        };
        Ok(Pty {
            near,
            _far: far.try_clone_native()?,
            path,
        })
    }

    /// What the far end is opened by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn receive(&mut self, limit: Duration) -> Option<String> {
        self.near.receive(limit).ok().flatten()
    }

    /// Sends a line; what the far end does not take is lost, as on a wire.
    pub(crate) fn send(&mut self, line: &str) {
        let _lost = self.near.send(line);
    }
}
