//! The attendant's effects: sign-in on their own phone or by PIN, and the lookup of a holder whom they serve.

use std::{sync::Arc, time::Instant};

use futures::{StreamExt, stream::BoxStream};

use super::{one, resume::resume, sign_in::refused};
use crate::booth::Parts;
use common::{
    order::Private,
    sign_in::{Failure, Refusal, Staff},
};
use identity::{Grant, Step};
use portal::Lookup;
use session::{
    Event,
    attendant::{Command, Progress},
};

pub(super) fn perform(parts: Arc<Parts>, command: Command) -> BoxStream<'static, Event> {
    match command {
        Command::BeginSignIn => by_phone(&parts),
        Command::CheckPin(pin) => one(check_pin(parts, pin)),
        Command::LookUp { subject, token } => one(look_up(parts, subject, token)),
    }
}

/// Signs in as a visitor does; a claim of the provider tells whether the person is an attendant.
fn by_phone(parts: &Parts) -> BoxStream<'static, Event> {
    let steps = parts.identity.begin();
    steps
        .map(|step| {
            Event::Attendant(match step {
                Step::CodeReady(code) => Progress::CodeReady(code),
                Step::Failed(failure) => Progress::Refused(Refusal::Phone(failure)),
                Step::Approved(Grant {
                    claims,
                    access_token,
                    ..
                }) if claims.attendant => Progress::SignedIn(Staff {
                    id: claims.subject.expose().clone(),
                    token: access_token,
                }),
                Step::Approved(_) => Progress::Refused(Refusal::NotStaff),
            })
        })
        .boxed()
}

async fn check_pin(parts: Arc<Parts>, pin: Private<String>) -> Event {
    let pins = parts.pins.clone();
    // Argon2 deliberately takes a good part of a second, so it runs on a thread for blocking work.
    let checked = tokio::task::spawn_blocking(move || pins.check(&pin, Instant::now())).await;
    Event::Attendant(match checked {
        Ok(Ok(staff)) => Progress::SignedIn(staff),
        Ok(Err(refusal)) => Progress::Refused(refusal),
        Err(_) => Progress::Refused(Refusal::Wrong),
    })
}

async fn look_up(
    parts: Arc<Parts>,
    subject: Private<String>,
    token: Option<Private<String>>,
) -> Event {
    let found = parts.portal.holder_named(&subject, token.as_ref()).await;
    drop(token);
    Event::Attendant(match found {
        Ok(Lookup::Found(mut holder)) => {
            let resumed = resume(&parts, &mut holder).await;
            Progress::Found(Arc::new(*holder), resumed)
        }
        answer => Progress::NotFound(refused(answer).unwrap_or(Failure::Unknown)),
    })
}
