//! Resumes an order whose card was never fed when its holder comes back: with the same order, serial and photograph.

use std::{io::Cursor, sync::Arc};

use image::{ImageFormat, ImageReader};
use tokio::task::spawn_blocking;

use crate::booth::Parts;
use common::order::{Allowed, Attempt, Holder, Order, OrderId, Picture, Private, Serial};
use session::{Adjust, Resumed, Shot, Unprinted};

/// The limit of width and height in pixels. Stored portraits are smaller.
const MOST_PIXELS: u32 = 4096;

/// The newest order of `holder` that lacks only its card. If there is one, this restricts `holder` to that card.
/// Returns `None` if there is none, or if a clerk has to decide: the portal names another open order, or no longer
/// allows this person that card.
pub(super) async fn resume(parts: &Parts, holder: &mut Holder) -> Option<Box<Resumed>> {
    // The portal was down when this holder signed in, so it is unknown whether the card may still be made.
    if holder.for_review {
        return None;
    }
    let (order, attempt) = newest(parts, &holder.subject).await?;
    if holder.open_order.is_some_and(|open| open != order) {
        return None;
    }
    let (order, photo) = match parts.outbox.read(order).await {
        Ok(kept) => kept?,
        Err(error) => {
            tracing::error!("an order without a card could not be read: {error}");
            return None;
        }
    };
    let allowed = holder
        .kinds
        .iter()
        .find(|allowed| allowed.kind == order.card.kind)?;
    let allowed = as_ordered(&order, allowed);
    let resumed = spawn_blocking(move || resumed(order, attempt.serial, &photo));
    let (resumed, name) = resumed.await.ok()??;
    holder.name_on_card = name;
    holder.kinds = vec![allowed];
    holder.open_order = None;
    Some(Box::new(resumed))
}

/// The newest order without a card, under each issuer by which the person may have signed in: those of the provider,
/// and the empty one of a sign-in by an attendant.
async fn newest(parts: &Parts, subject: &str) -> Option<(OrderId, Attempt)> {
    let mut issuers = parts.identity.issuers();
    issuers.push(String::new());
    let (outbox, subject) = (parts.outbox.clone(), subject.to_owned());
    // The lookup waits for outcomes that are still to be written, because one may be that of this card.
    let looked_up = parts.in_order(async move {
        let mut found = Vec::new();
        for issuer in issuers {
            found.extend(outbox.printable(&issuer, &subject).await?);
        }
        Ok::<_, outbox::Error>(found)
    });
    match looked_up.await? {
        // An order's id begins with its time, so the greatest is the newest.
        Ok(found) => found.into_iter().max_by_key(|(order, _)| *order),
        Err(error) => {
            tracing::error!("orders without a card could not be looked up: {error}");
            None
        }
    }
}

/// The card as it was ordered. The unit, which an order does not hold, is the one that the portal names today.
fn as_ordered(order: &Order, today: &Allowed) -> Allowed {
    let card = &order.card;
    Allowed {
        kind: card.kind.clone(),
        valid_through: card.valid_through,
        unit: today.unit.clone(),
        card_number: card.card_number.clone(),
        issue: card.issue,
        functions: card.functions.clone(),
        fee: order.fee.clone(),
        barcode: order
            .library
            .as_ref()
            .and_then(|library| library.barcode.clone()),
    }
}

fn resumed(order: Order, serial: Serial, photo: &[u8]) -> Option<(Resumed, Private<String>)> {
    let portrait = Arc::new(decoded(photo)?);
    let resumed = Resumed {
        unprinted: Unprinted {
            order: order.order_id,
            serial,
        },
        reason: order.reason,
        consents: order.consents,
        replaces: order.replaces,
        library_wish: order.library.is_some_and(|library| library.wish),
        // Only the portrait is stored, so it also stands in for the still that it was cut from.
        shot: Arc::new(Shot {
            still: portrait.clone(),
            portrait,
            checks: order.photo.checks,
            adjust: Adjust::default(),
            retakes: 0,
        }),
    };
    Some((resumed, order.person.name_on_card))
}

/// Decodes a stored photograph, within limits.
fn decoded(photo: &[u8]) -> Option<Picture> {
    let mut reader = ImageReader::with_format(Cursor::new(photo), ImageFormat::Jpeg);
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_PIXELS), Some(MOST_PIXELS));
    reader.limits(limits);
    match reader.decode() {
        Ok(picture) => {
            let picture = picture.into_rgb8();
            let (width, height) = picture.dimensions();
            Picture::new(width, height, picture.into_raw())
        }
        Err(error) => {
            tracing::error!("the photograph of an order cannot be read: {error}");
            None
        }
    }
}
