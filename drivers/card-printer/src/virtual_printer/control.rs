//! The hand that does to a virtual printer what the world does to a real one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::{Books, PrintedCard, VirtualPrinter};
use crate::fault::Fault;
use crate::status::Counters;

/// Raises faults, pulls the cable, fetches the cards. Clones share the same printer.
#[derive(Debug, Clone)]
pub struct Control {
    printer: VirtualPrinter,
}

impl Control {
    pub(crate) fn new(printer: VirtualPrinter) -> Self {
        Self { printer }
    }

    /// The printer itself, for a bed that puts it behind another cable.
    pub fn printer(&self) -> &VirtualPrinter {
        &self.printer
    }

    /// From now on this is wrong, also in the midst of a card. Any fault of [`Fault::all`] can be raised.
    pub fn raise(&self, fault: Fault) {
        if fault == Fault::Unplugged {
            return self.unplug();
        }
        self.printer.with(|machine| machine.chassis.raise(fault));
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

    /// It is mended: cards filled in, film changed, tray emptied, jam taken out by hand.
    pub fn clear(&self, fault: &Fault) {
        if *fault == Fault::Unplugged {
            return self.replug();
        }
        self.printer.with(|machine| machine.chassis.clear(fault));
    }

    /// Mends everything.
    pub fn clear_all(&self) {
        for fault in self.faults() {
            self.clear(&fault);
        }
        self.replug();
    }

    /// Everything that is wrong now, also what the printer does not say to its host.
    pub fn faults(&self) -> Vec<Fault> {
        self.printer.with(|machine| {
            let mut faults = machine.chassis.faults();
            if !machine.plugged {
                faults.push(Fault::Unplugged);
            }
            faults
        })
    }

    pub fn unplug(&self) {
        self.printer.with(super::Machine::pull);
    }

    pub fn replug(&self) {
        self.printer.with(|machine| {
            machine.plugged = true;
            machine.cut_in = None;
        });
    }

    /// Pulls the cable in the midst of a transfer, after `transfers` more whole ones.
    pub fn cut_after(&self, transfers: u64) {
        self.printer
            .with(|machine| machine.cut_in = Some(transfers));
    }

    /// Transfers made so far, of every kind.
    pub fn transfers(&self) -> u64 {
        self.printer.with(|machine| machine.transfers)
    }

    /// 1 = 20 s a card, 0 = at once.
    pub fn speed(&self, speed: f64) {
        self.printer
            .with(|machine| machine.chassis.speed = speed.clamp(0.0, 100.0));
    }

    /// How many cards have come out; changes with each, for whoever waits.
    pub fn cards_out(&self) -> watch::Receiver<u64> {
        self.printer.shared.cards_out.subscribe()
    }

    /// The oldest card that came out and was not fetched yet. The last 16 wait.
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

    /// The bytes of the newest job that made a card which is not fetched yet.
    pub fn last_job(&self) -> Option<Arc<Vec<u8>>> {
        self.printer
            .with(|machine| machine.chassis.out.back().map(|card| card.job.clone()))
    }

    pub fn books(&self) -> Books {
        self.printer.with(|machine| machine.books())
    }

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
