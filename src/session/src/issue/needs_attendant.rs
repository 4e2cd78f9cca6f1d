//! Nobody knows what became of a card. Its code before the camera shows that it came out, else an attendant decides.

use super::{
    Job, State, not_printed,
    reading_back::{CardRead, collect},
};
use crate::{Effect, Ending, Event, Moment, Sound, State as Visit, Transition};
use common::{
    audit,
    order::{OrderId, Outcome, Serial},
};

#[derive(Debug)]
pub struct NeedsAttendant {
    pub order: OrderId,
    pub serial: Serial,
    pub why: Why,
    /// Name and picture, so that the holder can go on as soon as the question is decided. Dropped after three minutes.
    pub job: Option<Job>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
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
        }
    }

    /// What can be said of the card by what lies on the reader. Without the job nobody knows which chip is that of the
    /// old card, so none is taken for the new one.
    fn read(&self, code: bool, at: &Moment<'_>) -> CardRead {
        let uid = self.job.as_ref().and_then(|job| job.new_card(at));
        CardRead {
            uid: uid.cloned(),
            code,
        }
    }
}

pub(super) fn begin(job: Job, effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Play(Sound::Attention));
    Transition::Enter(Visit::Issue(State::NeedsAttendant(NeedsAttendant {
        order: job.order,
        serial: job.serial,
        why: Why::Unknown,
        job: Some(job),
    })))
}

pub(super) fn step(
    mut open: NeedsAttendant,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Ticked if open.job.is_some() && at.since >= at.rules.limits.names => {
            open.job = None;
            effects.push(Effect::Wipe);
        }
        // The holder shows the card: the code proves that it came out.
        Event::CodeSeen(Some(serial)) if serial == open.serial => {
            let read = open.read(true, at);
            return decided(open, Outcome::Printed, read, effects);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::NeedsAttendant(open)))
}

/// An attendant answers the question. What somebody says is no code that the camera saw.
pub(crate) fn decided_by_attendant(
    open: NeedsAttendant,
    outcome: Outcome,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    let read = open.read(false, at);
    decided(open, outcome, read, effects)
}

fn decided(
    open: NeedsAttendant,
    outcome: Outcome,
    read: CardRead,
    effects: &mut Vec<Effect>,
) -> Transition {
    let (order, serial) = (open.order, open.serial);
    effects.push(Effect::KeepOutcome {
        order,
        serial,
        outcome,
        evidence: Box::default(),
    });
    effects.push(Effect::Audit(audit::Event::CardEnded { order, outcome }));
    match (outcome, open.job) {
        (Outcome::Printed, Some(job)) => collect(job, read, true, effects),
        (Outcome::Printed, None) => {
            effects.push(read.kept(order, serial, true));
            Transition::End(Ending::Done)
        }
        (Outcome::NotPrinted, Some(job)) => not_printed::begin(job, None, effects),
        _ => Transition::End(Ending::Fault),
    }
}
