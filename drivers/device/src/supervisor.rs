//! The thread of a driver, and what happens when it panics.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::Wanted;

/// The wait after a first panic. A device is back within 5 s then, the time in which it is found included, and the fault
/// stays long enough to be seen by whoever looks at the status twice a second.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// The longest wait between two starts of a worker that panics again and again: a device that has been repaired is used
/// soon afterwards, and the log does not fill.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// A panic so long after the one before is taken as the first of a new series.
const CALM: Duration = Duration::from_secs(60);

/// The work of a driver's thread.
///
/// The worker is kept over a panic, so that counters survive it. What belongs to one connection (an open device, a request
/// that is being carried out) must be a local variable of [`run`](Worker::run), which unwinding drops.
pub trait Worker: Send + 'static {
    /// Finds the device, and uses it until it is lost or nobody needs it any more. No wait in here may be without a limit,
    /// and a close of the [`Wanted`] cell must be noticed during each of them.
    fn run(&mut self) -> Next;

    /// Called after [`run`](Worker::run) has panicked and before it is called again: publishes the fault, and ends every
    /// request that is waiting for an answer with an error.
    fn crashed(&mut self, crash: &Crash);
}

/// How a worker goes on after one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The device is lost or was not found: the worker runs again after this pause, or earlier when something else is
    /// wanted.
    Retry(Duration),
    /// Nobody needs the device any more: the thread ends.
    Done,
}

/// A panic of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// What the panic said, for the log.
    pub message: String,
    /// How many panics there were since the supervisor was started, this one included.
    pub count: u32,
    /// How long the supervisor waits until the worker runs again.
    pub backoff: Duration,
}

/// Runs a [`Worker`] in a thread of its own, and starts it again after a panic.
///
/// Between a panic and the next start there is a wait of half a second, which doubles up to eight seconds while the
/// panics follow each other, so that a worker that always panics takes no processor time. Dropping the supervisor closes
/// the [`Wanted`] cell; the thread then ends as soon as the worker notices.
pub struct Supervisor {
    name: String,
    close: Box<dyn Fn() + Send + Sync>,
    /// Disconnected when the thread has ended.
    ended: Mutex<mpsc::Receiver<()>>,
    restarts: Arc<AtomicU32>,
}

impl Supervisor {
    /// Starts a thread of this name, in which `worker` runs until `wanted` is closed.
    ///
    /// When the system has no thread left, [`Worker::crashed`] is called, so that the status shows a fault, and nothing
    /// runs.
    pub fn start<T: Send + 'static>(
        name: &str,
        wanted: Arc<Wanted<T>>,
        worker: impl Worker,
    ) -> Supervisor {
        let restarts = Arc::new(AtomicU32::new(0));
        let (alive, ended) = mpsc::channel::<()>();
        let supervisor = Supervisor {
            name: name.to_owned(),
            close: {
                let wanted = Arc::clone(&wanted);
                Box::new(move || wanted.close())
            },
            ended: Mutex::new(ended),
            restarts: Arc::clone(&restarts),
        };
        // The worker lies in here until the thread takes it: when there is no thread, it is needed once more.
        let worker = Arc::new(Mutex::new(Some(worker)));
        let for_thread = Arc::clone(&worker);
        let take = |worker: &Mutex<Option<_>>| {
            let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            worker.take()
        };
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            if let Some(worker) = take(&for_thread) {
                keep_running(worker, &wanted, &restarts);
            }
            drop(alive);
        });
        if let Err(error) = spawned {
            tracing::error!(thread = name, %error, "the thread could not be started");
            let crash = Crash {
                message: error.to_string(),
                count: 0,
                backoff: Duration::MAX,
            };
            if let Some(mut worker) = take(&worker) {
                worker.crashed(&crash);
            }
        }
        supervisor
    }

    /// How often the worker was started again after a panic.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Closes the [`Wanted`] cell, and waits for the end of the thread, for `limit` at most. Returns whether it has ended.
    pub fn close(&self, limit: Duration) -> bool {
        (self.close)();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Disconnected)
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        (self.close)();
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("name", &self.name)
            .field("restarts", &self.restarts())
            .finish_non_exhaustive()
    }
}

/// The whole life of the thread.
fn keep_running<T>(mut worker: impl Worker, wanted: &Wanted<T>, restarts: &AtomicU32) {
    let mut backoff = Backoff::default();
    while !wanted.is_closed() {
        // The state of the worker after a panic is what `Worker` promises to be usable, so unwinding may pass it.
        match catch_unwind(AssertUnwindSafe(|| worker.run())) {
            Ok(Next::Done) => return,
            Ok(Next::Retry(pause)) => wanted.wait_beyond(wanted.version(), pause),
            Err(panic) => {
                let crash = backoff.next(Instant::now(), message(panic.as_ref()));
                tracing::error!(
                    message = crash.message,
                    count = crash.count,
                    "a driver's thread panicked"
                );
                let said = catch_unwind(AssertUnwindSafe(|| worker.crashed(&crash)));
                if said.is_err() {
                    tracing::error!("and it panicked again while it published the fault");
                }
                wanted.wait_closed(crash.backoff);
                restarts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// How long to wait after which panic.
#[derive(Debug, Default)]
struct Backoff {
    last: Option<(Instant, Duration)>,
    count: u32,
}

impl Backoff {
    fn next(&mut self, now: Instant, message: String) -> Crash {
        let backoff = match self.last {
            Some((at, backoff)) if now.saturating_duration_since(at) < CALM => {
                (backoff * 2).min(LONGEST_BACKOFF)
            }
            _ => FIRST_BACKOFF,
        };
        self.last = Some((now, backoff));
        self.count += 1;
        Crash {
            message,
            count: self.count,
            backoff,
        }
    }
}

/// What a panic said: `panic!` leaves a `&str` or a `String`.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Changes a status, and wakes those who wait for it only when that made a difference, which is returned.
///
/// The receivers of a [`watch`] channel see the newest value: a status that is replaced before anybody has looked is lost,
/// which is right for a state and keeps a slow receiver from holding up the driver.
pub fn publish<S: Clone + PartialEq>(
    status: &watch::Sender<S>,
    change: impl FnOnce(&mut S),
) -> bool {
    status.send_if_modified(|status| {
        let before = status.clone();
        change(status);
        *status != before
    })
}

#[cfg(test)]
mod tests;
