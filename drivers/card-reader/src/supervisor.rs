//! The thread that finds a reader, uses it, and finds it again.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::pn532::Pn532;
use crate::presence::Presence;
use crate::selector::Candidate;
use crate::transport::{SerialTransport, ports};
use crate::{Card, CardReader, Error, Fault, Phase, Reader, Selector, Status};

/// How often cards are looked for: a person who lays a card waits a quarter of a second at most.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// How often a reader in standby is asked whether it is there.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// How often a port that is not there, or may not be opened, is tried.
const SEARCH_EVERY: Duration = Duration::from_millis(500);

/// How often a device that answered wrongly or not at all is spoken to again: it may be somebody else's.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// What the handle asks of the thread.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy)]
struct Wanted {
    closed: bool,
    standby: bool,
}

impl Orders {
    pub(crate) fn close(&self) {
        self.change(|wanted| wanted.closed = true);
    }

    pub(crate) fn set_standby(&self, on: bool) {
        self.change(|wanted| wanted.standby = on);
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn now(&self) -> Wanted {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `until`, or until an order differs from `known`.
    fn wait(&self, known: Wanted, until: Instant) {
        let left = until.saturating_duration_since(Instant::now());
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let same =
            |wanted: &mut Wanted| (wanted.closed, wanted.standby) == (known.closed, known.standby);
        drop(
            self.changed
                .wait_timeout_while(wanted, left, same)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }
}

pub(crate) struct Supervisor {
    selector: Selector,
    orders: Arc<Orders>,
    status: watch::Sender<Status>,
    cards: watch::Sender<Option<Card>>,
    /// A reader was there before: when it cannot be found, it has been unplugged.
    met: bool,
}

type Connected = (Pn532<SerialTransport>, String);

impl Supervisor {
    pub(crate) fn new(
        selector: Selector,
        orders: Arc<Orders>,
        status: watch::Sender<Status>,
        cards: watch::Sender<Option<Card>>,
    ) -> Supervisor {
        Supervisor {
            selector,
            orders,
            status,
            cards,
            met: false,
        }
    }

    pub(crate) fn run(mut self) {
        loop {
            let wanted = self.orders.now();
            if wanted.closed {
                return;
            }
            let error = match self.find() {
                Ok((reader, port)) => match self.attend(reader, port) {
                    Ok(()) => return,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            self.report(&error);
            let pause = match error.fault {
                Fault::NotAnswering | Fault::WrongDevice => ASK_EVERY,
                Fault::NotFound | Fault::NoPermission | Fault::Busy | Fault::Unplugged => {
                    SEARCH_EVERY
                }
            };
            self.orders.wait(wanted, Instant::now() + pause);
        }
    }

    /// Tries every port that fits until a reader answers. Of several failures the one nearest to a reader is told.
    fn find(&mut self) -> Result<Connected, Error> {
        let candidates = match &self.selector {
            Selector::Virtual(control) => {
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
            if self.orders.now().closed {
                break;
            }
            match SerialTransport::open(&path).and_then(Pn532::open) {
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
    fn attend(&mut self, mut reader: Pn532<SerialTransport>, port: String) -> Result<(), Error> {
        tracing::info!(port, firmware = %reader.firmware(), "card reader ready");
        let known = Reader {
            port,
            firmware: reader.firmware(),
        };
        self.status.send_modify(|status| {
            status.counters.reopened += u64::from(self.met);
            status.fault = None;
            status.reader = Some(known);
        });
        self.met = true;
        let mut presence = Presence::default();
        let retries_before = self.status.borrow().counters.retries;
        loop {
            let wanted = self.orders.now();
            if wanted.closed {
                reader.rest();
                return Ok(());
            }
            let begun = Instant::now();
            if wanted.standby {
                presence.clear();
                self.tell(&presence, Phase::Standby);
                reader.check()?;
            } else {
                presence.saw(reader.cards()?);
                self.tell(&presence, Phase::Reading);
            }
            let retries = retries_before + reader.retries();
            // counters alone are nothing to wake anybody for
            self.status.send_if_modified(|status| {
                status.counters.polls += u64::from(!wanted.standby);
                status.counters.retries = retries;
                false
            });
            let pause = if wanted.standby {
                CHECK_EVERY
            } else {
                self.pace()
            };
            self.orders.wait(wanted, begun + pause);
        }
    }

    fn pace(&self) -> Duration {
        match &self.selector {
            Selector::Virtual(control) => control.pace().unwrap_or(POLL_EVERY),
            _ => POLL_EVERY,
        }
    }

    fn tell(&self, presence: &Presence, phase: Phase) {
        self.cards.send_if_modified(|told| {
            let changed = told.as_ref() != presence.card();
            if changed {
                *told = presence.card().cloned();
            }
            changed
        });
        self.status.send_if_modified(|status| {
            let changed = (status.phase, status.cards) != (phase, presence.count());
            (status.phase, status.cards) = (phase, presence.count());
            changed
        });
    }

    /// No reader: no card, and a fault.
    fn report(&self, error: &Error) {
        let fault = match error.fault {
            Fault::NotFound if self.met => Fault::Unplugged,
            fault => fault,
        };
        self.tell(&Presence::default(), Phase::Searching);
        self.status.send_if_modified(|status| {
            let changed = status.fault != Some(fault);
            if changed {
                tracing::warn!(
                    fault = fault.name(),
                    detail = error.detail,
                    "no card reader"
                );
            }
            status.fault = Some(fault);
            changed
        });
    }
}

/// How near a failure is to a working reader: with several ports the nearest is worth telling.
const fn nearness(fault: Fault) -> u8 {
    match fault {
        Fault::NotFound => 0,
        Fault::WrongDevice => 1,
        Fault::NotAnswering => 2,
        Fault::Unplugged => 3,
        Fault::Busy => 4,
        Fault::NoPermission => 5,
    }
}
