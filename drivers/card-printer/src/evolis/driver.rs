//! Drives an Evolis over any transport.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use device::Fault as _;

use super::RETURN;
use super::command;
use super::reply::{self, Answer};
use super::status::{Bit, State};
use crate::card::{Panel, PrintJob};
use crate::codec::encode_parts;
use crate::driver::{CardMove, Driver, Identity, Report, Timing, Watch};
use crate::encoded::Part;
use crate::fault::Fault;
use crate::model::Model;
use crate::status::{CardPosition, Counters, Evidence, PrintStep, Stage};
use crate::transport::{LinkError, Transport};

/// How many prints are left when the ribbon counts as low: half an hour of a busy booth.
const RIBBON_LOW: u64 = 20;

pub(crate) struct Evolis<T> {
    link: T,
    model: Model,
    timing: Timing,
    /// What the answers have reported; cleared before each look.
    state: State,
    report: Report,
}

/// How a command ended.
enum Ended {
    Done,
    Fault(Fault),
}

impl<T: Transport> Evolis<T> {
    pub(crate) fn new(link: T, model: Model, timing: Timing) -> Self {
        Self {
            link,
            model,
            timing,
            state: State::default(),
            report: Report::default(),
        }
    }

    fn send(&mut self, mut bytes: &[u8], limit: Duration) -> Result<(), LinkError> {
        let deadline = Instant::now() + limit;
        while !bytes.is_empty() {
            match self.link.write(bytes, self.timing.transfer.min(limit)) {
                Ok(count) => bytes = &bytes[count..],
                Err(LinkError::Timeout) if Instant::now() < deadline => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Drops what is left of older answers.
    fn drain(&mut self) -> Result<(), LinkError> {
        let mut buffer = [0; reply::MAX_REPLY];
        for _ in 0..16 {
            match self.link.read(&mut buffer, Duration::from_millis(2)) {
                Ok(_) => {}
                Err(LinkError::Timeout) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read(&mut self, limit: Duration) -> Result<String, LinkError> {
        let deadline = Instant::now() + limit;
        let (mut bytes, mut buffer) = (Vec::new(), [0; reply::MAX_REPLY]);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self
                .link
                .read(&mut buffer, left.max(Duration::from_millis(1)))
            {
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                // An answer without an end byte is taken as it is.
                Err(LinkError::Timeout) if !bytes.is_empty() => bytes.push(0),
                Err(error) => return Err(error),
            }
            if let Some(answer) = reply::frame(&bytes) {
                return Ok(answer);
            }
            if left.is_zero() {
                return Err(LinkError::Timeout);
            }
        }
    }

    /// Asks a question and returns the text of the answer.
    fn ask(&mut self, text: &str) -> Result<String, LinkError> {
        self.drain()?;
        self.send(&command::bytes(text), self.timing.reply)?;
        self.read(self.timing.reply)
    }

    /// Sends a command and waits until it is carried out.
    fn carry_out(&mut self, text: &str, limit: Duration) -> Result<Ended, LinkError> {
        self.drain()?;
        self.send(&command::bytes(text), self.timing.reply)?;
        let answer = reply::answer(&self.read(limit)?);
        self.conclude(answer)
    }

    fn conclude(&mut self, answer: Answer) -> Result<Ended, LinkError> {
        reply::note(&answer, &mut self.state);
        Ok(match answer {
            Answer::Done => Ended::Done,
            Answer::State(Bit::Ribbon) => Ended::Fault(self.ribbon_fault()?),
            Answer::State(bit) => Ended::Fault(bit.fault().unwrap_or(Fault::Mechanical)),
            Answer::Error(text) => Ended::Fault(Fault::Other {
                code: "answer".to_owned(),
                text,
            }),
        })
    }

    /// "ERROR RIBBON" has several meanings; the end mark of the film shows whether it is one of them.
    fn ribbon_fault(&mut self) -> Result<Fault, LinkError> {
        let at_end = reply::answer(&self.ask("Rcr")?) != Answer::Done;
        if at_end {
            self.state.clear(Bit::Ribbon);
            self.state.set(Bit::RibbonEnded);
        }
        Ok(if at_end {
            Fault::RibbonOut
        } else {
            Fault::RibbonMissing
        })
    }

    fn number(&mut self, question: &str) -> Result<Option<u64>, LinkError> {
        Ok(reply::number(&self.ask(question)?))
    }

    fn read_books(&mut self) -> Result<(), LinkError> {
        let cards = self.number("Rco;c")?;
        self.report.counters = Some(Counters {
            cards,
            panels: self.number("Rco;p")?,
            cleanings: self.number("Rco;n")?,
            cards_since_cleaning: None,
            cards_between_cleanings: None,
        });
        let left = self.number("Rco;l")?;
        self.report.ribbon_left = left.and_then(|left| u32::try_from(left).ok());
        if left.is_some_and(|left| (1..=RIBBON_LOW).contains(&left)) {
            self.state.set(Bit::RibbonLow);
        }
        if reply::answer(&self.ask("Rcr")?) != Answer::Done {
            self.state.set(Bit::RibbonEnded);
        }
        if reply::answer(&self.ask("Rlr;r")?) != Answer::Done {
            self.state.set(Bit::CleaningAdvised);
        }
        Ok(())
    }

    fn card_at_head(&mut self) -> Result<Option<bool>, LinkError> {
        Ok(reply::card_present(&self.ask("Rlr;p")?))
    }

    /// Puts a card that must not be used into the reject tray, or out of the printer where there is no such tray.
    fn reject(&mut self) -> Result<Option<CardPosition>, LinkError> {
        if self.card_at_head()? != Some(true) {
            return Ok(None);
        }
        for (command, place) in [
            ("Ser", CardPosition::Rejected),
            ("Se", CardPosition::Ejected),
        ] {
            if let Ended::Done = self.carry_out(command, self.timing.stall)? {
                return Ok(Some(place));
            }
        }
        Ok(Some(CardPosition::AtHead))
    }

    /// Makes the printer listen again and forget what it has got half of; errors are managed by the host afterwards.
    fn resynchronise(&mut self) -> Result<(), LinkError> {
        let _ = self.link.soft_reset();
        // An end byte and padding end a half command.
        let mut bytes = vec![RETURN];
        bytes.resize(64, 0);
        self.send(&bytes, self.timing.reply)?;
        self.drain()?;
        self.carry_out("Pem;2", self.timing.reply)?;
        self.carry_out("Scs", self.timing.reply)?;
        Ok(())
    }

    fn counter(&mut self) -> Option<u64> {
        self.read_books().ok()?;
        self.report.counters?.cards
    }
}

impl<T: Transport> Driver for Evolis<T> {
    fn greet(&mut self) -> Result<Identity, LinkError> {
        self.resynchronise()?;
        // What is on a card of an older session is not known, so nobody gets it.
        self.reject()?;
        let id = self.link.device_id()?.unwrap_or_default();
        let text = |text: String| {
            Some(text).filter(|text| reply::answer(text) == Answer::Done && !text.is_empty())
        };
        let name = text(self.ask("Rtp")?);
        let serial = text(self.ask("Rsn")?);
        let firmware = text(self.ask("Rfv")?);
        Ok(Identity {
            name: name.or_else(|| id.model().map(str::to_owned)),
            model: Some(self.model),
            serial: serial.or_else(|| self.link.serial()),
            firmware,
            raster: Some(self.model.raster()),
        })
    }

    fn look(&mut self, deep: bool) -> Result<Report, LinkError> {
        let status = self.link.port_status()?;
        if status.is_some_and(|status| status.no_error() && !status.selected()) {
            self.report.busy = true;
            return Ok(self.report.clone());
        }
        self.report.busy = false;
        let kept = self.state;
        self.state = State::default();
        if deep {
            self.read_books()?;
        } else {
            for bit in [Bit::RibbonLow, Bit::RibbonEnded, Bit::CleaningAdvised] {
                if kept.has(bit) {
                    self.state.set(bit);
                }
            }
        }
        let unwell = status.is_none_or(|status| !status.no_error() || status.paper_empty());
        let mut strange = None;
        if unwell {
            // Without a word of its own the status byte only says that something is wrong.
            let answer = reply::answer(&self.ask("Rlr")?);
            if let (
                Ended::Fault(fault),
                State {
                    information: 0,
                    warning: 0,
                    error: 0,
                },
            ) = (self.conclude(answer)?, self.state)
            {
                strange = Some(fault);
            } else if let (Some(status), true) = (status, self.state == State::default()) {
                strange = Some(Fault::Other {
                    code: format!("{:02x}", status.0),
                    text: "The printer says that it is not ready.".to_owned(),
                });
            }
        }
        self.report.faults = self.state.faults();
        self.report.faults.extend(strange);
        Ok(self.report.clone())
    }

    fn print(&mut self, job: &PrintJob, watch: &mut dyn Watch) -> Evidence {
        let encoded = match encode_parts(self.model, job) {
            Ok(encoded) => encoded,
            Err(error) => {
                let fault = Fault::Other {
                    code: "job".to_owned(),
                    text: error.to_string(),
                };
                return Evidence {
                    fault: Some(fault),
                    remark: Some(error.to_string()),
                    ..Evidence::default()
                };
            }
        };
        let evidence = Evidence {
            bytes_total: encoded.bytes.len() as u64,
            ..Evidence::default()
        };
        let bytes = Zeroizing::new(encoded.bytes);
        let deadline = Instant::now() + self.timing.job_limit();
        Job {
            printer: self,
            bytes,
            parts: encoded.parts,
            watch,
            evidence,
            deadline,
            fed: false,
            waiting_panel: None,
        }
        .run()
    }

    fn move_card(&mut self, to: CardMove) -> Result<Option<Fault>, LinkError> {
        let command = match to {
            CardMove::ToHead => "Si",
            CardMove::ToContactless => "Sic",
            CardMove::Eject => "Se",
            CardMove::Reject => "Ser",
        };
        Ok(match self.carry_out(command, self.timing.stall)? {
            Ended::Done => None,
            Ended::Fault(fault) => Some(fault),
        })
    }

    fn place(&self) -> String {
        self.link.place()
    }
}

/// Why a job did not go through.
enum Stop {
    Fault(Fault),
    Link(LinkError),
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

/// One job under way: each part is a command that is answered when it is carried out.
struct Job<'a, T> {
    printer: &'a mut Evolis<T>,
    bytes: Zeroizing<Vec<u8>>,
    parts: Vec<Part>,
    watch: &'a mut dyn Watch,
    evidence: Evidence,
    /// When the job is given up.
    deadline: Instant,
    fed: bool,
    /// The panel that is stored in the printer and printed when the next command comes.
    waiting_panel: Option<Panel>,
}

impl<T: Transport> Job<'_, T> {
    fn run(mut self) -> Evidence {
        match self.go() {
            Ok(()) => {
                self.evidence.ready_after = true;
                self.evidence.card_at = Some(CardPosition::Ejected);
                self.evidence.counter_after = self.printer.counter();
            }
            Err(Stop::Fault(fault)) => {
                self.watch.fault(&fault);
                self.evidence.remark = Some(format!("the printer stopped with {}", fault.name()));
                self.withdraw(&fault);
                self.evidence.fault = Some(fault);
            }
            Err(Stop::Link(error)) => {
                self.evidence.remark = Some(error.to_string());
                let fault = error.fault();
                if error == LinkError::Stalled {
                    // The pipe works again, and half a command is in the printer.
                    self.withdraw(&fault);
                }
                self.evidence.fault = Some(fault);
            }
        }
        self.evidence
    }

    /// Ends the session in the printer, so that nothing of this job is printed later, and reads the counter.
    fn withdraw(&mut self, fault: &Fault) {
        if self.evidence.bytes_sent == 0 {
            self.evidence.counter_after = self.evidence.counter_before;
            return;
        }
        let withdrawn = self
            .printer
            .resynchronise()
            .and_then(|()| self.printer.reject());
        if let Ok(place) = withdrawn {
            self.evidence.card_at = place.or(fault.means_not_fed().then_some(CardPosition::Hopper));
            self.evidence.counter_after = self.printer.counter();
        }
    }

    fn go(&mut self) -> Result<(), Stop> {
        self.step(Stage::Preparing);
        let status = self.printer.look(false)?;
        if let Some(fault) = status.faults.into_iter().find(Fault::is_failure) {
            return Err(Stop::Fault(fault));
        }
        self.evidence.counter_before = self.printer.counter();
        let parts = std::mem::take(&mut self.parts);
        let mut start = 0;
        for part in parts {
            self.step(part.stage);
            self.part(start, part)?;
            start = part.end;
        }
        Ok(())
    }

    fn step(&mut self, stage: Stage) {
        self.watch.step(PrintStep {
            stage,
            done: self.evidence.bytes_sent,
            of: self.evidence.bytes_total,
        });
    }

    /// Sends one command and waits for its answer. A command is never sent twice.
    fn part(&mut self, start: usize, part: Part) -> Result<(), Stop> {
        self.printer.drain()?;
        self.transfer(start, part)?;
        let answer = self.answer(part.stage)?;
        let ended = self.printer.conclude(answer)?;
        if self.bytes[start..part.end] == *b"\x1bSs\r" && matches!(ended, Ended::Done) {
            self.fed = true;
            self.evidence.card_at = Some(CardPosition::AtHead);
        }
        if let Ended::Fault(fault) = ended {
            self.mend(fault, part.stage)?;
        }
        // The answer shows that the panel before is on the card.
        self.evidence.busy_seen |= self.waiting_panel.is_some();
        self.waiting_panel = match part.stage {
            Stage::Sending(panel) => Some(panel),
            _ => None,
        };
        Ok(())
    }

    /// Waits for the answer to a command, which comes when it is carried out.
    fn answer(&mut self, stage: Stage) -> Result<Answer, Stop> {
        let deadline = self
            .deadline
            .min(Instant::now() + self.printer.timing.stall);
        loop {
            match self.printer.read(self.printer.timing.job_poll) {
                Ok(text) => return Ok(reply::answer(&text)),
                Err(LinkError::Timeout) if Instant::now() < deadline => self.step(stage),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn transfer(&mut self, start: usize, part: Part) -> Result<(), Stop> {
        let chunk = self.printer.link.chunk();
        let mut at = start;
        let mut last_taken = Instant::now();
        let mut last_step = Instant::now();
        while at < part.end {
            if Instant::now() >= self.deadline {
                return Err(Stop::Link(LinkError::Timeout));
            }
            let bytes = &self.bytes[at..part.end.min(at + chunk)];
            match self.printer.link.write(bytes, self.printer.timing.transfer) {
                Ok(count) => {
                    at += count;
                    self.evidence.bytes_sent = at as u64;
                    self.evidence.plane_byte_accepted |= part.picture;
                    last_taken = Instant::now();
                }
                Err(LinkError::Timeout) if last_taken.elapsed() < self.printer.timing.stall => {}
                Err(error) => {
                    // Only a time-out says that the printer took nothing.
                    self.evidence.plane_byte_accepted |=
                        part.picture && error != LinkError::Timeout;
                    return Err(error.into());
                }
            }
            if last_step.elapsed() >= self.printer.timing.job_poll {
                last_step = Instant::now();
                self.step(part.stage);
            }
        }
        Ok(())
    }

    /// A panel could not be printed. When the fault can be repaired while the very same card waits at the head, the stored
    /// panel is printed once more and the job goes on; otherwise the job ends.
    fn mend(&mut self, fault: Fault, stage: Stage) -> Result<(), Stop> {
        let mendable = matches!(
            fault,
            Fault::RibbonOut | Fault::RibbonMissing | Fault::CoverOpen
        );
        let (true, true, Some(panel)) = (mendable, self.fed, self.waiting_panel) else {
            return Err(Stop::Fault(fault));
        };
        self.watch.fault(&fault);
        self.step(Stage::Waiting);
        let deadline = self.deadline.min(Instant::now() + self.printer.timing.mend);
        loop {
            if self.printer.card_at_head()? != Some(true) {
                self.evidence.same_card_at_head = false;
                return Err(Stop::Fault(fault));
            }
            self.evidence.same_card_at_head = true;
            let report = self.printer.look(true)?;
            self.watch.report(&Report {
                busy: true,
                ..report.clone()
            });
            if !report.faults.iter().any(Fault::is_failure) {
                self.printer.carry_out("Scs", self.printer.timing.reply)?;
                match self.printer.carry_out(
                    &format!("Ssd;{}", panel.letter()),
                    self.printer.timing.stall,
                )? {
                    Ended::Done => {
                        self.evidence.panels_repeated += 1;
                        // The command that failed did its own part: a panel is stored, or `Se` must be sent again.
                        return if matches!(stage, Stage::Printing) {
                            self.end_again()
                        } else {
                            Ok(())
                        };
                    }
                    Ended::Fault(again) if again != fault => return Err(Stop::Fault(again)),
                    Ended::Fault(_) => {}
                }
            }
            if Instant::now() >= deadline {
                return Err(Stop::Fault(fault));
            }
            std::thread::sleep(self.printer.timing.job_poll);
        }
    }

    fn end_again(&mut self) -> Result<(), Stop> {
        match self.printer.carry_out("Se", self.printer.timing.stall)? {
            Ended::Done => Ok(()),
            Ended::Fault(fault) => Err(Stop::Fault(fault)),
        }
    }
}
