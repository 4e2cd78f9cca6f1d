//! The alumni card of Torun, which is a site of configuration files only: bar code and number, a fee for a duplicate,
//! the wish to use the library, and an old card that was written by hand.

use std::time::Duration;

use common::order::{Disposition, Fee, Order, OrderReason};
use session::{Press, State, issue, portrait};

use crate::harness::Harness;

/// Makes one visit as the person with this index, who tells where the old card is. Returns the order at the portal.
async fn visit(person: usize, old_card: Option<Disposition>, wish: bool) -> Order {
    let mut harness = Harness::boot_at("umk-absolwent", tempfile::tempdir().unwrap()).await;
    harness.sign_in(person).await.press(Press::Yes);
    let fee = match &harness.runner.session.state {
        State::Consent(consent) => consent.draft.card().fee.clone(),
        other => panic!("{other:?}"),
    };
    if wish {
        harness.press(Press::LibraryWish);
    }
    harness.press(Press::Accept);
    if let Some(disposition) = old_card {
        assert!(matches!(harness.runner.session.state, State::OldCard(_)));
        harness.press(Press::OldCard(disposition));
    }
    harness
        .until("the live picture", |state| {
            matches!(state, State::Portrait(portrait::State::Framing { .. }))
        })
        .await
        .press(Press::Shutter);
    harness
        .until("a photograph", |state| {
            matches!(state, State::Portrait(portrait::State::Reviewing { .. }))
        })
        .await
        .press(Press::Use);
    harness
        .until("the card is drawn", |state| {
            matches!(
                state,
                State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                    rendered: Some(_),
                    ..
                }))
            )
        })
        .await
        .press(Press::Print);
    harness
        .until("the card is read back", |state| {
            matches!(state, State::Issue(issue::State::ReadingBack { .. }))
        })
        .await;
    harness.desk.lay_new_card();
    harness
        .until("the card is in hand", |state| {
            matches!(state, State::Issue(issue::State::Collecting { .. }))
        })
        .await;
    let State::Issue(issue::State::Collecting { job }) = &harness.runner.session.state else {
        unreachable!()
    };
    let id = job.order;
    assert!(job.card.back.is_some(), "the bar code is on the back");
    harness.press(Press::Done);
    assert!(
        harness
            .booth
            .worker()
            .drained(Duration::from_secs(60))
            .await
    );
    let portal = harness.booth.test_portal().unwrap();
    let order = portal.order(id).await.unwrap().unwrap().order;
    assert_eq!(order.fee, fee, "what was shown is what is recorded");
    order
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_written_by_hand_is_exchanged_without_a_fee() {
    let order = visit(0, Some(Disposition::HandedIn), true).await;
    assert_eq!(order.reason, OrderReason::NoBarcode);
    assert_eq!(order.fee, None);
    let library = order.library.unwrap();
    assert!(library.wish);
    assert_eq!(library.barcode.unwrap().expose(), "2100000123458");
    assert_eq!(order.card.card_number.unwrap().expose(), "012345");
    assert_eq!(order.replaces.unwrap().disposition, Disposition::HandedIn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_card_gets_a_duplicate_whose_fee_is_shown_and_recorded() {
    let order = visit(1, Some(Disposition::Lost), false).await;
    assert_eq!(order.reason, OrderReason::Lost);
    let fee = Fee {
        amount: "10.00".to_owned(),
        currency: "PLN".to_owned(),
        reference: None,
    };
    assert_eq!(order.fee, Some(fee));
    assert_eq!(order.card.card_number.unwrap().expose(), "012001D");
    assert!(!order.library.unwrap().wish);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_card_asks_for_no_old_one() {
    let order = visit(2, None, false).await;
    assert_eq!(order.reason, OrderReason::First);
    assert!(order.replaces.is_none());
}
