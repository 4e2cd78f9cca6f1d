//! What a printer says about itself, and what a job left behind as evidence.

use serde::Serialize;

use crate::card::Panel;
use crate::fault::Fault;
use crate::model::Model;

/// Whether there is a printer to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Link {
    /// None has been found yet, or it has been unplugged; it is looked for.
    Searching,
    /// It is there, but this program may not open it.
    NoPermission,
    /// Somebody else holds it.
    InUse,
    Connected,
}

/// The newest that is known of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub link: Link,
    /// Where it is, for example `usb:1:4`.
    pub place: String,
    /// In the printer's own words.
    pub model_name: Option<String>,
    #[serde(serialize_with = "crate::status::model_name")]
    pub model: Option<Model>,
    pub serial: Option<String>,
    pub firmware: Option<String>,
    /// True when a job sent now would be printed: connected, idle and no fault that blocks.
    pub ready: bool,
    /// True while it works on a card.
    pub busy: bool,
    pub faults: Vec<Fault>,
    pub counters: Option<Counters>,
    /// Prints left on the ribbon, where the printer counts them.
    pub ribbon_left: Option<u32>,
    /// Cards left in the hopper; no printer of this crate counts them, the virtual ones do.
    pub cards_left: Option<u32>,
    /// Width and height of the picture that it takes.
    pub raster: Option<(u32, u32)>,
    /// What is wrong with the link, in one sentence.
    pub link_error: Option<String>,
}

fn model_name<S: serde::Serializer>(model: &Option<Model>, to: S) -> Result<S::Ok, S::Error> {
    model.map(Model::name).serialize(to)
}

impl Status {
    /// Nothing found so far.
    pub(crate) fn searching(place: String) -> Self {
        Self {
            link: Link::Searching,
            place,
            model_name: None,
            model: None,
            serial: None,
            firmware: None,
            ready: false,
            busy: false,
            faults: vec![Fault::Unplugged],
            counters: None,
            ribbon_left: None,
            cards_left: None,
            raster: None,
            link_error: None,
        }
    }
}

/// The printer's own books; what it does not count is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Cards that it has printed in its life.
    pub cards: Option<u64>,
    pub panels: Option<u64>,
    pub cleanings: Option<u64>,
    pub cards_since_cleaning: Option<u64>,
    /// After how many cards it wants to be cleaned.
    pub cards_between_cleanings: Option<u64>,
}

/// Where the card of a job was last known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CardPosition {
    /// Still among the blank cards.
    Hopper,
    AtHead,
    /// It has left the printer on the side of good cards.
    Ejected,
    Rejected,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrintStep {
    #[serde(skip)]
    pub stage: Stage,
    /// Bytes that the printer has taken, of all bytes.
    pub done: u64,
    pub of: u64,
}

/// What is going on in a job, as far as the host can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Preparing,
    /// The data of this panel is on its way.
    Sending(Panel),
    /// All is sent; the printer works.
    Printing,
    /// A fault stopped it and can be mended while the same card waits at the head.
    Waiting,
}

/// What the receiver of [`Handle::print`](crate::Handle::print) hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Step(PrintStep),
    Fault(Fault),
    /// Always the last, and always comes, in bounded time.
    Ended(Evidence),
}

/// What can be said of a job from outside the printer. Whether the card was printed is for its reader to conclude.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    pub bytes_total: u64,
    /// Bytes that the printer is known to have taken.
    pub bytes_sent: u64,
    /// False only when it is certain that the printer got no byte of a picture.
    pub plane_byte_accepted: bool,
    /// The printer was seen working after the job had begun.
    pub busy_seen: bool,
    /// The printer was seen idle and without a fault after all bytes were sent.
    pub ready_after: bool,
    /// The fault that ended the job.
    pub fault: Option<Fault>,
    /// Cards that the printer had counted before the job.
    pub counter_before: Option<u64>,
    /// The same after it; `None` also when the printer could not be made to forget an unfinished job.
    pub counter_after: Option<u64>,
    pub card_at: Option<CardPosition>,
    /// The card sensor never lost the card while the job waited for a fault to be mended.
    pub same_card_at_head: bool,
    /// Panels that were printed a second time on the same card after a fault was mended.
    pub panels_repeated: u32,
    /// The job went through a print spooler, which knows less than the printer: its word alone proves no card.
    pub through_spooler: bool,
    /// In one sentence, for the log: why the job ended where it ended.
    pub remark: Option<String>,
}
