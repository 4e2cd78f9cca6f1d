//! The journal of cards: which serial was tried when, what came of it, and whether the printer's counter agrees.
//!
//! An attempt is committed with the counter's value before the first byte goes to the printer, and ended with the
//! evidence. The rules are kept here, whatever the caller asks: at most one valid serial for each order; the same
//! serial again only when nothing was fed; a serial is voided before another is made.

mod books;

use jiff::Timestamp;
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

pub use books::Books;

use super::{Error, Outbox, jobs, outcome_name, outcome_named};
use common::order::{Attempt, CardRow, Commitment, Evidence, OrderId, Outcome, Serial, Uid};

/// An attempt to print, before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempt {
    pub serial: Serial,
    /// Model and number of the printer, as in the books.
    pub printer: String,
    /// The printer's own card counter, where it has one.
    pub counter_before: Option<u64>,
}

/// A card whose fate is open: the program was cut off while it was made, or nobody has answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    pub order: OrderId,
    pub serial: Serial,
    pub printer: String,
    pub counter_before: Option<u64>,
    /// The attempt has not ended: there is no evidence but the printer's counter.
    pub cut_off: bool,
}

/// What the printer shows now; proof, where it has a counter, of what became of a cut-off attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub printer: String,
    pub counter: Option<u64>,
    /// A card is in the card path.
    pub card_inside: bool,
}

/// A rule of the journal that a request would break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error(
        "card {serial} of order {order} is not decided; say first whether it came out of the printer"
    )]
    Undecided { order: OrderId, serial: Serial },
    #[error("the order has a valid card {0}; void it before another is made")]
    StillValid(Serial),
    #[error(
        "card {serial} may not be printed again, it is {is}; void it and print under a new serial"
    )]
    NotAgain { serial: Serial, is: &'static str },
    #[error("card {serial} is {is} and cannot become {wanted}")]
    CannotBecome {
        serial: Serial,
        is: &'static str,
        wanted: &'static str,
    },
    #[error("card {0} belongs to another order")]
    OtherOrder(Serial),
}

/// A serial's row.
struct Card {
    order_row: i64,
    order: OrderId,
    lane: Option<Vec<u8>>,
    serial: Serial,
    /// `None`: being printed.
    outcome: Option<Outcome>,
    fed: bool,
    evidence: Evidence,
    code_read_back: bool,
    collected: bool,
    closed: bool,
}

const CARD: &str =
    "SELECT cards.order_row, orders.order_id, orders.lane, cards.serial, cards.outcome, cards.fed,
    cards.evidence, cards.code_read_back, cards.collected, cards.closed
    FROM cards JOIN orders ON orders.id = cards.order_row WHERE cards.serial = ?";

// The first condition of both is that of the index `cards_unsettled`: SQLite takes a partial index only where its very condition
// is asked, and these are asked while somebody waits.
pub(super) const UNDECIDED: &str =
    "SELECT orders.order_id, cards.serial, a.printer, a.counter_before, a.outcome IS NULL
    FROM cards JOIN orders ON orders.id = cards.order_row
    JOIN attempts a ON a.id = (SELECT max(id) FROM attempts WHERE serial = cards.serial)
    WHERE (cards.outcome IN ('open', 'unknown', 'notPrinted') OR cards.closed = 0)
      AND cards.outcome IN ('open', 'unknown') ORDER BY a.id";
pub(super) const PRINTABLE: &str =
    "SELECT orders.order_id, cards.serial, (SELECT max(id) FROM attempts WHERE serial = cards.serial)
    FROM cards JOIN orders ON orders.id = cards.order_row
    WHERE (cards.outcome IN ('open', 'unknown', 'notPrinted') OR cards.closed = 0)
      AND cards.outcome = 'notPrinted' AND cards.fed = 0 AND orders.erased_at IS NULL
      AND EXISTS (SELECT 1 FROM payloads p
        WHERE p.order_row = orders.id AND p.field = 'photo' AND p.wrapped IS NOT NULL)
      AND (?1 IS NULL OR orders.lane = ?1)
    ORDER BY orders.id DESC";

impl Card {
    async fn find(tx: &mut Transaction<'_, Sqlite>, serial: Serial) -> Result<Option<Self>, Error> {
        let row = sqlx::query(CARD)
            .bind(&serial.0[..])
            .fetch_optional(&mut **tx)
            .await?;
        row.map(|row| Self::from_row(&row)).transpose()
    }

    async fn of_order(
        tx: &mut Transaction<'_, Sqlite>,
        order: OrderId,
        serial: Serial,
    ) -> Result<Self, Error> {
        let card = Self::find(tx, serial).await?.ok_or(Error::NoCard(serial))?;
        if card.order == order {
            Ok(card)
        } else {
            Err(Broken::OtherOrder(serial).into())
        }
    }

    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            order_row: row.try_get(0)?,
            order: order_id(row.try_get(1)?)?,
            lane: row.try_get(2)?,
            serial: serial(row.try_get(3)?)?,
            outcome: outcome_named(row.try_get(4)?),
            fed: row.try_get(5)?,
            evidence: serde_json::from_str(row.try_get(6)?).unwrap_or_default(),
            code_read_back: row.try_get(7)?,
            collected: row.try_get(8)?,
            closed: row.try_get(9)?,
        })
    }

    /// Tells the portal of the row as it is now: one more revision, and a job for it.
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
    /// Commits a further attempt of a committed order, after voiding `void`. Refused while any card of this printer is
    /// undecided, and wherever two valid serials of one order could come of it.
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

    /// Keeps what became of a card: the end of its attempt with the printer's evidence or, for an attempt that has
    /// ended as unknown, what a person decided. Answers the outcome that was kept: "not printed" becomes void where the
    /// printer's counter shows that a card was fed. The same outcome again changes nothing.
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

    /// Binds the chip to the serial, says whether the code was read back and whether the card is in the holder's hand.
    /// With this the card's row is complete and goes to the portal.
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
        if card.outcome != Some(Outcome::Printed) {
            return Err(Broken::CannotBecome {
                serial,
                is: card.outcome.map_or("open", outcome_name),
                wanted: "read back",
            }
            .into());
        }
        let news = sealed.is_some()
            || !card.closed
            || (code && !card.code_read_back)
            || (collected && !card.collected);
        if !news {
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

    /// Cards whose fate is open, oldest first.
    pub async fn undecided(&self) -> Result<Vec<Undecided>, Error> {
        let rows = sqlx::query(UNDECIDED)
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Undecided {
                    order: order_id(row.try_get(0)?)?,
                    serial: serial(row.try_get(1)?)?,
                    printer: row.try_get(2)?,
                    counter_before: row.try_get::<Option<i64>, _>(3)?.map(unsigned),
                    cut_off: row.try_get(4)?,
                })
            })
            .collect()
    }

    /// Settles cut-off attempts that the printer's counter proves to have fed nothing: it stands where it stood
    /// before, and no card is inside. Such a card may be printed again under its serial. Answers what stays open.
    pub async fn settle_by(&self, reading: &Reading) -> Result<Vec<Undecided>, Error> {
        for open in self.undecided().await? {
            let proven = open.cut_off
                && open.printer == reading.printer
                && !reading.card_inside
                && open.counter_before.is_some()
                && open.counter_before == reading.counter;
            if proven {
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

    /// Voids cards that were not printed and that nobody can draw any more, because order and photo are sealed to the
    /// receiver: after a restart the person starts again.
    pub(super) async fn void_unreadable(&self) -> Result<(), Error> {
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

    /// Orders of this person whose card was not printed and may be printed now, under the serial they have: the newest
    /// first. For a holder who signs in again.
    pub async fn printable(
        &self,
        idp: &str,
        subject: &str,
    ) -> Result<Vec<(OrderId, Attempt)>, Error> {
        self.printable_where(Some(self.lane(idp, subject))).await
    }

    /// The same of all persons, with their orders: for an attendant.
    pub async fn all_printable(&self) -> Result<Vec<(OrderId, Attempt)>, Error> {
        self.printable_where(None).await
    }

    async fn printable_where(
        &self,
        lane: Option<[u8; 16]>,
    ) -> Result<Vec<(OrderId, Attempt)>, Error> {
        let rows = sqlx::query(PRINTABLE)
            .bind(lane.map(|lane| lane.to_vec()))
            .fetch_all(self.0.store.reader())
            .await?;
        rows.iter()
            .map(|row| {
                let id: i64 = row.try_get(2)?;
                let attempt = Attempt {
                    id: unsigned(id),
                    serial: serial(row.try_get(1)?)?,
                };
                Ok((order_id(row.try_get(0)?)?, attempt))
            })
            .collect()
    }

    /// A card's row as the portal learns it.
    pub(super) async fn card_row(&self, which: Serial) -> Result<Option<CardRow>, Error> {
        let row = sqlx::query(
            "SELECT rev, at, outcome, reason, fed, code_read_back, collected, printer, evidence, orders.order_id
             FROM cards JOIN orders ON orders.id = cards.order_row WHERE serial = ?",
        )
        .bind(&which.0[..])
        .fetch_optional(self.0.store.reader())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(outcome) = outcome_named(row.try_get(2)?) else {
            return Ok(None);
        };
        let uid = self
            .open_payload(order_id(row.try_get(9)?)?, &uid_field(which))
            .await?
            .and_then(|plain| serde_json::from_slice(&plain).ok());
        Ok(Some(CardRow {
            rev: row.try_get(0)?,
            at: Timestamp::from_millisecond(row.try_get(1)?).unwrap_or_default(),
            outcome,
            reason: row.try_get(3)?,
            fed: row.try_get(4)?,
            uid,
            code_read_back: row.try_get(5)?,
            collected: row.try_get(6)?,
            printer: row.try_get(7)?,
            evidence: serde_json::from_str(row.try_get(8)?).unwrap_or_default(),
        }))
    }

    /// Closes rows of printed cards whose read-back never came (the program was cut off): the portal hears that the
    /// card came out, not that it is in the holder's hand. `before`: in milliseconds by the wall clock.
    pub(super) async fn close_unread(&self, before: i64) -> Result<u64, Error> {
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

/// Cards fed without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    Test,
    Rejected,
}

/// The order's commitment when it is in the store already.
pub(super) async fn commitment(
    tx: &mut Transaction<'_, Sqlite>,
    order: OrderId,
) -> Result<Option<Commitment>, Error> {
    let row: Option<(i64,)> = sqlx::query_as("SELECT id FROM orders WHERE order_id = ?")
        .bind(&order.0.as_bytes()[..])
        .fetch_optional(&mut **tx)
        .await?;
    let Some((row,)) = row else { return Ok(None) };
    let attempt: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT attempts.id, attempts.serial FROM attempts JOIN cards USING (serial)
         WHERE order_row = ? AND attempts.outcome IS NULL",
    )
    .bind(row)
    .fetch_optional(&mut **tx)
    .await?;
    let attempt = match attempt {
        Some((id, bytes)) => Some(Attempt {
            id: unsigned(id),
            serial: serial(bytes)?,
        }),
        None => None,
    };
    Ok(Some(Commitment { order, attempt }))
}

/// Writes the attempt if the rules allow it.
pub(super) async fn insert_attempt(
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
        Some(card) if card.outcome == Some(Outcome::NotPrinted) && !card.fed => {
            sqlx::query("UPDATE cards SET outcome = 'open', closed = 0, printer = ?, evidence = '{}', reason = NULL, at = ? WHERE serial = ?")
                .bind(&new.printer)
                .bind(now)
                .bind(&new.serial.0[..])
                .execute(&mut **tx)
                .await?;
            // what is on its way of the attempt before is old news
            jobs::drop_older(tx, new.serial, now).await?;
        }
        Some(card) => {
            let is = card.outcome.map_or("open", outcome_name);
            let serial = new.serial;
            return Err(Broken::NotAgain { serial, is }.into());
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

/// Voids what an order that is replaced by another left unprinted, so that it is never printed beside it.
pub(super) async fn void_unprinted(
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

/// Writes a card's outcome; `evidence` when a printer gave some.
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
    let moved = match (before, after) {
        (Some(before), Some(after)) => Some(unsigned(after).wrapping_sub(unsigned(before))),
        _ => None,
    };
    // "nothing came out" against a counter that moved: a card was fed and is not the holder's
    let outcome = match (wanted, moved) {
        (Outcome::NotPrinted, Some(1..)) if evidence.is_none() => Outcome::Void,
        _ => wanted,
    };
    let allowed = match card.outcome {
        None => true,
        Some(Outcome::Unknown) => true,
        Some(Outcome::NotPrinted | Outcome::Printed) => outcome == Outcome::Void,
        Some(Outcome::Void) => outcome == Outcome::Void,
    };
    if !allowed {
        return Err(Broken::CannotBecome {
            serial: card.serial,
            is: card.outcome.map_or("open", outcome_name),
            wanted: outcome_name(outcome),
        }
        .into());
    }
    let fed = match (outcome, moved) {
        // a card that somebody holds was fed; where the counter says otherwise, the books tell of the difference
        (Outcome::Printed, _) => true,
        (_, Some(moved)) => moved > 0,
        (Outcome::NotPrinted, None) => false,
        // no counter and no evidence: it is counted as a card, so that one that is missing is looked for
        (Outcome::Unknown | Outcome::Void, None) => {
            card.fed || evidence.is_none_or(|evidence| evidence.plane_byte_accepted)
        }
    };
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
    // a printed card is read back first; its row goes out complete
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

/// The name of the sealed field that holds a card's chip number.
fn uid_field(serial: Serial) -> String {
    format!("uid/{serial}")
}

pub(super) fn order_id(bytes: Vec<u8>) -> Result<OrderId, Error> {
    uuid::Uuid::from_slice(&bytes)
        .map(OrderId)
        .map_err(|_| store::Error::Damaged("an order's id is not 16 bytes".to_owned()).into())
}

pub(super) fn serial(bytes: Vec<u8>) -> Result<Serial, Error> {
    <[u8; 8]>::try_from(bytes)
        .map(Serial)
        .map_err(|_| store::Error::Damaged("a serial is not 8 bytes".to_owned()).into())
}

/// SQLite's integers are signed; a counter keeps its bits.
pub(super) fn signed(n: u64) -> i64 {
    n.cast_signed()
}

pub(super) fn unsigned(n: i64) -> u64 {
    n.cast_unsigned()
}
