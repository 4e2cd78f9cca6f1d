//! The way bytes go to a reader and back.

use std::time::Duration;

use device::serial::{OpenError, OpenFailure};

pub use device::serial::{LinkError, Port, SerialLine, UsbBridge, ports};

use crate::{Error, Fault};

/// Carries bytes both ways. No call waits for longer than the caller says.
pub trait Transport: Send {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the link is gone, or does not take the bytes within `limit`.
    fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError>;

    /// Waits up to `limit` for bytes and returns how many came; 0 when none did.
    ///
    /// # Errors
    /// When the link is gone.
    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError>;

    /// Drops what has come and was not received, and what was sent and has not left.
    fn discard(&mut self);
}

impl Transport for SerialLine {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), LinkError> {
        SerialLine::send(self, bytes, limit)
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        SerialLine::receive(self, buffer, limit)
    }

    fn discard(&mut self) {
        SerialLine::discard(self);
    }
}

/// Opens the serial port at `path`. DTR and RTS are set, because some boards are powered or held in reset by them.
///
/// # Errors
/// With the fault that keeps the port from being opened.
pub(crate) fn open_port(path: &str) -> Result<SerialLine, Error> {
    let mut line = SerialLine::open(path).map_err(not_opened)?;
    line.power_by_control_lines();
    line.discard();
    Ok(line)
}

fn not_opened(error: OpenError) -> Error {
    let fault = match error.reason {
        OpenFailure::NotFound => Fault::NotFound,
        OpenFailure::NoPermission => Fault::NoPermission,
        OpenFailure::Busy => Fault::Busy,
        OpenFailure::NoSerialPort => Fault::WrongDevice,
    };
    Error::new(fault, error)
}
