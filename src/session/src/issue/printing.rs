//! The printer works on the card.

use std::time::Duration;

use super::{Job, State, needs_attendant, not_printed, reading_back};
use crate::{Effect, Event, Moment, State as Visit, Transition, outcome::outcome};
use common::{
    audit,
    order::{Evidence, Outcome},
};

#[derive(Debug)]
pub struct Printing {
    pub job: Job,
    pub step: PrintStep,
    /// What the printer waits for a person to do; by the fault's name.
    pub paused: Option<String>,
}

/// A step of the printer, as the printer itself reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintStep {
    /// The step's stable name: `sending`, `feeding`, `yellow`, `red`, `blue`, `black`, `overcoat`, `ejecting`.
    pub name: String,
    pub done: u32,
    pub of: u32,
    /// How long the printer will need still, as far as it is known.
    pub remaining: Option<Duration>,
}

pub(super) fn step(
    mut printing: Printing,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::PrintStepped(fresh) => printing.step = fresh,
        Event::PrintPaused(fault) => printing.paused = fault,
        Event::PrintEnded(evidence) => return ended(printing.job, evidence, at, effects),
        // The driver bounds every wait of its own. This limit is for a driver that does not keep its bounds.
        Event::Ticked if at.since >= at.rules.limits.printing => {
            let evidence = Evidence {
                plane_byte_accepted: true,
                ..Evidence::default()
            };
            return ended(printing.job, evidence, at, effects);
        }
        _ => {}
    }
    Transition::Stay(Visit::Issue(State::Printing(printing)))
}

/// The attempt is over: its outcome goes to disk first, then the visit goes on accordingly.
fn ended(job: Job, evidence: Evidence, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Transition {
    let outcome = outcome(&evidence);
    let (order, serial) = (job.order, job.serial);
    let fault = evidence.fault.as_ref().map(|fault| fault.name.clone());
    effects.push(Effect::KeepOutcome {
        order,
        serial,
        outcome,
        evidence: Box::new(evidence),
    });
    effects.push(Effect::Audit(audit::Event::CardEnded { order, outcome }));
    match outcome {
        Outcome::Printed => reading_back::begin(job, at, effects),
        Outcome::NotPrinted => not_printed::begin(job, fault, effects),
        Outcome::Unknown | Outcome::Void => needs_attendant::begin(job, effects),
    }
}
