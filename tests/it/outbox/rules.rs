//! A property test of the journal: its rules hold after any sequence of requests and restarts.

use std::collections::{HashMap, HashSet};

use common::order::{Evidence, OrderId, Outcome, Serial};
use outbox::{
    Error, NewAttempt, NewRecord, Outbox,
    journal::{Feed, Reading},
};
use proptest::prelude::*;

use super::bench::{self, Bench, PRINTER};

/// A request to the journal. The numbers select among the existing orders and cards.
#[derive(Debug, Clone)]
enum Ask {
    Commit,
    /// A further attempt for an order, with its serial or a new one, voiding the old one or not.
    Again {
        order: usize,
        same: bool,
        void: bool,
    },
    /// The printer has finished: it fed `fed` cards and reports `outcome`.
    End {
        card: usize,
        outcome: Outcome,
        fed: u64,
        counted: bool,
    },
    /// A person decides the outcome of a card.
    Decide {
        card: usize,
        outcome: Outcome,
    },
    ReadBack {
        card: usize,
        collected: bool,
    },
    Test,
    /// The program is killed after `fed` cards since the last reading, and started again.
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

/// The model of everything outside the journal: the printer's counter, the orders and the cards.
#[derive(Default)]
struct World {
    counter: u64,
    orders: Vec<OrderId>,
    cards: Vec<(OrderId, Serial)>,
    /// The attempts in progress, with the counter before each.
    printing: HashMap<Serial, u64>,
    /// Serials that may be on a card. Printed again, they would be on two cards.
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
                // The session never voids a card while it is being printed, except by a restart.
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
                // A printer that reports "printed" has fed a card.
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
                // The booth concludes "not printed" only if no card was fed.
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
                // The person decides truthfully: a card that was fed is not "not printed", and one that was never made
                // is not "printed". `journal.rs` tests wrong decisions and wrong counters.
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

    /// Kills the program. Returns the serial that was being printed.
    fn cut(&mut self, fed: u64, inside: bool) -> Option<Serial> {
        let cut = self.printing.drain().map(|(serial, _)| serial).next()?;
        self.counter += fed;
        if fed > 0 || inside {
            self.maybe_on_a_card.insert(cut);
        }
        Some(cut)
    }

    /// Starts the program again: the printer's reading settles the open attempts that it can.
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
        // A card that was inside and not counted yet is ejected and counted now.
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

/// The answer of the journal; `None` if its rules refused the request. Panics at any other error.
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
                    // Every card that the journal knows to be fed is accounted for.
                    assert_eq!(books.unexplained(), 0, "{books:?}");
                }
            }
        });
    }
}
