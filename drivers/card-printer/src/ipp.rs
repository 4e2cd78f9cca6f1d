//! Any printer that CUPS can drive: a card goes as a PDF page to the spooler of this machine, over IPP.
//!
//! A spooler knows less than a printer: "completed" says that its back end has handed the data over, and the counters of the
//! printer cannot be read. So what a job leaves behind is marked as gone through a spooler, and whether a card came out is open
//! until somebody has read it back, unless the site has said that it trusts the queue ([`Queue::trusted`]).
//!
//! Nothing may print by itself: the queue must have the error policy `abort-job` (else CUPS tries a job again when a back end
//! has failed, and a card comes out twice), jobs left over from an older session are cancelled, and a job that waits for a
//! repair for too long is cancelled.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use device::Fault as _;

use crate::card::{PrintJob, Ribbon};
use crate::driver::{Driver, Finder, Identity, Report, Timing, Watch};
use crate::fault::Fault;
use crate::status::{Evidence, PrintStep, Stage};
use crate::transport::LinkError;

pub mod http;
pub mod message;
mod pdf;
mod reasons;

use http::{Address, Post};
use message::{Answer, Asker, Group, JobSheet};

/// The spooler's socket file on Debian.
const SOCKET: &str = "/run/cups/cups.sock";
/// How long the spooler may take for an answer; it starts programs in between.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a cancelled job may take to end: CUPS gives its filters 30 s.
const CANCEL_LIMIT: Duration = Duration::from_secs(40);
/// Jobs of this program begin so; an older one that is left over is known by it.
const JOB_NAME: &str = "fotoautomat card";
/// The picture that a queue gets if nothing else is said: a card of 86 x 54 mm and a little more, at 300 dots per inch.
const RASTER: (u32, u32) = (1016, 648);

/// A queue of the spooler on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// As in the configuration: `localhost`, or `127.0.0.1:631`.
    pub host: String,
    pub name: String,
    /// Width and height of the picture that it gets, landscape.
    pub raster: (u32, u32),
    /// The size of a card in the words of the queue (`lpoptions -l`); `None` = as the queue is set up.
    pub media: Option<String>,
    /// Send the picture turned by 180 degrees: how a driver turns a card that lies across differs, and matters to a chip.
    pub turned: bool,
    /// The spooler's socket file; `None` = Debian's, when the host is `localhost` without a port.
    pub socket: Option<PathBuf>,
    /// The site says that a completed job of this queue is a printed card.
    pub trusted: bool,
}

impl Queue {
    /// Reads `//HOST[:PORT]/printers/NAME`. Only this machine: a card is a picture of a person, and IPP is not encrypted here.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let form = || "write ipp://localhost/printers/NAME".to_owned();
        let (host, path) = text
            .strip_prefix("//")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(form)?;
        let name = path.strip_prefix("printers/").ok_or_else(form)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 127 || !name.chars().all(fits) {
            return Err(format!(
                "a queue's name has letters, digits, - _ and . only, not {name:?}"
            ));
        }
        let (address, port) = match host.rsplit_once(':') {
            Some((address, port)) if !host.ends_with(']') => {
                port.parse::<u16>()
                    .map_err(|_| format!("{port} is no port"))?;
                (address, true)
            }
            _ => (host, false),
        };
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&address);
        if !here {
            return Err(format!(
                "the spooler must be on this machine (localhost), not on {address}: pictures of people go there"
            ));
        }
        Ok(Self {
            host: if port {
                host.to_owned()
            } else {
                address.to_owned()
            },
            name: name.to_owned(),
            raster: RASTER,
            media: None,
            turned: false,
            socket: None,
            trusted: false,
        })
    }

    fn uri(&self) -> String {
        format!("ipp://{}{}", self.host, self.path())
    }

    fn path(&self) -> String {
        format!("/printers/{}", self.name)
    }

    /// As CUPS' own programs do: `localhost` without a port means the socket file, where there is one.
    fn address(&self) -> Address {
        if let Some(socket) = &self.socket {
            return Address::File(socket.clone());
        }
        if self.host == "localhost" && Path::new(SOCKET).exists() {
            return Address::File(SOCKET.into());
        }
        let has_port = !self.host.ends_with(']') && self.host.contains(':');
        Address::Tcp(if has_port {
            self.host.clone()
        } else {
            format!("{}:631", self.host)
        })
    }
}

impl std::fmt::Display for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (width, height) = self.raster;
        write!(f, "{}?raster={width}x{height}", self.uri())?;
        if let Some(media) = &self.media {
            write!(f, "&media={media}")?;
        }
        if self.turned {
            f.write_str("&turn=180")?;
        }
        if let Some(socket) = &self.socket {
            write!(f, "&socket={}", socket.display())?;
        }
        if self.trusted {
            f.write_str("&trust=completed")?;
        }
        Ok(())
    }
}

pub(crate) struct IppFinder {
    pub(crate) queue: Queue,
    pub(crate) timing: Timing,
}

impl Finder for IppFinder {
    fn find(&mut self) -> Result<Box<dyn Driver>, LinkError> {
        Ok(Box::new(Ipp::new(self.queue.clone(), self.timing.clone())))
    }

    fn place(&self) -> String {
        self.queue.uri()
    }
}

/// States of a job (RFC 8011, 5.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobState {
    Waiting,
    Processing,
    /// Held, or stopped halfway: it goes on only when somebody says so.
    Stopped,
    Completed,
    /// Cancelled or aborted.
    Dropped,
}

impl JobState {
    fn of(job: &Group) -> Option<Self> {
        Some(match job.number("job-state")? {
            3 => Self::Waiting,
            4 | 6 => Self::Stopped,
            5 => Self::Processing,
            7 | 8 => Self::Dropped,
            9 => Self::Completed,
            _ => return None,
        })
    }
}

/// True when the spooler has begun to give the job to the printer.
fn has_begun(job: &Group) -> bool {
    job.number("time-at-processing").is_some()
}

struct Ipp {
    queue: Queue,
    address: Address,
    asker: Asker,
    timing: Timing,
    name: Option<String>,
}

impl Ipp {
    fn new(queue: Queue, timing: Timing) -> Self {
        let asker = Asker {
            queue: queue.uri(),
            user: http::account(),
        };
        Self {
            address: queue.address(),
            queue,
            asker,
            timing,
            name: None,
        }
    }

    fn exchange(
        &self,
        message: &[u8],
        document: &[u8],
        sent: &mut dyn FnMut(usize),
    ) -> Result<Answer, LinkError> {
        let post = Post {
            address: &self.address,
            path: &self.queue.path(),
            account: &self.asker.user,
            message,
            document,
        };
        let body = http::post(&post, ANSWER, sent)?;
        let answer = Answer::parse(&body).map_err(|reason| {
            LinkError::Other(format!("the spooler's answer makes no sense: {reason}"))
        })?;
        if answer.is_good() {
            return Ok(answer);
        }
        Err(match answer.status {
            0x0406 => LinkError::NotFound(format!("{} (no such queue or job)", self.queue.uri())),
            0x0401..=0x0403 => LinkError::NoPermission(format!(
                "the spooler does not let the account {} do this: {}",
                self.asker.user,
                reasons::spoken(answer.message())
            )),
            status => LinkError::Other(format!(
                "the spooler says no ({status:04x}): {}",
                reasons::spoken(answer.message())
            )),
        })
    }

    fn ask(&self, message: &[u8]) -> Result<Answer, LinkError> {
        self.exchange(message, &[], &mut |_| {})
    }

    /// Looks at the queue.
    fn inspect(&mut self) -> Result<Report, LinkError> {
        let printer = self.ask(&self.asker.printer())?.printer;
        self.name = printer.text("printer-make-and-model").map(reasons::spoken);
        let state = printer.number("printer-state");
        Ok(Report {
            busy: state == Some(4) || printer.number("queued-job-count").is_some_and(|n| n > 0),
            faults: faults(&printer),
            ..Report::default()
        })
    }

    fn job(&self, id: i32) -> Result<Group, LinkError> {
        Ok(self.ask(&self.asker.job(id))?.job())
    }

    /// Cancels a job, waits until it has ended, and returns its state then.
    fn cancel(&self, id: i32) -> Result<Group, LinkError> {
        // A job that has ended meanwhile cannot be cancelled, which is just as good.
        let refused = self.ask(&self.asker.cancel_job(id)).err();
        let deadline = Instant::now() + CANCEL_LIMIT;
        loop {
            let job = self.job(id)?;
            if let Some(JobState::Completed | JobState::Dropped) = JobState::of(&job) {
                return Ok(job);
            }
            if let Some(error) = refused {
                return Err(error);
            }
            if Instant::now() >= deadline {
                return Err(LinkError::Timeout);
            }
            std::thread::sleep(self.timing.job_poll.max(Duration::from_millis(20)));
        }
    }

    /// Cancels what an older session left in the queue. A job that is being printed comes out whole, unless it waits for a
    /// repair: nobody wants that card any more.
    fn clear(&mut self) -> Result<(), LinkError> {
        let stands = self.inspect()?.faults.iter().any(Fault::is_failure);
        for job in self.ask(&self.asker.open_jobs())?.jobs {
            let ours = job
                .text("job-name")
                .is_some_and(|name| name.starts_with(JOB_NAME));
            let (true, Some(id)) = (ours, job.number("job-id")) else {
                continue;
            };
            if JobState::of(&job) != Some(JobState::Processing) || stands {
                tracing::warn!(job = id, "a job of an older session is taken back");
                self.cancel(id)?;
            }
        }
        Ok(())
    }
}

/// What is wrong with a queue.
fn faults(printer: &Group) -> Vec<Fault> {
    let message = printer.text("printer-state-message").unwrap_or_default();
    let mut faults: Vec<Fault> = Vec::new();
    let mut add = |fault: Fault| {
        if !faults.contains(&fault) && faults.len() < 16 {
            faults.push(fault);
        }
    };
    // CUPS keeps what a back end has said of the printer when the back end is long gone (seen with 2.4): of an idle queue it
    // would stand there for ever, since only the next job looks again.
    let idle = printer.number("printer-state") == Some(3);
    for reason in printer.texts("printer-state-reasons") {
        match reasons::fault(reason, message) {
            Some(fault) if idle && fault.is_failure() && !reasons::is_of_the_queue(reason) => {}
            Some(fault) => add(fault),
            None => {}
        }
    }
    let other = |code: &str, text: String| Fault::Other {
        code: code.to_owned(),
        text,
    };
    // CUPS says "paused" with it; others may not.
    if printer.number("printer-state") == Some(5)
        && !printer
            .texts("printer-state-reasons")
            .any(|reason| reason.starts_with("paused"))
    {
        add(other(
            "stopped",
            format!("Its queue is stopped: {}", reasons::spoken(message)),
        ));
    }
    if printer.flag("printer-is-accepting-jobs") == Some(false) {
        add(other(
            "rejecting",
            "Its queue takes no jobs: use cupsaccept.".to_owned(),
        ));
    }
    let mut formats = printer.texts("document-format-supported").peekable();
    if formats.peek().is_some() && !formats.any(|format| format == "application/pdf") {
        add(other(
            "format",
            "Its queue takes no PDF: install cups-filters, or the printer's driver.".to_owned(),
        ));
    }
    match printer.text("printer-error-policy") {
        None | Some("abort-job") => {}
        Some(policy) => add(other(
            "error-policy",
            format!(
                "Its queue has the error policy {}, which could print a card twice: use lpadmin -p QUEUE -o \
                 printer-error-policy=abort-job.",
                reasons::spoken(policy)
            ),
        )),
    }
    faults
}

impl Driver for Ipp {
    fn greet(&mut self) -> Result<Identity, LinkError> {
        self.clear()?;
        Ok(Identity {
            name: self.name.clone(),
            raster: Some(self.queue.raster),
            ..Identity::default()
        })
    }

    fn look(&mut self, _deep: bool) -> Result<Report, LinkError> {
        self.inspect()
    }

    fn print(&mut self, job: &PrintJob, watch: &mut dyn Watch) -> Evidence {
        if let Some(text) = unfit(&self.queue, job) {
            let fault = Fault::Other {
                code: "job".to_owned(),
                text: text.clone(),
            };
            return Evidence {
                fault: Some(fault),
                remark: Some(text),
                through_spooler: true,
                ..Evidence::default()
            };
        }
        let sides: Vec<_> = std::iter::once(&job.front).chain(&job.back).collect();
        let with_resin = job.options.ribbon.has(false, crate::card::Panel::Resin);
        let document = pdf::document(&sides, with_resin, self.queue.turned);
        let evidence = Evidence {
            bytes_total: document.len() as u64,
            through_spooler: !self.queue.trusted,
            ..Evidence::default()
        };
        let deadline = Instant::now() + self.timing.job_limit();
        Spooling {
            printer: self,
            document: &document,
            two_sided: job.back.is_some(),
            job: None,
            watch,
            evidence,
            deadline,
        }
        .run()
    }

    fn place(&self) -> String {
        self.queue.uri()
    }
}

/// Why a queue cannot print this job.
fn unfit(queue: &Queue, job: &PrintJob) -> Option<String> {
    for (side, image) in
        std::iter::once(("front", &job.front)).chain(job.back.iter().map(|back| ("back", back)))
    {
        let found = (image.width(), image.height());
        if found != queue.raster {
            let (width, height) = queue.raster;
            return Some(format!(
                "the {side} is {}x{} pixels, but this queue is set up for {width}x{height}",
                found.0, found.1
            ));
        }
    }
    if job.options.copies != 1 {
        return Some("a queue prints one copy a job: a card is an attempt of its own".to_owned());
    }
    if job.options.magnetic.tracks.iter().any(Option::is_some) {
        return Some("a queue writes no magnetic stripe: leave the tracks out".to_owned());
    }
    if matches!(job.options.ribbon, Ribbon::K | Ribbon::Ko) {
        return Some(
            "a queue knows its film by itself: leave the ribbon at ymcko or ymc".to_owned(),
        );
    }
    None
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

/// One job on its way through the spooler.
struct Spooling<'a> {
    printer: &'a mut Ipp,
    document: &'a [u8],
    two_sided: bool,
    job: Option<i32>,
    watch: &'a mut dyn Watch,
    evidence: Evidence,
    /// When the job is given up.
    deadline: Instant,
}

impl Spooling<'_> {
    fn run(mut self) -> Evidence {
        match self.go() {
            Ok(()) => {
                self.evidence.ready_after = true;
                self.evidence.remark =
                    Some("the spooler has handed all of it over; no card was seen".to_owned());
            }
            Err(stop) => {
                let (fault, remark) = match stop {
                    Stop::Fault(fault) => {
                        self.watch.fault(&fault);
                        let remark = format!("the queue stopped with {}", fault.name());
                        (fault, remark)
                    }
                    Stop::Link(error) => (error.fault(), error.to_string()),
                };
                self.evidence.fault = Some(fault);
                self.evidence.remark = Some(remark);
                self.withdraw();
            }
        }
        self.evidence
    }

    /// Cancels the job. When the spooler says that it never began with it, the printer has got no byte.
    fn withdraw(&mut self) {
        let Some(id) = self.job else { return };
        match self.printer.cancel(id) {
            Ok(job) if JobState::of(&job) == Some(JobState::Dropped) && !has_begun(&job) => {
                self.evidence.plane_byte_accepted = false;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(job = id, %error, "a job could not be taken back"),
        }
    }

    fn go(&mut self) -> Result<(), Stop> {
        self.step(Stage::Preparing);
        let report = self.printer.inspect()?;
        if let Some(fault) = report.faults.into_iter().find(Fault::is_failure) {
            return Err(Stop::Fault(fault));
        }
        let sheet = JobSheet {
            name: JOB_NAME,
            media: self.printer.queue.media.as_deref(),
            two_sided: self.two_sided,
        };
        let created = self.printer.ask(&self.printer.asker.create_job(sheet))?;
        let id = created.job().number("job-id").ok_or_else(|| {
            LinkError::Other("the spooler took a job without giving it a number".to_owned())
        })?;
        self.job = Some(id);
        self.hand_over(id)?;
        self.follow(id)
    }

    fn step(&mut self, stage: Stage) {
        self.watch.step(PrintStep {
            stage,
            done: self.evidence.bytes_sent,
            of: self.evidence.bytes_total,
        });
    }

    fn hand_over(&mut self, id: i32) -> Result<(), Stop> {
        let message = self.printer.asker.send_document(id);
        let Self {
            printer,
            document,
            watch,
            evidence,
            ..
        } = self;
        let total = evidence.bytes_total;
        printer.exchange(&message, document, &mut |done| {
            evidence.bytes_sent = done as u64;
            // The spooler may begin before it has all.
            evidence.plane_byte_accepted = true;
            watch.step(PrintStep {
                stage: Stage::Preparing,
                done: done as u64,
                of: total,
            });
        })?;
        Ok(())
    }

    /// Waits for the end of the job. A fault may be repaired meanwhile; the spooler's back end waits for it.
    fn follow(&mut self, id: i32) -> Result<(), Stop> {
        let mut wrong: Option<(Fault, Instant)> = None;
        loop {
            let job = self.printer.job(id)?;
            self.evidence.busy_seen |= has_begun(&job);
            match JobState::of(&job) {
                Some(JobState::Completed) => return Ok(()),
                Some(JobState::Dropped) => return Err(Stop::Fault(dropped(&job))),
                Some(JobState::Stopped) => return Err(Stop::Fault(stopped(&job))),
                Some(JobState::Waiting | JobState::Processing) | None => {}
            }
            let mut report = self.printer.inspect()?;
            report.busy = true;
            self.watch.report(&report);
            let fault = report.faults.into_iter().find(Fault::is_failure);
            wrong = match (fault, wrong) {
                (Some(fault), Some((known, since))) if fault == known => Some((known, since)),
                (Some(fault), _) => {
                    self.watch.fault(&fault);
                    Some((fault, Instant::now()))
                }
                (None, _) => None,
            };
            match &wrong {
                Some((fault, since))
                    if since.elapsed() >= self.printer.timing.mend
                        || Instant::now() >= self.deadline =>
                {
                    return Err(Stop::Fault(fault.clone()));
                }
                Some(_) => self.step(Stage::Waiting),
                None if Instant::now() >= self.deadline => {
                    return Err(Stop::Link(LinkError::Timeout));
                }
                None => self.step(Stage::Printing),
            }
            std::thread::sleep(self.printer.timing.job_poll.max(Duration::from_millis(20)));
        }
    }
}

/// The fault behind a job that ended without being completed.
fn dropped(job: &Group) -> Fault {
    let message = job.text("job-printer-state-message").unwrap_or_default();
    let reason = job.text("job-state-reasons").unwrap_or("aborted");
    Fault::Other {
        code: reason.chars().take(60).collect(),
        text: format!("Its queue gave the job up: {}", reasons::spoken(message)),
    }
}

fn stopped(job: &Group) -> Fault {
    let message = job.text("job-printer-state-message").unwrap_or_default();
    Fault::Other {
        code: "job-stopped".to_owned(),
        text: format!("Its queue holds the job: {}", reasons::spoken(message)),
    }
}

#[cfg(test)]
mod tests;
