//! The photograph: framing, countdown, capture, review.

use super::{At, Element, Icon, MOVES, Place, Role, Tone, seconds_up};
use common::order::PhotoCheck;
use session::{Adjust, Press, Shot, portrait::State};
use text::key;

pub(super) fn elements(state: &State, at: &At<'_>) -> Vec<Element> {
    match state {
        State::Framing {
            coaching, fault, ..
        } => framing(coaching.hint, coaching.ring, fault.as_deref(), at),
        State::CountingDown { .. } => counting_down(at),
        State::Capturing { .. } => capturing(at),
        State::Reviewing { shot, cutting, .. } => reviewing(shot, *cutting, at),
    }
}

/// The icon of a hint, chosen by the end of the hint's name.
fn hint_icon(hint: &str) -> Icon {
    let ways = [
        ("closer", Icon::Closer),
        ("back", Icon::Wider),
        ("left", Icon::Left),
        ("right", Icon::Right),
        ("up", Icon::Up),
        ("down", Icon::Down),
        ("light", Icon::Light),
    ];
    let way = ways.iter().find(|(end, _)| hint.ends_with(end));
    way.map_or(Icon::Info, |(_, icon)| *icon)
}

fn framing(hint: Option<&str>, ring: f32, fault: Option<&str>, at: &At<'_>) -> Vec<Element> {
    let hint_text = hint.map(|hint| {
        at.t.named(hint, &[])
            .unwrap_or_else(|| at.say(key::FRAMING_TITLE))
    });
    let (icon, title) = match (hint, hint_text) {
        (Some(hint), Some(text)) => (hint_icon(hint), text),
        _ => (Icon::Face, at.say(key::FRAMING_TITLE)),
    };
    let mut elements = vec![
        Element::title(title).icon(icon),
        Element::image(at.say(key::FRAMING_PICTURE)),
    ];
    let well = Element::new(
        "ring",
        Role::Progress,
        Place::Words,
        at.say(key::FRAMING_BY_ITSELF),
    );
    elements.push(well.part(ring).icon(Icon::Camera));
    match fault {
        Some(fault) => {
            let text = at.t.named(&format!("reason-camera-{fault}"), &[]);
            let text = text.unwrap_or_else(|| at.say(key::FRAMING_FAILED));
            elements.push(Element::notice("fault", Tone::Warn, text));
        }
        None => elements.push(Element::item("sit", Icon::Person, at.say(key::FRAMING_SIT))),
    }
    elements.push(Element::main(
        "shutter",
        Icon::Camera,
        at.say(key::FRAMING_SHUTTER),
        Press::Shutter,
    ));
    elements
}

fn counting_down(at: &At<'_>) -> Vec<Element> {
    let left = at.context.rules.limits.countdown.saturating_sub(at.since());
    let seconds = seconds_up(left).max(1);
    vec![
        Element::title(at.say(key::COUNTDOWN_TITLE)).icon(Icon::Up),
        Element::image(at.say(key::FRAMING_PICTURE)),
        Element::new("count", Role::Timer, Place::Picture, seconds.to_string()),
        Element::main("stop", Icon::Stop, at.say(key::COUNTDOWN_STOP), Press::Stop),
    ]
}

fn capturing(at: &At<'_>) -> Vec<Element> {
    vec![
        Element::title(at.say(key::CAPTURING_TITLE)),
        Element::image(at.say(key::FRAMING_PICTURE)),
    ]
}

fn reviewing(shot: &Shot, cutting: bool, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::REVIEW_TITLE)),
        Element::image(at.say(key::REVIEW_PICTURE)),
    ];
    elements.extend(findings(&shot.checks, at));
    elements.extend(MOVES.map(|(id, icon, by)| {
        let label = at.of(key::MOVE, id);
        let moved = moved(shot.adjust, by) != shot.adjust;
        Element::new(id, Role::Button, Place::Pad, label)
            .icon(icon)
            .enabled(moved)
            .press(Press::Move(by))
    }));
    let used = Element::main("use", Icon::Tick, at.say(key::REVIEW_USE), Press::Use);
    elements.push(used.enabled(!cutting));
    elements.push(Element::second(
        "retake",
        Icon::Again,
        at.say(key::REVIEW_RETAKE),
        Press::Retake,
    ));
    elements
}

fn moved(from: Adjust, by: Adjust) -> Adjust {
    let add = |a: i8, b: i8| (a + b).clamp(-Adjust::MOST, Adjust::MOST);
    Adjust {
        right: add(from.right, by.right),
        up: add(from.up, by.up),
        closer: add(from.closer, by.closer),
    }
}

/// The two failed checks with the lowest scores, each with advice for a better photograph; or that everything is fine.
fn findings(checks: &[PhotoCheck], at: &At<'_>) -> Vec<Element> {
    let mut poor: Vec<&PhotoCheck> = checks.iter().filter(|check| !check.ok).collect();
    if poor.is_empty() {
        return vec![Element::notice(
            "good",
            Tone::Good,
            at.say(key::REVIEW_GOOD),
        )];
    }
    poor.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut elements: Vec<Element> = poor
        .iter()
        .take(2)
        .filter_map(|check| {
            let text = at.t.named(check.hint?, &[])?;
            Some(Element::notice(
                format!("check-{}", check.check),
                Tone::Warn,
                text,
            ))
        })
        .collect();
    elements.push(Element::item(
        "anyway",
        Icon::Info,
        at.say(key::REVIEW_ANYWAY),
    ));
    elements
}
