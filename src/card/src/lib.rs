//! Draws university cards from the institution's templates and checks the codes on them.
//!
//! A card is made from an SVG template, the holder's name and portrait, and a QR code. Only [`Designer::load`] and the
//! functions that read key and profile files touch the disk; everything else computes its result from its arguments.
//!
//! Where to start reading:
//!
//! - [`Settings`] (`settings.rs`): the section `[card]` of the site's configuration and its checks.
//! - [`Designer`] (`designer.rs`): draws a [`CardContent`] as a [`common::order::CardImage`] in a printer's [`Raster`].
//!   `template.rs` checks a template and takes it apart, `face.rs` draws one side, `fit.rs` fits a text into its box.
//! - `code.rs` and `credential.rs`: what the QR code says and how it is signed; `qr.rs` draws it and reads it back.
//! - [`Verifier`] (`verify.rs`) and [`Revocations`]: whether a code belongs to a card that is still valid.
//! - [`proof_pdf`] and [`PrinterProfile`]: a card at true size as a PDF, and how it will look when it is printed.
//!
//! ```
//! use card::{CARD_WIDTH, Raster};
//!
//! // 1016 dots at 300 dpi are 86.02 mm, a little more than a card.
//! let raster = Raster::PROOF;
//! assert!(raster.is_plausible());
//! assert!(raster.width as f32 / raster.dots_per_mm() > CARD_WIDTH);
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bars;
mod canvas;
mod code;
mod content;
mod cost;
mod credential;
mod designer;
mod esc;
mod face;
mod fit;
mod fonts;
mod keys;
mod proof;
mod qr;
mod raster;
mod revocation;
mod settings;
mod soft;
mod template;
#[cfg(test)]
mod tests;
mod verify;

pub use bars::{Barcode, NoBars, Symbology};
pub use code::CodeError;
pub use content::CardContent;
pub use credential::{Credential, DateOutOfRange};
pub use designer::{Designer, DrawError};
pub use esc::Issuer;
pub use keys::{CodeKey, NoKeys, PublicKeys, Signer, TEST_KEY};
pub use proof::{proof_pdf, sheet_pdf};
pub use qr::{read_code, read_code_luma};
pub use raster::{CARD_HEIGHT, CARD_WIDTH, Raster};
pub use revocation::{LONGEST_LIFE, NoList, Revocations};
pub use settings::{Code, Form, Kind, LONGEST_HOST, Settings};
pub use soft::PrinterProfile;
pub use verify::{NotOurs, Verdict, Verifier};
