//! The booth's one HTTP client: TLS by rustls, a time limit on every phase, a size limit on every answer.

use std::time::Duration;

use reqwest::{Certificate, Client, Identity, Response, redirect};

/// What a site says of a server that the booth talks to.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM of the only certificate authority to believe; the system's when empty.
    pub ca: Option<Vec<u8>>,
    /// PEM of the booth's own certificate and key, for mutual TLS.
    pub identity: Option<Vec<u8>>,
    /// From the request to the end of the answer; 15 s when not set.
    pub timeout: Option<Duration>,
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
const WHOLE: Duration = Duration::from_secs(15);

/// A client that follows no redirect (a moved endpoint is a misconfiguration that staff must hear of).
pub fn client(options: &Options) -> Result<Client, Error> {
    // the first call decides for the process; a later one finds the same provider and changes nothing
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .timeout(options.timeout.unwrap_or(WHOLE))
        .redirect(redirect::Policy::none())
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
