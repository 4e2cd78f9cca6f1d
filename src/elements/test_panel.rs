//! Test mode's strip: what is missing where no visitor stands (a phone that approves, cards to lay), and the faults that
//! can be injected.

use super::{Action, At, Element, Icon, Panel, Place, Role};
use text::key;

/// What the strip shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strip {
    /// Who can sign in, by the name shown.
    pub people: Vec<String>,
    /// Which of them will.
    pub person: usize,
    pub devices: Vec<Device>,
}

/// A virtual device and what can be wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub name: &'static str,
    pub faults: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub name: &'static str,
    pub raised: bool,
}

/// What can be done with the test panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelAction {
    /// The next person is the one who signs in.
    NextPerson,
    Approve,
    Deny,
    LayOldCard,
    LayNewCard,
    TakeCard,
    /// Raises a fault, or ends it; by device and fault of [`Strip::devices`].
    Toggle {
        device: usize,
        fault: usize,
    },
}

pub(super) fn elements(at: &At<'_>) -> Vec<Element> {
    let Some(strip) = at.context.strip else {
        return Vec::new();
    };
    // with the site's own servers nobody of test mode's can sign in: who is there does it by phone
    let signs_in = !strip.people.is_empty();
    let person = strip.people.get(strip.person).cloned();
    let person = person.unwrap_or_else(|| at.say(key::DESK_NOBODY));
    let button = |id, icon, label, action| {
        Element::new(id, Role::Button, Place::Strip, label)
            .icon(icon)
            .act(action)
    };
    let deeds = [
        (
            "desk-approve",
            Icon::Tick,
            key::DESK_APPROVE,
            PanelAction::Approve,
        ),
        (
            "desk-deny",
            Icon::NotPerson,
            key::DESK_DENY,
            PanelAction::Deny,
        ),
        (
            "desk-old-card",
            Icon::Card,
            key::DESK_OLD_CARD,
            PanelAction::LayOldCard,
        ),
        (
            "desk-new-card",
            Icon::Badge,
            key::DESK_NEW_CARD,
            PanelAction::LayNewCard,
        ),
        (
            "desk-take-card",
            Icon::Hand,
            key::DESK_TAKE_CARD,
            PanelAction::TakeCard,
        ),
    ];
    let mut elements = vec![
        button(
            "desk-person",
            Icon::Person,
            person,
            Action::Panel(PanelAction::NextPerson),
        )
        .enabled(signs_in),
    ];
    elements.extend(deeds.map(|(id, icon, key, action)| {
        let does_something =
            signs_in || !matches!(action, PanelAction::Approve | PanelAction::Deny);
        button(id, icon, at.say(key), Action::Panel(action)).enabled(does_something)
    }));
    let faults = if at.context.panel == Some(Panel::Faults) {
        Action::Close
    } else {
        Action::Open(Panel::Faults)
    };
    elements.push(button(
        "desk-faults",
        Icon::Fault,
        at.say(key::DESK_FAULTS),
        faults,
    ));
    elements
}

/// The drawer with every fault of every virtual device.
pub(super) fn faults(at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![Element::title(at.say(key::DESK_FAULTS))];
    elements[0].id = "sheet-title".into();
    let devices = at.context.strip.map_or(&[][..], |strip| &strip.devices);
    for (device, faults) in devices.iter().enumerate() {
        let heading = Element::new(
            format!("device-{}", faults.name),
            Role::Text,
            Place::Choices,
            faults.name.to_owned(),
        );
        elements.push(heading);
        elements.extend(faults.faults.iter().enumerate().map(|(fault, known)| {
            let id = format!("fault-{}-{}", faults.name, known.name);
            Element::new(id, Role::Toggle, Place::Choices, known.name.to_owned())
                .chosen(known.raised)
                .act(Action::Panel(PanelAction::Toggle { device, fault }))
        }));
    }
    elements.push(
        Element::new("close", Role::Button, Place::Main, at.say(key::CLOSE))
            .icon(Icon::Tick)
            .act(Action::Close),
    );
    elements
}
