//! Who the visitor is: from the code on the screen to "yes, that is me".

use std::sync::Arc;

pub use common::sign_in::{Code, Failure, Password};

use super::{
    Draft, Effect, Ending, Event, Moment, Press, Resumed, Rules, State as Visit, Transition, Work,
    consent, issue,
};
use common::{
    audit,
    order::{Holder, LoginMethod, LoginRecord, OrderReason, Private, StaffRecord},
};

#[derive(Debug)]
pub enum State {
    /// The code is on its way (`None`), shown, or approved and being looked up.
    ShowCode {
        code: Option<Code>,
        renewed: bool,
        approved: bool,
    },
    /// The other ways to sign in, as far as the site has them.
    NoPhone,
    /// A password is typed on the booth's own keyboard.
    Typing(Typing),
    AskIsThisYou {
        holder: Arc<Holder>,
        login: Login,
        chosen: Option<usize>,
        /// An order from an earlier visit whose card can be made now.
        resumed: Option<Box<Resumed>>,
    },
    NotEligible {
        why: NotEligible,
        holder: Option<Arc<Holder>>,
    },
}

/// Name and password while they are typed; both wiped when left.
#[derive(Debug, Default)]
pub struct Typing {
    pub name: Private<String>,
    pub password: Private<String>,
    pub in_password: bool,
    pub shown: bool,
    pub checking: bool,
    pub problem: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    Letter(char),
    Backspace,
    /// Go to the other field.
    Field {
        password: bool,
    },
    /// Show or hide the password.
    Show,
    Enter,
}

/// How the person signed in, without the time, which the session adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub method: LoginMethod,
    pub staff: Option<StaffRecord>,
}

/// Steps of a sign-in, as the provider and the portal answer.
#[derive(Debug)]
pub enum Progress {
    CodeReady(Code),
    /// The person approved on the phone; the portal is asked what they may have.
    Approved,
    SignedIn {
        holder: Arc<Holder>,
        login: Login,
        /// With it, `holder` may have the card of that order and no other.
        resumed: Option<Box<Resumed>>,
    },
    Failed(Failure),
}

/// Why somebody who signed in gets no card here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEligible {
    /// No kind of card that this booth makes.
    NoRole,
    OpenOrder,
    /// The card has a code already.
    NotOld,
    Failed(Failure),
}

impl NotEligible {
    /// The last part of the text's key, `not-eligible-<name>`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoRole => "no-role",
            Self::OpenOrder => "open-order",
            Self::NotOld => "not-old",
            Self::Failed(failure) => failure.name(),
        }
    }
}

/// The longest name or password that can be typed.
const LONGEST: usize = 128;

impl State {
    pub(super) fn begin() -> Self {
        Self::ShowCode {
            code: None,
            renewed: false,
            approved: false,
        }
    }

    /// "Is this you?"; a single kind of card is chosen by itself.
    pub(super) fn ask(
        holder: Arc<Holder>,
        login: Login,
        offered: &[usize],
        resumed: Option<Box<Resumed>>,
    ) -> Self {
        let chosen = match offered {
            [only] => Some(*only),
            _ => None,
        };
        Self::AskIsThisYou {
            holder,
            login,
            chosen,
            resumed,
        }
    }
}

/// What of the holder's kinds this booth can make, or why none.
pub fn eligibility(holder: &Holder, rules: &Rules) -> Result<Vec<usize>, NotEligible> {
    if holder.open_order.is_some() {
        return Err(NotEligible::OpenOrder);
    }
    let kinds = holder
        .kinds
        .iter()
        .enumerate()
        .filter(|(_, allowed)| rules.kinds.contains(&allowed.kind));
    let offered: Vec<usize> = kinds.map(|(index, _)| index).collect();
    if offered.is_empty() {
        return Err(NotEligible::NoRole);
    }
    let has_new = |index: &usize| {
        holder
            .cards
            .iter()
            .any(|card| card.kind == holder.kinds[*index].kind && card.has_code)
    };
    let old: Vec<usize> = offered
        .into_iter()
        .filter(|index| !rules.only_without_code || !has_new(index))
        .collect();
    if old.is_empty() {
        Err(NotEligible::NotOld)
    } else {
        Ok(old)
    }
}

/// What the old card lacks: the bar code that the new one has, or else the code.
fn without_what(holder: &Holder, chosen: usize) -> OrderReason {
    let wanted = &holder.kinds[chosen];
    let mut held = holder.cards.iter().filter(|card| card.kind == wanted.kind);
    match held.next() {
        Some(card) if wanted.barcode.is_some() && card.barcode.is_none() => OrderReason::NoBarcode,
        _ => OrderReason::NoCode,
    }
}

pub(super) fn step(
    mut state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    if let Event::SignIn(progress) = event {
        return progressed(state, progress, at.rules, effects);
    }
    let left = match &mut state {
        State::ShowCode {
            code,
            renewed,
            approved: false,
        } => show_code(code, renewed, event, at, effects),
        State::ShowCode { approved: true, .. } => approved(&event, at, effects),
        State::NoPhone => match event {
            Event::Pressed(Press::NoPhone) if at.rules.password => Some(Transition::Enter(
                Visit::SignIn(State::Typing(Typing::default())),
            )),
            event => back_to_code(&event, effects),
        },
        State::Typing(typing) => match event {
            Event::Pressed(Press::Typed(typed)) => {
                type_in(typing, typed, effects);
                None
            }
            event => back_to_code(&event, effects),
        },
        State::AskIsThisYou {
            holder,
            login,
            chosen,
            resumed,
        } => match event {
            Event::Pressed(press) => {
                is_this_you(holder, login, chosen, resumed, press, at, effects)
            }
            _ => None,
        },
        State::NotEligible { .. } => matches!(event, Event::Pressed(Press::Done))
            .then_some(Transition::End(Ending::NotEligible)),
    };
    left.unwrap_or(Transition::Stay(Visit::SignIn(state)))
}

/// The code is on its way or shown. `None`: the state stays.
fn show_code(
    code: &mut Option<Code>,
    renewed: &mut bool,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Option<Transition> {
    match (event, &code) {
        (Event::Ticked, None) if at.since >= at.rules.limits.answering => {
            Some(unanswered(Failure::Unreachable, effects))
        }
        (Event::Ticked, Some(shown)) if at.now.instant >= shown.expires => {
            if *renewed {
                return Some(Transition::End(Ending::TimedOut));
            }
            effects.push(Effect::BeginSignIn);
            Some(Transition::Enter(Visit::SignIn(State::ShowCode {
                code: None,
                renewed: true,
                approved: false,
            })))
        }
        (Event::Pressed(Press::NewCode), _) => {
            *code = None;
            *renewed = true;
            effects.push(Effect::BeginSignIn);
            None
        }
        (Event::Pressed(Press::NoPhone), _) => Some(no_phone(effects)),
        _ => None,
    }
}

/// The person has approved, and the portal is asked what they may have. `None`: the state stays.
fn approved(event: &Event, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Option<Transition> {
    match event {
        Event::Ticked if at.since >= at.rules.limits.answering => {
            Some(unanswered(Failure::PortalDown, effects))
        }
        Event::Pressed(Press::NoPhone) => Some(no_phone(effects)),
        _ => None,
    }
}

/// A server did not answer in time.
fn unanswered(failure: Failure, effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Stop(Work::SignIn));
    let why = NotEligible::Failed(failure);
    Transition::Enter(Visit::SignIn(State::NotEligible { why, holder: None }))
}

fn no_phone(effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Stop(Work::SignIn));
    Transition::Enter(Visit::SignIn(State::NoPhone))
}

/// Another way to sign in is left for the code. `None`: the state stays.
fn back_to_code(event: &Event, effects: &mut Vec<Effect>) -> Option<Transition> {
    if !matches!(event, Event::Pressed(Press::Back | Press::NewCode)) {
        return None;
    }
    effects.push(Effect::Stop(Work::SignIn));
    effects.push(Effect::BeginSignIn);
    Some(Transition::Enter(Visit::SignIn(State::begin())))
}

/// What the person presses at "is this you?". `None`: the state stays.
fn is_this_you(
    holder: &Arc<Holder>,
    login: &Login,
    chosen: &mut Option<usize>,
    resumed: &mut Option<Box<Resumed>>,
    press: Press,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Option<Transition> {
    match press {
        Press::Kind(index) => {
            if eligibility(holder, at.rules).is_ok_and(|offered| offered.contains(&index)) {
                *chosen = Some(index);
            }
            None
        }
        Press::NotMe => {
            effects.push(Effect::ReportNotMe(holder.subject.clone()));
            effects.push(Effect::Audit(audit::Event::NotMe));
            Some(Transition::End(Ending::NotMe))
        }
        Press::Yes => {
            let draft = begin_draft(holder, login, (*chosen)?, at);
            Some(match resumed.take() {
                Some(resumed) => issue::show_card(resumed.into_draft(draft), at, effects),
                None => Transition::Enter(Visit::Consent(consent::State { draft, page: None })),
            })
        }
        _ => None,
    }
}

fn begin_draft(holder: &Arc<Holder>, login: &Login, chosen: usize, at: &Moment<'_>) -> Draft {
    Draft {
        holder: holder.clone(),
        chosen,
        login: LoginRecord {
            method: login.method,
            at: at.now.wall,
            staff: login.staff.clone(),
        },
        reason: without_what(holder, chosen),
        consents: Vec::new(),
        replaces: None,
        library_wish: false,
        shot: None,
        supersedes: None,
        unprinted: None,
        began: at.now.instant,
    }
}

fn progressed(
    mut state: State,
    progress: Progress,
    rules: &Rules,
    effects: &mut Vec<Effect>,
) -> Transition {
    match (&mut state, progress) {
        (State::ShowCode { code, .. }, Progress::CodeReady(fresh)) => *code = Some(fresh),
        // The state is entered anew, so that the limit for the portal's answer is counted from here.
        (
            State::ShowCode {
                approved: false, ..
            },
            Progress::Approved,
        ) => {
            return Transition::Enter(Visit::SignIn(State::ShowCode {
                code: None,
                renewed: true,
                approved: true,
            }));
        }
        (
            State::ShowCode { .. } | State::Typing(_),
            Progress::SignedIn {
                holder,
                login,
                resumed,
            },
        ) => {
            let next = match eligibility(&holder, rules) {
                Ok(offered) => State::ask(holder, login, &offered, resumed),
                Err(why) => State::NotEligible {
                    why,
                    holder: Some(holder),
                },
            };
            return Transition::Enter(Visit::SignIn(next));
        }
        (
            State::Typing(typing),
            Progress::Failed(failure @ (Failure::WrongPassword | Failure::Paused)),
        ) => {
            effects.push(Effect::Audit(audit::Event::SignInFailed(failure.name())));
            *typing = Typing {
                name: typing.name.clone(),
                problem: Some(failure),
                ..Typing::default()
            };
        }
        (
            State::ShowCode {
                renewed,
                approved: false,
                ..
            },
            Progress::Failed(Failure::Expired),
        ) if !*renewed => {
            effects.push(Effect::BeginSignIn);
            return Transition::Enter(Visit::SignIn(State::ShowCode {
                code: None,
                renewed: true,
                approved: false,
            }));
        }
        (State::ShowCode { .. } | State::Typing(_), Progress::Failed(failure)) => {
            effects.push(Effect::Audit(audit::Event::SignInFailed(failure.name())));
            let why = NotEligible::Failed(failure);
            return Transition::Enter(Visit::SignIn(State::NotEligible { why, holder: None }));
        }
        _ => {}
    }
    Transition::Stay(Visit::SignIn(state))
}

fn type_in(typing: &mut Typing, typed: Typed, effects: &mut Vec<Effect>) {
    if typing.checking {
        return;
    }
    let field = if typing.in_password {
        &mut typing.password
    } else {
        &mut typing.name
    };
    match typed {
        Typed::Letter(letter) if field.len() < LONGEST && !letter.is_control() => {
            field.push(letter, LONGEST + 4);
        }
        Typed::Letter(_) => {}
        Typed::Backspace => field.pop(),
        Typed::Field { password } => typing.in_password = password,
        Typed::Show => typing.shown ^= true,
        Typed::Enter if !typing.in_password => typing.in_password = true,
        // An empty password would be an anonymous bind, which some directories answer as a success.
        Typed::Enter if typing.name.is_empty() || typing.password.is_empty() => {}
        Typed::Enter => {
            typing.checking = true;
            typing.problem = None;
            effects.push(Effect::CheckPassword(Password {
                name: typing.name.clone(),
                password: typing.password.clone(),
            }));
        }
    }
}
