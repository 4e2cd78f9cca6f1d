//! It is proved that no card was fed. The same serial may be printed again, the card may be fetched later, or the
//! holder goes: the order is on disk, and waits for the holder's next sign-in. So nobody has to decide anything, and
//! the state has a deadline.

use super::{Commitment, Job, Problem, State, fetch_later, may_fetch_later, print};
use crate::{Effect, Ending, Event, Moment, Press, Sound, State as Visit, Transition};
use common::health::Condition;

#[derive(Debug)]
pub struct NotPrinted {
    pub job: Job,
    /// Why nothing was fed, by the fault's name, where the printer gave a reason.
    pub fault: Option<String>,
    /// From the press on "try again" until the further attempt is on disk.
    pub committing: bool,
    /// Why "try again" did not lead on.
    pub problem: Option<Problem>,
}

pub(super) fn begin(job: Job, fault: Option<String>, effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Play(Sound::Attention));
    Transition::Enter(Visit::Issue(State::NotPrinted(NotPrinted {
        job,
        fault,
        committing: false,
        problem: None,
    })))
}

pub(super) fn step(
    mut state: NotPrinted,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Pressed(press) if !state.committing => return pressed(state, press, at, effects),
        Event::Committed(Commitment {
            attempt: Some(attempt),
            ..
        }) if state.committing => return print(state.job, attempt, effects),
        Event::CommitFailed(_) if state.committing => {
            state.committing = false;
            state.problem = Some(Problem::Store);
        }
        // The store's own limits are shorter. What it commits after this is closed again as not printed.
        Event::Ticked if state.committing && at.idle >= at.rules.limits.answering => {
            return Transition::End(Ending::Fault);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::NotPrinted(state)))
}

fn pressed(
    mut state: NotPrinted,
    press: Press,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match press {
        Press::PrintAgain if at.health.printer == Condition::Ready => {
            state.committing = true;
            state.problem = None;
            effects.push(Effect::CommitAttempt {
                order: state.job.order,
                serial: state.job.serial,
                void: None,
            });
        }
        Press::FetchLater if may_fetch_later(&state.job.draft, at.rules) => {
            let mut draft = state.job.draft;
            draft.supersedes = Some(state.job.order);
            return fetch_later::begin(draft);
        }
        Press::Done => return Transition::End(Ending::Fault),
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::NotPrinted(state)))
}
