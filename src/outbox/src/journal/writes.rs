//! Attempts and outcomes, each written in one transaction.

use sqlx::{Sqlite, Transaction};

use super::{Broken, Card, Feed, NewAttempt, Reading, Undecided, rules, uid_field};
use crate::{
    Error, Outbox,
    columns::{order_id, outcome_name, serial, signed, unsigned},
    jobs,
};
use common::order::{Attempt, Evidence, OrderId, Outcome, Serial, Uid};

impl Card {
    /// Writes one more revision of the row and a job that sends it to the portal.
    async fn announce(&self, tx: &mut Transaction<'_, Sqlite>, now: i64) -> Result<(), Error> {
        let rev: i64 = sqlx::query_scalar(
            "UPDATE cards SET rev = rev + 1, closed = 1, at = ? WHERE serial = ? RETURNING rev",
        )
        .bind(now)
        .bind(&self.serial.0[..])
        .fetch_one(&mut **tx)
        .await?;
        let lane = self.lane.as_deref();
        jobs::drop_older(tx, self.serial, now).await?;
        let about = Some((self.serial, rev));
        jobs::insert(tx, "card", Some(self.order_row), lane, None, about).await?;
        if let Some(lane) = lane {
            jobs::release(tx, lane).await?;
        }
        jobs::settle_order(tx, self.order_row, now).await
    }
}

impl Outbox {
    /// Commits a further attempt of a committed order, after voiding the serial `void`.
    ///
    /// # Errors
    /// [`Broken`] while a card of this printer is undecided and wherever the order would get a second valid serial;
    /// [`Error::NoOrder`] and [`Error::NoCard`] for what the store does not have; [`Error::Store`] when it fails.
    pub async fn begin_attempt(
        &self,
        order: OrderId,
        new: NewAttempt,
        void: Option<Serial>,
    ) -> Result<Attempt, Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let row: i64 = sqlx::query_scalar("SELECT id FROM orders WHERE order_id = ?")
            .bind(&order.0.as_bytes()[..])
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(Error::NoOrder(order))?;
        if let Some(void) = void {
            let card = Card::of_order(&mut tx, order, void).await?;
            decide(&mut tx, &card, Outcome::Void, None, now).await?;
        }
        let attempt = insert_attempt(&mut tx, row, &new, now).await?;
        jobs::settle_order(&mut tx, row, now).await?;
        tx.commit().await?;
        self.changed();
        Ok(attempt)
    }

    /// Writes what became of a card: the end of its attempt with the printer's evidence or, for an attempt that has
    /// ended as unknown, what a person decided. Returns the outcome that was written, because "not printed" becomes void
    /// when the printer's counter shows that a card was fed. Writing the same outcome again changes nothing.
    ///
    /// # Errors
    /// [`Broken`] when the card is another order's or its outcome is final; [`Error::NoCard`] for an unknown serial;
    /// [`Error::Store`] when the store fails.
    pub async fn end_attempt(
        &self,
        order: OrderId,
        serial: Serial,
        outcome: Outcome,
        evidence: &Evidence,
    ) -> Result<Outcome, Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let card = Card::of_order(&mut tx, order, serial).await?;
        let evidence = (*evidence != Evidence::default()).then_some(evidence);
        let kept = decide(&mut tx, &card, outcome, evidence, now).await?;
        tx.commit().await?;
        self.changed();
        Ok(kept)
    }

    /// Binds the chip to the serial and notes whether the code was read back and whether the holder took the card. The
    /// card's row is then complete and is sent to the portal.
    ///
    /// # Errors
    /// [`Broken`] when the card is another order's or was not printed; [`Error::NoCard`] for an unknown serial;
    /// [`Error::Store`] when the store fails.
    pub async fn read_back(
        &self,
        order: OrderId,
        serial: Serial,
        uid: Option<&Uid>,
        code: bool,
        collected: bool,
    ) -> Result<(), Error> {
        let now = self.now();
        let sealed = uid.map(|uid| {
            let plain = serde_json::to_vec(uid).expect("a chip number is a plain struct");
            self.seal(order, &uid_field(serial), &plain)
        });
        let mut tx = self.0.store.write().await?;
        let card = Card::of_order(&mut tx, order, serial).await?;
        rules::may_read_back(serial, card.outcome)?;
        let is_new = sealed.is_some()
            || !card.closed
            || (code && !card.code_read_back)
            || (collected && !card.collected);
        if !is_new {
            return Ok(());
        }
        if let Some(sealed) = sealed {
            sealed
                .insert(&mut tx, Some(card.order_row), &uid_field(serial))
                .await?;
        }
        sqlx::query("UPDATE cards SET code_read_back = max(code_read_back, ?), collected = max(collected, ?) WHERE serial = ?")
            .bind(code)
            .bind(collected)
            .bind(&serial.0[..])
            .execute(&mut *tx)
            .await?;
        card.announce(&mut tx, now).await?;
        tx.commit().await?;
        self.changed();
        Ok(())
    }

    /// Notes cards that were fed without an order: a test print, or cards put in the reject tray.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn note_feed(
        &self,
        kind: Feed,
        printer: &str,
        cards: u32,
        counter_after: Option<u64>,
    ) -> Result<(), Error> {
        let kind = match kind {
            Feed::Test => "test",
            Feed::Rejected => "rejected",
        };
        sqlx::query(
            "INSERT INTO feeds (after_attempt, printer, kind, cards, counter_after, at)
             VALUES ((SELECT coalesce(max(id), 0) FROM attempts WHERE printer = ?1), ?1, ?2, ?3, ?4, ?5)",
        )
        .bind(printer)
        .bind(kind)
        .bind(cards)
        .bind(counter_after.map(signed))
        .bind(self.now())
        .execute(self.0.store.writer())
        .await?;
        Ok(())
    }

    /// Ends cut-off attempts as not printed when the printer's counter proves that they fed nothing: it has its value from
    /// before the attempt, and no card is inside. Such a card may be printed again under its serial. Returns the cards that
    /// stay undecided.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn settle_by(&self, reading: &Reading) -> Result<Vec<Undecided>, Error> {
        for open in self.undecided().await? {
            if rules::proves_not_fed(&open, reading) {
                let evidence = Evidence {
                    counter_before: open.counter_before,
                    counter_after: reading.counter,
                    ..Evidence::default()
                };
                self.end_attempt(open.order, open.serial, Outcome::NotPrinted, &evidence)
                    .await?;
            }
        }
        self.void_unreadable().await?;
        self.undecided().await
    }

    /// Voids cards that were not printed and cannot be drawn any more, because order and photo are sealed to the receiver.
    /// After a restart the person starts again.
    pub(crate) async fn void_unreadable(&self) -> Result<(), Error> {
        let now = self.now();
        let mut tx = self.0.store.write().await?;
        let serials: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT serial FROM cards
             WHERE (outcome IN ('open', 'unknown', 'notPrinted') OR closed = 0) AND outcome = 'notPrinted' AND EXISTS (
                SELECT 1 FROM payloads WHERE order_row = cards.order_row AND field = 'photo' AND wrapped IS NULL)",
        )
        .fetch_all(&mut *tx)
        .await?;
        for bytes in serials {
            if let Some(card) = Card::find(&mut tx, serial(bytes)?).await? {
                decide(&mut tx, &card, Outcome::Void, None, now).await?;
                sqlx::query("UPDATE cards SET reason = ? WHERE serial = ?")
                    .bind(portal::CUT_OFF)
                    .bind(&card.serial.0[..])
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Sends the rows of printed cards that were never read back because the program was cut off. The portal learns that
    /// such a card came out, but not that the holder took it. `before` is in milliseconds by the wall clock.
    pub(crate) async fn close_unread(&self, before: i64) -> Result<u64, Error> {
        let mut tx = self.0.store.write().await?;
        let serials: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT serial FROM cards WHERE outcome = 'printed' AND closed = 0 AND at <= ?",
        )
        .bind(before)
        .fetch_all(&mut *tx)
        .await?;
        let now = self.now();
        let closed = serials.len() as u64;
        for bytes in serials {
            if let Some(card) = Card::find(&mut tx, serial(bytes)?).await? {
                card.announce(&mut tx, now).await?;
            }
        }
        tx.commit().await?;
        Ok(closed)
    }
}

/// Writes the attempt when the rules allow it.
pub(crate) async fn insert_attempt(
    tx: &mut Transaction<'_, Sqlite>,
    order_row: i64,
    new: &NewAttempt,
    now: i64,
) -> Result<Attempt, Error> {
    let open: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT order_id, serial FROM attempts JOIN cards USING (serial) JOIN orders ON orders.id = order_row
         WHERE attempts.printer = ? AND attempts.outcome IS NULL",
    )
    .bind(&new.printer)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some((order, open)) = open {
        let (order, serial) = (order_id(order)?, serial(open)?);
        return Err(Broken::Undecided { order, serial }.into());
    }
    match Card::find(tx, new.serial).await? {
        None => insert_card(tx, order_row, new, now).await?,
        Some(card) if card.order_row != order_row => {
            return Err(Broken::OtherOrder(new.serial).into());
        }
        Some(card) => {
            rules::may_print_again(card.serial, card.outcome, card.fed)?;
            reopen_card(tx, new, now).await?;
        }
    }
    let id = sqlx::query(
        "INSERT INTO attempts (serial, printer, counter_before, began_at) VALUES (?, ?, ?, ?)",
    )
    .bind(&new.serial.0[..])
    .bind(&new.printer)
    .bind(new.counter_before.map(signed))
    .bind(now)
    .execute(&mut **tx)
    .await?
    .last_insert_rowid();
    Ok(Attempt {
        id: unsigned(id),
        serial: new.serial,
    })
}

/// Makes a card that was not printed an open one again.
async fn reopen_card(
    tx: &mut Transaction<'_, Sqlite>,
    new: &NewAttempt,
    now: i64,
) -> Result<(), Error> {
    sqlx::query("UPDATE cards SET outcome = 'open', closed = 0, printer = ?, evidence = '{}', reason = NULL, at = ? WHERE serial = ?")
        .bind(&new.printer)
        .bind(now)
        .bind(&new.serial.0[..])
        .execute(&mut **tx)
        .await?;
    // Unsent rows speak of the attempt before this one and are outdated.
    jobs::drop_older(tx, new.serial, now).await
}

async fn insert_card(
    tx: &mut Transaction<'_, Sqlite>,
    order_row: i64,
    new: &NewAttempt,
    now: i64,
) -> Result<(), Error> {
    let valid: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT serial FROM cards WHERE order_row = ? AND outcome <> 'void'")
            .bind(order_row)
            .fetch_optional(&mut **tx)
            .await?;
    if let Some(valid) = valid {
        return Err(Broken::StillValid(serial(valid)?).into());
    }
    sqlx::query(
        "INSERT INTO cards (serial, order_row, outcome, printer, at) VALUES (?, ?, 'open', ?, ?)",
    )
    .bind(&new.serial.0[..])
    .bind(order_row)
    .bind(&new.printer)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Voids the unprinted cards of an order that another order replaces, so that they are never printed beside the new one.
pub(crate) async fn void_unprinted(
    tx: &mut Transaction<'_, Sqlite>,
    order: OrderId,
    now: i64,
) -> Result<(), Error> {
    let serials: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT serial FROM cards JOIN orders ON orders.id = order_row
         WHERE order_id = ? AND outcome = 'notPrinted'",
    )
    .bind(&order.0.as_bytes()[..])
    .fetch_all(&mut **tx)
    .await?;
    for bytes in serials {
        if let Some(card) = Card::find(tx, serial(bytes)?).await? {
            decide(tx, &card, Outcome::Void, None, now).await?;
        }
    }
    Ok(())
}

/// Writes a card's outcome as [`rules::decide`] has it; `evidence` is there when the printer gave some.
async fn decide(
    tx: &mut Transaction<'_, Sqlite>,
    card: &Card,
    wanted: Outcome,
    evidence: Option<&Evidence>,
    now: i64,
) -> Result<Outcome, Error> {
    if card.outcome == Some(wanted) {
        return Ok(wanted);
    }
    let (attempt, before, after): (i64, Option<i64>, Option<i64>) = sqlx::query_as(
        "SELECT id, counter_before, counter_after FROM attempts WHERE serial = ? ORDER BY id DESC LIMIT 1",
    )
    .bind(&card.serial.0[..])
    .fetch_one(&mut **tx)
    .await?;
    let known = evidence.unwrap_or(&card.evidence);
    let before = known.counter_before.map(signed).or(before);
    let after = known.counter_after.map(signed).or(after);
    let decided = rules::decide(
        &rules::Known {
            serial: card.serial,
            outcome: card.outcome,
            fed: card.fed,
            counted: rules::counted(before.map(unsigned), after.map(unsigned)),
        },
        wanted,
        evidence,
    )?;
    let rules::Decided { outcome, fed } = decided;
    sqlx::query(
        "UPDATE attempts SET outcome = ?, decided = ?, counter_before = ?, counter_after = ?, fed = ?,
         ended_at = coalesce(ended_at, ?) WHERE id = ?",
    )
    .bind(outcome_name(outcome))
    .bind(evidence.is_none())
    .bind(before)
    .bind(after)
    .bind(fed)
    .bind(now)
    .bind(attempt)
    .execute(&mut **tx)
    .await?;
    let json = serde_json::to_string(known).expect("evidence is a plain struct");
    sqlx::query("UPDATE cards SET outcome = ?, fed = max(fed, ?), reason = ?, evidence = ?, at = ? WHERE serial = ?")
        .bind(outcome_name(outcome))
        .bind(fed)
        .bind(known.fault.as_ref().map(|fault| fault.name.as_str()))
        .bind(json)
        .bind(now)
        .bind(&card.serial.0[..])
        .execute(&mut **tx)
        .await?;
    // A printed card is read back first, so that its row is sent complete.
    if outcome == Outcome::Printed {
        sqlx::query("UPDATE cards SET closed = 0 WHERE serial = ?")
            .bind(&card.serial.0[..])
            .execute(&mut **tx)
            .await?;
        jobs::settle_order(tx, card.order_row, now).await?;
    } else {
        card.announce(tx, now).await?;
    }
    Ok(outcome)
}
