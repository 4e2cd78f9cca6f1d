use std::{sync::Arc, time::Instant};

use crate::Adjust;
use common::order::{
    Allowed, Consent, HeldCard, Holder, LoginRecord, OrderId, OrderReason, PhotoCheck, Picture,
    Replaces, Serial, Uid,
};

/// What the visit has gathered so far; becomes the order. Dropped, and with it wiped, when the visit ends.
#[derive(Debug, Clone)]
pub struct Draft {
    pub holder: Arc<Holder>,
    /// Which of `holder.kinds` was chosen.
    pub chosen: usize,
    pub login: LoginRecord,
    pub reason: OrderReason,
    pub consents: Vec<Consent>,
    pub replaces: Option<Replaces>,
    pub library_wish: bool,
    pub shot: Option<Arc<Shot>>,
    /// An order that this one stands in for.
    pub supersedes: Option<OrderId>,
    /// The order whose card this visit makes, when it was committed in an earlier one.
    pub unprinted: Option<Unprinted>,
    /// When the holder said "yes, that is me"; the visit's duration is counted from here.
    pub began: Instant,
}

/// A committed order of which the journal proves that no card was fed: the card may be made under the serial it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unprinted {
    pub order: OrderId,
    pub serial: Serial,
}

/// What an earlier visit of this person left: an order without its card, as it was committed.
#[derive(Debug, Clone)]
pub struct Resumed {
    pub unprinted: Unprinted,
    pub reason: OrderReason,
    pub consents: Vec<Consent>,
    pub replaces: Option<Replaces>,
    pub library_wish: bool,
    pub shot: Arc<Shot>,
}

impl Resumed {
    /// Continues the earlier visit: nothing that was asked then is asked again.
    pub(super) fn into_draft(self, fresh: Draft) -> Draft {
        Draft {
            reason: self.reason,
            consents: self.consents,
            replaces: self.replaces,
            library_wish: self.library_wish,
            shot: Some(self.shot),
            unprinted: Some(self.unprinted),
            ..fresh
        }
    }
}

impl Draft {
    /// The card is to be another one after all, or fetched later: a new order, which takes the unprinted one's place.
    pub(super) fn start_over(&mut self) {
        if let Some(unprinted) = self.unprinted.take() {
            self.supersedes = Some(unprinted.order);
        }
    }

    /// Whether this is the chip of the card that is replaced.
    pub(super) fn is_old(&self, uid: &Uid) -> bool {
        let old = self.replaces.as_ref().and_then(|card| card.uid.as_ref());
        old == Some(uid)
    }

    /// The kind of card being made.
    pub fn card(&self) -> &Allowed {
        // `sign_in` checks `chosen` where it sets it, and `kinds` never changes afterwards, so this index exists.
        &self.holder.kinds[self.chosen]
    }

    /// Whether a card that the person holds is of the kind that is made. Only such a card can be replaced or blocked.
    pub(super) fn may_replace(&self, held: &HeldCard) -> bool {
        held.kind == self.card().kind
    }

    /// The card it replaces: the one of the same kind that the person holds, or none.
    pub fn replaced(&self) -> Option<&HeldCard> {
        self.holder.cards.iter().find(|card| self.may_replace(card))
    }
}

/// A photograph, cut, with what was found in it.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The whole picture at the camera's full resolution, not mirrored.
    pub still: Arc<Picture>,
    /// The portrait cut out of it, 3:4.
    pub portrait: Arc<Picture>,
    pub checks: Vec<PhotoCheck>,
    pub adjust: Adjust,
    /// How often a new photograph was asked for before this one.
    pub retakes: u32,
}
