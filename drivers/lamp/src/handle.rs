//! The booth's side of a lamp: no call in here waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use device::{Supervisor, Wanted};
use tokio::sync::watch;

use crate::worker::{LampWorker, SET_LIMIT};
use crate::{Brightness, Selector, Status};

/// A lamp with a thread of its own. Clones share it; dropping the last one turns the lamp off.
#[derive(Clone)]
pub struct Handle {
    wanted: Arc<Wanted<Brightness>>,
    status: watch::Receiver<Status>,
    supervisor: Arc<Supervisor>,
}

impl Handle {
    pub(crate) fn start(selector: Selector) -> Handle {
        let wanted = Arc::new(Wanted::default());
        let (sender, status) = watch::channel(Status::default());
        let worker = LampWorker {
            selector,
            wanted: Arc::clone(&wanted),
            status: sender,
            was_found: false,
        };
        let supervisor = Supervisor::start("lamp", Arc::clone(&wanted), worker);
        Handle {
            wanted,
            status,
            supervisor: Arc::new(supervisor),
        }
    }

    /// Sets the brightness, now or as soon as the lamp is found. A lamp starts dark.
    pub fn set(&self, brightness: Brightness) {
        self.wanted.change(|wanted| *wanted = brightness);
    }

    /// The newest status; it changes as the lamp does.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// The longest time from [`set`](Handle::set) until a lamp that was ready has confirmed the brightness, or the status
    /// has a fault.
    #[must_use]
    pub fn set_limit(&self) -> Duration {
        SET_LIMIT
    }

    /// How often the driver's thread was started again after a panic.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.supervisor.restarts()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}
