//! A virtual identity provider: it speaks the HTTP of a real one (OpenID Connect Discovery 1.0, RFC 8628) on a loopback
//! port, so that the booth's own client code runs in test mode and in tests.
//!
//! A person is approved or denied by [`Control`] (the strip of test mode, a test), or on the page that the shown address
//! opens, with any phone or browser that reaches it. It can be told to misbehave: see [`Fault`].

mod answers;
mod fault;
mod page;

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;
use tokio::{net::TcpListener, task::JoinHandle};

pub use fault::Fault;

use super::{
    Settings,
    jwt::{NoRandom, Signer},
};

/// Somebody who can sign in. Read from the same file as the reference portal's people; what is not used here is left
/// to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    pub subject: String,
    pub name: String,
    #[serde(default)]
    pub affiliation: Vec<String>,
    #[serde(default)]
    pub assurance: String,
    /// In the claim `groups`; `booth-staff` makes an attendant.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// How the provider is set up.
#[derive(Debug, Clone)]
pub struct Options {
    pub people: Vec<Person>,
    /// The only client it knows.
    pub client_id: String,
    /// Shown to the person: which booth, and where it stands.
    pub client_name: String,
    /// Where phones find the page, e.g. `http://192.0.2.7:8080`; the issuer when not set.
    pub pages: Option<String>,
    /// Life of a code, in seconds.
    pub code_life: u64,
    /// The `interval` it names, in seconds; with 0 the booth asks as often as it likes.
    pub interval: u64,
}

impl Options {
    pub fn new(people: Vec<Person>) -> Self {
        Self {
            people,
            client_id: "fotoautomat".to_owned(),
            client_name: "Fotoautomat".to_owned(),
            pages: None,
            code_life: 300,
            interval: 0,
        }
    }
}

/// A provider that runs until this is dropped.
#[derive(Debug)]
pub struct Running {
    pub issuer: String,
    pub control: Control,
    client_id: String,
    server: JoinHandle<()>,
}

impl Running {
    /// What the booth needs to be configured with.
    pub fn settings(&self) -> Settings {
        Settings::loopback(&self.issuer, &self.client_id)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Why the provider could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("the virtual identity provider's port has no address: {0}")]
    Address(#[from] std::io::Error),
    #[error("the virtual identity provider cannot make a key: {0}")]
    Key(String),
}

/// Serves on `listener`. Must be called within a tokio runtime.
pub fn serve(listener: TcpListener, options: Options) -> Result<Running, NotStarted> {
    let address = listener.local_addr()?;
    let issuer = format!("http://{}", as_loopback(address));
    let client_id = options.client_id.clone();
    let keys = Keys::new().map_err(|error| NotStarted::Key(error.to_string()))?;
    let control = Control(Arc::new(Shared {
        pages: options.pages.clone().unwrap_or_else(|| issuer.clone()),
        issuer: issuer.clone(),
        options,
        books: Mutex::new(Books {
            keys,
            requests: VecDeque::new(),
            tokens: HashMap::new(),
            fault: None,
            polls: 0,
        }),
    }));
    let app = answers::router(control.clone());
    let server = tokio::spawn(async move {
        // ends with the task: an error here would be that of the listener, and each client sees it as a dead link
        let _ = axum::serve(listener, app).await;
    });
    Ok(Running {
        issuer,
        control,
        client_id,
        server,
    })
}

/// A listener on all interfaces is asked by the booth on loopback.
fn as_loopback(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    } else {
        address
    }
}

/// The hand on the provider: who approves, and what goes wrong.
#[derive(Debug, Clone)]
pub struct Control(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    issuer: String,
    pages: String,
    options: Options,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    keys: Keys,
    /// Oldest first, at most [`MOST_REQUESTS`].
    requests: VecDeque<Request>,
    /// Access tokens and whose they are.
    tokens: HashMap<String, (Person, Instant)>,
    /// What goes wrong, and how many more times (`None`: until told otherwise).
    fault: Option<(Fault, Option<u32>)>,
    polls: u64,
}

/// The keys that sign ID Tokens: the newest counts.
#[derive(Debug)]
struct Keys {
    signer: Signer,
    key_id: String,
    /// Signs what must not be believed; not in the published set.
    stranger: Signer,
}

impl Keys {
    fn new() -> Result<Self, NoRandom> {
        Ok(Self {
            signer: Signer::generate()?,
            key_id: uuid::Uuid::now_v7().to_string(),
            stranger: Signer::generate()?,
        })
    }
}

#[derive(Debug)]
struct Request {
    device_code: String,
    user_code: String,
    made: Instant,
    verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Waiting,
    Approved(Person),
    Denied,
    /// Its tokens were given out.
    Used,
}

/// A code that nobody has decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub user_code: String,
    pub age: Duration,
}

/// Older requests are forgotten; a booth has one at a time.
const MOST_REQUESTS: usize = 64;
/// Long enough for one question to the portal (the order's own rules ask for five minutes at most).
const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// Nobody waits, or nobody of that name is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    #[error("no code waits to be approved")]
    NoCode,
    #[error("no person of that name is known here")]
    NoPerson,
}

impl Control {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn people(&self) -> &[Person] {
        &self.0.options.people
    }

    /// Codes that wait to be approved, oldest first.
    pub fn waiting(&self) -> Vec<Waiting> {
        let life = self.code_life();
        let books = self.books();
        let open = books
            .requests
            .iter()
            .filter(|request| request.is_open(life));
        open.map(|request| Waiting {
            user_code: request.user_code.clone(),
            age: request.made.elapsed(),
        })
        .collect()
    }

    /// The person with this subject approves the newest code.
    pub fn approve(&self, subject: &str) -> Result<(), NotDone> {
        let person = self
            .people()
            .iter()
            .find(|person| person.subject == subject);
        self.approve_as(person.ok_or(NotDone::NoPerson)?.clone())
    }

    /// Anybody approves the newest code.
    pub fn approve_as(&self, person: Person) -> Result<(), NotDone> {
        self.decide(None, Verdict::Approved(person))
    }

    /// The newest code is denied.
    pub fn deny(&self) -> Result<(), NotDone> {
        self.decide(None, Verdict::Denied)
    }

    /// Decides on the given code, or on the newest.
    fn decide(&self, user_code: Option<&str>, verdict: Verdict) -> Result<(), NotDone> {
        let life = self.code_life();
        let mut books = self.books();
        let mut open = books
            .requests
            .iter_mut()
            .rev()
            .filter(|request| request.is_open(life));
        let request = match user_code {
            None => open.next(),
            Some(code) => open.find(|request| request.user_code == code),
        };
        request.ok_or(NotDone::NoCode)?.verdict = verdict;
        Ok(())
    }

    /// Sets what goes wrong until told otherwise; `None` mends it.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.books().fault = fault.map(|fault| (fault, None));
    }

    /// Lets it go wrong the next `times` that it can.
    pub fn set_fault_times(&self, fault: Fault, times: u32) {
        self.books().fault = Some((fault, Some(times)));
    }

    pub fn fault(&self) -> Option<Fault> {
        self.books().fault.map(|(fault, _)| fault)
    }

    /// New keys: tokens are signed with one that no client has fetched yet.
    pub fn rotate_keys(&self) -> Result<(), NotStarted> {
        let keys = Keys::new().map_err(|error| NotStarted::Key(error.to_string()))?;
        self.books().keys = keys;
        Ok(())
    }

    /// How often the token endpoint was asked.
    pub fn polls(&self) -> u64 {
        self.books().polls
    }

    /// Whose access token this is, while it lives: for a portal in the same process. Others ask `/userinfo`.
    pub fn person_of(&self, access_token: &str) -> Option<Person> {
        let books = self.books();
        let (person, made) = books.tokens.get(access_token)?;
        (made.elapsed() < TOKEN_LIFE).then(|| person.clone())
    }

    fn code_life(&self) -> Duration {
        Duration::from_secs(self.0.options.code_life)
    }

    /// Whether `fault` is to happen now; counts it.
    fn happens(&self, fault: Fault) -> bool {
        let mut books = self.books();
        match &mut books.fault {
            Some((set, None)) => *set == fault,
            Some((set, Some(left))) if *set == fault && *left > 0 => {
                *left -= 1;
                if *left == 0 {
                    books.fault = None;
                }
                true
            }
            _ => false,
        }
    }
}

impl Request {
    fn is_open(&self, life: Duration) -> bool {
        self.verdict == Verdict::Waiting && self.made.elapsed() < life
    }
}
