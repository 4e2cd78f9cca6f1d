//! Random walks: whatever happens in whatever order, the rules hold after every single step.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::{prelude::*, test_runner::TestRunner};

use super::{rules::OTHER, world::*};
use crate::{
    Adjust, Draft, Effect, Event, Press, State,
    attendant::Page,
    event::Coaching,
    issue::{self, State as Issue},
    portrait::State as Portrait,
    sign_in,
};
use common::{
    health::{Condition, Part},
    order::{Disposition, Holder, OrderId, Outcome, Serial, Uid},
};

/// The number of events that [`event`] knows; the last ones are ticks.
const EVENTS: u8 = 60;
/// A tick.
const LAST: u8 = EVENTS - 1;
/// The answer to a commit.
const COMMITTED: u8 = 34;

/// Somebody who may have two kinds of card and holds both, each with a serial of its own.
fn two_kinds(has_place: bool) -> Holder {
    let mut person = holder(&["student", "employee"], 2);
    person.cards[0].serial = Some(Serial([1; 8]));
    person.cards[1].serial = Some(Serial([2; 8]));
    person.cards[1].kind = "employee".into();
    person.cards[1].uid = Some(Uid::from_bytes(&OLD_UID));
    if !has_place {
        person.pickup_places.clear();
    }
    person
}

/// Event number `n`, as it could come from a finger, a device or a late answer.
fn event(n: u8, world: &World) -> Event {
    use crate::{attendant, sign_in::Progress};
    let press = Event::Pressed;
    match n {
        0 => press(Press::Start),
        1 => press(Press::Yes),
        2 => press(Press::Accept),
        3 => press(Press::OldCard(Disposition::Lost)),
        4 => press(Press::Shutter),
        5 => press(Press::Use),
        6 => press(Press::Print),
        7 => press(Press::Retake),
        8 => press(Press::Cancel),
        9 => press(Press::Attendant),
        10 => press(Press::Staff(attendant::Press::Leave)),
        11 => press(Press::StillHere),
        12 => press(Press::FetchLater),
        13 => press(Press::PrintAgain),
        14 => press(Press::Done),
        15 => press(Press::Skip),
        16 => press(Press::Confirm),
        17 => press(Press::Place(0)),
        18 => press(Press::NotMe),
        19 => press(Press::NewCode),
        20 => press(Press::NoPhone),
        21 => press(Press::Back),
        22 => press(Press::Move(Adjust {
            up: 1,
            ..Adjust::default()
        })),
        23 => press(Press::Staff(attendant::Press::Decide(Outcome::Printed))),
        24 => press(Press::Staff(attendant::Press::Decide(Outcome::Void))),
        25 => Event::Attendant(attendant::Progress::SignedIn(attendant::Staff {
            id: "staff1".into(),
            token: None,
        })),
        26 => Event::SignIn(Progress::CodeReady(world.code())),
        27 => Event::SignIn(Progress::SignedIn {
            holder: Arc::new(two_kinds(!draws(world, 3))),
            login: sign_in::Login {
                method: common::order::LoginMethod::Device,
                staff: None,
            },
            resumed: None,
        }),
        28 => Event::SignIn(Progress::Failed(sign_in::Failure::Denied)),
        29 => Event::CardLaid(Uid::from_bytes(&NEW_UID)),
        30 => Event::Assessed(Coaching {
            hint: None,
            ring: 1.0,
            ready: true,
        }),
        31 => Event::Captured(Box::new(shot())),
        32 => Event::CaptureFailed("frozen".into()),
        33 => Event::Rendered(Box::new(rendered())),
        35 => Event::CommitFailed("full".into()),
        36 => Event::PrintEnded(printed()),
        37 => Event::PrintEnded(common::order::Evidence::default()),
        38 => Event::PrintEnded(common::order::Evidence {
            counter_after: None,
            ..printed()
        }),
        39 => Event::CodeSeen(Some(SERIAL)),
        40 => Event::HealthChanged(Box::new(healthy())),
        41 => Event::HealthChanged(Box::default()),
        42 => Event::Cut(
            picture(3, 4),
            Adjust {
                up: 1,
                ..Adjust::default()
            },
        ),
        43 => Event::SignIn(Progress::SignedIn {
            holder: Arc::new(two_kinds(!draws(world, 3))),
            login: sign_in::Login {
                method: common::order::LoginMethod::Device,
                staff: None,
            },
            resumed: Some(super::resume::left()),
        }),
        44 => Event::CodeSeen(None),
        45 => Event::CodeSeen(Some(OTHER)),
        46 => Event::CardLaid(Uid::from_bytes(&OLD_UID)),
        47 => Event::CardTaken,
        48 => Event::Touched,
        49 => press(Press::Kind(0)),
        50 => press(Press::Kind(1)),
        51 => press(Press::Staff(attendant::Press::Page(Page::Camera))),
        52 => press(Press::Staff(attendant::Press::Page(Page::Readiness))),
        53 => press(Press::Staff(attendant::Press::Decide(Outcome::NotPrinted))),
        54 => press(Press::OldCard(Disposition::Stolen)),
        55 => {
            let mut health = healthy();
            health.set(Part::Printer, Condition::Down("no-cards".into()));
            Event::HealthChanged(Box::new(health))
        }
        56 => {
            let mut health = healthy();
            health.set(Part::Camera, Condition::Down("unplugged".into()));
            health.set(Part::Reader, Condition::Down("unplugged".into()));
            Event::HealthChanged(Box::new(health))
        }
        _ => Event::Ticked,
    }
}

/// The visit, also where the attendant's screen lies over it.
fn beneath(state: &State) -> &State {
    match state {
        State::Attendant(over) => beneath(&over.under),
        state => state,
    }
}

fn draft(state: &State) -> Option<&Draft> {
    match state {
        State::Consent(state) => Some(&state.draft),
        State::OldCard(state) => Some(&state.draft),
        State::Portrait(
            Portrait::Framing { draft, .. }
            | Portrait::CountingDown { draft, .. }
            | Portrait::Capturing { draft, .. }
            | Portrait::Reviewing { draft, .. },
        ) => Some(draft),
        State::Issue(Issue::ShowingCard(card)) => Some(&card.draft),
        State::Issue(Issue::FetchLater(later)) => Some(&later.draft),
        State::Issue(
            Issue::Printing(issue::Printing { job, .. })
            | Issue::ReadingBack(issue::ReadingBack { job, .. })
            | Issue::NotPrinted(issue::NotPrinted { job, .. })
            | Issue::Collecting { job },
        ) => Some(&job.draft),
        State::Issue(Issue::NeedsAttendant(open)) => open.job.as_ref().map(|job| &job.draft),
        _ => None,
    }
}

/// What the walk has seen, against which each step is judged.
struct Walk {
    world: World,
    /// Committed attempts that were not printed yet.
    committed: BTreeSet<u64>,
    /// Commits that were asked for and not answered yet.
    unanswered: u64,
    outcomes: BTreeMap<OrderId, Outcome>,
}

/// What a card's read-back has, before a step.
struct Read {
    order: OrderId,
    uid: Option<Uid>,
    code: bool,
}

impl Walk {
    fn begin(fetch_later: bool, read_back_code: bool) -> Self {
        let mut rules = rules();
        rules.needs.fetch_later = fetch_later;
        rules.read_back.code = read_back_code;
        Self {
            world: World::with(rules),
            committed: BTreeSet::new(),
            unanswered: 0,
            outcomes: BTreeMap::from([(super::resume::order(), Outcome::NotPrinted)]),
        }
    }

    fn read(&self) -> Option<Read> {
        match beneath(&self.world.session.state) {
            State::Issue(Issue::ReadingBack(reading)) => Some(Read {
                order: reading.job.order,
                uid: reading.uid.clone(),
                code: reading.code,
            }),
            _ => None,
        }
    }

    fn step(&mut self, event: Event) {
        let was_personal = self.world.session.is_personal();
        let was_read = self.read();
        let touched = self.world.session.touched;
        let foreign = match &event {
            Event::CodeSeen(code) => {
                code.is_none() || *code != self.world.session.state.awaited_code()
            }
            _ => false,
        };
        let name = self.world.state_name();
        self.world.happen(event);
        let effects = std::mem::take(&mut self.world.effects);
        for effect in &effects {
            self.judge(effect);
        }
        let session = &self.world.session;
        if foreign {
            assert!(
                effects.is_empty() && session.touched == touched,
                "a foreign code in {name}"
            );
        }
        if was_personal && !session.is_personal() {
            assert!(wiped(&effects), "left {name} without a wipe");
        }
        if let Some(read) = was_read
            && self.read().is_none_or(|now| now.order != read.order)
        {
            check_kept(&read, &effects);
        }
        self.judge_state();
    }

    fn judge(&mut self, effect: &Effect) {
        match effect {
            Effect::Commit(order) => {
                self.unanswered += 1;
                check_replaced(&order.draft);
            }
            Effect::CommitAttempt { order, .. } => {
                self.unanswered += 1;
                let last = self.outcomes.get(order);
                assert_eq!(
                    last,
                    Some(&Outcome::NotPrinted),
                    "a further attempt without proof"
                );
            }
            Effect::Print { attempt, .. } => assert!(
                self.committed.remove(&attempt.id),
                "attempt {} is printed twice or uncommitted",
                attempt.id
            ),
            Effect::KeepOutcome { order, outcome, .. } => {
                self.outcomes.insert(*order, *outcome);
            }
            Effect::KeepReadBack { order, .. } => assert_eq!(
                self.outcomes.get(order),
                Some(&Outcome::Printed),
                "the journal takes a read-back only of a printed card"
            ),
            Effect::BlockCard(_) => {
                // The draft says the same card, and `check_replaced` judges the draft after every step.
                assert!(draft(beneath(&self.world.session.state)).is_some());
            }
            _ => {}
        }
    }

    /// What holds of every state, whatever led to it.
    fn judge_state(&self) {
        let (world, session) = (&self.world, &self.world.session);
        let name = world.state_name();
        assert!(world.sees_what_it_must(), "{name}: {:?}", world.camera);
        let state = beneath(&session.state);
        if let Some(draft) = draft(state) {
            assert!(
                session.signed_in.is_some(),
                "{name} does not count its time"
            );
            check_replaced(draft);
        }
        match state {
            State::Issue(Issue::FetchLater(later)) => {
                let places = &later.draft.holder.pickup_places;
                assert!(world.rules.needs.fetch_later && !places.is_empty());
            }
            State::Issue(Issue::NeedsAttendant(open)) if name != "attendant" => {
                let waited = world.now.instant.duration_since(session.entered);
                let wiped = open.job.is_none();
                assert!(wiped || waited <= world.rules.limits.names, "names stay");
            }
            _ => {}
        }
    }

    fn wait(&mut self, quarters: u32) {
        for _ in 0..quarters {
            self.world.now.instant += std::time::Duration::from_millis(250);
            self.step(Event::Ticked);
        }
    }

    /// The answer to a commit comes only where one is waited for, as the booth's performer guarantees.
    fn commit(&mut self) {
        if self.unanswered == 0 {
            return;
        }
        self.unanswered -= 1;
        let commitment = self.world.commitment();
        self.committed.insert(self.world.attempts);
        self.step(Event::Committed(commitment));
    }
}

/// Nothing that was read of the card is dropped.
fn check_kept(read: &Read, effects: &[Effect]) {
    let kept: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::KeepReadBack {
                order, uid, code, ..
            } if *order == read.order => Some((uid, *code)),
            _ => None,
        })
        .collect();
    let [(uid, code)] = kept[..] else {
        panic!("kept {} times", kept.len())
    };
    assert!(read.uid.is_none() || *uid == read.uid);
    assert!(code || !read.code);
}

/// Only a card of the kind that is made is replaced.
fn check_replaced(draft: &Draft) {
    let Some(serial) = draft.replaces.as_ref().and_then(|replaces| replaces.serial) else {
        return;
    };
    let held = draft
        .holder
        .cards
        .iter()
        .find(|card| card.serial == Some(serial));
    assert_eq!(held.unwrap().kind, draft.card().kind);
}

/// The event that leads on from where the visit is, by its number: without it a walk of chance alone would seldom come
/// as far as a card.
fn leads_on(world: &World) -> u8 {
    match beneath(&world.session.state).name() {
        "attract" => 0,
        "showCode" => 27,
        "askIsThisYou" if draws(world, 2) => 49,
        "askIsThisYou" => 1,
        "consent" => 2,
        "oldCard" => 3,
        "framing" => 4,
        "capturing" => 31,
        "reviewing" => 5,
        "showingCard" if draws(world, 3) => 33,
        "showingCard" if draws(world, 2) => 6,
        "showingCard" | "notPrinted" if draws(world, 2) => COMMITTED,
        "printing" => 36 + u8::from(draws(world, 2)) + u8::from(draws(world, 3)),
        "notPrinted" => 13,
        "fetchLater" if draws(world, 2) => 17,
        "fetchLater" if draws(world, 2) => 16,
        "fetchLater" => COMMITTED,
        _ => LAST,
    }
}

/// Once in `times`, by the clock, so that the same script makes the same walk.
fn draws(world: &World, times: u128) -> bool {
    let passed = world.now.instant.duration_since(world.began).as_millis() / 250;
    passed.is_multiple_of(times)
}

/// A walk from a script of events, each with the quarters of a second that pass after it. Answers the states it came
/// by.
fn walk(fetch_later: bool, read_back_code: bool, script: &[(u8, u32)]) -> BTreeSet<&'static str> {
    let mut walk = Walk::begin(fetch_later, read_back_code);
    let mut visited = BTreeSet::new();
    for (number, quarters) in script {
        let number = match *number {
            number if number < EVENTS => number,
            _ => leads_on(&walk.world),
        };
        if number == COMMITTED {
            walk.commit();
        } else {
            let event = event(number, &walk.world);
            walk.step(event);
        }
        visited.insert(walk.world.state_name());
        // Now and then nobody does anything for a minute.
        walk.wait(if *quarters == 19 { 240 } else { *quarters });
        visited.insert(walk.world.state_name());
    }
    // An hour is longer than any visit may be.
    walk.wait(4 * 3600);
    if walk.world.state_name() == "needsAttendant" {
        walk.step(Event::Pressed(Press::Attendant));
        walk.step(event(25, &walk.world));
        walk.step(event(24, &walk.world));
    }
    let name = walk.world.state_name();
    assert!(
        ["attract", "outOfService"].contains(&name),
        "stuck in {name}"
    );
    visited
}

/// Beside the rules of every step: time alone leads out of every state but the question about a card, and an attendant
/// can end that one.
#[test]
fn no_order_of_events_breaks_a_rule() {
    let config = ProptestConfig {
        cases: 2500,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let script = prop::collection::vec((0..2 * EVENTS, 0u32..20), 1..120);
    let visited = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(
            &(any::<bool>(), any::<bool>(), script),
            |(later, code, script)| {
                visited.borrow_mut().extend(walk(later, code, &script));
                Ok(())
            },
        )
        .unwrap();
    let visited = visited.into_inner();
    let missed: Vec<_> = STATES
        .iter()
        .filter(|name| !visited.contains(*name))
        .collect();
    assert!(missed.is_empty(), "the walks never came by {missed:?}");
}
