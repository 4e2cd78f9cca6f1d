//! The rules and the purpose: accepted before a photograph is taken.

use super::{Draft, Effect, Event, Moment, Press, State as Visit, Transition, old_card, portrait};
use common::order::{Consent, OrderReason, Private};

/// The rules and the purpose are shown; `page` is set while the holder reads the whole text.
#[derive(Debug)]
pub struct State {
    pub draft: Draft,
    pub page: Option<usize>,
}

pub(super) fn step(
    mut state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    let rules = at.rules;
    match event {
        Event::Pressed(Press::ReadAll) => state.page = Some(0),
        Event::Pressed(Press::TurnPage(page)) if page < rules.consent.pages => {
            state.page = Some(page)
        }
        Event::Pressed(Press::Back) => state.page = None,
        Event::Pressed(Press::LibraryWish) => state.draft.library_wish ^= true,
        Event::Pressed(Press::Accept) => {
            state.draft.consents.push(Consent {
                text: rules.consent.text.clone(),
                version: rules.consent.version.clone(),
                lang: at.preferences.language.clone(),
                at: at.now.wall,
            });
            // The holder of an order for review may have a card that the portal could not be asked about.
            return if state.draft.replaced().is_none() && !state.draft.holder.for_review {
                state.draft.reason = OrderReason::First;
                portrait::begin(state.draft, effects)
            } else {
                Transition::Enter(Visit::OldCard(old_card::State {
                    draft: state.draft,
                    laid: None,
                    stranger: false,
                    typed: Private::default(),
                }))
            };
        }
        _ => {}
    }
    Transition::Stay(Visit::Consent(state))
}
