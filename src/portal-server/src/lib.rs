//! The reference portal: a small, ordinary server of the contract `assets/portal/openapi.yaml`.
//!
//! It is used in test mode and in tests, and an integrator can put it in front of the real card system. What it is
//! given it keeps in one SQLite file, with the same durability as the booth. People come from a file
//! ([`people::People`]); the booth is known by its signing key; a person is whoever the identity provider says holds the
//! access token.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod auth;
mod control;
mod keep;
mod lookup;
pub mod people;
mod receive;
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
    /// The booths that may write, by their names, with the keys that sign for them.
    pub booths: BTreeMap<String, VerifyingKey>,
    /// The identity provider whose access tokens are believed; without one nobody can look up themselves.
    pub issuer: Option<String>,
    /// PEM of the authority that certifies the issuer, where it is not a public one.
    pub issuer_ca: Option<Vec<u8>>,
    /// The key that signs codes for booths that have none of their own.
    pub signer: Option<card::Signer>,
    /// The key that opens what booths seal to this portal.
    pub secret: Option<ReceiverSecret>,
    /// The address that booths use, which their assertions are made out to; the listener's when not given.
    pub address: Option<String>,
}

impl Settings {
    /// A portal for these people that knows no booth yet.
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

/// A portal at work, until this is dropped.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    pub control: Control,
    audience: String,
    server: JoinHandle<()>,
}

impl Running {
    /// A client of this portal for a booth with this key.
    pub fn client(&self, booth: &str, key: SigningKey) -> Result<HttpPortal, web::Error> {
        let client = web::client(&web::Options::default())?;
        let base = self
            .audience
            .parse()
            .expect("the address was a URL when the portal was started");
        Ok(HttpPortal::new(client, base, booth, Some(key)))
    }

    /// Ends the portal and closes its store.
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

/// What every request can reach.
struct App {
    keep: keep::Keep,
    people: people::People,
    booths: BTreeMap<String, VerifyingKey>,
    secret: Option<ReceiverSecret>,
    audience: String,
    issuer: Option<String>,
    signer: Option<card::Signer>,
    /// Found at the issuer's discovery document, once.
    userinfo: OnceLock<reqwest::Url>,
    client: reqwest::Client,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "App({})", self.audience)
    }
}

/// Serves on `listener` until the answer is dropped. Must be called within a tokio runtime.
pub async fn serve(listener: TcpListener, settings: Settings) -> Result<Running, NotStarted> {
    let address = listener.local_addr()?;
    let audience = settings
        .address
        .unwrap_or_else(|| format!("http://{address}"));
    let keep = keep::Keep::open(&settings.store)
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
        keep,
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
        // ends only with the listener, which lives as long as the task
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
