//! A printer on a network socket: a byte stream in both directions. Virtual printers listen this way, and real ones take jobs
//! on port 9100 in the same way.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{DeviceId, LinkError, PortStatus, Transport};

/// How long a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// The shortest limit: zero would mean that there is none.
const LEAST: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
    address: String,
}

fn map(error: &io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => LinkError::Timeout,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected => LinkError::Unplugged,
        _ => LinkError::Other(format!("the network link to the printer failed: {error}")),
    }
}

impl TcpTransport {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When the host cannot be found, or nothing answers at the port.
    pub fn open(address: &str) -> Result<Self, LinkError> {
        Ok(Self {
            stream: connect(address)?,
            address: address.to_owned(),
        })
    }
}

fn connect(address: &str) -> Result<TcpStream, LinkError> {
    let not_found = || LinkError::NotFound(address.to_owned());
    let all = address.to_socket_addrs().map_err(|_| not_found())?;
    for one in all {
        if let Ok(stream) = TcpStream::connect_timeout(&one, CONNECT_LIMIT) {
            // Questions are short, and the driver waits for each answer.
            stream.set_nodelay(true).map_err(|error| map(&error))?;
            return Ok(stream);
        }
    }
    Err(not_found())
}

impl Transport for TcpTransport {
    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<usize, LinkError> {
        self.stream
            .set_write_timeout(Some(limit.max(LEAST)))
            .map_err(|error| map(&error))?;
        match self.stream.write(bytes) {
            Ok(0) => Err(LinkError::Unplugged),
            Ok(count) => Ok(count),
            Err(error) => Err(map(&error)),
        }
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        self.stream
            .set_read_timeout(Some(limit.max(LEAST)))
            .map_err(|error| map(&error))?;
        match self.stream.read(buffer) {
            Ok(0) => Err(LinkError::Unplugged),
            Ok(count) => Ok(count),
            Err(error) => Err(map(&error)),
        }
    }

    fn port_status(&mut self) -> Result<Option<PortStatus>, LinkError> {
        Ok(None)
    }

    fn device_id(&mut self) -> Result<Option<DeviceId>, LinkError> {
        Ok(None)
    }

    /// Connects again: the printer forgets what it has got half of over the old connection.
    fn soft_reset(&mut self) -> Result<(), LinkError> {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        self.stream = connect(&self.address)?;
        Ok(())
    }

    fn place(&self) -> String {
        format!("tcp://{}", self.address)
    }

    fn chunk(&self) -> usize {
        65_536
    }
}
