//! A lamp without a device: the far end of a pseudo terminal that speaks as a lamp does.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use device::serial::Pty;
use device::{FaultInjection, RaisedFaults};

use crate::lines::LineBuffer;
use crate::wire::{Command, Reply};
use crate::{Brightness, Error, Fault};

/// A lamp that receives nothing for so long goes dark: the program that lit it may have died.
const UNATTENDED: Duration = Duration::from_secs(5);
/// How often the thread looks whether the cable is still plugged in.
const TICK: Duration = Duration::from_millis(20);
/// How long sending one answer may take.
const SEND_LIMIT: Duration = Duration::from_millis(200);

/// Says how bright the virtual lamp is, and what is wrong with it. Clones control the same lamp.
#[derive(Debug, Clone)]
pub struct Control {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    faults: RaisedFaults<Fault>,
    panic_next: bool,
    brightness: Brightness,
    last_heard: Option<Instant>,
    /// Where the lamp is plugged in; none while it is not, or before somebody has asked for it.
    path: Option<PathBuf>,
}

impl Control {
    pub(crate) fn new() -> Control {
        Control {
            state: Arc::default(),
        }
    }

    /// How bright the lamp is.
    #[must_use]
    pub fn brightness(&self) -> Brightness {
        let state = self.lock();
        let is_unattended = state
            .last_heard
            .is_none_or(|heard| heard.elapsed() > UNATTENDED);
        if is_unattended || state.path.is_none() {
            Brightness::DARK
        } else {
            state.brightness
        }
    }

    /// Makes the driver's thread panic once, the next time that it sets the brightness.
    pub fn panic_next(&self) {
        self.lock().panic_next = true;
    }

    /// The path of the serial port at which the lamp is found; the port is made when there is none.
    ///
    /// # Errors
    /// With the fault that keeps the port from being opened.
    pub fn port(&self) -> Result<String, Error> {
        let mut state = self.lock();
        let raised = state.faults.first_of(&[
            Fault::NotFound,
            Fault::Unplugged,
            Fault::NoPermission,
            Fault::Busy,
        ]);
        if let Some(fault) = raised {
            let met = match fault {
                // What is not plugged in cannot be found.
                Fault::Unplugged => Fault::NotFound,
                fault => fault,
            };
            return Err(Error::new(met, "the fault is raised on the virtual lamp"));
        }
        let path = match &state.path {
            Some(path) => path.clone(),
            None => {
                let cable = Pty::new().map_err(|error| Error::new(Fault::NotFound, error))?;
                let path = cable.path().to_owned();
                let lamp = Arc::downgrade(&self.state);
                thread::Builder::new()
                    .name("virtual-lamp".to_owned())
                    .spawn(move || answer_lines(cable, &lamp))
                    .map_err(|error| Error::new(Fault::NotFound, error))?;
                state.path = Some(path.clone());
                path
            }
        };
        Ok(path.display().to_string())
    }

    /// Called by the driver's thread while it uses the lamp.
    pub(crate) fn panic_if_asked(&self) {
        let mut state = self.lock();
        let asked = std::mem::take(&mut state.panic_next) || state.faults.has(&Fault::Crashed);
        drop(state);
        assert!(!asked, "the virtual lamp was asked for a panic");
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl FaultInjection for Control {
    type Fault = Fault;

    fn raise(&self, fault: Fault) {
        let mut state = self.lock();
        state.faults.raise(fault);
        if matches!(fault, Fault::Unplugged | Fault::NotFound) {
            state.path = None;
        }
    }

    fn clear(&self, fault: &Fault) {
        self.lock().faults.clear(fault);
    }

    fn clear_all(&self) {
        self.lock().faults.clear_all();
    }

    fn faults(&self) -> Vec<Fault> {
        self.lock().faults.all()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unplugs the lamp when its thread ends, however it ends, so that the next one who asks for the port gets a new one.
struct Plugged<'a> {
    cable: Pty,
    lamp: &'a Weak<Mutex<State>>,
}

impl Drop for Plugged<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.lamp.upgrade() {
            let mut state = lock(&state);
            if state.path.as_deref() == Some(self.cable.path()) {
                state.path = None;
            }
        }
    }
}

/// Answers lines until the cable is pulled or the last control is dropped.
fn answer_lines(cable: Pty, lamp: &Weak<Mutex<State>>) {
    let mut plugged = Plugged { cable, lamp };
    let mut buffer = LineBuffer::default();
    loop {
        let cable = &mut plugged.cable;
        let received = buffer.next(TICK, |bytes, left| cable.receive(bytes, left));
        let Some(state) = lamp.upgrade() else { return };
        let mut state = lock(&state);
        if state.path.as_deref() != Some(cable.path()) {
            return;
        }
        let Some(line) = received.ok().flatten() else {
            continue;
        };
        let answer = if state.faults.has(&Fault::NotAnswering) {
            continue;
        } else if state.faults.has(&Fault::WrongDevice) {
            "$GPGGA,123519,4807.038,N".to_owned()
        } else {
            state.last_heard = Some(Instant::now());
            let reply = match line.parse() {
                Ok(Command::Identify) => Reply::Lamp("Virtual lamp".to_owned()),
                Ok(Command::Set(brightness)) => {
                    state.brightness = brightness;
                    Reply::Bright(brightness)
                }
                Err(why) => Reply::Refused(why.to_owned()),
            };
            reply.to_string()
        };
        // What the far end does not take is lost, as on a wire.
        let _lost = cable.send(format!("{answer}\n").as_bytes(), SEND_LIMIT);
    }
}
