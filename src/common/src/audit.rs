//! The events of the audit log. They have no names, tokens or pictures in them.

use serde::Serialize;

use crate::{
    health::Reason,
    order::{OrderId, Outcome},
    visit::Ending,
};

/// One event of the audit log. It names orders and attendants by their ids, and never a holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Started,
    OutOfService(Vec<Reason>),
    VisitBegan,
    VisitEnded(Ending),
    /// A person signed in on a phone who was not standing at the booth.
    NotMe,
    SignInFailed(&'static str),
    OrderCommitted(OrderId),
    /// The person of an order without a card came back, and its card is printed.
    OrderResumed(OrderId),
    CardEnded {
        order: OrderId,
        outcome: Outcome,
    },
    AttendantCalled,
    AttendantSignedIn {
        id: String,
    },
    AttendantDecided {
        order: OrderId,
        outcome: Outcome,
        id: String,
    },
    /// An attendant opened a session for another person.
    StaffSession {
        id: String,
    },
    /// The order of such a session.
    StaffOrder {
        order: OrderId,
        id: String,
    },
}

/// The event as one structured line of the log.
#[derive(Debug, Serialize)]
pub struct Line {
    pub event: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Event {
    /// The line of the log for this event.
    pub fn line(&self) -> Line {
        let (event, detail) = match self {
            Self::Started => ("started", String::new()),
            Self::OutOfService(reasons) => (
                "out-of-service",
                reasons
                    .iter()
                    .map(Reason::key)
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            Self::VisitBegan => ("visit-began", String::new()),
            Self::VisitEnded(ending) => ("visit-ended", format!("{ending:?}")),
            Self::NotMe => ("not-me", String::new()),
            Self::SignInFailed(why) => ("sign-in-failed", (*why).to_owned()),
            Self::OrderCommitted(order) => ("order-committed", order.to_string()),
            Self::OrderResumed(order) => ("order-resumed", order.to_string()),
            Self::CardEnded { order, outcome } => ("card-ended", format!("{order} {outcome:?}")),
            Self::AttendantCalled => ("attendant-called", String::new()),
            Self::AttendantSignedIn { id } => ("attendant-signed-in", id.clone()),
            Self::AttendantDecided { order, outcome, id } => {
                ("attendant-decided", format!("{order} {outcome:?} {id}"))
            }
            Self::StaffSession { id } => ("staff-session", id.clone()),
            Self::StaffOrder { order, id } => ("staff-order", format!("{order} {id}")),
        };
        Line { event, detail }
    }
}
