//! The field of the virtual reader and the cards in it, with the states of ISO 14443-3 and -4 that decide whether a card
//! answers when it is asked again.

use super::card::{Uid, VirtualCard};

/// What a card does when it is asked (REQA).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    /// Answers.
    Idle,
    /// Was selected: is silent, and idle from then on (ISO 14443-3: what is not expected leads back to IDLE).
    Active,
    /// In a session of ISO 14443-4: is silent.
    Session,
    /// Was sent to sleep: is silent until the field is turned off.
    Halted,
}

#[derive(Debug)]
struct Laid {
    number: u64,
    card: VirtualCard,
    activity: Activity,
    random: [u8; 3],
}

/// A card that has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) number: u64,
    pub(super) atqa: [u8; 2],
    pub(super) sak: u8,
    pub(super) uid: Vec<u8>,
    /// Empty when it was not asked for one.
    pub(super) ats: Vec<u8>,
}

/// The field and what lies in it.
#[derive(Debug, Default)]
pub(super) struct Field {
    on: bool,
    laid: Vec<Laid>,
    numbers: u64,
}

impl Field {
    pub(super) fn lay(&mut self, card: VirtualCard) {
        self.numbers += 1;
        let number = self.numbers;
        self.laid.push(Laid {
            number,
            card,
            activity: Activity::Idle,
            random: random(number, 0),
        });
    }

    pub(super) fn take(&mut self) {
        self.laid.clear();
    }

    pub(super) fn take_first(&mut self) {
        if !self.laid.is_empty() {
            self.laid.remove(0);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.laid.len()
    }

    /// Without a field every card forgets what it was doing.
    pub(super) fn switch(&mut self, on: bool) {
        if self.on && !on {
            for laid in &mut self.laid {
                laid.activity = Activity::Idle;
                self.numbers += 1;
                laid.random = random(laid.number, self.numbers);
            }
        }
        self.on = on;
    }

    /// Asks once and selects one of the cards that answer, and none of `held`, which the reader is using. Of several it
    /// selects the one that was laid first.
    pub(super) fn select(&mut self, held: &[Listed], rats: bool) -> Option<Listed> {
        self.switch(true);
        let mut chosen: Option<Listed> = None;
        for laid in &mut self.laid {
            if held.iter().any(|listed| listed.number == laid.number) {
                continue;
            }
            match laid.activity {
                Activity::Idle if chosen.is_none() => chosen = Some(laid.activate(rats)),
                Activity::Active => laid.activity = Activity::Idle,
                Activity::Idle | Activity::Session | Activity::Halted => {}
            }
        }
        chosen
    }

    /// Ends what the reader does with a card. Returns whether the card was still in the field.
    pub(super) fn let_go(&mut self, number: u64) -> bool {
        let Some(laid) = self.laid.iter_mut().find(|laid| laid.number == number) else {
            return false;
        };
        laid.activity = match laid.activity {
            // S(DESELECT) of ISO 14443-4 leads to HALT
            Activity::Session | Activity::Halted => Activity::Halted,
            // libnfc finds such a card again after InDeselect (its issue 476)
            Activity::Active | Activity::Idle => Activity::Idle,
        };
        true
    }
}

impl Laid {
    fn activate(&mut self, rats: bool) -> Listed {
        let session = rats && self.card.is_iso_dep();
        self.activity = if session {
            Activity::Session
        } else {
            Activity::Active
        };
        let uid = match &self.card.uid {
            Uid::Fixed(uid) => uid.clone(),
            Uid::Random => [&[0x08], &self.random[..]].concat(),
        };
        let ats = if session {
            self.card.ats.clone()
        } else {
            Vec::new()
        };
        Listed {
            number: self.number,
            atqa: self.card.atqa,
            sak: self.card.sak,
            uid,
            ats,
        }
    }
}

/// Three bytes that differ each time; they need not be unpredictable.
fn random(card: u64, time: u64) -> [u8; 3] {
    // A multiplier by Knuth makes them look random.
    let mixed = (card << 32 ^ time)
        .wrapping_add(1)
        .wrapping_mul(6_364_136_223_846_793_005);
    let [high, middle, low, ..] = mixed.to_be_bytes();
    [high, middle, low]
}
