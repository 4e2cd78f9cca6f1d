//! What is printed on one card.

use std::collections::BTreeMap;

use jiff::civil::Date;

use common::order::{Allowed, CardKind, Holder, Private, Serial};

/// Everything a template may show of one card, apart from the portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardContent {
    pub kind: CardKind,
    /// The name of this very card; it is in the code.
    pub serial: Serial,
    pub name: Private<String>,
    pub unit: Option<Private<String>>,
    /// The number printed on the card.
    pub number: Option<Private<String>>,
    /// The value of the bar code; apart from the printed number.
    pub barcode: Option<Private<String>>,
    pub valid_through: Date,
    /// How many cards of this kind the person has had, with this one.
    pub issue: u8,
    /// The language of the card's words, e.g. `sv`.
    pub language: String,
    /// Values for the site's own fields, by name.
    pub fields: BTreeMap<String, Private<String>>,
    /// What the code says, when it is not the site's own code for this card.
    pub code: Option<String>,
    /// The signed code's text, where the portal signed it.
    pub signed: Option<String>,
    /// Made in test mode: the card says so, large.
    pub test: bool,
}

impl CardContent {
    /// The card of `allowed` for `holder`.
    pub fn new(holder: &Holder, allowed: &Allowed, serial: Serial, language: &str) -> Self {
        Self {
            kind: allowed.kind.clone(),
            serial,
            name: holder.name_on_card.clone(),
            unit: allowed.unit.clone(),
            number: allowed.card_number.clone(),
            barcode: allowed.barcode.clone(),
            valid_through: allowed.valid_through,
            issue: allowed.issue,
            language: language.to_owned(),
            fields: BTreeMap::new(),
            code: None,
            signed: None,
            test: false,
        }
    }
}
