//! Fault injection on the link to the portal and on its answers: each order still arrives and takes effect exactly
//! once.

use std::{
    collections::HashMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use common::order::{Order, OrderId, Outcome, Private, Serial};
use futures::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;
use outbox::{NewRecord, worker};
use portal::{
    Answer, Error, Hash, Heartbeat, Lookup, Message, OrderState, Portal, http::HttpPortal,
};
use rand::RngExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::bench::{self, BOOTH, Bench, booth_key};
use crate::relay::{Message as Request, answer};

/// The fault that the relay injects into a request, by the digest of its body.
type Plans = std::sync::Mutex<HashMap<String, Fault>>;

/// A fault of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Fault {
    /// Nothing listens at the address.
    Refused,
    /// No authority that the booth trusts has signed the certificate.
    Tls,
    /// The connection is reset before, during or after the request; in the last case the request took effect.
    ResetBefore,
    ResetWithin,
    ResetAfter,
    Failed,
    /// Retry-After is in seconds here, and a date in `TooMany`.
    Unavailable,
    TooMany,
    /// The request took effect, but the answer says that it was known before.
    Conflict,
    Malformed,
    Redirect,
    /// The request took effect, and the answer arrives byte by byte.
    Slow,
    /// The request took effect, but the end of the answer is missing.
    Truncated,
    /// The request took effect, but the answer has the hash of other content.
    OtherHash,
    /// The portal's clock is a day ahead of the booth's, or behind it in `ClockBehind`.
    ClockAhead,
    ClockBehind,
}

use Fault::*;

const FAULTS: [Fault; 16] = [
    Refused,
    Tls,
    ResetBefore,
    ResetWithin,
    ResetAfter,
    Failed,
    Unavailable,
    TooMany,
    Conflict,
    Malformed,
    Redirect,
    Slow,
    Truncated,
    OtherHash,
    ClockAhead,
    ClockBehind,
];

/// The share of requests with a fault. Of those that would be slow only a tenth are, since each delays the test.
const WRONG: f64 = 0.4;
const SLOW: f64 = 0.1;
/// The client's time limit for a request.
const TIMEOUT: Duration = Duration::from_millis(1500);

/// Chooses the faults and counts them.
#[derive(Debug, Default)]
struct Weather {
    counts: [AtomicU64; FAULTS.len()],
    /// The number of requests that reached the portal.
    forwarded: AtomicU64,
}

impl Weather {
    fn next(&self) -> Option<Fault> {
        let mut random = rand::rng();
        if !random.random_bool(WRONG) {
            return None;
        }
        let fault = FAULTS[random.random_range(0..FAULTS.len())];
        if fault == Slow && !random.random_bool(SLOW) {
            return None;
        }
        let at = FAULTS.iter().position(|known| *known == fault).unwrap();
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        Some(fault)
    }
}

/// Clients of the portal: by the relay, of a closed port, and of a server without a trusted certificate.
#[derive(Debug)]
struct Ways {
    weather: Arc<Weather>,
    straight: HttpPortal,
    closed: HttpPortal,
    stranger: HttpPortal,
    plans: Arc<Plans>,
}

impl Portal for Ways {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Answer, Error>> {
        async move {
            match self.weather.next() {
                Some(Refused) => self.closed.send(message).await,
                Some(Tls) => self.stranger.send(message).await,
                Some(fault) => {
                    let digest = BASE64.encode(message.body.sha256.0);
                    self.plans.lock().unwrap().insert(digest, fault);
                    self.straight.send(message).await
                }
                None => self.straight.send(message).await,
            }
        }
        .boxed()
    }

    fn holder<'a>(&'a self, token: &'a Private<String>) -> BoxFuture<'a, Result<Lookup, Error>> {
        self.straight.holder(token)
    }

    fn holder_named<'a>(
        &'a self,
        subject: &'a Private<String>,
        attendant: Option<&'a Private<String>>,
    ) -> BoxFuture<'a, Result<Lookup, Error>> {
        self.straight.holder_named(subject, attendant)
    }

    fn heartbeat<'a>(&'a self, beat: &'a Heartbeat) -> BoxFuture<'a, Result<(), Error>> {
        self.straight.heartbeat(beat)
    }

    fn states(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<OrderState>, Error>> {
        self.straight.states(since)
    }

    fn revocations(&self) -> BoxFuture<'_, Result<Vec<u8>, Error>> {
        self.straight.revocations()
    }
}

/// Relays the one request of each connection to the portal, or injects the planned fault.
async fn relay(
    listener: TcpListener,
    portal: std::net::SocketAddr,
    weather: Arc<Weather>,
    plans: Arc<Plans>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (weather, plans) = (weather.clone(), plans.clone());
        tokio::spawn(async move {
            // Broken connections are part of the test.
            let _ = one(client, portal, &weather, &plans).await;
        });
    }
}

async fn one(
    mut client: TcpStream,
    portal: std::net::SocketAddr,
    weather: &Weather,
    plans: &Plans,
) -> std::io::Result<()> {
    let (mut request, length) = Request::read_head(&mut client).await?;
    let digest = request
        .header("content-digest")
        .and_then(|value| value.strip_prefix("sha-256=:")?.strip_suffix(':'))
        .unwrap_or_default();
    let fault = plans.lock().unwrap().remove(digest);
    if fault == Some(ResetBefore) {
        return client.set_zero_linger();
    }
    if fault == Some(ResetWithin) {
        let mut half = vec![0; length / 2];
        client.read_exact(&mut half).await?;
        return client.set_zero_linger();
    }
    request.body = vec![0; length];
    client.read_exact(&mut request.body).await?;
    if let Some(answer) = fault.and_then(instead) {
        client.write_all(answer.as_bytes()).await?;
        return client.shutdown().await;
    }
    weather.forwarded.fetch_add(1, Ordering::Relaxed);
    let got = request.forward(portal).await?;
    match fault {
        // Without lingering the client sees a reset and not a regular end.
        Some(ResetAfter) => return client.set_zero_linger(),
        Some(Conflict) if got.starts_with(b"HTTP/1.1 20") => {
            let kept = Hash::of(&request.body);
            let problem = format!(r#"{{"title": "kept", "sha256": "{kept}"}}"#);
            client
                .write_all(answer(409, PROBLEM, &problem).as_bytes())
                .await?;
        }
        Some(OtherHash) => {
            let other = format!(r#"{{"sha256": "{}"}}"#, Hash::of(b"something else"));
            client.write_all(answer(200, "", &other).as_bytes()).await?;
        }
        Some(Truncated) => client.write_all(&got[..got.len() - 10]).await?,
        Some(Slow) => {
            for byte in got {
                client.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        _ => client.write_all(&got).await?,
    }
    client.shutdown().await
}

const PROBLEM: &str = "Content-Type: application/problem+json\r\n";

/// The answer to a request that does not reach the portal.
fn instead(fault: Fault) -> Option<String> {
    const DAY: i64 = 24 * 3600;
    let date = |offset: i64| {
        let now = SystemTime::now();
        let offset_by = Duration::from_secs(offset.unsigned_abs());
        httpdate::fmt_http_date(if offset < 0 {
            now - offset_by
        } else {
            now + offset_by
        })
    };
    match fault {
        Failed => Some(answer(500, "", "{}")),
        Unavailable => Some(answer(503, "Retry-After: 1\r\n", "")),
        TooMany => {
            let extra = format!("Date: {}\r\nRetry-After: {}\r\n", date(0), date(2));
            Some(answer(429, &extra, ""))
        }
        Malformed => Some(answer(
            400,
            PROBLEM,
            r#"{"title": "The request is not well formed"}"#,
        )),
        Redirect => Some(answer(307, "Location: /v1/elsewhere\r\n", "")),
        ClockAhead => Some(answer(401, &format!("Date: {}\r\n", date(DAY)), "")),
        ClockBehind => Some(answer(401, &format!("Date: {}\r\n", date(-DAY)), "")),
        _ => None,
    }
}

/// A TLS server with a self-signed certificate.
async fn stranger() -> std::net::SocketAddr {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let _ = acceptor.accept(client).await;
        }
    });
    address
}

fn orders_wanted() -> usize {
    let asked = env::var("WEATHER_ORDERS").ok();
    asked.map_or(2000, |text| {
        text.parse().expect("WEATHER_ORDERS is a number")
    })
}

/// Issues a card at once: commits, prints and has it collected.
async fn issue(outbox: &outbox::Outbox, number: usize, person: usize) -> (OrderId, Serial, String) {
    let (order, photo): (Order, _) = bench::order_of(&format!("person-{person}"));
    let hash = order.photo.sha256.clone();
    let counter = number as u64;
    let record = NewRecord {
        order,
        photo,
        attempt: Some(bench::attempt(counter)),
    };
    let made = outbox.commit(record).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let evidence = bench::evidence(Outcome::Printed, counter, counter + 1);
    outbox
        .end_attempt(made.order, serial, Outcome::Printed, &evidence)
        .await
        .unwrap();
    let uid = common::order::Uid::from_bytes(&serial.0[..7]);
    outbox
        .read_back(made.order, serial, Some(&uid), true, true)
        .await
        .unwrap();
    (made.order, serial, hash)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_order_arrives_once_in_any_weather() {
    let wanted = orders_wanted();
    let desk = Bench::in_memory();
    let outbox = desk.outbox().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let portal = desk
        .portal_with(|settings| settings.address = Some(base.clone()))
        .await;
    let (weather, plans) = (Arc::new(Weather::default()), Arc::default());
    let relay = tokio::spawn(relay(
        listener,
        portal.address,
        Arc::clone(&weather),
        Arc::clone(&plans),
    ));
    let client = || {
        web::client(&web::Options {
            timeout: Some(TIMEOUT),
            ..web::Options::default()
        })
        .unwrap()
    };
    let at =
        |base: &str| HttpPortal::new(client(), base.parse().unwrap(), BOOTH, Some(booth_key()));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed_at = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let ways = Ways {
        weather: Arc::clone(&weather),
        straight: at(&base),
        closed: at(&closed_at),
        stranger: at(&format!("https://{}", stranger().await)),
        plans,
    };
    let policy = worker::Policy {
        concurrency: 8,
        speedup: 1000,
        ..worker::Policy::default()
    };
    let worker = worker::spawn(outbox.clone(), Arc::new(ways), policy);
    let mut sent = HashMap::new();
    for number in 0..wanted {
        // Some people order again, and the portal refuses that while their earlier order is open.
        let (order, serial, photo) = issue(&outbox, number, number % (wanted / 3 + 1)).await;
        sent.insert(order, (serial, photo));
    }
    // Parked orders are retried until none is left.
    let patience = Duration::from_secs(60 + wanted as u64);
    let done = tokio::time::timeout(patience, async {
        loop {
            while !worker.drained(patience).await {}
            if outbox.counts().await.unwrap().parked == 0 {
                return;
            }
            outbox.retry(None).await.unwrap();
        }
    });
    done.await.expect("orders still wait");
    worker.stop().await;
    relay.abort();

    // The portal has each order once, with its photo and its collected card.
    let received = portal.control.orders().await.unwrap();
    assert_eq!(received.len(), sent.len());
    for order in &received {
        let (serial, photo) = &sent[order];
        let view = portal.control.order(*order).await.unwrap().unwrap();
        assert_eq!(view.photo.as_ref(), Some(photo));
        assert_eq!(view.cards.len(), 1);
        let card = view.printed().unwrap();
        assert_eq!((card.serial, card.row.collected), (*serial, true));
    }
    let totals = portal.control.totals().await.unwrap();
    assert_eq!(
        (totals.orders, totals.cards),
        (wanted as u64, wanted as u64)
    );
    let counts = outbox.counts().await.unwrap();
    assert_eq!(counts.delivered, wanted as u64);
    // Every fault occurred, and requests that had taken effect were sent again.
    let mut tally = String::new();
    for (fault, count) in FAULTS.iter().zip(&weather.counts) {
        let count = count.load(Ordering::Relaxed);
        tally += &format!(" {fault:?} {count}");
        assert!(count > 0, "{fault:?} never came");
    }
    let forwarded = weather.forwarded.load(Ordering::Relaxed);
    println!("{wanted} orders in {forwarded} requests that arrived;{tally}");
    assert!(forwarded > 3 * wanted as u64);
}
