//! One thread per printer: finds it, watches it, finds it again, and prints one job at a time.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::sync::{mpsc as progress, oneshot, watch};

use crate::card::{JobId, PrintJob};
use crate::driver::{CardMove, Driver, Finder, Identity, Report, Timing, Watch};
use crate::fault::Fault;
use crate::status::{Evidence, Link, PrintStep, Progress, Status};
use crate::transport::LinkError;

/// Steps that a slow listener may leave lying; more are dropped, the end never is.
const PROGRESS_ROOM: usize = 64;
/// Counters are read again after this many looks at an idle printer: 30 s apart.
const DEEP_EVERY: u32 = 15;

/// Why a job was not taken.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum Refused {
    #[error("the printer is at work on another card: wait until it has ended")]
    Busy,
    #[error("this job has been sent already: a job is never printed twice, make a new one")]
    Repeated,
    #[error("the printer's thread has ended: restart the program")]
    Gone,
}

enum Command {
    Print(
        Box<PrintJob>,
        progress::Sender<Progress>,
        progress::OwnedPermit<Progress>,
    ),
    Query(oneshot::Sender<Status>),
    Move(CardMove, oneshot::Sender<Result<(), Fault>>),
}

/// A printer, wherever it is just now. Clones share it; the thread ends when the last is dropped (a running job first).
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None` only while the last handle goes.
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    /// Ends when the thread does.
    ended: Mutex<mpsc::Receiver<()>>,
    status: watch::Receiver<Status>,
    busy: Arc<AtomicBool>,
    sent: Mutex<HashSet<JobId>>,
}

/// How long the last handle waits for the thread to let go of the printer; an idle thread does so at once.
const FAREWELL: Duration = Duration::from_secs(3);

impl Drop for Shared {
    /// Lets go of the printer, so that the kernel's driver gets it back even when the program ends right after this. A job
    /// that runs goes on without anybody listening.
    fn drop(&mut self) {
        self.commands
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if !self.busy.load(Ordering::SeqCst) {
            let _ = self
                .ended
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .recv_timeout(FAREWELL);
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("place", &self.shared.status.borrow().place)
            .finish_non_exhaustive()
    }
}

impl Handle {
    pub(crate) fn start(finder: Box<dyn Finder>, timing: Timing) -> Self {
        let (commands, orders) = mpsc::channel();
        let (alive, ended) = mpsc::channel::<()>();
        let (sender, status) = watch::channel(Status::searching(finder.place()));
        let busy = Arc::new(AtomicBool::new(false));
        let mut supervisor = Supervisor {
            finder,
            timing,
            status: sender,
            orders,
            busy: busy.clone(),
            driver: None,
            looks: 0,
        };
        std::thread::Builder::new()
            .name("card-printer".to_owned())
            .spawn(move || {
                supervisor.run();
                drop(supervisor);
                drop(alive);
            })
            .expect("a thread can be started when the program starts");
        let shared = Shared {
            commands: Mutex::new(Some(commands)),
            ended: Mutex::new(ended),
            status,
            busy,
            sent: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The newest status; changes as the printer does.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.shared.status.clone()
    }

    /// Reads status and counters now. The answer comes in bounded time; while a card is printed it is the newest known.
    pub fn query(&self) -> oneshot::Receiver<Status> {
        let (answer, receiver) = oneshot::channel();
        self.command(Command::Query(answer));
        receiver
    }

    /// Begins to print. The receiver hears of each step; [`Progress::Ended`] is the last and always comes.
    ///
    /// One job at a time; a second press while one runs, and a job whose id was taken before, are refused.
    pub fn print(&self, job: PrintJob) -> Result<progress::Receiver<Progress>, Refused> {
        if self.shared.busy.swap(true, Ordering::SeqCst) {
            return Err(Refused::Busy);
        }
        if !self.lock_sent().insert(job.id.clone()) {
            self.shared.busy.store(false, Ordering::SeqCst);
            return Err(Refused::Repeated);
        }
        let (sender, receiver) = progress::channel(PROGRESS_ROOM);
        let end = sender
            .clone()
            .try_reserve_owned()
            .map_err(|_| Refused::Gone)?;
        if self.command(Command::Print(Box::new(job), sender, end)) {
            Ok(receiver)
        } else {
            Err(Refused::Gone)
        }
    }

    /// Moves a card outside a job. The answer comes in bounded time: the fault that kept it, if it did not move.
    pub fn move_card(&self, to: CardMove) -> oneshot::Receiver<Result<(), Fault>> {
        let (answer, receiver) = oneshot::channel();
        self.command(Command::Move(to, answer));
        receiver
    }

    fn lock_sent(&self) -> std::sync::MutexGuard<'_, HashSet<JobId>> {
        self.shared
            .sent
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn command(&self, command: Command) -> bool {
        let commands = self
            .shared
            .commands
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        commands
            .as_ref()
            .is_some_and(|commands| commands.send(command).is_ok())
    }
}

struct Supervisor {
    finder: Box<dyn Finder>,
    timing: Timing,
    status: watch::Sender<Status>,
    orders: mpsc::Receiver<Command>,
    busy: Arc<AtomicBool>,
    driver: Option<Box<dyn Driver>>,
    looks: u32,
}

impl Supervisor {
    fn run(&mut self) {
        loop {
            if self.driver.is_none() {
                self.search();
            }
            let pause = if self.driver.is_some() {
                self.timing.idle_poll
            } else {
                self.timing.search
            };
            match self.orders.recv_timeout(pause) {
                Ok(Command::Print(job, sender, end)) => self.print(*job, sender, end),
                Ok(Command::Query(answer)) => {
                    self.look(true);
                    let _ = answer.send(self.status.borrow().clone());
                }
                Ok(Command::Move(to, answer)) => {
                    let _ = answer.send(self.move_card(to));
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.looks = self.looks.wrapping_add(1);
                    self.look(self.looks.is_multiple_of(DEEP_EVERY));
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn search(&mut self) {
        let found = self.finder.find().and_then(|mut driver| {
            let identity = driver.greet()?;
            Ok((driver, identity))
        });
        match found {
            Ok((driver, identity)) => {
                tracing::info!(place = %driver.place(), "the card printer is connected");
                self.connected(driver.place(), identity);
                self.driver = Some(driver);
                self.look(true);
            }
            Err(error) => self.lost(&error),
        }
    }

    fn connected(&self, place: String, identity: Identity) {
        self.status.send_modify(|status| {
            *status = Status::searching(place);
            status.link = Link::Connected;
            status.faults.clear();
            status.model = identity.model;
            status.model_name = identity.name;
            status.serial = identity.serial;
            status.firmware = identity.firmware;
            status.raster = identity.raster;
        });
    }

    fn lost(&mut self, error: &LinkError) {
        self.driver = None;
        let place = self.finder.place();
        let mut next = Status::searching(place);
        next.link = match error {
            LinkError::NoPermission(_) => Link::NoPermission,
            LinkError::InUse(_) => Link::InUse,
            _ => Link::Searching,
        };
        next.faults = vec![error.fault()];
        next.link_error = Some(error.to_string());
        // The last card count of a printer that is away is worth knowing.
        next.counters = self.status.borrow().counters;
        self.status.send_if_modified(|status| {
            let changed = *status != next;
            if changed {
                tracing::warn!(%error, "the card printer cannot be used");
                *status = next;
            }
            changed
        });
    }

    fn move_card(&mut self, to: CardMove) -> Result<(), Fault> {
        let Some(driver) = &mut self.driver else {
            return Err(Fault::Unplugged);
        };
        let result = driver.move_card(to);
        self.look(true);
        match result {
            Ok(None) => Ok(()),
            Ok(Some(fault)) => Err(fault),
            Err(error) => Err(error.fault()),
        }
    }

    fn look(&mut self, deep: bool) {
        let Some(driver) = &mut self.driver else {
            return;
        };
        match driver.look(deep) {
            Ok(report) => publish(&self.status, &report),
            Err(error) if error.is_lost() => self.lost(&error),
            Err(_) => {
                let report = Report {
                    faults: vec![Fault::NotAnswering],
                    ..Report::default()
                };
                publish(&self.status, &report);
            }
        }
    }

    fn print(
        &mut self,
        mut job: PrintJob,
        sender: progress::Sender<Progress>,
        end: progress::OwnedPermit<Progress>,
    ) {
        let mut ending = Ending {
            permit: Some(end),
            busy: self.busy.clone(),
            evidence: Evidence::default(),
        };
        job.options.time.get_or_insert_with(now);
        ending.evidence = match &mut self.driver {
            None => {
                let fault = self
                    .status
                    .borrow()
                    .faults
                    .first()
                    .cloned()
                    .unwrap_or(Fault::Unplugged);
                Evidence {
                    fault: Some(fault),
                    remark: Some("no printer is connected".to_owned()),
                    ..Evidence::default()
                }
            }
            Some(driver) => {
                let mut listener = Listener {
                    sender,
                    status: &self.status,
                    orders: &self.orders,
                };
                driver.print(&job, &mut listener)
            }
        };
        drop(job);
        // The status is fresh before anybody hears of the end.
        if ending.evidence.fault.as_ref().is_some_and(link_is_lost) {
            self.lost(&LinkError::Unplugged);
        } else {
            self.look(true);
        }
        drop(ending);
    }
}

fn link_is_lost(fault: &Fault) -> bool {
    matches!(fault, Fault::Unplugged)
}

fn now() -> u32 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

fn publish(status: &watch::Sender<Status>, report: &Report) {
    status.send_if_modified(|status| {
        let before = status.clone();
        status.busy = report.busy;
        status.faults.clone_from(&report.faults);
        status.ready = status.link == Link::Connected
            && !report.busy
            && !report.faults.iter().any(Fault::blocks_printing);
        if report.counters.is_some() {
            status.counters = report.counters;
        }
        if report.ribbon_left.is_some() {
            status.ribbon_left = report.ribbon_left;
        }
        *status != before
    });
}

/// Sends the end of a job whatever happens, even if the driver should panic.
struct Ending {
    permit: Option<progress::OwnedPermit<Progress>>,
    busy: Arc<AtomicBool>,
    evidence: Evidence,
}

impl Drop for Ending {
    fn drop(&mut self) {
        let mut evidence = std::mem::take(&mut self.evidence);
        if std::thread::panicking() {
            evidence.plane_byte_accepted = true;
            evidence.fault = Some(Fault::NotAnswering);
        }
        self.busy.store(false, Ordering::SeqCst);
        if let Some(permit) = self.permit.take() {
            permit.send(Progress::Ended(evidence));
        }
    }
}

/// Hands a job's news on, and answers questions from the newest status meanwhile.
struct Listener<'a> {
    sender: progress::Sender<Progress>,
    status: &'a watch::Sender<Status>,
    orders: &'a mpsc::Receiver<Command>,
}

impl Listener<'_> {
    fn answer(&self) {
        while let Ok(command) = self.orders.try_recv() {
            match command {
                Command::Query(answer) => {
                    let _ = answer.send(self.status.borrow().clone());
                }
                Command::Move(_, answer) => {
                    let text = "The printer is at work on a card.".to_owned();
                    let _ = answer.send(Err(Fault::Other {
                        code: "busy".to_owned(),
                        text,
                    }));
                }
                // `Handle::print` lets one job through at a time, so this is never reached; the job ends unsent.
                Command::Print(_, _, end) => {
                    let evidence = Evidence {
                        fault: Some(Fault::NotAnswering),
                        ..Evidence::default()
                    };
                    end.send(Progress::Ended(evidence));
                }
            }
        }
    }
}

impl Watch for Listener<'_> {
    fn step(&mut self, step: PrintStep) {
        let _ = self.sender.try_send(Progress::Step(step));
        self.answer();
    }

    fn fault(&mut self, fault: &Fault) {
        let _ = self.sender.try_send(Progress::Fault(fault.clone()));
        self.status.send_modify(|status| {
            status.ready = false;
            if !status.faults.contains(fault) {
                status.faults.insert(0, fault.clone());
            }
        });
    }

    fn report(&mut self, report: &Report) {
        publish(self.status, report);
        self.answer();
    }
}

/// Waits, for programs without an async runtime, until `done` holds of the status or the limit is over.
pub fn wait_for(handle: &Handle, limit: Duration, done: impl Fn(&Status) -> bool) -> Status {
    let deadline = Instant::now() + limit;
    loop {
        let status = handle.status().borrow().clone();
        if done(&status) || Instant::now() >= deadline {
            return status;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
