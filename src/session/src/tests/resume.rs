//! A holder comes back to an order whose card was never fed.

use super::world::*;
use crate::{
    Effect, Event, Press, Resumed, State, Unprinted,
    issue::{self, NewOrder},
};
use common::{
    audit,
    order::{
        Attempt, Commitment, Delivery, Disposition, OrderId, OrderReason, Outcome, Replaces, Seen,
        Serial,
    },
};

pub(super) fn order() -> OrderId {
    "0193a000-0000-7000-8000-000000000000".parse().unwrap()
}

pub(super) fn left() -> Box<Resumed> {
    Box::new(Resumed {
        unprinted: Unprinted {
            order: order(),
            serial: SERIAL,
        },
        reason: OrderReason::Lost,
        consents: vec![],
        replaces: Some(Replaces {
            serial: None,
            card_number: None,
            uid: None,
            seen: Seen::None,
            disposition: Disposition::Lost,
        }),
        library_wish: true,
        shot: std::sync::Arc::new(shot()),
    })
}

fn back() -> World {
    let mut world = World::ready();
    world.sign_in_again(holder(&["student"], 1), Some(left()));
    assert_eq!(
        world.state_name(),
        "askIsThisYou",
        "whoever signs in is asked"
    );
    world.press(Press::Yes);
    assert_eq!(world.state_name(), "showingCard", "nothing is asked again");
    world
}

fn new_order(world: &World) -> &NewOrder {
    let committed = world.effects.iter().find_map(|effect| match effect {
        Effect::Commit(order) => Some(order),
        _ => None,
    });
    committed.expect("a new order")
}

#[test]
fn the_same_card_is_drawn_and_printed_under_its_serial() {
    let mut world = back();
    let drawn = world.effects.iter().find_map(|effect| match effect {
        Effect::Render(order) => order.serial,
        _ => None,
    });
    assert_eq!(drawn, Some(SERIAL));
    world.press(Press::Print);
    assert!(
        !world.did(|effect| matches!(effect, Effect::CommitAttempt { .. })),
        "not before it is drawn"
    );
    world
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Print);
    assert!(!world.did(|effect| matches!(effect, Effect::Commit(_) | Effect::Print { .. })));
    assert!(world.did(|effect| matches!(effect,
        Effect::CommitAttempt { order: which, serial: SERIAL, void: None } if *which == order())));
    let attempt = Attempt {
        id: 9,
        serial: SERIAL,
    };
    world.happen(Event::Committed(Commitment {
        order: order(),
        attempt: Some(attempt),
    }));
    assert!(
        world.did(
            |effect| matches!(effect, Effect::Print { attempt: begun, .. } if *begun == attempt)
        )
    );
    assert!(world.did(|effect| matches!(effect,
        Effect::Audit(audit::Event::OrderResumed(which)) if *which == order())));
    world.happen(Event::PrintEnded(printed()));
    assert!(world.did(|effect| matches!(effect,
        Effect::KeepOutcome { order: which, serial: SERIAL, outcome: Outcome::Printed, .. } if *which == order())));
}

#[test]
fn a_disk_that_refuses_the_attempt_prints_nothing_and_may_be_asked_again() {
    let mut world = back();
    world
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Print)
        .happen(Event::CommitFailed("full".into()));
    assert_eq!(world.state_name(), "showingCard");
    world.press(Press::Print);
    assert!(world.did(|effect| matches!(effect, Effect::CommitAttempt { .. })));
}

#[test]
fn another_photograph_or_another_place_is_a_new_order_in_place_of_the_old_one() {
    let mut world = back();
    world
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Retake);
    assert_eq!(world.state_name(), "framing");
    world
        .press(Press::Shutter)
        .wait(3.0)
        .happen(Event::Captured(Box::new(shot())))
        .press(Press::Use);
    assert!(world.did(|effect| matches!(effect, Effect::Render(order) if order.serial.is_none())));
    let mut other = rendered();
    other.serial = Serial([3; 8]);
    world
        .happen(Event::Rendered(Box::new(other)))
        .press(Press::Print);
    let retaken = new_order(&world);
    assert_eq!(retaken.serial, Some(Serial([3; 8])));
    assert_eq!(retaken.draft.supersedes, Some(order()));
    assert_eq!(retaken.draft.reason, OrderReason::Lost);

    let mut world = back();
    world
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::FetchLater);
    assert_eq!(world.state_name(), "fetchLater");
    world.press(Press::Place(0)).press(Press::Confirm);
    let fetched = new_order(&world);
    assert!(matches!(fetched.delivery, Delivery::Pickup { .. }));
    assert_eq!(
        (fetched.serial, fetched.draft.supersedes),
        (None, Some(order()))
    );
}

#[test]
fn leaving_again_leaves_the_order_as_it_was() {
    for leave in [Press::Cancel, Press::NotMe] {
        let mut world = World::ready();
        world.sign_in_again(holder(&["student"], 1), Some(left()));
        world.press(leave);
        assert_eq!(world.state_name(), "attract");
        assert!(
            !world.did(|effect| matches!(effect, Effect::CommitAttempt { .. } | Effect::Commit(_)))
        );
    }
    let mut world = back();
    world.press(Press::Cancel);
    assert!(matches!(world.session.state, State::Attract));
    assert!(!world.did(|effect| matches!(effect, Effect::KeepOutcome { .. })));
}

#[test]
fn a_card_that_is_not_fed_this_time_either_may_be_tried_once_more() {
    let mut world = back();
    world
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Print);
    let attempt = Some(Attempt {
        id: 9,
        serial: SERIAL,
    });
    world.happen(Event::Committed(Commitment {
        order: order(),
        attempt,
    }));
    world.happen(Event::PrintEnded(common::order::Evidence::default()));
    let State::Issue(issue::State::NotPrinted(state)) = &world.session.state else {
        panic!("{:?}", world.session.state)
    };
    assert_eq!((state.job.order, state.job.serial), (order(), SERIAL));
    world.press(Press::PrintAgain);
    assert!(world.did(|effect| matches!(effect, Effect::CommitAttempt { serial: SERIAL, .. })));
}
