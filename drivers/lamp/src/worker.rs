//! The thread that finds a lamp, lights it, and finds it again.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::transport::{Line, LinkError};
use crate::wire::{Command, Reply};
use crate::{Brightness, Error, Fault, Phase, Selector, Status};

/// How often the brightness is said again: a lamp that hears nothing for five seconds goes dark by itself.
const REPEAT: Duration = Duration::from_secs(1);
/// How long an answer may take. A line of 64 bytes takes 6 ms.
const ANSWER: Duration = Duration::from_millis(500);
/// A board resets when its port is opened, and starts within this.
const START: Duration = Duration::from_secs(3);
/// How often a port that is not there, or may not be opened, is tried.
const SEARCH: Duration = Duration::from_millis(500);
/// How often a device that answered wrongly or not at all is spoken to again: it may be somebody else's.
const ASK: Duration = Duration::from_secs(2);

/// What the handle asks of the thread.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    wanted: Mutex<Wanted>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    closed: bool,
    brightness: Brightness,
}

impl Orders {
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn set(&self, brightness: Brightness) {
        self.lock().brightness = brightness;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Wanted {
        *self.lock()
    }

    /// Waits for `limit`, or until an order differs from `known`.
    fn wait(&self, known: Wanted, limit: Duration) {
        let same = |wanted: &mut Wanted| *wanted == known;
        drop(self.changed.wait_timeout_while(self.lock(), limit, same));
    }
}

pub(crate) struct Supervisor {
    pub(crate) selector: Selector,
    pub(crate) orders: Arc<Orders>,
    pub(crate) status: watch::Sender<Status>,
    /// A lamp was there before: when it cannot be found, it has been unplugged.
    pub(crate) met: bool,
}

impl Supervisor {
    pub(crate) fn run(mut self) {
        while !self.orders.now().closed {
            let Err(error) = self.attend() else { return };
            self.report(&error);
            let pause = match error.fault {
                Fault::NotAnswering | Fault::WrongDevice => ASK,
                _ => SEARCH,
            };
            self.orders.wait(self.orders.now(), pause);
        }
    }

    /// From opening the port to losing the lamp (`Err`) or closing it (`Ok`).
    fn attend(&mut self) -> Result<(), Error> {
        let path = match &self.selector {
            Selector::Serial(path) => path.clone(),
            Selector::Virtual(control) => control.port()?,
        };
        let mut line = Line::open(&path)?;
        let name = self.greet(&mut line)?;
        tracing::info!(port = path, name, "lamp ready");
        self.met = true;
        self.status.send_modify(|status| {
            status.fault = None;
            status.name = Some(name);
        });
        loop {
            let wanted = self.orders.now();
            let brightness = if wanted.closed {
                Brightness::DARK
            } else {
                wanted.brightness
            };
            let now = set(&mut line, brightness)?;
            self.status.send_if_modified(|status| {
                let before = (status.phase, status.brightness);
                (status.phase, status.brightness) = (Phase::Ready, now);
                before != (status.phase, status.brightness)
            });
            if wanted.closed {
                return Ok(());
            }
            self.orders.wait(wanted, REPEAT);
        }
    }

    /// Asks who is there until a lamp answers: what was under way when the port was opened is passed over.
    fn greet(&self, line: &mut Line) -> Result<String, Error> {
        let until = Instant::now() + START;
        let mut heard = false;
        while Instant::now() < until && !self.orders.now().closed {
            line.send(&Command::Identify.to_string()).map_err(lost)?;
            while let Some(answer) = line.receive(ANSWER).map_err(lost)? {
                heard = true;
                if let Ok(Reply::Lamp(name)) = answer.parse() {
                    return Ok(name);
                }
            }
        }
        Err(if heard {
            Error::new(Fault::WrongDevice, "it does not answer ID as a lamp does")
        } else {
            Error::new(Fault::NotAnswering, "it does not answer ID")
        })
    }

    /// No lamp: dark, and a fault.
    fn report(&self, error: &Error) {
        let fault = match error.fault {
            Fault::NotFound if self.met => Fault::Unplugged,
            fault => fault,
        };
        self.status.send_if_modified(|status| {
            let news = status.fault != Some(fault);
            if news {
                tracing::warn!(fault = fault.name(), detail = error.detail, "no lamp");
            }
            status.fault = Some(fault);
            status.phase = Phase::Searching;
            status.brightness = Brightness::DARK;
            news
        });
    }
}

/// Says a brightness, twice when the first one is lost on the way.
fn set(line: &mut Line, brightness: Brightness) -> Result<Brightness, Error> {
    for _ in 0..2 {
        line.send(&Command::Set(brightness).to_string())
            .map_err(lost)?;
        match line
            .receive(ANSWER)
            .map_err(lost)?
            .map(|answer| answer.parse())
        {
            Some(Ok(Reply::Bright(now))) => return Ok(now),
            Some(Ok(Reply::Refused(why))) => {
                tracing::debug!(why, "the lamp refuses a brightness");
            }
            _ => {}
        }
        line.discard();
    }
    Err(Error::new(Fault::NotAnswering, "it does not answer SET"))
}

fn lost(error: LinkError) -> Error {
    let fault = match error {
        LinkError::Gone(_) => Fault::Unplugged,
        LinkError::Stuck => Fault::NotAnswering,
    };
    Error::new(fault, error)
}
