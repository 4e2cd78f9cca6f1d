//! The screens before a visit: starting, out of service, attract.

use super::{At, Element, Icon, Place, Role, Tone};
use common::health::{Reason, Service};
use session::Press;
use text::key;

pub(super) fn starting(at: &At<'_>) -> Vec<Element> {
    let wait = Element::new(
        "starting",
        Role::Progress,
        Place::Words,
        at.say(key::STARTING),
    );
    vec![
        Element::title(at.say(key::BOOTH_NAME)),
        wait.part(at.since().as_secs_f32() / at.context.rules.limits.starting.as_secs_f32()),
    ]
}

pub(super) fn out_of_service(reasons: &[Reason], at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::OUT_TITLE)),
        Element::image(at.say(key::OUT_PICTURE)),
    ];
    // The screen shows one sentence: the first reason is the most important one.
    if let Some(reason) = reasons.first() {
        elements.push(Element::text("reason", reason_sentence(reason, at)));
    }
    elements.push(Element::item(
        "instead",
        Icon::Desk,
        at.say(key::OUT_INSTEAD),
    ));
    let since = clock(at, at.session.entered);
    elements.push(Element::item(
        "since",
        Icon::Clock,
        at.with(key::OUT_SINCE, &[("time", since.into())]),
    ));
    elements
}

pub(super) fn attract(at: &At<'_>) -> Vec<Element> {
    let others = at.context.texts.codes().filter(|code| *code != at.t.code());
    let (titles, starts): (Vec<String>, Vec<String>) = others
        .map(|code| at.context.texts.of(code))
        .map(|t| (t.say(key::ATTRACT_TITLE), t.say(key::ATTRACT_START)))
        .unzip();
    let later = at.session.service(at.context.rules) == Ok(Service::OrderOnly);
    let card = if later {
        key::ATTRACT_CARD_LATER
    } else {
        key::ATTRACT_CARD
    };
    let picture = |id: &'static str, icon, key| {
        Element::new(id, Role::Image, Place::Picture, at.say(key)).icon(icon)
    };
    let mut elements = vec![
        Element::title(at.say(key::ATTRACT_TITLE))
            .note((!titles.is_empty()).then(|| titles.join(" · "))),
        picture("phone", Icon::Phone, key::ATTRACT_PHONE),
        picture("face", Icon::Face, key::ATTRACT_FACE),
        picture("card", Icon::Card, card),
        Element::item("time", Icon::Timer, at.say(key::ATTRACT_TIME)),
        Element::item("bring", Icon::Phone, at.say(key::ATTRACT_BRING)),
    ];
    if later {
        elements.push(Element::notice(
            "later",
            Tone::Warn,
            at.say(key::ATTRACT_LATER),
        ));
    }
    let start = Element::main(
        "start",
        Icon::Right,
        at.say(key::ATTRACT_START),
        Press::Start,
    );
    elements.push(start.note((!starts.is_empty()).then(|| starts.join(" · "))));
    elements
}

/// The sentence about a part that does not work. If the fault has no text, it is the text of the part.
pub(super) fn reason_sentence(reason: &Reason, at: &At<'_>) -> String {
    let part = format!("reason-{}", reason.part.name());
    at.t.named(&reason.key(), &[])
        .or_else(|| at.t.named(&part, &[]))
        .unwrap_or_else(|| at.say(key::REASON))
}

/// The wall clock's hour and minute at a past instant, in the booth's time zone.
pub(super) fn clock(at: &At<'_>, instant: std::time::Instant) -> String {
    let ago = at.context.now.instant.saturating_duration_since(instant);
    let wall = at
        .context
        .now
        .wall
        .checked_sub(ago)
        .unwrap_or(at.context.now.wall);
    let local = wall.to_zoned(jiff::tz::TimeZone::system());
    local.strftime("%H:%M").to_string()
}
