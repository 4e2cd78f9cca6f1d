//! The old card: it is laid on the reader, or the holder says why it cannot be.

use super::{At, Element, Icon, Place, Role, Tone, disposition_name};
use common::{health::Condition, order::Disposition};
use session::{Press, old_card::State as OldCardState};
use text::key;

pub(super) fn elements(state: &OldCardState, at: &At<'_>) -> Vec<Element> {
    if state.laid.is_some() {
        return vec![
            Element::title(at.say(key::OLD_READ)),
            Element::image(at.say(key::OLD_READ)),
            Element::notice("read", Tone::Good, at.say(key::OLD_KEEP)),
        ];
    }
    let reader = at.session.health.reader == Condition::Ready;
    let (title, why) = if reader {
        (key::OLD_TITLE, key::OLD_WHERE)
    } else {
        (key::OLD_TITLE_BY_HAND, key::OLD_BY_HAND)
    };
    let mut elements = vec![
        Element::title(at.say(title)),
        Element::image(at.say(key::OLD_PICTURE)),
        Element::text("where", at.say(why)),
    ];
    if state.stranger {
        elements.push(Element::notice(
            "stranger",
            Tone::Warn,
            at.say(key::OLD_STRANGER),
        ));
    }
    if !reader {
        elements.push(choice(
            Disposition::HandedIn,
            Icon::Card,
            key::OLD_HANDED_IN,
            at,
        ));
    }
    let others = [
        (Disposition::Lost, Icon::Search, key::OLD_LOST),
        (Disposition::Stolen, Icon::Stolen, key::OLD_STOLEN),
        (Disposition::Broken, Icon::Broken, key::OLD_BROKEN),
        (Disposition::LeftAtHome, Icon::Home, key::OLD_LEFT_AT_HOME),
    ];
    elements.extend(others.map(|(disposition, icon, key)| choice(disposition, icon, key, at)));
    elements
}

fn choice(disposition: Disposition, icon: Icon, key: text::Key, at: &At<'_>) -> Element {
    let id = disposition_name(disposition);
    // Pressing this blocks a lost or stolen card at once, so the button says so.
    let note = matches!(disposition, Disposition::Lost | Disposition::Stolen)
        .then(|| at.say(key::OLD_BLOCKED));
    Element::new(id, Role::Button, Place::Choices, at.say(key))
        .icon(icon)
        .note(note)
        .press(Press::OldCard(disposition))
}
