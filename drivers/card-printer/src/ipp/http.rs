//! One request to a spooler over HTTP. Every size and every wait has a limit, and every byte that is sent is counted.
//!
//! The usual HTTP clients cannot be used: the evidence of a job depends on how many bytes of it were accepted before a link
//! broke, and a spooler is best reached by its socket file, where it knows the account of the client. They offer neither.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::message::MAX_ANSWER;
use crate::transport::LinkError;

/// How long a connection on this machine may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// The longest head of an answer.
const MAX_HEAD: usize = 16 << 10;
/// How much is sent at a time.
const PIECE: usize = 32 << 10;

/// Where a spooler listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// Its socket file.
    File(PathBuf),
    /// `host:port`, on this machine.
    Tcp(String),
}

trait Wire: Read + Write {
    fn limit(&self, limit: Duration) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(limit))?;
        self.set_write_timeout(Some(limit))
    }
}

impl Wire for UnixStream {
    fn limit(&self, limit: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(limit))?;
        self.set_write_timeout(Some(limit))
    }
}

impl Address {
    fn connect(&self) -> Result<Box<dyn Wire>, LinkError> {
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::PermissionDenied => LinkError::NoPermission(format!(
                "the spooler's socket {self} may not be used by this program: {error}"
            )),
            _ => LinkError::NotFound(self.to_string()),
        };
        match self {
            Self::File(path) => {
                let stream = UnixStream::connect(path).map_err(failed)?;
                Ok(Box::new(stream))
            }
            Self::Tcp(address) => {
                let all = address.to_socket_addrs().map_err(failed)?;
                let streams = all.map(|one| TcpStream::connect_timeout(&one, CONNECT_LIMIT));
                let mut last = None;
                for stream in streams {
                    match stream {
                        Ok(stream) => {
                            stream.set_nodelay(true).map_err(failed)?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => last = Some(error),
                    }
                }
                Err(failed(last.unwrap_or(ErrorKind::NotFound.into())))
            }
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

/// The name of the account under which this program runs, and from which the spooler accepts a job.
pub(crate) fn account() -> String {
    let own = std::fs::metadata("/proc/self").map(|data| data.uid());
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    own.ok()
        .and_then(|own| account_of(&accounts, own))
        .unwrap_or_else(|| "fotoautomat".to_owned())
}

fn account_of(accounts: &str, wanted: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?);
        let fits = id.parse() == Ok(wanted) && name.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| name.to_owned())
    })
}

/// One request.
pub(crate) struct Post<'a> {
    pub address: &'a Address,
    /// `/printers/card`
    pub path: &'a str,
    /// The account. A spooler checks it at its socket file.
    pub account: &'a str,
    pub message: &'a [u8],
    /// The pages after the message; empty when there are none.
    pub document: &'a [u8],
}

fn map(error: &io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => LinkError::Timeout,
        _ => LinkError::Unplugged,
    }
}

/// Sends a request and returns the body of the answer. `limit` is for each piece that goes out and for the whole answer;
/// `sent` is called with the number of bytes of the document that have been sent.
pub(crate) fn post(
    post: &Post<'_>,
    limit: Duration,
    sent: &mut dyn FnMut(usize),
) -> Result<Vec<u8>, LinkError> {
    let mut wire = post.address.connect()?;
    wire.limit(limit).map_err(|error| map(&error))?;
    let credentials = match post.address {
        // CUPS asks the socket for the account at its other end; the line only tells it to do so.
        Address::File(_) => format!("Authorization: PeerCred {}\r\n", post.account),
        Address::Tcp(_) => String::new(),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ipp\r\nContent-Length: {}\r\n\
         User-Agent: fotoautomat\r\n{credentials}Connection: close\r\n\r\n",
        post.path,
        post.message.len() + post.document.len(),
    );
    let mut failure = wire
        .write_all(&[head.as_bytes(), post.message].concat())
        .err();
    let mut done = 0;
    while failure.is_none() && done < post.document.len() {
        let piece = &post.document[done..post.document.len().min(done + PIECE)];
        match wire.write(piece) {
            Ok(0) => failure = Some(ErrorKind::WriteZero.into()),
            Ok(count) => {
                done += count;
                sent(done);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => failure = Some(error),
        }
    }
    // A spooler that refuses may say so before it has read all.
    let answer = read(&mut *wire, limit);
    match (failure, answer) {
        (_, Ok(body)) => Ok(body),
        (Some(error), Err(LinkError::Timeout | LinkError::Unplugged)) => Err(map(&error)),
        (_, Err(error)) => Err(error),
    }
}

fn read(wire: &mut dyn Wire, limit: Duration) -> Result<Vec<u8>, LinkError> {
    let deadline = Instant::now() + limit;
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        match answer(&bytes) {
            Ok(Some(body)) => return Ok(body),
            Ok(None) => {}
            Err(reason) => return Err(reason),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(LinkError::Timeout);
        }
        wire.limit(left).map_err(|error| map(&error))?;
        match wire.read(&mut buffer) {
            Ok(0) => return Err(LinkError::Unplugged),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(map(&error)),
        }
    }
}

fn strange(reason: impl std::fmt::Display) -> LinkError {
    LinkError::Other(format!("the spooler's answer makes no sense: {reason}"))
}

/// The body of an answer of which `bytes` have come; `None` when more must come.
///
/// # Errors
/// When the answer is no HTTP, is longer than its limit, or is a refusal.
pub fn answer(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, LinkError> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let head = match response.parse(bytes).map_err(strange)? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial if bytes.len() > MAX_HEAD => {
                return Err(strange("its head is too long"));
            }
            httparse::Status::Partial => return Ok(None),
        };
        let (code, rest) = (response.code.unwrap_or(0), &bytes[head..]);
        // "100 Continue" comes before the answer.
        if code == 100 {
            bytes = rest;
            continue;
        }
        refused(code)?;
        let header = |name: &str| {
            let found = response
                .headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        if header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return chunked(rest);
        }
        let length: usize = header("content-length")
            .and_then(|value| value.trim().parse().ok())
            .ok_or_else(|| strange("it has no length"))?;
        if length > MAX_ANSWER {
            return Err(strange("it is too long"));
        }
        return Ok(rest.get(..length).map(<[u8]>::to_vec));
    }
}

fn refused(code: u16) -> Result<(), LinkError> {
    match code {
        200 => Ok(()),
        401 | 403 => Err(LinkError::NoPermission(
            "the spooler does not let this program's account do this: add the account to the group lpadmin, or allow it in \
             cupsd.conf"
                .to_owned(),
        )),
        426 => Err(LinkError::Other(
            "the spooler wants encryption on this machine: set DefaultEncryption IfRequested in cupsd.conf".to_owned(),
        )),
        code => Err(strange(format_args!("HTTP status {code}"))),
    }
}

fn chunked(mut rest: &[u8]) -> Result<Option<Vec<u8>>, LinkError> {
    let mut body = Vec::new();
    loop {
        let (begin, length) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(strange("a chunk has no length")),
        };
        if length > (MAX_ANSWER - body.len()) as u64 {
            return Err(strange("it is too long"));
        }
        if length == 0 {
            return Ok(Some(body));
        }
        let end = begin + length as usize;
        let Some(chunk) = rest.get(begin..end) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        match rest.get(end..end + 2) {
            Some(b"\r\n") => rest = &rest[end + 2..],
            Some(_) => return Err(strange("a chunk has no end")),
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let check = |text: &str, expect: &str| {
            let whole = text.as_bytes();
            for cut in 0..whole.len() {
                assert_eq!(answer(&whole[..cut]), Ok(None), "{cut} of {text:?}");
            }
            assert_eq!(answer(whole), Ok(Some(expect.as_bytes().to_vec())));
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello");
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab",
            "ab",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n",
            "abcde",
        );
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let check = |text: &str, words: &str| {
            let error = answer(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        check("SSH-2.0-OpenSSH_9.2\r\n", "makes no sense");
        check("HTTP/1.1 401 Unauthorized\r\n\r\n", "account");
        check("HTTP/1.1 426 Upgrade Required\r\n\r\n", "encryption");
        check("HTTP/1.1 500 Oops\r\n\r\n", "HTTP status 500");
        check("HTTP/1.1 200 OK\r\n\r\n", "no length");
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
            "too long",
        );
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
            "too long",
        );
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(MAX_HEAD));
        check(&endless, "too long");
    }

    #[test]
    fn an_account_has_the_name_of_its_number() {
        let accounts = "root:x:0:0:root:/:/bin/sh\nbooth:x:1001:1001::/home/booth:/bin/sh\nodd\n";
        let check = |number, name: Option<&str>| {
            assert_eq!(account_of(accounts, number).as_deref(), name);
        };
        check(0, Some("root"));
        check(1001, Some("booth"));
        check(7, None);
    }
}
