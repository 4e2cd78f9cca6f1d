//! The booth's only HTTP client: TLS by rustls, a time limit for every phase and a size limit for every answer.
//!
//! Create a [`client`] from [`Options`], and read answers with [`body`] or [`exchange`]. An [`Error`] can be
//! classified with [`Error::cause`] and described to staff with [`Error::clause`].
//!
//! ```no_run
//! let client: web::Client = web::client(&web::Options::default())?;
//! # Ok::<(), web::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::{error::Error as _, io, time::Duration};

pub use reqwest::Client;
use reqwest::{Certificate, Identity, Response, redirect};
use rustls::CertificateError;

/// The settings of a server that the booth talks to.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM of the only certificate authority to accept. The system's authorities are used when not set.
    pub ca: Option<Vec<u8>>,
    /// PEM of the booth's own certificate and key, for mutual TLS.
    pub identity: Option<Vec<u8>>,
    /// The time limit from the request to the end of the answer; 15 s when not set.
    pub timeout: Option<Duration>,
    /// The address of the proxy, or "none" for no proxy. The environment's (`HTTPS_PROXY`, `NO_PROXY`) is used when not
    /// set.
    pub proxy: Option<String>,
}

/// Why a request failed or its answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the certificate or key in the configuration cannot be read: {0}")]
    Credentials(String),
    #[error("the HTTP client cannot be set up: {0}")]
    SetUp(String),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error(transparent)]
    Link(#[from] reqwest::Error),
}

const CONNECT: Duration = Duration::from_secs(5);
/// The longest pause within an answer.
const SILENCE: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(15);

/// Creates a client. It follows no redirects, because a moved endpoint is a misconfiguration that staff must learn
/// about.
///
/// # Errors
///
/// The certificate or key cannot be read, or the client cannot be set up.
pub fn client(options: &Options) -> Result<Client, Error> {
    // Only the first call sets the provider for the process. A later call fails because it is already set, which is
    // fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(options.timeout.unwrap_or(WHOLE))
        .redirect(redirect::Policy::none())
        // Idle connections are closed, because an open one keeps the last answer in its buffers, with names and tokens,
        // after the visit.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("fotoautomat/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = &options.ca {
        let ca = Certificate::from_pem_bundle(pem)
            .map_err(|error| Error::Credentials(error.to_string()))?;
        builder = builder.tls_certs_only(ca);
    }
    if let Some(pem) = &options.identity {
        let identity =
            Identity::from_pem(pem).map_err(|error| Error::Credentials(error.to_string()))?;
        builder = builder.identity(identity);
    }
    match options.proxy.as_deref() {
        None => {}
        Some("none") => builder = builder.no_proxy(),
        Some(address) => {
            let proxy =
                reqwest::Proxy::all(address).map_err(|error| Error::SetUp(error.to_string()))?;
            builder = builder.proxy(proxy);
        }
    }
    builder
        .build()
        .map_err(|error| Error::SetUp(error.to_string()))
}

/// Reads the body of an answer. At most `limit` bytes of it are in memory at any time.
///
/// # Errors
///
/// The body is larger than `limit`, or the connection fails.
pub async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Sends a request of a protocol library and reads its whole answer, at most `limit` bytes.
///
/// # Errors
///
/// The request fails, or the answer is larger than `limit`.
pub async fn exchange(
    client: &Client,
    request: http::Request<Vec<u8>>,
    limit: usize,
) -> Result<http::Response<Vec<u8>>, Error> {
    let mut response = client.execute(request.try_into()?).await?;
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut answer = http::Response::new(body(response, limit).await?);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    Ok(answer)
}

/// Why a request failed, as far as the error shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Timeout,
    /// Nothing listens at the address, or there is no route to it.
    NoConnection,
    /// The server's certificate is not accepted.
    Certificate,
    /// The server's certificate is not valid at the booth's current time.
    CertificateTime,
    /// The answer, or an earlier part of the exchange, was cut off or cannot be parsed.
    Broken,
    SetUp,
}

impl Error {
    pub fn cause(&self) -> Cause {
        match self {
            Self::Credentials(_) | Self::SetUp(_) => Cause::SetUp,
            Self::TooLarge { .. } => Cause::Broken,
            Self::Link(error) => match tls_error(error) {
                Some(rustls::Error::InvalidCertificate(
                    CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. },
                )) => Cause::CertificateTime,
                Some(_) => Cause::Certificate,
                None if error.is_timeout() => Cause::Timeout,
                None if error.is_connect() => Cause::NoConnection,
                None => Cause::Broken,
            },
        }
    }

    /// Returns what went wrong as a clause that follows a server's name: "does not answer in time".
    pub fn clause(&self) -> String {
        match self.cause() {
            Cause::Timeout => "does not answer in time".to_owned(),
            Cause::NoConnection => "cannot be reached".to_owned(),
            Cause::Certificate => {
                let why = match self {
                    Self::Link(error) => tls_error(error).map(ToString::to_string),
                    _ => None,
                };
                format!(
                    "shows a certificate that is not to be believed ({})",
                    why.unwrap_or_default()
                )
            }
            Cause::CertificateTime => {
                "shows a certificate that is not valid at this booth's time".to_owned()
            }
            Cause::Broken => "breaks off its answer or sends too much".to_owned(),
            Cause::SetUp => self.to_string(),
        }
    }
}

/// Returns the TLS error inside a failed request. An `io::Error` exposes its inner error only through `get_ref`.
fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
