//! The sums of each printer: the cards that its counter counted, and what became of them.

use sqlx::Row as _;

use super::{Error, Outbox, rules};
use crate::columns::{outcome_named, unsigned};
use common::order::Outcome;

/// One printer's books: every card that its counter counted, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Books {
    pub printer: String,
    /// What the printer's counter says was fed since the journal's first reading; `None` where it has no counter.
    pub counted: Option<u64>,
    pub issued: u64,
    pub rejected: u64,
    /// Cards that were fed and whose serial was taken back.
    pub void: u64,
    pub test: u64,
    /// Cards that were fed and whose outcome is not decided yet.
    pub undecided: u64,
}

impl Books {
    /// The cards that the counter knows and the journal does not; negative when the journal knows more. It is zero when
    /// the books balance: counted = issued + rejected + void + test + undecided.
    pub fn unexplained(&self) -> i64 {
        let known = self.issued + self.rejected + self.void + self.test + self.undecided;
        self.counted
            .map_or(0, |counted| counted.wrapping_sub(known).cast_signed())
    }
}

/// One line of the journal, in the order of events: an attempt or a feed without an order.
struct Line {
    kind: Kind,
    before: Option<u64>,
    after: Option<u64>,
}

enum Kind {
    Attempt {
        /// `None` while the attempt has not ended.
        outcome: Option<Outcome>,
        fed: bool,
    },
    Test(u64),
    Rejected(u64),
}

impl Outbox {
    /// The books of each printer that this store knows.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn books(&self) -> Result<Vec<Books>, Error> {
        let rows = sqlx::query(
            "SELECT printer, id, 0 AS step, outcome, fed, counter_before, counter_after FROM attempts
             UNION ALL
             SELECT printer, after_attempt, id, kind, cards, NULL, counter_after FROM feeds
             ORDER BY 1, 2, 3",
        )
        .fetch_all(self.0.store.reader())
        .await?;
        let mut books: Vec<(String, Vec<Line>)> = Vec::new();
        for row in &rows {
            let printer: String = row.try_get(0)?;
            let step: i64 = row.try_get(2)?;
            let what: Option<&str> = row.try_get(3)?;
            let number: i64 = row.try_get(4)?;
            let kind = match (step, what) {
                (0, what) => Kind::Attempt {
                    outcome: what.and_then(outcome_named),
                    fed: number != 0,
                },
                (_, Some("test")) => Kind::Test(unsigned(number)),
                _ => Kind::Rejected(unsigned(number)),
            };
            let after = row.try_get::<Option<i64>, _>(6)?.map(unsigned);
            let before = row.try_get::<Option<i64>, _>(5)?.map(unsigned);
            // For a feed the counter was read only afterwards.
            let before = match &kind {
                Kind::Attempt { .. } => before,
                Kind::Test(cards) | Kind::Rejected(cards) => {
                    after.map(|after| after.wrapping_sub(*cards))
                }
            };
            let line = Line {
                kind,
                before,
                after,
            };
            match books.last_mut() {
                Some((name, lines)) if *name == printer => lines.push(line),
                _ => books.push((printer, vec![line])),
            }
        }
        Ok(books
            .into_iter()
            .map(|(printer, lines)| sum(printer, &lines))
            .collect())
    }
}

fn sum(printer: String, lines: &[Line]) -> Books {
    let readings = || {
        lines
            .iter()
            .flat_map(|line| [line.before, line.after])
            .flatten()
    };
    let mut books = Books {
        printer,
        counted: readings()
            .next()
            .zip(readings().next_back())
            .map(|(first, last)| last.wrapping_sub(first)),
        ..Books::default()
    };
    for (at, line) in lines.iter().enumerate() {
        // The next reading of the counter says what an attempt fed that was cut off.
        let next = lines[at + 1..]
            .iter()
            .flat_map(|line| [line.before, line.after])
            .flatten()
            .next();
        let reading = line.after.or(next);
        let moved = rules::counted(line.before, reading);
        let cards = match &line.kind {
            Kind::Test(cards) | Kind::Rejected(cards) => *cards,
            Kind::Attempt {
                outcome: Some(Outcome::Printed),
                ..
            } => 1,
            Kind::Attempt { fed, .. } => moved.unwrap_or(u64::from(*fed)),
        };
        let heading = match &line.kind {
            Kind::Test(_) => &mut books.test,
            Kind::Rejected(_) => &mut books.rejected,
            Kind::Attempt { outcome, .. } => match outcome {
                Some(Outcome::Printed) => &mut books.issued,
                Some(Outcome::NotPrinted) => &mut books.rejected,
                Some(Outcome::Void) => &mut books.void,
                Some(Outcome::Unknown) | None => &mut books.undecided,
            },
        };
        *heading += cards;
        // No reading followed this line, so the counter's sum lacks these cards.
        if reading.is_none() {
            books.counted = books.counted.map(|counted| counted + cards);
        }
    }
    books
}
