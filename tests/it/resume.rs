//! A holder comes back for a card that was ordered but never fed: it is the same order, the same serial and one card.

use std::time::Duration;

use card_printer::Fault;
use common::order::{OrderId, Outcome, Serial};
use device::FaultInjection as _;
use session::{Press, State, issue, sign_in};
use sqlx::{Connection as _, SqliteConnection};

use crate::harness::Harness;

/// The order and the serial of the current job.
fn job(harness: &Harness) -> (OrderId, Serial) {
    match &harness.runner.session.state {
        State::Issue(
            issue::State::Printing(issue::Printing { job, .. })
            | issue::State::ReadingBack(issue::ReadingBack { job, .. })
            | issue::State::Collecting { job },
        ) => (job.order, job.serial),
        other => panic!("no card is made: {other:?}"),
    }
}

impl Harness {
    /// The holder presses "print", and the power fails before the printer feeds a card. Returns the order and its
    /// serial, and a booth that has started again and sent everything to the portal.
    async fn cut_off(mut self) -> (Self, OrderId, Serial) {
        self.reach_card().await;
        self.desk.printer().speed(100.0);
        self.press(Press::Print);
        self.until("the order is on disk", |state| {
            matches!(state, State::Issue(issue::State::Printing { .. }))
        })
        .await;
        let (order, serial) = job(&self);
        let mut again = Self::boot_in(self.shut().await).await;
        again
            .until("the counter has shown that no card was fed", |state| {
                matches!(state, State::Attract)
            })
            .await;
        assert!(again.booth.outbox().undecided().await.unwrap().is_empty());
        again.settled().await;
        (again, order, serial)
    }

    async fn settled(&self) {
        let limit = Duration::from_secs(60);
        assert!(
            self.booth.worker().drained(limit).await,
            "the portal has it"
        );
    }

    /// Signs in and returns whether an order was found whose card is not printed yet.
    async fn comes_back(&mut self) -> bool {
        self.sign_in(0).await;
        match &self.runner.session.state {
            State::SignIn(sign_in::State::AskIsThisYou { resumed, .. }) => resumed.is_some(),
            _ => false,
        }
    }

    async fn card_is_drawn(&mut self) -> Serial {
        self.press(Press::Yes);
        self.until("the card is drawn", |state| {
            matches!(
                state,
                State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                    rendered: Some(_),
                    ..
                }))
            )
        })
        .await;
        match &self.runner.session.state {
            State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                rendered: Some(card),
                ..
            })) => card.serial,
            _ => unreachable!(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_power_cut_the_holder_signs_in_again_and_gets_the_card_of_that_order() {
    let (mut harness, order, serial) = Harness::boot().await.cut_off().await;
    let portal = harness.booth.test_portal().unwrap();
    let view = portal.order(order).await.unwrap().unwrap();
    assert_eq!(view.cards.len(), 1);
    assert_eq!(view.cards[0].row.outcome, Outcome::NotPrinted);

    // Another person does not get this order.
    harness.sign_in(1).await;
    assert!(!matches!(
        harness.runner.session.state,
        State::SignIn(sign_in::State::AskIsThisYou {
            resumed: Some(_),
            ..
        })
    ));
    harness.press(Press::Cancel);

    assert!(harness.comes_back().await);
    assert_eq!(harness.card_is_drawn().await, serial);
    assert_eq!(
        harness.desk.printer().books().fed,
        0,
        "nothing prints by itself"
    );
    harness.press(Press::Print);
    harness
        .until("printed", |state| {
            matches!(state, State::Issue(issue::State::ReadingBack { .. }))
        })
        .await;
    assert_eq!(job(&harness), (order, serial));
    harness.desk.lay_new_card();
    harness
        .until("the card is read back", |state| {
            matches!(state, State::Issue(issue::State::Collecting { .. }))
        })
        .await
        .press(Press::Done);
    harness.settled().await;

    let view = portal.order(order).await.unwrap().unwrap();
    assert_eq!(view.cards.len(), 1, "one card in all");
    let card = &view.cards[0];
    assert_eq!(
        (card.serial, card.row.outcome, card.row.collected),
        (serial, Outcome::Printed, true)
    );
    let totals = portal.totals().await.unwrap();
    assert_eq!(
        (totals.orders, totals.photos, totals.cards, totals.valid),
        (1, 1, 1, 1)
    );
    assert_eq!(harness.desk.printer().books().fed, 1);
    let books = harness.booth.outbox().books().await.unwrap().remove(0);
    assert_eq!((books.issued, books.unexplained()), (1, 0), "{books:?}");
    // The order is finished, so it is not found again.
    assert!(!harness.comes_back().await);
}

/// The disk is slow: the outcome of the print is not stored yet when the holder signs in again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unprinted_order_is_found_before_its_outcome_is_on_disk() {
    let mut harness = Harness::boot().await;
    harness.reach_card().await;
    harness.desk.printer().speed(2.0);
    harness.desk.printer().raise_after(0, Fault::NoCards);
    harness.press(Press::Print);
    harness
        .until("the order is on disk", |state| {
            matches!(state, State::Issue(issue::State::Printing { .. }))
        })
        .await;
    let (order, serial) = job(&harness);
    let file = harness.data.path().join("outbox.sqlite");
    let mut disk = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut disk)
        .await
        .unwrap();
    harness
        .until("it was not printed", |state| {
            matches!(state, State::Issue(issue::State::NotPrinted(_)))
        })
        .await
        .press(Press::Done);
    harness.desk.printer().clear_all();
    let printable = harness.booth.outbox().all_printable().await.unwrap();
    assert!(printable.is_empty(), "the disk was too fast for this story");
    let busy = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(2)).await;
        disk.close().await.unwrap();
    });
    assert!(harness.comes_back().await);
    busy.await.unwrap();
    assert_eq!(harness.card_is_drawn().await, serial);
    harness.press(Press::Cancel);
    harness.settled().await;
    let portal = harness.booth.test_portal().unwrap();
    let view = portal.order(order).await.unwrap().unwrap();
    assert_eq!(view.cards.len(), 1);
    assert_eq!(view.cards[0].row.outcome, Outcome::NotPrinted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_holder_can_choose_to_fetch_the_card_elsewhere_instead() {
    let (mut harness, order, _) = Harness::boot().await.cut_off().await;
    assert!(harness.comes_back().await);
    harness.card_is_drawn().await;
    harness
        .press(Press::FetchLater)
        .press(Press::Place(0))
        .press(Press::Confirm);
    harness
        .until("the new order is on disk", |state| {
            matches!(
                state,
                State::Issue(issue::State::FetchLater(issue::FetchLater {
                    order: Some(_),
                    ..
                }))
            )
        })
        .await
        .press(Press::Done);
    harness.settled().await;
    let portal = harness.booth.test_portal().unwrap();
    let view = portal.order(order).await.unwrap().unwrap();
    assert_eq!(
        view.cards[0].row.outcome,
        Outcome::Void,
        "its serial is gone"
    );
    let totals = portal.totals().await.unwrap();
    assert_eq!((totals.orders, totals.valid), (2, 0));
    // The portal reports the new order, and there is nothing to print at the booth.
    assert!(!harness.comes_back().await);
    assert!(matches!(
        harness.runner.session.state,
        State::SignIn(sign_in::State::NotEligible {
            why: sign_in::NotEligible::OpenOrder,
            ..
        })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_who_left_when_the_hopper_was_empty_gets_the_card_after_a_refill() {
    let mut harness = Harness::boot().await;
    harness.reach_card().await;
    harness.desk.printer().raise_after(0, Fault::NoCards);
    harness.press(Press::Print);
    harness
        .until("it is known", |state| {
            matches!(state, State::Issue(issue::State::NotPrinted(_)))
        })
        .await;
    harness.press(Press::Done);
    harness.settled().await;
    harness.desk.printer().clear_all();
    assert!(harness.comes_back().await);
    harness.card_is_drawn().await;
    for _ in 0..1000 {
        harness.press(Press::Print);
        harness.runner.turn(Duration::from_millis(20)).await;
        if !matches!(
            harness.runner.session.state,
            State::Issue(issue::State::ShowingCard { .. } | issue::State::Printing { .. })
        ) {
            break;
        }
    }
    job(&harness);
    // The outcome is stored asynchronously, so it may come after the screen has changed.
    for _ in 0..500 {
        if harness.booth.outbox().counts().await.unwrap().printed > 0 {
            break;
        }
        harness.runner.turn(Duration::from_millis(20)).await;
    }
    let counts = harness.booth.outbox().counts().await.unwrap();
    assert_eq!((counts.printed, counts.void), (1, 0));
}
