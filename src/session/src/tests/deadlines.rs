//! How long each state lasts, and how a visit that nobody goes on with ends.

use super::world::*;
use crate::{AskedFor, Effect, Press, State, sign_in};

#[test]
fn each_state_asks_after_its_own_time_and_ends_thirty_seconds_later() {
    for (name, seconds) in [
        ("noPhone", 60.0),
        ("typing", 60.0),
        ("askIsThisYou", 45.0),
        ("consent", 90.0),
        ("oldCard", 60.0),
        ("framing", 120.0),
        ("reviewing", 120.0),
        ("showingCard", 120.0),
        ("readingBack", 60.0),
        ("fetchLater", 60.0),
        ("notPrinted", 180.0),
    ] {
        let mut world = at(name);
        let lasted = world.now.instant - world.session.entered;
        world.wait(seconds - 0.5 - lasted.as_secs_f32());
        assert_eq!(world.session.asking, None, "{name} just before");
        world.wait(1.0);
        assert_eq!(
            world.session.asking.map(|asking| asking.why),
            Some(AskedFor::Idle),
            "{name}"
        );
        world.wait(29.0);
        assert_eq!(world.state_name(), name, "the question stands for 30 s");
        world.wait(2.0);
        assert_eq!(world.state_name(), "attract", "{name}");
        assert!(wiped(&world.effects));
    }
}

#[test]
fn some_states_never_ask() {
    for name in [
        "showCode",
        "notEligible",
        "countingDown",
        "printing",
        "collecting",
        "needsAttendant",
    ] {
        let mut world = at(name);
        for _ in 0..400 {
            world.wait(0.25);
            assert_eq!(
                world.session.asking.filter(|_| world.state_name() == name),
                None,
                "{name}"
            );
        }
    }
}

#[test]
fn a_sign_of_life_postpones_the_question_and_yes_gives_more_time() {
    let mut world = at("consent");
    world.wait(80.0).happen(crate::Event::Touched).wait(80.0);
    assert_eq!(world.session.asking, None);
    world.wait(11.0);
    assert!(world.session.asking.is_some());
    world.press(Press::Accept);
    assert_eq!(
        world.state_name(),
        "consent",
        "under the question nothing else can be pressed"
    );
    world.press(Press::StillHere).wait(5.0);
    assert_eq!(
        (world.session.asking, world.state_name()),
        (None, "consent")
    );
}

#[test]
fn more_time_is_given_ten_times_or_without_limit_while_reading_aloud() {
    let ask_again = |world: &mut World| {
        let asked = (0..182).any(|_| world.wait(0.25).session.asking.is_some());
        world.press(Press::StillHere);
        asked
    };
    let mut world = at("askIsThisYou");
    assert_eq!((0..10).filter(|_| ask_again(&mut world)).count(), 10);
    world.wait(46.0);
    assert_eq!(world.state_name(), "attract");
    let mut world = at("askIsThisYou");
    world.press(Press::Speech);
    assert_eq!((0..50).filter(|_| ask_again(&mut world)).count(), 50);
}

#[test]
fn a_long_visit_is_asked_about_every_ten_minutes_and_ends_after_thirty() {
    let mut world = at("consent");
    let mut asked = 0;
    for _ in 0..(31 * 60) {
        world.wait(1.0).happen(crate::Event::Touched);
        if world
            .session
            .asking
            .is_some_and(|asking| asking.why == AskedFor::Absolute)
        {
            asked += 1;
            world.press(Press::StillHere);
        }
    }
    assert_eq!((asked, world.state_name()), (2, "attract"));
}

#[test]
fn no_limit_of_the_visit_counts_while_its_card_is_printed() {
    let mut world = at("printing");
    world.rules.limits.printing = std::time::Duration::from_secs(7200);
    world.wait(3600.0);
    assert_eq!(
        (world.state_name(), world.session.asking),
        ("printing", None)
    );
}

#[test]
fn a_code_is_renewed_once_and_then_the_booth_is_free_again() {
    let mut world = at("showCode");
    world.wait(181.0);
    assert!(world.did(|effect| matches!(effect, Effect::BeginSignIn)));
    let State::SignIn(sign_in::State::ShowCode { code, renewed, .. }) = &world.session.state else {
        panic!()
    };
    assert!(code.is_none() && *renewed);
    let fresh = world.code();
    world
        .happen(crate::Event::SignIn(sign_in::Progress::CodeReady(fresh)))
        .wait(181.0);
    assert_eq!(world.state_name(), "attract");
}

#[test]
fn starting_takes_twenty_seconds_at_most() {
    let mut world = World::ready();
    world.session = crate::Session::new(world.now, &world.rules);
    world.wait(19.0);
    assert_eq!(world.state_name(), "starting");
    world.wait(1.5);
    assert_eq!(world.state_name(), "outOfService");
}

#[test]
fn the_countdown_sounds_once_a_second() {
    let mut world = at("countingDown");
    world.wait(3.0);
    let beats = world
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Play(crate::Sound::CountdownBeat)));
    assert_eq!(beats.count(), 3);
}
