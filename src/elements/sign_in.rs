//! Sign-in: from the code on the screen to "yes, that is me".

use super::{Action, At, Element, Icon, Place, Role, Tone, keyboard, seconds_up};
use common::{order::Holder, sign_in::Code};
use session::{
    Press,
    sign_in::{NotEligible, State, Typed, Typing, eligibility},
};
use text::key;

pub(super) fn elements(state: &State, at: &At<'_>) -> Vec<Element> {
    match state {
        State::ShowCode { approved: true, .. } => approved(at),
        State::ShowCode { code: None, .. } => code_coming(at),
        State::ShowCode {
            code: Some(code), ..
        } => show_code(code, at),
        State::NoPhone => no_phone(at),
        State::Typing(typing) => type_in(typing, at),
        State::AskIsThisYou {
            holder,
            chosen,
            resumed,
            ..
        } => ask(holder, *chosen, resumed.is_some(), at),
        State::NotEligible { why, .. } => not_eligible(*why, at),
    }
}

fn other_ways(at: &At<'_>) -> [Element; 2] {
    [
        Element::second(
            "new-code",
            Icon::Again,
            at.say(key::CODE_NEW),
            Press::NewCode,
        ),
        Element::second(
            "no-phone",
            Icon::Person,
            at.say(key::CODE_NO_PHONE),
            Press::NoPhone,
        ),
    ]
}

/// The code, its address, and how long it stays valid.
pub(super) fn code_lines(code: &Code, at: &At<'_>) -> [Element; 3] {
    let now = at.context.now.instant;
    let left = code.expires.saturating_duration_since(now);
    let life = code.expires.saturating_duration_since(code.shown);
    let seconds = seconds_up(left);
    let minutes = format!("{}:{:02}", seconds / 60, seconds % 60);
    let timer = Element::new(
        "left",
        Role::Timer,
        Place::Words,
        at.with(key::CODE_LEFT, &[("time", minutes.into())]),
    );
    let address = at.with(key::CODE_ADDRESS, &[("address", (&code.address).into())]);
    [
        Element::text("address", address),
        Element::display("code", code.user_code.expose().clone()).private(),
        timer.part(1.0 - left.as_secs_f32() / life.as_secs_f32().max(1.0)),
    ]
}

fn show_code(code: &Code, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::CODE_TITLE)),
        Element::image(at.say(key::CODE_PICTURE)),
        Element::item("step-1", Icon::Camera, at.say(key::CODE_STEP_1)),
        Element::item("step-2", Icon::SignIn, at.say(key::CODE_STEP_2)),
        Element::item("step-3", Icon::Undo, at.say(key::CODE_STEP_3)),
    ];
    elements.extend(code_lines(code, at));
    elements.extend(other_ways(at));
    elements
}

fn code_coming(at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::CODE_TITLE)),
        Element::image(at.say(key::CODE_COMING)),
    ];
    elements.extend(other_ways(at).map(|element| element.enabled(false)));
    elements
}

fn approved(at: &At<'_>) -> Vec<Element> {
    vec![
        Element::title(at.say(key::CODE_TITLE)),
        Element::image(at.say(key::CODE_APPROVED)),
        Element::notice("approved", Tone::Good, at.say(key::CODE_APPROVED)),
    ]
}

fn no_phone(at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::NO_PHONE_TITLE)),
        Element::image(at.say(key::STAFF_PICTURE)),
    ];
    let staff = if at.context.rules.staff {
        key::NO_PHONE_STAFF
    } else {
        key::NO_PHONE_DESK
    };
    elements.push(Element::item("staff", Icon::Desk, at.say(staff)));
    if at.context.rules.staff {
        elements.push(Element::second(
            "staff-here",
            Icon::Badge,
            at.say(key::NO_PHONE_STAFF_HERE),
            Press::Attendant,
        ));
    }
    if at.context.rules.password {
        elements.push(Element::main(
            "password",
            Icon::Key,
            at.say(key::NO_PHONE_PASSWORD),
            Press::NoPhone,
        ));
    }
    elements.push(Element::second(
        "back",
        Icon::Back,
        at.say(key::BACK),
        Press::Back,
    ));
    elements
}

fn type_in(typing: &Typing, at: &At<'_>) -> Vec<Element> {
    let field = |id: &'static str, key, shown: String, password: bool| {
        Element::new(id, Role::Field, Place::Words, at.say(key))
            .note(shown)
            .chosen(typing.in_password == password)
            .private()
            .press(Press::Typed(Typed::Field { password }))
    };
    let password = if typing.shown {
        typing.password.expose().clone()
    } else {
        "•".repeat(typing.password.chars().count())
    };
    let name = typing.name.expose().clone();
    let mut elements = vec![
        Element::title(at.say(key::TYPING_TITLE)),
        field("name", key::TYPING_NAME, name, false),
        field("password", key::TYPING_PASSWORD, password, true),
        show_password(typing.shown, at),
    ];
    if let Some(problem) = typing.problem {
        let text = at.of(key::NOT_ELIGIBLE, problem.name());
        elements.push(Element::notice("problem", Tone::Bad, text));
    }
    elements.extend(keyboard::elements(at));
    let ready = !typing.name.is_empty() && !typing.password.is_empty() && !typing.checking;
    let label = if typing.checking {
        key::TYPING_CHECKING
    } else {
        key::TYPING_DONE
    };
    let enter = Press::Typed(Typed::Enter);
    elements.push(Element::main("enter", Icon::SignIn, at.say(label), enter).enabled(ready));
    elements.push(Element::second(
        "back",
        Icon::Back,
        at.say(key::BACK),
        Press::Back,
    ));
    elements
}

fn show_password(shown: bool, at: &At<'_>) -> Element {
    let (icon, label) = if shown {
        (Icon::Hide, key::TYPING_HIDE)
    } else {
        (Icon::Show, key::TYPING_SHOW)
    };
    Element::new("show", Role::Toggle, Place::Words, at.say(label))
        .icon(icon)
        .chosen(shown)
        .act(Action::Press(Press::Typed(Typed::Show)))
}

fn ask(holder: &Holder, chosen: Option<usize>, resumed: bool, at: &At<'_>) -> Vec<Element> {
    let offered = eligibility(holder, at.context.rules).unwrap_or_default();
    let mut elements = vec![
        Element::title(at.say(key::YOU_TITLE)),
        Element::image(at.say(key::YOU_PICTURE)),
        Element::display("name", holder.display_name.expose().clone()).private(),
    ];
    if holder.for_review {
        elements.push(Element::notice(
            "review",
            Tone::Warn,
            at.say(key::YOU_REVIEW),
        ));
    }
    if resumed {
        let text = at.say(key::YOU_RESUMED);
        elements.push(Element::notice("resumed", Tone::Good, text));
    }
    match offered.as_slice() {
        [only] => {
            let kind = kind_name(&holder.kinds[*only].kind.0, at);
            let text = at.with(key::YOU_KIND, &[("kind", kind.into())]);
            elements.push(Element::item("kind", Icon::Card, text));
            elements.extend(replaces(holder, Some(*only), at));
        }
        several => {
            let text = at.say(key::YOU_CHOOSE);
            elements.push(Element::text("choose", text));
            elements.extend(replaces(holder, chosen, at));
            elements.extend(several.iter().map(|&index| {
                let kind = kind_name(&holder.kinds[index].kind.0, at);
                Element::new(format!("kind-{index}"), Role::Choice, Place::Choices, kind)
                    .chosen(chosen == Some(index))
                    .press(Press::Kind(index))
            }));
        }
    }
    let yes = Element::main("yes", Icon::Tick, at.say(key::YOU_YES), Press::Yes);
    elements.push(yes.enabled(chosen.is_some()));
    elements.push(Element::second(
        "not-me",
        Icon::NotPerson,
        at.say(key::YOU_NO),
        Press::NotMe,
    ));
    elements
}

/// Which card is replaced. It shows only the kind of card, because a card number does not belong on a public screen.
fn replaces(holder: &Holder, chosen: Option<usize>, at: &At<'_>) -> Option<Element> {
    let kind = &holder.kinds.get(chosen?)?.kind;
    let held = holder.cards.iter().find(|card| card.kind == *kind);
    let element = match held {
        Some(card) => {
            let kind = kind_name(&card.kind.0, at);
            let text = at.with(key::YOU_REPLACES, &[("kind", kind.into())]);
            Element::item("replaces", Icon::Undo, text)
        }
        // The portal could not be asked which cards the person has.
        None if holder.for_review => return None,
        None => Element::item("replaces", Icon::Info, at.say(key::YOU_FIRST)),
    };
    Some(element)
}

/// The site's name for a kind of card.
pub(super) fn kind_name(kind: &str, at: &At<'_>) -> String {
    at.t.named(&format!("kind-{kind}"), &[])
        .unwrap_or_else(|| kind.to_owned())
}

fn not_eligible(why: NotEligible, at: &At<'_>) -> Vec<Element> {
    let name = why.name();
    vec![
        Element::title(at.say(key::NOT_ELIGIBLE_TITLE)),
        Element::image(at.say(key::STAFF_PICTURE)),
        Element::text("why", at.of(key::NOT_ELIGIBLE, name)),
        Element::item("do", Icon::Right, at.of(key::NOT_ELIGIBLE_DO, name)),
        Element::main("done", Icon::Tick, at.say(key::END), Press::Done),
    ]
}
