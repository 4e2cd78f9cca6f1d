//! Drives a Magicard over any transport.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use device::Fault as _;

use super::reply::{self, Key};
use super::request::Request;
use super::{JOB_LEAD_IN, LEAD_IN};
use crate::card::PrintJob;
use crate::codec::encode_parts;
use crate::driver::{CardMove, Driver, Identity, Report, Timing, Watch};
use crate::encoded::{Encoded, Part};
use crate::fault::Fault;
use crate::model::Model;
use crate::status::{CardPosition, Counters, Evidence, PrintStep, Stage};
use crate::transport::{LinkError, PortStatus, Transport};

/// How many prints are left when the ribbon counts as low: half an hour of a busy booth.
const RIBBON_LOW: u32 = 20;
/// After how many questions without an answer the driver no longer asks questions of that kind.
const TRIES: u8 = 2;

/// Which long question the printer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// `REQ,INF`: the Enduro family.
    Info,
    /// `REQ,STA`: Rio and Tango.
    Values,
    Nothing,
}

/// The state of the printer, as far as one look shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Ready,
    Busy,
    Halted(Fault),
}

pub(crate) struct Magicard<T> {
    link: T,
    model: Model,
    timing: Timing,
    asks: Asks,
    unanswered: u8,
    /// The head position, where the printer reports it.
    head_position: Option<u8>,
    serial: Option<String>,
    firmware: Option<String>,
    name: Option<String>,
    report: Report,
}

impl<T: Transport> Magicard<T> {
    pub(crate) fn new(link: T, model: Model, timing: Timing) -> Self {
        let asks = match model {
            Model::Rio2 | Model::Avalon => Asks::Values,
            Model::Enduro => Asks::Info,
            // Only REQ,ERR has been seen on this family; the first look finds out whether it answers more.
            _ => Asks::Info,
        };
        Self {
            link,
            model,
            timing,
            asks,
            unanswered: 0,
            head_position: None,
            serial: None,
            firmware: None,
            name: None,
            report: Report::default(),
        }
    }

    fn send(&mut self, mut bytes: &[u8]) -> Result<(), LinkError> {
        let deadline = Instant::now() + self.timing.reply;
        while !bytes.is_empty() {
            match self
                .link
                .write(bytes, self.timing.transfer.min(self.timing.reply))
            {
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

    /// Asks and waits for the answer; `Ok(None)` when none comes.
    fn ask(&mut self, request: &Request, limit: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        self.drain()?;
        match self.send(&request.bytes()) {
            Ok(()) => {}
            Err(LinkError::Timeout) => return Ok(None),
            Err(error) => return Err(error),
        }
        let deadline = Instant::now() + limit;
        let (mut reply, mut buffer) = (Vec::new(), [0; reply::MAX_REPLY]);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            match self.link.read(&mut buffer, left) {
                Ok(count) => reply.extend_from_slice(&buffer[..count]),
                Err(LinkError::Timeout) => return Ok(None),
                Err(error) => return Err(error),
            }
            match reply::frame(&reply) {
                Ok(Some(frame)) => return Ok(Some(frame.to_vec())),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "a reply of the printer is dropped");
                    return Ok(None);
                }
            }
        }
    }

    fn value(&mut self, key: Key) -> Result<Option<String>, LinkError> {
        let request = Request::Value(key.name().to_owned());
        let Some(frame) = self.ask(&request, self.timing.reply)? else {
            return Ok(None);
        };
        Ok(reply::value(&frame, key.name())
            .ok()
            .filter(|text| !text.is_empty())
            .map(str::to_owned))
    }

    fn number<N: std::str::FromStr>(&mut self, key: Key) -> Result<Option<N>, LinkError> {
        Ok(self.value(key)?.and_then(|text| text.parse().ok()))
    }

    /// Reads counters and consumables by the question that this printer answers.
    fn read_books(&mut self) -> Result<(), LinkError> {
        let answered = match self.asks {
            Asks::Nothing => return Ok(()),
            Asks::Info => self.read_info()?,
            Asks::Values => self.read_values()?,
        };
        if answered {
            self.unanswered = 0;
            return Ok(());
        }
        self.unanswered += 1;
        if self.unanswered >= TRIES {
            self.asks = Asks::Nothing;
            self.report.counters = None;
        }
        Ok(())
    }

    fn read_info(&mut self) -> Result<bool, LinkError> {
        let Some(frame) = self.ask(&Request::Info, self.timing.reply)? else {
            return Ok(false);
        };
        let info = match reply::info(&frame) {
            Ok(info) => info,
            Err(error) => {
                tracing::warn!(%error, "the printer's status is not used");
                return Ok(false);
            }
        };
        self.report.ribbon_left = info.shots_left();
        self.report.counters = Some(Counters {
            cards: info.cards,
            panels: info.panels,
            cleanings: info.cleanings,
            cards_since_cleaning: info.cards_since_cleaning,
            cards_between_cleanings: info.cards_between_cleanings,
        });
        self.head_position = info
            .head_position
            .filter(|position| (35..=65).contains(position));
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        self.serial = text(info.serial);
        self.firmware = text(info.firmware);
        self.name = text(info.model_name);
        Ok(true)
    }

    fn read_values(&mut self) -> Result<bool, LinkError> {
        let Some(cards) = self.value(Key::Cards)? else {
            return Ok(false);
        };
        if self.serial.is_none() {
            self.serial = self.value(Key::Serial)?;
            self.firmware = self.value(Key::Firmware)?;
        }
        let counters = Counters {
            cards: cards.parse().ok(),
            panels: self.number(Key::Panels)?,
            cleanings: self.number(Key::Cleanings)?,
            cards_since_cleaning: self.number(Key::CardsSinceCleaning)?,
            cards_between_cleanings: self.number(Key::CardsBetweenCleanings)?,
        };
        self.report.counters = Some(counters);
        // Counted in panels; a card of the usual film takes five.
        self.report.ribbon_left = self
            .number::<u32>(Key::PanelsLeft)?
            .map(|panels| panels / 5);
        Ok(true)
    }

    /// Faults that follow from counters.
    fn book_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        match self.report.ribbon_left {
            Some(0) => faults.push(Fault::RibbonOut),
            Some(left) if left <= RIBBON_LOW => faults.push(Fault::RibbonLow),
            _ => {}
        }
        let cleaning = self
            .report
            .counters
            .and_then(|c| Some((c.cards_since_cleaning?, c.cards_between_cleanings?)));
        if cleaning.is_some_and(|(since, between)| between > 0 && since >= between) {
            faults.push(Fault::CleaningDue);
        }
        faults
    }

    /// The state now: by the status byte of the port or, where the link has none, by a question.
    fn state(&mut self) -> Result<State, LinkError> {
        match self.link.port_status()? {
            Some(status) if status.is_ready() => Ok(State::Ready),
            Some(status) if status.no_error() && !status.paper_empty() => Ok(State::Busy),
            Some(status) => self.halted(status).map(State::Halted),
            None => match self.condition(self.timing.reply)? {
                // Over a plain byte stream a printer at work gives no answer.
                None => Ok(State::Busy),
                Some(condition) if condition.is_ok() => Ok(State::Ready),
                Some(condition) => Ok(State::Halted(fault_of(condition))),
            },
        }
    }

    fn condition(&mut self, limit: Duration) -> Result<Option<reply::Condition>, LinkError> {
        let Some(frame) = self.ask(&Request::Error, limit)? else {
            return Ok(None);
        };
        Ok(reply::condition(&frame)
            .map_err(|error| tracing::warn!(%error, "the printer's state is not read"))
            .ok())
    }

    fn halted(&mut self, status: PortStatus) -> Result<Fault, LinkError> {
        let condition = self.condition(self.timing.reply)?;
        Ok(match condition {
            Some(condition) if !condition.is_ok() => fault_of(condition),
            _ if status.paper_empty() => Fault::NoCards,
            _ => Fault::Other {
                code: format!("{:02x}", status.0),
                text: "The printer waits for its operator.".to_owned(),
            },
        })
    }

    /// Makes the printer forget a job that did not end, so that it does not go on by itself when the fault is repaired.
    /// Returns whether the printer was seen to listen afterwards.
    fn withdraw(&mut self) -> bool {
        let _ = self.link.soft_reset();
        if self.send(&Request::Reset.bytes()).is_err() {
            return false;
        }
        let deadline = Instant::now() + self.timing.begin;
        while Instant::now() < deadline {
            match self.state() {
                Ok(State::Busy) => std::thread::sleep(self.timing.job_poll),
                Ok(State::Ready | State::Halted(_)) => return true,
                Err(_) => return false,
            }
        }
        false
    }

    fn counter(&mut self) -> Option<u64> {
        self.read_books().ok()?;
        self.report.counters?.cards
    }
}

/// The only error whose meaning is known: 11:01, a card was not drawn in (USB capture of a DCP100 with an empty hopper).
fn fault_of(condition: reply::Condition) -> Fault {
    match (condition.major, condition.minor) {
        (11, 1) => Fault::NoCards,
        (major, minor) => Fault::Other {
            code: format!("{major:02}:{minor:02}"),
            text: condition.text,
        },
    }
}

impl<T: Transport> Driver for Magicard<T> {
    fn greet(&mut self) -> Result<Identity, LinkError> {
        let id = self.link.device_id()?.unwrap_or_default();
        self.name = id.model().map(str::to_owned);
        match self.state()? {
            // It works on a card of an older session, which is left to come out whole.
            State::Busy => {}
            State::Ready => {
                // Half a page may wait for its rest.
                let _ = self.link.soft_reset();
                self.send(&[LEAD_IN; JOB_LEAD_IN])?;
            }
            // A job of an older session waits for the operator. After a repair it would print a card that nobody wants.
            State::Halted(_) => {
                self.withdraw();
            }
        }
        self.read_books()?;
        Ok(Identity {
            name: self.name.clone(),
            model: Some(self.model),
            serial: self.link.serial().or_else(|| self.serial.clone()),
            firmware: self.firmware.clone(),
            raster: Some(self.model.raster()),
        })
    }

    fn look(&mut self, deep: bool) -> Result<Report, LinkError> {
        let state = self.state()?;
        if deep && state != State::Busy {
            self.read_books()?;
        }
        self.report.busy = state == State::Busy;
        self.report.faults = self.book_faults();
        if let State::Halted(fault) = state {
            self.report.faults.insert(0, fault);
        }
        Ok(self.report.clone())
    }

    fn print(&mut self, job: &PrintJob, watch: &mut dyn Watch) -> Evidence {
        let mut options = job.options.clone();
        options.head_position = self.head_position.unwrap_or(options.head_position);
        let job = PrintJob {
            id: job.id.clone(),
            front: job.front.clone(),
            back: job.back.clone(),
            options,
        };
        let encoded = match encode_parts(self.model, &job) {
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
        Sending::new(self, encoded, watch).run()
    }

    fn move_card(&mut self, to: CardMove) -> Result<Option<Fault>, LinkError> {
        if to != CardMove::Eject {
            let text = "A Magicard moves a card by itself only to put it out.".to_owned();
            return Ok(Some(Fault::Other {
                code: "move".to_owned(),
                text,
            }));
        }
        self.send(&Request::Eject.bytes())?;
        let deadline = Instant::now() + self.timing.begin;
        loop {
            match self.state()? {
                State::Ready => return Ok(None),
                State::Halted(fault) => return Ok(Some(fault)),
                State::Busy if Instant::now() >= deadline => return Err(LinkError::Timeout),
                State::Busy => std::thread::sleep(self.timing.job_poll),
            }
        }
    }

    fn place(&self) -> String {
        self.link.place()
    }
}

/// Why a job did not go through.
enum Stop {
    Fault(Fault),
    /// It stopped in the middle of the data; it can be asked what is wrong only after a reset.
    Halted(PortStatus),
    Link(LinkError),
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

/// One job on its way.
struct Sending<'a, T> {
    printer: &'a mut Magicard<T>,
    bytes: Zeroizing<Vec<u8>>,
    parts: Vec<Part>,
    watch: &'a mut dyn Watch,
    evidence: Evidence,
    last_look: Instant,
    /// When the job is given up.
    deadline: Instant,
}

impl<'a, T: Transport> Sending<'a, T> {
    fn new(printer: &'a mut Magicard<T>, encoded: Encoded, watch: &'a mut dyn Watch) -> Self {
        let evidence = Evidence {
            bytes_total: encoded.bytes.len() as u64,
            ..Evidence::default()
        };
        let (bytes, parts) = (Zeroizing::new(encoded.bytes), encoded.parts);
        let deadline = Instant::now() + printer.timing.job_limit();
        Self {
            printer,
            bytes,
            parts,
            watch,
            evidence,
            last_look: Instant::now(),
            deadline,
        }
    }

    fn run(mut self) -> Evidence {
        let mut result = self.go();
        if let Err(Stop::Halted(status)) = result {
            // In the middle of a plane no question can be asked: its bytes would become dye.
            let _ = self.printer.link.soft_reset();
            result = Err(self
                .printer
                .halted(status)
                .map_or_else(Stop::Link, Stop::Fault));
        }
        match result {
            Err(Stop::Halted(_)) => {}
            Ok(()) => {
                self.evidence.ready_after = true;
                self.evidence.counter_after = self.printer.counter();
                self.evidence.card_at = self.evidence.busy_seen.then_some(CardPosition::Ejected);
            }
            Err(Stop::Fault(fault)) => {
                self.watch.fault(&fault);
                self.evidence.remark = Some(format!("the printer stopped with {}", fault.name()));
                if fault.means_not_fed() {
                    self.evidence.card_at = Some(CardPosition::Hopper);
                }
                self.evidence.fault = Some(fault);
                if self.evidence.bytes_sent == 0 {
                    self.evidence.counter_after = self.evidence.counter_before;
                } else if self.printer.withdraw() {
                    self.evidence.counter_after = self.printer.counter();
                }
            }
            Err(Stop::Link(error)) => {
                if error == LinkError::Stalled {
                    // Half a job is in the printer; what is asked next must not become a part of it.
                    let _ = self.printer.link.soft_reset();
                }
                self.evidence.remark = Some(error.to_string());
                self.evidence.fault = Some(error.fault());
            }
        }
        self.evidence
    }

    fn go(&mut self) -> Result<(), Stop> {
        self.step(Stage::Preparing);
        self.wait_until_free()?;
        self.evidence.counter_before = self.printer.counter();
        let parts = std::mem::take(&mut self.parts);
        let mut start = 0;
        for part in parts {
            self.step(part.stage);
            self.send(start, part)?;
            start = part.end;
        }
        self.step(Stage::Printing);
        self.wait_for_card()
    }

    fn step(&mut self, stage: Stage) {
        self.watch.step(PrintStep {
            stage,
            done: self.evidence.bytes_sent,
            of: self.evidence.bytes_total,
        });
    }

    /// A card of an older job may still be on its way out.
    fn wait_until_free(&mut self) -> Result<(), Stop> {
        let deadline = Instant::now() + self.printer.timing.begin;
        loop {
            match self.printer.state()? {
                State::Ready => return Ok(()),
                State::Halted(fault) => return Err(Stop::Fault(fault)),
                State::Busy if Instant::now() >= deadline => {
                    return Err(Stop::Link(LinkError::Timeout));
                }
                State::Busy => std::thread::sleep(self.printer.timing.job_poll),
            }
        }
    }

    /// Sends one part. Once a byte of a picture may have arrived, nothing is ever sent again.
    fn send(&mut self, start: usize, part: Part) -> Result<(), Stop> {
        let chunk = self.printer.link.chunk();
        let mut at = start;
        let mut last_taken = Instant::now();
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
                Err(LinkError::Timeout) if last_taken.elapsed() < self.printer.timing.stall => {
                    self.last_look = last_taken;
                }
                Err(error) => {
                    // Only a time-out says that the printer took nothing.
                    self.evidence.plane_byte_accepted |=
                        part.picture && error != LinkError::Timeout;
                    return Err(error.into());
                }
            }
            self.glance(part.stage)?;
        }
        Ok(())
    }

    /// Looks at the status byte now and then while data goes out.
    fn glance(&mut self, stage: Stage) -> Result<(), Stop> {
        let complete = self.evidence.bytes_sent == self.evidence.bytes_total;
        if complete || self.last_look.elapsed() < self.printer.timing.job_poll {
            return Ok(());
        }
        self.last_look = Instant::now();
        self.step(stage);
        match self.printer.link.port_status()? {
            Some(status) if !status.no_error() || status.paper_empty() => Err(Stop::Halted(status)),
            Some(status) => {
                self.evidence.busy_seen |= !status.selected();
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn wait_for_card(&mut self) -> Result<(), Stop> {
        let sent = Instant::now();
        loop {
            let state = self.printer.state()?;
            self.watch.report(&Report {
                busy: state == State::Busy,
                ..self.printer.report.clone()
            });
            match state {
                State::Busy => self.evidence.busy_seen = true,
                State::Ready
                    if self.evidence.busy_seen || sent.elapsed() >= self.printer.timing.begin =>
                {
                    return Ok(());
                }
                State::Ready => {}
                State::Halted(fault) => return Err(Stop::Fault(fault)),
            }
            if sent.elapsed() >= self.printer.timing.finish || Instant::now() >= self.deadline {
                return Err(Stop::Link(LinkError::Timeout));
            }
            self.step(Stage::Printing);
            std::thread::sleep(self.printer.timing.job_poll);
        }
    }
}
