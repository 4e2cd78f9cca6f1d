//! The worker continues after a request whose result cannot be recorded or whose content is outdated.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use common::order::{Outcome, Private};
use futures::future::BoxFuture;
use jiff::Timestamp;
use outbox::worker::{self, Policy};
use portal::{Answer, Heartbeat, Lookup, Message, OrderState, Portal, Target};
use sqlx::{Connection as _, SqliteConnection};

use super::bench::{self, Bench, SOON, Silent};

type Answered = BoxFuture<'static, Result<Answer, portal::Error>>;

/// A portal that answers `send` with a closure, and other calls like [`Silent`].
struct Told<F>(F);

impl<F> fmt::Debug for Told<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl<F: Fn(&Message) -> Answered + Send + Sync> Portal for Told<F> {
    fn holder<'a>(
        &'a self,
        subject: &'a Private<String>,
    ) -> BoxFuture<'a, Result<Lookup, portal::Error>> {
        Silent.holder(subject)
    }

    fn holder_named<'a>(
        &'a self,
        name: &'a Private<String>,
        card: Option<&'a Private<String>>,
    ) -> BoxFuture<'a, Result<Lookup, portal::Error>> {
        Silent.holder_named(name, card)
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Answer, portal::Error>> {
        (self.0)(message)
    }

    fn heartbeat<'a>(&'a self, beat: &'a Heartbeat) -> BoxFuture<'a, Result<(), portal::Error>> {
        Silent.heartbeat(beat)
    }

    fn states(&self, since: Timestamp) -> BoxFuture<'_, Result<Vec<OrderState>, portal::Error>> {
        Silent.states(since)
    }

    fn revocations(&self) -> BoxFuture<'_, Result<Vec<u8>, portal::Error>> {
        Silent.revocations()
    }
}

fn stored(message: &Message) -> Answered {
    let answer = Answer::Stored(message.body.sha256);
    Box::pin(std::future::ready(Ok(answer)))
}

/// Another program locks the store for longer than the booth waits for the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_answer_was_not_recorded_is_sent_again() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    bench::issue(&outbox, "vera", 1).await;
    let other = format!("sqlite://{}", desk.file("outbox.sqlite").display());
    let requests = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&requests);
    let portal = Told(move |message: &Message| -> Answered {
        let answer = stored(message);
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            return answer;
        }
        let other = other.clone();
        Box::pin(async move {
            // By now the worker's first cleanup is over, which would otherwise wait for the lock first.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut store = SqliteConnection::connect(&other).await.unwrap();
            sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut store)
                .await
                .unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(17)).await;
                store.close().await.unwrap();
            });
            answer.await
        })
    });
    // With one request at a time no other write waits for the lock before that of the answer.
    let policy = Policy {
        concurrency: 1,
        speedup: 100,
        ..Policy::default()
    };
    let worker = worker::spawn(outbox.clone(), Arc::new(portal), policy);
    let mut fault = worker.fault();
    tokio::time::timeout(SOON, fault.wait_for(Option::is_some))
        .await
        .expect("staff are told of it")
        .unwrap();
    assert!(
        worker.drained(SOON).await,
        "the rest waits for the next start"
    );
    worker.stop().await;
    assert_eq!(outbox.counts().await.unwrap().delivered, 1);
    // Order, photo and card were sent, and the first of them twice.
    assert!(requests.load(Ordering::SeqCst) > 3);
}

/// While the portal is down, one job probes whether it is back. That job becomes outdated, because a newer row of the
/// same card follows it.
#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_probe_does_not_block_the_next_job() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let made = bench::commit(&outbox, "vera", 1).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let (later, cards) = (outbox.clone(), Arc::new(AtomicU32::new(0)));
    let portal = Told(move |message: &Message| -> Answered {
        if !matches!(message.to, Target::Card(..)) {
            return stored(message);
        }
        match cards.fetch_add(1, Ordering::SeqCst) {
            down @ 0..5 => {
                let later = later.clone();
                Box::pin(async move {
                    if down == 4 {
                        // The holder takes the card.
                        let taken = later.read_back(made.order, serial, None, true, true);
                        taken.await.unwrap();
                    }
                    Err(portal::Error::TimedOut)
                })
            }
            _ => stored(message),
        }
    });
    let evidence = bench::evidence(Outcome::Printed, 1, 2);
    outbox
        .end_attempt(made.order, serial, Outcome::Printed, &evidence)
        .await
        .unwrap();
    let read = outbox.read_back(made.order, serial, None, true, false);
    read.await.unwrap();
    let worker = bench::worker_to(&outbox, Arc::new(portal));
    assert!(worker.drained(SOON).await, "nothing is sent any more");
    worker.stop().await;
    assert_eq!(outbox.counts().await.unwrap().delivered, 1);
}
