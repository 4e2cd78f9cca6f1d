//! The booth's one HTTP client: TLS by rustls, a time limit on every phase, a size limit on every answer.

#![cfg_attr(test, allow(clippy::unwrap_used))]

use std::{error::Error as _, io, time::Duration};

pub use reqwest::Client;
use reqwest::{Certificate, Identity, Response, redirect};
use rustls::CertificateError;

/// What a site says of a server that the booth talks to.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM of the only certificate authority to believe; the system's when empty.
    pub ca: Option<Vec<u8>>,
    /// PEM of the booth's own certificate and key, for mutual TLS.
    pub identity: Option<Vec<u8>>,
    /// From the request to the end of the answer; 15 s when not set.
    pub timeout: Option<Duration>,
    /// The proxy's address; the environment's (`HTTPS_PROXY`, `NO_PROXY`) when not set, and no proxy when "none".
    pub proxy: Option<String>,
}

/// Why a server could not be asked, or its answer not be used.
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
/// The longest silence within an answer.
const SILENCE: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(15);

/// A client that follows no redirect (a moved endpoint is a misconfiguration that staff must hear of).
pub fn client(options: &Options) -> Result<Client, Error> {
    // the first call decides for the process; a later one finds the same provider and changes nothing
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .timeout(options.timeout.unwrap_or(WHOLE))
        .redirect(redirect::Policy::none())
        // a connection that is kept also keeps the last answer in its buffers: names and tokens, after the visit
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

/// The body of an answer, at most `limit` bytes of it in memory at any time.
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

/// Sends a request that a protocol library has made and reads its answer whole, at most `limit` bytes of it.
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

/// What kept a server from being asked, as far as the error tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Timeout,
    /// Nothing listens there, or the way there is cut.
    NoConnection,
    /// Its certificate is not to be believed.
    Certificate,
    /// It is not (or no longer) valid at the booth's time.
    CertificateTime,
    /// The answer, or something before it, was broken off or cannot be read.
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

    /// What went wrong as a clause that goes on from a server's name: "does not answer in time".
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

/// The TLS error below a failed request; an `io::Error` shows what it wraps only on request.
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
