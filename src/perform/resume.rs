//! A holder who comes back to an order whose card was never fed: the same order, the same serial, the same photograph.

use std::{io::Cursor, sync::Arc};

use image::{ImageFormat, ImageReader};
use tokio::task::spawn_blocking;

use crate::booth::Parts;
use common::order::{Allowed, Attempt, Holder, Order, OrderId, Picture, Private, Serial};
use session::{Adjust, Resumed, Shot, Unprinted};

/// A stored portrait is smaller.
const MOST_PIXELS: u32 = 4096;

/// The newest order of `holder` that waits for nothing but its card. With it, `holder` may have that card and no other.
/// `None`: there is none, or somebody has to look at it: the portal speaks of another order, or does not let this person
/// have the card any more.
pub(super) async fn resume(parts: &Parts, holder: &mut Holder) -> Option<Box<Resumed>> {
    // nobody at the portal could say whether the card may still be made
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

/// However the person signed in then and now: by phone, by password, or served by an attendant, who vouches without a
/// provider.
async fn newest(parts: &Parts, subject: &str) -> Option<(OrderId, Attempt)> {
    let mut issuers = parts.identity.issuers();
    issuers.push(String::new());
    let (outbox, subject) = (parts.outbox.clone(), subject.to_owned());
    // behind what is still to be written down: it may be what became of this very card
    let looked_up = parts.in_order(async move {
        let mut found = Vec::new();
        for issuer in issuers {
            found.extend(outbox.printable(&issuer, &subject).await?);
        }
        Ok::<_, outbox::Error>(found)
    });
    match looked_up.await? {
        // an id begins with its time
        Ok(found) => found.into_iter().max_by_key(|(order, _)| *order),
        Err(error) => {
            tracing::error!("orders without a card could not be looked up: {error}");
            None
        }
    }
}

/// The card as it was ordered; what an order does not say of it is the portal's, as of today.
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
        // of the picture that the portrait was cut from nothing is kept
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

/// The booth's own JPEG, read back.
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
