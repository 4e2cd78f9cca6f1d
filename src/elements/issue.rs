//! The card: it is shown, printed, read back and collected; or it is fetched later, or an attendant has to decide.

use super::{Action, At, Element, Icon, Panel, Place, Role, Tone, attract, seconds_up};
use common::{
    health::{Condition, Part, Reason, Service},
    order::{Disposition, Function, OrderId},
};
use session::{
    Draft, Press,
    issue::{self, FetchLater, Job, NeedsAttendant, NotPrinted, PrintStep, Problem, State, Why},
};
use text::key;

pub(super) fn elements(state: &State, at: &At<'_>) -> Vec<Element> {
    match state {
        State::ShowingCard(issue::ShowingCard {
            draft,
            rendered,
            committing,
            problem,
        }) => showing_card(draft, rendered.is_some(), *committing, *problem, at),
        State::Printing(issue::Printing { step, paused, .. }) => {
            printing(step, paused.as_deref(), at)
        }
        State::ReadingBack(issue::ReadingBack {
            uid,
            code,
            old_card_laid,
            ..
        }) => reading_back(uid.is_some(), *code, *old_card_laid, at),
        State::Collecting { job } => collecting(job, at),
        State::FetchLater(later) => match later.order {
            Some(order) => fetch_later_done(later, &order.short(), at),
            None => fetch_later(later, at),
        },
        State::NotPrinted(state) => not_printed(state, at),
        State::NeedsAttendant(open) => needs_attendant(open, at),
    }
}

fn service(draft: &Draft, at: &At<'_>) -> Option<Service> {
    issue::service(draft, at.context.rules, &at.session.health)
}

fn problem_notice(problem: Option<Problem>, at: &At<'_>) -> Option<Element> {
    let key = match problem? {
        Problem::Render => key::CARD_NOT_DRAWN,
        Problem::Store => key::CARD_NOT_STORED,
    };
    Some(Element::notice("problem", Tone::Bad, at.say(key)))
}

fn showing_card(
    draft: &Draft,
    drawn: bool,
    committing: bool,
    problem: Option<Problem>,
    at: &At<'_>,
) -> Vec<Element> {
    let service = service(draft, at);
    let here = service != Some(Service::OrderOnly);
    let picture = if drawn {
        key::CARD_PICTURE
    } else {
        key::CARD_DRAWING
    };
    let (what, icon, go) = match (here, committing) {
        (_, true) => (key::CARD_LOOK, Icon::Card, key::CARD_STORING),
        (true, false) => (key::CARD_LOOK, Icon::Printer, key::CARD_PRINT),
        (false, false) => (key::CARD_LATER, Icon::Place, key::CARD_ORDER),
    };
    let mut elements = vec![
        Element::title(at.say(key::CARD_TITLE)),
        Element::image(at.say(picture)),
        Element::text("look", at.say(what)),
    ];
    elements.extend(problem_notice(problem, at));
    if service.is_none() {
        // Neither the site nor the portal names a place where the card could be fetched.
        if let Condition::Down(fault) = &at.session.health.printer {
            let reason = attract::reason_sentence(&Reason::new(Part::Printer, fault), at);
            elements.push(Element::notice("why", Tone::Warn, reason));
        }
        elements.push(Element::item("desk", Icon::Desk, at.say(key::STAFF_DESK)));
    }
    let print = Element::main("print", icon, at.say(go), Press::Print);
    elements.push(print.enabled(drawn && !committing && service.is_some()));
    let retake = Element::second(
        "retake",
        Icon::Again,
        at.say(key::REVIEW_RETAKE),
        Press::Retake,
    );
    elements.push(retake.enabled(!committing));
    let name = Element::new(
        "wrong-name",
        Role::Button,
        Place::Second,
        at.say(key::CARD_WRONG_NAME),
    );
    elements.push(
        name.icon(Icon::Person)
            .enabled(!committing)
            .act(Action::Open(Panel::WrongName)),
    );
    elements
}

fn printing(step: &PrintStep, paused: Option<&str>, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::PRINT_TITLE)),
        Element::image(at.say(key::PRINT_PICTURE)),
    ];
    let name = if step.name.is_empty() {
        at.say(key::STEP)
    } else {
        at.of(key::STEP, &step.name)
    };
    let part = step.done as f32 / step.of.max(1) as f32;
    let progress = Element::new("progress", Role::Progress, Place::Words, name).part(part);
    let left = step.remaining.filter(|_| paused.is_none()).map(|left| {
        let seconds = seconds_up(left);
        at.with(key::PRINT_LEFT, &[("seconds", seconds.into())])
    });
    elements.push(progress.note(left));
    match paused {
        Some(fault) => {
            let reason = attract::reason_sentence(&Reason::new(Part::Printer, fault), at);
            elements.push(Element::notice("paused", Tone::Warn, reason));
            elements.push(Element::item("desk", Icon::Desk, at.say(key::PRINT_PAUSED)));
        }
        None => {
            elements.push(Element::item(
                "old",
                Icon::Card,
                at.say(key::PRINT_OLD_CARD),
            ));
            elements.push(Element::item("stay", Icon::Hand, at.say(key::PRINT_STAY)));
        }
    }
    elements
}

fn reading_back(chip_read: bool, code_read: bool, old_card: bool, at: &At<'_>) -> Vec<Element> {
    let rules = at.context.rules.read_back;
    let chip = rules.chip && at.session.health.reader == Condition::Ready;
    let code = rules.code && at.session.health.camera == Condition::Ready;
    let done = (chip_read || !chip) && (code_read || !code);
    let title = match (chip && !chip_read, code && !code_read) {
        (true, _) => key::BACK_CHIP_TITLE,
        (false, true) => key::BACK_CODE_TITLE,
        (false, false) => key::BACK_DONE_TITLE,
    };
    let mut elements = vec![
        Element::title(at.say(title)),
        Element::image(at.say(if chip && !chip_read {
            key::BACK_CHIP_PICTURE
        } else {
            key::BACK_CODE_PICTURE
        })),
    ];
    let row = |id: &'static str, icon, key, read: bool| {
        let row = Element::item(id, if read { Icon::Good } else { icon }, at.say(key));
        row.tone(if read { Tone::Good } else { Tone::Plain })
            .chosen(read)
    };
    if chip {
        elements.push(row("chip", Icon::Chip, key::BACK_CHIP, chip_read));
    }
    if code {
        elements.push(row("code", Icon::Code, key::BACK_CODE, code_read));
    }
    if old_card {
        elements.push(Element::notice(
            "old-card",
            Tone::Warn,
            at.say(key::BACK_OLD_CARD),
        ));
    }
    if !done {
        let may_skip = at.since() >= at.context.rules.limits.skip;
        let skip = Element::second("skip", Icon::Next, at.say(key::BACK_SKIP), Press::Skip);
        elements.push(skip.enabled(may_skip));
    }
    elements
}

fn collecting(job: &Job, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::DONE_TITLE)),
        Element::image(at.say(key::DONE_PICTURE)),
    ];
    let functions = &job.draft.card().functions;
    let works = [
        (Function::Access, "door", Icon::Door, key::DONE_DOOR),
        (Function::Print, "print", Icon::Printer, key::DONE_PRINT),
        (
            Function::Library,
            "library",
            Icon::Library,
            key::DONE_LIBRARY,
        ),
    ];
    let works = works.into_iter().filter(|work| functions.contains(&work.0));
    elements.extend(works.map(|(_, id, icon, key)| Element::item(id, icon, at.say(key))));
    let handed_in = job.draft.replaces.as_ref();
    if handed_in.is_some_and(|card| card.disposition == Disposition::HandedIn) {
        elements.push(Element::item("old", Icon::Card, at.say(key::DONE_OLD_CARD)));
    }
    elements.push(Element::item("pin", Icon::Key, at.say(key::DONE_PIN)));
    elements.push(order_code(&job.order.short(), at));
    elements.push(Element::main(
        "done",
        Icon::Tick,
        at.say(key::DONE),
        Press::Done,
    ));
    elements
}

fn order_code(short: &str, at: &At<'_>) -> Element {
    Element::text("order", at.with(key::ORDER_CODE, &[("code", short.into())])).tone(Tone::Quiet)
}

fn fetch_later(later: &FetchLater, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::LATER_TITLE)),
        Element::image(at.say(key::LATER_PICTURE)),
        Element::text("how", at.say(key::LATER_HOW)),
    ];
    elements.extend(problem_notice(later.problem, at));
    let places = later.draft.holder.pickup_places.iter().enumerate();
    elements.extend(places.map(|(index, place)| {
        Element::new(
            format!("place-{index}"),
            Role::Choice,
            Place::Choices,
            place.name.clone(),
        )
        .note((!place.hours.is_empty()).then(|| place.hours.clone()))
        .chosen(later.place == Some(index))
        .enabled(!later.committing)
        .press(Press::Place(index))
    }));
    let label = if later.committing {
        key::CARD_STORING
    } else {
        key::CARD_ORDER
    };
    let confirm = Element::main("confirm", Icon::Tick, at.say(label), Press::Confirm);
    elements.push(confirm.enabled(later.place.is_some() && !later.committing));
    elements
}

fn fetch_later_done(later: &FetchLater, short: &str, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::LATER_DONE_TITLE)),
        Element::image(at.say(key::LATER_PICTURE)),
    ];
    let places = &later.draft.holder.pickup_places;
    if let Some(place) = later.place.and_then(|index| places.get(index)) {
        let text = at.with(key::LATER_WHERE, &[("place", (&place.name).into())]);
        elements.push(Element::item("where", Icon::Place, text));
        if !place.hours.is_empty() {
            elements.push(Element::item("hours", Icon::Clock, place.hours.clone()));
        }
    }
    elements.push(Element::item("bring", Icon::Card, at.say(key::LATER_BRING)));
    elements.push(Element::item("mail", Icon::Mail, at.say(key::LATER_MAIL)));
    elements.push(order_code(short, at));
    elements.push(Element::main(
        "done",
        Icon::Tick,
        at.say(key::DONE),
        Press::Done,
    ));
    elements
}

fn needs_attendant(open: &NeedsAttendant, at: &At<'_>) -> Vec<Element> {
    let (title, show) = match open.why {
        Why::Unknown => (key::STAFF_UNKNOWN_TITLE, key::STAFF_UNKNOWN),
        Why::AfterRestart => (key::STAFF_RESTART_TITLE, key::STAFF_RESTART),
    };
    let mut elements = vec![
        Element::title(at.say(title)),
        Element::image(at.say(key::BACK_CODE_PICTURE)),
        Element::text("show", at.say(show)),
    ];
    elements.extend(desk_and_order(open.order, at));
    elements
}

/// Where to get help, and the order's short code, which staff ask for.
fn desk_and_order(order: OrderId, at: &At<'_>) -> [Element; 3] {
    [
        Element::item("desk", Icon::Desk, at.say(key::STAFF_DESK)),
        Element::text("order-label", at.say(key::STAFF_ORDER)),
        Element::display("order", order.short()),
    ]
}

fn not_printed(state: &NotPrinted, at: &At<'_>) -> Vec<Element> {
    let mut elements = vec![
        Element::title(at.say(key::STAFF_NOT_PRINTED_TITLE)),
        Element::image(at.say(key::STAFF_PICTURE)),
    ];
    if let Some(fault) = &state.fault {
        let reason = attract::reason_sentence(&Reason::new(Part::Printer, fault), at);
        elements.push(Element::notice("why", Tone::Warn, reason));
    }
    elements.push(Element::text("safe", at.say(key::STAFF_NOT_PRINTED)));
    elements.extend(problem_notice(state.problem, at));
    elements.extend(desk_and_order(state.job.order, at));
    let ready = at.session.health.printer == Condition::Ready;
    let again = Element::main(
        "again",
        Icon::Printer,
        at.say(key::STAFF_AGAIN),
        Press::PrintAgain,
    );
    elements.push(again.enabled(ready && !state.committing));
    if issue::may_fetch_later(&state.job.draft, at.context.rules) {
        let later = Element::second(
            "later",
            Icon::Place,
            at.say(key::STAFF_LATER),
            Press::FetchLater,
        );
        elements.push(later.enabled(!state.committing));
    }
    let end = Element::second("done", Icon::Leave, at.say(key::END), Press::Done);
    elements.push(end.enabled(!state.committing));
    elements
}
