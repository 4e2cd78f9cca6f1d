//! Finds a lamp, lights it, and finds it again after a fault.

use std::sync::Arc;
use std::time::{Duration, Instant};

use device::serial::{LinkError, OpenError, OpenFailure, SerialLine};
use device::{Crash, Fault as _, Next, Wanted, Worker, publish};
use tokio::sync::watch;

use crate::lines::{Lines, SEND_LIMIT};
use crate::wire::{Command, Reply};
use crate::{Brightness, Error, Fault, Phase, Selector, Status};

/// How often the brightness is sent again: a lamp that receives nothing for five seconds goes dark by itself.
const REPEAT: Duration = Duration::from_secs(1);
/// How long an answer may take. A line of 64 bytes takes 6 ms.
const ANSWER_LIMIT: Duration = Duration::from_millis(500);
/// How often a brightness is sent before the lamp counts as not answering: one line may be lost on the way.
const ATTEMPTS: u32 = 2;
/// A board resets when its port is opened, and starts within this time.
const START_LIMIT: Duration = Duration::from_secs(3);
/// How often a port that does not exist, or may not be opened, is tried.
const SEARCH_EVERY: Duration = Duration::from_millis(500);
/// How often a device that answered wrongly or not at all is spoken to again: it may belong to somebody else.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// The longest time from a change of the wanted brightness until a lamp that was ready has confirmed it, or the status has
/// a fault: a repetition of the brightness before may be under way.
pub(crate) const SET_LIMIT: Duration = Duration::from_millis(
    (2 * ATTEMPTS as u64) * (SEND_LIMIT.as_millis() + ANSWER_LIMIT.as_millis()) as u64,
);

/// The thread's side of a lamp.
pub(crate) struct LampWorker {
    pub(crate) selector: Selector,
    pub(crate) wanted: Arc<Wanted<Brightness>>,
    pub(crate) status: watch::Sender<Status>,
    /// Whether a lamp was found before: when it cannot be found now, it has been unplugged.
    pub(crate) was_found: bool,
}

impl Worker for LampWorker {
    fn run(&mut self) -> Next {
        let Err(error) = self.attend() else {
            return Next::Done;
        };
        let pause = match error.fault {
            Fault::NotAnswering | Fault::WrongDevice => ASK_EVERY,
            _ => SEARCH_EVERY,
        };
        self.report(&error);
        Next::Retry(pause)
    }

    fn crashed(&mut self, crash: &Crash) {
        self.report(&Error::new(Fault::Crashed, &crash.message));
    }
}

impl LampWorker {
    /// Opens the port and lights the lamp until it is lost (`Err`) or the handle is dropped (`Ok`).
    fn attend(&mut self) -> Result<(), Error> {
        let path = match &self.selector {
            Selector::Serial(path) => path.clone(),
            Selector::Virtual(control) => control.port()?,
        };
        let mut lines = Lines::new(SerialLine::open(&path).map_err(not_opened)?);
        let name = self.identify(&mut lines)?;
        tracing::info!(port = path, name, "lamp ready");
        self.was_found = true;
        publish(&self.status, |status| {
            status.fault = None;
            status.name = Some(name);
        });
        loop {
            if let Selector::Virtual(control) = &self.selector {
                control.panic_if_asked();
            }
            let wanted = self.wanted.read();
            let brightness = if wanted.closed {
                Brightness::DARK
            } else {
                wanted.value
            };
            let brightness = set(&mut lines, brightness)?;
            publish(&self.status, |status| {
                (status.phase, status.brightness) = (Phase::Ready, brightness);
            });
            if wanted.closed {
                return Ok(());
            }
            self.wanted.wait(&wanted, REPEAT);
        }
    }

    /// Asks for the lamp's name until it answers. Answers to what was under way when the port was opened are skipped.
    fn identify(&self, lines: &mut Lines) -> Result<String, Error> {
        let until = Instant::now() + START_LIMIT;
        let mut heard = false;
        while Instant::now() < until && !self.wanted.is_closed() {
            lines.send(&Command::Identify.to_string()).map_err(lost)?;
            while let Some(answer) = lines.receive(ANSWER_LIMIT).map_err(lost)? {
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

    /// Publishes that there is no lamp, and why.
    fn report(&self, error: &Error) {
        let fault = match error.fault {
            Fault::NotFound if self.was_found => Fault::Unplugged,
            fault => fault,
        };
        let is_new = self.status.borrow().fault != Some(fault);
        if is_new {
            tracing::warn!(fault = fault.name(), detail = error.detail, "no lamp");
        }
        publish(&self.status, |status| {
            status.fault = Some(fault);
            status.phase = Phase::Searching;
            status.brightness = Brightness::DARK;
        });
    }
}

/// Sends a brightness, and returns the one that the lamp confirms.
fn set(lines: &mut Lines, brightness: Brightness) -> Result<Brightness, Error> {
    for _ in 0..ATTEMPTS {
        lines
            .send(&Command::Set(brightness).to_string())
            .map_err(lost)?;
        let answer = lines.receive(ANSWER_LIMIT).map_err(lost)?;
        match answer.map(|answer| answer.parse()) {
            Some(Ok(Reply::Bright(now))) => return Ok(now),
            Some(Ok(Reply::Refused(why))) => {
                tracing::debug!(why, "the lamp refuses a brightness");
            }
            _ => {}
        }
        lines.discard();
    }
    Err(Error::new(Fault::NotAnswering, "it does not answer SET"))
}

fn not_opened(error: OpenError) -> Error {
    let fault = match error.reason {
        OpenFailure::NotFound => Fault::NotFound,
        OpenFailure::NoPermission => Fault::NoPermission,
        OpenFailure::Busy => Fault::Busy,
        OpenFailure::NoSerialPort => Fault::WrongDevice,
    };
    Error::new(fault, error)
}

fn lost(error: LinkError) -> Error {
    let fault = match error {
        LinkError::Gone(_) => Fault::Unplugged,
        LinkError::Stuck => Fault::NotAnswering,
    };
    Error::new(fault, error)
}
