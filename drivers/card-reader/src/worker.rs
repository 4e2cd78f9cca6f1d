//! Finds a reader, uses it, and finds it again after a fault.

use std::sync::Arc;
use std::time::{Duration, Instant};

use device::{Crash, Fault as _, Next, Wanted, Worker, publish};
use tokio::sync::watch;

use crate::pn532::{LOOK_LIMIT, Pn532};
use crate::presence::Presence;
use crate::selector::Candidate;
use crate::transport::{SerialLine, open_port, ports};
use crate::{Card, CardReader, Error, Fault, Phase, Reader, Selector, Status};

/// How often the driver looks for cards: a person who lays a card waits a quarter of a second at most.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// How often a reader in standby is asked whether it still answers.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How often a port that does not exist, or may not be opened, is tried.
const SEARCH_EVERY: Duration = Duration::from_millis(500);

/// How often a device that answered wrongly or not at all is spoken to again: it may belong to somebody else.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// The longest time from laying a card on a reader that was ready until the card shows, or the status has a fault: a look
/// that has just missed the card, the pause after it, and the look that finds the card.
pub(crate) const CARD_LIMIT: Duration =
    Duration::from_millis((2 * LOOK_LIMIT.as_millis() + POLL_EVERY.as_millis()) as u64);

/// What the handle wants of the thread.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) standby: bool,
}

/// The thread's side of a reader.
pub(crate) struct ReaderWorker {
    selector: Selector,
    wanted: Arc<Wanted<Wish>>,
    status: watch::Sender<Status>,
    cards: watch::Sender<Option<Card>>,
    /// Whether a reader was found before: when it cannot be found now, it has been unplugged.
    was_found: bool,
}

type Connected = (Pn532<SerialLine>, String);

impl Worker for ReaderWorker {
    fn run(&mut self) -> Next {
        let ended = self
            .find()
            .and_then(|(reader, port)| self.attend(reader, port));
        let Err(error) = ended else { return Next::Done };
        self.report(&error);
        Next::Retry(match error.fault {
            Fault::NotAnswering | Fault::WrongDevice => ASK_EVERY,
            Fault::NotFound
            | Fault::NoPermission
            | Fault::Busy
            | Fault::Unplugged
            | Fault::Crashed => SEARCH_EVERY,
        })
    }

    fn crashed(&mut self, crash: &Crash) {
        self.report(&Error::new(Fault::Crashed, &crash.message));
    }
}

impl ReaderWorker {
    pub(crate) fn new(
        selector: Selector,
        wanted: Arc<Wanted<Wish>>,
        status: watch::Sender<Status>,
        cards: watch::Sender<Option<Card>>,
    ) -> ReaderWorker {
        ReaderWorker {
            selector,
            wanted,
            status,
            cards,
            was_found: false,
        }
    }

    /// Tries every port that fits until a reader answers. Of several failures the one nearest to a working
    /// reader is returned.
    fn find(&mut self) -> Result<Connected, Error> {
        let candidates = match &self.selector {
            Selector::Virtual(control) => {
                control.panic_if_asked();
                vec![Candidate {
                    path: control.port()?,
                    expected: true,
                }]
            }
            Selector::Serial(_) => self.selector.candidates(&[]),
            Selector::Any | Selector::Usb { .. } => self.selector.candidates(&ports()),
        };
        let mut nearest = Error::new(
            Fault::NotFound,
            format!("no serial port fits {}", self.selector),
        );
        for Candidate { path, expected } in candidates {
            if self.wanted.is_closed() {
                break;
            }
            match open_port(&path).and_then(Pn532::open) {
                Ok(reader) => return Ok((reader, path)),
                Err(error) => {
                    tracing::debug!(port = path, %error, "no reader");
                    if expected && nearness(error.fault) >= nearness(nearest.fault) {
                        nearest = error;
                    }
                }
            }
        }
        Err(nearest)
    }

    /// Uses the reader until it fails, or until the handle is dropped.
    fn attend(&mut self, mut reader: Pn532<SerialLine>, port: String) -> Result<(), Error> {
        tracing::info!(port, firmware = %reader.firmware(), "card reader ready");
        let known = Reader {
            port,
            firmware: reader.firmware(),
        };
        self.status.send_modify(|status| {
            status.counters.reopened += u64::from(self.was_found);
            status.fault = None;
            status.reader = Some(known);
        });
        self.was_found = true;
        let mut presence = Presence::default();
        let retries_before = self.status.borrow().counters.retries;
        loop {
            if let Selector::Virtual(control) = &self.selector {
                control.panic_if_asked();
            }
            let wanted = self.wanted.read();
            if wanted.closed {
                reader.rest();
                return Ok(());
            }
            let begun = Instant::now();
            if wanted.value.standby {
                presence.clear();
                self.show(&presence, Phase::Standby);
                reader.check()?;
            } else {
                presence.saw(reader.cards()?);
                self.show(&presence, Phase::Reading);
            }
            let retries = retries_before + reader.retries();
            // Counters alone are no reason to wake those who wait for a change.
            self.status.send_if_modified(|status| {
                status.counters.polls += u64::from(!wanted.value.standby);
                status.counters.retries = retries;
                false
            });
            let pause = if wanted.value.standby {
                CHECK_EVERY
            } else {
                self.pace()
            };
            self.wanted
                .wait(&wanted, pause.saturating_sub(begun.elapsed()));
        }
    }

    fn pace(&self) -> Duration {
        match &self.selector {
            Selector::Virtual(control) => control.pace().unwrap_or(POLL_EVERY),
            _ => POLL_EVERY,
        }
    }

    fn show(&self, presence: &Presence, phase: Phase) {
        publish(&self.cards, |card| *card = presence.card().cloned());
        publish(&self.status, |status| {
            (status.phase, status.cards) = (phase, presence.count());
        });
    }

    /// Publishes that there is no reader, and why.
    fn report(&self, error: &Error) {
        let fault = match error.fault {
            Fault::NotFound if self.was_found => Fault::Unplugged,
            fault => fault,
        };
        self.show(&Presence::default(), Phase::Searching);
        if publish(&self.status, |status| status.fault = Some(fault)) {
            tracing::warn!(
                fault = fault.name(),
                detail = error.detail,
                "no card reader"
            );
        }
    }
}

/// How near a failure is to a working reader: with several ports the nearest one says most about what to do.
const fn nearness(fault: Fault) -> u8 {
    match fault {
        Fault::NotFound => 0,
        Fault::WrongDevice => 1,
        Fault::NotAnswering => 2,
        Fault::Unplugged => 3,
        Fault::Busy => 4,
        Fault::NoPermission => 5,
        Fault::Crashed => 6,
    }
}
