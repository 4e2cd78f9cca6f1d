//! What we conclude about the booth's parts, and whether it may serve: pure.

#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

/// A part of the booth that must work, or whose failure somebody must hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Camera,
    Printer,
    Reader,
    Identity,
    Portal,
    Store,
    Disk,
    Clock,
}

impl Part {
    pub const ALL: [Self; 8] = [
        Self::Camera,
        Self::Printer,
        Self::Reader,
        Self::Identity,
        Self::Portal,
        Self::Store,
        Self::Disk,
        Self::Clock,
    ];

    /// The part's stable name, used in texts (`reason-<part>-<fault>`), logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Printer => "printer",
            Self::Reader => "reader",
            Self::Identity => "identity",
            Self::Portal => "portal",
            Self::Store => "store",
            Self::Disk => "disk",
            Self::Clock => "clock",
        }
    }
}

/// Why a part cannot do its work, as a stable name in kebab case (`no-cards`, `not-found`): what the visitor is told
/// is the text `reason-<part>-<fault>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub part: Part,
    pub fault: String,
}

impl Reason {
    pub fn new(part: Part, fault: impl Into<String>) -> Self {
        Self {
            part,
            fault: fault.into(),
        }
    }

    /// The key of the sentence about it.
    pub fn key(&self) -> String {
        format!("reason-{}-{}", self.part.name(), self.fault)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part.name(), self.fault)
    }
}

/// What is known of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// Not asked yet, or the answer is still to come.
    #[default]
    Unknown,
    Ready,
    /// The site has none and needs none.
    Absent,
    Down(String),
}

/// What waits for the portal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub waiting: u64,
    pub parked: u64,
    pub oldest: Option<Duration>,
}

/// What is left to print with, as far as the printer tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Supplies {
    /// Cards that the ribbon is still good for.
    pub ribbon: Option<u32>,
    /// Cards printed by this printer in its life.
    pub printed: Option<u64>,
}

/// What staff must see to although the booth serves: it lasts until they have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attention {
    /// Stores that were found damaged and put aside, and lie beside the booth's; orders may be in them.
    pub set_aside: u64,
    /// Cards by which a printer's counter and the journal differ.
    pub unexplained: u64,
    /// An order has waited for the portal for longer than the site allows.
    pub overdue: bool,
}

/// The whole booth at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    pub camera: Condition,
    pub printer: Condition,
    pub reader: Condition,
    pub identity: Condition,
    pub portal: Condition,
    pub store: Condition,
    pub disk: Condition,
    pub clock: Condition,
    pub backlog: Backlog,
    pub supplies: Supplies,
    pub attention: Attention,
}

/// What the site can live without; from its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// With the printer down, an order may still be made and its card fetched later.
    pub fetch_later: bool,
    /// With the portal down, an order may still be made from the sign-in's claims, for review.
    pub without_portal: bool,
    /// Without the reader the old card is named by hand and the new one is not read back.
    pub without_reader: bool,
}

/// How far the booth can serve now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Card in hand.
    Print,
    /// Orders only; the card is fetched later.
    OrderOnly,
}

impl Health {
    pub fn of(&self, part: Part) -> &Condition {
        match part {
            Part::Camera => &self.camera,
            Part::Printer => &self.printer,
            Part::Reader => &self.reader,
            Part::Identity => &self.identity,
            Part::Portal => &self.portal,
            Part::Store => &self.store,
            Part::Disk => &self.disk,
            Part::Clock => &self.clock,
        }
    }

    pub fn set(&mut self, part: Part, condition: Condition) {
        *match part {
            Part::Camera => &mut self.camera,
            Part::Printer => &mut self.printer,
            Part::Reader => &mut self.reader,
            Part::Identity => &mut self.identity,
            Part::Portal => &mut self.portal,
            Part::Store => &mut self.store,
            Part::Disk => &mut self.disk,
            Part::Clock => &mut self.clock,
        } = condition;
    }

    /// Every part has answered, well or badly.
    pub fn is_known(&self) -> bool {
        Part::ALL
            .iter()
            .all(|part| *self.of(*part) != Condition::Unknown)
    }
}

/// May a session start? The only place that decides it: nobody signs in when nothing could come of it. A part that
/// has not answered yet counts as down with the fault `starting`.
pub fn readiness(health: &Health, needs: &Needs) -> Result<Service, Vec<Reason>> {
    let mut reasons = Vec::new();
    let mut service = Service::Print;
    for part in Part::ALL {
        let fault = match health.of(part) {
            Condition::Ready | Condition::Absent => continue,
            Condition::Unknown => "starting",
            Condition::Down(fault) => fault.as_str(),
        };
        match part {
            Part::Printer if needs.fetch_later && *health.of(part) != Condition::Unknown => {
                service = Service::OrderOnly
            }
            // orders for review: nobody says whether a card may be printed
            Part::Portal if needs.without_portal => service = Service::OrderOnly,
            Part::Reader if needs.without_reader => {}
            _ => reasons.push(Reason::new(part, fault)),
        }
    }
    if reasons.is_empty() {
        Ok(service)
    } else {
        Err(reasons)
    }
}
