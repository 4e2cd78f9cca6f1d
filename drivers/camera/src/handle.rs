//! The booth's side of a camera: no call in here blocks.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use device::Supervisor;
use tokio::sync::{oneshot, watch};

use crate::worker::{self, FRAMES_LIMIT, SLACK, Shared};
use crate::{Capture, Error, Fault, Frame, Settings, Source, Status, Still};

/// The most frames that a burst may ask for: 32 full frames are about 90 MB at 1280x720.
const MAX_BURST: usize = 32;
/// How long decoding a burst may take: ten frames of 1280x720 take less than 200 ms.
const DECODE_LIMIT: Duration = Duration::from_secs(1);

/// A camera with threads of its own. Clones share it; dropping the last one closes the camera.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    preview: watch::Receiver<Option<Arc<Frame>>>,
    latest: watch::Receiver<Option<Arc<Capture>>>,
    status: watch::Receiver<Status>,
    worker: Supervisor,
    _watchdog: Supervisor,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Handle {
    pub(crate) fn start(source: Box<dyn Source>, settings: Settings) -> Handle {
        let (worker, ends) = worker::new(source, settings);
        let watchdog = worker::Watchdog {
            shared: Arc::clone(&ends.shared),
            status: Arc::clone(&ends.status),
        };
        let wanted = || Arc::clone(&ends.shared.wanted);
        let inner = Inner {
            worker: Supervisor::start("camera", wanted(), worker),
            _watchdog: Supervisor::start("camera-watch", wanted(), watchdog),
            shared: ends.shared,
            preview: ends.preview,
            latest: ends.latest,
            status: ends.status.subscribe(),
        };
        Handle {
            inner: Arc::new(inner),
        }
    }

    /// The newest preview frame; `None` while there is no live picture.
    #[must_use]
    pub fn preview(&self) -> watch::Receiver<Option<Arc<Frame>>> {
        self.inner.preview.clone()
    }

    /// The newest frame as the camera sent it, for code that judges the picture: decode it in a thread of your own by
    /// [`Capture::still`], as often as you can use it.
    #[must_use]
    pub fn latest(&self) -> watch::Receiver<Option<Arc<Capture>>> {
        self.inner.latest.clone()
    }

    /// The newest status; it changes as the camera does.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.clone()
    }

    /// Stops or starts streaming: nothing is filmed while nobody is in the booth. A camera starts in standby.
    pub fn standby(&self, on: bool) {
        self.inner.shared.wanted.change(|wish| wish.standby = on);
    }

    /// Sets camera controls now and after every reconnection, for staff who adjust the picture.
    pub fn set_controls(&self, controls: Vec<(crate::CameraControl, i64)>) {
        let wanted = &self.inner.shared.wanted;
        wanted.change(|wish| wish.controls = controls);
    }

    /// The longest time that [`still`](Handle::still), [`burst`](Handle::burst) and [`captures`](Handle::captures) take to
    /// answer, with a picture or with an error.
    #[must_use]
    pub fn capture_limit(&self) -> Duration {
        FRAMES_LIMIT + DECODE_LIMIT + SLACK
    }

    /// How often the driver's thread was started again after a panic.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.inner.worker.restarts()
    }

    /// The next whole frame in full resolution, upright and not mirrored. Answers within
    /// [`capture_limit`](Handle::capture_limit).
    ///
    /// # Errors
    /// In standby, on a fault, or when no whole frame came in time.
    pub async fn still(&self) -> Result<Still, Error> {
        let mut stills = self.burst(1).await?;
        stills.pop().ok_or(Error::TimedOut)
    }

    /// The next `count` whole frames (32 at most) in full resolution, one after another. Answers within
    /// [`capture_limit`](Handle::capture_limit).
    ///
    /// # Errors
    /// As [`Handle::still`].
    pub async fn burst(&self, count: usize) -> Result<Vec<Still>, Error> {
        let captures = self.captures(count).await?;
        let (answer, stills) = oneshot::channel();
        // Ten full frames take longer to decode than the preview may pause, so they have a thread of their own.
        thread::Builder::new()
            .name("camera-still".to_owned())
            .spawn(move || {
                let _gone = answer.send(decode(&captures, Instant::now() + DECODE_LIMIT));
            })
            .map_err(|error| Error::fault(Fault::Crashed, error))?;
        stills
            .await
            .map_err(|_| Error::fault(Fault::Crashed, "decoding a still panicked"))?
    }

    /// As [`Handle::burst`], not yet decoded.
    ///
    /// # Errors
    /// In standby, on a fault, or when too few whole frames came in time.
    pub async fn captures(&self, count: usize) -> Result<Vec<Arc<Capture>>, Error> {
        let (answer, captures) = oneshot::channel();
        self.inner.shared.request(count.clamp(1, MAX_BURST), answer);
        captures.await.map_err(|_| Error::Closed)?
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &*self.inner.status.borrow())
            .finish_non_exhaustive()
    }
}

/// Decodes every capture, or gives up when the time is over.
fn decode(captures: &[Arc<Capture>], deadline: Instant) -> Result<Vec<Still>, Error> {
    let mut stills = Vec::with_capacity(captures.len());
    for capture in captures {
        if Instant::now() >= deadline {
            return Err(Error::TimedOut);
        }
        stills.push(capture.still()?);
    }
    Ok(stills)
}
