//! The booth's end of a lamp: never waits, never blocks.

use std::fmt;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;

use crate::supervisor::{Orders, Supervisor};
use crate::{Brightness, Selector, Status};

/// A lamp that is looked after by its own thread. Clones share it; dropping the last one turns it off.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {
    orders: Arc<Orders>,
    status: watch::Receiver<Status>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.orders.close();
    }
}

impl Handle {
    pub(crate) fn start(selector: Selector) -> Handle {
        let orders = Arc::new(Orders::default());
        let (sender, status) = watch::channel(Status::default());
        let supervisor = Supervisor {
            selector,
            orders: Arc::clone(&orders),
            status: sender,
            met: false,
        };
        let spawned = thread::Builder::new()
            .name("lamp".to_owned())
            .spawn(move || supervisor.run());
        if let Err(error) = spawned {
            // without a thread there is no light; the status stays at Searching
            tracing::error!(%error, "no thread for the lamp");
        }
        Handle {
            inner: Arc::new(Inner { orders, status }),
        }
    }

    /// Makes the lamp so bright, now or as soon as it is found. A lamp starts dark.
    pub fn set(&self, brightness: Brightness) {
        self.inner.orders.set(brightness);
    }

    /// What the lamp says of itself.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.clone()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &*self.inner.status.borrow())
            .finish_non_exhaustive()
    }
}
