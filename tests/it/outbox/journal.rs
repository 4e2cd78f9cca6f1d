//! The journal's rules: no serial is printed twice, no order has two valid cards, and the counts of cards add up.

use common::order::{Evidence, Outcome, Serial};
use outbox::{
    Error,
    journal::{Feed, Reading},
};

use super::bench::{Bench, PRINTER, attempt, commit, evidence, issue, order_of};

fn said(error: &Error) -> String {
    assert!(matches!(error, Error::Rule(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_cut_off_attempt_is_found_open_and_blocks_the_printer_until_decided() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let made = commit(&outbox, "abcd0001", 41).await.unwrap();
    outbox.close().await;

    let opened = desk.open().await;
    assert_eq!(opened.undecided.len(), 1);
    let open = &opened.undecided[0];
    assert_eq!((open.order, open.cut_off), (made.order, true));
    assert_eq!(open.counter_before, Some(41));
    let refused = commit(&opened.outbox, "efgh0002", 41).await.unwrap_err();
    assert!(said(&refused).contains("is not decided"));
}

#[tokio::test]
async fn the_printers_counter_settles_a_cut_off_attempt_only_when_it_is_proof() {
    for (what, counter, card_inside, settled) in [
        ("the counter stands still", Some(41), false, true),
        ("it moved", Some(42), false, false),
        (
            "it stands still but a card is inside",
            Some(41),
            true,
            false,
        ),
        ("the printer has none", None, false, false),
    ] {
        let desk = Bench::new();
        let outbox = desk.outbox().await;
        let made = commit(&outbox, "abcd0001", 41).await.unwrap();
        let serial = made.attempt.unwrap().serial;
        let reading = Reading {
            printer: PRINTER.to_owned(),
            counter,
            card_inside,
        };
        let left = outbox.settle_by(&reading).await.unwrap();
        assert_eq!(left.is_empty(), settled, "{what}");
        let printable = outbox.printable("https://idp.example", "abcd0001").await;
        let printable: Vec<Serial> = printable.unwrap().iter().map(|(_, a)| a.serial).collect();
        assert_eq!(
            printable,
            if settled { vec![serial] } else { vec![] },
            "{what}"
        );
    }
}

#[tokio::test]
async fn the_same_serial_is_printed_again_only_when_nothing_was_fed() {
    for (outcome, after, again) in [
        (Outcome::NotPrinted, 0, true),
        (Outcome::Printed, 1, false),
        (Outcome::Unknown, 1, false),
        (Outcome::Unknown, 0, false),
        (Outcome::Void, 1, false),
    ] {
        let desk = Bench::new();
        let outbox = desk.outbox().await;
        let made = commit(&outbox, "abcd0001", 0).await.unwrap();
        let serial = made.attempt.unwrap().serial;
        outbox
            .end_attempt(made.order, serial, outcome, &evidence(outcome, 0, after))
            .await
            .unwrap();
        let mut next = attempt(after);
        next.serial = serial;
        let second = outbox.begin_attempt(made.order, next, None).await;
        assert_eq!(second.is_ok(), again, "{outcome:?} {after}: {second:?}");
        // A new serial requires that the old one is voided, whatever its outcome.
        if !again && outcome != Outcome::Void {
            let refused = outbox.begin_attempt(made.order, attempt(after), None).await;
            assert!(said(&refused.unwrap_err()).contains("valid card"));
            let second = outbox
                .begin_attempt(made.order, attempt(after), Some(serial))
                .await;
            assert!(second.is_ok(), "{outcome:?}: {second:?}");
        }
    }
}

#[tokio::test]
async fn a_decision_is_kept_and_never_contradicts_the_counter() {
    for (after, decided, kept) in [
        (Some(1), Outcome::Printed, Outcome::Printed),
        (Some(0), Outcome::NotPrinted, Outcome::NotPrinted),
        // A card was fed, so "not printed" means a spoiled card, and its serial is void.
        (Some(1), Outcome::NotPrinted, Outcome::Void),
        (None, Outcome::NotPrinted, Outcome::NotPrinted),
        (Some(1), Outcome::Void, Outcome::Void),
    ] {
        let desk = Bench::new();
        let outbox = desk.outbox().await;
        let made = commit(&outbox, "abcd0001", 0).await.unwrap();
        let serial = made.attempt.unwrap().serial;
        let mut seen = evidence(Outcome::Unknown, 0, 0);
        seen.counter_after = after;
        outbox
            .end_attempt(made.order, serial, Outcome::Unknown, &seen)
            .await
            .unwrap();
        assert_eq!(outbox.undecided().await.unwrap().len(), 1);
        let result = outbox
            .end_attempt(made.order, serial, decided, &Evidence::default())
            .await
            .unwrap();
        assert_eq!(result, kept, "{after:?} {decided:?}");
        assert!(outbox.undecided().await.unwrap().is_empty());
        // The same decision again changes nothing.
        let again = outbox
            .end_attempt(made.order, serial, kept, &Evidence::default())
            .await;
        assert_eq!(again.unwrap(), kept);
    }
}

#[tokio::test]
async fn an_order_that_supersedes_another_voids_its_unprinted_card() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let first = commit(&outbox, "abcd0001", 0).await.unwrap();
    let serial = first.attempt.unwrap().serial;
    let seen = evidence(Outcome::NotPrinted, 0, 0);
    outbox
        .end_attempt(first.order, serial, Outcome::NotPrinted, &seen)
        .await
        .unwrap();
    let (mut order, photo) = order_of("abcd0001");
    order.supersedes = Some(first.order);
    let attempt = None;
    outbox
        .commit(outbox::NewRecord {
            order,
            photo,
            attempt,
        })
        .await
        .unwrap();
    assert_eq!(outbox.counts().await.unwrap().void, 1);
    assert!(outbox.all_printable().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_counts_of_cards_add_up_and_show_unexplained_ones() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    issue(&outbox, "abcd0001", 100).await;
    // After the good card follow: one that was not fed, a jam that the attendant voids, a test print, and an undecided
    // one.
    for (outcome, before, after, decided) in [
        (Outcome::NotPrinted, 101, 101, None),
        (Outcome::Unknown, 101, 102, Some(Outcome::Void)),
    ] {
        let made = commit(&outbox, "abcd0001", before).await.unwrap();
        let serial = made.attempt.unwrap().serial;
        let seen = evidence(outcome, before, after);
        outbox
            .end_attempt(made.order, serial, outcome, &seen)
            .await
            .unwrap();
        if let Some(decided) = decided {
            outbox
                .end_attempt(made.order, serial, decided, &Evidence::default())
                .await
                .unwrap();
        }
    }
    outbox
        .note_feed(Feed::Test, PRINTER, 1, Some(103))
        .await
        .unwrap();
    let made = commit(&outbox, "efgh0002", 103).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let seen = evidence(Outcome::Unknown, 103, 104);
    outbox
        .end_attempt(made.order, serial, Outcome::Unknown, &seen)
        .await
        .unwrap();

    let books = outbox.books().await.unwrap().remove(0);
    assert_eq!(
        (
            books.counted,
            books.issued,
            books.rejected,
            books.void,
            books.test,
            books.undecided
        ),
        (Some(4), 1, 0, 1, 1, 1)
    );
    assert_eq!(books.unexplained(), 0);

    // A card is printed from the printer's own menu.
    issue(&outbox, "efgh0002", 105).await;
    let books = outbox.books().await.unwrap().remove(0);
    assert_eq!(books.unexplained(), 1);
}

#[tokio::test]
async fn a_counter_that_contradicts_a_collected_card_shows_in_the_counts() {
    // Each case: the counter after a print with unknown outcome, the decision, the counter at the next reading, the
    // known cards (issued, rejected, void), and the unexplained ones.
    for (after, decided, next, known, unexplained) in [
        // The holder shows the card to the camera, but the counter has not changed, or changes late.
        (Some(10), Outcome::Printed, 10, (1, 0, 0), -1),
        (Some(10), Outcome::Printed, 11, (1, 0, 0), 0),
        // The counter could not be read after the print.
        (None, Outcome::Printed, 10, (1, 0, 0), -1),
        (None, Outcome::Printed, 11, (1, 0, 0), 0),
        // The printer fed two cards, and the holder has one of them.
        (Some(12), Outcome::Printed, 12, (1, 0, 0), 1),
        // Nobody has the card, so only the counter tells whether there was one.
        (Some(10), Outcome::Void, 10, (0, 0, 0), 0),
        (Some(11), Outcome::Void, 11, (0, 0, 1), 0),
        (None, Outcome::Void, 10, (0, 0, 0), 0),
        (None, Outcome::Void, 11, (0, 0, 1), 0),
        (Some(10), Outcome::NotPrinted, 10, (0, 0, 0), 0),
        // The counter changes after the decision, so the card belongs to no attempt.
        (Some(10), Outcome::NotPrinted, 11, (0, 0, 0), 1),
    ] {
        let desk = Bench::in_memory();
        let outbox = desk.outbox().await;
        let made = commit(&outbox, "abcd0001", 10).await.unwrap();
        let serial = made.attempt.unwrap().serial;
        let mut seen = evidence(Outcome::Unknown, 10, 10);
        seen.counter_after = after;
        for (outcome, seen) in [(Outcome::Unknown, seen), (decided, Evidence::default())] {
            outbox
                .end_attempt(made.order, serial, outcome, &seen)
                .await
                .unwrap();
        }
        // The card of the next person is printed normally.
        issue(&outbox, "efgh0002", next).await;
        let what = format!("{after:?}, then {next}: {decided:?}");
        let books = outbox.books().await.unwrap().remove(0);
        let said = (books.issued - 1, books.rejected, books.void);
        assert_eq!(said, known, "{what}");
        assert_eq!(books.unexplained(), unexplained, "{what}");
        let found = outbox.check().await.unwrap();
        assert_eq!(found.is_sound(), unexplained == 0, "{what}");
        // A card in the holder's hand counts as fed.
        let shown = outbox.show(made.order).await.unwrap().unwrap();
        assert!(
            shown.cards[0].fed || decided != Outcome::Printed,
            "{what}: {:?}",
            shown.cards
        );
    }
}
