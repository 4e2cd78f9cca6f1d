//! A lamp without a device: the far end of a pseudo terminal that speaks as a lamp does.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::transport::Pty;
use crate::wire::{Command, Reply};
use crate::{Brightness, Error, Fault};

/// A lamp that hears nothing for so long goes dark: whoever lit it may have died.
const ALONE: Duration = Duration::from_secs(5);
/// How often it looks whether the cable is still in.
const LOOK: Duration = Duration::from_millis(20);

/// How bright the lamp is, and what is wrong with it. Clones control the same lamp.
#[derive(Debug, Clone)]
pub struct Control {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    faults: BTreeSet<Fault>,
    brightness: Brightness,
    heard: Option<Instant>,
    /// The cable; none while it is out or nobody has asked for it yet.
    path: Option<PathBuf>,
}

impl Control {
    pub(crate) fn new() -> Control {
        Control {
            state: Arc::default(),
        }
    }

    /// How bright it shines.
    #[must_use]
    pub fn brightness(&self) -> Brightness {
        let state = self.lock();
        let is_alone = state.heard.is_none_or(|heard| heard.elapsed() > ALONE);
        if is_alone || state.path.is_none() {
            Brightness::DARK
        } else {
            state.brightness
        }
    }

    /// Begins a fault, which lasts until it is mended.
    pub fn cause(&self, fault: Fault) {
        let mut state = self.lock();
        state.faults.insert(fault);
        if matches!(fault, Fault::Unplugged | Fault::NotFound) {
            state.path = None;
        }
    }

    /// Ends every fault.
    pub fn mend_all(&self) {
        self.lock().faults.clear();
    }

    /// What is wrong at the moment.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.iter().copied().collect()
    }

    /// The serial port to find it at, made when there is none.
    pub fn port(&self) -> Result<String, Error> {
        let mut state = self.lock();
        let told = |fault| Err(Error::new(fault, "the virtual lamp was told so"));
        for fault in [
            Fault::NotFound,
            Fault::Unplugged,
            Fault::NoPermission,
            Fault::Busy,
        ] {
            if state.faults.contains(&fault) {
                return told(if fault == Fault::Unplugged {
                    Fault::NotFound
                } else {
                    fault
                });
            }
        }
        let path = match &state.path {
            Some(path) => path.clone(),
            None => {
                let cable = Pty::new().map_err(|error| Error::new(Fault::NotFound, error))?;
                let path = cable.path().to_owned();
                let lamp = Arc::downgrade(&self.state);
                thread::Builder::new()
                    .name("virtual-lamp".to_owned())
                    .spawn(move || shine(cable, &lamp))
                    .map_err(|error| Error::new(Fault::NotFound, error))?;
                state.path = Some(path.clone());
                path
            }
        };
        Ok(path.display().to_string())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers lines until the cable is pulled or nobody has the lamp any more.
fn shine(mut cable: Pty, lamp: &Weak<Mutex<State>>) {
    loop {
        let line = cable.receive(LOOK);
        let Some(state) = lamp.upgrade() else { return };
        let mut state = lock(&state);
        if state.path.as_deref() != Some(cable.path()) {
            return;
        }
        let Some(line) = line else { continue };
        if state.faults.contains(&Fault::NotAnswering) {
            continue;
        }
        if state.faults.contains(&Fault::WrongDevice) {
            cable.send("$GPGGA,123519,4807.038,N");
            continue;
        }
        state.heard = Some(Instant::now());
        let reply = match line.parse() {
            Ok(Command::Identify) => Reply::Lamp("Virtual lamp".to_owned()),
            Ok(Command::Set(brightness)) => {
                state.brightness = brightness;
                Reply::Bright(brightness)
            }
            Err(why) => Reply::Refused(why.to_owned()),
        };
        cable.send(&reply.to_string());
    }
}
