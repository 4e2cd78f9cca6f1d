//! The card: shown, committed, printed, read back, in the holder's hand; or what else becomes of it.

use std::time::Duration;

pub use common::order::{Attempt, Commitment};

use super::{
    Draft, Effect, Ending, Event, Moment, Press, Sound, State as Visit, Turn, Unprinted, Work,
    outcome,
};
use crate::rules::{Approval, Rules};
use common::{
    audit,
    health::{Condition, Health, Service},
    order::{CardImage, Delivery, Evidence, OrderId, Outcome, Serial, Uid},
};

#[derive(Debug)]
pub enum State {
    /// The whole card as it will print. `committing` from the press on "print" until the order is on disk.
    ShowingCard {
        draft: Draft,
        rendered: Option<Rendered>,
        committing: bool,
        problem: Option<Problem>,
    },
    Printing {
        job: Job,
        step: PrintStep,
        paused: Option<String>,
    },
    /// The new card's chip and code are read; `done_at` runs while the tick is shown.
    ReadingBack {
        job: Job,
        uid: Option<Uid>,
        code: bool,
        old_card_laid: bool,
        shown: Duration,
    },
    Collecting {
        job: Job,
    },
    FetchLater(FetchLater),
    NeedsAttendant(NeedsAttendant),
}

/// A card drawn under its serial.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub serial: Serial,
    pub card: CardImage,
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

/// A true step of this printer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintStep {
    /// The step's stable name: `sending`, `feeding`, `yellow`, `red`, `blue`, `black`, `overcoat`, `ejecting`.
    pub name: String,
    pub done: u32,
    pub of: u32,
    /// How long the printer will need still, as far as it is known.
    pub remaining: Option<Duration>,
}

/// Why "print" did not lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The card could not be drawn.
    Render,
    /// The order could not be written to disk; nothing was printed.
    Store,
}

/// The order is made without a card in hand.
#[derive(Debug)]
pub struct FetchLater {
    pub draft: Draft,
    /// Index into the holder's pick-up places.
    pub place: Option<usize>,
    pub committing: bool,
    /// Set once the order is on disk.
    pub order: Option<OrderId>,
    pub problem: Option<Problem>,
}

/// Somebody must decide what became of a card.
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

impl State {
    pub(super) fn after_restart(attempt: OpenAttempt) -> Self {
        let OpenAttempt { order, serial } = attempt;
        Self::NeedsAttendant(NeedsAttendant {
            order,
            serial,
            why: Why::AfterRestart,
            job: None,
            committing: false,
        })
    }

    /// Whether an answer to a commit is waited for, or has just been taken.
    pub(super) fn expects_commitment(&self, order: OrderId) -> bool {
        match self {
            Self::ShowingCard { committing, .. } => *committing,
            Self::FetchLater(later) => later.committing,
            Self::NeedsAttendant(open) => open.committing || open.order == order,
            Self::Printing { job, .. }
            | Self::ReadingBack { job, .. }
            | Self::Collecting { job } => job.order == order,
        }
    }

    pub(super) fn may_cancel(&self) -> bool {
        match self {
            Self::ShowingCard { committing, .. } => !committing,
            Self::FetchLater(later) => !later.committing && later.order.is_none(),
            Self::Printing { .. } | Self::ReadingBack { .. } | Self::Collecting { .. } => false,
            Self::NeedsAttendant(_) => false,
        }
    }
}

/// Can this card be printed here and now, or only be fetched later?
pub fn service(draft: &Draft, rules: &Rules, health: &Health) -> Service {
    let assured = &rules.print_here_assurance;
    // for an order from the sign-in's claims alone nobody has said yet that the person may have the card
    let may = !draft.holder.for_review
        && (assured.is_empty() || assured.contains(&draft.holder.assurance));
    if may && rules.approval == Approval::None && health.printer == Condition::Ready {
        Service::Print
    } else {
        Service::OrderOnly
    }
}

/// Shows the card and has it drawn meanwhile, under a fresh serial or the one that its order has.
pub(super) fn show_card(draft: Draft, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Turn {
    let order = RenderOrder {
        draft: draft.clone(),
        serial: draft.unprinted.map(|unprinted| unprinted.serial),
        language: at.preferences.language.clone(),
    };
    effects.push(Effect::Render(Box::new(order)));
    Turn::Enter(Visit::Issue(State::ShowingCard {
        draft,
        rendered: None,
        committing: false,
        problem: None,
    }))
}

pub(super) fn step(state: State, event: Event, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Turn {
    match state {
        State::ShowingCard {
            draft,
            rendered,
            committing,
            problem,
        } => showing_card(draft, rendered, committing, problem, event, at, effects),
        State::Printing { job, step, paused } => printing(job, step, paused, event, at, effects),
        State::ReadingBack {
            job,
            uid,
            code,
            old_card_laid,
            shown,
        } => reading_back(
            job,
            ReadBack {
                uid,
                code,
                old_card_laid,
                shown,
            },
            event,
            at,
            effects,
        ),
        State::Collecting { job } => match event {
            Event::Pressed(Press::Done) => Turn::End(Ending::Done),
            Event::Ticked if at.since >= at.rules.limits.collecting => Turn::End(Ending::Done),
            _ => Turn::Stay(Visit::Issue(State::Collecting { job })),
        },
        State::FetchLater(later) => fetch_later(later, event, at, effects),
        State::NeedsAttendant(open) => needs_attendant(open, event, at, effects),
    }
}

fn showing_card(
    mut draft: Draft,
    mut rendered: Option<Rendered>,
    mut committing: bool,
    mut problem: Option<Problem>,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Turn {
    match event {
        Event::Rendered(fresh) => rendered = Some(*fresh),
        Event::RenderFailed(_) => problem = Some(Problem::Render),
        Event::Pressed(Press::Retake) if !committing => {
            effects.push(Effect::Stop(Work::Render));
            draft.start_over();
            return super::portrait::begin(draft, effects);
        }
        Event::Pressed(Press::Print) if !committing => {
            if let Some(card) = &rendered {
                if service(&draft, at.rules, at.health) == Service::OrderOnly {
                    return later(draft);
                }
                committing = true;
                problem = None;
                effects.push(match draft.unprinted {
                    Some(Unprinted { order, serial }) => Effect::CommitAttempt {
                        order,
                        serial,
                        void: None,
                    },
                    None => commit(&draft, Some(card.serial), Delivery::Here, at),
                });
            }
        }
        Event::Pressed(Press::FetchLater) if !committing && at.rules.needs.fetch_later => {
            return later(draft);
        }
        Event::Committed(Commitment { order, attempt }) if committing => {
            if let (Some(Rendered { card, .. }), Some(attempt)) = (rendered.take(), attempt) {
                committed(&draft, order, effects);
                draft.unprinted = None;
                effects.push(Effect::Print {
                    attempt,
                    card: card.clone(),
                });
                let serial = attempt.serial;
                let job = Job {
                    order,
                    serial,
                    draft,
                    card,
                };
                return Turn::Enter(Visit::Issue(State::Printing {
                    job,
                    step: PrintStep::default(),
                    paused: None,
                }));
            }
            problem = Some(Problem::Store);
            committing = false;
        }
        Event::CommitFailed(_) if committing => {
            committing = false;
            problem = Some(Problem::Store);
        }
        // the store's own limits are shorter; what it commits after this is closed again as not printed
        Event::Ticked if committing && at.idle >= at.rules.limits.answering => {
            return Turn::End(Ending::Fault);
        }
        _ => {}
    }
    Turn::Stay(Visit::Issue(State::ShowingCard {
        draft,
        rendered,
        committing,
        problem,
    }))
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

fn later(mut draft: Draft) -> Turn {
    draft.start_over();
    let place = (draft.holder.pickup_places.len() == 1).then_some(0);
    let later = FetchLater {
        draft,
        place,
        committing: false,
        order: None,
        problem: None,
    };
    Turn::Enter(Visit::Issue(State::FetchLater(later)))
}

fn printing(
    job: Job,
    mut step: PrintStep,
    mut paused: Option<String>,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Turn {
    match event {
        Event::PrintStepped(fresh) => step = fresh,
        Event::PrintPaused(fault) => paused = fault,
        Event::PrintEnded(evidence) => return ended(job, evidence, at, effects),
        // the driver bounds every wait; this is for a driver that broke its word
        Event::Ticked if at.since >= at.rules.limits.printing => {
            let evidence = Evidence {
                plane_byte_accepted: true,
                ..Evidence::default()
            };
            return ended(job, evidence, at, effects);
        }
        _ => {}
    }
    Turn::Stay(Visit::Issue(State::Printing { job, step, paused }))
}

/// The attempt is over: its outcome goes to disk first, then the visit goes on accordingly.
fn ended(job: Job, evidence: Evidence, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Turn {
    let outcome = outcome::outcome(&evidence);
    let (order, serial) = (job.order, job.serial);
    let fault = evidence.fault.as_ref().map(|fault| fault.name.clone());
    effects.push(Effect::KeepOutcome {
        order,
        serial,
        outcome,
        evidence: Box::new(evidence),
    });
    effects.push(Effect::Audit(audit::Event::CardEnded { order, outcome }));
    match outcome {
        Outcome::Printed => read_back(job, at, effects),
        Outcome::NotPrinted => wait_for_decision(job, Why::NotPrinted(fault), effects),
        Outcome::Unknown | Outcome::Void => wait_for_decision(job, Why::Unknown, effects),
    }
}

fn wait_for_decision(job: Job, why: Why, effects: &mut Vec<Effect>) -> Turn {
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

/// What can be read back here: the chip with a reader, the code with the camera.
fn readable(at: &Moment<'_>) -> (bool, bool) {
    let chip = at.rules.read_back.chip && at.health.reader == Condition::Ready;
    let code = at.rules.read_back.code && at.health.camera == Condition::Ready;
    (chip, code)
}

fn read_back(job: Job, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Turn {
    let (chip, code) = readable(at);
    if !chip && !code {
        return collect(job, None, false, true, effects);
    }
    if code {
        effects.push(Effect::WatchForCode);
    }
    let shown = Duration::MAX;
    Turn::Enter(Visit::Issue(State::ReadingBack {
        job,
        uid: None,
        code: false,
        old_card_laid: false,
        shown,
    }))
}

/// What the read-back has so far.
struct ReadBack {
    uid: Option<Uid>,
    code: bool,
    old_card_laid: bool,
    /// When all was read, since the state was entered; `MAX` before.
    shown: Duration,
}

fn reading_back(
    job: Job,
    mut read: ReadBack,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Turn {
    let (chip, code) = readable(at);
    if read.uid.is_none() {
        let new = at.reader.new_card().filter(|uid| !job.draft.is_old(uid));
        read.old_card_laid = at.reader.lying().is_some() && new.is_none();
        if let Some(uid) = new {
            effects.push(Effect::Play(Sound::CardRead));
            read.uid = Some(uid.clone());
        }
    }
    match event {
        Event::CodeSeen(Some(serial)) if serial == job.serial && !read.code => {
            effects.push(Effect::Play(Sound::CardRead));
            read.code = true;
        }
        Event::Pressed(Press::Skip) if at.since >= at.rules.limits.skip => {
            return collect(job, read.uid, read.code, false, effects);
        }
        Event::Ticked
            if at.since.saturating_sub(read.shown) >= at.rules.limits.tick_shown
                && read.shown != Duration::MAX =>
        {
            return collect(job, read.uid, read.code, true, effects);
        }
        _ => {}
    }
    if read.shown == Duration::MAX && (read.uid.is_some() || !chip) && (read.code || !code) {
        read.shown = at.since;
    }
    let ReadBack {
        uid,
        code,
        old_card_laid,
        shown,
    } = read;
    Turn::Stay(Visit::Issue(State::ReadingBack {
        job,
        uid,
        code,
        old_card_laid,
        shown,
    }))
}

/// The card is in the holder's hand (or, not read back, at least out of the printer).
fn collect(
    job: Job,
    uid: Option<Uid>,
    code: bool,
    collected: bool,
    effects: &mut Vec<Effect>,
) -> Turn {
    effects.push(Effect::Stop(Work::WatchForCode));
    effects.push(Effect::KeepReadBack {
        order: job.order,
        serial: job.serial,
        uid,
        code,
        collected,
    });
    effects.push(Effect::Play(Sound::Done));
    Turn::Enter(Visit::Issue(State::Collecting { job }))
}

fn fetch_later(
    mut later: FetchLater,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Turn {
    match event {
        Event::Pressed(Press::Place(place))
            if !later.committing
                && later.order.is_none()
                && place < later.draft.holder.pickup_places.len() =>
        {
            later.place = Some(place);
        }
        Event::Pressed(Press::Confirm) if !later.committing && later.order.is_none() => {
            if let Some(place) = later
                .place
                .and_then(|place| later.draft.holder.pickup_places.get(place))
            {
                let delivery = Delivery::Pickup {
                    place: place.id.clone(),
                };
                effects.push(commit(&later.draft, None, delivery, at));
                later.committing = true;
                later.problem = None;
            }
        }
        Event::Committed(Commitment { order, .. }) if later.committing => {
            committed(&later.draft, order, effects);
            later.committing = false;
            later.order = Some(order);
        }
        Event::CommitFailed(_) if later.committing => {
            later.committing = false;
            later.problem = Some(Problem::Store);
        }
        Event::Ticked if later.committing && at.idle >= at.rules.limits.answering => {
            return Turn::End(Ending::Fault);
        }
        Event::Pressed(Press::Done) if later.order.is_some() => return Turn::End(Ending::Later),
        _ => {}
    }
    Turn::Stay(Visit::Issue(State::FetchLater(later)))
}

fn needs_attendant(
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
                effects.push(Effect::Print {
                    attempt,
                    card: job.card.clone(),
                });
                return Turn::Enter(Visit::Issue(State::Printing {
                    job,
                    step: PrintStep::default(),
                    paused: None,
                }));
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
                return later(job.draft);
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
pub(super) fn decided(open: NeedsAttendant, outcome: Outcome, effects: &mut Vec<Effect>) -> Turn {
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
