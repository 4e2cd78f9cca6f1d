//! The status of a printer, and the evidence that a job leaves.

use serde::Serialize;

use crate::card::Panel;
use crate::fault::Fault;
use crate::model::Model;

/// Whether there is a printer to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Link {
    /// No printer has been found yet, or it has been unplugged; the driver looks for one.
    Searching,
    /// The printer is connected, but this program may not open it.
    NoPermission,
    /// Another program uses the printer.
    InUse,
    /// The printer is open and answers.
    Connected,
}

/// The newest state that is known of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Whether there is a printer to talk to.
    pub link: Link,
    /// Where it is, for example `usb:1:4`.
    pub place: String,
    /// What the printer calls itself.
    pub model_name: Option<String>,
    #[serde(serialize_with = "crate::status::model_name")]
    pub model: Option<Model>,
    /// Its serial number, where it reports one.
    pub serial: Option<String>,
    /// The version of its firmware, where it reports one.
    pub firmware: Option<String>,
    /// True when a job sent now would be printed: connected, idle and without a failure.
    pub ready: bool,
    /// True while the printer works on a card.
    pub busy: bool,
    /// What is wrong; the most important fault first.
    pub faults: Vec<Fault>,
    /// The counters of the printer itself, as they were read last.
    pub counters: Option<Counters>,
    /// Prints left on the ribbon, where the printer counts them.
    pub ribbon_left: Option<u32>,
    /// Cards left in the hopper, where the printer counts them; no real printer of this crate does.
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
    /// No printer has been found so far.
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

/// The counters of the printer itself; what it does not count is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Cards that it has printed since it was made.
    pub cards: Option<u64>,
    /// Panels that it has printed.
    pub panels: Option<u64>,
    /// How often it was cleaned.
    pub cleanings: Option<u64>,
    /// Cards since the last cleaning.
    pub cards_since_cleaning: Option<u64>,
    /// After how many cards it has to be cleaned.
    pub cards_between_cleanings: Option<u64>,
}

/// Where the card of a job was last known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CardPosition {
    /// Still among the blank cards.
    Hopper,
    /// Under the print head.
    AtHead,
    /// In the output tray.
    Ejected,
    /// In the reject tray.
    Rejected,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrintStep {
    #[serde(skip)]
    pub stage: Stage,
    /// How many bytes the printer has accepted.
    pub done: u64,
    /// How many bytes the job has.
    pub of: u64,
}

/// What happens in a job, as far as the host can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The job is made, and the printer is asked whether it is free.
    Preparing,
    /// The data of this panel is being sent.
    Sending(Panel),
    /// Everything is sent, and the printer works.
    Printing,
    /// A fault stopped the job and can be repaired while the same card waits at the head.
    Waiting,
}

/// What the receiver of [`Handle::print`](crate::Handle::print) gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The job goes on.
    Step(PrintStep),
    /// The job has stopped, and may go on when this fault is repaired.
    Fault(Fault),
    /// The job has ended. This is the last message; it comes for each job, within
    /// [`Handle::print_limit`](crate::Handle::print_limit).
    Ended(Evidence),
}

/// What can be known of a job from outside the printer. This crate does not conclude from it whether the card was printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// How many bytes the job has.
    pub bytes_total: u64,
    /// How many bytes the printer is known to have accepted.
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
    /// Where the card was last known to be.
    pub card_at: Option<CardPosition>,
    /// The card sensor never lost the card while the job waited for the repair of a fault.
    pub same_card_at_head: bool,
    /// Panels that were printed a second time on the same card after the repair of a fault.
    pub panels_repeated: u32,
    /// The job went through a print spooler, which knows less than the printer: that it reports the job as completed does not
    /// prove a card.
    pub through_spooler: bool,
    /// Why the job ended, in one sentence for the log.
    pub remark: Option<String>,
}
