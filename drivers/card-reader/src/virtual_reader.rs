//! A PN532 in its serial (HSU) mode, in software: at the near end of a pseudo terminal it speaks the real bytes, so that the
//! whole driver runs at the far end, or any other program for a PN532.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use device::serial::{Pty, SerialLine};
use device::{FaultInjection, RaisedFaults};

use crate::{Error, Fault};

mod card;
mod chip;
mod field;
mod line;

pub use card::{VirtualCard, VirtualCardError};
use field::Field;
use line::Line;

/// Unplugging returns when the port has gone, which takes its thread no longer than this.
const HANG_UP_LIMIT: Duration = Duration::from_secs(2);

/// Lays cards on the virtual reader and raises its faults. Clones control the same reader; it stops when the last one is
/// dropped, the selectors that hold one included.
#[derive(Clone)]
pub struct Control {
    reader: Arc<Reader>,
}

/// When in a command the cable is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before the acknowledgement.
    BeforeAck,
    /// After the acknowledgement and before the reply.
    AfterAck,
    /// After half of the reply.
    WithinReply,
}

struct Reader {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    faults: RaisedFaults<Fault>,
    panic_next: bool,
    field: Field,
    trouble: Trouble,
    /// The codes of the commands that came, oldest first, the newest thousand.
    heard: Vec<u8>,
    /// Where the reader is plugged in; none before somebody has asked for the port.
    plug: Option<Plug>,
    plugs: u64,
    /// How many threads still hold a terminal.
    lines: usize,
    /// The chip is to lose its power and get it again.
    power_cycle: bool,
    /// How often the driver looks for cards, when not as often as at a real reader.
    pace: Option<Duration>,
}

struct Plug {
    number: u64,
    path: PathBuf,
    /// Another program that has the port open.
    _holder: Option<SerialLine>,
}

/// What is wrong with the line.
#[derive(Default)]
struct Trouble {
    ack_delay: Duration,
    reply_delay: Duration,
    /// Bytes that are to be sent at once, as they are.
    say: Vec<u8>,
    /// How many bytes are still sent before bytes are lost, and how many are lost then.
    lose: Option<(usize, usize)>,
    /// In how many replies a byte is changed.
    damage: usize,
    /// The codes of commands that the chip does not know.
    refused: BTreeSet<u8>,
    /// The codes of commands that it acknowledges and never answers.
    ignored: BTreeSet<u8>,
    pull: Option<(u8, Moment)>,
}

const MAX_HEARD: usize = 1000;

impl Control {
    pub(crate) fn new() -> Control {
        let reader = Reader {
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        Control {
            reader: Arc::new(reader),
        }
    }

    /// Lays a card on the reader, beside those that lie there.
    pub fn lay(&self, card: VirtualCard) {
        self.change(|state| state.field.lay(card));
    }

    /// Takes every card away.
    pub fn take(&self) {
        self.change(|state| state.field.take());
    }

    /// Takes the card that was laid first away.
    pub fn take_first(&self) {
        self.change(|state| state.field.take_first());
    }

    /// Makes the driver look for cards this often instead of four times a second, for a rehearsal in which nobody waits.
    pub fn look_every(&self, pace: Duration) {
        self.change(|state| state.pace = Some(pace));
    }

    pub(crate) fn pace(&self) -> Option<Duration> {
        self.lock().pace
    }

    /// Pulls the cable. The port is gone when this returns.
    pub fn unplug(&self) {
        self.raise(Fault::Unplugged);
    }

    /// Plugs the cable in again; the port has another name then.
    pub fn plug(&self) {
        self.clear(&Fault::Unplugged);
    }

    /// Makes the driver's thread panic once, the next time that it looks for cards.
    pub fn panic_next(&self) {
        self.change(|state| state.panic_next = true);
    }

    /// Called by the driver's thread while it uses the reader.
    pub(crate) fn panic_if_asked(&self) {
        let mut state = self.lock();
        let asked = std::mem::take(&mut state.panic_next) || state.faults.has(&Fault::Crashed);
        drop(state);
        assert!(!asked, "the virtual reader was asked for a panic");
    }

    /// Pulls the cable when the command with this code comes next.
    pub fn unplug_at(&self, command: u8, moment: Moment) {
        self.change(|state| state.trouble.pull = Some((command, moment)));
    }

    /// Turns the chip off and on again. The port stays open.
    pub fn power_cycle(&self) {
        self.change(|state| state.power_cycle = true);
    }

    /// Delays every acknowledgement.
    pub fn delay_acks(&self, delay: Duration) {
        self.change(|state| state.trouble.ack_delay = delay);
    }

    /// Delays every reply, counted from its acknowledgement.
    pub fn delay_replies(&self, delay: Duration) {
        self.change(|state| state.trouble.reply_delay = delay);
    }

    /// Sends these bytes, which belong to no reply.
    pub fn say(&self, bytes: &[u8]) {
        self.change(|state| state.trouble.say.extend_from_slice(bytes));
    }

    /// Loses `count` bytes on their way to the host, after `after` more have arrived.
    pub fn lose(&self, after: usize, count: usize) {
        self.change(|state| state.trouble.lose = Some((after, count)));
    }

    /// Changes a byte in each of the next `replies` replies.
    pub fn damage(&self, replies: usize) {
        self.change(|state| state.trouble.damage = replies);
    }

    /// Makes the chip refuse the command with this code as unknown.
    pub fn refuse(&self, command: u8) {
        self.change(|state| state.trouble.refused.insert(command));
    }

    /// Makes the chip acknowledge the command with this code and never reply to it.
    pub fn ignore(&self, command: u8) {
        self.change(|state| state.trouble.ignored.insert(command));
    }

    /// The codes of the commands that came, oldest first, the newest thousand.
    #[must_use]
    pub fn heard(&self) -> Vec<u8> {
        self.lock().heard.clone()
    }

    /// The device file that programs open; none while the reader is unplugged. Plugging it in again makes a new one.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.port().ok().map(PathBuf::from)
    }

    /// The device file for the driver, or the fault that it would meet.
    pub(crate) fn port(&self) -> Result<String, Error> {
        let mut state = self.lock();
        // The permissions of a terminal mean nothing to root, so a missing permission is reported here and not met.
        let raised =
            state
                .faults
                .first_of(&[Fault::Unplugged, Fault::NotFound, Fault::NoPermission]);
        if let Some(fault) = raised {
            let met = match fault {
                // What is not plugged in cannot be found.
                Fault::Unplugged => Fault::NotFound,
                fault => fault,
            };
            return Err(Error::new(met, "the fault is raised on the virtual reader"));
        }
        if state.plug.is_none() {
            let plug = self
                .plug_in(&mut state)
                .map_err(|error| Error::new(Fault::NotFound, error))?;
            state.plug = Some(plug);
        }
        let path = state.plug.as_ref().map_or(Path::new(""), |plug| &plug.path);
        Ok(path.display().to_string())
    }

    fn plug_in(&self, state: &mut State) -> Result<Plug, Box<dyn std::error::Error>> {
        let pty = Pty::new()?;
        let path = pty.path().to_owned();
        let _holder = match state.faults.has(&Fault::Busy) {
            true => Some(SerialLine::open(&path.display().to_string())?),
            false => None,
        };
        state.plugs += 1;
        let number = state.plugs;
        let line = Line::new(pty, number, Arc::downgrade(&self.reader));
        thread::Builder::new()
            .name("virtual-reader".to_owned())
            .spawn(move || line.run())?;
        state.lines += 1;
        Ok(Plug {
            number,
            path,
            _holder,
        })
    }

    /// Takes the port away. Whoever asks for it next gets another one.
    fn hang_up(&self) {
        let mut state = self.lock();
        state.plug = None;
        self.reader.changed.notify_all();
        let until = Instant::now() + HANG_UP_LIMIT;
        while state.lines > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::warn!("the virtual reader's port did not go in time");
                return;
            }
            let waited = self.reader.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.reader.lock()
    }
}

impl FaultInjection for Control {
    type Fault = Fault;

    fn raise(&self, fault: Fault) {
        self.change(|state| state.faults.raise(fault));
        if concerns_the_port(fault) {
            self.hang_up();
        }
    }

    fn clear(&self, fault: &Fault) {
        self.change(|state| state.faults.clear(fault));
        if concerns_the_port(*fault) {
            self.hang_up();
        }
    }

    /// Ends every fault and every trouble on the line.
    fn clear_all(&self) {
        let faults = self.faults();
        self.change(|state| {
            state.faults.clear_all();
            state.trouble = Trouble::default();
        });
        if faults.into_iter().any(concerns_the_port) {
            self.hang_up();
        }
    }

    fn faults(&self) -> Vec<Fault> {
        self.lock().faults.all()
    }
}

impl Reader {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the driver meets the fault when it opens the port, so that an open one must go.
fn concerns_the_port(fault: Fault) -> bool {
    match fault {
        Fault::NotFound | Fault::NoPermission | Fault::Busy | Fault::Unplugged => true,
        Fault::NotAnswering | Fault::WrongDevice | Fault::Crashed => false,
    }
}

impl PartialEq for Control {
    fn eq(&self, other: &Control) -> bool {
        Arc::ptr_eq(&self.reader, &other.reader)
    }
}

impl Eq for Control {}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Control")
            .field("faults", &state.faults)
            .field("cards", &state.field.count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
