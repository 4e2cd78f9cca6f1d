//! The whole card as it will print, until the order is on disk.

use super::{
    Attempt, Commitment, Job, RenderOrder, State, commit, committed, fetch_later, may_fetch_later,
    print, service,
};
use crate::{
    Draft, Effect, Ending, Event, Moment, Press, State as Visit, Transition, Unprinted, Work,
    portrait,
};
use common::{
    health::Service,
    order::{CardImage, Delivery, OrderId, Serial},
};

#[derive(Debug)]
pub struct ShowingCard {
    pub draft: Draft,
    /// `None` while the card is drawn.
    pub rendered: Option<Rendered>,
    /// From the press on "print" until the order is on disk.
    pub committing: bool,
    pub problem: Option<Problem>,
}

/// A card drawn under its serial.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub serial: Serial,
    pub card: CardImage,
}

/// Why "print" did not lead on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The card could not be drawn.
    Render,
    /// The order could not be written to disk; nothing was printed.
    Store,
}

/// Shows the card and has it drawn meanwhile, under a fresh serial or the one that its order has.
pub(crate) fn show_card(draft: Draft, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Transition {
    let order = RenderOrder {
        draft: draft.clone(),
        serial: draft.unprinted.map(|unprinted| unprinted.serial),
        language: at.preferences.language.clone(),
    };
    effects.push(Effect::Render(Box::new(order)));
    Transition::Enter(Visit::Issue(State::ShowingCard(ShowingCard {
        draft,
        rendered: None,
        committing: false,
        problem: None,
    })))
}

pub(super) fn step(
    mut card: ShowingCard,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Rendered(fresh) => card.rendered = Some(*fresh),
        Event::RenderFailed(_) => card.problem = Some(Problem::Render),
        Event::Pressed(press) if !card.committing => return pressed(card, press, at, effects),
        Event::Committed(Commitment { order, attempt }) if card.committing => {
            return begin_printing(card, order, attempt, effects);
        }
        Event::CommitFailed(_) if card.committing => {
            card.committing = false;
            card.problem = Some(Problem::Store);
        }
        // The store's own limits are shorter. What it commits after this is closed again as not printed.
        Event::Ticked if card.committing && at.idle >= at.rules.limits.answering => {
            return Transition::End(Ending::Fault);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::ShowingCard(card)))
}

/// A press before the order is on its way to disk.
fn pressed(
    mut card: ShowingCard,
    press: Press,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match press {
        Press::Retake => {
            effects.push(Effect::Stop(Work::Render));
            card.draft.start_over();
            return portrait::begin(card.draft, effects);
        }
        Press::Print => {
            let Some(rendered) = &card.rendered else {
                return Transition::Stay(Visit::Issue(State::ShowingCard(card)));
            };
            match service(&card.draft, at.rules, at.health) {
                Some(Service::Print) => {
                    effects.push(match card.draft.unprinted {
                        Some(Unprinted { order, serial }) => Effect::CommitAttempt {
                            order,
                            serial,
                            void: None,
                        },
                        None => commit(&card.draft, Some(rendered.serial), Delivery::Here, at),
                    });
                    card.committing = true;
                    card.problem = None;
                }
                Some(Service::OrderOnly) => return fetch_later::begin(card.draft),
                // The screen says so, and offers nothing to press.
                None => {}
            }
        }
        Press::FetchLater if may_fetch_later(&card.draft, at.rules) => {
            return fetch_later::begin(card.draft);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::ShowingCard(card)))
}

/// The order is on disk: its card is printed.
fn begin_printing(
    mut card: ShowingCard,
    order: OrderId,
    attempt: Option<Attempt>,
    effects: &mut Vec<Effect>,
) -> Transition {
    let (Some(rendered), Some(attempt)) = (card.rendered.take(), attempt) else {
        card.problem = Some(Problem::Store);
        card.committing = false;
        return Transition::Stay(Visit::Issue(State::ShowingCard(card)));
    };
    let mut draft = card.draft;
    committed(&draft, order, effects);
    draft.unprinted = None;
    let job = Job {
        order,
        serial: attempt.serial,
        draft,
        card: rendered.card,
    };
    print(job, attempt, effects)
}
