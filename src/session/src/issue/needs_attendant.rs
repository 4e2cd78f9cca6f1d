//! Somebody must decide what became of a card.

use super::{Commitment, Job, State, fetch_later, print, reading_back::collect};
use crate::{Effect, Ending, Event, Moment, Press, Sound, State as Visit, Turn, Work};
use common::{
    audit,
    health::Condition,
    order::{OrderId, Outcome, Serial},
};

#[derive(Debug)]
pub struct NeedsAttendant {
    pub order: OrderId,
    pub serial: Serial,
    pub why: Why,
    /// Name and picture; dropped after three minutes.
    pub job: Option<Job>,
    pub committing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing was fed; by the fault's name. The holder may try again under the same serial.
    NotPrinted(Option<String>),
    /// A card may or may not have come out.
    Unknown,
    /// The same, found after the power came back.
    AfterRestart,
}

/// An attempt that was committed and never ended, as found at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAttempt {
    pub order: OrderId,
    pub serial: Serial,
}

impl NeedsAttendant {
    pub(super) fn after_restart(attempt: OpenAttempt) -> Self {
        let OpenAttempt { order, serial } = attempt;
        Self {
            order,
            serial,
            why: Why::AfterRestart,
            job: None,
            committing: false,
        }
    }
}

/// Keeps name and picture at first, so that the holder can go on as soon as somebody has decided.
pub(super) fn begin(job: Job, why: Why, effects: &mut Vec<Effect>) -> Turn {
    effects.push(Effect::Play(Sound::Attention));
    if why == Why::Unknown {
        effects.push(Effect::WatchForCode);
    }
    let (order, serial) = (job.order, job.serial);
    Turn::Enter(Visit::Issue(State::NeedsAttendant(NeedsAttendant {
        order,
        serial,
        why,
        job: Some(job),
        committing: false,
    })))
}

pub(super) fn step(
    mut open: NeedsAttendant,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Turn {
    match event {
        Event::Ticked
            if open.job.is_some() && !open.committing && at.since >= at.rules.limits.names =>
        {
            open.job = None;
            effects.push(Effect::Wipe);
        }
        // the holder shows the card: the code proves that it came out
        Event::CodeSeen(Some(serial))
            if serial == open.serial && !matches!(open.why, Why::NotPrinted(_)) =>
        {
            effects.push(Effect::Stop(Work::WatchForCode));
            return decided(open, Outcome::Printed, effects);
        }
        Event::Pressed(Press::PrintAgain)
            if matches!(open.why, Why::NotPrinted(_))
                && !open.committing
                && open.job.is_some()
                && at.health.printer == Condition::Ready =>
        {
            open.committing = true;
            effects.push(Effect::CommitAttempt {
                order: open.order,
                serial: open.serial,
                void: None,
            });
        }
        Event::Committed(Commitment {
            attempt: Some(attempt),
            ..
        }) if open.committing => {
            if let Some(job) = open.job.take() {
                return print(job, attempt, effects);
            }
            open.committing = false;
        }
        Event::CommitFailed(_) => open.committing = false,
        Event::Ticked if open.committing && at.idle >= at.rules.limits.answering => {
            open.committing = false
        }
        Event::Pressed(Press::FetchLater)
            if matches!(open.why, Why::NotPrinted(_)) && !open.committing =>
        {
            if let Some(mut job) = open.job.take() {
                job.draft.supersedes = Some(job.order);
                return fetch_later::begin(job.draft);
            }
        }
        // nothing was fed, and the holder goes: the order stays, open for staff and for the holder's next sign-in
        Event::Pressed(Press::Done)
            if matches!(open.why, Why::NotPrinted(_)) && !open.committing =>
        {
            return Turn::End(Ending::Fault);
        }
        _ => {}
    }
    Turn::Stay(Visit::Issue(State::NeedsAttendant(open)))
}

/// The question about a card is answered, by its code before the camera or by an attendant.
pub(crate) fn decided(open: NeedsAttendant, outcome: Outcome, effects: &mut Vec<Effect>) -> Turn {
    let (order, serial) = (open.order, open.serial);
    effects.push(Effect::KeepOutcome {
        order,
        serial,
        outcome,
        evidence: Box::default(),
    });
    effects.push(Effect::Audit(audit::Event::CardEnded { order, outcome }));
    match (outcome, open.job) {
        (Outcome::Printed, Some(job)) => collect(job, None, true, true, effects),
        (Outcome::Printed, None) => {
            effects.push(Effect::KeepReadBack {
                order,
                serial,
                uid: None,
                code: true,
                collected: true,
            });
            Turn::End(Ending::Done)
        }
        (Outcome::NotPrinted, Some(job)) => {
            let why = Why::NotPrinted(None);
            let open = NeedsAttendant {
                order,
                serial,
                why,
                job: Some(job),
                committing: false,
            };
            Turn::Enter(Visit::Issue(State::NeedsAttendant(open)))
        }
        _ => Turn::End(Ending::Fault),
    }
}
