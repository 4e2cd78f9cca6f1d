//! The scripted visitor: acts at every state as a person would, and records the results.

use std::{
    fmt::Write as _,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use device::FaultInjection as _;
use serde_json::json;

use crate::{
    booth::{Booth, TestPanel, png, read_picture},
    runner::{Perform, Runner},
};
use card::Raster;
use common::{
    health::Condition,
    order::{CardImage, Disposition, OrderId, Outcome, Picture, Serial},
};
use session::{Event, Press, State, attendant, issue, portrait as portrait_phase, sign_in};

/// How long a state may last before the booth counts as stuck, which fails the rehearsal.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the visitor waits before each press at pace 1.
const LOOK: Duration = Duration::from_millis(1500);

/// How often the visitor lays or lifts each card before it stays on the reader.
const MOST_MOVES: u32 = 6;

/// A scripted visitor.
pub(super) struct Visitor {
    panel: TestPanel,
    random: u64,
    pace: f32,
    cards: Cards,
    leaves_nothing: bool,
    photo: Option<PathBuf>,
}

/// The card that the visitor moves: first the old one, then the new one. It is laid and lifted at random moments, also
/// in states that do not ask for it. In the end it stays on the reader, and the booth must have noticed it.
#[derive(Debug, Default)]
struct Cards {
    /// Whether the card is the one that came out of the printer.
    new: bool,
    lies: bool,
    moves: u32,
}

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    Printed,
    NotPrinted,
    Unknown,
}

/// The results of one visit.
pub(super) struct Visit {
    pub ended: Ended,
    pub serial: Option<Serial>,
    /// The states in order, and how long each lasted.
    pub steps: Vec<(&'static str, Duration)>,
    portrait: Option<Arc<Picture>>,
    card: Option<CardImage>,
    name: String,
    pub printed: Option<card_printer::PrintedCard>,
    /// Why the visit did not end by itself; `None` if it did.
    pub problem: Option<String>,
}

impl Visitor {
    pub(super) fn new(panel: TestPanel, seed: u64, pace: f32) -> Self {
        // Xorshift needs a start other than 0, so the lowest bit is set.
        Self {
            panel,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            pace,
            cards: Cards::default(),
            leaves_nothing: false,
            photo: None,
        }
    }

    /// Keeps no picture of later visits. `photo` is read at the start of each visit and dropped at its end.
    pub(super) fn leave_nothing(&mut self, photo: Option<PathBuf>) {
        (self.leaves_nothing, self.photo) = (true, photo);
    }

    /// The next number of a xorshift sequence, so that the same seed gives the same visits.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    /// Runs one whole visit, from attract to attract. `acknowledged` is called with the order as soon as it is on disk.
    pub(super) async fn visit<P: Perform>(
        &mut self,
        runner: &mut Runner<P>,
        number: u32,
        mut acknowledged: impl FnMut(OrderId),
    ) -> Visit {
        let face = self.next();
        self.panel
            .show_visitor(usize::try_from(face % 97).unwrap_or(0));
        self.refill();
        let mut visit = Visit::new();
        self.cards = Cards::default();
        match self.photo.as_deref().map(read_picture) {
            Some(Ok(picture)) => self.panel.show(&picture),
            Some(Err(unreadable)) => {
                visit.problem = Some(unreadable.to_string());
                return visit;
            }
            None => {}
        }
        let mut told = None;
        let mut here = runner.session.state.name();
        let (mut entered, mut moved) = (Instant::now(), Instant::now());
        let mut begun = false;
        loop {
            let at = runner.session.state.name();
            if at != here {
                visit.steps.push((here, entered.elapsed()));
                (here, entered, moved) = (at, Instant::now(), Instant::now());
            }
            if entered.elapsed() > PATIENCE {
                visit.problem = Some(stuck(&runner.session.state));
                break;
            }
            if begun && here == "attract" {
                break;
            }
            // An attendant's decision about a card of an earlier run is not part of a visit.
            begun |= !matches!(
                here,
                "attract" | "starting" | "outOfService" | "afterRestart" | "attendant"
            );
            visit.remember(&runner.session.state);
            if let Some(order) = visit
                .order(&runner.session.state)
                .filter(|order| told != Some(*order))
            {
                told = Some(order);
                acknowledged(order);
            }
            if moved.elapsed() >= LOOK.mul_f32(self.pace) {
                moved = Instant::now();
                self.act(runner, number);
            }
            self.move_a_card(&runner.session.state, &mut visit);
            runner.turn(Duration::from_millis(20)).await;
        }
        self.panel.step_back();
        if self.leaves_nothing {
            (visit.portrait, visit.card, visit.printed) = (None, None, None);
            drop(self.panel.printer().take_card());
        }
        visit
    }

    /// Does what staff do between visitors: refills cards and ribbon, and empties the tray.
    fn refill(&self) {
        use card_printer::Fault;
        let printer = self.panel.printer();
        for used_up in [
            Fault::NoCards,
            Fault::RibbonOut,
            Fault::HopperFull,
            Fault::RejectFull,
            Fault::CleaningDue,
        ] {
            printer.clear(&used_up);
        }
    }

    /// Lays or lifts the card at random. The old card is not moved while the portrait is taken; the new one is moved as
    /// soon as the printer has ejected it.
    fn move_a_card(&mut self, state: &State, visit: &mut Visit) {
        match state {
            State::SignIn(_) | State::Consent(_) | State::OldCard(_) => {}
            State::Issue(issue::State::Printing { .. } | issue::State::ReadingBack { .. }) => {
                if visit.printed.is_none() {
                    visit.printed = self.panel.printer().take_card();
                }
                if visit.printed.is_none() {
                    return;
                }
                if !self.cards.new {
                    self.cards = Cards {
                        new: true,
                        ..Cards::default()
                    };
                }
            }
            _ => return,
        }
        if self.cards.moves > MOST_MOVES || !self.next().is_multiple_of(8) {
            return;
        }
        self.cards.moves += 1;
        let printed = visit.printed.as_ref().filter(|_| self.cards.new);
        self.cards.lies = !self.cards.lies || self.cards.moves > MOST_MOVES;
        match (self.cards.lies, printed) {
            (true, Some(card)) => self.panel.hold_up(card),
            (true, None) => self.panel.lay_old_card(),
            (false, _) => self.panel.take_card(),
        }
    }

    /// Acts as a person does at this state. Calling it again at the same state does no harm.
    fn act<P: Perform>(&mut self, runner: &mut Runner<P>, number: u32) {
        let press = match &runner.session.state {
            State::Attract => Press::Start,
            State::SignIn(sign_in::State::ShowCode {
                code: Some(_),
                approved: false,
                ..
            }) => {
                self.panel.approve(usize::try_from(number).unwrap_or(0));
                return;
            }
            State::SignIn(sign_in::State::AskIsThisYou {
                chosen: None,
                holder,
                ..
            }) => {
                let offered = sign_in::eligibility(holder, &runner.rules).unwrap_or_default();
                Press::Kind(offered.first().copied().unwrap_or(0))
            }
            State::SignIn(sign_in::State::AskIsThisYou { .. }) => Press::Yes,
            State::SignIn(sign_in::State::NotEligible { .. }) => Press::Done,
            State::Consent(_) => Press::Accept,
            // Without a reader the booth asks where the old card is.
            State::OldCard(_) if runner.session.health.reader != Condition::Ready => {
                Press::OldCard(Disposition::HandedIn)
            }
            // The shutter is released automatically once all checks pass; this visitor does not wait for that.
            State::Portrait(portrait_phase::State::Framing { .. }) => Press::Shutter,
            State::Portrait(portrait_phase::State::Reviewing { .. }) => Press::Use,
            State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                rendered: Some(_),
                committing: false,
                ..
            })) => Press::Print,
            State::Issue(issue::State::Collecting { .. }) => Press::Done,
            State::Issue(issue::State::NotPrinted(_)) => Press::Done,
            State::Issue(issue::State::NeedsAttendant(_)) => Press::Attendant,
            State::Issue(issue::State::FetchLater(later)) => match (later.order, later.place) {
                (Some(_), _) => Press::Done,
                (None, Some(_)) => Press::Confirm,
                (None, None) => Press::Place(0),
            },
            // It is unknown whether that card came out, so the safe decision is that its serial is void.
            State::Attendant(state) => match &state.step {
                attendant::Step::SigningIn { .. } => {
                    let staff = attendant::Staff {
                        id: "rehearsal".to_owned(),
                        token: None,
                    };
                    runner.happen(Event::Attendant(attendant::Progress::SignedIn(staff)));
                    return;
                }
                attendant::Step::Panel { .. } if state.open_question().is_some() => {
                    Press::Staff(attendant::Press::Decide(Outcome::Void))
                }
                attendant::Step::Panel { .. } => Press::Staff(attendant::Press::Leave),
            },
            _ => return,
        };
        runner.press(press);
    }
}

impl Visit {
    fn new() -> Self {
        Self {
            ended: Ended::NotPrinted,
            serial: None,
            steps: Vec::new(),
            portrait: None,
            card: None,
            name: String::new(),
            printed: None,
            problem: None,
        }
    }

    /// The committed order of a state.
    fn order(&self, state: &State) -> Option<OrderId> {
        match state {
            State::Issue(issue::State::Printing(issue::Printing { job, .. })) => Some(job.order),
            State::Issue(issue::State::FetchLater(later)) => later.order,
            _ => None,
        }
    }

    fn remember(&mut self, state: &State) {
        match state {
            State::Issue(issue::State::Printing(issue::Printing { job, .. }))
                if self.card.is_none() =>
            {
                self.serial = Some(job.serial);
                self.portrait = job.draft.shot.as_ref().map(|shot| shot.portrait.clone());
                self.card = Some(job.card.clone());
                self.name = job.draft.card().kind.to_string();
                self.ended = Ended::Unknown;
            }
            State::Issue(issue::State::ReadingBack { .. } | issue::State::Collecting { .. }) => {
                self.ended = Ended::Printed
            }
            State::Issue(issue::State::NotPrinted(_)) if self.card.is_some() => {
                self.ended = Ended::NotPrinted
            }
            State::Issue(issue::State::NeedsAttendant(_)) if self.card.is_some() => {
                self.ended = Ended::Unknown
            }
            _ => {}
        }
    }

    /// The content of `session.jsonl`.
    pub(super) fn log(&self) -> String {
        let mut log = String::new();
        for (step, lasted) in &self.steps {
            // Writing to a `String` cannot fail.
            let _ = writeln!(
                log,
                "{}",
                json!({"state": step, "seconds": lasted.as_secs_f64()})
            );
        }
        log
    }

    /// The files of the visit: name and content.
    pub(super) fn files(&self, booth: &Booth) -> Vec<(&'static str, Vec<u8>)> {
        let mut files = Vec::new();
        if let Some(jpeg) = self
            .portrait
            .as_ref()
            .and_then(|portrait| portrait::jpeg(portrait, booth.photo_limit()).ok())
        {
            files.push(("portrait.jpg", jpeg.to_vec()));
        }
        if let Some(card) = &self.card {
            files.extend(png(&card.front.rgb).map(|png| ("card-front.png", png)));
            let raster = Raster::at_300(card.front.rgb.width(), card.front.rgb.height());
            files.push(("proof.pdf", card::proof_pdf(card, raster, &self.name)));
        }
        if let Some(printed) = &self.printed {
            let drawn = printed.front.draw();
            let picture = Picture::new(drawn.width(), drawn.height(), drawn.rgb().to_vec());
            files.extend(
                picture
                    .as_ref()
                    .and_then(png)
                    .map(|png| ("card-printed.png", png)),
            );
            files.push(("job.bin", printed.job.to_vec()));
        }
        files
    }
}

/// What the booth waits for in a state that does not change.
fn stuck(state: &State) -> String {
    let waits = match state {
        State::OutOfService(reasons) => reasons
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        State::Issue(issue::State::ReadingBack(issue::ReadingBack { uid, code, .. })) => {
            format!("chip read: {}, code read: {code}", uid.is_some())
        }
        _ => String::new(),
    };
    format!(
        "the booth stood still at {} for {} s: {waits}",
        state.name(),
        PATIENCE.as_secs()
    )
}
