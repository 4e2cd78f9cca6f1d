//! What can happen to a visit, and what it can ask to be done.

use std::sync::Arc;

use super::{Shot, attendant, issue, sign_in};
use common::{
    audit,
    health::Health,
    order::{
        CardImage, Disposition, Evidence, OrderId, Outcome, Picture, Private, Replaces, Serial, Uid,
    },
};

/// Something that has happened.
#[derive(Debug)]
pub enum Event {
    /// The visitor or attendant chose something that the screen offered.
    Pressed(Press),
    /// A sign of life that chose nothing.
    Touched,
    /// Some time has passed; comes about four times a second while a state has a limit.
    Ticked,
    HealthChanged(Box<Health>),
    /// Attempts to print that a power cut left open; found when the store was opened.
    OpenAttemptsFound(Vec<issue::OpenAttempt>),
    SignIn(sign_in::Progress),
    /// A card lies on the reader.
    CardLaid(Uid),
    CardTaken,
    /// A preview frame was assessed.
    Assessed(Coaching),
    Captured(Box<Shot>),
    /// The camera gave no picture; by the fault's name.
    CaptureFailed(String),
    /// The portrait was cut again after the holder moved it.
    Cut(Arc<Picture>, Adjust),
    Rendered(Box<issue::Rendered>),
    /// The card could not be drawn; the sentence is for the log and the attendant.
    RenderFailed(String),
    /// The order is on disk: this is the acknowledgement.
    Committed(issue::Commitment),
    CommitFailed(String),
    /// A step that the printer itself reported.
    PrintStepped(issue::PrintStep),
    /// The printer waits for a person (cover, cards, ribbon) and goes on afterwards; by the fault's name, `None` when
    /// over.
    PrintPaused(Option<String>),
    PrintEnded(Evidence),
    /// The attempt's outcome is on disk.
    OutcomeKept,
    /// The camera read the code of a card; the serial when its signature is ours.
    CodeSeen(Option<Serial>),
    Attendant(attendant::Progress),
}

impl Event {
    /// Whether a person did this. A code in the camera's picture is one only when it is waited for, and the session
    /// discards all others before it asks.
    pub(super) fn is_sign_of_life(&self) -> bool {
        self.is_touch()
            || matches!(
                self,
                Self::CardLaid(_) | Self::CardTaken | Self::CodeSeen(_)
            )
    }

    /// Whether somebody touched the screen or the keyboard.
    pub(super) fn is_touch(&self) -> bool {
        matches!(self, Self::Pressed(_) | Self::Touched)
    }
}

/// What an assessed preview frame says to the person before the lens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Coaching {
    /// Key of the one sentence to show, e.g. `hint-come-closer`; none when all is well.
    pub hint: Option<&'static str>,
    /// How much of the time that all must be well has passed, 0 to 1.
    pub ring: f32,
    /// All has been well for long enough: the countdown may start by itself.
    pub ready: bool,
}

/// The visitor's choices. A screen offers them through its elements; nothing else makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    // These are offered on every screen.
    Language(String),
    LargeText,
    HighContrast,
    Speech,
    LowControls,
    Calm,
    Help,
    Cancel,
    StillHere,
    /// The booth's name held for two seconds, F12, or a staff card.
    Attendant,
    // Each of these is offered by its phase.
    Start,
    NewCode,
    /// Sign in another way: by password or by an attendant.
    NoPhone,
    /// A change in the password sign-in.
    Typed(sign_in::Typed),
    Kind(usize),
    Yes,
    NotMe,
    FetchLater,
    ReadAll,
    TurnPage(usize),
    LibraryWish,
    Accept,
    Back,
    OldCard(Disposition),
    Shutter,
    Stop,
    Retake,
    Use,
    Move(Adjust),
    Print,
    PrintAgain,
    WrongName,
    Skip,
    Place(usize),
    Confirm,
    Done,
    /// A press on the attendant's screen.
    Staff(attendant::Press),
}

/// How the holder moved the portrait, in steps of the buttons; the portrait's rules give a step its size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Adjust {
    /// Positive: the face moves right in the picture.
    pub right: i8,
    /// Positive: the face moves up.
    pub up: i8,
    /// Positive: closer.
    pub closer: i8,
}

impl Adjust {
    /// The largest number of steps one way.
    pub const MOST: i8 = 6;

    pub(super) fn plus(self, other: Self) -> Self {
        let add = |a: i8, b: i8| a.saturating_add(b).clamp(-Self::MOST, Self::MOST);
        Self {
            right: add(self.right, other.right),
            up: add(self.up, other.up),
            closer: add(self.closer, other.closer),
        }
    }
}

/// Work that goes on beside the visit until it is stopped or done; one of each at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    SignIn,
    Assessment,
    Capture,
    Render,
    WatchForCode,
    Attendant,
    AttendantSignIn,
}

impl Work {
    pub const ALL: [Self; 7] = [
        Self::SignIn,
        Self::Assessment,
        Self::Capture,
        Self::Render,
        Self::WatchForCode,
        Self::Attendant,
        Self::AttendantSignIn,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    CardRead,
    CountdownBeat,
    Shutter,
    Done,
    Attention,
}

/// Something to do. Its answer comes back as an [`Event`].
#[derive(Debug)]
pub enum Effect {
    /// Asks the identity provider for a code and waits for the person's approval.
    BeginSignIn,
    /// Checks a password typed at the booth.
    CheckPassword(sign_in::Password),
    /// Stops work; its answers are discarded.
    Stop(Work),
    /// Reports to the portal that this person signed in at this booth while somebody else stood before it.
    ReportNotMe(Private<String>),
    /// Blocks a lost or stolen card at once.
    BlockCard(Box<Replaces>),
    /// Wakes the camera and assesses its picture.
    BeginFraming,
    Capture,
    /// Cuts the portrait out of the still anew, as the shot's `adjust` says.
    Cut(Arc<Shot>),
    /// Draws the card under a fresh serial (`None`) or the given one.
    Render(Box<issue::RenderOrder>),
    /// Commits order, photo, job and, when it is printed here, the attempt, in one transaction.
    Commit(Box<issue::NewOrder>),
    /// Commits a further attempt of a committed order under `serial`, after voiding `void`.
    CommitAttempt {
        order: OrderId,
        serial: Serial,
        void: Option<Serial>,
    },
    /// Prints the attempt that was committed before.
    Print {
        attempt: issue::Attempt,
        card: CardImage,
    },
    KeepOutcome {
        order: OrderId,
        serial: Serial,
        outcome: Outcome,
        evidence: Box<Evidence>,
    },
    /// Binds the chip to the serial, says whether the code was read back and whether the card is in the holder's hand.
    KeepReadBack {
        order: OrderId,
        serial: Serial,
        uid: Option<Uid>,
        code: bool,
        collected: bool,
    },
    /// Wakes the camera and looks for the code of a card in its picture.
    WatchForCode,
    /// Wakes the camera for an attendant who sets it up; nothing is assessed.
    WakeCamera,
    /// Puts the camera to sleep: nobody is filmed without need.
    RestCamera,
    Attendant(attendant::Command),
    Play(Sound),
    Audit(audit::Event),
    /// Forgets every picture, name and token outside the session's state.
    Wipe,
}

impl Effect {
    /// The work that this effect begins, which [`Effect::Stop`] ends and a later one of the same work replaces. `None`
    /// for what must be completed even when the visitor has left: what is written to disk, printed or sent to the
    /// portal.
    pub fn work(&self) -> Option<Work> {
        match self {
            Self::BeginSignIn | Self::CheckPassword(_) => Some(Work::SignIn),
            Self::BeginFraming => Some(Work::Assessment),
            Self::Capture | Self::Cut(_) => Some(Work::Capture),
            Self::Render(_) => Some(Work::Render),
            Self::WatchForCode => Some(Work::WatchForCode),
            Self::Attendant(command) => Some(command.work()),
            Self::Stop(_)
            | Self::ReportNotMe(_)
            | Self::BlockCard(_)
            | Self::Commit(_)
            | Self::CommitAttempt { .. }
            | Self::Print { .. }
            | Self::KeepOutcome { .. }
            | Self::KeepReadBack { .. }
            | Self::WakeCamera
            | Self::RestCamera
            | Self::Play(_)
            | Self::Audit(_)
            | Self::Wipe => None,
        }
    }
}
