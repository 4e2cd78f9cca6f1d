//! How values are kept in the columns of the store, and how they are read again.

use super::Error;
use common::order::{OrderId, Outcome, Serial};

pub(super) fn order_id(bytes: Vec<u8>) -> Result<OrderId, Error> {
    uuid::Uuid::from_slice(&bytes)
        .map(OrderId)
        .map_err(|_| store::Error::Damaged("an order's id is not 16 bytes".to_owned()).into())
}

pub(super) fn serial(bytes: Vec<u8>) -> Result<Serial, Error> {
    <[u8; 8]>::try_from(bytes)
        .map(Serial)
        .map_err(|_| store::Error::Damaged("a serial is not 8 bytes".to_owned()).into())
}

/// SQLite's integers are signed; a counter keeps its bits.
pub(super) fn signed(n: u64) -> i64 {
    n.cast_signed()
}

pub(super) fn unsigned(n: i64) -> u64 {
    n.cast_unsigned()
}

/// The outcome's name in the store, which is also its name on the wire.
pub(super) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Printed => "printed",
        Outcome::NotPrinted => "notPrinted",
        Outcome::Unknown => "unknown",
        Outcome::Void => "void",
    }
}

/// The outcome with this name. `None` for `open`, the name of a card that is being printed.
pub(super) fn outcome_named(name: &str) -> Option<Outcome> {
    [
        Outcome::Printed,
        Outcome::NotPrinted,
        Outcome::Unknown,
        Outcome::Void,
    ]
    .into_iter()
    .find(|outcome| outcome_name(*outcome) == name)
}
