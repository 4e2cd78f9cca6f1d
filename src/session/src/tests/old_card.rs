//! The old card: a hint at which card is replaced.

use super::world::*;
use crate::{Event, Press, State, portrait, sign_in::Typed};
use common::order::{Disposition, Holder, Seen, Uid};

const LIBRARY_UID: [u8; 7] = [4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66];

/// Somebody with two cards of which the portal knows the chips, and numbers.
fn two_cards() -> Holder {
    let mut person = holder(&["student", "employee"], 2);
    person.cards[0].uid = Some(Uid::from_bytes(&OLD_UID));
    person.cards[0].card_number = Some("1000 1234".into());
    person.cards[1].kind = "employee".into();
    person.cards[1].uid = Some(Uid::from_bytes(&LIBRARY_UID));
    person.cards[1].card_number = Some("2000 0007".into());
    person.cards[1].barcode = Some("24006-D".into());
    person
}

fn asked(person: Holder) -> World {
    asked_for(person, 0)
}

/// With the kind of this number chosen.
fn asked_for(person: Holder, kind: usize) -> World {
    let mut world = World::ready();
    world
        .sign_in(person)
        .press(Press::Kind(kind))
        .press(Press::Yes)
        .press(Press::Accept);
    assert_eq!(world.state_name(), "oldCard");
    world
}

/// The number of the card that the order will replace, and how it was named.
fn replaced(world: &World) -> (Option<&str>, Seen, Disposition) {
    let State::Portrait(portrait::State::Framing { draft, .. }) = &world.session.state else {
        panic!("not gone on: {:?}", world.session.state)
    };
    let replaces = draft.replaces.as_ref().unwrap();
    let number = replaces.card_number.as_ref();
    (
        number.map(|number| number.expose().as_str()),
        replaces.seen,
        replaces.disposition,
    )
}

fn is_stranger(world: &World) -> bool {
    matches!(&world.session.state, State::OldCard(state) if state.stranger && state.laid.is_none())
}

#[test]
fn the_card_on_the_reader_is_the_one_that_is_replaced() {
    let reversed: Vec<u8> = LIBRARY_UID.iter().rev().copied().collect();
    for (uid, kind, number) in [
        (&OLD_UID[..], 0, "1000 1234"),
        (&LIBRARY_UID, 1, "2000 0007"),
        (&reversed, 1, "2000 0007"),
    ] {
        let mut world = asked_for(two_cards(), kind);
        world
            .happen(Event::CardLaid(Uid::from_bytes(uid)))
            .wait(2.0);
        assert_eq!(
            replaced(&world),
            (Some(number), Seen::Reader, Disposition::HandedIn)
        );
    }
}

#[test]
fn a_card_of_somebody_else_replaces_nothing() {
    let mut world = asked(two_cards());
    world
        .happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)))
        .wait(5.0);
    assert!(is_stranger(&world), "it is said, and another may be laid");
    world
        .happen(Event::CardLaid(Uid::from_bytes(&OLD_UID)))
        .wait(2.0);
    assert_eq!(replaced(&world).0, Some("1000 1234"));
}

#[test]
fn a_chip_that_the_portal_never_knew_is_taken_for_the_card_it_knows() {
    let mut person = two_cards();
    person.cards[0].uid = None;
    let mut world = asked(person);
    world
        .happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)))
        .wait(2.0);
    assert_eq!(replaced(&world).0, Some("1000 1234"));
}

#[test]
fn a_bar_code_or_number_finds_the_card_as_a_scanner_types_it() {
    for (typed, kind, number) in [("24006-D", 1, "2000 0007"), ("10001234", 0, "1000 1234")] {
        let mut world = asked_for(two_cards(), kind);
        for letter in typed.chars() {
            world.press(Press::Typed(Typed::Letter(letter)));
        }
        world.press(Press::Typed(Typed::Enter)).wait(2.0);
        assert_eq!(
            replaced(&world),
            (Some(number), Seen::Typed, Disposition::HandedIn)
        );
    }
    let mut world = asked(two_cards());
    for letter in "999".chars() {
        world.press(Press::Typed(Typed::Letter(letter)));
    }
    world.press(Press::Typed(Typed::Enter)).wait(5.0);
    assert!(is_stranger(&world));
}
