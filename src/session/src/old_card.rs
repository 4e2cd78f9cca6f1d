//! The old card: laid on the reader, typed, or why it is not at hand.

use std::time::Instant;

use super::{
    Draft, Effect, Event, Moment, Press, Sound, State as Visit, Transition, portrait,
    sign_in::Typed,
};
use common::order::{Disposition, HeldCard, OrderReason, Private, Replaces, Seen, Uid};

/// The old card is asked for; `laid` once one lies on the reader.
#[derive(Debug)]
pub struct State {
    pub draft: Draft,
    pub laid: Option<Laid>,
    /// The last card that was laid or named is none that could be replaced: not the holder's, or of another kind.
    pub stranger: bool,
    /// What a bar code scanner, which types as a keyboard does, or a person has typed so far.
    pub typed: Private<String>,
}

/// The old card, found: a hint at which card is replaced, and proof of nothing.
#[derive(Debug)]
pub struct Laid {
    pub replaces: Replaces,
    pub at: Instant,
}

/// The longest bar code or card number that is typed.
const LONGEST_NUMBER: usize = 48;

/// The old card is at hand, and so becomes the booth's.
fn handed_in(held: Option<&HeldCard>, uid: Option<Uid>, seen: Seen) -> Replaces {
    Replaces {
        serial: held.and_then(|card| card.serial),
        card_number: held.and_then(|card| card.card_number.clone()),
        uid,
        seen,
        disposition: Disposition::HandedIn,
    }
}

/// Takes the card on the reader for the one that is replaced, if it can be.
fn look_at_old_card(state: &mut State, uid: &Uid, at: &Moment<'_>, effects: &mut Vec<Effect>) {
    let holder = &state.draft.holder;
    let held = match holder.card_with_uid(uid) {
        Some(card) => Some(card).filter(|card| state.draft.may_replace(card)),
        // A chip that the portal does not know may be that of the card that it knows without one, but not the chip of a
        // card that somebody else left on the reader.
        None if at.reader.was_laid_in_visit() => {
            state.draft.replaced().filter(|card| card.uid.is_none())
        }
        None => None,
    };
    let known = held.is_some() || (holder.cards.is_empty() && at.reader.was_laid_in_visit());
    state.stranger = !known;
    if known {
        effects.push(Effect::Play(Sound::CardRead));
        state.laid = Some(Laid {
            replaces: handed_in(held, Some(uid.clone()), Seen::Reader),
            at: at.now.instant,
        });
    }
}

pub(super) fn step(
    mut state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    let now = at.now;
    if let (Some(uid), None) = (at.reader.lying(), &state.laid) {
        look_at_old_card(&mut state, uid, at, effects);
    }
    match event {
        Event::Pressed(Press::Typed(typed)) if state.laid.is_none() => match typed {
            Typed::Letter(letter) if state.typed.len() < LONGEST_NUMBER => {
                state.typed.push(letter, LONGEST_NUMBER + 4)
            }
            Typed::Backspace => state.typed.pop(),
            Typed::Enter if !state.typed.is_empty() => {
                let number = std::mem::take(&mut state.typed);
                match state.draft.holder.card_with_number(&number) {
                    Some(card) if state.draft.may_replace(card) => {
                        effects.push(Effect::Play(Sound::CardRead));
                        let replaces = handed_in(Some(card), card.uid.clone(), Seen::Typed);
                        let at = now.instant;
                        state.laid = Some(Laid { replaces, at });
                    }
                    _ => state.stranger = true,
                }
            }
            _ => {}
        },
        Event::Ticked => match state.laid.take() {
            Some(laid) if now.instant.duration_since(laid.at) >= at.rules.limits.tick_shown => {
                state.draft.replaces = Some(laid.replaces);
                return portrait::begin(state.draft, effects);
            }
            laid => state.laid = laid,
        },
        Event::Pressed(Press::OldCard(disposition)) => {
            let held = state.draft.replaced();
            let replaces = Replaces {
                serial: held.and_then(|card| card.serial),
                card_number: held.and_then(|card| card.card_number.clone()),
                uid: held.and_then(|card| card.uid.clone()),
                seen: Seen::None,
                disposition,
            };
            match disposition {
                Disposition::Lost | Disposition::Stolen => {
                    effects.push(Effect::BlockCard(Box::new(replaces.clone())));
                    state.draft.reason = if disposition == Disposition::Lost {
                        OrderReason::Lost
                    } else {
                        OrderReason::Stolen
                    };
                }
                Disposition::Broken => state.draft.reason = OrderReason::Damaged,
                Disposition::HandedIn | Disposition::LeftAtHome => {}
            }
            state.draft.replaces = Some(replaces);
            return portrait::begin(state.draft, effects);
        }
        _ => {}
    }
    Transition::Stay(Visit::OldCard(state))
}
