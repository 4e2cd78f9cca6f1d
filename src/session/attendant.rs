//! The attendant's screen, over whatever was shown: sign-in by PIN, readiness, open questions.

use super::{Effect, Event, Moment, State as Visit, Turn, Work, issue};
use crate::{
    audit,
    order::{Outcome, Private},
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
        pin: Private<String>,
        checking: bool,
        problem: Option<Refusal>,
    },
    Panel {
        staff: Staff,
        page: Page,
    },
}

/// An attendant who proved to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Readiness,
    Decision,
    Camera,
    Supplies,
}

impl Page {
    pub const ALL: [Self; 4] = [
        Self::Readiness,
        Self::Decision,
        Self::Camera,
        Self::Supplies,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    /// Too many wrong PINs; try later.
    Locked,
    /// The site has set no PIN.
    NoPin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    Digit(char),
    Backspace,
    Enter,
    Page(Page),
    /// Answers the open question about a card.
    Decide(Outcome),
    Leave,
}

/// What the attendant's sign-in and tools answer.
#[derive(Debug)]
pub enum Progress {
    SignedIn(Staff),
    Refused(Refusal),
}

/// What the attendant's screen asks to be done.
#[derive(Debug, Clone)]
pub enum Command {
    CheckPin(Private<String>),
}

const LONGEST_PIN: usize = 12;

impl State {
    pub(super) fn over(under: Visit) -> Self {
        Self {
            under: Box::new(under),
            step: Step::SigningIn {
                pin: Private::default(),
                checking: false,
                problem: None,
            },
        }
    }

    /// The open question about a card that lies under this screen.
    pub fn open_question(&self) -> Option<&issue::NeedsAttendant> {
        match &*self.under {
            Visit::Issue(issue::State::NeedsAttendant(open)) => Some(open),
            _ => None,
        }
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
) -> Turn {
    match (&mut state.step, event) {
        (_, Event::Pressed(super::Press::Staff(Press::Leave) | super::Press::Back)) => {
            return leave(state, effects);
        }
        (_, Event::Ticked) if at.idle >= at.rules.limits.attendant => return leave(state, effects),
        (
            Step::SigningIn {
                pin,
                checking,
                problem,
            },
            event,
        ) => match event {
            Event::Pressed(super::Press::Staff(press)) if !*checking => {
                type_in(pin, checking, problem, press, effects)
            }
            Event::Attendant(Progress::SignedIn(staff)) => {
                effects.push(Effect::Audit(audit::Event::AttendantSignedIn {
                    id: staff.id.clone(),
                }));
                let page = if state.open_question().is_some() {
                    Page::Decision
                } else {
                    Page::Readiness
                };
                state.step = Step::Panel { staff, page };
            }
            Event::Attendant(Progress::Refused(refusal)) => {
                *pin = Private::default();
                *checking = false;
                *problem = Some(refusal);
            }
            _ => {}
        },
        (Step::Panel { page, .. }, Event::Pressed(super::Press::Staff(Press::Page(wanted)))) => {
            *page = wanted
        }
        (
            Step::Panel { staff, .. },
            Event::Pressed(super::Press::Staff(Press::Decide(outcome))),
        ) => {
            let id = staff.id.clone();
            return decide(state, outcome, id, effects);
        }
        _ => {}
    }
    Turn::Stay(Visit::Attendant(state))
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
            let mut text = String::with_capacity(LONGEST_PIN);
            text.push_str(pin);
            text.push(digit);
            *pin = Private::new(text);
            *problem = None;
        }
        Press::Backspace => {
            let mut text = pin.expose().clone();
            text.pop();
            *pin = Private::new(text);
        }
        Press::Enter if !pin.is_empty() => {
            *checking = true;
            effects.push(Effect::Attendant(Command::CheckPin(pin.clone())));
        }
        _ => {}
    }
}

fn decide(state: State, outcome: Outcome, id: String, effects: &mut Vec<Effect>) -> Turn {
    match *state.under {
        Visit::Issue(issue::State::NeedsAttendant(open)) => {
            effects.push(Effect::Audit(audit::Event::AttendantDecided {
                order: open.order,
                outcome,
                id,
            }));
            issue::decided(open, outcome, effects)
        }
        under => Turn::Stay(Visit::Attendant(State {
            under: Box::new(under),
            step: state.step,
        })),
    }
}

fn leave(state: State, effects: &mut Vec<Effect>) -> Turn {
    effects.push(Effect::Stop(Work::Attendant));
    Turn::Return(*state.under)
}
