//! Which card lies on the reader, from one look at the field after another. No device and no clock is used here.

use crate::Card;

/// A card counts as taken when this many looks in a row did not see it: at the edge of the field, or while it is moved, a
/// card answers now and then. Two looks last half a second.
const MISSES: u8 = 2;

/// The cards that lie on the reader.
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
    /// Takes in what one look at the field saw.
    pub(crate) fn saw(&mut self, cards: Vec<Card>) {
        self.look += 1;
        let mut unseen: Vec<Lying> = std::mem::take(&mut self.lying);
        for card in cards {
            let known = unseen.iter().position(|lying| lying.card.may_be(&card));
            self.lying.push(match known {
                // The UID that was read first stays: a random one changes from look to look.
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

    /// The card that came last. None when there is no card, and none when several came together, because it cannot be known
    /// which of them is meant.
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

    /// Forgets every card, as when the field has been off.
    pub(crate) fn clear(&mut self) {
        self.lying.clear();
    }
}

#[cfg(test)]
mod tests;
