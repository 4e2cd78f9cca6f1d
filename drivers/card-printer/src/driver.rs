//! What every printer driver can do for the supervisor, and the pace of it all.

use std::time::Duration;

use crate::card::PrintJob;
use crate::fault::Fault;
use crate::model::Model;
use crate::status::{Counters, Evidence, PrintStep};
use crate::transport::LinkError;

/// How long to wait for what. `default()` is for real printers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Between two looks at an idle printer; the vendor's own host polls every 2 s (capture).
    pub idle_poll: Duration,
    /// Between two looks at a printer that works.
    pub job_poll: Duration,
    /// Between two tries to find a printer.
    pub search: Duration,
    /// For the answer to a question: a reply took 22 to 50 ms (capture), the vendor's filter waits 2 s.
    pub reply: Duration,
    /// For one transfer of data, before the printer is looked at again.
    pub transfer: Duration,
    /// With no byte taken, after which the printer counts as not answering.
    pub stall: Duration,
    /// From the last byte until the printer must be seen working: it took 1.6 s (capture).
    pub begin: Duration,
    /// From the last byte until the card must be out: two sides at 20 s each and a cold head, several times over.
    pub finish: Duration,
    /// How long a fault may be mended while the same card waits at the head.
    pub mend: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle_poll: Duration::from_secs(2),
            job_poll: Duration::from_millis(500),
            search: Duration::from_secs(1),
            reply: Duration::from_secs(2),
            transfer: Duration::from_secs(2),
            stall: Duration::from_secs(30),
            begin: Duration::from_secs(15),
            finish: Duration::from_secs(180),
            mend: Duration::from_secs(180),
        }
    }
}

impl Timing {
    /// For virtual printers and tests: nothing waits longer than it must, and what fails, fails within a second.
    pub fn swift() -> Self {
        Self {
            idle_poll: Duration::from_millis(20),
            job_poll: Duration::from_millis(1),
            search: Duration::from_millis(20),
            reply: Duration::from_millis(250),
            transfer: Duration::from_millis(100),
            stall: Duration::from_millis(400),
            begin: Duration::from_millis(300),
            finish: Duration::from_secs(5),
            mend: Duration::from_millis(500),
        }
    }
}

/// What a printer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub name: Option<String>,
    pub model: Option<Model>,
    pub serial: Option<String>,
    pub firmware: Option<String>,
    pub raster: Option<(u32, u32)>,
}

/// How a printer is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub busy: bool,
    pub faults: Vec<Fault>,
    pub counters: Option<Counters>,
    pub ribbon_left: Option<u32>,
}

/// Hears of a job while it runs.
pub(crate) trait Watch {
    fn step(&mut self, step: PrintStep);
    fn fault(&mut self, fault: &Fault);
    fn report(&mut self, report: &Report);
}

/// A printer that has been found. Every call ends in bounded time.
pub(crate) trait Driver: Send {
    /// Called once after the link is open: clears what an older session left behind and asks who it is.
    fn greet(&mut self) -> Result<Identity, LinkError>;

    /// How it is. `deep` also reads counters and consumables, which takes longer.
    fn look(&mut self, deep: bool) -> Result<Report, LinkError>;

    /// Prints one card. A broken link is part of the evidence.
    fn print(&mut self, job: &PrintJob, watch: &mut dyn Watch) -> Evidence;

    /// Moves a card inside the printer; `Some` fault when it could not.
    fn move_card(&mut self, _to: CardMove) -> Result<Option<Fault>, LinkError> {
        Ok(Some(Fault::Other {
            code: "move".to_owned(),
            text: "This printer cannot move a card by itself.".to_owned(),
        }))
    }

    fn place(&self) -> String;
}

/// Where a card is to go, outside a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardMove {
    /// Feeds one, or brings the one inside, under the head.
    ToHead,
    /// To the station where a contactless chip is read and written, by a reader of its own.
    ToContactless,
    /// Out, to the person.
    Eject,
    /// Into the reject tray.
    Reject,
}

/// Makes a driver when there is a printer.
pub(crate) trait Finder: Send {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError>;

    /// Where it looks, for people.
    fn place(&self) -> String;
}
