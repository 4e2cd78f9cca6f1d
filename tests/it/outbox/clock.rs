//! A wall clock that jumps: the worker keeps time by another clock, and nothing undelivered is deleted.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use outbox::{Outbox, manage::Which};

use super::bench::{Bench, SOON, issue, worker};

const HOURS: i64 = 3600;

/// The error of the booth's clock, in seconds.
static OFF: AtomicI64 = AtomicI64::new(0);

fn clock() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(OFF.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_delays_and_deletes_nothing() {
    let desk = Bench::new();
    let outbox = Outbox::open_by_clock(&desk.settings(), clock)
        .await
        .unwrap()
        .outbox;
    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    let mut sent = Vec::new();
    // The clock is a day ahead, a day behind, near 1970, a year ahead, and right again, each time while an order is
    // sent.
    for (counter, off) in [
        0,
        24 * HOURS,
        -24 * HOURS,
        -1_800_000_000,
        365 * 24 * HOURS,
        0,
    ]
    .into_iter()
    .enumerate()
    {
        OFF.store(off, Ordering::Relaxed);
        sent.push(issue(&outbox, "abcd0001", counter as u64).await.0);
        assert!(worker.drained(SOON).await, "off by {off} s");
    }
    worker.stop().await;
    let received = portal.control.orders().await.unwrap();
    assert_eq!(received.len(), sent.len());
    assert!(sent.iter().all(|order| received.contains(order)));
    // Delivered orders are deleted at the end of their retention, by the clock as it is then.
    assert_eq!(outbox.check().await.unwrap().books[0].unexplained(), 0);
    let (waiting, _) = issue(&outbox, "efgh0002", sent.len() as u64).await;
    outbox.close().await;
    OFF.store(400 * 24 * HOURS, Ordering::Relaxed);
    let outbox = Outbox::open_by_clock(&desk.settings(), clock)
        .await
        .unwrap()
        .outbox;
    let worker = super::bench::worker_to(&outbox, std::sync::Arc::new(super::bench::Silent));
    let until = tokio::time::Instant::now() + SOON;
    while outbox.list(Which::All, 100).await.unwrap().len() > 1 {
        assert!(
            tokio::time::Instant::now() < until,
            "old rows are not deleted"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // An order that has waited for more than a year raises an alarm and is still complete.
    let left = outbox.list(Which::Waiting, 10).await.unwrap();
    assert_eq!(left[0].order_id, waiting);
    assert!(outbox.read(waiting).await.unwrap().is_some());
    assert!(outbox.is_overdue() && outbox.check().await.unwrap().overdue);
    worker.stop().await;
}
