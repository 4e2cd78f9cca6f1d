//! Which card lies on the reader, from one look at the field after another. Pure.

use crate::Card;

/// A card counts as taken when so many looks in a row did not see it: at the edge of the field, or while a hand moves
/// it, a card answers now and then. Half a second at four looks a second.
const MISSES: u8 = 2;

/// The cards that lie there.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    lying: Vec<Lying>,
    look: u64,
}

#[derive(Debug)]
struct Lying {
    card: Card,
    /// The look that first saw it.
    since: u64,
    misses: u8,
}

impl Presence {
    /// What one look at the field saw.
    pub(crate) fn saw(&mut self, cards: Vec<Card>) {
        self.look += 1;
        let mut unseen: Vec<Lying> = std::mem::take(&mut self.lying);
        for card in cards {
            let known = unseen.iter().position(|lying| lying.card.may_be(&card));
            self.lying.push(match known {
                // what was read first stays: a random UID changes from look to look
                Some(position) => Lying {
                    misses: 0,
                    ..unseen.remove(position)
                },
                None => Lying {
                    card,
                    since: self.look,
                    misses: 0,
                },
            });
        }
        for mut lying in unseen {
            lying.misses += 1;
            if lying.misses < MISSES {
                self.lying.push(lying);
            }
        }
    }

    /// The card that came last. None when nothing lies there, and none when cards came together: nobody can say which
    /// of them is meant.
    pub(crate) fn card(&self) -> Option<&Card> {
        let newest = self.lying.iter().map(|lying| lying.since).max()?;
        let mut newest = self.lying.iter().filter(|lying| lying.since == newest);
        match (newest.next(), newest.next()) {
            (Some(only), None) => Some(&only.card),
            _ => None,
        }
    }

    pub(crate) fn count(&self) -> u8 {
        u8::try_from(self.lying.len()).unwrap_or(u8::MAX)
    }

    /// Nothing lies there any more, as far as anybody knows.
    pub(crate) fn clear(&mut self) {
        self.lying.clear();
    }
}

#[cfg(test)]
mod tests;
