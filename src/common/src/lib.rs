//! The types and text formats that several crates of the booth share. Nothing in here acts: it has no clock, no network and
//! no device.
//!
//! # Code map
//! - [`order`]: who gets a card, which card, and what the portal learns of it. Start reading there.
//! - [`health`]: the state of the booth's parts, and whether a session may start
//! - [`audit`]: the events of the audit log
//! - [`sign_in`], [`visit`]: results of a sign-in, and how a visit ended
//! - [`problems`]: mistakes in a site's files, each with its place and what to write instead
//! - [`key_source`]: where a secret key is stored
//! - [`hex`], [`base32`], [`jws`]: text formats, each implemented once for all crates
//!
//! ```
//! use common::order::Serial;
//!
//! let serial: Serial = "0102030405060708".parse()?;
//! assert_eq!(serial.to_string(), "0102030405060708");
//! # Ok::<(), common::order::BadSerial>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
pub mod base32;
pub mod health;
pub mod hex;
pub mod jws;
pub mod key_source;
pub mod order;
pub mod problems;
pub mod sign_in;
pub mod visit;

pub use key_source::{KeyError, KeySource};
pub use problems::{Problem, Problems};
