//! A virtual printer on a network socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::VirtualPrinter;
use crate::transport::LinkError;

/// How much is read from the host at a time. What the printer does not accept yet waits here.
const PIECE: usize = 16_384;
/// How often a printer at work is looked at again.
const TICK: Duration = Duration::from_millis(2);

impl VirtualPrinter {
    /// Serves hosts on the listener, one after the other as a real printer does. Blocks until the listener fails.
    ///
    /// # Errors
    /// When the listener fails.
    pub fn serve(&self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let (stream, peer) = listener.accept()?;
            tracing::info!(%peer, "a host has connected to the virtual printer");
            // A host that closes its connection early does not concern the next one.
            let _ = self.talk(stream);
            self.hang_up();
        }
    }

    fn talk(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        // The connection of a host that never reads its answers is closed.
        stream.set_write_timeout(Some(Duration::from_secs(5)))?;
        let gone = |_: LinkError| io::Error::from(ErrorKind::ConnectionAborted);
        let mut piece = vec![0; PIECE];
        let mut held: Vec<u8> = Vec::new();
        let mut open = true;
        while open || !held.is_empty() {
            if held.is_empty() {
                match stream.read(&mut piece) {
                    Ok(0) => open = false,
                    Ok(count) => held.extend_from_slice(&piece[..count]),
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => return Err(error),
                }
            }
            if !held.is_empty() {
                let taken = self.write(&held).map_err(gone)?;
                held.drain(..taken);
                if taken == 0 {
                    std::thread::sleep(TICK);
                }
            }
            while let Some(answer) = self.read(PIECE).map_err(gone)? {
                stream.write_all(&answer)?;
            }
        }
        // The host has sent everything (a spooler closes the connection then), and its job is still printed.
        Ok(())
    }
}
