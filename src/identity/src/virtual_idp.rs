//! A virtual identity provider for test mode and tests. It listens on a loopback port and speaks the HTTP of a real one
//! (OpenID Connect Discovery 1.0, RFC 8628), so that the booth's own client code runs unchanged.
//!
//! A sign-in is approved or denied through [`Control`] (by the test panel or a test), or on the page at the shown
//! address, with any phone or browser that can reach it. [`Fault`] lists the faults that can be injected.

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

/// A person who can sign in. The people are read from the same file as the reference portal's; fields that are only for
/// the portal are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Person {
    pub subject: String,
    pub name: String,
    #[serde(default)]
    pub affiliation: Vec<String>,
    #[serde(default)]
    pub assurance: String,
    /// The values of the claim `groups`. `booth-staff` makes the person an attendant.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// The setup of the provider.
#[derive(Debug, Clone)]
pub struct Options {
    pub people: Vec<Person>,
    /// The only client id that the provider accepts.
    pub client_id: String,
    /// The name of the booth and its place, which the page shows to the person.
    pub client_name: String,
    /// The base address of the pages for phones, e.g. `http://192.0.2.7:8080`; the issuer when not set.
    pub pages: Option<String>,
    /// The life of a code in seconds.
    pub code_life: u64,
    /// The `interval` in the answer, in seconds. With 0 the booth polls as often as it likes.
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
    /// Returns the settings with which a booth uses this provider.
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

/// Starts the provider on `listener`. It must be called within a tokio runtime.
///
/// # Errors
///
/// The listener has no address, or the system's random source failed.
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
        // The server ends with its task. An error here could only come from the listener, and each client would see it
        // as a broken connection.
        let _ = axum::serve(listener, app).await;
    });
    Ok(Running {
        issuer,
        control,
        client_id,
        server,
    })
}

/// Returns the address at which the booth reaches a listener, which is loopback if it listens on all interfaces.
fn as_loopback(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], address.port()))
    } else {
        address
    }
}

/// Controls the provider: approves and denies sign-ins, and injects faults.
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
    /// The requests for codes, oldest first, at most [`MOST_REQUESTS`].
    requests: VecDeque<Request>,
    /// The access tokens, with their owners.
    tokens: HashMap<String, (Person, Instant)>,
    /// The injected fault and how many more times it happens (`None`: until it is cleared).
    fault: Option<(Fault, Option<u32>)>,
    polls: u64,
}

/// The keys that sign ID Tokens. The newest one is used.
#[derive(Debug)]
struct Keys {
    signer: Signer,
    key_id: String,
    /// A key that is not in the published set. It signs tokens that must not be accepted.
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
    /// The tokens for the code were issued.
    Used,
}

/// A code that nobody has approved or denied yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub user_code: String,
    pub age: Duration,
}

/// The largest number of requests; older ones are dropped. A booth has only one at a time.
const MOST_REQUESTS: usize = 64;
/// The life of an access token, which is long enough for one request to the portal (the rules for orders ask for five
/// minutes at most).
const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// There is no code to decide on, or no person with that subject.
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

    /// Returns the codes that have not been decided on, oldest first.
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

    /// Approves the newest code as the person with this subject.
    ///
    /// # Errors
    ///
    /// There is no undecided code, or no such person.
    pub fn approve(&self, subject: &str) -> Result<(), NotDone> {
        let person = self
            .people()
            .iter()
            .find(|person| person.subject == subject);
        self.approve_as(person.ok_or(NotDone::NoPerson)?.clone())
    }

    /// Approves the newest code as any person, who need not be in the list.
    ///
    /// # Errors
    ///
    /// There is no undecided code.
    pub fn approve_as(&self, person: Person) -> Result<(), NotDone> {
        self.decide(None, Verdict::Approved(person))
    }

    /// Denies the newest code.
    ///
    /// # Errors
    ///
    /// There is no undecided code.
    pub fn deny(&self) -> Result<(), NotDone> {
        self.decide(None, Verdict::Denied)
    }

    /// Approves or denies the given code, or the newest one.
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

    /// Injects a fault until it is cleared with `None`.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.books().fault = fault.map(|fault| (fault, None));
    }

    /// Injects a fault for the next `times` occasions on which it can happen.
    pub fn set_fault_times(&self, fault: Fault, times: u32) {
        self.books().fault = Some((fault, Some(times)));
    }

    pub fn fault(&self) -> Option<Fault> {
        self.books().fault.map(|(fault, _)| fault)
    }

    /// Replaces the keys, so that tokens are signed with one that no client has fetched yet.
    ///
    /// # Errors
    ///
    /// The system's random source failed.
    pub fn rotate_keys(&self) -> Result<(), NotStarted> {
        let keys = Keys::new().map_err(|error| NotStarted::Key(error.to_string()))?;
        self.books().keys = keys;
        Ok(())
    }

    /// Returns how often the token endpoint was polled.
    pub fn polls(&self) -> u64 {
        self.books().polls
    }

    /// Returns the owner of an access token that has not expired, for a portal in the same process. Other portals use
    /// `/userinfo`.
    pub fn person_of(&self, access_token: &str) -> Option<Person> {
        let books = self.books();
        let (person, made) = books.tokens.get(access_token)?;
        (made.elapsed() < TOKEN_LIFE).then(|| person.clone())
    }

    fn code_life(&self) -> Duration {
        Duration::from_secs(self.0.options.code_life)
    }

    /// Whether `fault` happens now. This counts down its remaining occurrences.
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
