//! The order is made without a card in hand: it is fetched later, somewhere else.

use super::{Commitment, Problem, State, commit, committed};
use crate::{Draft, Effect, Ending, Event, Moment, Press, State as Visit, Transition};
use common::order::{Delivery, OrderId};

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

/// Goes to the order without a card in hand; the only pick-up place is chosen by itself.
pub(super) fn begin(mut draft: Draft) -> Transition {
    draft.start_over();
    let place = (draft.holder.pickup_places.len() == 1).then_some(0);
    let later = FetchLater {
        draft,
        place,
        committing: false,
        order: None,
        problem: None,
    };
    Transition::Enter(Visit::Issue(State::FetchLater(later)))
}

pub(super) fn step(
    mut later: FetchLater,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
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
            return Transition::End(Ending::Fault);
        }
        Event::Pressed(Press::Done) if later.order.is_some() => {
            return Transition::End(Ending::Later);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::FetchLater(later)))
}
