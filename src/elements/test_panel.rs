//! Test mode's strip. It stands in for what a visitor would bring (a phone that approves the sign-in, cards for the
//! reader), and opens the drawer of faults that can be injected.

use super::{Action, At, Element, Icon, Panel, Place, Role};
use text::key;

/// What the strip shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strip {
    /// The displayed names of the people who can sign in.
    pub people: Vec<String>,
    /// The index in `people` of the person who signs in next.
    pub person: usize,
    pub devices: Vec<Device>,
}

/// A virtual device and the faults that can be injected into it.
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

/// What the buttons of the test panel do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PanelAction {
    /// Chooses the next person of [`Strip::people`] for the sign-in.
    NextPerson,
    Approve,
    Deny,
    LayOldCard,
    LayNewCard,
    TakeCard,
    /// Raises a fault or clears it. The numbers are indexes in [`Strip::devices`] and [`Device::faults`].
    Toggle {
        device: usize,
        fault: usize,
    },
}

pub(super) fn elements(at: &At<'_>) -> Vec<Element> {
    let Some(strip) = at.context.strip else {
        return Vec::new();
    };
    // If the site's own identity provider is used, test mode has no people, and sign-in needs a real phone.
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

/// The drawer with all faults of all virtual devices.
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
