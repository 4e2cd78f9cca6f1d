//! The card: shown, committed, printed, read back, in the holder's hand; or what else becomes of it.
//!
//! Each state that has more than one line of behaviour is a file of its own below this one. The nouns that several of
//! them share, and the ways from one to another, are here.

mod fetch_later;
mod needs_attendant;
mod not_printed;
mod printing;
mod reading_back;
mod showing_card;

pub use common::order::{Attempt, Commitment};
pub use fetch_later::FetchLater;
pub use needs_attendant::{NeedsAttendant, OpenAttempt, Why};
pub use not_printed::NotPrinted;
pub use printing::{PrintStep, Printing};
pub use reading_back::ReadingBack;
pub use showing_card::{Problem, Rendered, ShowingCard};

pub(super) use needs_attendant::decided_by_attendant;
pub(super) use showing_card::show_card;

use super::{Draft, Effect, Ending, Event, Moment, Press, State as Visit, Transition};
use crate::rules::{Approval, Rules};
use common::{
    audit,
    health::{Condition, Health, Service},
    order::{CardImage, Delivery, OrderId, Serial, Uid},
};

#[derive(Debug)]
pub enum State {
    ShowingCard(ShowingCard),
    Printing(Printing),
    ReadingBack(ReadingBack),
    /// The card is in the holder's hand, who is told what it is good for.
    Collecting {
        job: Job,
    },
    FetchLater(FetchLater),
    NotPrinted(NotPrinted),
    NeedsAttendant(NeedsAttendant),
}

/// What to draw: the draft's card, under the given serial or a fresh one.
#[derive(Debug)]
pub struct RenderOrder {
    pub draft: Draft,
    pub serial: Option<Serial>,
    pub language: String,
}

/// What to commit: becomes the order, the photo, the job and, when it is printed here, the first attempt.
#[derive(Debug)]
pub struct NewOrder {
    pub draft: Draft,
    /// The serial on the card; none when it is made elsewhere.
    pub serial: Option<Serial>,
    pub delivery: Delivery,
    pub language: String,
}

/// A committed order whose card is made here and now.
#[derive(Debug)]
pub struct Job {
    pub order: OrderId,
    pub serial: Serial,
    pub draft: Draft,
    pub card: CardImage,
}

impl State {
    pub(super) fn after_restart(attempt: OpenAttempt) -> Self {
        Self::NeedsAttendant(NeedsAttendant::after_restart(attempt))
    }

    /// The serial whose code would settle or complete something here; `None` where it would change nothing.
    pub(super) fn awaited_code(&self) -> Option<Serial> {
        match self {
            Self::ReadingBack(reading) if !reading.code => Some(reading.job.serial),
            Self::NeedsAttendant(open) => Some(open.serial),
            _ => None,
        }
    }

    /// Whether an answer to a commit is waited for, or has just been taken.
    pub(super) fn expects_commitment(&self, order: OrderId) -> bool {
        match self {
            Self::ShowingCard(card) => card.committing,
            Self::FetchLater(later) => later.committing,
            Self::NotPrinted(state) => state.committing || state.job.order == order,
            Self::NeedsAttendant(open) => open.order == order,
            Self::Printing(Printing { job, .. })
            | Self::ReadingBack(ReadingBack { job, .. })
            | Self::Collecting { job } => job.order == order,
        }
    }

    pub(super) fn may_cancel(&self) -> bool {
        match self {
            Self::ShowingCard(card) => !card.committing,
            Self::FetchLater(later) => !later.committing && later.order.is_none(),
            Self::Printing(_) | Self::ReadingBack(_) | Self::Collecting { .. } => false,
            Self::NotPrinted(_) | Self::NeedsAttendant(_) => false,
        }
    }

    /// What a visit that ends here must still say to the journal about its card.
    pub(super) fn unkept(&self) -> Option<Effect> {
        match self {
            Self::ReadingBack(reading) => Some(reading.unkept()),
            _ => None,
        }
    }
}

impl Job {
    /// The chip on the reader, where it can be that of the new card.
    fn new_card<'a>(&self, at: &Moment<'a>) -> Option<&'a Uid> {
        at.reader.new_card().filter(|uid| !self.draft.is_old(uid))
    }
}

/// Can this card be printed here and now, or only be fetched later? `None` when neither is possible.
pub fn service(draft: &Draft, rules: &Rules, health: &Health) -> Option<Service> {
    let assured = &rules.print_here_assurance;
    // The portal has not yet said that the person of an order from the sign-in's claims alone may have the card.
    let may = !draft.holder.for_review
        && (assured.is_empty() || assured.contains(&draft.holder.assurance));
    if may && rules.approval == Approval::None && health.printer == Condition::Ready {
        Some(Service::Print)
    } else {
        may_fetch_later(draft, rules).then_some(Service::OrderOnly)
    }
}

/// Whether the card may be fetched later: the site allows it, and there is a place at which this holder can.
pub fn may_fetch_later(draft: &Draft, rules: &Rules) -> bool {
    rules.needs.fetch_later && !draft.holder.pickup_places.is_empty()
}

pub(super) fn step(
    state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match state {
        State::ShowingCard(card) => showing_card::step(card, event, at, effects),
        State::Printing(printing) => printing::step(printing, event, at, effects),
        State::ReadingBack(reading) => reading_back::step(reading, event, at, effects),
        State::Collecting { job } => collecting(job, &event, at),
        State::FetchLater(later) => fetch_later::step(later, event, at, effects),
        State::NotPrinted(state) => not_printed::step(state, event, at, effects),
        State::NeedsAttendant(open) => needs_attendant::step(open, event, at, effects),
    }
}

fn collecting(job: Job, event: &Event, at: &Moment<'_>) -> Transition {
    match event {
        Event::Pressed(Press::Done) => Transition::End(Ending::Done),
        Event::Ticked if at.since >= at.rules.limits.collecting => Transition::End(Ending::Done),
        _ => Transition::Stay(Visit::Issue(State::Collecting { job })),
    }
}

/// The order, or a further attempt of it, is on disk: a line of the audit trail, and one more where an attendant opened
/// the session.
fn committed(draft: &Draft, order: OrderId, effects: &mut Vec<Effect>) {
    effects.push(Effect::Audit(match draft.unprinted {
        Some(_) => audit::Event::OrderResumed(order),
        None => audit::Event::OrderCommitted(order),
    }));
    if let Some(staff) = &draft.login.staff {
        let id = staff.id.clone();
        effects.push(Effect::Audit(audit::Event::StaffOrder { order, id }));
    }
}

fn commit(draft: &Draft, serial: Option<Serial>, delivery: Delivery, at: &Moment<'_>) -> Effect {
    let language = at.preferences.language.clone();
    Effect::Commit(Box::new(NewOrder {
        draft: draft.clone(),
        serial,
        delivery,
        language,
    }))
}

/// Prints a committed attempt: the only place in which [`Effect::Print`] is made.
fn print(job: Job, attempt: Attempt, effects: &mut Vec<Effect>) -> Transition {
    effects.push(Effect::Print {
        attempt,
        card: job.card.clone(),
    });
    Transition::Enter(Visit::Issue(State::Printing(Printing {
        job,
        step: PrintStep::default(),
        paused: None,
    })))
}
