//! Which card lies on the reader. People lay and lift cards at any time, also before a state asks for one. So a state
//! does not wait for the event that a card was laid; it looks at what lies on the reader now.

use common::order::Uid;

/// More cards than this are not remembered in one visit; nobody has a reason to lay so many.
const MOST_SEEN: usize = 16;

/// The card on the reader now, and those that have lain on it in this visit.
#[derive(Debug, Default)]
pub struct OnReader {
    lying: Option<Uid>,
    /// Oldest first; the lying card is among them.
    seen: Vec<SeenCard>,
}

#[derive(Debug)]
struct SeenCard {
    uid: Uid,
    when: When,
}

/// When a card was first laid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Before this visit. Somebody else may have forgotten it.
    BeforeVisit,
    InVisit,
    /// Before the printer began with the card that is being made, so it is not that card.
    BeforePrint,
}

impl OnReader {
    /// The reader sees this card. It says so again when the card was lifted and laid anew.
    pub(super) fn laid(&mut self, uid: Uid, in_visit: bool) {
        match self.seen.iter_mut().find(|seen| seen.uid == uid) {
            // Somebody lifted and laid it during the visit, so it does not belong to an earlier visitor.
            Some(seen) if seen.when == When::BeforeVisit && in_visit && self.lying.is_none() => {
                seen.when = When::InVisit
            }
            Some(_) => {}
            None => {
                if self.seen.len() == MOST_SEEN {
                    self.seen.remove(0);
                }
                self.seen.push(SeenCard {
                    uid: uid.clone(),
                    when: if in_visit {
                        When::InVisit
                    } else {
                        When::BeforeVisit
                    },
                });
            }
        }
        self.lying = Some(uid);
    }

    pub(super) fn lifted(&mut self) {
        self.lying = None;
    }

    /// The printer begins with a card. No card that was seen until now can be that one.
    pub(super) fn printing(&mut self) {
        for seen in &mut self.seen {
            seen.when = When::BeforePrint;
        }
    }

    /// The card that still lies on the reader was laid before the next visit begins.
    pub(super) fn visit_ended(&mut self) {
        self.seen.clear();
        if let Some(uid) = &self.lying {
            self.seen.push(SeenCard {
                uid: uid.clone(),
                when: When::BeforeVisit,
            });
        }
    }

    pub(super) fn lying(&self) -> Option<&Uid> {
        self.lying.as_ref()
    }

    fn when(&self) -> Option<(&Uid, When)> {
        let lying = self.lying.as_ref()?;
        let seen = self.seen.iter().find(|seen| seen.uid == *lying)?;
        Some((lying, seen.when))
    }

    /// Whether the lying card was laid, or laid anew, during this visit.
    pub(super) fn was_laid_in_visit(&self) -> bool {
        self.when()
            .is_some_and(|(_, when)| when != When::BeforeVisit)
    }

    /// The lying card, unless it lay on the reader before the printer began.
    pub(super) fn new_card(&self) -> Option<&Uid> {
        self.when()
            .filter(|(_, when)| *when != When::BeforePrint)
            .map(|(uid, _)| uid)
    }
}
