//! The attendant's screen: sign-in by phone or PIN, readiness, open decisions, camera, supplies, a visitor's session.

use super::{
    At, Balance, Element, Exposure, Icon, Measured, Place, Role, Tone, attract, keyboard, sign_in,
};
use common::{
    health::{Condition, Part, Reason},
    order::Outcome,
    sign_in::{Code, Failure, Refusal},
};
use session::{
    Press,
    attendant::{Assist, Page, Press as Staff, State, Step, Way, Why},
    sign_in::NotEligible,
};
use text::key;

pub(super) fn elements(state: &State, at: &At<'_>) -> Vec<Element> {
    match &state.step {
        Step::SigningIn {
            way: Way::Phone { code },
            problem,
            ..
        } => by_phone(code.as_ref(), *problem, at),
        Step::SigningIn {
            way: Way::Pin,
            pin,
            checking,
            problem,
        } => by_pin(pin.len(), *checking, *problem, at),
        Step::Panel {
            page: Page::Assist,
            assist,
            ..
        } => assist_page(assist, at),
        Step::Panel { page, .. } => panel(state, *page, at),
    }
}

/// Why the attendant is not signed in.
fn refusal(problem: Refusal, at: &At<'_>) -> Element {
    let text = match problem {
        Refusal::Wrong => at.say(key::PIN_WRONG),
        Refusal::Locked => at.say(key::PIN_LOCKED),
        Refusal::NoPin => at.say(key::PIN_NONE),
        Refusal::NotStaff => at.say(key::STAFF_NOT_STAFF),
        Refusal::Phone(failure) => at.of(key::NOT_ELIGIBLE, failure.name()),
    };
    Element::notice("problem", Tone::Bad, text)
}

fn by_phone(code: Option<&Code>, problem: Option<Refusal>, at: &At<'_>) -> Vec<Element> {
    let picture = match (code, problem) {
        (Some(_), _) => key::CODE_PICTURE,
        (None, None) => key::CODE_COMING,
        (None, Some(_)) => key::STAFF_PICTURE,
    };
    let mut elements = vec![
        Element::title(at.say(key::PIN_TITLE)),
        Element::image(at.say(picture)),
        Element::text("how", at.say(key::STAFF_PHONE_HOW)),
    ];
    elements.extend(
        code.into_iter()
            .flat_map(|code| sign_in::code_lines(code, at)),
    );
    elements.extend(problem.map(|problem| refusal(problem, at)));
    let second =
        |id, icon, label, press| Element::second(id, icon, at.say(label), Press::Staff(press));
    elements.push(
        second("new-code", Icon::Again, key::CODE_NEW, Staff::NewCode)
            .enabled(code.is_some() || problem.is_some()),
    );
    if at.context.rules.attendant.pin {
        elements.push(second(
            "by-pin",
            Icon::Key,
            key::STAFF_BY_PIN,
            Staff::OtherWay,
        ));
    }
    elements
}

fn by_pin(typed: usize, checking: bool, problem: Option<Refusal>, at: &At<'_>) -> Vec<Element> {
    let field = Element::new("pin", Role::Field, Place::Words, at.say(key::PIN))
        .note("•".repeat(typed))
        .chosen(true)
        .private();
    let mut elements = vec![Element::title(at.say(key::PIN_TITLE)), field];
    elements.extend(problem.map(|problem| refusal(problem, at)));
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
    if at.context.rules.attendant.phone {
        let press = Press::Staff(Staff::OtherWay);
        elements.push(Element::second(
            "by-phone",
            Icon::Phone,
            at.say(key::STAFF_BY_PHONE),
            press,
        ));
    }
    elements
}

/// First the reason for the session and that proof of identity was seen, then for whom the session is.
fn assist_page(assist: &Assist, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![Element::title(at.say(key::PAGE_ASSIST))];
    if assist.is_warranted() {
        elements.extend(whom(assist, at));
    } else {
        elements.push(Element::text("how", at.say(key::ASSIST_HOW)));
        elements.extend(Why::ALL.map(|why| {
            let (id, label) = (
                format!("why-{}", why.name()),
                at.of(key::ASSIST_WHY, why.name()),
            );
            Element::new(id, Role::Choice, Place::Choices, label)
                .chosen(assist.why == Some(why))
                .press(Press::Staff(Staff::Why(why)))
        }));
        let seen = at.say(key::ASSIST_ID_SEEN);
        elements.push(
            Element::new("id-seen", Role::Toggle, Place::Choices, seen)
                .chosen(assist.id_seen)
                .press(Press::Staff(Staff::IdSeen)),
        );
    }
    let back = Press::Staff(Staff::Page(Page::Readiness));
    elements.push(Element::second(
        "pages",
        Icon::Back,
        at.say(key::BACK),
        back,
    ));
    elements
}

fn whom(assist: &Assist, at: &At<'_>) -> Vec<Element> {
    let subject = at.say(key::ASSIST_SUBJECT);
    let mut elements = vec![
        Element::new("subject", Role::Field, Place::Words, subject)
            .note(assist.subject.expose().clone())
            .chosen(true)
            .private(),
    ];
    if let Some(problem) = assist.problem {
        let text = match problem {
            NotEligible::Failed(Failure::Unknown) => at.say(key::ASSIST_UNKNOWN),
            problem => at.of(key::NOT_ELIGIBLE, problem.name()),
        };
        elements.push(Element::notice("problem", Tone::Bad, text));
    }
    elements.extend(keyboard::elements(at));
    let label = if assist.looking {
        key::TYPING_CHECKING
    } else {
        key::ASSIST_SERVE
    };
    let serve = Press::Staff(Staff::Serve);
    elements.push(
        Element::main("serve", Icon::SignIn, at.say(label), serve)
            .enabled(assist.is_complete() && !assist.looking),
    );
    elements
}

fn panel(state: &State, page: Page, at: &At<'_>) -> Vec<Element> {
    let title = match page {
        Page::Readiness => key::PAGE_READINESS,
        Page::Decision => key::PAGE_DECISION,
        Page::Camera => key::PAGE_CAMERA,
        Page::Supplies => key::PAGE_SUPPLIES,
        Page::Assist => key::PAGE_ASSIST,
    };
    let mut elements = vec![Element::title(at.say(title))];
    match page {
        Page::Readiness => elements.extend(Part::ALL.map(|part| part_line(part, at))),
        Page::Decision => elements.extend(decision(state, at)),
        Page::Camera => {
            elements.push(Element::image(at.say(key::CAMERA_PICTURE)));
            elements.push(Element::text("camera-how", at.say(key::CAMERA_HOW)));
            elements.extend(at.context.measured.iter().flat_map(|m| measured(m, at)));
        }
        Page::Supplies => elements.extend(supplies(at)),
        // This page is a screen of its own.
        Page::Assist => {}
    }
    elements.extend(pages(state, page, at));
    elements
}

fn measured(measured: &Measured, at: &At<'_>) -> [Element; 3] {
    let value = |key, value: u32| at.with(key, &[("value", value.to_string().into())]);
    let (exposure, tone) = match measured.exposure {
        Exposure::Good => (key::CAMERA_GOOD, Tone::Good),
        Exposure::TooDark => (key::CAMERA_TOO_DARK, Tone::Warn),
        Exposure::TooBright => (key::CAMERA_TOO_BRIGHT, Tone::Warn),
    };
    let (white, white_tone) = match measured.balance {
        Balance::Neutral => (key::CAMERA_NEUTRAL, Tone::Good),
        Balance::Warm => (key::CAMERA_WARM, Tone::Warn),
        Balance::Cold => (key::CAMERA_COLD, Tone::Warn),
        Balance::Green => (key::CAMERA_GREEN, Tone::Warn),
        Balance::Magenta => (key::CAMERA_MAGENTA, Tone::Warn),
    };
    [
        // The value depends on what the camera sees, so no limit says whether it is good: staff look for the highest.
        Element::text(
            "sharpness",
            value(key::CAMERA_SHARPNESS, measured.sharpness),
        ),
        Element::text("exposure", value(exposure, measured.brightness)).tone(tone),
        Element::text("white", at.say(white)).tone(white_tone),
    ]
}

fn pages(state: &State, now: Page, at: &At<'_>) -> Vec<Element> {
    let open = state.open_question().is_some();
    let shown = Page::ALL
        .into_iter()
        .filter(|page| *page != Page::Assist || at.context.rules.staff);
    shown
        .map(|page| {
            let (id, icon, label) = match page {
                Page::Readiness => ("page-readiness", Icon::List, key::PAGE_READINESS),
                Page::Decision => ("page-decision", Icon::Card, key::PAGE_DECISION),
                Page::Camera => ("page-camera", Icon::Camera, key::PAGE_CAMERA),
                Page::Supplies => ("page-supplies", Icon::Supplies, key::PAGE_SUPPLIES),
                Page::Assist => ("page-assist", Icon::Person, key::PAGE_ASSIST),
            };
            Element::new(id, Role::Choice, Place::Choices, at.say(label))
                .icon(icon)
                .tone(if open && page == Page::Decision {
                    Tone::Warn
                } else {
                    Tone::Plain
                })
                .chosen(page == now)
                .enabled(page != Page::Assist || state.may_assist())
                .press(Press::Staff(Staff::Page(page)))
        })
        .collect()
}

fn part_line(part: Part, at: &At<'_>) -> Element {
    let name = at.of(key::PART, part.name());
    let (icon, tone, note) = match at.session.health.of(part) {
        Condition::Ready => match attention(part, at) {
            Some(what) => (Icon::Warning, Tone::Warn, what),
            None => (Icon::Good, Tone::Good, at.say(key::PART_READY)),
        },
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

/// The sentence about what staff must take care of at a part that works.
fn attention(part: Part, at: &At<'_>) -> Option<String> {
    let attention = &at.session.health.attention;
    match part {
        Part::Store if attention.set_aside > 0 => Some(at.say(key::ATTENTION_SET_ASIDE)),
        Part::Printer if attention.unexplained > 0 => {
            let cards = attention.unexplained;
            Some(at.with(key::ATTENTION_BOOKS, &[("cards", cards.into())]))
        }
        Part::Portal if attention.overdue => Some(at.say(key::ATTENTION_OVERDUE)),
        _ => None,
    }
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
