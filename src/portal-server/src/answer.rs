//! Answers: acknowledgements with their hash, and problems as RFC 9457 has them.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use portal::Hash;

/// An acknowledgement: a body with this hash is stored under the name of the request.
#[derive(Debug, Serialize)]
pub(super) struct Stored {
    pub(super) sha256: Hash,
    #[serde(skip)]
    pub(super) fresh: bool,
}

impl IntoResponse for Stored {
    fn into_response(self) -> Response {
        let status = if self.fresh {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        (status, Json(self)).into_response()
    }
}

/// Why a request failed. `title` is fixed for each `type` and never names a person; `detail` may.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    /// The hash of what is stored under this name, when that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Hash>,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str) -> Self {
        Self {
            kind: format!("urn:fotoautomat:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: String::new(),
            sha256: None,
        }
    }

    pub(super) fn detail(mut self, detail: impl ToString) -> Self {
        self.detail = detail.to_string();
        self
    }

    pub(super) fn bad_request(detail: impl ToString) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            "The request is not well formed",
        )
        .detail(detail)
    }

    pub(super) fn unprocessable(kind: &str, title: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, kind, title)
    }

    pub(super) fn not_believed(detail: impl ToString) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not-believed",
            "The caller has not shown who it is",
        )
        .detail(detail)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not-allowed",
            "The caller may not do this",
        )
    }

    pub(super) fn not_known(title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-known", title)
    }

    /// Another content is stored under this name. By its hash the caller learns whether it is its own.
    pub(super) fn conflict(stored: Hash) -> Self {
        let mut problem = Self::new(
            StatusCode::CONFLICT,
            "other-content",
            "Another content is kept under this name",
        );
        problem.sha256 = Some(stored);
        problem
    }

    pub(super) fn order_open() -> Self {
        Self::new(
            StatusCode::LOCKED,
            "order-open",
            "An order of this person for this kind of card is open",
        )
    }

    pub(super) fn failed(detail: impl ToString) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            "The portal failed; try again",
        )
        .detail(detail)
    }

    pub(super) fn unreachable(detail: impl ToString) -> Self {
        Self::new(
            StatusCode::BAD_GATEWAY,
            "identity-provider",
            "The identity provider cannot be asked; try again",
        )
        .detail(detail)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::failed(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            serde_json::to_vec(&self).unwrap_or_default(),
        )
            .into_response()
    }
}

pub(super) async fn no_such_page() -> Problem {
    Problem::not_known("There is no such resource")
}
