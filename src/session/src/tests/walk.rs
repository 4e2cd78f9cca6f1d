//! A visit from attract to the card in the holder's hand, and where it may branch.

use super::world::*;
use crate::{Adjust, Effect, Event, Press, State, event::Coaching, issue, portrait, sign_in};
use common::{
    health::{Condition, Part},
    order::{Disposition, OrderReason, Outcome, Seen, Uid},
};

#[test]
fn six_presses_lead_from_attract_to_card_in_hand() {
    let mut world = World::ready();
    assert_eq!(world.state_name(), "attract");
    world.sign_in(holder(&["student"], 1)); // 1: start
    assert_eq!(world.state_name(), "askIsThisYou");
    world.press(Press::Yes); // 2
    assert_eq!(world.state_name(), "consent");
    world.press(Press::Accept); // 3
    assert_eq!(world.state_name(), "oldCard");
    world.happen(Event::CardLaid(Uid::from_bytes(&OLD_UID)));
    assert_eq!(
        world.state_name(),
        "oldCard",
        "the tick is shown for a moment"
    );
    world.wait(1.5);
    assert_eq!(world.state_name(), "framing");
    assert!(world.did(|effect| matches!(effect, Effect::BeginFraming)));
    world.happen(Event::Assessed(Coaching {
        hint: Some("hint-come-closer"),
        ring: 0.0,
        ready: false,
    }));
    assert_eq!(world.state_name(), "framing");
    world.happen(Event::Assessed(Coaching {
        hint: None,
        ring: 1.0,
        ready: true,
    }));
    assert_eq!(world.state_name(), "countingDown");
    world.wait(2.75);
    assert_eq!(world.state_name(), "countingDown");
    world.wait(0.25);
    assert_eq!(world.state_name(), "capturing");
    assert!(world.did(|effect| matches!(effect, Effect::Capture)));
    world.happen(Event::Captured(Box::new(shot())));
    assert_eq!(world.state_name(), "reviewing");
    world.press(Press::Use); // 4
    assert_eq!(world.state_name(), "showingCard");
    assert!(world.did(|effect| matches!(effect, Effect::Render(_))));
    world.happen(Event::Rendered(Box::new(rendered())));
    world.press(Press::Print); // 5
    let Some(Effect::Commit(order)) = world
        .effects
        .iter()
        .find(|effect| matches!(effect, Effect::Commit(_)))
    else {
        panic!("the order is committed before anything is printed")
    };
    let replaces = order.draft.replaces.as_ref().unwrap();
    assert_eq!(
        (replaces.seen, replaces.disposition),
        (Seen::Reader, Disposition::HandedIn)
    );
    assert_eq!(
        (order.serial, order.draft.reason, order.draft.consents.len()),
        (Some(SERIAL), OrderReason::NoCode, 1)
    );
    assert!(!world.did(|effect| matches!(effect, Effect::Print { .. })));
    let commitment = world.commitment();
    world.happen(Event::Committed(commitment));
    assert_eq!(world.state_name(), "printing");
    assert!(world.did(|effect| matches!(effect, Effect::Print { .. })));
    world.happen(Event::PrintEnded(printed()));
    assert!(world.did(|effect| matches!(
        effect,
        Effect::KeepOutcome {
            outcome: Outcome::Printed,
            ..
        }
    )));
    assert_eq!(world.state_name(), "readingBack");
    world
        .happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)))
        .happen(Event::CodeSeen(Some(SERIAL)))
        .wait(1.5);
    assert!(world.did(|effect| matches!(
        effect,
        Effect::KeepReadBack {
            uid: Some(_),
            code: true,
            collected: true,
            ..
        }
    )));
    assert_eq!(world.state_name(), "collecting");
    world.press(Press::Done); // 6
    assert_eq!(world.state_name(), "attract");
    assert!(wiped(&world.effects) && !world.session.is_personal());
}

#[test]
fn a_double_press_on_print_commits_once() {
    let mut world = at("showingCard");
    world.press(Press::Print).press(Press::Print);
    assert!(!world.did(|effect| matches!(effect, Effect::Commit(_))));
    let commitment = world.commitment();
    world
        .happen(Event::Committed(commitment))
        .happen(Event::Committed(commitment));
    assert!(
        !world.did(|effect| matches!(effect, Effect::Print { .. })),
        "a repeated answer prints nothing more"
    );
}

#[test]
fn a_full_disk_prints_nothing_and_says_so() {
    let mut world = at("showingCard");
    world
        .press(Press::Print)
        .happen(Event::CommitFailed("database or disk is full".into()));
    let State::Issue(issue::State::ShowingCard(issue::ShowingCard {
        problem,
        committing,
        ..
    })) = &world.session.state
    else {
        panic!()
    };
    assert_eq!(
        (*problem, *committing),
        (Some(issue::Problem::Store), false)
    );
}

#[test]
fn one_kind_is_chosen_by_itself_and_several_are_asked_for() {
    let mut world = World::ready();
    world.sign_in(holder(&["visitor", "employee", "student"], 0));
    world.press(Press::Yes);
    assert_eq!(
        world.state_name(),
        "askIsThisYou",
        "yes means nothing before a kind is chosen"
    );
    world.press(Press::Kind(0)).press(Press::Yes);
    assert_eq!(
        world.state_name(),
        "askIsThisYou",
        "a kind that this booth does not make cannot be chosen"
    );
    world.press(Press::Kind(2)).press(Press::Yes);
    let State::Consent(state) = &world.session.state else {
        panic!()
    };
    assert_eq!(state.draft.card().kind.0, "student");
}

#[test]
fn somebody_who_is_not_eligible_is_shown_why() {
    let mut open = holder(&["student"], 0);
    open.open_order = Some("0193a000-0000-7000-8000-000000000000".parse().unwrap());
    let mut new = holder(&["student"], 1);
    new.cards[0].has_code = true;
    for (person, expected) in [
        (holder(&["visitor"], 0), sign_in::NotEligible::NoRole),
        (holder(&[], 0), sign_in::NotEligible::NoRole),
        (open, sign_in::NotEligible::OpenOrder),
        (new, sign_in::NotEligible::NotOld),
    ] {
        let mut world = World::ready();
        world.sign_in(person);
        let State::SignIn(sign_in::State::NotEligible { why, .. }) = &world.session.state else {
            panic!("{expected:?}")
        };
        assert_eq!(*why, expected);
        world.press(Press::Done);
        assert_eq!(world.state_name(), "attract");
    }
}

#[test]
fn a_first_card_needs_no_old_one() {
    let mut world = World::ready();
    world
        .sign_in(holder(&["student"], 0))
        .press(Press::Yes)
        .press(Press::Accept);
    assert_eq!(world.state_name(), "framing");
    let State::Portrait(portrait::State::Framing { draft, .. }) = &world.session.state else {
        panic!()
    };
    assert_eq!(draft.reason, OrderReason::First);
}

#[test]
fn lost_and_stolen_cards_are_blocked_at_once() {
    for (disposition, blocks, reason) in [
        (Disposition::Lost, true, OrderReason::Lost),
        (Disposition::Stolen, true, OrderReason::Stolen),
        (Disposition::Broken, false, OrderReason::Damaged),
        (Disposition::LeftAtHome, false, OrderReason::NoCode),
    ] {
        let mut world = at("oldCard");
        world.press(Press::OldCard(disposition));
        assert_eq!(
            world.did(|effect| matches!(effect, Effect::BlockCard(_))),
            blocks,
            "{disposition:?}"
        );
        let State::Portrait(portrait::State::Framing { draft, .. }) = &world.session.state else {
            panic!()
        };
        assert_eq!(draft.reason, reason);
    }
}

#[test]
fn retakes_have_no_limit_and_the_last_photo_counts() {
    let mut world = at("reviewing");
    for retake in 1..=20 {
        world.press(Press::Retake);
        assert_eq!(world.state_name(), "framing");
        world
            .press(Press::Shutter)
            .wait(3.0)
            .happen(Event::Captured(Box::new(shot())));
        let State::Portrait(portrait::State::Reviewing { shot, .. }) = &world.session.state else {
            panic!()
        };
        assert_eq!(shot.retakes, retake);
    }
    world.press(Press::Use).press(Press::Retake);
    assert_eq!(world.state_name(), "framing", "from the card too");
}

#[test]
fn a_camera_that_gives_no_still_leads_back_to_the_live_picture() {
    let mut world = at("capturing");
    world.happen(Event::CaptureFailed("unplugged".into()));
    let State::Portrait(portrait::State::Framing { fault, .. }) = &world.session.state else {
        panic!()
    };
    assert_eq!(fault.as_deref(), Some("unplugged"));
    let mut world = at("capturing");
    world.wait(2.0);
    assert_eq!(
        world.state_name(),
        "framing",
        "silence counts as frozen after two seconds"
    );
}

#[test]
fn only_the_newest_cut_is_shown() {
    let mut world = at("reviewing");
    let closer = Adjust {
        closer: 1,
        ..Adjust::default()
    };
    world.press(Press::Move(closer)).press(Press::Move(closer));
    world.press(Press::Use);
    assert_eq!(
        world.state_name(),
        "reviewing",
        "not before the cut that was asked for is there"
    );
    world
        .happen(Event::Cut(picture(3, 4), closer))
        .press(Press::Use);
    assert_eq!(
        world.state_name(),
        "reviewing",
        "an overtaken answer does not count"
    );
    world
        .happen(Event::Cut(
            picture(3, 4),
            Adjust {
                closer: 2,
                ..Adjust::default()
            },
        ))
        .press(Press::Use);
    assert_eq!(world.state_name(), "showingCard");
    let mut world = at("reviewing");
    for _ in 0..40 {
        world.press(Press::Move(closer));
    }
    let State::Portrait(portrait::State::Reviewing { shot, .. }) = &world.session.state else {
        panic!()
    };
    assert_eq!(shot.adjust.closer, Adjust::MOST);
}

#[test]
fn the_old_card_is_not_taken_for_the_new_one() {
    let mut world = at("readingBack");
    world
        .happen(Event::CardLaid(Uid::from_bytes(&OLD_UID)))
        .happen(Event::CodeSeen(Some(SERIAL)))
        .wait(5.0);
    let State::Issue(issue::State::ReadingBack(issue::ReadingBack {
        uid,
        old_card_laid,
        code,
        ..
    })) = &world.session.state
    else {
        panic!()
    };
    assert_eq!((uid, *old_card_laid, *code), (&None, true, true));
    let other = common::order::Serial([8; 8]);
    let mut world = at("readingBack");
    world
        .happen(Event::CodeSeen(Some(other)))
        .happen(Event::CodeSeen(None))
        .happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)));
    assert_eq!(
        world.wait(5.0).state_name(),
        "readingBack",
        "somebody else's code, or rubbish, is not this card's"
    );
}

#[test]
fn reading_back_may_be_skipped_after_a_while_and_that_is_recorded() {
    let mut world = at("readingBack");
    world.wait(10.0).press(Press::Skip);
    assert_eq!(world.state_name(), "readingBack");
    world.wait(20.0).press(Press::Skip);
    assert!(world.did(|effect| matches!(
        effect,
        Effect::KeepReadBack {
            collected: false,
            code: false,
            uid: None,
            ..
        }
    )));
    assert_eq!(world.state_name(), "collecting");
}

#[test]
fn a_printer_that_goes_away_before_the_press_makes_the_card_one_to_fetch() {
    let mut world = at("showingCard");
    let mut health = healthy();
    health.set(Part::Printer, Condition::Down("no-cards".into()));
    world
        .happen(Event::HealthChanged(Box::new(health)))
        .press(Press::Print);
    assert_eq!(world.state_name(), "fetchLater");
    world.press(Press::Confirm);
    assert!(
        !world.did(|effect| matches!(effect, Effect::Commit(_))),
        "two places: one must be chosen"
    );
    world.press(Press::Place(7)).press(Press::Confirm);
    assert!(!world.did(|effect| matches!(effect, Effect::Commit(_))));
    world.press(Press::Place(1)).press(Press::Confirm);
    let Some(Effect::Commit(order)) = world.effects.first() else {
        panic!()
    };
    assert_eq!(
        order.serial, None,
        "the card gets its serial where it is printed"
    );
    world.happen(Event::Committed(issue::Commitment {
        order: common::order::OrderId::new(world.now.wall),
        attempt: None,
    }));
    world.press(Press::Done);
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn nothing_fed_means_the_same_serial_may_be_tried_again() {
    let mut world = at("printing");
    let fault = common::order::FaultRecord {
        name: "no-cards".into(),
        means_not_fed: true,
    };
    world.happen(Event::PrintEnded(common::order::Evidence {
        fault: Some(fault),
        counter_after: Some(5),
        ..printed()
    }));
    let State::Issue(issue::State::NotPrinted(state)) = &world.session.state else {
        panic!()
    };
    assert_eq!(state.fault.as_deref(), Some("no-cards"));
    world.press(Press::PrintAgain);
    assert!(world.did(|effect| matches!(
        effect,
        Effect::CommitAttempt {
            serial: SERIAL,
            void: None,
            ..
        }
    )));
    let commitment = world.commitment();
    world.happen(Event::Committed(commitment));
    assert_eq!(world.state_name(), "printing");
}

#[test]
fn an_unknown_outcome_is_settled_by_the_code_on_the_card_or_by_an_attendant() {
    let mut world = at("needsAttendant");
    world.press(Press::PrintAgain).press(Press::Done);
    assert_eq!(
        world.state_name(),
        "needsAttendant",
        "a holder cannot print a second card"
    );
    world.happen(Event::CodeSeen(Some(SERIAL)));
    assert!(world.did(|effect| matches!(
        effect,
        Effect::KeepOutcome {
            outcome: Outcome::Printed,
            ..
        }
    )));
    assert_eq!(world.state_name(), "collecting");
}

#[test]
fn names_are_wiped_from_the_screen_that_waits_for_an_attendant() {
    let mut world = at("needsAttendant");
    world.wait(181.0);
    let State::Issue(issue::State::NeedsAttendant(open)) = &world.session.state else {
        panic!()
    };
    assert!(open.job.is_none(), "only the order's code is left");
    assert!(world.did(|effect| matches!(effect, Effect::Wipe)));
    world.wait(3600.0);
    assert_eq!(
        world.state_name(),
        "needsAttendant",
        "and new visits are held until somebody decides"
    );
}
