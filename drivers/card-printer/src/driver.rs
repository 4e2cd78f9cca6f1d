//! What every printer driver does for the supervisor, and how long it waits for what.

use std::time::Duration;

use crate::card::PrintJob;
use crate::fault::Fault;
use crate::model::Model;
use crate::status::{Counters, Evidence, PrintStep};
use crate::transport::LinkError;

/// How long the driver waits for what. `default()` is for real printers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// Between two looks at an idle printer; the vendor's own host polls every 2 s (capture).
    pub idle_poll: Duration,
    /// Between two looks at a printer that prints.
    pub job_poll: Duration,
    /// Between two attempts to find a printer.
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

/// What the control requests of the USB printer class may take after a job: seven, of five seconds each.
const CONTROL_REQUESTS: Duration = Duration::from_secs(35);

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
    /// When a job is given up, counted from the press. A fault may be mended meanwhile, and each wait has a limit of its own;
    /// this one holds for all of them together, also with a printer that takes a byte now and then.
    pub(crate) fn job_limit(&self) -> Duration {
        self.finish + self.mend
    }

    /// The longest time from the press to the evidence: the job itself, then taking it back from the printer and reading the
    /// printer's counters, each question of which may time out.
    #[must_use]
    pub fn print_limit(&self) -> Duration {
        // An Evolis that answers nothing after the job is asked 17 questions, with two waits each, and moves the card twice;
        // a Magicard is waited for until it listens. The spooler has 40 s to drop a job and is asked four times.
        let questions = 2 * 20 * self.reply;
        let moves = 2 * self.stall;
        self.job_limit() + questions + moves + self.begin + CONTROL_REQUESTS
    }

    /// For virtual printers and tests: short waits, so that every failure shows within a second.
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

/// Receives the progress of a job while it runs.
pub(crate) trait Watch {
    fn step(&mut self, step: PrintStep);
    fn fault(&mut self, fault: &Fault);
    fn report(&mut self, report: &Report);
}

/// A printer that has been found. Every call ends in bounded time.
pub(crate) trait Driver: Send {
    /// Called once after the link is open: clears what an older session left behind, and asks for the identity.
    fn greet(&mut self) -> Result<Identity, LinkError>;

    /// Reads the state. `deep` also reads counters and consumables, which takes longer.
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
    /// Out of the printer, to the person.
    Eject,
    /// Into the reject tray.
    Reject,
}

/// Makes a driver when there is a printer.
pub(crate) trait Finder: Send {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError>;

    /// Where it looks, in words for people.
    fn place(&self) -> String;
}
