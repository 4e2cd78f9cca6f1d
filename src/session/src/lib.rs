//! One visit to the booth, from the attract screen to the card in the holder's hand: a pure state machine.
//!
//! [`Session::step`] takes an [`Event`] (a fact, in the past tense), the time and the site's [`Rules`], and returns
//! [`Effect`]s (what is to be done, as imperatives). The booth performs the effects, and every answer comes back as an
//! event. The crate has no `async`, reads no clock and knows no device, so a test can play any visit from a list of
//! events.
//!
//! Pictures and names of a person live only inside the [`State`]. Leaving the state drops and wipes them.
//!
//! # Example
//!
//! ```
//! use std::time::Instant;
//!
//! use common::health::{Condition, Health, Needs, Part};
//! use session::{
//!     Effect, Event, Now, Press, Rules, Session,
//!     rules::{Approval, AttendantWays, ConsentText, Limits, ReadBack},
//! };
//!
//! let rules = Rules {
//!     languages: vec!["en".to_owned()],
//!     kinds: vec!["student".into()],
//!     limits: Limits::default(),
//!     // What else the site decides.
//! #   needs: Needs { fetch_later: true, without_portal: false, without_reader: true },
//! #   consent: ConsentText { text: "card-rules".to_owned(), version: "1".to_owned(), pages: 1 },
//! #   only_without_code: true,
//! #   password: false,
//! #   staff: false,
//! #   attendant: AttendantWays { phone: false, pin: true },
//! #   approval: Approval::None,
//! #   print_here_assurance: vec![],
//! #   read_back: ReadBack { chip: true, code: true },
//! #   ask_library: false,
//! };
//! let now = Now { instant: Instant::now(), wall: jiff::Timestamp::now() };
//! let mut session = Session::new(now, &rules);
//!
//! // Nobody is served before the devices are ready and the journal was searched for open attempts.
//! let mut health = Health::default();
//! for part in Part::ALL {
//!     health.set(part, Condition::Ready);
//! }
//! session.step(Event::HealthChanged(Box::new(health)), now, &rules);
//! session.step(Event::OpenAttemptsFound(vec![]), now, &rules);
//! assert_eq!(session.state.name(), "attract");
//!
//! let effects = session.step(Event::Pressed(Press::Start), now, &rules);
//! assert!(effects.iter().any(|effect| matches!(effect, Effect::BeginSignIn)));
//! assert_eq!(session.state.name(), "showCode");
//! ```
//!
//! # Where to read
//!
//! Begin with [`State`], [`Event`] and [`Effect`], then [`Session::step`]: this file has what holds in every state.
//!
//! | module | what it decides |
//! |---|---|
//! | [`sign_in`], [`consent`], [`old_card`], [`portrait`], [`issue`] | one phase of a visit each, in this order |
//! | [`attendant`] | the attendant's screen over any state |
//! | `deadlines` | how long each state may last, and "are you still there?" |
//! | `camera` | what the camera is needed for |
//! | `reader` | which card lies on the reader, and since when |
//! | [`outcome`] | what became of a card, from the printer's evidence |
//! | `draft` | what a visit gathers until it becomes an order |
//! | [`rules`], [`limits`] | what a site decides |

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod attendant;
pub mod consent;
pub mod issue;
pub mod limits;
pub mod old_card;
pub mod outcome;
pub mod portrait;
mod reader;
pub mod rules;
pub mod sign_in;
#[cfg(test)]
mod tests;

mod camera;
mod deadlines;
mod draft;
mod event;

use std::time::Instant;

use jiff::Timestamp;

pub use common::visit::{Ending, Preferences};
pub use draft::{Draft, Resumed, Shot, Unprinted};
pub use event::{Adjust, Coaching, Effect, Event, Press, Sound, Work};
pub use reader::OnReader;
pub use rules::Rules;

use camera::CameraUse;
use common::{
    audit,
    health::{self, Health, Part, Reason, Service},
    order::{OrderId, Outcome, Serial},
};

/// The two times of one moment: one that never jumps, for limits, and the wall's, for the record.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    pub instant: Instant,
    pub wall: Timestamp,
}

/// The state of the visit.
#[derive(Debug, Default)]
pub enum State {
    /// The devices are looked for.
    #[default]
    Starting,
    /// No visit could end with a card or an order, for these reasons; resumes by itself.
    OutOfService(Vec<Reason>),
    Attract,
    SignIn(sign_in::State),
    Consent(consent::State),
    OldCard(old_card::State),
    Portrait(portrait::State),
    Issue(issue::State),
    Attendant(attendant::State),
}

impl State {
    /// The state's name in reports, logs and tests. Reports are compared between versions, so a name never changes.
    pub fn name(&self) -> &'static str {
        use issue::{State as Issue, Why};
        use portrait::State as Portrait;
        use sign_in::State as SignIn;
        match self {
            Self::Starting => "starting",
            Self::OutOfService(_) => "outOfService",
            Self::Attract => "attract",
            Self::SignIn(SignIn::ShowCode { .. }) => "showCode",
            Self::SignIn(SignIn::NoPhone) => "noPhone",
            Self::SignIn(SignIn::Typing(_)) => "typing",
            Self::SignIn(SignIn::AskIsThisYou { .. }) => "askIsThisYou",
            Self::SignIn(SignIn::NotEligible { .. }) => "notEligible",
            Self::Consent(_) => "consent",
            Self::OldCard(_) => "oldCard",
            Self::Portrait(Portrait::Framing { .. }) => "framing",
            Self::Portrait(Portrait::CountingDown { .. }) => "countingDown",
            Self::Portrait(Portrait::Capturing { .. }) => "capturing",
            Self::Portrait(Portrait::Reviewing { .. }) => "reviewing",
            Self::Issue(Issue::ShowingCard(_)) => "showingCard",
            Self::Issue(Issue::Printing(_)) => "printing",
            Self::Issue(Issue::ReadingBack(_)) => "readingBack",
            Self::Issue(Issue::Collecting { .. }) => "collecting",
            Self::Issue(Issue::FetchLater(_)) => "fetchLater",
            Self::Issue(Issue::NotPrinted(_)) => "notPrinted",
            // A question from before the start belongs to no visit, so reports tell the two apart.
            Self::Issue(Issue::NeedsAttendant(open)) if open.why == Why::AfterRestart => {
                "afterRestart"
            }
            Self::Issue(Issue::NeedsAttendant(_)) => "needsAttendant",
            Self::Attendant(_) => "attendant",
        }
    }

    /// The serial whose code would tell this state something new.
    fn awaited_code(&self) -> Option<Serial> {
        match self {
            Self::Issue(state) => state.awaited_code(),
            Self::Attendant(state) => state.under.awaited_code(),
            _ => None,
        }
    }

    /// What a visit that ends here must still say to the journal about its card.
    fn unkept(&self) -> Option<Effect> {
        match self {
            Self::Issue(state) => state.unkept(),
            Self::Attendant(state) => state.under.unkept(),
            _ => None,
        }
    }

    fn asks_is_this_you(&self) -> bool {
        match self {
            Self::SignIn(sign_in::State::AskIsThisYou { .. }) => true,
            Self::Attendant(state) => state.under.asks_is_this_you(),
            _ => false,
        }
    }

    fn expects_commitment(&self, order: OrderId) -> bool {
        match self {
            Self::Issue(state) => state.expects_commitment(order),
            Self::Attendant(state) => state.under.expects_commitment(order),
            _ => false,
        }
    }

    fn is_personal(&self) -> bool {
        match self {
            Self::Starting | Self::OutOfService(_) | Self::Attract => false,
            Self::Attendant(state) => state.under.is_personal(),
            _ => true,
        }
    }
}

/// "Are you still there?", over any state that has an idle limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Unanswered until then, the visit ends.
    pub until: Instant,
    pub why: AskedFor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedFor {
    Idle,
    /// The whole visit has been long.
    Absolute,
}

/// What a phase may look at in addition to its own state.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub now: Now,
    /// How long the state has lasted.
    pub since: std::time::Duration,
    /// How long the visitor has given no sign of life.
    pub idle: std::time::Duration,
    pub rules: &'a Rules,
    pub health: &'a Health,
    pub preferences: &'a Preferences,
    pub reader: &'a OnReader,
}

/// The visit and its surroundings. The screens read the fields; only [`Session::step`] changes them.
#[derive(Debug)]
pub struct Session {
    pub state: State,
    pub asking: Option<Asking>,
    pub preferences: Preferences,
    pub health: Health,
    /// Help lies over the screen.
    pub helping: bool,
    /// When the state was entered.
    pub entered: Instant,
    /// The last sign of life of the visitor.
    touched: Instant,
    /// When the holder signed in, and how often more time was given since.
    signed_in: Option<Instant>,
    extended: u32,
    absolute_extended: u32,
    reader: OnReader,
    camera: CameraUse,
    /// Attempts found open at the start, one after the other to be decided; `None` until they were looked up, and
    /// nobody is served before.
    undecided: Option<Vec<issue::OpenAttempt>>,
}

impl Session {
    /// A booth that has just been switched on.
    pub fn new(now: Now, rules: &Rules) -> Self {
        Self {
            state: State::Starting,
            asking: None,
            preferences: Preferences::of_site(&rules.languages),
            health: Health::default(),
            helping: false,
            entered: now.instant,
            touched: now.instant,
            signed_in: None,
            extended: 0,
            absolute_extended: 0,
            reader: OnReader::default(),
            camera: CameraUse::default(),
            undecided: None,
        }
    }

    /// Takes one event and answers what is to be done about it.
    pub fn step(&mut self, event: Event, now: Now, rules: &Rules) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Event::CodeSeen(seen) = &event
            && (seen.is_none() || *seen != self.state.awaited_code())
        {
            // A poster, or somebody else's card: it says nothing about this visit, and must not keep it open.
            return effects;
        }
        let alive = match &self.state {
            // Cards and codes belong to the visit beneath, so only a touch keeps the attendant's screen.
            State::Attendant(_) => event.is_touch(),
            _ => event.is_sign_of_life(),
        };
        if alive {
            self.touched = now.instant;
        }
        match &event {
            Event::CardLaid(uid) => self.reader.laid(uid.clone(), !self.is_idle()),
            Event::CardTaken => self.reader.lifted(),
            _ => {}
        }
        match event {
            Event::Ticked => self.tick(now, rules, &mut effects),
            Event::HealthChanged(health) => self.health_changed(*health, now, rules, &mut effects),
            Event::OpenAttemptsFound(attempts) => {
                self.undecided.get_or_insert_default().extend(attempts);
                self.resume(now, rules, &mut effects);
            }
            Event::Pressed(press) => self.pressed(press, now, rules, &mut effects),
            Event::Committed(issue::Commitment {
                order,
                attempt: Some(attempt),
            }) if !self.state.expects_commitment(order) => {
                // The visit ended before the disk answered, so nothing was sent to the printer under this attempt.
                let (serial, evidence) = (attempt.serial, Box::default());
                effects.push(Effect::KeepOutcome {
                    order,
                    serial,
                    outcome: Outcome::NotPrinted,
                    evidence,
                });
            }
            event => self.phase(event, now, rules, &mut effects),
        }
        if effects
            .iter()
            .any(|effect| matches!(effect, Effect::Print { .. }))
        {
            self.reader.printing();
        }
        self.direct_camera(rules, &mut effects);
        effects
    }

    /// Nobody is being served, whatever the booth shows.
    fn is_idle(&self) -> bool {
        matches!(
            self.state,
            State::Starting | State::OutOfService(_) | State::Attract
        )
    }

    /// Whether names or pictures of a person are in the state.
    pub fn is_personal(&self) -> bool {
        self.state.is_personal()
    }

    /// What the booth could do for the next visitor.
    pub fn service(&self, rules: &Rules) -> Result<Service, Vec<Reason>> {
        match self.undecided {
            Some(_) => health::readiness(&self.health, &rules.needs),
            None => Err(vec![Reason::new(Part::Store, "starting")]),
        }
    }

    fn enter(&mut self, state: State, now: Now) {
        self.state = state;
        self.entered = now.instant;
        self.touched = now.instant;
        self.asking = None;
    }

    fn pressed(&mut self, press: Press, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        match press {
            Press::Language(language) if rules.languages.contains(&language) => {
                self.preferences.language = language
            }
            Press::Language(_) => {}
            Press::LargeText => self.preferences.large_text ^= true,
            Press::HighContrast => self.preferences.high_contrast ^= true,
            Press::Speech => self.preferences.speech ^= true,
            Press::LowControls => self.preferences.low_controls ^= true,
            Press::Calm => self.preferences.calm ^= true,
            Press::Help => self.helping ^= true,
            Press::StillHere => self.still_here(),
            Press::Attendant => self.call_attendant(now, rules, effects),
            Press::Cancel if self.may_cancel() => {
                let ending = if matches!(
                    &self.state,
                    State::SignIn(sign_in::State::NotEligible { .. })
                ) {
                    Ending::NotEligible
                } else {
                    Ending::Cancelled
                };
                self.end(ending, now, rules, effects);
            }
            Press::Cancel => {}
            _ if self.asking.is_some() => {}
            press => self.phase(Event::Pressed(press), now, rules, effects),
        }
    }

    /// Hands an event to the phase that the visit is in. A phase ignores events that it does not expect: answers from
    /// cancelled work are discarded.
    fn phase(&mut self, event: Event, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        let state = std::mem::take(&mut self.state);
        let asked = state.asks_is_this_you();
        let transition = dispatch(state, event, &self.moment(now, rules), effects);
        match transition {
            Transition::Stay(state) => self.state = state,
            Transition::Enter(state) => self.enter(state, now),
            Transition::Return(state) => {
                self.enter(state, now);
                self.health_changed(self.health.clone(), now, rules, effects);
            }
            Transition::End(ending) => self.end(ending, now, rules, effects),
        }
        // Sign-in may also end beneath the attendant's screen.
        if !asked && self.state.asks_is_this_you() {
            self.signed_in = Some(now.instant);
            self.extended = 0;
        }
    }

    fn moment<'a>(&'a self, now: Now, rules: &'a Rules) -> Moment<'a> {
        Moment {
            now,
            since: now.instant.duration_since(self.entered),
            idle: now.instant.duration_since(self.touched),
            rules,
            health: &self.health,
            preferences: &self.preferences,
            reader: &self.reader,
        }
    }

    fn health_changed(
        &mut self,
        health: Health,
        now: Now,
        rules: &Rules,
        effects: &mut Vec<Effect>,
    ) {
        self.health = health;
        self.resume(now, rules, effects);
    }

    /// Decides whether an idle booth can serve now.
    fn resume(&mut self, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        let known = self.health.is_known() && self.undecided.is_some();
        match &self.state {
            State::Starting if !known => {}
            State::Starting | State::OutOfService(_) | State::Attract => {
                self.rest(now, rules, effects)
            }
            _ => {}
        }
    }

    /// Goes to the state in which the booth waits: an open question about a card first, then attract or out of
    /// service. Entering the state one is already in changes nothing, so that an idle booth redraws nothing.
    fn rest(&mut self, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        if let Some(attempt) = self.undecided.as_mut().and_then(Vec::pop) {
            return self.enter(State::Issue(issue::State::after_restart(attempt)), now);
        }
        match (&self.state, self.service(rules)) {
            (State::Attract, Ok(_)) => {}
            (State::OutOfService(shown), Err(reasons)) if *shown == reasons => {}
            (_, Ok(_)) => self.enter(State::Attract, now),
            (_, Err(reasons)) => {
                effects.push(Effect::Audit(audit::Event::OutOfService(reasons.clone())));
                self.enter(State::OutOfService(reasons), now);
            }
        }
    }

    /// Ends the visit: stops all work, wipes, and rests.
    fn end(&mut self, ending: Ending, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        effects.extend(self.state.unkept());
        effects.extend(Work::ALL.map(Effect::Stop));
        effects.push(Effect::Audit(audit::Event::VisitEnded(ending)));
        effects.push(Effect::Wipe);
        self.state = State::Starting;
        self.asking = None;
        self.helping = false;
        self.reader.visit_ended();
        self.signed_in = None;
        self.extended = 0;
        self.absolute_extended = 0;
        self.preferences = Preferences::of_site(&rules.languages);
        self.rest(now, rules, effects);
    }

    /// Whether the visit can be cancelled: not while nobody visits, and not from the press on "print" until the outcome
    /// of the card is known.
    pub fn may_cancel(&self) -> bool {
        match &self.state {
            State::Starting | State::OutOfService(_) | State::Attract | State::Attendant(_) => {
                false
            }
            State::Issue(state) => state.may_cancel(),
            _ => true,
        }
    }

    /// Puts the attendant's sign-in over whatever is shown; leaving it comes back here.
    fn call_attendant(&mut self, now: Now, rules: &Rules, effects: &mut Vec<Effect>) {
        if matches!(self.state, State::Starting | State::Attendant(_)) {
            return;
        }
        effects.push(Effect::Audit(audit::Event::AttendantCalled));
        let under = std::mem::take(&mut self.state);
        let over = attendant::State::over(under, &self.moment(now, rules), effects);
        self.enter(State::Attendant(over), now);
    }
}

/// What a phase makes of an event: it stays, enters another state, returns from the attendant's screen, or ends the
/// visit.
#[derive(Debug)]
pub(crate) enum Transition {
    Stay(State),
    Enter(State),
    Return(State),
    End(Ending),
}

/// Hands the event to the phase of the state. On the attendant's screen, an event that is not for the attendant goes to
/// the state beneath, so that a printer's answer is not lost while somebody looks at the readiness.
fn dispatch(state: State, event: Event, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Transition {
    match state {
        State::Starting | State::OutOfService(_) => Transition::Stay(state),
        State::Attract => attract(&event, at, effects),
        State::SignIn(state) => sign_in::step(state, event, at, effects),
        State::Consent(state) => consent::step(state, event, at, effects),
        State::OldCard(state) => old_card::step(state, event, at, effects),
        State::Portrait(state) => portrait::step(state, event, at, effects),
        State::Issue(state) => issue::step(state, event, at, effects),
        State::Attendant(state) if attendant::is_for(&event) => {
            attendant::step(state, event, at, effects)
        }
        State::Attendant(attendant::State { under, step }) => {
            match dispatch(*under, event, at, effects) {
                Transition::Stay(under) | Transition::Enter(under) | Transition::Return(under) => {
                    Transition::Stay(State::Attendant(attendant::State {
                        under: Box::new(under),
                        step,
                    }))
                }
                Transition::End(ending) => Transition::End(ending),
            }
        }
    }
}

fn attract(event: &Event, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Transition {
    if !matches!(event, Event::Pressed(Press::Start)) {
        return Transition::Stay(State::Attract);
    }
    match health::readiness(at.health, &at.rules.needs) {
        Err(reasons) => Transition::Enter(State::OutOfService(reasons)),
        Ok(_) => {
            effects.push(Effect::Audit(audit::Event::VisitBegan));
            effects.push(Effect::BeginSignIn);
            Transition::Enter(State::SignIn(sign_in::State::begin()))
        }
    }
}
