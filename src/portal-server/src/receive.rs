//! What booths send: orders, photos, cards, blocks, incidents and heartbeats.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::de::DeserializeOwned;

use super::{
    App,
    answer::{Problem, Stored},
    auth::Booth,
};
use common::order::{CardRow, Order, OrderId, Serial};
use portal::{
    Block, Hash, Heartbeat, Incident, LARGEST_ORDER,
    seal::{MEDIA_TYPE, context},
};

type Answer = Result<Stored, Problem>;

pub(super) async fn order(
    State(app): State<Arc<App>>,
    Path(order): Path<String>,
    Booth(booth): Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let id = parse_order(&order)?;
    let sent = Hash::of(&body);
    let (plain, headers) = app.opened(id, "order", "application/json", headers, body)?;
    let order: Order = json(&headers, &plain)?;
    if order.order_id != id {
        return Err(Problem::bad_request("orderId is not the one in the path"));
    }
    if order.booth.id != booth {
        return Err(Problem::forbidden().detail("the order names another booth"));
    }
    app.records.order(&booth, &order, &plain, sent).await
}

pub(super) async fn photo(
    State(app): State<Arc<App>>,
    Path(order): Path<String>,
    _: Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let order = parse_order(&order)?;
    let sent = Hash::of(&body);
    let (body, headers) = app.opened(order, "photo", "image/jpeg", headers, body)?;
    of_type(&headers, "image/jpeg")?;
    undamaged(&headers, &body)?;
    if !body.starts_with(&[0xff, 0xd8]) {
        return Err(Problem::unprocessable("no-jpeg", "The photo is no JPEG"));
    }
    if has_metadata(&body) {
        return Err(Problem::unprocessable(
            "metadata",
            "The photo carries metadata",
        ));
    }
    app.records.photo(order, &body, sent).await
}

pub(super) async fn card(
    State(app): State<Arc<App>>,
    Path((order, serial)): Path<(String, String)>,
    _: Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let (order, serial) = (parse_order(&order)?, parse_serial(&serial)?);
    let row: CardRow = json(&headers, &body)?;
    app.records.card(order, serial, &row, &body).await
}

pub(super) async fn block(
    State(app): State<Arc<App>>,
    Path(serial): Path<String>,
    Booth(booth): Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let serial = parse_serial(&serial)?;
    let block: Block = json(&headers, &body)?;
    app.records.block(&booth, serial, &block).await?;
    // A card stays blocked, so the same answer is right for the first and for every later request.
    Ok(Stored {
        sha256: Hash::of(&body),
        fresh: false,
    })
}

pub(super) async fn incident(
    State(app): State<Arc<App>>,
    Booth(booth): Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let key = headers
        .get("Idempotency-Key")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix('"')?.strip_suffix('"'))
        .filter(|key| !key.is_empty() && key.len() <= 64)
        .ok_or_else(|| Problem::bad_request("Idempotency-Key is missing"))?;
    let _: Incident = json(&headers, &body)?;
    app.records.incident(&booth, key, &body).await
}

pub(super) async fn health(
    State(app): State<Arc<App>>,
    Path(named): Path<String>,
    Booth(booth): Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    if named != booth {
        return Err(Problem::forbidden().detail("a booth speaks for itself only"));
    }
    let _: Heartbeat = json(&headers, &body)?;
    app.records.heartbeat(&booth, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// Opens a body that is sealed to this portal, and replaces the headers that describe it. Any other body is unchanged.
    fn opened(
        &self,
        order: OrderId,
        part: &str,
        kind: &'static str,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<(Bytes, HeaderMap), Problem> {
        if of_type(&headers, MEDIA_TYPE).is_err() {
            return Ok((body, headers));
        }
        undamaged(&headers, &body)?;
        let secret = self.secret.as_ref().ok_or_else(|| {
            Problem::unprocessable("sealed", "This portal has no key that opens sealed parts")
        })?;
        let plain = secret.open(&context(order, part), &body).map_err(|_| {
            Problem::unprocessable(
                "sealed",
                "The sealed part does not open with this portal's key",
            )
        })?;
        headers.remove("Content-Digest");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        Ok((Bytes::copy_from_slice(&plain), headers))
    }
}

fn parse_order(text: &str) -> Result<OrderId, Problem> {
    let id: OrderId = text.parse().map_err(Problem::bad_request)?;
    if id.0.get_version_num() == 7 {
        Ok(id)
    } else {
        Err(Problem::bad_request("an order's id is a UUID version 7"))
    }
}

pub(super) fn parse_serial(text: &str) -> Result<Serial, Problem> {
    text.parse().map_err(Problem::bad_request)
}

pub(super) fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    of_type(headers, "application/json")?;
    undamaged(headers, body)?;
    if body.len() > LARGEST_ORDER {
        return Err(Problem::unprocessable(
            "too-large",
            "The content is too large",
        ));
    }
    serde_json::from_slice(body).map_err(Problem::bad_request)
}

fn of_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim();
    if given.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(Problem::bad_request(format!(
            "Content-Type is not {wanted}"
        )))
    }
}

/// Compares the body with its digest (RFC 9530), when the request has one.
fn undamaged(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let Some(digest) = headers.get("Content-Digest") else {
        return Ok(());
    };
    let sent = digest
        .to_str()
        .ok()
        .and_then(|text| {
            text.split(',')
                .find_map(|one| one.trim().strip_prefix("sha-256=:"))
        })
        .and_then(|text| text.strip_suffix(':'))
        .and_then(|text| BASE64.decode(text).ok());
    match sent {
        Some(sent) if sent == Hash::of(body).0 => Ok(()),
        Some(_) => Err(Problem::bad_request("the content was damaged on its way")),
        None => Err(Problem::bad_request("Content-Digest has no sha-256")),
    }
}

/// Whether a JPEG has application segments beside the plain JFIF one: Exif, XMP, a camera's notes, comments. Only segments
/// before the picture data are looked at.
fn has_metadata(jpeg: &[u8]) -> bool {
    let mut rest = &jpeg[2..];
    while let [0xff, marker, high, low, ..] = *rest {
        match marker {
            // The picture data starts here.
            0xda => return false,
            0xe1..=0xef | 0xfe => return true,
            _ => {}
        }
        let length = usize::from(high) << 8 | usize::from(low);
        match rest.get(2 + length.max(2)..) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    false
}
