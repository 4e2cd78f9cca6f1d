//! Tests of the outbox: what is acknowledged reaches the portal exactly once, whatever happens on the way.

pub(crate) mod bench;
mod clock;
mod journal;
mod receiver;
mod rules;
mod secrets;
mod staff;
mod weather;
mod worker;

use bench::{Bench, SOON, commit, issue, worker};
use common::order::Outcome;
use outbox::{Error, Outbox};
use portal_server::Totals;

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_order_reaches_the_portal_once_with_photo_and_card() {
    let desk = Bench::new();
    let (outbox, portal) = (desk.outbox().await, desk.portal().await);
    let worker = worker(&outbox, &portal);
    let mut made = Vec::new();
    for counter in 0..10 {
        made.push(issue(&outbox, "abcd0001", counter).await);
        assert!(worker.drained(SOON).await);
    }
    worker.stop().await;

    assert_eq!(portal.control.orders().await.unwrap().len(), 10);
    for (at, (order, serial)) in made.iter().enumerate() {
        let view = portal.control.order(*order).await.unwrap().unwrap();
        let card = view.printed().unwrap();
        assert_eq!(
            view.photo.as_deref(),
            Some(view.order.photo.sha256.as_str())
        );
        assert_eq!(card.serial, *serial);
        assert!(card.row.collected && card.row.code_read_back && card.row.fed);
        assert_eq!(card.row.uid.as_ref().unwrap().bytes, 7);
        // Each new card of this kind replaces the one before.
        let expected = if at == 9 { "active" } else { "blocked" };
        assert_eq!((card.status.as_str(), at), (expected, at));
    }
    let counts = outbox.counts().await.unwrap();
    assert_eq!(
        (counts.delivered, counts.waiting, counts.parked),
        (10, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_orders_survive_a_restart() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (order, _) = issue(&outbox, "abcd0001", 0).await;
    // There is no portal, and the program ends without closing the outbox.
    drop(outbox);

    let outbox = desk.open_again().await;
    assert_eq!(outbox.backlog().borrow().waiting, 1);
    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    let view = portal.control.order(order).await.unwrap().unwrap();
    assert_eq!(view.state, "active");
}

#[tokio::test]
async fn a_second_booth_on_the_same_store_is_refused() {
    let desk = Bench::new();
    let _outbox = desk.outbox().await;
    let refused = Outbox::open(&desk.settings()).await.unwrap_err();
    assert!(
        matches!(refused, Error::Store(store::Error::Taken(_))),
        "{refused}"
    );
}

#[tokio::test]
async fn committing_the_same_order_again_changes_nothing() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (order, photo) = bench::order_of("abcd0001");
    let record = |attempt| outbox::NewRecord {
        order: order.clone(),
        photo: photo.clone(),
        attempt: Some(attempt),
    };
    let first = outbox.commit(record(bench::attempt(0))).await.unwrap();
    let second = outbox.commit(record(bench::attempt(0))).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(outbox.counts().await.unwrap().open, 1);
    let (read, jpeg) = outbox.read(first.order).await.unwrap().unwrap();
    assert_eq!((read, jpeg), (order, photo));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_parked_with_the_reason_and_delays_no_other_order() {
    let desk = Bench::new();
    let (outbox, portal) = (desk.outbox().await, desk.portal().await);
    let worker = worker(&outbox, &portal);
    // This person has an open order, whose card was never printed.
    let open = commit(&outbox, "abcd0001", 0).await.unwrap();
    let serial = open.attempt.unwrap().serial;
    let evidence = bench::evidence(Outcome::NotPrinted, 0, 0);
    outbox
        .end_attempt(open.order, serial, Outcome::NotPrinted, &evidence)
        .await
        .unwrap();
    let refused = issue(&outbox, "abcd0001", 0).await;
    let other = issue(&outbox, "efgh0002", 1).await;
    assert!(worker.drained(SOON).await);

    let counts = outbox.counts().await.unwrap();
    assert_eq!((counts.delivered, counts.waiting, counts.parked), (2, 0, 1));
    assert!(portal.control.order(refused.0).await.unwrap().is_none());
    assert!(portal.control.order(other.0).await.unwrap().is_some());
    let totals = portal.control.totals().await.unwrap();
    let expected = Totals {
        orders: 2,
        photos: 2,
        cards: 2,
        valid: 1,
        ..Totals::default()
    };
    assert_eq!(totals, expected);
}
