//! One thread for each printer: it finds the printer, watches it, finds it again, and prints one job at a time.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use device::{Crash, Fault as _, Next, Supervisor, Wanted, Worker};
use thiserror::Error;
use tokio::sync::{mpsc as progress, oneshot, watch};

use crate::card::{JobId, PrintJob};
use crate::driver::{CardMove, Driver, Finder, Identity, Report, Timing, Watch};
use crate::fault::Fault;
use crate::status::{Evidence, Link, PrintStep, Progress, Status};
use crate::transport::LinkError;

/// How many steps wait for a slow receiver. Further ones are dropped; the end never is.
const PROGRESS_ROOM: usize = 64;
/// After how many looks at an idle printer its counters are read again, which is every 30 s.
const DEEP_EVERY: u32 = 15;

/// Why a job was not accepted.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum Refused {
    /// One job runs at a time.
    #[error("the printer works on another card: wait until it has ended")]
    Busy,
    /// A job of this id was accepted before.
    #[error("this job has been sent already: a job is never printed twice, make a new one")]
    Repeated,
    /// Nothing can be printed any more.
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

/// A printer with a thread of its own. Clones share it; the thread ends when the last one is dropped, after the job that
/// is running.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None` only while the last handle is dropped.
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    supervisor: Supervisor,
    status: watch::Receiver<Status>,
    busy: Arc<AtomicBool>,
    sent: Mutex<HashSet<JobId>>,
    print_limit: Duration,
}

/// How long the last handle waits until the thread has closed the printer; an idle thread does so at once.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

impl Drop for Shared {
    /// Closes the printer, so that the kernel's driver gets it back even when the program ends right afterwards. A job that
    /// is running goes on, and its end is not reported to anybody.
    fn drop(&mut self) {
        lock(&self.commands).take();
        if !self.busy.load(Ordering::SeqCst) {
            self.supervisor.close(CLOSE_LIMIT);
        }
    }
}

/// Nothing here is left half done by a panic, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (sender, commands) = mpsc::channel();
        let (status_sender, status) = watch::channel(Status::searching(finder.place()));
        let busy = Arc::new(AtomicBool::new(false));
        let print_limit = timing.print_limit();
        let worker = PrinterWorker {
            finder,
            timing,
            status: status_sender,
            commands,
            busy: busy.clone(),
            driver: None,
            looks: 0,
            running: None,
        };
        // Commands have a queue of their own, since each of them needs an answer; this only says that the handle is gone.
        let wanted = Arc::new(Wanted::new(()));
        let shared = Shared {
            commands: Mutex::new(Some(sender)),
            supervisor: Supervisor::start("card-printer", wanted, worker),
            status,
            busy,
            sent: Mutex::default(),
            print_limit,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The newest status; it changes as the printer does.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.shared.status.clone()
    }

    /// Reads status and counters now. The answer comes in bounded time; while a card is printed it is the newest known.
    pub fn query(&self) -> oneshot::Receiver<Status> {
        let (answer, receiver) = oneshot::channel();
        self.command(Command::Query(answer));
        receiver
    }

    /// Begins to print. The receiver gets each step; [`Progress::Ended`] is the last message and always comes, within
    /// [`print_limit`](Handle::print_limit).
    ///
    /// # Errors
    /// While another job runs, for a job whose id was accepted before, and when the thread has ended.
    pub fn print(&self, job: PrintJob) -> Result<progress::Receiver<Progress>, Refused> {
        if self.shared.busy.swap(true, Ordering::SeqCst) {
            return Err(Refused::Busy);
        }
        if !lock(&self.shared.sent).insert(job.id.clone()) {
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

    /// The longest time from [`print`](Handle::print) to [`Progress::Ended`], whatever the printer does meanwhile.
    pub fn print_limit(&self) -> Duration {
        self.shared.print_limit
    }

    /// How often the driver's thread was started again after a panic.
    pub fn restarts(&self) -> u32 {
        self.shared.supervisor.restarts()
    }

    fn command(&self, command: Command) -> bool {
        lock(&self.shared.commands)
            .as_ref()
            .is_some_and(|commands| commands.send(command).is_ok())
    }
}

/// The thread's side of a printer.
struct PrinterWorker {
    finder: Box<dyn Finder>,
    timing: Timing,
    status: watch::Sender<Status>,
    commands: mpsc::Receiver<Command>,
    busy: Arc<AtomicBool>,
    driver: Option<Box<dyn Driver>>,
    looks: u32,
    running: Option<Running>,
}

/// The job that runs. It outlives a panic, so that its end is reported after the status shows the fault.
struct Running {
    end: progress::OwnedPermit<Progress>,
    /// Set when the driver has done its part.
    evidence: Option<Evidence>,
}

impl Worker for PrinterWorker {
    fn run(&mut self) -> Next {
        loop {
            if self.driver.is_none() {
                self.search();
            }
            let pause = if self.driver.is_some() {
                self.timing.idle_poll
            } else {
                self.timing.search
            };
            match self.commands.recv_timeout(pause) {
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
                Err(RecvTimeoutError::Disconnected) => return Next::Done,
            }
        }
    }

    /// The connection is closed and opened again, because it is not known what the printer has got of the last command.
    fn crashed(&mut self, crash: &Crash) {
        self.driver = None;
        self.publish_lost(
            Link::Searching,
            Fault::Crashed,
            format!("the driver's thread panicked: {}", crash.message),
        );
        self.report_end();
        // The commands behind it have not begun.
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Print(job, _, end) => {
                    drop(job);
                    let evidence = Evidence {
                        fault: Some(Fault::Crashed),
                        remark: Some(
                            "the driver's thread panicked before the job began".to_owned(),
                        ),
                        ..Evidence::default()
                    };
                    self.running = Some(Running {
                        end,
                        evidence: Some(evidence),
                    });
                    self.report_end();
                }
                Command::Query(answer) => {
                    let _ = answer.send(self.status.borrow().clone());
                }
                Command::Move(_, answer) => {
                    let _ = answer.send(Err(Fault::Crashed));
                }
            }
        }
    }
}

impl PrinterWorker {
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
        let link = match error {
            LinkError::NoPermission(_) => Link::NoPermission,
            LinkError::InUse(_) => Link::InUse,
            _ => Link::Searching,
        };
        self.publish_lost(link, error.fault(), error.to_string());
    }

    /// Publishes that there is no printer, and why.
    fn publish_lost(&self, link: Link, fault: Fault, why: String) {
        let mut next = Status::searching(self.finder.place());
        next.link = link;
        next.faults = vec![fault];
        next.link_error = Some(why);
        // The last card count of a printer that is away is worth knowing.
        next.counters = self.status.borrow().counters;
        let why = next.link_error.clone();
        if device::publish(&self.status, |status| *status = next) {
            tracing::warn!(why, "the card printer cannot be used");
        }
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
        self.running = Some(Running {
            end,
            evidence: None,
        });
        job.options.time.get_or_insert_with(now);
        let evidence = match &mut self.driver {
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
                    commands: &self.commands,
                };
                driver.print(&job, &mut listener)
            }
        };
        drop(job);
        let is_lost = evidence.fault.as_ref().is_some_and(link_is_lost);
        if let Some(running) = &mut self.running {
            running.evidence = Some(evidence);
        }
        // The status is up to date before the end is reported.
        if is_lost {
            self.lost(&LinkError::Unplugged);
        } else {
            self.look(true);
        }
        self.report_end();
    }

    /// Reports the end of the job that runs. A job whose evidence is missing was ended by a panic.
    fn report_end(&mut self) {
        let Some(Running { end, evidence }) = self.running.take() else {
            return;
        };
        self.busy.store(false, Ordering::SeqCst);
        end.send(Progress::Ended(evidence.unwrap_or_else(|| {
            Evidence {
                // Nothing is known of what the printer has got.
                plane_byte_accepted: true,
                fault: Some(Fault::Crashed),
                remark: Some("the driver's thread panicked while it printed".to_owned()),
                ..Evidence::default()
            }
        })));
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
    device::publish(status, |status| {
        status.busy = report.busy;
        status.faults.clone_from(&report.faults);
        status.ready = status.link == Link::Connected
            && !report.busy
            && !report.faults.iter().any(Fault::is_failure);
        if report.counters.is_some() {
            status.counters = report.counters;
        }
        if report.ribbon_left.is_some() {
            status.ribbon_left = report.ribbon_left;
        }
    });
}

/// Passes the progress of a job on, and meanwhile answers commands from the newest status.
struct Listener<'a> {
    sender: progress::Sender<Progress>,
    status: &'a watch::Sender<Status>,
    commands: &'a mpsc::Receiver<Command>,
}

impl Listener<'_> {
    fn answer(&self) {
        while let Ok(command) = self.commands.try_recv() {
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
