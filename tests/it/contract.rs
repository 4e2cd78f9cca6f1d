//! Checks that the booth's client and the reference portal follow the contract (`assets/portal/openapi.yaml`).

mod schema;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use common::order::{Disposition, Order, Outcome, Private, Serial};
use ed25519_dalek::SigningKey;
use futures::StreamExt as _;
use identity::{Step, virtual_idp};
use jiff::Timestamp;
use portal::{
    Answer, Block, Body, CodeRequest, Hash, Heartbeat, Incident, IncidentKind, Message, Portal,
    Target, assertion, http::HttpPortal,
};
use portal_server::people::People;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::{outbox::bench, relay};

const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

struct Contract(Value);

impl Contract {
    fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/portal/openapi.yaml");
        Self(serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap())
    }

    /// Follows a reference within the document.
    fn resolve<'a>(&'a self, mut node: &'a Value) -> &'a Value {
        while let Some(name) = node.get("$ref").and_then(Value::as_str) {
            let pointer = name.strip_prefix('#').unwrap();
            node = self
                .0
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{name} points nowhere"));
        }
        node
    }

    fn paths(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["paths"].as_object().unwrap().iter()
    }

    /// The path item and the operation for a request; `None` if the contract has none.
    fn operation(&self, method: &str, path: &str) -> Option<(&Value, &Value)> {
        let path = path.split('?').next().unwrap();
        let (_, item) = self.paths().find(|(template, _)| fits(template, path))?;
        Some((item, item.get(method.to_lowercase())?))
    }

    /// The violations of `schema` by `value`.
    fn judge(&self, schema: &Value, value: &Value) -> Vec<String> {
        schema::judge(&|node| self.resolve(node), schema, value)
    }

    fn judge_body(&self, content: &Value, kind: &str, body: &[u8]) -> Vec<String> {
        let kind = kind.split(';').next().unwrap();
        let Some(media) = content.get(kind) else {
            return vec![format!("the media type {kind:?} is not in the contract")];
        };
        if !kind.ends_with("json") {
            return Vec::new();
        }
        match serde_json::from_slice(body) {
            Ok(value) => self.judge(&media["schema"], &value),
            Err(error) => vec![format!("no JSON: {error}")],
        }
    }

    /// The violations of the contract by a request of the booth.
    fn judge_request(&self, request: &relay::Message) -> Vec<String> {
        let line = request.first_line();
        let (method, path) = (line[0], line[1]);
        let Some((item, operation)) = self.operation(method, path) else {
            return vec!["no such operation".to_owned()];
        };
        let mut wrong = Vec::new();
        let parameters = [item, operation]
            .into_iter()
            .filter_map(|at| at.get("parameters")?.as_array())
            .flatten();
        for parameter in parameters.map(|parameter| self.resolve(parameter)) {
            let name = parameter["name"].as_str().unwrap();
            let given = match parameter["in"].as_str().unwrap() {
                "header" => request.header(name).map(str::to_owned),
                "query" => query(path, name),
                _ => segment(self.template(path), path, name),
            };
            match given {
                Some(given) => {
                    let judged = self.judge(&parameter["schema"], &Value::String(given));
                    wrong.extend(judged.iter().map(|line| format!("{name}: {line}")));
                }
                None if parameter["required"] == true => wrong.push(format!("{name} is missing")),
                None => {}
            }
        }
        if let Some(body) = operation.get("requestBody") {
            let kind = request.header("content-type").unwrap_or_default();
            wrong.extend(self.judge_body(&body["content"], kind, &request.body));
        } else if !request.body.is_empty() {
            wrong.push("a body that the contract does not know".to_owned());
        }
        wrong
    }

    /// The violations of the contract by the answer to a request.
    fn judge_answer(&self, request: &relay::Message, answer: &relay::Message) -> Vec<String> {
        let line = request.first_line();
        let Some((_, operation)) = self.operation(line[0], line[1]) else {
            return vec!["no such operation".to_owned()];
        };
        let status = answer.first_line()[1];
        let Some(response) = operation["responses"].get(status) else {
            return vec![format!("{status} is not in the contract")];
        };
        match self.resolve(response).get("content") {
            Some(content) => {
                let kind = answer.header("content-type").unwrap_or_default();
                self.judge_body(content, kind, &answer.body)
            }
            None => Vec::new(),
        }
    }

    fn template(&self, path: &str) -> &str {
        let path = path.split('?').next().unwrap();
        let found = self.paths().find(|(template, _)| fits(template, path));
        found.map_or("", |(template, _)| template)
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
}

fn segment(template: &str, path: &str, name: &str) -> Option<String> {
    let at = template
        .split('/')
        .position(|part| part == format!("{{{name}}}"))?;
    path.split('?')
        .next()?
        .split('/')
        .nth(at)
        .map(str::to_owned)
}

fn query(path: &str, name: &str) -> Option<String> {
    let url: reqwest::Url = format!("http://x{path}").parse().ok()?;
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// All requests and answers between client and server.
type Heard = Arc<Mutex<Vec<(relay::Message, relay::Message)>>>;

struct Stage {
    _folder: tempfile::TempDir,
    idp: virtual_idp::Running,
    _portal: portal_server::Running,
    base: String,
    heard: Heard,
}

async fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let people: People = bench::people();
    let signers = people.people.iter().map(|person| virtual_idp::Person {
        subject: person.subject.clone(),
        name: person.name.clone(),
        affiliation: person.affiliation.clone(),
        assurance: person.assurance.clone(),
        groups: person.groups.clone(),
    });
    // This person can sign in, but the portal does not know them.
    let stranger = virtual_idp::Person {
        subject: "ijkl0003".to_owned(),
        name: "Kim Ek".to_owned(),
        affiliation: Vec::new(),
        assurance: String::new(),
        groups: Vec::new(),
    };
    let options = virtual_idp::Options::new(signers.chain([stranger]).collect());
    let bind = || TcpListener::bind("127.0.0.1:0");
    let idp = virtual_idp::serve(bind().await.unwrap(), options).unwrap();
    let relay_at = bind().await.unwrap();
    let base = format!("http://{}", relay_at.local_addr().unwrap());
    let mut settings = portal_server::Settings::new(folder.path().join("portal.sqlite"), people);
    let key = bench::booth_key().verifying_key();
    settings.booths.insert(bench::BOOTH.to_owned(), key);
    settings.issuer = Some(idp.issuer.clone());
    settings.address = Some(base.clone());
    settings.signer = Some(card::Signer::random(7));
    let portal = portal_server::serve(bind().await.unwrap(), settings)
        .await
        .unwrap();
    let heard = Heard::default();
    let (listened, address) = (heard.clone(), portal.address);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = relay_at.accept().await {
            let heard = listened.clone();
            tokio::spawn(async move {
                let request = relay::Message::read(&mut client).await?;
                let got = request.forward(address).await?;
                let answer = relay::Message::parse(&got).expect("an answer");
                heard.lock().unwrap().push((request, answer));
                client.write_all(&got).await?;
                client.shutdown().await
            });
        }
    });
    Stage {
        _folder: folder,
        idp,
        _portal: portal,
        base,
        heard,
    }
}

impl Stage {
    fn client(&self) -> HttpPortal {
        let client = web::client(&web::Options::default()).unwrap();
        let base = self.base.parse().unwrap();
        HttpPortal::new(client, base, bench::BOOTH, Some(bench::booth_key()))
    }

    async fn token(&self, subject: &str) -> Private<String> {
        let settings = self.idp.settings();
        let provider = identity::open(&settings, Path::new(".")).unwrap();
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

    /// Sends a request that the booth's client would not make, and returns the status.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> StatusCode {
        let now = Timestamp::now().as_second();
        let signed = assertion::sign(&bench::booth_key(), bench::BOOTH, &self.base, now);
        let client = web::client(&web::Options::default()).unwrap();
        let mut request = client
            .request(method, format!("{}{path}", self.base))
            .header("Content-Type", kind);
        if !headers.iter().any(|(name, _)| *name == "Authorization") {
            request = request.header("Authorization", format!("Bearer {signed}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.unwrap().status()
    }

    async fn put_json(&self, path: &str, body: &Value) -> StatusCode {
        let body = serde_json::to_vec(body).unwrap();
        self.ask(Method::PUT, path, "application/json", body, &[])
            .await
    }
}

fn message(to: Target, body: &impl serde::Serialize) -> Message {
    let body = Body::json(Private::new(serde_json::to_vec(body).unwrap()));
    Message { to, body }
}

/// An order with every optional field set.
fn full_order(subject: &str) -> (Order, Private<Vec<u8>>) {
    let (order, photo) = bench::order_of(subject);
    let mut order = serde_json::to_value(order).unwrap();
    order["login"]["staff"] = json!({ "id": "desk-1", "why": "forgot the phone", "idSeen": true });
    order["login"]["method"] = json!("staff");
    order["replaces"] = json!({ "serial": "00000000000000aa", "cardNumber": "17", "seen": "reader",
        "uid": { "hex": "04A1B2C3D4E5F6", "bytes": 7 }, "disposition": "lost" });
    order["photo"]["checks"] =
        json!([{ "check": "eyesOpen", "raw": 0.25, "score": 41.5, "ok": false }]);
    order["photo"]["override"] = json!(["eyesOpen"]);
    order["library"] = json!({ "wish": true, "barcode": "1234" });
    order["fee"] = json!({ "amount": "10.00", "currency": "PLN", "reference": "r-1" });
    order["consents"] = json!([{ "text": "card-rules", "version": "2024-07-04", "lang": "sv",
        "at": "2026-11-21T08:00:00Z" }]);
    (serde_json::from_value(order).unwrap(), photo)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_traffic_follows_the_contract_and_covers_it() {
    let (contract, stage) = (Contract::read(), stage().await);
    let client = stage.client();
    all_that_the_booth_says(&stage, &client).await;
    let by_the_booth = stage.heard.lock().unwrap().len();
    all_that_is_refused(&stage).await;

    let heard = stage.heard.lock().unwrap().clone();
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (number, (request, answer)) in heard.iter().enumerate() {
        let line = request.first_line();
        let about = format!("{} {} -> {}", line[0], line[1], answer.first_line()[1]);
        let mut judged = contract.judge_answer(request, answer);
        if number < by_the_booth {
            judged.extend(contract.judge_request(request));
        }
        wrong.extend(judged.into_iter().map(|line| format!("{about}: {line}")));
        if let Some((_, operation)) = contract.operation(line[0], line[1]) {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let status = answer.first_line()[1].to_owned();
            seen.entry(id).or_default().insert(status);
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The traffic covers the contract: each operation succeeded once, and each refusal that a caller can cause
    // occurred.
    let by_the_portal_itself = ["500", "502", "413"];
    // The reference portal never gives these answers: it signs codes, allows cards to all people whom it knows, and
    // accepts no photo but the announced one.
    let by_other_portals = [("signCode", "404"), ("holder", "403"), ("putPhoto", "409")];
    let mut untried = Vec::new();
    for (path, item) in contract.paths() {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let id = operation["operationId"].as_str().unwrap();
            let answers = seen.get(id).cloned().unwrap_or_default();
            for status in operation["responses"].as_object().unwrap().keys() {
                let other_portals = by_other_portals.contains(&(id, status.as_str()));
                let own_choice = by_the_portal_itself.contains(&status.as_str()) || other_portals;
                if !answers.contains(status) && !own_choice {
                    untried.push(format!("{method} {path} {status}"));
                }
            }
        }
    }
    assert_eq!(untried, Vec::<String>::new());
}

async fn all_that_the_booth_says(stage: &Stage, client: &HttpPortal) {
    let person = stage.token("abcd0001").await;
    client.holder(&person).await.unwrap();
    client.holder(&Private::from("no-token")).await.unwrap();
    let stranger = stage.token("ijkl0003").await;
    client.holder(&stranger).await.unwrap();
    let attendant = stage.token("efgh0002").await;
    let subject = Private::from("abcd0001");
    for token in [None, Some(&attendant), Some(&person)] {
        let _ = client.holder_named(&subject, token).await.unwrap();
    }
    client
        .holder_named(&Private::from("nobody"), None)
        .await
        .unwrap();
    let stranger = SigningKey::from_bytes(&[9; 32]);
    let base = stage.base.parse().unwrap();
    let plain = web::client(&web::Options::default()).unwrap();
    let unknown = HttpPortal::new(plain, base, bench::BOOTH, Some(stranger));
    unknown.holder_named(&subject, None).await.unwrap();

    for (order, photo) in [full_order("abcd0001"), bench::order_of("efgh0002")] {
        let id = order.order_id;
        let order_message = message(Target::Order(id), &order);
        let photo_message = Message {
            to: Target::Photo(id),
            body: Body::jpeg(photo),
        };
        let serial = Serial::random();
        let card = |rev: u32, outcome: Outcome| {
            let row = json!({ "rev": rev, "at": Timestamp::now(), "outcome": outcome, "fed": true,
                "uid": { "hex": "04A1B2C3D4E5F6", "bytes": 7 }, "codeReadBack": true, "collected": true,
                "printer": bench::PRINTER, "evidence": bench::evidence(outcome, 1, 2) });
            let row: common::order::CardRow = serde_json::from_value(row).unwrap();
            message(Target::Card(id, serial), &row)
        };
        for message in [
            order_message.clone(),
            order_message,
            photo_message.clone(),
            photo_message,
            card(1, Outcome::Unknown),
            card(2, Outcome::Printed),
            card(2, Outcome::Printed),
        ] {
            let answer = client.send(&message).await.unwrap();
            let hash = message.body.sha256;
            // The body holds a time, so a repeated revision has another body, which is a conflict.
            let repeated = matches!(answer, Answer::Conflict(Some(_)));
            assert!(answer == Answer::Stored(hash) || repeated, "{answer:?}");
        }
    }
    let block = Block {
        reason: Disposition::Stolen,
        at: Timestamp::now(),
        booth: bench::BOOTH.to_owned(),
    };
    let block = message(Target::Block(Serial::random()), &block);
    client.send(&block).await.unwrap();
    let code = CodeRequest {
        kind: 2,
        valid_through: "2029-06-30".parse().unwrap(),
        issue: 1,
    };
    client.sign(Serial::random(), code).await.unwrap();
    let kinds = [
        IncidentKind::NotMe {
            subject: Some(Private::from("abcd0001")),
        },
        IncidentKind::NotMe { subject: None },
        IncidentKind::Tampering {
            what: "door".to_owned(),
        },
        IncidentKind::StoreDamaged {
            file: "outbox.sqlite.damaged-20261121T080000000Z".to_owned(),
            why: "file is not a database".to_owned(),
        },
        IncidentKind::CardGone {
            disposition: Disposition::Lost,
            card_number: Some(Private::from("17")),
            uid: None,
            subject: None,
        },
    ];
    for kind in kinds {
        let incident = Incident {
            id: uuid::Uuid::now_v7(),
            at: Timestamp::now(),
            booth: bench::BOOTH.to_owned(),
            kind,
        };
        let told = message(Target::Incident(incident.id), &incident);
        for _ in 0..2 {
            let answer = client.send(&told).await.unwrap();
            assert_eq!(answer, Answer::Stored(told.body.sha256));
        }
    }
    let mut beat = Heartbeat {
        at: Timestamp::now(),
        software: "0.1.0".to_owned(),
        ready: false,
        reasons: vec!["reason-printer-no-cards".to_owned()],
        ribbon_cards: Some(12),
        printed: Some(1234),
        waiting: 3,
        parked: 1,
        oldest_seconds: Some(60),
    };
    client.heartbeat(&beat).await.unwrap();
    (beat.ribbon_cards, beat.printed, beat.oldest_seconds) = (None, None, None);
    client.heartbeat(&beat).await.unwrap();
    let states = client.states(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(states.len(), 2);
}

async fn all_that_is_refused(stage: &Stage) {
    let (order, photo) = bench::order_of("abcd0001");
    let id = order.order_id;
    let at = format!("/v1/orders/{id}");
    let order = serde_json::to_value(order).unwrap();
    let bare = web::client(&web::Options::default()).unwrap();
    let page = bare.get(format!("{}/K/0000000000000", stage.base));
    assert_eq!(page.send().await.unwrap().status(), 200);
    let none: &[(&str, &str)] = &[("Authorization", "Basic x")];
    let json = "application/json";
    // Refused orders: without authentication, with an invalid body, of another booth, sent again with other content,
    // and while another one is open.
    assert_eq!(
        stage
            .ask(Method::PUT, &at, json, b"{}".to_vec(), none)
            .await,
        401
    );
    assert_eq!(
        stage.ask(Method::PUT, &at, json, b"{}".to_vec(), &[]).await,
        400
    );
    let damaged = [(
        "Content-Digest",
        "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:",
    )];
    let body = serde_json::to_vec(&order).unwrap();
    assert_eq!(stage.ask(Method::PUT, &at, json, body, &damaged).await, 400);
    let mut other = order.clone();
    other["booth"]["id"] = json!("booth-2");
    assert_eq!(stage.put_json(&at, &other).await, 403);
    let mut large = order.clone();
    large["lang"] = json!("x".repeat(300_000));
    assert_eq!(stage.put_json(&at, &large).await, 422);
    assert_eq!(stage.put_json(&at, &order).await, 201);
    other = order.clone();
    other["lang"] = json!("en");
    assert_eq!(stage.put_json(&at, &other).await, 409);
    let (next, _) = bench::order_of("abcd0001");
    let next = serde_json::to_value(next).unwrap();
    let next_at = format!("/v1/orders/{}", next["orderId"].as_str().unwrap());
    assert_eq!(stage.put_json(&next_at, &next).await, 423);
    // Photos.
    let (photo_at, jpeg) = (format!("{at}/photo"), "image/jpeg");
    let nowhere = format!("{next_at}/photo");
    let photo = photo.to_vec();
    let put = async |path: &str, kind: &str, body: &[u8], headers| {
        stage
            .ask(Method::PUT, path, kind, body.to_vec(), headers)
            .await
    };
    assert_eq!(put(&photo_at, jpeg, &photo, none).await, 401);
    assert_eq!(put(&photo_at, json, &photo, &[]).await, 400);
    assert_eq!(put(&nowhere, jpeg, &photo, &[]).await, 404);
    assert_eq!(put(&photo_at, jpeg, b"\xff\xd8 no", &[]).await, 422);
    // Cards.
    let card_at = format!("{at}/cards/{}", Serial::random());
    let row = json!({ "rev": 1, "at": Timestamp::now(), "outcome": "printed", "fed": true, "codeReadBack": false,
        "collected": false, "printer": "P", "evidence": bench::evidence(Outcome::Printed, 1, 2) });
    assert_eq!(put(&card_at, json, b"{}", none).await, 401);
    assert_eq!(put(&card_at, json, b"{}", &[]).await, 400);
    let nowhere = format!("{next_at}/cards/{}", Serial::random());
    assert_eq!(stage.put_json(&nowhere, &row).await, 404);
    assert_eq!(stage.put_json(&card_at, &row).await, 201);
    let second = format!("{at}/cards/{}", Serial::random());
    assert_eq!(stage.put_json(&second, &row).await, 422);
    let mut again = row.clone();
    again["collected"] = json!(true);
    assert_eq!(stage.put_json(&card_at, &again).await, 409);
    // The other operations.
    let block_at = format!("/v1/cards/{}/block", Serial::random());
    assert_eq!(put(&block_at, json, b"{}", none).await, 401);
    assert_eq!(put(&block_at, json, b"{}", &[]).await, 400);
    let sign_at = format!("/v1/cards/{}/signature", Serial::random());
    assert_eq!(put(&sign_at, json, b"{}", none).await, 401);
    assert_eq!(put(&sign_at, json, b"{}", &[]).await, 400);
    let post = async |body: Value, headers: &[(&str, &str)]| {
        let body = serde_json::to_vec(&body).unwrap();
        stage
            .ask(Method::POST, "/v1/incidents", json, body, headers)
            .await
    };
    assert_eq!(post(json!({}), none).await, 401);
    assert_eq!(post(json!({}), &[]).await, 400);
    let key = format!("\"{}\"", uuid::Uuid::now_v7());
    let incident = |what: &str| json!({ "id": uuid::Uuid::nil(), "at": "2026-11-21T08:00:00Z", "booth": "booth-1", "kind": "tampering", "what": what });
    assert_eq!(
        post(incident("door"), &[("Idempotency-Key", &key)]).await,
        201
    );
    assert_eq!(
        post(incident("lid"), &[("Idempotency-Key", &key)]).await,
        422
    );
    let health = |booth: &str| format!("/v1/booths/{booth}/health");
    assert_eq!(put(&health("booth-1"), json, b"{}", none).await, 401);
    assert_eq!(put(&health("booth-1"), json, b"{}", &[]).await, 400);
    assert_eq!(put(&health("booth-2"), json, b"{}", &[]).await, 403);
    for (query, headers, status) in [
        ("booth=booth-1&since=2026-01-01T00:00:00Z", none, 401),
        ("booth=booth-1&since=yesterday", &[], 400),
        ("booth=booth-2&since=2026-01-01T00:00:00Z", &[], 403),
    ] {
        let path = format!("/v1/orders?{query}");
        assert_eq!(
            stage
                .ask(Method::GET, &path, json, Vec::new(), headers)
                .await,
            status,
            "{query}"
        );
    }
}

/// The server answers 400 if a field that the contract requires is missing, or if a value is not one that it allows.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_requires_what_the_contract_requires() {
    let (contract, stage) = (Contract::read(), stage().await);
    let (order, _) = full_order("abcd0001");
    let at = format!("/v1/orders/{}", order.order_id);
    let order = serde_json::to_value(order).unwrap();
    let schema = &contract.0["components"]["schemas"]["Order"];
    let mut tried = 0;
    for path in required(&contract, schema, &order, String::new()) {
        let mut without = order.clone();
        let (parent, name) = path.rsplit_once('/').unwrap();
        without
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(name);
        assert!(!contract.judge(schema, &without).is_empty(), "{path}");
        assert_eq!(stage.put_json(&at, &without).await, 400, "without {path}");
        tried += 1;
    }
    for (path, value) in [
        ("/reason", json!("bored")),
        ("/delivery", json!("by post")),
        ("/card/functions", json!(["fly"])),
        ("/card/validThrough", json!("soon")),
        ("/card/issue", json!(256)),
        ("/replaces/serial", json!("xyz")),
        ("/createdAt", json!("now")),
    ] {
        let mut wrong = order.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        assert!(!contract.judge(schema, &wrong).is_empty(), "{path}");
        assert_eq!(
            stage.put_json(&at, &wrong).await,
            400,
            "with another {path}"
        );
        tried += 1;
    }
    assert!(tried > 40, "{tried}");
    assert_eq!(stage.put_json(&at, &order).await, 201);
}

/// The JSON pointers of all required fields within `value`.
fn required(contract: &Contract, schema: &Value, value: &Value, at: String) -> Vec<String> {
    let schema = contract.resolve(schema);
    let mut found = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        found.push(format!("{at}/{}", name.as_str().unwrap()));
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            found.extend(required(contract, inner, value, format!("{at}/{name}")));
        }
    }
    if let (Some(items), Some(first)) = (schema.get("items"), value.get(0)) {
        found.extend(required(contract, items, first, format!("{at}/0")));
    }
    found
}

#[test]
fn the_contract_is_openapi_and_has_the_servers_routes() {
    let contract = Contract::read();
    assert_eq!(contract.0["openapi"], "3.1.1");
    // Each reference resolves, and the tests understand each keyword of the schemas.
    every_node(&contract.0, &mut |node| {
        contract.resolve(node);
    });
    for schema in contract.0["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
    {
        schema::check(schema);
    }
    let mut ids = BTreeSet::new();
    let mut described = BTreeSet::new();
    for (path, item) in contract.paths() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                described.insert(format!("{method} {}", unnamed(path)));
            }
        }
    }
    let source = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal-server/src/lib.rs"),
    )
    .unwrap();
    let routes: BTreeSet<String> = source
        .split(".route(\"")
        .skip(1)
        .map(|rest| {
            let (path, rest) = rest.split_once('"').unwrap();
            let method = rest
                .trim_start_matches([',', ' ', '\n'])
                .split('(')
                .next()
                .unwrap();
            format!("{method} {}", unnamed(path))
        })
        .collect();
    assert_eq!(described, routes);
}

fn every_node(node: &Value, look: &mut impl FnMut(&Value)) {
    look(node);
    match node {
        Value::Array(items) => items.iter().for_each(|item| every_node(item, look)),
        Value::Object(fields) => fields.values().for_each(|item| every_node(item, look)),
        _ => {}
    }
}

/// A path template without the names of its parameters.
fn unnamed(path: &str) -> String {
    let parts = path.split('/');
    parts
        .map(|part| if part.starts_with('{') { "{}" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn a_wrong_body_is_detected() {
    let contract = Contract::read();
    let (order, _) = bench::order_of("abcd0001");
    let mut order = serde_json::to_value(order).unwrap();
    let schema = &contract.0["components"]["schemas"]["Order"];
    assert_eq!(contract.judge(schema, &order), Vec::<String>::new());
    order["photo"]["sha256"] = json!(Hash::of(b"x").to_string().to_uppercase());
    assert_eq!(contract.judge(schema, &order).len(), 1);
}
