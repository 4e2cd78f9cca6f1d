//! Who the visitor is: from the code on the screen to "yes, that is me".

use std::sync::Arc;

pub use common::sign_in::{Code, Failure, Password};

use super::{
    Draft, Effect, Ending, Event, Moment, Press, Resumed, Rules, State as Visit, Transition,
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
    let (now, rules) = (at.now, at.rules);
    if let Event::SignIn(progress) = event {
        return progressed(state, progress, rules, effects);
    }
    match (&mut state, event) {
        (State::ShowCode { code, approved, .. }, Event::Ticked)
            if (code.is_none() || *approved) && at.since >= rules.limits.answering =>
        {
            let failure = if *approved {
                Failure::PortalDown
            } else {
                Failure::Unreachable
            };
            effects.push(Effect::Stop(super::Work::SignIn));
            let why = NotEligible::Failed(failure);
            return Transition::Enter(Visit::SignIn(State::NotEligible { why, holder: None }));
        }
        (
            State::ShowCode {
                code: Some(code),
                renewed,
                approved: false,
            },
            Event::Ticked,
        ) if now.instant >= code.expires => {
            if *renewed {
                return Transition::End(Ending::TimedOut);
            }
            effects.push(Effect::BeginSignIn);
            return Transition::Enter(Visit::SignIn(State::ShowCode {
                code: None,
                renewed: true,
                approved: false,
            }));
        }
        (
            State::ShowCode {
                code,
                renewed,
                approved: false,
            },
            Event::Pressed(Press::NewCode),
        ) => {
            *code = None;
            *renewed = true;
            effects.push(Effect::BeginSignIn);
        }
        (State::ShowCode { .. }, Event::Pressed(Press::NoPhone)) => {
            effects.push(Effect::Stop(super::Work::SignIn));
            return Transition::Enter(Visit::SignIn(State::NoPhone));
        }
        (State::NoPhone, Event::Pressed(Press::NoPhone)) if rules.password => {
            return Transition::Enter(Visit::SignIn(State::Typing(Typing::default())));
        }
        (State::NoPhone | State::Typing(_), Event::Pressed(Press::Back | Press::NewCode)) => {
            effects.push(Effect::Stop(super::Work::SignIn));
            effects.push(Effect::BeginSignIn);
            return Transition::Enter(Visit::SignIn(State::begin()));
        }
        (State::Typing(typing), Event::Pressed(Press::Typed(typed))) => {
            type_in(typing, typed, effects)
        }
        (State::AskIsThisYou { chosen, holder, .. }, Event::Pressed(Press::Kind(index)))
            if eligibility(holder, rules).is_ok_and(|offered| offered.contains(&index)) =>
        {
            *chosen = Some(index);
        }
        (State::AskIsThisYou { holder, .. }, Event::Pressed(Press::NotMe)) => {
            effects.push(Effect::ReportNotMe(holder.subject.clone()));
            effects.push(Effect::Audit(audit::Event::NotMe));
            return Transition::End(Ending::NotMe);
        }
        (
            State::AskIsThisYou {
                holder,
                login,
                chosen: Some(chosen),
                resumed,
            },
            Event::Pressed(Press::Yes),
        ) => {
            let draft = Draft {
                holder: holder.clone(),
                chosen: *chosen,
                login: LoginRecord {
                    method: login.method,
                    at: now.wall,
                    staff: login.staff.clone(),
                },
                reason: without_what(holder, *chosen),
                consents: Vec::new(),
                replaces: None,
                library_wish: false,
                shot: None,
                supersedes: None,
                unprinted: None,
                began: now.instant,
            };
            if let Some(resumed) = resumed.take() {
                return issue::show_card(resumed.into_draft(draft), at, effects);
            }
            return Transition::Enter(Visit::Consent(consent::State { draft, page: None }));
        }
        (State::NotEligible { .. }, Event::Pressed(Press::Done)) => {
            return Transition::End(Ending::NotEligible);
        }
        _ => {}
    }
    Transition::Stay(Visit::SignIn(state))
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
