//! Writing orders and notices: the moment from which the booth is responsible for them.

use super::{Error, NewAttempt, Outbox, jobs, journal};
use common::order::{Commitment, Delivery, Order, Private, Serial};
use portal::{Block, Incident, LARGEST_ORDER, LARGEST_PHOTO};

/// What the booth commits when the holder says "print my card" (or "fetch later").
#[derive(Debug)]
pub struct NewRecord {
    pub order: Order,
    /// The portrait as JPEG, without metadata; its SHA-256 is in the order.
    pub photo: Private<Vec<u8>>,
    /// The first attempt, when the card is printed here and now.
    pub attempt: Option<NewAttempt>,
}

impl Outbox {
    /// Writes order, photo, jobs and, when the card is printed here, the attempt; returns once all of it is on the disk.
    /// An order that is in the store already is not written twice, so a caller may repeat it after any error.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a photo or an order above the portal's limits; [`Error::Rule`] when the journal refuses the
    /// attempt; [`Error::Store`] when the store fails.
    pub async fn commit(&self, record: NewRecord) -> Result<Commitment, Error> {
        let NewRecord {
            order,
            photo,
            attempt,
        } = record;
        let id = order.order_id;
        let body = serde_json::to_vec(&order).map(Private::new);
        let body = body.expect("an order has no map with keys other than text");
        if photo.len() > LARGEST_PHOTO {
            return Err(Error::TooLarge("the photo", LARGEST_PHOTO));
        }
        if body.len() > LARGEST_ORDER {
            return Err(Error::TooLarge("the order", LARGEST_ORDER));
        }
        let lane = self.lane(&order.person.idp, &order.person.subject);
        let sealed_order = self.seal_to_send(id, "order", &body);
        let sealed_photo = self.seal_to_send(id, "photo", &photo);
        let now = self.now();
        let delivery = match order.delivery {
            Delivery::Here => "here",
            Delivery::Pickup { .. } => "pickup",
        };

        let mut tx = self.0.store.write().await?;
        if let Some(known) = journal::commitment(&mut tx, id).await? {
            return Ok(known);
        }
        let row = sqlx::query(
            "INSERT INTO orders (order_id, lane, delivery, state, created_at) VALUES (?, ?, ?, 'waiting', ?)",
        )
        .bind(&id.0.as_bytes()[..])
        .bind(&lane[..])
        .bind(delivery)
        .bind(now)
        .execute(&mut *tx)
        .await?
        .last_insert_rowid();
        for (part, sealed) in [("order", sealed_order), ("photo", sealed_photo)] {
            let payload = sealed.insert(&mut tx, Some(row), part).await?;
            jobs::insert(&mut tx, part, Some(row), Some(&lane), Some(payload), None).await?;
        }
        let attempt = match attempt {
            Some(new) => Some(journal::insert_attempt(&mut tx, row, &new, now).await?),
            None => None,
        };
        if let Some(replaced) = order.supersedes {
            journal::void_unprinted(&mut tx, replaced, now).await?;
        }
        jobs::release(&mut tx, &lane).await?;
        tx.commit().await?;
        self.changed();
        Ok(Commitment { order: id, attempt })
    }

    /// Queues a message to the portal that a card is lost or stolen.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn block(&self, serial: Serial, block: &Block) -> Result<(), Error> {
        let field = format!("block/{serial}");
        let body = serde_json::to_vec(block).expect("a block is a plain struct");
        self.notice("block", &field, &body, Some(serial)).await
    }

    /// Queues a message to the portal about an incident ("that was not me", tampering). Its id makes it count once.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn incident(&self, incident: &Incident) -> Result<(), Error> {
        let field = format!("incident/{}", incident.id);
        let body = serde_json::to_vec(incident).expect("an incident is a plain struct");
        self.notice("incident", &field, &body, None).await
    }

    async fn notice(
        &self,
        part: &str,
        field: &str,
        body: &[u8],
        serial: Option<Serial>,
    ) -> Result<(), Error> {
        let sealed = self.seal_for(None, field, body);
        let mut tx = self.0.store.write().await?;
        let payload = sealed.insert(&mut tx, None, field).await?;
        let card = serial.map(|serial| (serial, 0));
        jobs::insert(&mut tx, part, None, None, Some(payload), card).await?;
        tx.commit().await?;
        self.changed();
        Ok(())
    }
}
