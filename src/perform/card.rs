//! The card's effects: draw it, commit the order, print it, and keep the outcome.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use card_printer::{Panel, PrintJob, Progress, Stage};
use device::Fault as _;
use futures::{StreamExt, stream, stream::BoxStream};
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::assemble;
use crate::booth::Parts;
use card::CardContent;
use common::order::{
    Attempt, CardFace, CardImage, Commitment, Evidence, FaultRecord, OrderId, Outcome, Private,
    Serial, Uid,
};
use outbox::{NewAttempt, NewRecord};
use portal::CodeRequest;
use session::{
    Event,
    issue::{NewOrder, PrintStep, RenderOrder, Rendered},
};

/// Draws the card in the raster of the connected printer, with the order's serial or a new one.
pub(super) async fn render(parts: Arc<Parts>, order: RenderOrder) -> Event {
    let serial = order.serial.unwrap_or_else(Serial::random);
    let raster = parts.raster();
    let draft = &order.draft;
    let mut content = CardContent::new(&draft.holder, draft.card(), serial, &order.language);
    content.test = parts.config.is_test();
    match signed_by_portal(&parts, &content).await {
        Ok(signed) => content.signed = signed,
        Err(error) => {
            tracing::error!("the card's code could not be signed: {error}");
            return Event::RenderFailed(error);
        }
    }
    let drawn = spawn_blocking(move || {
        let shot = order.draft.shot.as_ref().ok_or("there is no photograph")?;
        parts
            .designer
            .draw(&content, &shot.portrait, raster)
            .map_err(|error| error.to_string())
    });
    match drawn.await {
        Ok(Ok(card)) => Event::Rendered(Box::new(Rendered { serial, card })),
        Ok(Err(error)) => {
            tracing::error!("the card could not be drawn: {error}");
            Event::RenderFailed(error)
        }
        Err(_) => Event::RenderFailed("drawing ended without an answer".to_owned()),
    }
}

/// The text of the code, signed by the portal; `None` if the booth signs codes itself or the cards have none to sign.
async fn signed_by_portal(parts: &Parts, content: &CardContent) -> Result<Option<String>, String> {
    let asked = parts
        .designer
        .asked(content)
        .map_err(|error| error.to_string())?;
    let Some(mut credential) = asked else {
        return Ok(None);
    };
    let code = CodeRequest {
        kind: credential.kind,
        valid_through: credential.valid_through,
        issue: credential.issue,
    };
    let answer = parts.portal.sign(content.serial, code).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let signature = URL_SAFE_NO_PAD
        .decode(&answer.signature)
        .ok()
        .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        .ok_or("the portal's signature cannot be read")?;
    // The portal may sign with a newer key than the booth's configuration names; the public keys decide if it is valid.
    credential.key = answer.key_id;
    let text = parts.designer.signed_elsewhere(&credential, &signature);
    text.map(Some).map_err(|error| error.to_string())
}

/// Commits the order. If the card is printed here, the attempt is committed with it, with the printer's counter as it
/// was just before.
pub(super) async fn commit(parts: Arc<Parts>, new: NewOrder) -> Event {
    let attempt = match new.serial {
        Some(serial) => Some(new_attempt(&parts, serial).await),
        None => None,
    };
    let now = Timestamp::now();
    let limit = parts.photo_limit();
    let (booth, template) = (
        parts.booth_record(),
        parts.template_of(&new.draft.card().kind),
    );
    let assembled = spawn_blocking(move || {
        let shot = new.draft.shot.clone().ok_or("there is no photograph")?;
        let photo = portrait::jpeg(&shot.portrait, limit).map_err(|error| error.to_string())?;
        let order = assemble::order(&new, &shot, &photo, booth, template, now);
        Ok::<_, String>((order, Private::new(photo.to_vec())))
    });
    let (order, photo) = match assembled.await {
        Ok(Ok(assembled)) => assembled,
        Ok(Err(error)) => return Event::CommitFailed(error),
        Err(_) => return Event::CommitFailed("the order could not be made".to_owned()),
    };
    committed(
        parts
            .outbox
            .commit(NewRecord {
                order,
                photo,
                attempt,
            })
            .await,
    )
}

pub(super) async fn commit_attempt(
    parts: Arc<Parts>,
    order: OrderId,
    serial: Serial,
    void: Option<Serial>,
) -> Event {
    let attempt = new_attempt(&parts, serial).await;
    let begun = parts.outbox.begin_attempt(order, attempt, void).await;
    committed(begun.map(|attempt| Commitment {
        order,
        attempt: Some(attempt),
    }))
}

fn committed(kept: Result<Commitment, outbox::Error>) -> Event {
    match kept {
        Ok(commitment) => Event::Committed(commitment),
        Err(error) => {
            tracing::error!("an order could not be kept: {error}");
            Event::CommitFailed(error.to_string())
        }
    }
}

async fn new_attempt(parts: &Parts, serial: Serial) -> NewAttempt {
    // The driver limits the time of the query; without an answer the attempt has no counter.
    let status = parts.devices.printer.query().await.ok();
    let counter_before = status
        .as_ref()
        .and_then(|status| status.counters)
        .and_then(|counters| counters.cards);
    NewAttempt {
        serial,
        printer: parts.printer_name(status.as_ref()),
        counter_before,
    }
}

/// Prints the card and streams every step; the last event is always the evidence.
pub(super) fn print(
    parts: Arc<Parts>,
    attempt: Attempt,
    card: CardImage,
) -> BoxStream<'static, Event> {
    let job = job(&attempt, &card, &parts);
    drop(card);
    let progress = job.and_then(|job| {
        parts
            .devices
            .printer
            .print(job)
            .map_err(|refused| refused.to_string())
    });
    match progress {
        Ok(receiver) => {
            let events = stream::unfold(receiver, |mut receiver| async move {
                receiver.recv().await.map(|news| (news, receiver))
            });
            events
                .flat_map(|news| stream::iter(events_of(news)))
                .boxed()
        }
        Err(reason) => {
            // The default evidence says that nothing was sent.
            tracing::error!("the printer took no job: {reason}");
            stream::iter([Event::PrintEnded(Evidence::default())]).boxed()
        }
    }
}

fn job(attempt: &Attempt, card: &CardImage, parts: &Parts) -> Result<PrintJob, String> {
    let side = |face: &CardFace| {
        let (width, height) = (face.rgb.width(), face.rgb.height());
        card_printer::CardImage::new(
            width,
            height,
            face.rgb.rgb().to_vec(),
            face.resin_mask.clone(),
        )
        .map_err(|error| error.to_string())
    };
    Ok(PrintJob {
        id: attempt.id.into(),
        front: side(&card.front)?,
        back: card.back.as_deref().map(side).transpose()?,
        options: card_printer::Options {
            profile: parts.devices.printer_profile.clone(),
            ribbon: ribbon(card),
            ..card_printer::Options::default()
        },
    })
}

/// The ribbon for a card: a back in black only is printed with the second K panel of a YMCKOK ribbon, which saves a
/// second set of colour panels.
fn ribbon(card: &CardImage) -> card_printer::Ribbon {
    match &card.back {
        Some(back) if back.is_black_only() => card_printer::Ribbon::Ymckok,
        _ => card_printer::Ribbon::default(),
    }
}

fn events_of(news: Progress) -> Vec<Event> {
    match news {
        Progress::Step(step) => {
            let name = match step.stage {
                Stage::Preparing => "preparing",
                Stage::Sending(panel) => panel_name(panel),
                Stage::Printing => "printing",
                Stage::Waiting => "waiting",
            };
            let clamp = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
            let step = PrintStep {
                name: name.to_owned(),
                done: clamp(step.done),
                of: clamp(step.of),
                remaining: None,
            };
            let mut events = vec![Event::PrintStepped(step)];
            if !matches!(name, "waiting") {
                events.push(Event::PrintPaused(None));
            }
            events
        }
        Progress::Fault(fault) => vec![Event::PrintPaused(Some(fault.name().to_owned()))],
        Progress::Ended(evidence) => vec![Event::PrintEnded(evidence_of(evidence))],
    }
}

/// The panel's name in texts (`step-<name>`).
fn panel_name(panel: Panel) -> &'static str {
    match panel {
        Panel::Yellow => "yellow",
        Panel::Magenta => "red",
        Panel::Cyan => "blue",
        Panel::Resin => "black",
        Panel::Overcoat => "overcoat",
    }
}

fn evidence_of(seen: card_printer::Evidence) -> Evidence {
    let fault = seen.fault.map(|fault| FaultRecord {
        name: fault.name().to_owned(),
        // A spooler that cancelled a job does not know how much of it the printer has received.
        means_not_fed: fault.means_not_fed() && !seen.through_spooler,
    });
    Evidence {
        bytes_total: seen.bytes_total,
        bytes_sent: seen.bytes_sent,
        plane_byte_accepted: seen.plane_byte_accepted,
        busy_seen: seen.busy_seen,
        ready_after: seen.ready_after && !seen.through_spooler,
        fault,
        counter_before: seen.counter_before,
        counter_after: seen.counter_after,
    }
}

/// Keeps the outcome. It is queued before this returns, so that what builds on it is queued behind it.
pub(super) fn keep_outcome(
    parts: &Arc<Parts>,
    order: OrderId,
    serial: Serial,
    outcome: Outcome,
    evidence: Box<Evidence>,
) -> impl Future<Output = Option<Event>> + Send + 'static {
    let outbox = parts.outbox.clone();
    let kept =
        parts.in_order(async move { outbox.end_attempt(order, serial, outcome, &evidence).await });
    async move {
        match kept.await? {
            Ok(_) => Some(Event::OutcomeKept),
            Err(error) => {
                // The attempt stays open in the journal and is decided at the next start.
                tracing::error!("an outcome could not be kept: {error}");
                None
            }
        }
    }
}

pub(super) fn keep_read_back(
    parts: &Arc<Parts>,
    order: OrderId,
    serial: Serial,
    uid: Option<Uid>,
    code: bool,
    collected: bool,
) -> impl Future<Output = ()> + Send + 'static {
    let outbox = parts.outbox.clone();
    let kept = parts.in_order(async move {
        outbox
            .read_back(order, serial, uid.as_ref(), code, collected)
            .await
    });
    async move {
        if let Some(Err(error)) = kept.await {
            tracing::error!("a read-back could not be kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
