//! The attendant's screen: sign-in by PIN, readiness, open questions, camera, supplies.

use super::{At, Element, Icon, Place, Role, Tone, attract};
use crate::{
    health::{Condition, Part, Reason},
    order::Outcome,
    session::{
        Press,
        attendant::{Page, Press as Staff, Refusal, State, Step},
    },
    text::key,
};

pub(super) fn elements(state: &State, at: &At<'_>) -> Vec<Element> {
    match &state.step {
        Step::SigningIn {
            pin,
            checking,
            problem,
        } => signing_in(pin.len(), *checking, *problem, at),
        Step::Panel { page, .. } => panel(state, *page, at),
    }
}

fn signing_in(typed: usize, checking: bool, problem: Option<Refusal>, at: &At<'_>) -> Vec<Element> {
    let field = Element::new("pin", Role::Field, Place::Words, at.say(key::PIN))
        .note("•".repeat(typed))
        .chosen(true)
        .private();
    let mut elements = vec![Element::title(at.say(key::PIN_TITLE)), field];
    if let Some(problem) = problem {
        let text = match problem {
            Refusal::Wrong => key::PIN_WRONG,
            Refusal::Locked => key::PIN_LOCKED,
            Refusal::NoPin => key::PIN_NONE,
        };
        elements.push(Element::notice("problem", Tone::Bad, at.say(text)));
    }
    let pad = |id: String, label: String, press| {
        Element::new(id, Role::Key, Place::Pad, label)
            .private()
            .enabled(!checking)
            .press(Press::Staff(press))
    };
    let digits = "123456789".chars();
    elements.extend(digits.map(|d| pad(format!("key-{d}"), d.to_string(), Staff::Digit(d))));
    let back = at.say(key::KEYBOARD_BACKSPACE);
    elements.push(pad("key-backspace".to_owned(), back, Staff::Backspace).icon(Icon::Backspace));
    elements.push(pad("key-0".to_owned(), "0".to_owned(), Staff::Digit('0')));
    let enter = Press::Staff(Staff::Enter);
    let enter = Element::main("enter", Icon::SignIn, at.say(key::PIN_ENTER), enter);
    elements.push(enter.enabled(typed > 0 && !checking));
    elements
}

fn panel(state: &State, page: Page, at: &At<'_>) -> Vec<Element> {
    let title = match page {
        Page::Readiness => key::PAGE_READINESS,
        Page::Decision => key::PAGE_DECISION,
        Page::Camera => key::PAGE_CAMERA,
        Page::Supplies => key::PAGE_SUPPLIES,
    };
    let mut elements = vec![Element::title(at.say(title))];
    match page {
        Page::Readiness => elements.extend(Part::ALL.map(|part| part_line(part, at))),
        Page::Decision => elements.extend(decision(state, at)),
        Page::Camera => {
            elements.push(Element::image(at.say(key::CAMERA_PICTURE)));
            elements.push(Element::text("camera-how", at.say(key::CAMERA_HOW)));
        }
        Page::Supplies => elements.extend(supplies(at)),
    }
    elements.extend(pages(state, page, at));
    elements
}

fn pages(state: &State, now: Page, at: &At<'_>) -> Vec<Element> {
    let open = state.open_question().is_some();
    Page::ALL
        .map(|page| {
            let (id, icon, label) = match page {
                Page::Readiness => ("page-readiness", Icon::List, key::PAGE_READINESS),
                Page::Decision => ("page-decision", Icon::Card, key::PAGE_DECISION),
                Page::Camera => ("page-camera", Icon::Camera, key::PAGE_CAMERA),
                Page::Supplies => ("page-supplies", Icon::Supplies, key::PAGE_SUPPLIES),
            };
            Element::new(id, Role::Choice, Place::Choices, at.say(label))
                .icon(icon)
                .tone(if open && page == Page::Decision {
                    Tone::Warn
                } else {
                    Tone::Plain
                })
                .chosen(page == now)
                .press(Press::Staff(Staff::Page(page)))
        })
        .to_vec()
}

fn part_line(part: Part, at: &At<'_>) -> Element {
    let name = at.of(key::PART, part.name());
    let (icon, tone, note) = match at.session.health.of(part) {
        Condition::Ready => (Icon::Good, Tone::Good, at.say(key::PART_READY)),
        Condition::Absent => (Icon::Info, Tone::Quiet, at.say(key::PART_ABSENT)),
        Condition::Unknown => (Icon::Clock, Tone::Warn, at.say(key::PART_UNKNOWN)),
        Condition::Down(fault) => {
            let reason = attract::reason_sentence(&Reason::new(part, fault), at);
            (Icon::Bad, Tone::Bad, reason)
        }
    };
    Element::item(format!("part-{}", part.name()), icon, name)
        .tone(tone)
        .note(note)
}

fn decision(state: &State, at: &At<'_>) -> Vec<Element> {
    let Some(open) = state.open_question() else {
        return vec![Element::notice(
            "none",
            Tone::Good,
            at.say(key::DECIDE_NONE),
        )];
    };
    let mut elements = vec![
        Element::text("decide-how", at.say(key::DECIDE_HOW)),
        Element::display("order", open.order.short()),
    ];
    let outcomes = [
        ("printed", Icon::Good, key::DECIDE_PRINTED, Outcome::Printed),
        (
            "not-printed",
            Icon::Bad,
            key::DECIDE_NOT_PRINTED,
            Outcome::NotPrinted,
        ),
        ("void", Icon::Broken, key::DECIDE_VOID, Outcome::Void),
    ];
    elements.extend(outcomes.map(|(id, icon, label, outcome)| {
        Element::new(id, Role::Button, Place::Pad, at.say(label))
            .icon(icon)
            .press(Press::Staff(Staff::Decide(outcome)))
    }));
    elements
}

fn supplies(at: &At<'_>) -> Vec<Element> {
    let health = &at.session.health;
    let unknown = || at.say(key::SUPPLY_UNKNOWN);
    let number = |n: u64| n.to_string();
    let ribbon = health.supplies.ribbon;
    let oldest = health.backlog.oldest.map(|age| {
        let minutes = age.as_secs() / 60;
        at.with(key::SUPPLY_MINUTES, &[("minutes", minutes.into())])
    });
    let rows = [
        (
            "ribbon",
            Icon::Supplies,
            key::SUPPLY_RIBBON,
            ribbon.map(|n| number(n.into())),
        ),
        (
            "printed",
            Icon::Printer,
            key::SUPPLY_PRINTED,
            health.supplies.printed.map(number),
        ),
        (
            "waiting",
            Icon::Upload,
            key::SUPPLY_WAITING,
            Some(number(health.backlog.waiting)),
        ),
        (
            "oldest",
            Icon::Clock,
            key::SUPPLY_OLDEST,
            oldest.or_else(|| Some("–".to_owned())),
        ),
        (
            "parked",
            Icon::Warning,
            key::SUPPLY_PARKED,
            Some(number(health.backlog.parked)),
        ),
    ];
    rows.map(|(id, icon, label, value)| {
        Element::item(id, icon, at.say(label)).note(value.unwrap_or_else(unknown))
    })
    .to_vec()
}
