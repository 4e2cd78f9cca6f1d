//! The booth's end of a reader: never waits, never blocks.

use std::fmt;
use std::sync::Arc;
use std::thread;

use tokio::sync::watch;

use crate::supervisor::{Orders, Supervisor};
use crate::{Card, Selector, Status};

/// A reader that is looked after by its own thread. Clones share it; dropping the last one closes it.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {
    orders: Arc<Orders>,
    status: watch::Receiver<Status>,
    cards: watch::Receiver<Option<Card>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.orders.close();
    }
}

impl Handle {
    pub(crate) fn start(selector: Selector) -> Handle {
        let orders = Arc::new(Orders::default());
        let (status_in, status) = watch::channel(Status::default());
        let (cards_in, cards) = watch::channel(None);
        let supervisor = Supervisor::new(selector, Arc::clone(&orders), status_in, cards_in);
        let spawned = thread::Builder::new()
            .name("card-reader".to_owned())
            .spawn(move || supervisor.run());
        if let Err(error) = spawned {
            // without a thread there are no cards; the status stays at Searching
            tracing::error!(%error, "no thread for the card reader");
        }
        Handle {
            inner: Arc::new(Inner {
                orders,
                status,
                cards,
            }),
        }
    }

    /// What the reader says of itself.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.clone()
    }

    /// The card that lies on the reader now; the newest when there are several, none when several came together
    /// ([`Status::cards`] tells) or the reader is gone.
    #[must_use]
    pub fn cards(&self) -> watch::Receiver<Option<Card>> {
        self.inner.cards.clone()
    }

    /// In standby the field is off and no card is read, for the time in which no step of the booth asks for one.
    /// A reader starts awake.
    pub fn standby(&self, on: bool) {
        self.inner.orders.set_standby(on);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &*self.inner.status.borrow())
            .finish_non_exhaustive()
    }
}
