//! The attendant's screen, over whatever was shown: sign-in on the attendant's phone or by PIN, readiness, open
//! questions, and a session for somebody who cannot sign in.

use std::sync::Arc;

pub use common::sign_in::{Refusal, Staff};

use super::{
    Effect, Event, Moment, Resumed, State as Visit, Transition, Work, issue,
    sign_in::{self, Code, Failure, NotEligible, Typed},
};
use common::{
    audit,
    health::Condition,
    order::{Holder, LoginMethod, Outcome, Private, StaffRecord},
};

/// Over `under`, which comes back when the attendant leaves.
#[derive(Debug)]
pub struct State {
    pub under: Box<Visit>,
    pub step: Step,
}

#[derive(Debug)]
pub enum Step {
    SigningIn {
        way: Way,
        pin: Private<String>,
        checking: bool,
        problem: Option<Refusal>,
    },
    Panel {
        staff: Staff,
        page: Page,
        assist: Assist,
    },
}

/// How the attendant signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// With their own account on their own phone; the code is on its way while it is `None`.
    Phone { code: Option<Code> },
    /// With a PIN, which works when the network is down.
    Pin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Readiness,
    Decision,
    Camera,
    Supplies,
    /// A session is opened for somebody.
    Assist,
}

impl Page {
    pub const ALL: [Self; 5] = [
        Self::Readiness,
        Self::Decision,
        Self::Camera,
        Self::Supplies,
        Self::Assist,
    ];
}

/// For whom a session is to be opened, and why.
#[derive(Debug, Default)]
pub struct Assist {
    /// The person's name at the portal.
    pub subject: Private<String>,
    pub why: Option<Why>,
    /// The attendant has seen proof of identity.
    pub id_seen: bool,
    pub looking: bool,
    pub problem: Option<NotEligible>,
}

/// Why somebody cannot sign in; stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Guest,
    Supplier,
    Alumnus,
    NoPhone,
    Other,
}

impl Why {
    pub const ALL: [Self; 5] = [
        Self::Guest,
        Self::Supplier,
        Self::Alumnus,
        Self::NoPhone,
        Self::Other,
    ];

    /// Its stable name, in the order (`login.staff.why`) and in texts (`assist-why-<name>`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Supplier => "supplier",
            Self::Alumnus => "alumnus",
            Self::NoPhone => "no-phone",
            Self::Other => "other",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    Digit(char),
    Backspace,
    Enter,
    /// By PIN instead of the phone, or the other way round.
    OtherWay,
    NewCode,
    Page(Page),
    /// Answers the open question about a card.
    Decide(Outcome),
    Why(Why),
    IdSeen,
    /// Opens the session.
    Serve,
    Leave,
}

/// What the attendant's sign-in and tools answer.
#[derive(Debug)]
pub enum Progress {
    CodeReady(Code),
    SignedIn(Staff),
    Refused(Refusal),
    /// The portal knows the person whom the attendant serves.
    Found(Arc<Holder>, Option<Box<Resumed>>),
    NotFound(Failure),
}

/// What the attendant's screen asks to be done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Asks the identity provider for a code and waits for the attendant's approval.
    BeginSignIn,
    CheckPin(Private<String>),
    /// Asks the portal about somebody, in the attendant's name where there is a token.
    LookUp {
        subject: Private<String>,
        token: Option<Private<String>>,
    },
}

impl Command {
    pub(super) fn work(&self) -> Work {
        match self {
            Self::BeginSignIn => Work::AttendantSignIn,
            Self::CheckPin(_) | Self::LookUp { .. } => Work::Attendant,
        }
    }
}

const LONGEST_PIN: usize = 12;
/// A name at the portal is a user name or a number.
const LONGEST_SUBJECT: usize = 64;

impl State {
    /// Over `under`, by phone where the site has that and the provider answers.
    pub(super) fn over(under: Visit, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Self {
        let phone = at.rules.attendant.phone && at.health.identity == Condition::Ready;
        let way = if phone {
            effects.push(Effect::Attendant(Command::BeginSignIn));
            Way::Phone { code: None }
        } else {
            Way::Pin
        };
        Self {
            under: Box::new(under),
            step: signing_in(way),
        }
    }

    /// The open question about a card that lies under this screen.
    pub fn open_question(&self) -> Option<&issue::NeedsAttendant> {
        match &*self.under {
            Visit::Issue(issue::State::NeedsAttendant(open)) => Some(open),
            _ => None,
        }
    }

    /// Whether a session may be opened for somebody now: nobody else's is under way.
    pub fn may_assist(&self) -> bool {
        match &*self.under {
            Visit::Attract => true,
            Visit::SignIn(state) => !matches!(state, sign_in::State::AskIsThisYou { .. }),
            _ => false,
        }
    }
}

fn signing_in(way: Way) -> Step {
    Step::SigningIn {
        way,
        pin: Private::default(),
        checking: false,
        problem: None,
    }
}

/// What belongs to this screen; the rest goes to the state beneath it.
pub(super) fn is_for(event: &Event) -> bool {
    matches!(
        event,
        Event::Pressed(_) | Event::Ticked | Event::Touched | Event::Attendant(_)
    )
}

pub(super) fn step(
    mut state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Pressed(super::Press::Staff(Press::Leave) | super::Press::Back) => {
            return leave(state, effects);
        }
        Event::Ticked if at.idle >= at.rules.limits.attendant => return leave(state, effects),
        _ => {}
    }
    if matches!(state.step, Step::SigningIn { .. }) {
        signing_in_step(&mut state, event, at, effects);
        return Transition::Stay(Visit::Attendant(state));
    }
    let may_assist = at.rules.staff && state.may_assist();
    let Step::Panel {
        staff,
        page,
        assist,
    } = &mut state.step
    else {
        return Transition::Stay(Visit::Attendant(state));
    };
    match event {
        Event::Pressed(super::Press::Staff(Press::Page(Page::Assist))) if !may_assist => {}
        Event::Pressed(super::Press::Staff(Press::Page(wanted))) => {
            *page = wanted;
            *assist = Assist::default();
            effects.push(Effect::Stop(Work::Attendant));
        }
        Event::Pressed(super::Press::Staff(Press::Decide(outcome))) => {
            let id = staff.id.clone();
            return decide(state, outcome, id, at, effects);
        }
        Event::Pressed(press) if *page == Page::Assist && may_assist => {
            fill_in(assist, press, staff, effects)
        }
        Event::Attendant(Progress::Found(holder, resumed)) if assist.looking && may_assist => {
            return serve(state, holder, resumed, at, effects);
        }
        Event::Attendant(Progress::NotFound(failure)) if assist.looking => {
            assist.looking = false;
            assist.problem = Some(NotEligible::Failed(failure));
        }
        _ => {}
    }
    Transition::Stay(Visit::Attendant(state))
}

/// An event while the attendant signs in.
fn signing_in_step(state: &mut State, event: Event, at: &Moment<'_>, effects: &mut Vec<Effect>) {
    let Step::SigningIn {
        way,
        pin,
        checking,
        problem,
    } = &mut state.step
    else {
        return;
    };
    match event {
        Event::Pressed(super::Press::Staff(Press::OtherWay)) => {
            let other = match way {
                Way::Phone { .. } => Way::Pin,
                Way::Pin if at.rules.attendant.phone => Way::Phone { code: None },
                Way::Pin => return,
            };
            effects.push(match other {
                Way::Phone { .. } => Effect::Attendant(Command::BeginSignIn),
                Way::Pin => Effect::Stop(Work::AttendantSignIn),
            });
            state.step = signing_in(other);
        }
        Event::Pressed(super::Press::Staff(Press::NewCode)) => {
            if let Way::Phone { code } = way {
                *code = None;
                *problem = None;
                effects.push(Effect::Attendant(Command::BeginSignIn));
            }
        }
        Event::Pressed(super::Press::Staff(press)) if *way == Way::Pin && !*checking => {
            type_in(pin, checking, problem, press, effects)
        }
        Event::Attendant(Progress::CodeReady(fresh)) => {
            if let Way::Phone { code } = way {
                *code = Some(fresh);
            }
        }
        Event::Attendant(Progress::SignedIn(staff)) => {
            effects.push(Effect::Audit(audit::Event::AttendantSignedIn {
                id: staff.id.clone(),
            }));
            let page = match &*state.under {
                _ if state.open_question().is_some() => Page::Decision,
                // The attendant was called to help the visitor who cannot sign in.
                Visit::SignIn(sign_in::State::NoPhone) if at.rules.staff => Page::Assist,
                _ => Page::Readiness,
            };
            let assist = Assist::default();
            state.step = Step::Panel {
                staff,
                page,
                assist,
            };
        }
        Event::Attendant(Progress::Refused(refusal)) => {
            if let (Way::Phone { code }, Refusal::NotStaff | Refusal::Phone(_)) =
                (&mut *way, refusal)
            {
                *code = None;
            }
            *pin = Private::default();
            *checking = false;
            *problem = Some(refusal);
        }
        _ => {}
    }
}

fn type_in(
    pin: &mut Private<String>,
    checking: &mut bool,
    problem: &mut Option<Refusal>,
    press: Press,
    effects: &mut Vec<Effect>,
) {
    match press {
        Press::Digit(digit) if digit.is_ascii_digit() && pin.len() < LONGEST_PIN => {
            pin.push(digit, LONGEST_PIN);
            *problem = None;
        }
        Press::Backspace => pin.pop(),
        Press::Enter if !pin.is_empty() => {
            *checking = true;
            effects.push(Effect::Attendant(Command::CheckPin(pin.clone())));
        }
        _ => {}
    }
}

/// What the attendant says of the person.
fn fill_in(assist: &mut Assist, press: super::Press, staff: &Staff, effects: &mut Vec<Effect>) {
    if assist.looking {
        return;
    }
    assist.problem = None;
    match press {
        super::Press::Typed(Typed::Letter(letter))
            if assist.subject.len() < LONGEST_SUBJECT && !letter.is_control() =>
        {
            assist.subject.push(letter, LONGEST_SUBJECT + 4);
        }
        super::Press::Typed(Typed::Backspace) => assist.subject.pop(),
        super::Press::Staff(Press::Why(why)) => assist.why = Some(why),
        super::Press::Staff(Press::IdSeen) => assist.id_seen ^= true,
        super::Press::Staff(Press::Serve) if assist.is_complete() => {
            assist.looking = true;
            effects.push(Effect::Attendant(Command::LookUp {
                subject: Private::from(assist.subject.trim()),
                token: staff.token.clone(),
            }));
        }
        _ => {}
    }
}

impl Assist {
    /// The session has a reason, and the attendant has seen proof of identity.
    pub fn is_warranted(&self) -> bool {
        self.why.is_some() && self.id_seen
    }

    /// The session may be opened: it is warranted, and somebody is named.
    pub fn is_complete(&self) -> bool {
        self.is_warranted() && !self.subject.trim().is_empty()
    }
}

/// Hands the booth to the person, where they may have a card.
fn serve(
    mut state: State,
    holder: Arc<Holder>,
    resumed: Option<Box<Resumed>>,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    let Step::Panel { staff, assist, .. } = &mut state.step else {
        return Transition::Stay(Visit::Attendant(state));
    };
    let offered = match sign_in::eligibility(&holder, at.rules) {
        Ok(offered) => offered,
        Err(why) => {
            assist.looking = false;
            assist.problem = Some(why);
            return Transition::Stay(Visit::Attendant(state));
        }
    };
    let record = StaffRecord {
        id: staff.id.clone(),
        why: assist.why.map_or("other", Why::name).to_owned(),
        id_seen: assist.id_seen,
    };
    for work in [Work::SignIn, Work::Attendant, Work::AttendantSignIn] {
        effects.push(Effect::Stop(work));
    }
    if matches!(*state.under, Visit::Attract) {
        effects.push(Effect::Audit(audit::Event::VisitBegan));
    }
    effects.push(Effect::Audit(audit::Event::StaffSession {
        id: record.id.clone(),
    }));
    let login = sign_in::Login {
        method: LoginMethod::Staff,
        staff: Some(record),
    };
    Transition::Enter(Visit::SignIn(sign_in::State::ask(
        holder, login, &offered, resumed,
    )))
}

fn decide(
    state: State,
    outcome: Outcome,
    id: String,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match *state.under {
        Visit::Issue(issue::State::NeedsAttendant(open)) => {
            effects.push(Effect::Audit(audit::Event::AttendantDecided {
                order: open.order,
                outcome,
                id,
            }));
            issue::decided_by_attendant(open, outcome, at, effects)
        }
        under => Transition::Stay(Visit::Attendant(State {
            under: Box::new(under),
            step: state.step,
        })),
    }
}

fn leave(state: State, effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Stop(Work::Attendant));
    effects.push(Effect::Stop(Work::AttendantSignIn));
    Transition::Return(*state.under)
}
