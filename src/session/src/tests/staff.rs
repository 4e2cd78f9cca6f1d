//! The attendant: ways to sign in, and a session for somebody who cannot.

use std::sync::Arc;

use super::world::*;
use crate::{
    Effect, Event, Press, State, Work,
    attendant::{Command, Page, Press as Staff, Progress, Step, Way, Why},
    rules::AttendantWays,
    sign_in::{self, NotEligible, Typed},
};
use common::{
    audit,
    health::{Condition, Part},
    order::{LoginMethod, OrderReason, Private},
    sign_in::{Failure, Refusal, Staff as Attendant},
};

/// A booth whose attendants sign in by phone or PIN and may open sessions.
fn staffed() -> World {
    let mut rules = rules();
    rules.staff = true;
    rules.attendant = AttendantWays {
        phone: true,
        pin: true,
    };
    World::with(rules)
}

fn attendant() -> Attendant {
    Attendant {
        id: "staf0001".to_owned(),
        token: Some(Private::from("token-of-staff")),
    }
}

fn signed_in() -> World {
    let mut world = staffed();
    world
        .press(Press::Attendant)
        .happen(Event::Attendant(Progress::SignedIn(attendant())));
    world
}

/// Says everything that opening a session asks for.
fn fill_in(world: &mut World) {
    world.press(Press::Staff(Staff::Page(Page::Assist)));
    for letter in " gast-4711x".chars() {
        world.press(Press::Typed(Typed::Letter(letter)));
    }
    world
        .press(Press::Typed(Typed::Backspace))
        .press(Press::Staff(Staff::Why(Why::Guest)))
        .press(Press::Staff(Staff::IdSeen));
}

fn step(world: &World) -> &Step {
    match &world.session.state {
        State::Attendant(state) => &state.step,
        other => panic!("no attendant: {other:?}"),
    }
}

#[test]
fn an_attendant_signs_in_by_phone_where_the_provider_answers_and_by_pin_else() {
    let mut world = staffed();
    world.press(Press::Attendant);
    assert!(world.did(|effect| matches!(effect, Effect::Attendant(Command::BeginSignIn))));
    let code = world.code();
    world.happen(Event::Attendant(Progress::CodeReady(code)));
    assert!(matches!(
        step(&world),
        Step::SigningIn {
            way: Way::Phone { code: Some(_) },
            ..
        }
    ));
    world.press(Press::Staff(Staff::OtherWay));
    assert!(world.did(|effect| matches!(effect, Effect::Stop(Work::AttendantSignIn))));
    assert!(matches!(
        step(&world),
        Step::SigningIn { way: Way::Pin, .. }
    ));

    let mut world = staffed();
    let mut health = healthy();
    health.set(Part::Identity, Condition::Down("unreachable".into()));
    world
        .happen(Event::HealthChanged(Box::new(health)))
        .press(Press::Attendant);
    assert!(
        matches!(step(&world), Step::SigningIn { way: Way::Pin, .. }),
        "the network is down: the PIN is asked for"
    );
}

#[test]
fn somebody_who_is_no_attendant_is_refused_and_may_try_again() {
    let mut world = staffed();
    world.press(Press::Attendant);
    let code = world.code();
    world.happen(Event::Attendant(Progress::CodeReady(code)));
    world.happen(Event::Attendant(Progress::Refused(Refusal::NotStaff)));
    assert!(matches!(
        step(&world),
        Step::SigningIn {
            way: Way::Phone { code: None },
            problem: Some(Refusal::NotStaff),
            ..
        }
    ));
    world.press(Press::Staff(Staff::NewCode));
    assert!(world.did(|effect| matches!(effect, Effect::Attendant(Command::BeginSignIn))));
    world.press(Press::Staff(Staff::Leave));
    assert!(world.did(|effect| matches!(effect, Effect::Stop(Work::AttendantSignIn))));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn a_guest_is_served_after_the_attendant_has_seen_proof_of_identity() {
    let mut world = signed_in();
    fill_in(&mut world);
    world.press(Press::Staff(Staff::Serve));
    let asked = world.effects.iter().find_map(|effect| match effect {
        Effect::Attendant(Command::LookUp { subject, token }) => Some((subject, token)),
        _ => None,
    });
    let (subject, token) = asked.expect("the portal is asked");
    assert_eq!(subject.expose(), "gast-4711");
    assert_eq!(token.as_ref().unwrap().expose(), "token-of-staff");
    world.happen(Event::Attendant(Progress::Found(
        Arc::new(holder(&["student"], 0)),
        None,
    )));
    assert!(world.did(|effect| matches!(
        effect,
        Effect::Audit(audit::Event::StaffSession { id }) if id == "staf0001"
    )));
    assert_eq!(
        world.state_name(),
        "askIsThisYou",
        "the person has the last word"
    );
    world.press(Press::Yes);
    let State::Consent(state) = &world.session.state else {
        panic!()
    };
    let login = &state.draft.login;
    let staff = login.staff.as_ref().expect("who opened it");
    assert_eq!(login.method, LoginMethod::Staff);
    assert_eq!(
        (staff.id.as_str(), staff.why.as_str(), staff.id_seen),
        ("staf0001", "guest", true)
    );
    // The line of the audit trail has the ids of the order and the attendant, and nothing else.
    world
        .press(Press::Accept)
        .press(Press::Shutter)
        .wait(3.0)
        .happen(Event::Captured(Box::new(shot())))
        .press(Press::Use)
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Print);
    let commitment = world.commitment();
    world.happen(Event::Committed(commitment));
    let lines: Vec<String> = world
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Audit(event @ audit::Event::StaffOrder { .. }) => Some(event.line().detail),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [format!("{} staf0001", commitment.order)]);
}

#[test]
fn nobody_is_served_without_a_name_a_reason_and_proof_of_identity() {
    for left_out in 0..3 {
        let mut world = signed_in();
        world.press(Press::Staff(Staff::Page(Page::Assist)));
        if left_out != 0 {
            world.press(Press::Typed(Typed::Letter('a')));
        }
        if left_out != 1 {
            world.press(Press::Staff(Staff::Why(Why::Other)));
        }
        if left_out != 2 {
            world.press(Press::Staff(Staff::IdSeen));
        }
        world.press(Press::Staff(Staff::Serve));
        assert!(
            !world.did(|effect| matches!(effect, Effect::Attendant(_))),
            "{left_out}"
        );
        world.happen(Event::Attendant(Progress::Found(
            Arc::new(holder(&["student"], 0)),
            None,
        )));
        assert_eq!(
            world.state_name(),
            "attendant",
            "an answer that nobody asked for"
        );
    }
}

#[test]
fn nobody_is_served_whom_the_portal_does_not_know_or_allow() {
    let mut open = holder(&["student"], 0);
    open.open_order = Some("0193a000-0000-7000-8000-000000000000".parse().unwrap());
    for (answer, expected) in [
        (
            Progress::NotFound(Failure::Unknown),
            NotEligible::Failed(Failure::Unknown),
        ),
        (
            Progress::NotFound(Failure::PortalDown),
            NotEligible::Failed(Failure::PortalDown),
        ),
        (
            Progress::Found(Arc::new(open), None),
            NotEligible::OpenOrder,
        ),
        (
            Progress::Found(Arc::new(holder(&["visitor"], 0)), None),
            NotEligible::NoRole,
        ),
    ] {
        let mut world = signed_in();
        fill_in(&mut world);
        world
            .press(Press::Staff(Staff::Serve))
            .happen(Event::Attendant(answer));
        let Step::Panel { assist, .. } = step(&world) else {
            panic!()
        };
        assert_eq!(assist.problem, Some(expected));
        assert_eq!(assist.subject.expose(), " gast-4711", "it can be corrected");
    }
}

#[test]
fn no_session_is_opened_while_a_visit_is_under_way() {
    for name in [
        "askIsThisYou",
        "consent",
        "framing",
        "printing",
        "needsAttendant",
    ] {
        let mut world = at(name);
        world.rules.staff = true;
        world
            .press(Press::Attendant)
            .happen(Event::Attendant(Progress::SignedIn(attendant())));
        fill_in(&mut world);
        world.press(Press::Staff(Staff::Serve));
        assert!(
            !world.did(|effect| matches!(effect, Effect::Attendant(_))),
            "{name}"
        );
        assert!(matches!(
            step(&world),
            Step::Panel {
                page: Page::Readiness | Page::Decision,
                ..
            }
        ));
    }
}

#[test]
fn an_attendant_called_by_somebody_without_a_phone_sees_the_page_that_helps() {
    let mut world = staffed();
    world
        .press(Press::Start)
        .press(Press::NoPhone)
        .press(Press::Attendant)
        .happen(Event::Attendant(Progress::SignedIn(attendant())));
    assert!(matches!(
        step(&world),
        Step::Panel {
            page: Page::Assist,
            ..
        }
    ));
    fill_in(&mut world);
    world
        .press(Press::Staff(Staff::Serve))
        .happen(Event::Attendant(Progress::Found(
            Arc::new(holder(&["student"], 0)),
            None,
        )));
    assert_eq!(world.state_name(), "askIsThisYou");
}

#[test]
fn a_site_without_staff_sessions_has_none() {
    let mut world = signed_in();
    world.rules.staff = false;
    fill_in(&mut world);
    world.press(Press::Staff(Staff::Serve));
    assert!(!world.did(|effect| matches!(effect, Effect::Attendant(_))));
}

#[test]
fn an_order_from_claims_alone_is_fetched_later_and_asks_for_the_old_card() {
    let mut world = World::ready();
    let mut person = holder(&["student"], 0);
    person.for_review = true;
    world.sign_in(person).press(Press::Yes).press(Press::Accept);
    assert_eq!(
        world.state_name(),
        "oldCard",
        "nobody could say which cards there are"
    );
    world
        .happen(Event::CardLaid(common::order::Uid::from_bytes(&OLD_UID)))
        .wait(2.0);
    world
        .press(Press::Shutter)
        .wait(3.0)
        .happen(Event::Captured(Box::new(shot())))
        .press(Press::Use)
        .happen(Event::Rendered(Box::new(rendered())))
        .press(Press::Print);
    assert_eq!(
        world.state_name(),
        "fetchLater",
        "the printer is ready, and yet"
    );
    assert!(!world.did(|effect| matches!(effect, Effect::Commit(_))));
    world.press(Press::Place(0)).press(Press::Confirm);
    let Some(Effect::Commit(order)) = world.effects.first() else {
        panic!()
    };
    assert!(order.draft.holder.for_review);
    assert_eq!(order.draft.reason, OrderReason::NoCode);
    assert!(matches!(
        sign_in::eligibility(&order.draft.holder, &world.rules),
        Ok(offered) if offered == [0]
    ));
}
