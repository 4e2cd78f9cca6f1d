//! Rules that hold in every state, each tried in all the states that it speaks of.

use std::sync::Arc;

use super::world::*;
use crate::{
    AskedFor, Effect, Event, Press, State,
    attendant::{Page, Press as Staff, Progress as StaffProgress},
    sign_in::{Login, Progress, Typed},
};
use common::{
    health::{Condition, Part},
    order::{Disposition, Holder, LoginMethod, Outcome, Replaces, Serial, Uid},
    sign_in::Staff as Attendant,
};

/// The code of some other card.
pub(super) const OTHER: Serial = Serial([8; 8]);

fn attendant() -> StaffProgress {
    StaffProgress::SignedIn(Attendant {
        id: "staf0001".to_owned(),
        token: None,
    })
}

/// What the effects keep of a read-back: chip, code, collected; one entry for each effect.
fn kept(effects: &[Effect]) -> Vec<(Option<Uid>, bool, bool)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::KeepReadBack {
                uid,
                code,
                collected,
                ..
            } => Some((uid.clone(), *code, *collected)),
            _ => None,
        })
        .collect()
}

#[test]
fn what_was_read_of_a_card_is_kept_on_every_way_out_of_reading_back() {
    type Way = fn(&mut World);
    let ways: [(&str, Way); 5] = [
        ("its limit", |world| {
            world.wait(120.0);
        }),
        ("skipped", |world| {
            let mut effects = std::mem::take(&mut world.wait(31.0).effects);
            effects.append(&mut world.press(Press::Skip).effects);
            world.effects = effects;
        }),
        ("its limit, after an attendant looked", |world| {
            world
                .press(Press::Attendant)
                .press(Press::Staff(Staff::Leave))
                .wait(120.0);
        }),
        ("its limit, after an attendant left it", |world| {
            world.press(Press::Attendant).wait(400.0);
        }),
        ("the end of the visit", |world| {
            let (now, rules) = (world.now, world.rules.clone());
            let ending = common::visit::Ending::Fault;
            world.effects.clear();
            world.session.end(ending, now, &rules, &mut world.effects);
        }),
    ];
    let new = Uid::from_bytes(&NEW_UID);
    for (way, go) in ways {
        for (chip, code) in [(false, false), (true, false), (false, true), (true, true)] {
            for under_attendant in [false, true] {
                let mut world = at("readingBack");
                if under_attendant {
                    world.press(Press::Attendant);
                }
                if chip {
                    world.happen(Event::CardLaid(new.clone()));
                }
                if code {
                    world.happen(Event::CodeSeen(Some(SERIAL)));
                }
                if under_attendant && way != "the end of the visit" {
                    world.press(Press::Staff(Staff::Leave));
                }
                go(&mut world);
                let kept = kept(&world.effects);
                let what = format!("{way}: {chip}, {code}, {under_attendant}: {kept:?}");
                assert_ne!(world.state_name(), "readingBack", "{what}");
                assert_eq!(kept.len(), 1, "{what}");
                assert_eq!((kept[0].0.is_some(), kept[0].1), (chip, code), "{what}");
            }
        }
    }
}

#[test]
fn what_nobody_saw_is_not_kept_as_seen() {
    for laid in [false, true] {
        for by_code in [false, true] {
            for waited in [1.0, 200.0] {
                let mut world = at("needsAttendant");
                world.wait(waited);
                if laid {
                    world.happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)));
                }
                if by_code {
                    world.happen(Event::CodeSeen(Some(SERIAL)));
                } else {
                    world
                        .press(Press::Attendant)
                        .happen(Event::Attendant(attendant()))
                        .press(Press::Staff(Staff::Decide(Outcome::Printed)));
                }
                let kept = kept(&world.effects);
                // After the wipe nobody knows which chip is that of the old card.
                let uid = (laid && waited < 180.0).then(|| Uid::from_bytes(&NEW_UID));
                assert_eq!(kept, [(uid, by_code, true)], "{laid} {by_code} {waited}");
            }
        }
    }
}

/// Codes that are not waited for: a poster's, another card's, and in most states this card's.
#[test]
fn only_the_code_that_is_waited_for_is_a_sign_of_life() {
    for name in STATES {
        for under_attendant in [false, true] {
            let reach = || {
                let mut world = at(name);
                if under_attendant && name != "attendant" {
                    world
                        .press(Press::Attendant)
                        .happen(Event::Attendant(attendant()));
                }
                world
            };
            let (mut quiet, mut poster) = (reach(), reach());
            for second in 0..400 {
                quiet.wait(1.0);
                poster
                    .wait(1.0)
                    .happen(Event::CodeSeen(None))
                    .happen(Event::CodeSeen(Some(OTHER)));
                let waited_for = poster.session.state.awaited_code().is_some();
                if name != "readingBack" && !waited_for {
                    poster.happen(Event::CodeSeen(Some(SERIAL)));
                }
                assert_eq!(
                    (quiet.state_name(), quiet.session.asking.is_some()),
                    (poster.state_name(), poster.session.asking.is_some()),
                    "{name} after {second} s, attendant: {under_attendant}"
                );
            }
        }
    }
}

#[test]
fn a_card_left_before_the_camera_is_a_sign_of_life_once() {
    let mut world = at("readingBack");
    for _ in 0..100 {
        world.wait(1.0).happen(Event::CodeSeen(Some(SERIAL)));
    }
    assert_eq!(world.state_name(), "attract");
}

/// Cards and codes belong to the visit beneath: what lies on the reader does not keep a signed-in attendant's panel.
#[test]
fn only_an_attendants_own_act_keeps_the_attendants_screen() {
    let mut world = at("readingBack");
    world
        .press(Press::Attendant)
        .happen(Event::Attendant(attendant()));
    for _ in 0..100 {
        world
            .wait(2.0)
            .happen(Event::CardLaid(Uid::from_bytes(&OLD_UID)))
            .happen(Event::CardTaken);
    }
    assert_ne!(world.state_name(), "attendant");
}

#[test]
fn the_code_is_watched_for_as_long_as_the_screen_asks_for_it() {
    let mut world = at("needsAttendant");
    for second in 0..600 {
        assert!(world.wait(1.0).sees_what_it_must(), "after {second} s");
    }
    world
        .press(Press::Attendant)
        .happen(Event::Attendant(attendant()));
    assert!(world.sees_what_it_must());
    world.press(Press::Staff(Staff::Leave));
    assert!(world.sees_what_it_must());
    world.happen(Event::CodeSeen(Some(SERIAL)));
    assert_eq!(
        (world.state_name(), world.camera),
        ("attract", Camera::default())
    );
}

#[test]
fn a_camera_that_comes_back_while_the_card_is_read_back_is_watched() {
    let mut world = at("printing");
    let mut health = healthy();
    health.set(Part::Camera, Condition::Down("unplugged".into()));
    world
        .happen(Event::HealthChanged(Box::new(health)))
        .happen(Event::PrintEnded(printed()))
        .happen(Event::HealthChanged(Box::new(healthy())));
    assert_eq!(world.state_name(), "readingBack");
    assert!(world.sees_what_it_must());
}

#[test]
fn the_attendants_camera_page_wakes_the_camera_and_lets_it_sleep_again_on_leaving() {
    let leave: [fn(&mut World); 3] = [
        |world| {
            world.press(Press::Staff(Staff::Page(Page::Readiness)));
        },
        |world| {
            world.press(Press::Staff(Staff::Leave));
        },
        |world| {
            world.wait(200.0);
        },
    ];
    for name in STATES.into_iter().filter(|name| *name != "attendant") {
        for (way, go) in leave.into_iter().enumerate() {
            let mut world = at(name);
            world
                .press(Press::Attendant)
                .happen(Event::Attendant(attendant()))
                .press(Press::Staff(Staff::Page(Page::Camera)));
            assert!(world.camera.awake, "{name}");
            go(&mut world);
            assert!(world.sees_what_it_must(), "{name}, way {way}");
            if name == "attract" {
                assert!(!world.camera.awake, "{name}, way {way}");
            }
        }
    }
}

#[test]
fn a_card_that_was_not_fed_has_a_deadline_that_ends_the_visit() {
    let mut world = at("notPrinted");
    world.wait(300.0);
    assert_eq!(world.state_name(), "attract");
    assert!(wiped(&world.effects) && !world.session.is_personal());
    let mut asked_for_another = at("notPrinted");
    asked_for_another.press(Press::PrintAgain).wait(300.0);
    assert_eq!(
        asked_for_another.state_name(),
        "attract",
        "the disk is silent"
    );
    let mut decided = at("needsAttendant");
    decided
        .press(Press::Attendant)
        .happen(Event::Attendant(attendant()))
        .press(Press::Staff(Staff::Decide(Outcome::NotPrinted)));
    assert_eq!(decided.state_name(), "notPrinted");
    assert_eq!(decided.wait(300.0).state_name(), "attract");
}

#[test]
fn a_visit_is_counted_from_sign_in_also_when_that_ends_under_the_attendants_screen() {
    let mut world = at("showCode");
    world.press(Press::Attendant);
    world.happen(Event::SignIn(Progress::SignedIn {
        holder: Arc::new(holder(&["student"], 1)),
        login: Login {
            method: LoginMethod::Device,
            staff: None,
        },
        resumed: None,
    }));
    world.press(Press::Staff(Staff::Leave));
    assert_eq!(world.state_name(), "askIsThisYou");
    for _ in 0..601 {
        world.wait(1.0).happen(Event::Touched);
    }
    let why = world.session.asking.map(|asking| asking.why);
    assert_eq!(why, Some(AskedFor::Absolute));
}

#[test]
fn fetch_later_is_reached_only_where_the_site_allows_it_and_the_holder_has_a_place() {
    for allowed in [false, true] {
        for has_place in [false, true] {
            for name in ["showingCard", "notPrinted"] {
                for press in [Press::FetchLater, Press::Print] {
                    let mut world = World::ready();
                    world.rules.needs.fetch_later = allowed;
                    let mut person = holder(&["student"], 0);
                    if !has_place {
                        person.pickup_places.clear();
                    }
                    world.walk_to_card_of(person);
                    if name == "notPrinted" {
                        world.press(Press::Print);
                        let commitment = world.commitment();
                        world
                            .happen(Event::Committed(commitment))
                            .happen(Event::PrintEnded(common::order::Evidence::default()));
                    }
                    assert_eq!(world.state_name(), name);
                    let mut health = healthy();
                    health.set(Part::Printer, Condition::Down("no-cards".into()));
                    world.happen(Event::HealthChanged(Box::new(health)));
                    world.press(press.clone());
                    // "print" is not offered once nothing was fed; "print again" is
                    let reached =
                        allowed && has_place && (name, &press) != ("notPrinted", &Press::Print);
                    let expected = if reached { "fetchLater" } else { name };
                    assert_eq!(
                        world.state_name(),
                        expected,
                        "{allowed} {has_place} {press:?}"
                    );
                }
            }
        }
    }
}

/// Somebody who may have both kinds of card and holds those of `held`.
fn person(held: &[&str]) -> Holder {
    let mut person = holder(&["student", "employee"], held.len());
    for (number, (card, kind)) in person.cards.iter_mut().zip(held).enumerate() {
        let number = u8::try_from(number).unwrap() + 1;
        card.kind = (*kind).into();
        card.serial = Some(Serial([number; 8]));
        card.uid = Some(Uid::from_bytes(&[number; 4]));
        card.card_number = Some(format!("{number}000").into());
    }
    person
}

/// What the visit says of the card that is replaced: in the order, and in the block of it.
fn replaced(world: &World, effects: &[Effect]) -> Vec<Replaces> {
    let mut all: Vec<Replaces> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::BlockCard(replaces) => Some((**replaces).clone()),
            _ => None,
        })
        .collect();
    if let State::Portrait(crate::portrait::State::Framing { draft, .. }) = &world.session.state {
        all.extend(draft.replaces.clone());
    }
    all
}

#[test]
fn a_card_of_another_kind_is_never_blocked_or_replaced() {
    let dispositions = [
        Disposition::Lost,
        Disposition::Stolen,
        Disposition::Broken,
        Disposition::LeftAtHome,
        Disposition::HandedIn,
    ];
    for held in [
        &["student"][..],
        &["employee"],
        &["student", "employee"],
        &["employee", "student"],
        &["employee", "employee"],
    ] {
        for (chosen, kind) in ["student", "employee"].into_iter().enumerate() {
            for act in 0..dispositions.len() + 4 {
                let mut world = World::ready();
                let person = person(held);
                world
                    .sign_in(person.clone())
                    .press(Press::Kind(chosen))
                    .press(Press::Yes)
                    .press(Press::Accept);
                let holds_kind = held.contains(&kind);
                let what = format!("{held:?}, {kind}, act {act}");
                let asked = if holds_kind { "oldCard" } else { "framing" };
                assert_eq!(world.state_name(), asked, "{what}");
                let mut effects = Vec::new();
                match act {
                    // A card is laid.
                    0 | 1 => {
                        let number = u8::try_from(act).unwrap() + 1;
                        world.happen(Event::CardLaid(Uid::from_bytes(&[number; 4])));
                        world.wait(2.0);
                    }
                    // A number is typed.
                    2 | 3 => {
                        for letter in format!("{}000", act - 1).chars() {
                            world.press(Press::Typed(Typed::Letter(letter)));
                        }
                        world.press(Press::Typed(Typed::Enter)).wait(2.0);
                    }
                    act => {
                        world.press(Press::OldCard(dispositions[act - 4]));
                        effects.append(&mut world.effects);
                    }
                }
                for replaces in replaced(&world, &effects) {
                    let card = person
                        .cards
                        .iter()
                        .find(|card| card.serial == replaces.serial);
                    assert_eq!(card.unwrap().kind, kind.into(), "{what}");
                }
            }
        }
    }
}
