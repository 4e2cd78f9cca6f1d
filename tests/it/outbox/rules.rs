//! Whatever is asked of the journal, in whatever order, and wherever the program stops: its rules hold.

use std::collections::{HashMap, HashSet};

use common::order::{Evidence, OrderId, Outcome, Serial};
use outbox::{
    Error, NewAttempt, NewRecord, Outbox,
    journal::{Feed, Reading},
};
use proptest::prelude::*;

use super::bench::{self, Bench, PRINTER};

/// What somebody asks of the journal. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Ask {
    Commit,
    /// A further attempt of an order, under the serial it has or a new one, voiding the old one or not.
    Again {
        order: usize,
        same: bool,
        void: bool,
    },
    /// The printer is done: it fed so many cards, and says what it says.
    End {
        card: usize,
        outcome: Outcome,
        fed: u64,
        counted: bool,
    },
    /// A person says what became of a card.
    Decide {
        card: usize,
        outcome: Outcome,
    },
    ReadBack {
        card: usize,
        collected: bool,
    },
    Test,
    /// The program is cut off, with so many cards fed since the last reading, and started again.
    Restart {
        fed: u64,
        inside: bool,
    },
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Printed),
        Just(Outcome::NotPrinted),
        Just(Outcome::Unknown),
        Just(Outcome::Void)
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    let at = 0..8usize;
    prop_oneof![
        3 => Just(Ask::Commit),
        3 => (at.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(order, same, void)| Ask::Again { order, same, void }),
        5 => (at.clone(), outcome(), 0..2u64, any::<bool>())
            .prop_map(|(card, outcome, fed, counted)| Ask::End { card, outcome, fed, counted }),
        3 => (at.clone(), outcome()).prop_map(|(card, outcome)| Ask::Decide { card, outcome }),
        2 => (at, any::<bool>()).prop_map(|(card, collected)| Ask::ReadBack { card, collected }),
        1 => Just(Ask::Test),
        2 => (0..2u64, any::<bool>()).prop_map(|(fed, inside)| Ask::Restart { fed, inside }),
    ]
}

/// The world outside of the journal: a printer with its counter, and who has asked for what.
#[derive(Default)]
struct World {
    counter: u64,
    orders: Vec<OrderId>,
    cards: Vec<(OrderId, Serial)>,
    /// Attempts under way, with the counter before.
    printing: HashMap<Serial, u64>,
    /// Serials that a printer may have put on a card: printed again, two cards would bear one serial.
    maybe_on_a_card: HashSet<Serial>,
}

impl World {
    async fn answer(&mut self, outbox: &Outbox, ask: Ask) {
        match ask {
            Ask::Commit => {
                let (order, photo) = bench::order_of("abcd0001");
                let attempt = self.attempt(Serial::random());
                let record = NewRecord {
                    order,
                    photo,
                    attempt: Some(attempt.clone()),
                };
                if let Some(made) = allowed(outbox.commit(record).await) {
                    self.orders.push(made.order);
                    self.begun(made.order, attempt.serial);
                }
            }
            Ask::Again { order, same, void } => {
                let Some(order) = pick(&self.orders, order) else {
                    return;
                };
                let newest = self.cards.iter().rev().find(|(of, _)| *of == order);
                let old = newest.map(|(_, serial)| *serial);
                let serial = old.filter(|_| same).unwrap_or_else(Serial::random);
                let void = old.filter(|_| void);
                // the session gives up no card while it is being printed: an attempt ends, or the program was cut off
                if void.is_some_and(|void| self.printing.contains_key(&void)) {
                    return;
                }
                let attempt = self.attempt(serial);
                if allowed(outbox.begin_attempt(order, attempt, void).await).is_some() {
                    assert!(
                        !self.maybe_on_a_card.contains(&serial),
                        "{serial} is printed a second time though a card may bear it"
                    );
                    self.begun(order, serial);
                }
            }
            Ask::End {
                card,
                outcome,
                fed,
                counted,
            } => {
                let Some((order, serial)) = pick(&self.cards, card) else {
                    return;
                };
                let Some(before) = self.printing.remove(&serial) else {
                    return;
                };
                // a printer that says "printed" has fed a card, one that says "not printed" has not or has said so
                let fed = if outcome == Outcome::Printed { 1 } else { fed };
                self.counter += fed;
                if fed > 0 {
                    self.maybe_on_a_card.insert(serial);
                }
                let mut evidence = bench::evidence(outcome, before, self.counter);
                if !counted {
                    evidence.counter_after = None;
                    evidence.plane_byte_accepted = fed > 0;
                }
                // without a count, "not printed" is said only when no byte went out
                let outcome = match outcome {
                    Outcome::NotPrinted if fed > 0 => Outcome::Unknown,
                    outcome => outcome,
                };
                allowed(outbox.end_attempt(order, serial, outcome, &evidence).await);
            }
            Ask::Decide { card, outcome } => {
                let Some((order, serial)) = pick(&self.cards, card) else {
                    return;
                };
                if self.printing.contains_key(&serial) || outcome == Outcome::Unknown {
                    return;
                }
                // people do not say "it never came out" of a card that they hold, nor show one that was never made;
                // what the books say of a counter or of a person that is wrong is told in `journal.rs`
                let outcome = match (outcome, self.maybe_on_a_card.contains(&serial)) {
                    (Outcome::NotPrinted, true) => Outcome::Void,
                    (Outcome::Printed, false) => Outcome::NotPrinted,
                    (outcome, _) => outcome,
                };
                allowed(
                    outbox
                        .end_attempt(order, serial, outcome, &Evidence::default())
                        .await,
                );
            }
            Ask::ReadBack { card, collected } => {
                let Some((order, serial)) = pick(&self.cards, card) else {
                    return;
                };
                allowed(outbox.read_back(order, serial, None, true, collected).await);
            }
            Ask::Test => {
                if !self.printing.is_empty() {
                    return;
                }
                self.counter += 1;
                outbox
                    .note_feed(Feed::Test, PRINTER, 1, Some(self.counter))
                    .await
                    .unwrap();
            }
            Ask::Restart { .. } => unreachable!("the test itself starts the program again"),
        }
    }

    /// The program is cut off; answers what was being printed.
    fn cut(&mut self, fed: u64, inside: bool) -> Option<Serial> {
        let cut = self.printing.drain().map(|(serial, _)| serial).next()?;
        self.counter += fed;
        if fed > 0 || inside {
            self.maybe_on_a_card.insert(cut);
        }
        Some(cut)
    }

    /// It has started again: what the printer shows settles what it can.
    async fn settle(&mut self, outbox: &Outbox, cut: Option<Serial>, fed: u64, inside: bool) {
        let reading = Reading {
            printer: PRINTER.to_owned(),
            counter: Some(self.counter),
            card_inside: inside && cut.is_some(),
        };
        let open = outbox.settle_by(&reading).await.unwrap();
        if let Some(serial) = cut {
            let settled = !open.iter().any(|open| open.serial == serial);
            assert_eq!(settled, fed == 0 && !inside, "{serial}");
        }
        // a card that was drawn in and not counted yet comes out, and is counted then
        if cut.is_some() && inside && fed == 0 {
            self.counter += 1;
        }
    }

    fn attempt(&self, serial: Serial) -> NewAttempt {
        NewAttempt {
            serial,
            ..bench::attempt(self.counter)
        }
    }

    fn begun(&mut self, order: OrderId, serial: Serial) {
        if !self.cards.contains(&(order, serial)) {
            self.cards.push((order, serial));
        }
        self.printing.insert(serial, self.counter);
        assert_eq!(
            self.printing.len(),
            1,
            "a printer prints one card at a time"
        );
    }
}

/// What the journal allowed; a refusal by its rules is as good an answer, any other error is not.
fn allowed<T>(answer: Result<T, Error>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(Error::Rule(_)) => None,
        Err(error) => panic!("{error}"),
    }
}

fn pick<T: Copy>(from: &[T], at: usize) -> Option<T> {
    from.get(at % from.len().max(1)).copied()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_story_breaks_the_journals_rules(story in prop::collection::vec(ask(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Bench::in_memory();
            let (mut outbox, mut world) = (desk.outbox().await, World::default());
            for ask in story {
                if let Ask::Restart { fed, inside } = ask {
                    let cut = world.cut(fed, inside);
                    outbox.close().await;
                    outbox = desk.open_again().await;
                    world.settle(&outbox, cut, fed, inside).await;
                } else {
                    world.answer(&outbox, ask).await;
                }
                let found = outbox.check().await.unwrap();
                assert_eq!(found.broken_rules, Vec::<String>::new());
                if let Some(books) = found.books.first() {
                    // an attempt under way has fed nothing that is known; all else is accounted for
                    assert_eq!(books.unexplained(), 0, "{books:?}");
                }
            }
        });
    }
}
