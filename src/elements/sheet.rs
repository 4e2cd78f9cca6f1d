//! Sheets over the screen: help, ease of use, "are you still there?".

use super::{Action, At, Element, Icon, Panel, Place, Role, ScreenName, seconds_up, test_panel};
use session::{AskedFor, Press};
use text::key;

/// Which sheet lies over the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sheet {
    StillThere,
    Help,
    EaseOfUse,
    Languages,
    WrongName,
    Faults,
}

impl Sheet {
    pub const ALL: [Self; 6] = [
        Self::StillThere,
        Self::Help,
        Self::EaseOfUse,
        Self::Languages,
        Self::WrongName,
        Self::Faults,
    ];
}

/// The open sheet. "Are you still there?" comes first, because it has a deadline; then what the visitor opened.
pub(super) fn elements(at: &At<'_>) -> Option<(Sheet, Vec<Element>)> {
    if at.session.asking.is_some() {
        return Some((Sheet::StillThere, still_there(at)));
    }
    match at.context.panel {
        Some(Panel::EaseOfUse) => Some((Sheet::EaseOfUse, ease_of_use(at))),
        Some(Panel::Languages) => Some((Sheet::Languages, languages(at))),
        Some(Panel::WrongName) => Some((Sheet::WrongName, wrong_name(at))),
        Some(Panel::Faults) => Some((Sheet::Faults, test_panel::faults(at))),
        None if at.session.helping => Some((Sheet::Help, help(at))),
        None => None,
    }
}

fn still_there(at: &At<'_>) -> Vec<Element> {
    let Some(asking) = at.session.asking else {
        return Vec::new();
    };
    let left = asking
        .until
        .saturating_duration_since(at.context.now.instant);
    let seconds = seconds_up(left);
    let why = match asking.why {
        AskedFor::Idle => key::STILL_IDLE,
        AskedFor::Absolute => key::STILL_LONG,
    };
    let answer = at.context.rules.limits.answer.as_secs_f32().max(1.0);
    let timer = Element::new(
        "sheet-left",
        Role::Timer,
        Place::Words,
        at.with(key::STILL_LEFT, &[("seconds", seconds.into())]),
    );
    let mut elements = vec![
        sheet_title(at.say(key::STILL_TITLE)),
        Element::text("sheet-why", at.say(why)),
        timer.part(1.0 - left.as_secs_f32() / answer),
        Element::main(
            "still-yes",
            Icon::Tick,
            at.say(key::STILL_YES),
            Press::StillHere,
        ),
    ];
    if at.session.may_cancel() {
        let end = Element::second(
            "still-end",
            Icon::Close,
            at.say(key::STILL_END),
            Press::Cancel,
        );
        elements.push(end);
    }
    elements
}

fn sheet_title(label: String) -> Element {
    let mut title = Element::title(label);
    title.id = "sheet-title".into();
    title
}

fn close(at: &At<'_>, action: Action) -> Element {
    Element::new("close", Role::Button, Place::Main, at.say(key::CLOSE))
        .icon(Icon::Tick)
        .act(action)
}

fn help(at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![sheet_title(at.say(key::HELP_TITLE))];
    let name = help_name(ScreenName::of(&at.session.state));
    if let Some(text) = at.t.named(&format!("{}-{name}", key::HELP_HERE.name), &[]) {
        elements.push(Element::text("help-here", text));
    }
    elements.push(Element::item(
        "help-where",
        Icon::Desk,
        at.say(key::HELP_WHERE),
    ));
    elements.push(Element::item(
        "help-hours",
        Icon::Clock,
        at.say(key::HELP_HOURS),
    ));
    elements.push(Element::item(
        "help-call",
        Icon::Phone,
        at.say(key::HELP_CALL),
    ));
    elements.push(close(at, Action::Press(Press::Help)));
    elements
}

/// The part of the visit, which chooses the text on the help sheet.
pub(super) fn help_name(screen: ScreenName) -> &'static str {
    match screen {
        ScreenName::ShowCode | ScreenName::NoPhone | ScreenName::Typing => "sign-in",
        ScreenName::AskIsThisYou | ScreenName::NotEligible => "you",
        ScreenName::Consent => "consent",
        ScreenName::OldCard => "old-card",
        ScreenName::Framing
        | ScreenName::CountingDown
        | ScreenName::Capturing
        | ScreenName::Reviewing => "photo",
        ScreenName::ShowingCard
        | ScreenName::Printing
        | ScreenName::ReadingBack
        | ScreenName::Collecting
        | ScreenName::FetchLater
        | ScreenName::NeedsAttendant => "card",
        ScreenName::Starting
        | ScreenName::OutOfService
        | ScreenName::Attract
        | ScreenName::AttendantSignIn
        | ScreenName::Attendant
        | ScreenName::Assist
        | ScreenName::AssistWhom => "start",
    }
}

fn ease_of_use(at: &At<'_>) -> Vec<Element> {
    let now = &at.session.preferences;
    let toggle = |id, icon, key, on: bool, press| {
        Element::new(id, Role::Toggle, Place::Choices, at.say(key))
            .icon(icon)
            .chosen(on)
            .press(press)
    };
    let mut elements = vec![
        sheet_title(at.say(key::EASE_TITLE)),
        toggle(
            "large",
            Icon::LargeText,
            key::EASE_LARGE,
            now.large_text,
            Press::LargeText,
        ),
        toggle(
            "contrast",
            Icon::Contrast,
            key::EASE_CONTRAST,
            now.high_contrast,
            Press::HighContrast,
        ),
    ];
    if at.context.can_speak {
        elements.push(toggle(
            "speech",
            Icon::Speech,
            key::EASE_SPEECH,
            now.speech,
            Press::Speech,
        ));
    }
    elements.push(toggle(
        "low",
        Icon::LowControls,
        key::EASE_LOW,
        now.low_controls,
        Press::LowControls,
    ));
    elements.push(toggle(
        "calm",
        Icon::Calm,
        key::EASE_CALM,
        now.calm,
        Press::Calm,
    ));
    elements.push(close(at, Action::Close));
    elements
}

fn languages(at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![sheet_title(at.say(key::LANGUAGES))];
    elements.extend(at.context.texts.codes().map(|code| {
        let name = at.context.texts.of(code).say(key::LANGUAGE_NAME);
        Element::new(
            format!("language-{code}"),
            Role::Choice,
            Place::Choices,
            name,
        )
        .chosen(code == at.t.code())
        .press(Press::Language(code.to_owned()))
    }));
    elements.push(close(at, Action::Close));
    elements
}

fn wrong_name(at: &At<'_>) -> Vec<Element> {
    vec![
        sheet_title(at.say(key::NAME_TITLE)),
        Element::text("name-why", at.say(key::NAME_WHY)),
        Element::item("name-desk", Icon::Desk, at.say(key::NAME_DESK)),
        Element::item("name-hours", Icon::Clock, at.say(key::HELP_HOURS)),
        close(at, Action::Close),
    ]
}
