//! What can be asked: a person's data with their token, the states of orders by booths, a card's validity by anybody.

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
use common::{
    base32,
    order::{Holder, Serial},
};
use portal::OrderState;

pub(super) async fn holder(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let person = app.person(&headers).await?;
    private_answer(app.holder(person).await?)
}

pub(super) async fn holder_named(
    State(app): State<Arc<App>>,
    Path(subject): Path<String>,
    _: Booth,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // There is no attendant when the booth has checked the person's password itself.
    if headers.contains_key("Attendant-Authorization") {
        app.attendant(&headers).await?;
    }
    let person = app
        .people
        .find(&subject)
        .ok_or_else(|| Problem::not_known("The portal does not know this person"))?;
    private_answer(app.holder(person).await?)
}

/// An answer with personal data, which no proxy or browser may store.
fn private_answer(holder: Holder) -> Result<Response, Problem> {
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(holder)).into_response())
}

impl App {
    async fn holder(&self, person: &Person) -> Result<Holder, Problem> {
        let mut holder = person.holder(&self.people.places);
        for card in &mut holder.cards {
            if let Some(serial) = card.serial
                && self.records.is_blocked(serial).await?
            {
                card.status = "blocked".to_owned();
            }
        }
        let (known, open) = self.records.of_person(&person.subject).await?;
        for allowed in &mut holder.kinds {
            let more = known.iter().filter(|card| card.kind == allowed.kind);
            allowed.issue = allowed
                .issue
                .saturating_add(u8::try_from(more.count()).unwrap_or(u8::MAX));
        }
        for card in known {
            if card.status == "active" {
                // The new card replaces the one from the file of people.
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
    app.records.states(&booth, asked.since).await.map(Json)
}

/// The page that the code on a card opens. It says valid or not valid, and nothing about the holder.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(payload): Path<String>,
) -> Result<Response, Problem> {
    let valid = match serial_in(&payload) {
        Some(serial) => app.records.is_valid(serial).await?,
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
    // The last letter has bits to spare. What they are makes no difference here, as it never did for this page.
    let mut specification = base32::CROCKFORD.specification();
    specification.check_trailing_bits = false;
    let encoding = specification.encoding().ok()?;
    let start = match payload.len() {
        13 => 0,
        127 => 3,
        _ => return None,
    };
    let bytes = encoding.decode(payload.as_bytes()).ok()?;
    let serial = bytes.get(start..start + 8)?;
    serial.try_into().ok().map(Serial)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_is_found_in_both_forms_of_a_code() {
        let serial = Serial([1, 35, 69, 103, 137, 171, 205, 239]);
        let mut signed = vec![1, 0, 7];
        signed.extend(serial.0);
        signed.resize(79, 0xa5);
        let signed = base32::encode(&signed);
        for (payload, expected) in [
            ("04HMASW9NF6YY", Some(serial)),
            // the spare bit of the last letter
            ("04HMASW9NF6YZ", Some(serial)),
            (signed.as_str(), Some(serial)),
            ("04hmasw9nf6yy", None),
            ("04HMASW9NF6Y", None),
            ("04HMASW9NF6YU", None),
            ("åäöåäö1", None),
            ("", None),
        ] {
            assert_eq!(serial_in(payload), expected, "{payload}");
        }
    }
}
