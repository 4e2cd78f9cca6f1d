//! Messages of a relay between the booth and a portal, with one request for each connection. Tests use it to record
//! traffic and to inject faults.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The head of a request or an answer, and its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads up to the empty line. Returns the head and the length of the body in bytes.
    pub(crate) async fn read_head(stream: &mut TcpStream) -> io::Result<(Self, usize)> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let message = Self {
            head: String::from_utf8_lossy(&head).into_owned(),
            body: Vec::new(),
        };
        let length = message.header("content-length");
        let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
        Ok((message, length))
    }

    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let (mut message, length) = Self::read_head(stream).await?;
        message.body = vec![0; length];
        stream.read_exact(&mut message.body).await?;
        Ok(message)
    }

    /// Parses a whole answer; the chunks of a chunked body are joined.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut message = Self {
            head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
            body: bytes[end..].to_vec(),
        };
        if message.header("transfer-encoding") == Some("chunked") {
            message.body = unchunked(&message.body)?;
        }
        Some(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The words of the first line: method and target of a request, version and status of an answer.
    pub(crate) fn first_line(&self) -> Vec<&str> {
        self.head
            .lines()
            .next()
            .unwrap_or_default()
            .split(' ')
            .collect()
    }

    /// Forwards a request, asking the portal to close the connection afterwards, and returns the whole answer.
    pub(crate) async fn forward(&self, portal: SocketAddr) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(portal).await?;
        let head = self.head.trim_end_matches("\r\n");
        server
            .write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())
            .await?;
        server.write_all(&self.body).await?;
        let mut got = Vec::new();
        server.read_to_end(&mut got).await?;
        Ok(got)
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = std::str::from_utf8(&rest[..end]).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(end + 2..end + 2 + length)?);
        rest = rest.get(end + 2 + length + 2..)?;
    }
}

/// An answer that the relay makes itself.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} As planned\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
