//! How a visit ends before its card is made, in every state.

use super::world::*;
use crate::{Effect, Event, Press, State, issue};
use common::{
    audit,
    health::{Condition, Part, Reason},
    order::Serial,
    visit::Ending,
};

#[test]
fn cancel_ends_the_visit_in_every_state_but_while_a_card_is_made() {
    let held = [
        "attract",
        "printing",
        "readingBack",
        "collecting",
        "notPrinted",
        "needsAttendant",
        "attendant",
    ];
    for name in STATES {
        let mut world = at(name);
        world.press(Press::Cancel);
        if held.contains(&name) {
            assert_eq!(world.state_name(), name);
        } else {
            assert_eq!(world.state_name(), "attract", "from {name}");
            assert!(wiped(&world.effects), "from {name}");
        }
    }
}

#[test]
fn not_me_ends_the_visit_and_is_reported() {
    let mut world = at("askIsThisYou");
    world.press(Press::NotMe);
    assert!(world.did(|effect| matches!(effect, Effect::ReportNotMe(_))));
    assert!(world.did(|effect| matches!(
        effect,
        Effect::Audit(audit::Event::VisitEnded(Ending::NotMe))
    )));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn language_and_ease_of_use_keep_the_state_and_end_with_the_visit() {
    for name in STATES {
        let mut world = at(name);
        for press in [
            Press::Language("en".into()),
            Press::LargeText,
            Press::HighContrast,
            Press::LowControls,
            Press::Speech,
        ] {
            world.press(press);
        }
        assert_eq!(world.state_name(), name);
        assert_eq!(world.session.preferences.language, "en");
        world.press(Press::Language("xx".into()));
        assert_eq!(
            world.session.preferences.language, "en",
            "a language the site does not have"
        );
    }
    let mut world = at("consent");
    world
        .press(Press::Language("en".into()))
        .press(Press::LargeText)
        .press(Press::Cancel);
    assert_eq!(
        world.session.preferences,
        common::visit::Preferences::of_site(&world.rules.languages)
    );
}

#[test]
fn what_somebody_chose_before_going_away_is_reset_for_the_next_visitor() {
    let mut world = at("attract");
    world
        .press(Press::Language("en".into()))
        .press(Press::Speech)
        .press(Press::Help);
    assert!(world.session.is_changed_at_rest(&world.rules));
    // Somebody touches the screen now and then.
    for _ in 0..5 {
        world.wait(50.0).happen(crate::Event::Touched);
    }
    assert!(world.session.preferences.speech && world.session.helping);
    world.wait(61.0);
    assert_eq!(
        world.session.preferences,
        common::visit::Preferences::of_site(&world.rules.languages)
    );
    assert!(!world.session.helping && !world.session.is_changed_at_rest(&world.rules));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn the_attendants_screen_opens_over_every_state_and_returns_to_it() {
    for name in STATES.into_iter().filter(|name| *name != "attendant") {
        let mut world = at(name);
        world.press(Press::Attendant);
        assert_eq!(world.state_name(), "attendant");
        world.press(Press::Staff(crate::attendant::Press::Leave));
        assert_eq!(world.state_name(), name);
    }
}

#[test]
fn out_of_service_says_why_and_resumes_by_itself() {
    let mut world = World::ready();
    let mut sick = healthy();
    sick.set(Part::Camera, Condition::Down("not-found".into()));
    world.happen(Event::HealthChanged(Box::new(sick.clone())));
    let State::OutOfService(reasons) = &world.session.state else {
        panic!()
    };
    assert_eq!(reasons, &vec![Reason::new(Part::Camera, "not-found")]);
    let entered = world.session.entered;
    world.wait(5.0).happen(Event::HealthChanged(Box::new(sick)));
    assert_eq!(
        world.session.entered, entered,
        "unchanged health enters no state anew"
    );
    world.press(Press::Start);
    assert_eq!(world.state_name(), "outOfService");
    world.happen(Event::HealthChanged(Box::new(healthy())));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn nobody_is_served_before_it_is_known_whether_a_question_is_open() {
    let mut world = World::ready();
    world.session = crate::Session::new(world.now, &world.rules);
    world.happen(Event::HealthChanged(Box::new(healthy())));
    assert_eq!(world.state_name(), "starting");
    world.happen(Event::OpenAttemptsFound(vec![]));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn an_attempt_that_a_power_cut_interrupted_is_decided_before_anybody_is_served() {
    let mut world = World::ready();
    let order = common::order::OrderId::new(world.now.wall);
    let open = issue::OpenAttempt {
        order,
        serial: Serial([3; 8]),
    };
    world.happen(Event::OpenAttemptsFound(vec![open]));
    assert_eq!(world.state_name(), "afterRestart");
    assert!(
        !world.did(|effect| matches!(effect, Effect::Print { .. })),
        "nothing prints by itself"
    );
    world.press(Press::Start);
    assert_eq!(world.state_name(), "afterRestart");
    world.happen(Event::CodeSeen(Some(Serial([3; 8]))));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn a_print_job_that_ends_beneath_the_attendants_screen_is_handled() {
    let mut world = at("printing");
    world
        .press(Press::Attendant)
        .happen(Event::PrintEnded(printed()));
    assert!(world.did(|effect| matches!(effect, Effect::KeepOutcome { .. })));
    assert_eq!(world.state_name(), "attendant");
    world.press(Press::Staff(crate::attendant::Press::Leave));
    assert_eq!(world.state_name(), "readingBack");
}

#[test]
fn a_commit_that_answers_after_the_visit_ended_is_closed_as_not_printed() {
    let mut world = at("showingCard");
    world.press(Press::Print).wait(41.0);
    assert_eq!(world.state_name(), "attract");
    let late = world.commitment();
    world.happen(Event::Committed(late));
    assert!(world.did(|effect| matches!(
        effect,
        Effect::KeepOutcome {
            outcome: common::order::Outcome::NotPrinted,
            ..
        }
    )));
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn a_server_that_never_answers_ends_the_wait_for_it() {
    let mut world = World::ready();
    world.press(Press::Start).wait(41.0);
    assert_eq!(world.state_name(), "notEligible");
    let mut world = at("showCode");
    world
        .happen(Event::SignIn(crate::sign_in::Progress::Approved))
        .wait(41.0);
    assert_eq!(world.state_name(), "notEligible");
}
