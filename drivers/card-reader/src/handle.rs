//! The booth's side of a reader: no call in here waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use device::{Supervisor, Wanted};
use tokio::sync::watch;

use crate::worker::{CARD_LIMIT, ReaderWorker, Wish};
use crate::{Card, Selector, Status};

/// A reader with a thread of its own. Clones share it; dropping the last one closes the reader.
#[derive(Clone)]
pub struct Handle {
    wanted: Arc<Wanted<Wish>>,
    status: watch::Receiver<Status>,
    cards: watch::Receiver<Option<Card>>,
    supervisor: Arc<Supervisor>,
}

impl Handle {
    pub(crate) fn start(selector: Selector) -> Handle {
        let wanted = Arc::new(Wanted::default());
        let (status_sender, status) = watch::channel(Status::default());
        let (cards_sender, cards) = watch::channel(None);
        let worker = ReaderWorker::new(selector, Arc::clone(&wanted), status_sender, cards_sender);
        let supervisor = Supervisor::start("card-reader", Arc::clone(&wanted), worker);
        Handle {
            wanted,
            status,
            cards,
            supervisor: Arc::new(supervisor),
        }
    }

    /// The newest status; it changes as the reader does.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// The card that lies on the reader now: the newest one when there are several; none when several came together
    /// ([`Status::cards`] counts them) or the reader is gone.
    #[must_use]
    pub fn cards(&self) -> watch::Receiver<Option<Card>> {
        self.cards.clone()
    }

    /// In standby the field is off and no card is read, for the time in which no step of the booth asks for one.
    /// A reader starts awake.
    pub fn standby(&self, on: bool) {
        self.wanted.change(|wish| wish.standby = on);
    }

    /// The longest time from laying a card on a reader that was ready until [`cards`](Handle::cards) shows it, or the status
    /// has a fault.
    #[must_use]
    pub fn card_limit(&self) -> Duration {
        CARD_LIMIT
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
