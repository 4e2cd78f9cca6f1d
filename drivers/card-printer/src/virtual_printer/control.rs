//! What happens to a virtual printer from outside: faults, cables, cards that are taken out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use device::FaultInjection;

use super::{Books, PrintedCard, VirtualPrinter};
use crate::fault::Fault;
use crate::status::Counters;

/// Raises faults, pulls the cable, and takes the cards. Clones control the same printer.
#[derive(Debug, Clone)]
pub struct Control {
    printer: VirtualPrinter,
}

impl Control {
    pub(crate) fn new(printer: VirtualPrinter) -> Self {
        Self { printer }
    }

    /// The printer itself, for tests that put it behind another cable.
    pub fn printer(&self) -> &VirtualPrinter {
        &self.printer
    }

    /// Raises a fault when the printer has begun `movements` more movements (feed, each panel, turn, eject).
    pub fn raise_after(&self, movements: u32, fault: Fault) {
        self.printer
            .with(|machine| machine.chassis.trap = Some((movements, fault)));
    }

    /// Somebody opens the printer and takes the card out that is inside. It counts as rejected.
    pub fn take_out_card(&self) {
        self.printer.with(|machine| machine.chassis.take_out());
    }

    /// Pulls the cable.
    pub fn unplug(&self) {
        self.printer.with(super::Machine::pull);
    }

    /// Plugs the cable in again.
    pub fn replug(&self) {
        self.printer.with(|machine| {
            machine.plugged = true;
            machine.cut_in = None;
        });
    }

    /// Makes the driver's thread panic once, after this many more transfers.
    pub fn panic_after(&self, transfers: u64) {
        self.printer
            .with(|machine| machine.panic_in = Some(transfers));
    }

    /// Lets the printer take at most this many bytes at a time, and this long for them, until every fault is cleared.
    pub fn take_slowly(&self, bytes: usize, pause: Duration) {
        self.printer
            .with(|machine| machine.slow = Some((bytes.max(1), pause)));
    }

    /// Pulls the cable in the middle of a transfer, after `transfers` more whole ones.
    pub fn cut_after(&self, transfers: u64) {
        self.printer
            .with(|machine| machine.cut_in = Some(transfers));
    }

    /// How many transfers were made so far, of every kind.
    pub fn transfers(&self) -> u64 {
        self.printer.with(|machine| machine.transfers)
    }

    /// 1 = 20 s a card, 0 = at once.
    pub fn speed(&self, speed: f64) {
        self.printer
            .with(|machine| machine.chassis.speed = speed.clamp(0.0, 100.0));
    }

    /// How many cards have come out. The value changes with each card, so that one can wait for the next.
    pub fn cards_out(&self) -> watch::Receiver<u64> {
        self.printer.shared.cards_out.subscribe()
    }

    /// The oldest card that came out and was not taken yet. The last 16 are kept.
    pub fn take_card(&self) -> Option<PrintedCard> {
        self.printer.with(|machine| machine.chassis.out.pop_front())
    }

    /// Waits for a card.
    pub fn wait_for_card(&self, limit: Duration) -> Option<PrintedCard> {
        let deadline = Instant::now() + limit;
        loop {
            match self.take_card() {
                Some(card) => return Some(card),
                None if Instant::now() >= deadline => return None,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// The bytes of the newest job that made a card which was not taken yet.
    pub fn last_job(&self) -> Option<Arc<Vec<u8>>> {
        self.printer
            .with(|machine| machine.chassis.out.back().map(|card| card.job.clone()))
    }

    /// Where every card is.
    pub fn books(&self) -> Books {
        self.printer.with(|machine| machine.books())
    }

    /// The counters that the printer keeps itself.
    pub fn counters(&self) -> Counters {
        self.printer.with(|machine| {
            let chassis = &machine.chassis;
            Counters {
                cards: Some(chassis.cards),
                panels: Some(chassis.panels),
                cleanings: Some(chassis.cleanings),
                cards_since_cleaning: Some(chassis.since_cleaning),
                cards_between_cleanings: Some(chassis.between_cleanings),
            }
        })
    }

    /// Cards left in the hopper.
    pub fn cards_left(&self) -> u32 {
        self.printer.with(|machine| machine.chassis.hopper)
    }

    /// Prints left on the film.
    pub fn film_left(&self) -> u32 {
        self.printer.with(|machine| machine.chassis.film_left)
    }

    /// Why the printer refused what it was sent, the first time it did.
    pub fn refused(&self) -> Option<String> {
        self.printer.with(|machine| machine.front.refused())
    }
}

impl FaultInjection for Control {
    type Fault = Fault;

    /// Begins a fault, also in the middle of a card.
    fn raise(&self, fault: Fault) {
        if fault == Fault::Unplugged {
            return self.unplug();
        }
        self.printer.with(|machine| machine.chassis.raise(fault));
    }

    /// Repairs a fault: cards are filled in, the ribbon is changed, a tray is emptied, a jammed card is taken out.
    fn clear(&self, fault: &Fault) {
        if *fault == Fault::Unplugged {
            return self.replug();
        }
        self.printer.with(|machine| machine.chassis.clear(fault));
    }

    fn clear_all(&self) {
        for fault in self.faults() {
            self.clear(&fault);
        }
        self.printer.with(|machine| machine.slow = None);
        self.replug();
    }

    /// Everything that is wrong now, also what the printer does not report to its host.
    fn faults(&self) -> Vec<Fault> {
        self.printer.with(|machine| {
            let mut faults = machine.chassis.faults();
            if !machine.plugged {
                faults.push(Fault::Unplugged);
            }
            faults
        })
    }
}
