//! What happens by itself at a booth: its health changes, cards come and go on the reader, and at the start attempts are
//! found that a power cut left open.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream, stream::BoxStream};
use tokio::sync::watch;

use common::{health::Health, order::Uid};
use outbox::journal::Reading;
use session::{Event, issue::OpenAttempt};

use super::{Booth, Parts};

/// A printer that is connected has answered by then; open attempts are settled by its counter.
const PRINTER_ANSWERS: Duration = Duration::from_secs(10);

impl Booth {
    /// What comes by itself: the health, cards on the reader, and once, at the start, attempts that were left open.
    pub fn events(&self) -> BoxStream<'static, Event> {
        let health = watched(self.0.health.clone(), |health: &Health| {
            Event::HealthChanged(Box::new(health.clone()))
        });
        let cards = match &self.0.devices.reader {
            Some(reader) => watched(reader.cards(), |card| match card {
                // a random number names no card: there is nothing to bind to
                Some(card) if !card.random_uid => Event::CardLaid(Uid::from_bytes(&card.uid)),
                _ => Event::CardTaken,
            }),
            None => stream::empty().boxed(),
        };
        let open = stream::once(open_attempts(self.0.clone()));
        stream::select_all([health, cards, open.boxed()]).boxed()
    }
}

/// The value as it is now, and each newer one that is seen: whoever listens late misses nothing that still holds.
fn watched<T: Send + Sync + 'static>(
    mut values: watch::Receiver<T>,
    event: impl Fn(&T) -> Event + Copy + Send + 'static,
) -> BoxStream<'static, Event> {
    values.mark_changed();
    stream::unfold(values, move |mut values| async move {
        values.changed().await.ok()?;
        let event = event(&values.borrow_and_update());
        Some((event, values))
    })
    .boxed()
}

/// Attempts that a power cut left open, after the printer's counter has settled those that it can.
async fn open_attempts(parts: Arc<Parts>) -> Event {
    if parts.undecided.is_empty() {
        return Event::OpenAttemptsFound(Vec::new());
    }
    let mut status = parts.devices.printer.status();
    let connected = status.wait_for(|status| status.link == card_printer::Link::Connected);
    // a printer that does not answer settles nothing: a person does
    let _ = tokio::time::timeout(PRINTER_ANSWERS, connected).await;
    let now = parts.devices.printer.query().await.ok();
    let reading = Reading {
        printer: parts.printer_name(now.as_ref()),
        counter: now
            .as_ref()
            .and_then(|now| now.counters)
            .and_then(|counters| counters.cards),
        card_inside: now.as_ref().is_none_or(|now| now.busy),
    };
    let open = match parts.outbox.settle_by(&reading).await {
        Ok(open) => open,
        Err(error) => {
            tracing::error!("open attempts could not be looked up: {error}");
            parts.undecided.clone()
        }
    };
    let open = open.into_iter().map(|card| OpenAttempt {
        order: card.order,
        serial: card.serial,
    });
    Event::OpenAttemptsFound(open.collect())
}
