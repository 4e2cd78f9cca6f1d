//! The thread that owns the camera, and the watchdog beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use device::{Crash, Fault as _, Next, Wanted, Worker, publish};
use tokio::sync::{oneshot, watch};
use zeroize::Zeroizing;

use crate::Previewer;
use crate::convert;
use crate::rank::MIN_FPS;
use crate::{
    Camera, CameraControl, Capture, Counters, Error, FIRST_FRAME_LIMIT, Fault, Frame, Phase, Raw,
    Settings, Source, Status,
};

/// Between attempts to find a camera again: soon enough that a replugged camera is live within 2 s.
const RETRY: Duration = Duration::from_millis(250);
/// How often a camera in standby is asked whether it still answers.
const CHECK: Duration = Duration::from_millis(500);
/// A worker that is silent for so long hangs in the system. Staff and visitor learn of any fault within 2 s.
const SILENCE: Duration = Duration::from_millis(1500);
/// Opening a camera and waiting for its first frame may take this long before the worker counts as hanging: a slow sensor
/// takes its whole limit for the frame, and the worker itself must have had the time to report that limit.
const SLOW_START: Duration = FIRST_FRAME_LIMIT.saturating_add(SILENCE);
/// How often the watchdog looks.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// How long the frames of a request may take: a frozen camera is found out in 1 s and may need one reopening.
pub(crate) const FRAMES_LIMIT: Duration = Duration::from_secs(3);
/// What the watchdog and a busy machine may add to a limit.
pub(crate) const SLACK: Duration = Duration::from_millis(500);
/// Rate and blemishes are judged over this long, and a blemish counts after two in a row.
const WINDOW: Duration = Duration::from_secs(1);
/// Average brightness of a covered lens: noise lifts black a little.
const DARK: u8 = 8;

type Controls = Vec<(CameraControl, i64)>;
type Captures = Result<Vec<Arc<Capture>>, Error>;

/// What the threads and the handles share.
pub(crate) struct Shared {
    pub(crate) wanted: Arc<Wanted<Wish>>,
    pending: Mutex<Vec<Pending>>,
    /// When the worker must have reported again, or it counts as hanging.
    due: Mutex<Instant>,
}

/// What the handles want of the worker.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) standby: bool,
    pub(crate) controls: Controls,
}

/// A request for frames that has not been answered yet.
struct Pending {
    count: usize,
    got: Vec<Arc<Capture>>,
    answer: oneshot::Sender<Captures>,
    deadline: Instant,
}

/// Nothing here is left half done by a panic, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Answers every request with an error, because the last handle is gone.
    pub(crate) fn close(&self) {
        self.wanted.close();
        lock(&self.pending).clear();
    }

    /// Asks for the next `count` frames.
    pub(crate) fn request(&self, count: usize, answer: oneshot::Sender<Captures>) {
        self.wanted.with(|wish, closed| {
            if wish.standby {
                let _gone = answer.send(Err(Error::Standby));
            } else if !closed {
                lock(&self.pending).push(Pending {
                    count,
                    got: Vec::with_capacity(count),
                    answer,
                    deadline: Instant::now() + FRAMES_LIMIT,
                });
            }
        });
    }

    fn serve(&self, capture: &Arc<Capture>) {
        let mut pending = lock(&self.pending);
        for request in pending.iter_mut() {
            request.got.push(Arc::clone(capture));
        }
        for done in pending.extract_if(.., |request| request.got.len() >= request.count) {
            let _gone = done.answer.send(Ok(done.got));
        }
    }

    fn refuse(&self, error: &Error) {
        for request in lock(&self.pending).drain(..) {
            let _gone = request.answer.send(Err(error.clone()));
        }
    }

    fn expire(&self) {
        let now = Instant::now();
        for late in lock(&self.pending).extract_if(.., |request| request.deadline <= now) {
            let _gone = late.answer.send(Err(Error::TimedOut));
        }
    }

    /// Called by the worker: it is alive, and reports again within `limit`.
    fn report_within(&self, limit: Duration) {
        *lock(&self.due) = Instant::now() + limit;
    }
}

/// What a handle needs of a new worker.
pub(crate) struct Ends {
    pub(crate) shared: Arc<Shared>,
    pub(crate) preview: watch::Receiver<Option<Arc<Frame>>>,
    pub(crate) latest: watch::Receiver<Option<Arc<Capture>>>,
    pub(crate) status: Arc<watch::Sender<Status>>,
}

pub(crate) fn new(source: Box<dyn Source>, settings: Settings) -> (CameraWorker, Ends) {
    let (preview, preview_end) = watch::channel(None);
    let (latest, latest_end) = watch::channel(None);
    let status = Arc::new(watch::Sender::new(Status::default()));
    let wish = Wish {
        standby: true,
        controls: settings.controls.clone(),
    };
    let shared = Arc::new(Shared {
        wanted: Arc::new(Wanted::new(wish)),
        pending: Mutex::default(),
        due: Mutex::new(Instant::now() + SLOW_START),
    });
    let ends = Ends {
        shared: Arc::clone(&shared),
        preview: preview_end,
        latest: latest_end,
        status: Arc::clone(&status),
    };
    let worker = CameraWorker {
        source,
        settings,
        shared,
        preview,
        latest,
        status,
        was_found: false,
        seq: 0,
        counters: Counters::default(),
        window: Window::new(),
        suspect: None,
    };
    (worker, ends)
}

/// Finds the camera, reads it, and finds it again.
pub(crate) struct CameraWorker {
    source: Box<dyn Source>,
    settings: Settings,
    shared: Arc<Shared>,
    preview: watch::Sender<Option<Arc<Frame>>>,
    latest: watch::Sender<Option<Arc<Capture>>>,
    status: Arc<watch::Sender<Status>>,
    /// Whether a camera was found before: when it cannot be found now, it has been unplugged.
    was_found: bool,
    seq: u64,
    counters: Counters,
    window: Window,
    /// The blemish of the window before.
    suspect: Option<Fault>,
}

impl Worker for CameraWorker {
    fn run(&mut self) -> Next {
        match self.attend() {
            Ok(()) => {
                self.hide();
                publish(&self.status, |status| {
                    status.phase = Phase::Searching;
                    status.fps = 0.0;
                });
                Next::Done
            }
            Err(error) => {
                self.failed(error);
                self.shared.report_within(SLOW_START);
                Next::Retry(RETRY)
            }
        }
    }

    fn crashed(&mut self, crash: &Crash) {
        self.failed(Error::fault(Fault::Crashed, &crash.message));
        self.shared
            .report_within(crash.backoff.saturating_add(SLOW_START).min(LONGEST_REPORT));
    }
}

/// A limit that every clock can count to.
const LONGEST_REPORT: Duration = Duration::from_secs(3600);

impl CameraWorker {
    /// From opening the camera to losing it (`Err`) or closing it (`Ok`).
    fn attend(&mut self) -> Result<(), Error> {
        self.shared.report_within(SLOW_START);
        let mut camera = self.source.open(&self.settings)?;
        self.opened(camera.as_ref());
        self.adjust(camera.as_mut())?;
        // A camera proves itself by one whole frame before it may rest: readiness then means that it works.
        let (mut proved, mut streaming) = (false, false);
        loop {
            self.shared.report_within(SILENCE);
            let wanted = self.shared.wanted.read();
            if wanted.closed {
                return Ok(());
            }
            let Wish { standby, controls } = wanted.value;
            if controls != self.settings.controls {
                self.settings.controls = controls;
                self.adjust(camera.as_mut())?;
            }
            if standby && proved {
                if streaming {
                    camera.stop();
                    streaming = false;
                }
                self.rest();
                camera.check()?;
                continue;
            }
            if !streaming {
                self.shared.report_within(SLOW_START);
                camera.start()?;
                self.window = Window::new();
                streaming = true;
            }
            let whole = self.next(camera.as_mut(), standby)?;
            proved |= whole;
        }
    }

    /// Sets the controls: automatics first, because a camera takes no exposure while it sets it itself.
    fn adjust(&mut self, camera: &mut dyn Camera) -> Result<(), Error> {
        let mut controls = self.settings.controls.clone();
        controls.sort_by_key(|(control, _)| !control.is_automatic());
        let mut refused = Vec::new();
        for (control, value) in controls {
            if !camera.set_control(control, value)? {
                refused.push(control);
            }
        }
        self.publish(|status| status.refused = refused);
        Ok(())
    }

    /// Takes one frame; true when it was whole. In standby it is looked at and not shown.
    fn next(&mut self, camera: &mut dyn Camera, standby: bool) -> Result<bool, Error> {
        let taken = camera.next().and_then(|raw| self.take(raw, standby));
        let whole = match taken {
            Ok(()) => true,
            Err(Error::Damaged(damage)) => {
                tracing::debug!(%damage, "frame dropped");
                self.counters.damaged += 1;
                self.window.damaged += 1;
                false
            }
            Err(error) => return Err(error),
        };
        if let Some(window) = self.window.ended() {
            self.judge(&window);
        }
        Ok(whole)
    }

    fn take(&mut self, raw: Raw<'_>, standby: bool) -> Result<(), Error> {
        let raw = Raw {
            bytes: convert::whole(&raw)?,
            ..raw
        };
        let preview = self.window.previewer(&self.settings).preview(&raw)?;
        let at = Instant::now();
        self.seq += 1;
        self.counters.frames += 1;
        self.counters.lost += u64::from(raw.lost);
        self.window.whole += 1;
        self.window.brightest = self.window.brightest.max(preview.brightness);
        // The status is published before the frame, so that whoever sees a frame can rely on the status.
        self.publish(|status| {
            status.phase = if standby {
                status.phase
            } else {
                Phase::Streaming
            };
            // A whole frame ends every failure; a blemish ends with a whole window of good frames.
            status.fault = status.fault.filter(|fault| !fault.is_failure());
        });
        if !standby {
            let capture = Arc::new(Capture {
                pixels: raw.pixels,
                width: raw.width,
                height: raw.height,
                rotate: self.settings.rotate,
                bytes: Zeroizing::new(raw.bytes.to_vec()),
                seq: self.seq,
                at,
            });
            self.shared.serve(&capture);
            self.latest.send_replace(Some(capture));
            let (width, height) = (preview.width, preview.height);
            let rgba = Bytes::from_owner(preview.rgba);
            self.preview.send_replace(Some(Arc::new(Frame {
                width,
                height,
                rgba,
                seq: self.seq,
                at,
            })));
        }
        Ok(())
    }

    /// Judges the second that has passed.
    fn judge(&mut self, window: &Window) {
        let fps = window.rate();
        let blemish = if window.damaged > window.whole {
            Some(Fault::Damaged)
        } else if f64::from(fps) < MIN_FPS {
            Some(Fault::Slow)
        } else if window.brightest < DARK {
            Some(Fault::Dark)
        } else {
            None
        };
        // When hardly any frame arrives whole, a second window would show nothing new.
        let is_plain = window.damaged > 3 * window.whole;
        let lasting = blemish.filter(|_| is_plain || blemish == self.suspect);
        self.suspect = blemish;
        if window.whole == 0 {
            self.hide();
        }
        let counters = self.counters;
        self.publish(|status| {
            status.fps = fps;
            status.counters = counters;
            if !status.fault.is_some_and(|fault| fault.is_failure()) {
                status.fault = if blemish.is_none() {
                    None
                } else {
                    lasting.or(status.fault)
                };
            }
        });
    }

    fn opened(&mut self, camera: &dyn Camera) {
        tracing::info!(name = camera.name(), format = %camera.format(), "camera opened");
        if self.was_found {
            self.counters.reopened += 1;
        }
        self.was_found = true;
        let counters = self.counters;
        self.publish(|status| {
            status.camera = Some(camera.name().to_owned());
            status.format = Some(camera.format());
            status.counters = counters;
        });
    }

    /// In standby nobody is in the booth: nothing is shown and nothing is kept.
    fn rest(&mut self) {
        self.hide();
        self.shared.refuse(&Error::Standby);
        self.window = Window::new(); // the scaler's buffers show a person, too
        self.suspect = None;
        let counters = self.counters;
        self.publish(|status| {
            status.counters = counters;
            status.phase = Phase::Standby;
            status.fault = None;
            status.fps = 0.0;
        });
        let wanted = self.shared.wanted.read();
        if wanted.value.standby {
            self.shared.wanted.wait(&wanted, CHECK);
        }
    }

    fn failed(&mut self, error: Error) {
        let (fault, detail) = match error {
            Error::Fault {
                fault: Fault::NotFound,
                detail,
            } if self.was_found => (Fault::Unplugged, detail),
            Error::Fault { fault, detail } => (fault, detail),
            error => (Fault::StreamError, error.to_string()),
        };
        self.hide();
        let counters = self.counters;
        let news = self.publish(|status| {
            status.phase = Phase::Searching;
            status.fault = Some(fault);
            status.fps = 0.0;
            status.counters = counters;
        });
        // The status is up to date before a request is answered.
        self.shared.refuse(&Error::fault(fault, &detail));
        if news {
            tracing::warn!(fault = fault.name(), detail, "camera lost");
        }
    }

    /// Takes the last person's picture away.
    fn hide(&self) {
        self.preview
            .send_if_modified(|frame| frame.take().is_some());
        self.latest
            .send_if_modified(|capture| capture.take().is_some());
    }

    /// Changes the status; true when that made a difference.
    fn publish(&self, change: impl FnOnce(&mut Status)) -> bool {
        publish(&self.status, change)
    }
}

/// One second of frames.
struct Window {
    since: Instant,
    whole: u32,
    damaged: u32,
    brightest: u8,
    took: Duration,
    previewer: Option<Previewer>,
}

impl Window {
    fn new() -> Window {
        Window {
            since: Instant::now(),
            whole: 0,
            damaged: 0,
            brightest: 0,
            took: Duration::ZERO,
            previewer: None,
        }
    }

    fn previewer(&mut self, settings: &Settings) -> &mut Previewer {
        self.previewer
            .get_or_insert_with(|| Previewer::new(settings))
    }

    /// The window that has just ended, if it has; a new one then begins.
    fn ended(&mut self) -> Option<Window> {
        let took = self.since.elapsed();
        if took < WINDOW {
            return None;
        }
        let mut ended = std::mem::replace(self, Window::new());
        self.previewer = ended.previewer.take();
        ended.took = took;
        Some(ended)
    }

    fn rate(&self) -> f32 {
        self.whole as f32 / self.took.as_secs_f32().max(f32::MIN_POSITIVE)
    }
}

/// Publishes that the worker hangs in the system, which it cannot do itself, and answers requests that are overdue.
pub(crate) struct Watchdog {
    pub(crate) shared: Arc<Shared>,
    pub(crate) status: Arc<watch::Sender<Status>>,
}

impl Worker for Watchdog {
    fn run(&mut self) -> Next {
        self.shared.expire();
        if Instant::now() > *lock(&self.shared.due) {
            self.report(Fault::Frozen);
        }
        Next::Retry(WATCH_EVERY)
    }

    fn crashed(&mut self, _: &Crash) {
        self.report(Fault::Crashed);
    }
}

impl Watchdog {
    /// Publishes a fault, unless the worker has already published a failure, which says more.
    fn report(&self, fault: Fault) {
        publish(&self.status, |status| {
            status.phase = Phase::Searching;
            status.fps = 0.0;
            status.fault = status
                .fault
                .filter(device::Fault::is_failure)
                .or(Some(fault));
        });
    }
}
