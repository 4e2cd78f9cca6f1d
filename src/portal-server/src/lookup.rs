//! What can be asked: persons by their token, states by booths, and a card's validity by anybody.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{App, answer::Problem, auth::Booth, people::Person};
use common::order::{Holder, Serial};
use portal::OrderState;

pub(super) async fn holder(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = app.person(&headers).await?;
    told(app.holder(person).await?)
}

pub(super) async fn holder_named(
    State(app): State<Arc<App>>,
    Path(subject): Path<String>,
    _: Booth,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // a booth that checked the person's password itself has no attendant
    if headers.contains_key("Attendant-Authorization") {
        app.attendant(&headers).await?;
    }
    let person = app
        .people
        .find(&subject)
        .ok_or_else(|| Problem::not_known("The portal does not know this person"))?;
    told(app.holder(person).await?)
}

/// Personal data: for this caller only, and kept nowhere on the way.
fn told(holder: Holder) -> Result<Response, Problem> {
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(holder)).into_response())
}

impl App {
    async fn holder(&self, person: &Person) -> Result<Holder, Problem> {
        let mut holder = person.holder(&self.people.places);
        for card in &mut holder.cards {
            if let Some(serial) = card.serial
                && self.keep.is_blocked(serial).await?
            {
                card.status = "blocked".to_owned();
            }
        }
        let (known, open) = self.keep.of_person(&person.subject).await?;
        for allowed in &mut holder.kinds {
            let more = known.iter().filter(|card| card.kind == allowed.kind);
            allowed.issue = allowed
                .issue
                .saturating_add(u8::try_from(more.count()).unwrap_or(u8::MAX));
        }
        for card in known {
            if card.status == "active" {
                // the new card took the place of the one from the file
                for old in &mut holder.cards {
                    if old.kind == card.kind && old.status == "active" {
                        old.status = "blocked".to_owned();
                    }
                }
            }
            holder.cards.push(card);
        }
        holder
            .cards
            .retain(|card| card.status == "active" || card.status == "printed");
        holder.open_order = open;
        Ok(holder)
    }
}

#[derive(Deserialize)]
pub(super) struct Since {
    booth: String,
    since: Timestamp,
}

pub(super) async fn states(
    State(app): State<Arc<App>>,
    Booth(booth): Booth,
    asked: Result<Query<Since>, QueryRejection>,
) -> Result<Json<Vec<OrderState>>, Problem> {
    let Query(asked) = asked.map_err(Problem::bad_request)?;
    if asked.booth != booth {
        return Err(Problem::forbidden().detail("a booth asks for its own orders only"));
    }
    app.keep.states(&booth, asked.since).await.map(Json)
}

/// The page behind the code on a card: valid or not valid, and nothing of whose it is.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(payload): Path<String>,
) -> Result<Response, Problem> {
    let valid = match serial_in(&payload) {
        Some(serial) => app.keep.is_valid(serial).await?,
        None => false,
    };
    let (sign, sv, en) = if valid {
        ("✓", "Kortet är giltigt", "The card is valid")
    } else {
        ("✗", "Kortet är inte giltigt", "The card is not valid")
    };
    let html = format!(
        "<!DOCTYPE html><html lang=\"sv\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{sv}</title>\
         <body style=\"font:150% sans-serif;text-align:center;margin:20vh 1em\">\
         <p style=\"font-size:300%;margin:0\">{sign}</p><h1>{sv}</h1><p lang=\"en\">{en}</p>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    Ok((headers, html).into_response())
}

/// The serial in a card's code: alone (13 characters), or after version and key number in a signed body (127).
fn serial_in(payload: &str) -> Option<Serial> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let from = match payload.len() {
        13 => 0,
        127 => 24,
        _ => return None,
    };
    let mut bits = Vec::with_capacity(payload.len() * 5);
    for letter in payload.bytes() {
        let value = LETTERS.iter().position(|known| *known == letter)?;
        bits.extend((0..5).rev().map(|shift| value >> shift & 1 == 1));
    }
    let mut serial = [0; 8];
    for (at, bit) in bits.get(from..from + 64)?.iter().enumerate() {
        serial[at / 8] |= u8::from(*bit) << (7 - at % 8);
    }
    Some(Serial(serial))
}
