//! What is on every screen: the steps of the visit, the tools, the footer, test mode's banner.

use super::{Action, At, Element, Icon, Panel, Place, Role};
use session::{Press, State, attendant::Press as Staff};
use text::key;

pub(super) fn elements(at: &At<'_>) -> Vec<Element> {
    let mut elements = steps(at);
    elements.extend(tools(at));
    elements.extend(footer(at));
    if at.context.strip.is_some() {
        let banner = at.say(key::TEST_BANNER);
        let banner = Element::new("banner", Role::Notice, Place::Banner, banner);
        elements.push(banner.icon(Icon::TestMode));
    }
    elements
}

/// The steps of the visit: 1 sign-in, 2 photo, 3 card; none while there is no visit.
fn steps(at: &At<'_>) -> Vec<Element> {
    let now = match &at.session.state {
        State::SignIn(_) | State::Consent(_) | State::OldCard(_) => 1,
        State::Portrait(_) => 2,
        State::Issue(_) => 3,
        State::Starting | State::OutOfService(_) | State::Attract | State::Attendant(_) => {
            return Vec::new();
        }
    };
    let steps = [
        (1, "steps-sign-in", key::STEP_SIGN_IN),
        (2, "steps-photo", key::STEP_PHOTO),
        (3, "steps-card", key::STEP_CARD),
    ];
    steps
        .into_iter()
        .map(|(number, id, key)| {
            let step = Element::new(id, Role::Step, Place::Steps, at.say(key));
            let step = step.chosen(number == now);
            // A step that is done has a tick instead of its number.
            let step = if number < now {
                step.icon(Icon::Tick)
            } else {
                step
            };
            step.note(number.to_string())
        })
        .collect()
}

fn tools(at: &At<'_>) -> Vec<Element> {
    let tool = |id, icon, label, action| {
        Element::new(id, Role::Button, Place::Tools, label)
            .icon(icon)
            .act(action)
    };
    let mut tools = Vec::new();
    let mut others = at.context.texts.codes().filter(|code| *code != at.t.code());
    match (others.next(), others.next()) {
        (Some(other), None) => {
            let name = at.context.texts.of(other).say(key::LANGUAGE_NAME);
            let press = Action::Press(Press::Language(other.to_owned()));
            tools.push(tool("language", Icon::Language, name, press));
        }
        (Some(_), Some(_)) => {
            let open = Action::Open(Panel::Languages);
            tools.push(tool(
                "language",
                Icon::Language,
                at.say(key::LANGUAGES),
                open,
            ));
        }
        (None, _) => {}
    }
    let ease = Action::Open(Panel::EaseOfUse);
    tools.push(tool("ease", Icon::EaseOfUse, at.say(key::EASE), ease));
    tools.push(tool(
        "help",
        Icon::Help,
        at.say(key::HELP),
        Action::Press(Press::Help),
    ));
    if at.session.may_cancel() {
        let cancel = Action::Press(Press::Cancel);
        tools.push(tool("cancel", Icon::Close, at.say(key::CANCEL), cancel));
    }
    if matches!(at.session.state, State::Attendant(_)) {
        let leave = Action::Press(Press::Staff(Staff::Leave));
        tools.push(tool(
            "cancel",
            Icon::Leave,
            at.say(key::ATTENDANT_LEAVE),
            leave,
        ));
    }
    tools
}

fn footer(at: &At<'_>) -> Vec<Element> {
    let site = at.context.site;
    let name = at.with(key::FOOTER, &[("place", (&site.place).into())]);
    let mut booth = Element::new("booth", Role::Button, Place::Footer, name);
    if !matches!(at.session.state, State::Starting | State::Attendant(_)) {
        booth = booth.press(Press::Attendant);
        booth.hold = true;
    }
    let institution = Element::new(
        "institution",
        Role::Text,
        Place::Footer,
        site.institution.clone(),
    );
    vec![booth, institution]
}
