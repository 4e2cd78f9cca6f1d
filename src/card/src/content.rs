//! What is printed on one card.

use std::collections::BTreeMap;

use jiff::civil::Date;

use common::order::{Allowed, CardKind, Holder, Private, Serial};

/// All values of one card that a template can show, except the portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardContent {
    pub kind: CardKind,
    /// The serial of this card. The code contains it.
    pub serial: Serial,
    pub name: Private<String>,
    pub unit: Option<Private<String>>,
    /// The number printed on the card.
    pub number: Option<Private<String>>,
    /// The value of the bar code, which can differ from the printed number.
    pub barcode: Option<Private<String>>,
    pub valid_through: Date,
    /// How many cards of this kind the person has had, including this one.
    pub issue: u8,
    /// The language of the texts on the card, e.g. `sv`.
    pub language: String,
    /// Values for the site's own fields, by name.
    pub fields: BTreeMap<String, Private<String>>,
    /// The text of the code, if it is not the site's own code for this card.
    pub code: Option<String>,
    /// The text of the signed code, if the portal signed it.
    pub signed: Option<String>,
    /// Whether the card was made in test mode. Such a card is marked "TEST" in large letters.
    pub test: bool,
}

impl CardContent {
    /// Creates the content of the card that `holder` is allowed to have.
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
