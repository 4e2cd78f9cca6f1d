//! Signs codes for booths that have no key of their own.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};

use super::{
    App,
    answer::Problem,
    auth::Booth,
    receive::{json, parse_serial},
};
use card::Credential;
use portal::{CodeRequest, CodeSignature};

/// Ed25519 is deterministic: a repeated request gets the same answer, and nothing needs to be stored.
pub(super) async fn signature(
    State(app): State<Arc<App>>,
    Path(serial): Path<String>,
    _: Booth,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<CodeSignature>, Problem> {
    let serial = parse_serial(&serial)?;
    let code: CodeRequest = json(&headers, &body)?;
    let signer = app
        .signer
        .as_ref()
        .ok_or_else(|| Problem::not_known("This portal signs no codes"))?;
    let credential = Credential {
        key: signer.id,
        serial,
        kind: code.kind,
        valid_through: code.valid_through,
        issue: code.issue,
    };
    let signature = credential
        .signature(signer.key())
        .map_err(Problem::bad_request)?;
    Ok(Json(CodeSignature {
        key_id: signer.id,
        signature: BASE64.encode(signature),
    }))
}
