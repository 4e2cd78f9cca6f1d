//! The state reasons that a spooler reports of its printer, as faults.
//!
//! Keywords of `printer-state-reasons`: RFC 8011, 5.4.12, and the IANA registry of IPP. The ending (`-error`, `-warning`,
//! `-report`) is ignored for the known ones: CUPS' own back ends say `door-open-report` and `media-empty-warning` of a
//! printer that stands still (`backend/snmp-supplies.c` of CUPS 2.4).

use crate::fault::Fault;

/// One keyword; `None` = nothing that matters to a card.
pub(crate) fn fault(reason: &str, message: &str) -> Option<Fault> {
    let (name, grave) = match reason.rsplit_once('-') {
        Some((name, "error")) => (name, true),
        Some((name, "warning" | "report")) => (name, false),
        _ => (reason, true),
    };
    Some(match name {
        "media-empty" | "media-needed" | "input-tray-missing" => Fault::NoCards,
        "marker-supply-low" | "toner-low" => Fault::RibbonLow,
        "marker-supply-empty" | "toner-empty" => Fault::RibbonOut,
        "marker-supply-missing" => Fault::RibbonMissing,
        "cover-open" | "door-open" | "interlock-open" => Fault::CoverOpen,
        "media-jam" => Fault::CardJam,
        "output-area-full" => Fault::HopperFull,
        "marker-waste-full" => Fault::RejectFull,
        "fuser-over-temp" => Fault::HeadTooHot,
        "cleaner-life-almost-over" => Fault::CleaningDue,
        "cleaner-life-over" => Fault::CleaningOverdue,
        // Gutenprint's back end says "offline" when no printer is on the bus.
        "offline" | "shutdown" => Fault::Unplugged,
        "timed-out" => Fault::NotAnswering,
        "paused" => Fault::Other {
            code: "paused".to_owned(),
            text: format!("Its queue is stopped: {}", spoken(message)),
        },
        "spool-area-full" => Fault::Other {
            code: "spool-area-full".to_owned(),
            text: "The disk that jobs wait on is full.".to_owned(),
        },
        // Nothing is wrong, or it is said of every job.
        "none"
        | "connecting-to-device"
        | "moving-to-paused"
        | "media-low"
        | "output-area-almost-full"
        | "marker-waste-almost-full" => return None,
        name if name.starts_with("cups-") => return cups(name),
        name if grave => Fault::Other {
            code: name.chars().take(60).collect(),
            text: spoken(message),
        },
        _ => return None,
    })
}

/// True for what is wrong with the queue itself, which the spooler keeps up to date; the rest is what a back end said last.
pub(super) fn is_of_the_queue(reason: &str) -> bool {
    ["paused", "spool-area-full", "cups-"]
        .iter()
        .any(|name| reason.starts_with(name))
}

/// Keywords that only CUPS uses.
fn cups(name: &str) -> Option<Fault> {
    matches!(name, "cups-missing-filter" | "cups-insecure-filter").then(|| Fault::Other {
        code: name.to_owned(),
        text: "A program of its driver is missing or may not be run.".to_owned(),
    })
}

/// Text of others, short enough for a screen.
pub(super) fn spoken(message: &str) -> String {
    let message: String = message
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect();
    if message.trim().is_empty() {
        "no reason is given.".to_owned()
    } else {
        message
    }
}
