//! Assembles the order from what the visit gathered, as a pure function.

use jiff::Timestamp;

use common::order::{
    BoothRecord, CardRecord, LibraryRecord, Order, OrderId, PersonRecord, PhotoRecord,
};
use session::{Shot, issue::NewOrder};

/// The order of a visit. `photo` is the JPEG of the shot's portrait, and the order holds its hash.
pub(super) fn order(
    new: &NewOrder,
    shot: &Shot,
    photo: &[u8],
    booth: BoothRecord,
    template: String,
    now: Timestamp,
) -> Order {
    let draft = &new.draft;
    let (holder, card) = (&draft.holder, draft.card());
    let overridden = shot
        .checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| check.check.clone());
    let library = (draft.library_wish || card.barcode.is_some()).then(|| LibraryRecord {
        wish: draft.library_wish,
        barcode: card.barcode.clone(),
    });
    Order {
        order_id: OrderId::new(now),
        created_at: now,
        booth,
        reason: draft.reason,
        person: PersonRecord {
            subject: holder.subject.clone(),
            idp: holder.idp.clone(),
            assurance: holder.assurance.clone(),
            affiliation: holder.affiliation.clone(),
            display_name: holder.display_name.clone(),
            name_on_card: holder.name_on_card.clone(),
        },
        login: draft.login.clone(),
        card: CardRecord {
            kind: card.kind.clone(),
            template,
            valid_through: card.valid_through,
            card_number: card.card_number.clone(),
            issue: card.issue,
            functions: card.functions.clone(),
        },
        replaces: draft.replaces.clone(),
        delivery: new.delivery.clone(),
        photo: PhotoRecord {
            sha256: portal::Hash::of(photo).to_string(),
            width: shot.portrait.width(),
            height: shot.portrait.height(),
            checks: shot.checks.clone(),
            overridden: overridden.collect(),
        },
        library,
        fee: card.fee.clone(),
        consents: draft.consents.clone(),
        lang: new.language.clone(),
        supersedes: draft.supersedes,
        for_review: holder.for_review,
    }
}
