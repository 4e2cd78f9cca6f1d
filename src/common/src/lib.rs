//! What several rooms of the booth speak of: the nouns that everybody may name, and nothing that does something.
//!
//! - [`order`]: who gets a card, which card, and what the portal learns of it
//! - [`health`]: what is known of the booth's parts, and whether a session may start
//! - [`audit`]: what the booth remembers of what it did
//! - [`sign_in`], [`visit`]: what a sign-in answers, and how a visit ended
//! - [`problems`]: mistakes in a site's files, each with its place and what to write instead
//! - [`key_source`]: where a secret key is kept
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
