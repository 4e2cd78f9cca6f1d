//! Events that no effect asked for: the health changes, cards come and go on the reader, and attempts that a power cut
//! left open are found at the start.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream, stream::BoxStream};
use tokio::sync::watch;

use common::{health::Health, order::Uid};
use outbox::journal::Reading;
use session::{Event, issue::OpenAttempt};

use super::{Booth, Parts};

/// How long open attempts wait for the printer at the start. A printer that is plugged in has answered by then.
const PRINTER_ANSWERS: Duration = Duration::from_secs(10);

impl Booth {
    /// The health now and whenever it changes, cards on the reader, and once, at the start, the attempts left open.
    pub fn events(&self) -> BoxStream<'static, Event> {
        let health = watched(self.0.health.clone(), |health: &Health| {
            Event::HealthChanged(Box::new(health.clone()))
        });
        let cards = match &self.0.devices.reader {
            Some(reader) => watched(reader.cards(), |card| match card {
                // A random UID changes with each contact, so it cannot identify the card.
                Some(card) if !card.random_uid => Event::CardLaid(Uid::from_bytes(&card.uid)),
                _ => Event::CardTaken,
            }),
            None => stream::empty().boxed(),
        };
        let open = stream::once(open_attempts(self.0.clone()));
        stream::select_all([health, cards, open.boxed()]).boxed()
    }
}

/// An event for the current value and for each newer one, so that a late listener still learns the current state.
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

/// The attempts that a power cut left open, less those that the printer's counter settles.
async fn open_attempts(parts: Arc<Parts>) -> Event {
    if parts.undecided.is_empty() {
        return Event::OpenAttemptsFound(Vec::new());
    }
    let mut status = parts.devices.printer.status();
    let connected = status.wait_for(|status| status.link == card_printer::Link::Connected);
    // Without the printer's counter the attempts stay open, and an attendant decides them.
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
