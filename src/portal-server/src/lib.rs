//! The reference portal: a small, ordinary server of the contract `assets/portal/openapi.yaml`.
//!
//! It is used in test mode and in tests, and an integrator can put it in front of the real card system. It stores what it
//! receives in one SQLite file, with the same durability as the booth. People come from a file ([`people::People`]); a
//! booth is authenticated by its signing key; a person is whoever the identity provider says owns the access token.
//!
//! # Code map
//! - [`serve`] starts it; the routes are at the end of this file. Start reading there.
//! - `auth`: who sends a request; `answer`: acknowledgements and problems
//! - `receive`: what booths send; `lookup`: what can be asked; `sign`: signatures of codes
//! - `records`: the store and its rules
//! - [`people`]: the file of people; [`Control`]: a look at the store, for tests and staff of a trial
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use portal_server::{Settings, people::People, serve};
//!
//! let folder = tempfile::tempdir()?;
//! let settings = Settings::new(folder.path().join("portal.sqlite"), People::default());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let portal = serve(listener, settings).await?;
//! assert_eq!(portal.control.totals().await?.orders, 0);
//! portal.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod auth;
mod control;
mod lookup;
pub mod people;
mod receive;
mod records;
mod sign;

use std::{
    collections::BTreeMap,
    fmt, io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post, put},
};
use ed25519_dalek::{SigningKey, VerifyingKey};
use tokio::{net::TcpListener, task::JoinHandle};

pub use control::{CardView, Control, OrderView, Totals};

use portal::http::HttpPortal;
use portal::seal::ReceiverSecret;

/// How the portal is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    pub store: PathBuf,
    pub people: people::People,
    /// The booths that may send orders, by their names, with their public keys.
    pub booths: BTreeMap<String, VerifyingKey>,
    /// The identity provider whose access tokens are accepted. Without one no person can look up their own data.
    pub issuer: Option<String>,
    /// PEM of the authority that certifies the issuer, where it is not a public one.
    pub issuer_ca: Option<Vec<u8>>,
    /// The key that signs codes for booths that have none of their own.
    pub signer: Option<card::Signer>,
    /// The key that opens what booths seal to this portal.
    pub secret: Option<ReceiverSecret>,
    /// The address that booths use, which is the audience of their assertions; the listener's when not given.
    pub address: Option<String>,
}

impl Settings {
    /// Settings for these people, without any booth yet.
    pub fn new(store: PathBuf, people: people::People) -> Self {
        Self {
            store,
            people,
            booths: BTreeMap::new(),
            issuer: None,
            issuer_ca: None,
            signer: None,
            secret: None,
            address: None,
        }
    }
}

/// Why the portal could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("the portal's port has no address: {0}")]
    Listen(#[from] io::Error),
    #[error("the portal's store {} cannot be used: {error}", store.display())]
    Store { store: PathBuf, error: sqlx::Error },
    #[error(transparent)]
    Client(#[from] web::Error),
}

/// A running portal. It stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    pub control: Control,
    audience: String,
    server: JoinHandle<()>,
}

impl Running {
    /// A client of this portal for a booth with this key.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn client(&self, booth: &str, key: SigningKey) -> Result<HttpPortal, web::Error> {
        let client = web::client(&web::Options::default())?;
        let base = self
            .audience
            .parse()
            .expect("the address was a URL when the portal was started");
        Ok(HttpPortal::new(client, base, booth, Some(key)))
    }

    /// Stops the portal and closes its store.
    pub async fn stop(self) {
        self.server.abort();
        self.control.close().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The state that every request has access to.
struct App {
    records: records::Records,
    people: people::People,
    booths: BTreeMap<String, VerifyingKey>,
    secret: Option<ReceiverSecret>,
    audience: String,
    issuer: Option<String>,
    signer: Option<card::Signer>,
    /// From the issuer's discovery document, which is read once.
    userinfo: OnceLock<reqwest::Url>,
    client: reqwest::Client,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({})", self.audience)
    }
}

/// Serves on `listener` until the returned value is dropped. Must be called within a tokio runtime.
///
/// # Errors
/// [`NotStarted`] when the listener has no address, or store or client cannot be set up.
pub async fn serve(listener: TcpListener, settings: Settings) -> Result<Running, NotStarted> {
    let address = listener.local_addr()?;
    let audience = settings
        .address
        .unwrap_or_else(|| format!("http://{address}"));
    let records = records::Records::open(&settings.store)
        .await
        .map_err(|error| NotStarted::Store {
            store: settings.store.clone(),
            error,
        })?;
    let client = web::client(&web::Options {
        ca: settings.issuer_ca,
        ..web::Options::default()
    })?;
    let app = Arc::new(App {
        records,
        people: settings.people,
        booths: settings.booths,
        secret: settings.secret,
        audience: audience.trim_end_matches('/').to_owned(),
        issuer: settings.issuer,
        signer: settings.signer,
        userinfo: OnceLock::new(),
        client,
    });
    let control = Control::new(Arc::clone(&app));
    let audience = app.audience.clone();
    let router = router(app);
    let server = tokio::spawn(async move {
        // It ends only with the listener, which lives as long as this task.
        let _ = axum::serve(listener, router).await;
    });
    Ok(Running {
        address,
        control,
        audience,
        server,
    })
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/holder", get(lookup::holder))
        .route("/v1/holders/{subject}", get(lookup::holder_named))
        .route("/v1/orders", get(lookup::states))
        .route("/v1/orders/{order}", put(receive::order))
        .route("/v1/orders/{order}/photo", put(receive::photo))
        .route("/v1/orders/{order}/cards/{serial}", put(receive::card))
        .route("/v1/cards/{serial}/block", put(receive::block))
        .route("/v1/cards/{serial}/signature", put(sign::signature))
        .route("/v1/incidents", post(receive::incident))
        .route("/v1/booths/{booth}/health", put(receive::health))
        .route("/K/{payload}", get(lookup::page))
        .fallback(answer::no_such_page)
        .layer(DefaultBodyLimit::max(portal::LARGEST_PHOTO))
        .with_state(app)
}
