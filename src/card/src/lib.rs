//! The card: the institution's template, a person's name and portrait, and a code, drawn for a printer. Pure but for
//! [`Designer::load`], which reads the site's folder once.
//!
//! - [`Settings`]: the section `[card]` of the site's configuration
//! - [`Designer`]: draws a [`CardContent`] as [`common::order::CardImage`] in a printer's [`Raster`]
//! - [`proof_pdf`]: the same card at true size, for the designer
//! - [`read_code`]: what the code on a card says, seen by a camera

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
