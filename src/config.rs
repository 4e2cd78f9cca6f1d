//! The site's configuration: read as it is written ([`RawConfig`]), checked, and only then believed ([`Config`]).
//!
//! Every mistake is reported at once, each with its file, line, key and what to write instead.

mod problems;

pub use problems::{Problem, Problems};
