//! Consent: what is stored, who sees it, and the rules. The holder accepts them before a photograph is taken.

use super::{At, Element, Icon, Place, Role};
use common::order::Fee;
use session::{Press, consent::State as ConsentState};
use text::key;

pub(super) fn elements(state: &ConsentState, at: &At<'_>) -> Vec<Element> {
    match state.page {
        Some(page) => whole_text(page, at),
        None => in_short(state, at),
    }
}

fn in_short(state: &ConsentState, at: &At<'_>) -> Vec<Element> {
    let version = at.context.rules.consent.version.as_str();
    let mut elements = vec![
        Element::title(at.say(key::CONSENT_TITLE)),
        Element::image(at.say(key::CONSENT_PICTURE)),
        Element::item("what", Icon::Photo, at.say(key::CONSENT_WHAT)),
        Element::item("where", Icon::Upload, at.say(key::CONSENT_WHERE)),
        Element::item("long", Icon::Clock, at.say(key::CONSENT_LONG)),
        Element::item("who", Icon::Show, at.say(key::CONSENT_WHO)),
        Element::item(
            "rules",
            Icon::Text,
            at.with(key::CONSENT_RULES, &[("version", version.into())]),
        ),
    ];
    if let Some(fee) = &state.draft.card().fee {
        elements.push(Element::item("fee", Icon::Fee, fee_sentence(fee, at)));
    }
    if at.context.rules.ask_library {
        let wish = Element::new(
            "library",
            Role::Toggle,
            Place::Choices,
            at.say(key::CONSENT_LIBRARY),
        );
        elements.push(
            wish.icon(Icon::Library)
                .chosen(state.draft.library_wish)
                .press(Press::LibraryWish),
        );
    }
    elements.push(Element::main(
        "accept",
        Icon::Tick,
        at.say(key::CONSENT_ACCEPT),
        Press::Accept,
    ));
    elements.push(Element::second(
        "read",
        Icon::Text,
        at.say(key::CONSENT_READ),
        Press::ReadAll,
    ));
    elements
}

fn fee_sentence(fee: &Fee, at: &At<'_>) -> String {
    let values = [
        ("amount", (&fee.amount).into()),
        ("currency", (&fee.currency).into()),
    ];
    at.with(key::CONSENT_FEE, &values)
}

/// The full text, one page at a time, because no screen scrolls.
fn whole_text(page: usize, at: &At<'_>) -> Vec<Element> {
    let pages = at.context.rules.consent.pages;
    let text =
        at.t.named(&format!("consent-page-{}", page + 1), &[])
            .unwrap_or_else(|| at.say(key::CONSENT_TITLE));
    let count = [
        ("page", (page as u64 + 1).into()),
        ("pages", (pages as u64).into()),
    ];
    let mut elements = vec![Element::title(at.with(key::CONSENT_PAGE, &count))];
    let paragraphs = text.split("\n\n").enumerate();
    elements.extend(
        paragraphs.map(|(i, text)| Element::text(format!("text-{i}"), text.replace('\n', " "))),
    );
    let turn = |id, icon, key, to: Option<usize>| {
        let press = Press::TurnPage(to.unwrap_or(page));
        Element::second(id, icon, at.say(key), press).enabled(to.is_some())
    };
    let next = Some(page + 1).filter(|next| *next < pages);
    elements.push(Element::main(
        "back",
        Icon::Tick,
        at.say(key::CONSENT_CLOSE),
        Press::Back,
    ));
    elements.push(turn(
        "previous",
        Icon::Back,
        key::PAGE_BACK,
        page.checked_sub(1),
    ));
    elements.push(turn("next", Icon::Next, key::PAGE_NEXT, next));
    elements
}
