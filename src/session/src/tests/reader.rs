//! Cards are laid and lifted whenever people like. What lies on the reader counts whenever a state asks for it.

use proptest::prelude::*;

use super::world::*;
use crate::{Event, Press, State, issue, portrait};
use common::order::Uid;

/// Any card that is neither the old one nor the new one.
const OTHER_UID: [u8; 4] = [9, 9, 9, 9];

fn lay(world: &mut World, uid: &[u8]) {
    world.happen(Event::CardLaid(Uid::from_bytes(uid)));
}

/// The states of a visit before the old card is asked for.
const BEFORE_OLD_CARD: [&str; 3] = ["showCode", "askIsThisYou", "consent"];

/// Goes on from one of [`BEFORE_OLD_CARD`] until the old card is asked for.
fn go_on_to_old_card(world: &mut World) {
    if world.state_name() == "showCode" {
        world.approve(holder(&["student"], 1), None);
    }
    if world.state_name() == "askIsThisYou" {
        world.press(Press::Yes);
    }
    world.press(Press::Accept);
    assert_eq!(world.state_name(), "oldCard");
}

#[test]
fn an_old_card_that_was_laid_before_it_is_asked_for_counts() {
    for place in BEFORE_OLD_CARD {
        let mut world = at(place);
        lay(&mut world, &OLD_UID);
        go_on_to_old_card(&mut world);
        world.wait(2.0);
        let State::Portrait(portrait::State::Framing { draft, .. }) = &world.session.state else {
            panic!("laid at {place}: {:?}", world.session.state)
        };
        let replaces = draft.replaces.as_ref().unwrap();
        assert_eq!(replaces.uid, Some(Uid::from_bytes(&OLD_UID)), "{place}");
    }
}

#[test]
fn a_card_that_was_lifted_again_does_not_count() {
    for place in BEFORE_OLD_CARD {
        let mut world = at(place);
        lay(&mut world, &OLD_UID);
        world.happen(Event::CardTaken);
        go_on_to_old_card(&mut world);
        assert_eq!(world.wait(2.0).state_name(), "oldCard", "{place}");
    }
}

#[test]
fn a_card_that_somebody_forgot_on_the_reader_replaces_nothing_until_it_is_laid_anew() {
    let mut world = at("attract");
    lay(&mut world, &OTHER_UID);
    world
        .sign_in(holder(&["student"], 1))
        .press(Press::Yes)
        .press(Press::Accept);
    assert_eq!(world.wait(2.0).state_name(), "oldCard");
    assert!(matches!(&world.session.state, State::OldCard(state) if state.stranger));
    world.happen(Event::CardTaken);
    lay(&mut world, &OTHER_UID);
    assert_eq!(world.wait(2.0).state_name(), "framing");
}

#[test]
fn a_new_card_that_was_laid_while_it_was_still_being_printed_is_read() {
    let mut world = at("printing");
    lay(&mut world, &NEW_UID);
    world.happen(Event::PrintEnded(printed())).wait(0.25);
    assert_eq!(read(&world), Some(Uid::from_bytes(&NEW_UID)));
}

#[test]
fn no_card_that_lay_there_before_the_printer_began_is_the_new_one() {
    for place in ["attract", "consent", "framing", "reviewing", "showingCard"] {
        for lifted_between in [false, true] {
            let mut world = at(place);
            lay(&mut world, &OTHER_UID);
            go_on_to_printing(&mut world);
            if lifted_between {
                world.happen(Event::CardTaken);
                lay(&mut world, &OTHER_UID);
            }
            world.happen(Event::PrintEnded(printed())).wait(0.25);
            assert_eq!(read(&world), None, "{place}");
            assert!(asks_for_another(&world), "{place}");
            lay(&mut world, &NEW_UID);
            world.wait(0.25);
            assert_eq!(read(&world), Some(Uid::from_bytes(&NEW_UID)), "{place}");
        }
    }
}

#[test]
fn the_card_of_the_visit_before_is_not_the_new_one() {
    let mut world = at("collecting");
    world.press(Press::Done);
    assert_eq!(world.state_name(), "attract");
    world
        .walk_to_printing()
        .happen(Event::PrintEnded(printed()));
    lay(&mut world, &NEW_UID);
    assert_eq!(read(world.wait(0.25)), None);
    lay(&mut world, &OTHER_UID);
    world.wait(0.25);
    assert_eq!(read(&world), Some(Uid::from_bytes(&OTHER_UID)));
}

fn go_on_to_printing(world: &mut World) {
    if world.state_name() == "attract" {
        world.walk_to_printing();
        return;
    }
    if world.state_name() == "consent" {
        world.press(Press::Accept).wait(0.25);
        lay(world, &OLD_UID);
        world.wait(2.0);
    }
    if world.state_name() == "framing" {
        world.press(Press::Shutter).wait(3.0);
        world.happen(Event::Captured(Box::new(shot())));
    }
    if world.state_name() == "reviewing" {
        world.press(Press::Use);
        world.happen(Event::Rendered(Box::new(rendered())));
    }
    world.press(Press::Print);
    let commitment = world.commitment();
    world.happen(Event::Committed(commitment));
    assert_eq!(world.state_name(), "printing");
}

/// The chip that the read-back has.
fn read(world: &World) -> Option<Uid> {
    match &world.session.state {
        State::Issue(issue::State::ReadingBack(issue::ReadingBack { uid, .. })) => uid.clone(),
        state => panic!("not reading back: {state:?}"),
    }
}

fn asks_for_another(world: &World) -> bool {
    matches!(
        &world.session.state,
        State::Issue(issue::State::ReadingBack(issue::ReadingBack {
            old_card_laid: true,
            ..
        }))
    )
}

proptest! {
    /// However cards come and go from the press on "print" on, the new one is read as soon as it lies still, and no
    /// other chip is ever bound to the card.
    #[test]
    fn the_new_card_is_read_once_it_lies_still(
        moves in prop::collection::vec((0u8..5, any::<bool>()), 0..24),
        printed_after in 0usize..24,
    ) {
        let mut world = at("printing");
        for (number, (what, tick)) in moves.iter().enumerate() {
            if number == printed_after {
                world.happen(Event::PrintEnded(printed()));
            }
            match what {
                0 => lay(&mut world, &OLD_UID),
                // Nobody can lay the new card while it is in the printer.
                1 if number >= printed_after => lay(&mut world, &NEW_UID),
                2 => { world.happen(Event::CardTaken); }
                _ => {}
            }
            if *tick {
                world.wait(0.25);
            }
        }
        if world.state_name() == "printing" {
            world.happen(Event::PrintEnded(printed()));
        }
        lay(&mut world, &NEW_UID);
        world.wait(0.25);
        prop_assert_eq!(read(&world), Some(Uid::from_bytes(&NEW_UID)));
    }
}
