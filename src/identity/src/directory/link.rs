//! The connection to a directory: TCP, TLS (at once or by StartTLS), and then messages that the guard has checked.
//! Nothing is sent without TLS except the StartTLS request.

use std::{
    convert::Infallible,
    fmt, io,
    os::unix::net::UnixStream as StdUnixStream,
    sync::{Arc, Mutex, PoisonError},
};

use openidconnect::url::Url;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::guard::{self, Guard, Malformed};
use common::order::Private;

/// The address of the directory, and the certificate authority that it is verified with.
pub(super) struct Server {
    host: String,
    port: u16,
    name: ServerName<'static>,
    start_tls: bool,
    tls: TlsConnector,
}

/// Why the directory could not be asked.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection could not be made or was lost.
    Link,
    /// The server's certificate is not accepted. The clause says why.
    Certificate(String),
    /// The server refuses TLS.
    NoTls,
    /// The server's answer is not LDAP.
    Answer,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("the directory cannot be reached"),
            Self::Certificate(why) => {
                write!(
                    f,
                    "the directory's certificate is not to be believed ({why})"
                )
            }
            Self::NoTls => f.write_str("the directory refuses TLS"),
            Self::Answer => f.write_str("the directory answers what is no LDAP"),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Link
    }
}

impl From<Malformed> for Broken {
    fn from(_: Malformed) -> Self {
        Self::Answer
    }
}

/// The StartTLS request (RFC 4511, section 4.14.1): message 1, an extended request named 1.3.6.1.4.1.1466.20037.
const START_TLS: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

impl Server {
    /// Creates the server from `url`, which has a host and one of the two schemes, and `ca`, which is PEM.
    pub(super) fn new(url: &Url, ca: &[u8]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca) {
            let certificate = certificate.map_err(|_| "is no PEM".to_owned())?;
            let added = roots.add(certificate);
            added.map_err(|error| format!("holds a certificate that is none: {error}"))?;
        }
        if roots.is_empty() {
            return Err("holds no certificate in PEM".to_owned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("cannot be used: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A URL has brackets around an IPv6 address; a certificate has none.
        let host = url.host_str().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let start_tls = url.scheme() == "ldap";
        Ok(Self {
            port: url.port().unwrap_or(if start_tls { 389 } else { 636 }),
            name: ServerName::try_from(host.clone())
                .map_err(|_| format!("cannot be for \"{host}\", which is no host"))?,
            host,
            start_tls,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    pub(super) async fn connect(&self) -> Result<Link, Broken> {
        let mut tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        if self.start_tls {
            tcp.write_all(START_TLS).await?;
            let answer = message(&mut tcp).await?;
            if guard::start_tls_result(answer.expose())? != 0 {
                return Err(Broken::NoTls);
            }
        }
        match self.tls.connect(self.name.clone(), tcp).await {
            Ok(stream) => Ok(Link(stream)),
            Err(error) => {
                let tls = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<rustls::Error>());
                Err(tls.map_or(Broken::Link, |tls| Broken::Certificate(tls.to_string())))
            }
        }
    }
}

/// Returns the two ends of a stream: the first for the library, the second for [`Link::carry`].
pub(super) fn pair() -> io::Result<(StdUnixStream, UnixStream)> {
    let (near, far) = UnixStream::pair()?;
    Ok((near.into_std()?, far))
}

/// An encrypted connection to the directory.
pub(super) struct Link(TlsStream<TcpStream>);

impl Link {
    /// Forwards messages between the library and the directory until one of them is invalid or the connection ends.
    pub(super) async fn carry(self, library: UnixStream) -> Broken {
        let (mut from_server, mut to_server) = tokio::io::split(self.0);
        let (mut from_library, mut to_library) = library.into_split();
        let guard = Mutex::new(Guard::default());
        let lock = || guard.lock().unwrap_or_else(PoisonError::into_inner);
        let out = async {
            loop {
                let asked = message(&mut from_library).await?;
                lock().request(asked.expose())?;
                to_server.write_all(asked.expose()).await?;
                to_server.flush().await?;
            }
        };
        let back = async {
            loop {
                let answer = message(&mut from_server).await?;
                lock().answer(answer.expose())?;
                to_library.write_all(answer.expose()).await?;
            }
        };
        let ended: Result<Infallible, Broken> = tokio::select! {
            ended = out => ended,
            ended = back => ended,
        };
        match ended {
            Err(broken) => broken,
        }
    }
}

/// Reads exactly one message and not a byte more.
async fn message(stream: &mut (impl AsyncRead + Unpin)) -> Result<Private<Vec<u8>>, Broken> {
    let mut bytes = Vec::with_capacity(6);
    let (header, length) = loop {
        bytes.push(stream.read_u8().await?);
        if bytes[0] != guard::SEQUENCE {
            return Err(Broken::Answer);
        }
        if let Some(lengths) = guard::header(&bytes)? {
            break lengths;
        }
    };
    bytes.resize(header + length, 0);
    stream.read_exact(&mut bytes[header..]).await?;
    Ok(Private::new(bytes))
}
