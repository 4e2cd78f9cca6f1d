//! The sections of `kiosk.toml` that belong to no capability of their own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use common::Problems;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use common::{
    health::Needs,
    order::{Allowed, Holder, PickupPlace},
};
use identity::Claims;
use session::rules::Approval;

/// `[booth]`: which booth this is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Booth {
    /// The booth's name at the portal and the identity provider, e.g. `infocenter-1`.
    pub id: String,
    /// The institution, as it stands on the screen's footer.
    pub institution: String,
    /// Where the booth stands, in words that a person on the phone recognises.
    pub place: String,
    /// Languages of the screen, the first one shown first; each needs a folder in `texts`.
    pub languages: Vec<String>,
    /// Folder of the orders on their way; made when missing. Test mode keeps its own.
    #[serde(default)]
    pub data: Option<String>,
    /// The address in the receipt's code, `{order}` standing for the order's short code; no code without it.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// `[devices]`: what hangs on this booth.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// `any`, `name:...`, `bus:...`, or `virtual`.
    pub camera: String,
    /// `usb`, `usb:SERIAL`, `tcp://HOST:PORT?model=...`, `ipp://...`, or `virtual:MODEL`.
    pub printer: String,
    /// ICC profile of the printer and its film, a file in the site's folder. Without one dye is laid in proportion to the picture.
    #[serde(default)]
    pub printer_profile: Option<String>,
    /// `pn532:usb`, `pn532:/dev/...`, `virtual`, or `none`.
    pub reader: String,
    /// `serial:/dev/...`, `virtual`, or `none`: a lamp that lights the face until the photograph is taken.
    #[serde(default = "none")]
    pub lamp: String,
}

fn none() -> String {
    "none".to_owned()
}

/// `[camera]`: how the camera is mounted and set.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Camera {
    /// Size and rate to ask for; the nearest the camera offers is taken.
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    /// Mirror the live picture, as people know themselves; the photograph never is.
    pub mirror: bool,
    /// Degrees clockwise by which the picture must be turned to stand upright: 0, 90, 180 or 270.
    pub rotate: u32,
    /// Controls of the camera to set on opening, by name (`camctl list` shows them).
    pub controls: BTreeMap<String, i64>,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 720,
            fps: 30,
            mirror: true,
            rotate: 0,
            controls: BTreeMap::new(),
        }
    }
}

/// `[rules]`: what the institution decided.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Print at once (`none`), or only order and fetch later, after somebody saw the photo (`before-print`).
    pub approval: ApprovalSetting,
    /// Assurance levels of the sign-in that may have the card printed here; empty: all.
    pub print_here_assurance: Vec<String>,
    /// Replace only cards without a code.
    pub only_without_code: bool,
    /// An order may be made and its card fetched later, also with the printer down.
    pub fetch_later: bool,
    /// Orders may be made for review while the portal is down.
    pub without_portal: bool,
    /// The booth serves without a card reader.
    pub without_reader: bool,
    /// Read the new card's chip number before it is handed over.
    pub read_back_chip: bool,
    /// Show the printed code to the camera before the card is handed over.
    pub read_back_code: bool,
    /// Ask whether the card shall work in the library.
    pub ask_library: bool,
    /// An attendant may open a session for somebody.
    pub staff_sessions: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            approval: ApprovalSetting::None,
            print_here_assurance: Vec::new(),
            only_without_code: true,
            fetch_later: true,
            without_portal: false,
            without_reader: true,
            read_back_chip: true,
            read_back_code: true,
            ask_library: false,
            staff_sessions: false,
        }
    }
}

impl Rules {
    pub(super) fn needs(&self) -> Needs {
        Needs {
            fetch_later: self.fetch_later,
            without_portal: self.without_portal,
            without_reader: self.without_reader,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalSetting {
    None,
    BeforePrint,
}

impl From<ApprovalSetting> for Approval {
    fn from(setting: ApprovalSetting) -> Self {
        match setting {
            ApprovalSetting::None => Self::None,
            ApprovalSetting::BeforePrint => Self::BeforePrint,
        }
    }
}

/// `[review]`: orders from the sign-in's claims alone, while the portal is down and `rules.without_portal` is true.
/// Somebody looks at each at the portal before a card is made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Which affiliation may order which kind.
    pub kinds: Vec<ReviewKind>,
    /// Where such a card can be fetched.
    pub places: Vec<ReviewPlace>,
}

/// A kind of card that people of one affiliation may order for review.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewKind {
    /// A value of the claim that `identity.claims.affiliation` names, in the site's words.
    pub affiliation: String,
    pub kind: String,
    /// How long the card is proposed to be valid.
    pub valid_days: u16,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewPlace {
    /// Its id at the portal.
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub hours: String,
}

/// Longer than any card is valid.
const LONGEST_VALIDITY: u16 = 3660;

impl Review {
    pub(super) fn check(&self, known: impl Fn(&str) -> bool, problems: &mut Problems) {
        for (list, empty) in [
            ("kinds", self.kinds.is_empty()),
            ("places", self.places.is_empty()),
        ] {
            if empty {
                let remedy = "Write at least one, or leave the section out.";
                problems.at(format!("review.{list}"), "is empty", remedy);
            }
        }
        for (at, entry) in self.kinds.iter().enumerate() {
            if !known(&entry.kind) {
                problems.at(
                    format!("review.kinds[{at}].kind"),
                    format!("names {:?}, which this site does not make", entry.kind),
                    "Write the name of a section [card.kinds.NAME].",
                );
            }
            if !(1..=LONGEST_VALIDITY).contains(&entry.valid_days) {
                problems.at(
                    format!("review.kinds[{at}].valid_days"),
                    "is no time a card is valid",
                    format!("Write a number of days from 1 to {LONGEST_VALIDITY}."),
                );
            }
        }
    }

    /// Who signed in, as far as the claims say it: what the portal would say is missing.
    pub fn holder(&self, claims: Claims, now: Timestamp) -> Holder {
        let today = now.to_zoned(TimeZone::system()).date();
        let fitting = self
            .kinds
            .iter()
            .filter(|entry| claims.affiliation.contains(&entry.affiliation));
        let mut kinds: Vec<Allowed> = Vec::new();
        for entry in fitting {
            if kinds.iter().any(|known| known.kind.0 == entry.kind) {
                continue;
            }
            kinds.push(Allowed {
                kind: entry.kind.as_str().into(),
                valid_through: today.saturating_add(i64::from(entry.valid_days).days()),
                unit: None,
                card_number: None,
                issue: 0,
                functions: Vec::new(),
                fee: None,
                barcode: None,
            });
        }
        let places = self.places.iter().map(|place| PickupPlace {
            id: place.id.clone(),
            name: place.name.clone(),
            hours: place.hours.clone(),
        });
        Holder {
            subject: claims.subject,
            idp: claims.issuer,
            display_name: claims.name.clone(),
            name_on_card: claims.name,
            affiliation: claims.affiliation,
            assurance: claims.assurance,
            kinds,
            cards: Vec::new(),
            pickup_places: places.collect(),
            open_order: None,
            for_review: true,
        }
    }
}

/// `[consent]`: the rules the holder accepts; their sentences are `consent-*` in the texts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The text's name in the order, e.g. `card-rules`.
    pub text: String,
    /// Its version, e.g. its date.
    pub version: String,
    /// Pages of the whole text: `consent-page-1` and on.
    #[serde(default = "one")]
    pub pages: usize,
}

fn one() -> usize {
    1
}

/// `[test]`: test mode. Only the overlay that `--test-mode` lays over a site has it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// The people that the test identity provider and the test portal know; a file of this name in the site's
    /// folder, else beside this one.
    pub people: String,
    /// How long the virtual printer takes for a card: 1 is as slow as a real one, 0 is at once.
    #[serde(default = "whole")]
    pub print_time: f32,
    /// Whose identity provider and portal: the booth's own virtual ones, or the site's, to try those with virtual devices.
    #[serde(default)]
    pub servers: Servers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Servers {
    #[default]
    Virtual,
    Site,
}

fn whole() -> f32 {
    1.0
}
