//! The bench of the outbox's tests: a store in a folder of its own, a portal beside it, people and their orders.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use common::order::{Commitment, Evidence, Order, OrderId, Outcome, Private, Serial};
use futures::future::BoxFuture;
use jiff::Timestamp;
use outbox::{
    Error, NewAttempt, NewRecord, Opened, Outbox, Settings,
    worker::{self, Policy, WorkerHandle},
};
use portal::{Answer, Hash, Heartbeat, Lookup, Message, OrderState, Portal};
use portal_server::{Running, people::People};
use tokio::net::TcpListener;

pub(crate) const BOOTH: &str = "booth-1";
pub(crate) const PRINTER: &str = "Rio Pro 360 #12E0001";
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn booth_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A bench in memory, for tests that do not concern the disk.
    pub(crate) fn in_memory() -> Self {
        let shm = Path::new("/dev/shm");
        Self {
            folder: if shm.is_dir() {
                tempfile::tempdir_in(shm).unwrap()
            } else {
                tempfile::tempdir().unwrap()
            },
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::in_folder(self.folder())
    }

    pub(crate) async fn open(&self) -> Opened {
        Outbox::open(&self.settings()).await.unwrap()
    }

    pub(crate) async fn outbox(&self) -> Outbox {
        self.open().await.outbox
    }

    /// Opens the store again. A dropped handle holds the lock until its last task has ended, so this retries.
    pub(crate) async fn open_again(&self) -> Outbox {
        for _ in 0..200 {
            match Outbox::open(&self.settings()).await {
                Ok(opened) => return opened.outbox,
                Err(Error::Store(store::Error::Taken(_))) => {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the lock was not let go of");
    }

    pub(crate) async fn portal(&self) -> Running {
        self.portal_with(|_| {}).await
    }

    pub(crate) async fn portal_with(
        &self,
        change: impl FnOnce(&mut portal_server::Settings),
    ) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut settings = portal_server::Settings::new(self.file("portal.sqlite"), people());
        settings
            .booths
            .insert(BOOTH.to_owned(), booth_key().verifying_key());
        change(&mut settings);
        portal_server::serve(listener, settings).await.unwrap()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }
}

/// A worker whose waits are a hundredth of those of the booth.
pub(crate) fn worker(outbox: &Outbox, portal: &Running) -> WorkerHandle {
    let client = portal.client(BOOTH, booth_key()).unwrap();
    worker_to(outbox, Arc::new(client))
}

pub(crate) fn worker_to(outbox: &Outbox, portal: Arc<dyn Portal>) -> WorkerHandle {
    let policy = Policy {
        speedup: 100,
        tidy: Duration::from_millis(300),
        ..Policy::default()
    };
    worker::spawn(outbox.clone(), portal, policy)
}

pub(crate) fn people() -> People {
    toml::from_str(
        r#"
        [[people]]
        subject = "abcd0001"
        name = "Alva Björk"
        affiliation = ["student"]
        assurance = "AL2"
        [[people.kinds]]
        kind = "student"
        valid_through = "2099-06-30"
        card_number = "1000001"
        functions = ["access", "library"]
        [[people.cards]]
        kind = "student"
        serial = "00000000000000aa"
        uid = "04A1B2C3D4E5F6"

        [[people]]
        subject = "efgh0002"
        name = "Nils Åström"
        groups = ["booth-staff"]
        [[people.kinds]]
        kind = "employee"
        valid_through = "2099-06-30"

        [[places]]
        id = "infocenter"
        name = "Infocenter"
        "#,
    )
    .unwrap()
}

/// Bytes that begin and end as a JPEG does. Nothing in these tests decodes the picture.
pub(crate) fn photo(seed: u64) -> Vec<u8> {
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xdb, 0x00, 0x04, 0x00, 0x00];
    let mut state = seed | 1;
    for _ in 0..2000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // The byte 0xff would begin a JPEG marker.
        jpeg.push(((state >> 33) % 255) as u8);
    }
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

/// The order of a person, with its photo.
pub(crate) fn order_of(subject: &str) -> (Order, Private<Vec<u8>>) {
    let id = OrderId::new(Timestamp::now());
    let photo = photo(id.0.as_u64_pair().1);
    let order = serde_json::json!({
        "orderId": id, "createdAt": "2026-11-21T08:00:00Z",
        "booth": {"id": BOOTH, "software": "0.1.0"}, "reason": "noCode",
        "person": {"subject": subject, "idp": "https://idp.example", "assurance": "AL2",
            "affiliation": ["student"], "displayName": "Alva Björk", "nameOnCard": "Alva Björk"},
        "login": {"method": "device", "at": "2026-11-21T08:00:00Z"},
        "card": {"kind": "student", "template": "student", "validThrough": "2099-06-30",
            "cardNumber": "1000001", "issue": 2, "functions": ["access"]},
        "delivery": "here",
        "photo": {"sha256": Hash::of(&photo), "width": 600, "height": 800, "checks": []},
        "consents": [], "lang": "sv",
    });
    (serde_json::from_value(order).unwrap(), Private::new(photo))
}

pub(crate) fn attempt(counter: u64) -> NewAttempt {
    NewAttempt {
        serial: Serial::random(),
        printer: PRINTER.to_owned(),
        counter_before: Some(counter),
    }
}

/// Commits an order of `subject` with its first attempt.
pub(crate) async fn commit(
    outbox: &Outbox,
    subject: &str,
    counter: u64,
) -> Result<Commitment, Error> {
    let (order, photo) = order_of(subject);
    outbox
        .commit(NewRecord {
            order,
            photo,
            attempt: Some(attempt(counter)),
        })
        .await
}

/// The evidence of a print after which the counter stands at `after`.
pub(crate) fn evidence(outcome: Outcome, before: u64, after: u64) -> Evidence {
    Evidence {
        bytes_total: 100,
        bytes_sent: if outcome == Outcome::NotPrinted {
            0
        } else {
            100
        },
        plane_byte_accepted: outcome != Outcome::NotPrinted,
        busy_seen: outcome == Outcome::Printed,
        ready_after: outcome == Outcome::Printed,
        fault: None,
        counter_before: Some(before),
        counter_after: Some(after),
    }
}

/// Issues a card: commits, prints, reads it back and has it collected.
pub(crate) async fn issue(outbox: &Outbox, subject: &str, counter: u64) -> (OrderId, Serial) {
    let made = commit(outbox, subject, counter).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let evidence = evidence(Outcome::Printed, counter, counter + 1);
    outbox
        .end_attempt(made.order, serial, Outcome::Printed, &evidence)
        .await
        .unwrap();
    let uid = common::order::Uid::from_bytes(&serial.0[..7]);
    outbox
        .read_back(made.order, serial, Some(&uid), true, true)
        .await
        .unwrap();
    (made.order, serial)
}

/// A portal that never answers.
#[derive(Debug)]
pub(crate) struct Silent;

impl Portal for Silent {
    fn holder<'a>(
        &'a self,
        _: &'a Private<String>,
    ) -> BoxFuture<'a, Result<Lookup, portal::Error>> {
        silence()
    }

    fn holder_named<'a>(
        &'a self,
        _: &'a Private<String>,
        _: Option<&'a Private<String>>,
    ) -> BoxFuture<'a, Result<Lookup, portal::Error>> {
        silence()
    }

    fn send<'a>(&'a self, _: &'a Message) -> BoxFuture<'a, Result<Answer, portal::Error>> {
        silence()
    }

    fn heartbeat<'a>(&'a self, _: &'a Heartbeat) -> BoxFuture<'a, Result<(), portal::Error>> {
        silence()
    }

    fn states(&self, _: Timestamp) -> BoxFuture<'_, Result<Vec<OrderState>, portal::Error>> {
        silence()
    }

    fn revocations(&self) -> BoxFuture<'_, Result<Vec<u8>, portal::Error>> {
        silence()
    }
}

fn silence<T: Send + 'static>() -> BoxFuture<'static, Result<T, portal::Error>> {
    Box::pin(std::future::ready(Err(portal::Error::TimedOut)))
}
