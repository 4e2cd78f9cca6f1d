use proptest::prelude::*;

use super::*;

/// `a`..`y` is a card each; a capital letter one with a random UID, new at each look.
fn card(name: char, look: usize) -> Card {
    let number = u8::try_from(name).unwrap();
    match name.is_ascii_uppercase() {
        true => Card::new(
            &[0x08, number, 0, u8::try_from(look).unwrap()],
            [3, 0x44],
            0x20,
        ),
        false => Card::new(&[0x04, number, 0, 0], [0, 4], 0x08),
    }
    .unwrap()
}

/// Looks are separated by blanks, `-` sees nothing; answers name the card that lies there, or `-`.
fn check(looks: &str, expect: &str) {
    let mut presence = Presence::default();
    let mut answers = Vec::new();
    for (number, look) in looks.split(' ').enumerate() {
        presence.saw(
            look.chars()
                .filter(|name| *name != '-')
                .map(|name| card(name, number))
                .collect(),
        );
        answers.push(
            presence
                .card()
                .map_or('-', |card| char::from(card.uid[1]))
                .to_string(),
        );
    }
    assert_eq!(answers.join(" "), expect, "after {looks}");
}

#[test]
fn the_card_that_lies_on_the_reader_is_shown() {
    check("- a a - - -", "- a a a - -"); // there at once, gone after two looks without it
    check("a - a - a", "a a a a a"); // at the edge of the field
    check("a - -", "a a -"); // moved in and out quickly: seen all the same
    check("a b b", "a b b"); // exchanged in one movement
    check("a - - a", "a a - a"); // the same one again
}

#[test]
fn of_two_cards_the_newer_is_shown_and_of_two_that_came_together_none() {
    check("a ab ab b", "a b b b");
    check("a ab ab a a", "a b b b a"); // the newer one is taken: the older one lies there still
    check("ab ab", "- -");
    check("ab a a", "- - a"); // one of two was taken
    check("ab abc c", "- c c");
}

#[test]
fn a_random_uid_is_one_card_while_it_lies_there() {
    check("R R R", "R R R");
    let mut presence = Presence::default();
    presence.saw(vec![card('R', 1)]);
    let first = presence.card().cloned();
    presence.saw(vec![card('R', 2)]);
    assert_eq!(presence.card().cloned(), first);
    presence.saw(Vec::new());
    presence.saw(Vec::new());
    presence.saw(vec![card('R', 5)]);
    assert_ne!(presence.card().cloned(), first);
    check("R Ra Ra R R", "R a a a R");
    check("RR RR", "- -");
}

proptest! {
    #[test]
    fn the_card_that_is_shown_was_seen_in_the_last_two_looks(looks in prop::collection::vec(prop::collection::vec(0u8..5, 0..=2), 1..60)) {
        let mut presence = Presence::default();
        let cards: Vec<Vec<Card>> = looks
            .iter()
            .map(|look| look.iter().map(|name| card(char::from(b'a' + name), 0)).collect())
            .collect();
        for (number, look) in cards.iter().enumerate() {
            presence.saw(look.clone());
            let recent = &cards[number.saturating_sub(1)..=number];
            if let Some(shown) = presence.card() {
                prop_assert!(recent.iter().flatten().any(|seen| seen == shown));
            }
            prop_assert!(presence.count() <= 4, "never more than two looks hold");
        }
    }
}
