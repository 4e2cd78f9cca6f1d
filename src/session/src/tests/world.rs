//! The booth around a session, as the tests need it: a clock that they move, a site's rules, the ways into each state,
//! and a record of what the effects asked for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Adjust, Effect, Event, Now, Press, Resumed, Session, Shot, State, Work,
    attendant::{Page, Step},
    event::Coaching,
    issue::Rendered,
    rules::{Approval, AttendantWays, ConsentText, Limits, ReadBack, Rules},
    sign_in::{Login, Progress},
};
use common::{
    health::{Condition, Health, Needs, Part},
    order::{
        Attempt, CardFace, CardImage, Commitment, Evidence, Holder, LoginMethod, OrderId, Picture,
        Private, Serial, Uid,
    },
    sign_in::Code,
};

pub(crate) fn rules() -> Rules {
    Rules {
        languages: vec!["sv".into(), "en".into()],
        needs: Needs {
            fetch_later: true,
            without_portal: false,
            without_reader: true,
        },
        limits: Limits::default(),
        consent: ConsentText {
            text: "card-rules".into(),
            version: "2024-07-04".into(),
            pages: 3,
        },
        kinds: vec!["student".into(), "employee".into()],
        only_without_code: true,
        password: true,
        staff: false,
        attendant: AttendantWays {
            phone: false,
            pin: true,
        },
        approval: Approval::None,
        print_here_assurance: vec![],
        read_back: ReadBack {
            chip: true,
            code: true,
        },
        ask_library: false,
    }
}

pub(super) fn healthy() -> Health {
    let mut health = Health::default();
    Part::ALL
        .into_iter()
        .for_each(|part| health.set(part, Condition::Ready));
    health
}

pub(super) fn holder(kinds: &[&str], old_cards: usize) -> Holder {
    serde_json::from_value(serde_json::json!({
        "subject": "abcd0001", "displayName": "Alva Björk", "nameOnCard": "Alva Björk", "assurance": "AL2",
        "kinds": kinds.iter().map(|kind| serde_json::json!({"kind": kind, "validThrough": "2029-06-30"})).collect::<Vec<_>>(),
        "cards": (0..old_cards).map(|_| serde_json::json!({"kind": kinds[0], "status": "active"})).collect::<Vec<_>>(),
        "pickupPlaces": [{"id": "infocenter", "name": "Infocenter"}, {"id": "library", "name": "Library"}],
    }))
    .unwrap()
}

pub(super) const OLD_UID: [u8; 4] = [1, 2, 3, 4];
pub(super) const NEW_UID: [u8; 7] = [4, 1, 2, 3, 4, 5, 6];
pub(super) const SERIAL: Serial = Serial([7; 8]);

/// The booth around the session.
#[derive(Debug)]
pub(super) struct World {
    pub session: Session,
    pub rules: Rules,
    pub now: Now,
    pub effects: Vec<Effect>,
    pub attempts: u64,
    pub camera: Camera,
    pub began: Instant,
}

/// The camera, as the effects leave it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Camera {
    pub awake: bool,
    /// Its picture is searched for the code of a card.
    pub watched: bool,
}

impl Camera {
    fn perform(&mut self, effect: &Effect) {
        match effect {
            Effect::BeginFraming | Effect::WakeCamera => self.awake = true,
            Effect::WatchForCode => (self.awake, self.watched) = (true, true),
            Effect::Stop(Work::WatchForCode) => self.watched = false,
            Effect::RestCamera | Effect::Wipe => self.awake = false,
            _ => {}
        }
    }
}

impl World {
    /// A booth that has started well and shows attract.
    pub(super) fn ready() -> Self {
        Self::with(rules())
    }

    pub(super) fn with(rules: Rules) -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: "2026-11-21T08:00:00Z".parse().unwrap(),
        };
        let session = Session::new(now, &rules);
        let mut world = Self {
            session,
            rules,
            now,
            effects: Vec::new(),
            attempts: 0,
            camera: Camera::default(),
            began: now.instant,
        };
        world.happen(Event::OpenAttemptsFound(vec![]));
        world.happen(Event::HealthChanged(Box::new(healthy())));
        world
    }

    pub(super) fn happen(&mut self, event: Event) -> &mut Self {
        self.effects = self.session.step(event, self.now, &self.rules);
        for effect in &self.effects {
            self.camera.perform(effect);
        }
        self
    }

    pub(super) fn press(&mut self, press: Press) -> &mut Self {
        self.happen(Event::Pressed(press))
    }

    /// Lets time pass with four ticks a second, as the booth does; gathers the effects of all ticks.
    pub(super) fn wait(&mut self, seconds: f32) -> &mut Self {
        let mut gathered = Vec::new();
        let mut left = Duration::from_secs_f32(seconds);
        while !left.is_zero() {
            let step = left.min(Duration::from_millis(250));
            self.now.instant += step;
            left -= step;
            self.happen(Event::Ticked);
            gathered.append(&mut self.effects);
        }
        self.effects = gathered;
        self
    }

    pub(super) fn did(&self, what: impl Fn(&Effect) -> bool) -> bool {
        self.effects.iter().any(what)
    }

    // The ways from one state to the next.

    pub(super) fn sign_in(&mut self, holder: Holder) -> &mut Self {
        self.sign_in_again(holder, None)
    }

    /// With what an earlier visit of the person left.
    pub(super) fn sign_in_again(
        &mut self,
        holder: Holder,
        resumed: Option<Box<Resumed>>,
    ) -> &mut Self {
        self.press(Press::Start);
        assert!(self.did(|effect| matches!(effect, Effect::BeginSignIn)));
        self.happen(Event::SignIn(Progress::CodeReady(self.code())));
        self.approve(holder, resumed)
    }

    /// The person approves the code that is shown.
    pub(super) fn approve(&mut self, holder: Holder, resumed: Option<Box<Resumed>>) -> &mut Self {
        self.happen(Event::SignIn(Progress::Approved));
        let login = Login {
            method: LoginMethod::Device,
            staff: None,
        };
        self.happen(Event::SignIn(Progress::SignedIn {
            holder: Arc::new(holder),
            login,
            resumed,
        }))
    }

    pub(super) fn code(&self) -> Code {
        Code {
            scan: Private::from("https://id.example.org/device?user_code=WDJB-MJHT"),
            address: "https://id.example.org/device".into(),
            user_code: Private::from("WDJB-MJHT"),
            shown: self.now.instant,
            expires: self.now.instant + Duration::from_secs(180),
        }
    }

    pub(super) fn walk_to_framing(&mut self) -> &mut Self {
        self.sign_in(holder(&["student"], 1))
            .press(Press::Yes)
            .press(Press::Accept);
        self.happen(Event::CardLaid(Uid::from_bytes(&OLD_UID)))
            .wait(2.0)
    }

    pub(super) fn walk_to_review(&mut self) -> &mut Self {
        self.walk_to_framing()
            .happen(Event::Assessed(Coaching {
                hint: None,
                ring: 1.0,
                ready: true,
            }))
            .wait(3.0);
        self.happen(Event::Captured(Box::new(shot())))
    }

    pub(super) fn walk_to_card(&mut self) -> &mut Self {
        self.walk_to_review()
            .press(Press::Use)
            .happen(Event::Rendered(Box::new(rendered())))
    }

    /// To the card of somebody who has none yet.
    pub(super) fn walk_to_card_of(&mut self, holder: Holder) -> &mut Self {
        self.sign_in(holder)
            .press(Press::Yes)
            .press(Press::Accept)
            .press(Press::Shutter)
            .wait(3.0);
        self.happen(Event::Captured(Box::new(shot())))
            .press(Press::Use)
            .happen(Event::Rendered(Box::new(rendered())))
    }

    pub(super) fn walk_to_printing(&mut self) -> &mut Self {
        self.walk_to_card().press(Press::Print);
        assert!(self.did(|effect| matches!(effect, Effect::Commit(_))));
        let commitment = self.commitment();
        self.happen(Event::Committed(commitment))
    }

    pub(super) fn commitment(&mut self) -> Commitment {
        self.attempts += 1;
        let order = OrderId::new(self.now.wall);
        Commitment {
            order,
            attempt: Some(Attempt {
                id: self.attempts,
                serial: SERIAL,
            }),
        }
    }

    pub(super) fn walk_to_reading_back(&mut self) -> &mut Self {
        self.walk_to_printing().happen(Event::PrintEnded(printed()))
    }

    pub(super) fn walk_to_collecting(&mut self) -> &mut Self {
        self.walk_to_reading_back()
            .happen(Event::CardLaid(Uid::from_bytes(&NEW_UID)));
        self.happen(Event::CodeSeen(Some(SERIAL))).wait(1.5)
    }

    /// The camera is awake wherever its picture is needed, its code is looked for wherever the screen asks for it, and
    /// nobody is filmed while nobody is served.
    pub(super) fn sees_what_it_must(&self) -> bool {
        let rules = self.rules.read_back;
        match &self.session.state {
            State::Attendant(over) => {
                let set_up = matches!(
                    over.step,
                    Step::Panel {
                        page: Page::Camera,
                        ..
                    }
                );
                let beneath = self.state_sees_what_it_must(&over.under, rules.code);
                beneath && (!set_up || self.camera.awake)
            }
            state @ (State::Attract | State::OutOfService(_)) => {
                !self.camera.awake && self.state_sees_what_it_must(state, rules.code)
            }
            state => self.state_sees_what_it_must(state, rules.code),
        }
    }

    fn state_sees_what_it_must(&self, state: &State, code: bool) -> bool {
        use crate::{issue::State as Issue, portrait::State as Portrait};
        match state {
            State::Portrait(
                Portrait::Framing { .. }
                | Portrait::CountingDown { .. }
                | Portrait::Capturing { .. },
            ) => self.camera.awake,
            State::Issue(Issue::ReadingBack(reading)) => {
                !code || reading.code || self.camera.awake && self.camera.watched
            }
            State::Issue(Issue::NeedsAttendant(_)) => self.camera.awake && self.camera.watched,
            _ => true,
        }
    }

    pub(super) fn state_name(&self) -> &'static str {
        self.session.state.name()
    }
}

pub(super) fn picture(width: u32, height: u32) -> Arc<Picture> {
    Arc::new(Picture::new(width, height, vec![9; (width * height * 3) as usize]).unwrap())
}

pub(super) fn shot() -> Shot {
    Shot {
        still: picture(4, 4),
        portrait: picture(3, 4),
        checks: vec![],
        adjust: Adjust::default(),
        retakes: 0,
    }
}

pub(super) fn rendered() -> Rendered {
    let rgb = Picture::new(2, 1, vec![255; 6]).unwrap();
    let front = Arc::new(CardFace {
        rgb,
        resin_mask: vec![0; 2],
    });
    Rendered {
        serial: SERIAL,
        card: CardImage { front, back: None },
    }
}

pub(super) fn printed() -> Evidence {
    Evidence {
        bytes_total: 10,
        bytes_sent: 10,
        plane_byte_accepted: true,
        busy_seen: true,
        ready_after: true,
        fault: None,
        counter_before: Some(5),
        counter_after: Some(6),
    }
}

/// A world in the state of this name, reached as a visitor reaches it.
pub(super) fn at(name: &str) -> World {
    let mut world = World::ready();
    match name {
        "attract" => &mut world,
        "showCode" => {
            world.press(Press::Start);
            let code = world.code();
            world.happen(Event::SignIn(Progress::CodeReady(code)))
        }
        "noPhone" => world.press(Press::Start).press(Press::NoPhone),
        "typing" => world
            .press(Press::Start)
            .press(Press::NoPhone)
            .press(Press::NoPhone),
        "askIsThisYou" => world.sign_in(holder(&["student"], 1)),
        "notEligible" => world.sign_in(holder(&["visitor"], 1)),
        "consent" => world.sign_in(holder(&["student"], 1)).press(Press::Yes),
        "oldCard" => world
            .sign_in(holder(&["student"], 1))
            .press(Press::Yes)
            .press(Press::Accept),
        "framing" => world.walk_to_framing(),
        "countingDown" => world.walk_to_framing().press(Press::Shutter),
        "capturing" => world.walk_to_framing().press(Press::Shutter).wait(3.0),
        "reviewing" => world.walk_to_review(),
        "showingCard" => world.walk_to_card(),
        "printing" => world.walk_to_printing(),
        "readingBack" => world.walk_to_reading_back(),
        "collecting" => world.walk_to_collecting(),
        "fetchLater" => world.walk_to_card().press(Press::FetchLater),
        "notPrinted" => world
            .walk_to_printing()
            .happen(Event::PrintEnded(Evidence::default())),
        "needsAttendant" => world.walk_to_printing().happen(Event::PrintEnded(Evidence {
            fault: None,
            counter_after: None,
            ..printed()
        })),
        "attendant" => world.press(Press::Attendant),
        _ => panic!("no way is known to the state: {name}"),
    };
    assert_eq!(world.state_name(), name);
    world
}

pub(super) const STATES: [&str; 20] = [
    "attract",
    "showCode",
    "noPhone",
    "typing",
    "askIsThisYou",
    "notEligible",
    "consent",
    "oldCard",
    "framing",
    "countingDown",
    "capturing",
    "reviewing",
    "showingCard",
    "printing",
    "readingBack",
    "collecting",
    "fetchLater",
    "notPrinted",
    "needsAttendant",
    "attendant",
];

pub(super) fn wiped(effects: &[Effect]) -> bool {
    let all_stopped = Work::ALL.iter().all(|work| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Stop(w) if w == work))
    });
    all_stopped && effects.iter().any(|effect| matches!(effect, Effect::Wipe))
}
