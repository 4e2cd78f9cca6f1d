//! The state of the booth's parts, and the pure function that decides from it whether a session may start.

#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

/// A part of the booth that must work, or whose failure staff must learn of.
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
    /// Every part.
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

/// Why a part does not work, as a stable name in kebab case (`no-cards`, `not-found`). The visitor is shown the text
/// `reason-<part>-<fault>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub part: Part,
    pub fault: String,
}

impl Reason {
    /// The fault of a part.
    pub fn new(part: Part, fault: impl Into<String>) -> Self {
        Self {
            part,
            fault: fault.into(),
        }
    }

    /// The key of the text about it.
    pub fn key(&self) -> String {
        format!("reason-{}-{}", self.part.name(), self.fault)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part.name(), self.fault)
    }
}

/// The condition of one part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// The part has not answered yet.
    #[default]
    Unknown,
    Ready,
    /// The site does not have this part and does not need it.
    Absent,
    /// The part does not work; with the fault's name.
    Down(String),
}

/// What waits for the portal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub waiting: u64,
    pub parked: u64,
    pub oldest: Option<Duration>,
}

/// What is left to print with, as far as the printer reports it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Supplies {
    /// How many cards the ribbon is enough for.
    pub ribbon: Option<u32>,
    /// How many cards this printer has printed.
    pub printed: Option<u64>,
}

/// What staff must take care of although the booth serves. It stays until they have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attention {
    /// How many quarantined stores lie beside the booth's store. Orders may be in them.
    pub set_aside: u64,
    /// The number of cards by which a printer's counter and the journal differ.
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

/// Which parts the site can do without, by its configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// With the printer down, an order may still be made and its card fetched later.
    pub fetch_later: bool,
    /// With the portal down, an order may still be made from the sign-in's claims, for review.
    pub without_portal: bool,
    /// Without the reader the old card's number is typed and the new card is not read back.
    pub without_reader: bool,
}

/// Which service the booth can offer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The card is printed at once.
    Print,
    /// Orders are taken, and the card is fetched later.
    OrderOnly,
}

impl Health {
    /// The condition of a part.
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

    /// Sets the condition of a part.
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

    /// Whether every part has answered.
    pub fn is_known(&self) -> bool {
        Part::ALL
            .iter()
            .all(|part| *self.of(*part) != Condition::Unknown)
    }
}

/// Decides whether a session may start. It is the only place that does, so that no person signs in without a chance of a
/// card. A part that has not answered yet counts as down with the fault `starting`.
///
/// # Errors
/// The reasons why the booth cannot serve.
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
            // Without the portal it is not known whether a card may be printed, so the order is for review.
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
