//! What the owner of a handle wants of a driver's thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A cell that carries a wanted state from the handles of a device to its thread.
///
/// The cell holds a state, not a queue of requests: a value that is replaced before the thread has looked is never seen.
/// That is right for "how bright" or "in standby"; what must be answered one by one needs a queue.
#[derive(Debug)]
pub struct Wanted<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    value: T,
    closed: bool,
    /// Counts the changes, so that a waiting thread can tell a change from a spurious wake-up.
    version: u64,
}

/// The content of a [`Wanted`] at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot<T> {
    /// What was wanted.
    pub value: T,
    /// Whether the last handle is gone, so that the thread must end.
    pub closed: bool,
    version: u64,
}

impl<T> Wanted<T> {
    /// A cell that wants `value` until somebody changes it.
    pub fn new(value: T) -> Wanted<T> {
        let state = State {
            value,
            closed: false,
            version: 0,
        };
        Wanted {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Changes what is wanted, and wakes the thread.
    pub fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state.value);
        state.version += 1;
        drop(state);
        self.changed.notify_all();
        result
    }

    /// Asks the thread to end. There is no way back.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.version += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Whether the thread has been asked to end.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Calls `look` with what is wanted and whether the cell is closed. Nothing changes while `look` runs, so that a
    /// decision that depends on the value can be carried out before the thread sees another one.
    pub fn with<R>(&self, look: impl FnOnce(&T, bool) -> R) -> R {
        let state = self.lock();
        look(&state.value, state.closed)
    }

    /// What is wanted at the moment.
    #[must_use]
    pub fn read(&self) -> Snapshot<T>
    where
        T: Clone,
    {
        let state = self.lock();
        Snapshot {
            value: state.value.clone(),
            closed: state.closed,
            version: state.version,
        }
    }

    /// Waits until something has changed since `known` was read, and for `limit` at most.
    pub fn wait(&self, known: &Snapshot<T>, limit: Duration) {
        self.wait_beyond(known.version, limit);
    }

    pub(crate) fn version(&self) -> u64 {
        self.lock().version
    }

    pub(crate) fn wait_beyond(&self, version: u64, limit: Duration) {
        let same = |state: &mut State<T>| state.version == version;
        drop(self.changed.wait_timeout_while(self.lock(), limit, same));
    }

    /// Waits until the cell is closed, and for `limit` at most. Other changes do not end the wait.
    pub fn wait_closed(&self, limit: Duration) {
        let open = |state: &mut State<T>| !state.closed;
        drop(self.changed.wait_timeout_while(self.lock(), limit, open));
    }

    /// A panic elsewhere cannot leave the state half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Default> Default for Wanted<T> {
    fn default() -> Wanted<T> {
        Wanted::new(T::default())
    }
}

#[cfg(test)]
mod tests;
