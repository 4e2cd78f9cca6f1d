//! Tests of the portal: which requests it answers for whom, and which it refuses.

use std::time::Duration;

use common::order::Private;
use ed25519_dalek::SigningKey;
use futures::StreamExt;
use identity::{
    Step,
    virtual_idp::{self, Options, Person},
};
use portal::{Error, Lookup, Portal, http::HttpPortal};
use portal_server::{Running, people::People};
use tokio::net::TcpListener;

const PEOPLE: &str = r#"
    [[people]]
    subject = "abcd0001"
    name = "Alva Björk"
    affiliation = ["student"]
    assurance = "AL2"
    [[people.kinds]]
    kind = "student"
    valid_through = "2099-06-30"
    card_number = "1000001"
    had = 1
    [[people.cards]]
    kind = "student"
    uid = "04A1B2C3D4E5F6"

    [[people]]
    subject = "efgh0002"
    name = "Nils Åström"
    groups = ["booth-staff"]

    [[places]]
    id = "infocenter"
    name = "Infocenter"
"#;

struct Bench {
    _folder: tempfile::TempDir,
    portal: Running,
    idp: virtual_idp::Running,
}

async fn desk() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let people: People = toml::from_str(PEOPLE).unwrap();
    let signers = people.people.iter().map(|person| Person {
        subject: person.subject.clone(),
        name: person.name.clone(),
        affiliation: person.affiliation.clone(),
        assurance: person.assurance.clone(),
        groups: person.groups.clone(),
    });
    let bind = || TcpListener::bind("127.0.0.1:0");
    let idp = virtual_idp::serve(bind().await.unwrap(), Options::new(signers.collect())).unwrap();
    let mut settings = portal_server::Settings::new(folder.path().join("portal.sqlite"), people);
    settings
        .booths
        .insert("booth-1".to_owned(), key().verifying_key());
    settings.issuer = Some(idp.issuer.clone());
    let portal = portal_server::serve(bind().await.unwrap(), settings)
        .await
        .unwrap();
    Bench {
        _folder: folder,
        portal,
        idp,
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

impl Bench {
    fn client(&self) -> HttpPortal {
        self.portal.client("booth-1", key()).unwrap()
    }

    /// The access token of a person who signed in on a phone.
    async fn token(&self, subject: &str) -> Private<String> {
        let settings = self.idp.settings();
        let provider = identity::open(&settings, std::path::Path::new(".")).unwrap();
        let mut steps = provider.begin();
        while let Some(step) = steps.next().await {
            match step {
                Step::CodeReady(_) => self.idp.control.approve(subject).unwrap(),
                Step::Approved(grant) => return grant.access_token.unwrap(),
                Step::Failed(failure) => panic!("{failure:?}"),
            }
        }
        panic!("the sign-in ended without an answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persons_own_token_gives_access_to_their_record() {
    let desk = desk().await;
    let token = desk.token("abcd0001").await;
    let Lookup::Found(holder) = desk.client().holder(&token).await.unwrap() else {
        panic!("not found");
    };
    assert_eq!(holder.display_name.as_str(), "Alva Björk");
    assert_eq!((holder.kinds.len(), holder.kinds[0].issue), (1, 2));
    assert_eq!(holder.cards[0].uid.as_ref().unwrap().bytes, 7);
    assert_eq!(holder.pickup_places[0].id, "infocenter");

    let made_up = Private::from("no-such-token");
    let answer = desk.client().holder(&made_up).await.unwrap();
    assert_eq!(answer, Lookup::NotBelieved);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booth_asks_in_an_attendants_name_only_with_the_attendants_token() {
    let desk = desk().await;
    let subject = Private::from("abcd0001");
    let attendant = desk.token("efgh0002").await;
    let other = desk.token("abcd0001").await;
    for (what, token, found) in [
        ("an attendant", Some(&attendant), true),
        ("somebody else", Some(&other), false),
        ("a booth that checked the password itself", None, true),
    ] {
        let answer = desk.client().holder_named(&subject, token).await.unwrap();
        assert_eq!(matches!(answer, Lookup::Found(_)), found, "{what}");
    }
    let nobody = Private::from("nobody");
    let answer = desk.client().holder_named(&nobody, None).await.unwrap();
    assert!(matches!(answer, Lookup::NotKnown(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booth_that_cannot_prove_its_name_is_refused() {
    let desk = desk().await;
    let subject = Private::from("abcd0001");
    for (what, name, key) in [
        ("another key", "booth-1", SigningKey::from_bytes(&[8; 32])),
        ("another name", "booth-2", key()),
    ] {
        let client = desk.portal.client(name, key).unwrap();
        let answer = client.holder_named(&subject, None).await.unwrap();
        assert_eq!(answer, Lookup::NotBelieved, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_that_is_not_there_is_a_broken_link() {
    // This port was free a moment ago, so nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let client = web::client(&web::Options {
        timeout: Some(Duration::from_secs(2)),
        ..web::Options::default()
    });
    let base = format!("http://{address}").parse().unwrap();
    let portal = HttpPortal::new(client.unwrap(), base, "booth-1", Some(key()));
    let error = portal.holder(&Private::from("t")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert!(!error.to_string().contains("holder"), "{error}");
}

/// A receiver that accepts POST only, with idempotency keys as in draft-ietf-httpapi-idempotency-key-header-07: 400
/// without a key, 422 for another content under a known key, 409 while the first request with the key is still in
/// progress.
mod post_only {
    use std::{
        collections::{BTreeMap, HashMap},
        sync::{Arc, Mutex},
    };

    use axum::{
        Router,
        body::Bytes,
        extract::State,
        http::{HeaderMap, Method, StatusCode, Uri},
    };
    use portal::Hash;

    #[derive(Default)]
    pub(super) struct Receiver {
        /// The path and the hash of the body by key.
        kept: BTreeMap<String, (String, Hash)>,
        /// The number of requests by key.
        pub(super) asked: HashMap<String, u32>,
    }

    impl Receiver {
        pub(super) fn places(&self) -> Vec<String> {
            self.kept.values().map(|(place, _)| place.clone()).collect()
        }
    }

    pub(super) type Shared = Arc<Mutex<Receiver>>;

    async fn receive(
        State(shared): State<Shared>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, String) {
        let mut receiver = shared.lock().unwrap();
        let key = headers
            .get("Idempotency-Key")
            .and_then(|key| key.to_str().ok());
        let Some(key) = key.filter(|key| method == Method::POST && key.len() > 2) else {
            return (StatusCode::BAD_REQUEST, String::new());
        };
        let times = receiver.asked.entry(key.to_owned()).or_default();
        *times += 1;
        // The first answer is lost on its way; the second request arrives while the first is still in progress.
        if *times == 2 {
            return (StatusCode::CONFLICT, String::new());
        }
        let lost = *times == 1;
        let (place, hash) = (uri.path().to_owned(), Hash::of(&body));
        let known = receiver
            .kept
            .entry(key.to_owned())
            .or_insert((place.clone(), hash));
        if *known != (place, hash) {
            return (StatusCode::UNPROCESSABLE_ENTITY, String::new());
        }
        if lost {
            return (StatusCode::BAD_GATEWAY, String::new());
        }
        (StatusCode::OK, format!(r#"{{"sha256": "{hash}"}}"#))
    }

    pub(super) async fn serve() -> (String, Shared) {
        let shared = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(receive).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (address, shared)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_accepts_post_only_gets_each_message_once() {
    use crate::outbox::bench;
    let (address, receiver) = post_only::serve().await;
    let client = web::client(&web::Options::default()).unwrap();
    let portal =
        HttpPortal::new(client, address.parse().unwrap(), bench::BOOTH, Some(key())).posting();
    let desk = bench::Bench::new();
    let outbox = desk.outbox().await;
    let worker = bench::worker_to(&outbox, std::sync::Arc::new(portal));
    let mut expected = Vec::new();
    for counter in 0..3 {
        let (order, serial) = bench::issue(&outbox, "abcd0001", counter).await;
        let at = format!("/v1/orders/{order}");
        expected.extend([format!("{at}/photo"), format!("{at}/cards/{serial}"), at]);
    }
    assert!(worker.drained(bench::SOON).await);
    worker.stop().await;
    let counts = outbox.counts().await.unwrap();
    assert_eq!((counts.delivered, counts.parked), (3, 0));
    let receiver = receiver.lock().unwrap();
    let mut places = receiver.places();
    places.sort();
    expected.sort();
    assert_eq!(places, expected);
    assert!(receiver.asked.values().all(|times| *times == 3));
}
