//! Performs the effects of the session. Only this module calls the ports; every answer is an event.

mod assemble;
mod attend;
mod card;
mod photo;
mod resume;
mod sign_in;

use std::sync::Arc;

use futures::{FutureExt, StreamExt, future, stream, stream::BoxStream};
use jiff::Timestamp;

use crate::{
    booth::{Booth, Parts},
    runner::Perform,
};
use common::{
    audit,
    order::{Private, Replaces},
};
use portal::{Block, Incident, IncidentKind};
use session::{Effect, Event};

impl Perform for Booth {
    fn perform(&self, effect: Effect) -> BoxStream<'static, Event> {
        let parts = self.parts();
        match effect {
            Effect::BeginSignIn => sign_in::by_phone(parts),
            Effect::CheckPassword(password) => sign_in::by_password(parts, password),
            Effect::BeginFraming => photo::coach(parts),
            Effect::Capture => one(photo::capture(parts)),
            Effect::Cut(shot) => one(photo::cut(parts, shot)),
            Effect::Render(order) => one(card::render(parts, *order)),
            Effect::Commit(order) => one(card::commit(parts, *order)),
            Effect::CommitAttempt {
                order,
                serial,
                void,
            } => one(card::commit_attempt(parts, order, serial, void)),
            Effect::Print { attempt, card } => card::print(parts, attempt, card),
            Effect::KeepOutcome {
                order,
                serial,
                outcome,
                evidence,
            } => maybe(card::keep_outcome(&parts, order, serial, outcome, evidence)),
            Effect::KeepReadBack {
                order,
                serial,
                uid,
                code,
                collected,
            } => quietly(card::keep_read_back(
                &parts, order, serial, uid, code, collected,
            )),
            Effect::WatchForCode => photo::watch_for_code(parts),
            Effect::BlockCard(replaces) => quietly(block(parts, *replaces)),
            Effect::ReportNotMe(subject) => quietly(report_not_me(parts, subject)),
            Effect::Attendant(command) => attend::perform(parts, command),
            Effect::Audit(event) => {
                tell(&event);
                stream::empty().boxed()
            }
            Effect::Wipe => {
                parts.devices.camera.standby(true);
                parts.faces.forget();
                parts.devices.light(false);
                stream::empty().boxed()
            }
            Effect::WakeCamera => {
                parts.devices.camera.standby(false);
                stream::empty().boxed()
            }
            Effect::RestCamera => {
                parts.devices.camera.standby(true);
                stream::empty().boxed()
            }
            // The window plays sounds, and the runner cancels work.
            Effect::Play(_) | Effect::Stop(_) => stream::empty().boxed(),
        }
    }
}

/// An effect with exactly one answer.
fn one(answer: impl Future<Output = Event> + Send + 'static) -> BoxStream<'static, Event> {
    stream::once(answer).boxed()
}

/// An effect with at most one answer.
fn maybe(
    answer: impl Future<Output = Option<Event>> + Send + 'static,
) -> BoxStream<'static, Event> {
    stream::once(answer).filter_map(future::ready).boxed()
}

/// An effect without an answer.
fn quietly(work: impl Future<Output = ()> + Send + 'static) -> BoxStream<'static, Event> {
    stream::once(work.map(|()| None))
        .filter_map(future::ready)
        .boxed()
}

/// Writes one line of the audit trail.
fn tell(event: &audit::Event) {
    let line = event.line();
    tracing::info!(target: "audit", event = line.event, detail = %line.detail);
}

/// Blocks a lost or stolen card by its serial. A card without one is reported to the portal's clerks as an incident.
/// Both go through the outbox, so that they arrive even if the portal is down now.
async fn block(parts: Arc<Parts>, replaces: Replaces) {
    let (at, booth) = (Timestamp::now(), parts.config.booth().id.clone());
    let kept = match replaces.serial {
        Some(serial) => {
            parts
                .outbox
                .block(
                    serial,
                    &Block {
                        reason: replaces.disposition,
                        at,
                        booth,
                    },
                )
                .await
        }
        None => {
            let Replaces {
                card_number,
                uid,
                disposition,
                ..
            } = replaces;
            let kind = IncidentKind::CardGone {
                disposition,
                card_number,
                uid,
                subject: None,
            };
            parts.outbox.incident(&incident(at, booth, kind)).await
        }
    };
    if let Err(error) = kept {
        tracing::error!("a lost card could not be reported: {error}");
    }
}

/// Reports that a visitor denied being the person who signed in. The report names the account, because its password may
/// be known to others or its owner may have been talked into approving.
async fn report_not_me(parts: Arc<Parts>, subject: Private<String>) {
    let (at, booth) = (Timestamp::now(), parts.config.booth().id.clone());
    let report = incident(
        at,
        booth,
        IncidentKind::NotMe {
            subject: Some(subject),
        },
    );
    if let Err(error) = parts.outbox.incident(&report).await {
        tracing::error!("\"not me\" could not be reported: {error}");
    }
}

fn incident(at: Timestamp, booth: String, kind: IncidentKind) -> Incident {
    Incident {
        id: uuid::Uuid::now_v7(),
        at,
        booth,
        kind,
    }
}
