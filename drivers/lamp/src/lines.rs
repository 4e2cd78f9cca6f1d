//! Lines of text over a serial line.

use std::time::{Duration, Instant};

use device::serial::{LinkError, SerialLine};

use crate::wire::MAX_LINE;

/// How long sending one command may take. A line of 64 bytes takes 6 ms.
pub(crate) const SEND_LIMIT: Duration = Duration::from_millis(200);

/// The bytes of a line that has not ended yet.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    bytes: Vec<u8>,
}

impl LineBuffer {
    /// Waits for the next line, for `limit` at most. `receive` waits for bytes, for at most the time that it is given, and
    /// returns how many came. The result is none when no line ended in time, or what came is not text of a line's length.
    pub(crate) fn next<E>(
        &mut self,
        limit: Duration,
        mut receive: impl FnMut(&mut [u8], Duration) -> Result<usize, E>,
    ) -> Result<Option<String>, E> {
        let until = Instant::now() + limit;
        let mut buffer = [0; MAX_LINE];
        loop {
            if let Some(end) = self.bytes.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(String::from_utf8(line).ok());
            }
            if self.bytes.len() > MAX_LINE {
                self.bytes.clear();
                return Ok(None);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let count = receive(&mut buffer, left)?;
            self.bytes.extend_from_slice(&buffer[..count]);
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
    }
}

/// A serial line that carries lines of text.
#[derive(Debug)]
pub(crate) struct Lines {
    line: SerialLine,
    buffer: LineBuffer,
}

impl Lines {
    pub(crate) fn new(line: SerialLine) -> Lines {
        Lines {
            line,
            buffer: LineBuffer::default(),
        }
    }

    /// Drops what has come and was not read, and what was sent and has not left.
    pub(crate) fn discard(&mut self) {
        self.buffer.clear();
        self.line.discard();
    }

    pub(crate) fn send(&mut self, line: &str) -> Result<(), LinkError> {
        self.line.send(format!("{line}\n").as_bytes(), SEND_LIMIT)
    }

    /// The next line that ends within `limit`.
    pub(crate) fn receive(&mut self, limit: Duration) -> Result<Option<String>, LinkError> {
        let Lines { line, buffer } = self;
        buffer.next(limit, |bytes, left| line.receive(bytes, left))
    }
}
