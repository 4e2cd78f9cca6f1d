//! The booth's end of a camera: never waits, never blocks.

use std::fmt;
use std::sync::Arc;
use std::thread;

use tokio::sync::{oneshot, watch};

use crate::worker::{self, Shared};
use crate::{Capture, Error, Frame, Settings, Source, Status, Still};

/// Most frames a burst may ask for: 32 full frames are about 90 MB at 1280x720.
const MAX_BURST: usize = 32;

/// A camera that is looked after by its own threads. Clones share it; dropping the last one closes it.
#[derive(Clone)]
pub struct Handle {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    preview: watch::Receiver<Option<Arc<Frame>>>,
    latest: watch::Receiver<Option<Arc<Capture>>>,
    status: watch::Receiver<Status>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl Handle {
    pub(crate) fn start(source: Box<dyn Source>, settings: Settings) -> Handle {
        let (worker, ends) = worker::new(source, settings);
        let inner = Inner {
            shared: Arc::clone(&ends.shared),
            preview: ends.preview,
            latest: ends.latest,
            status: ends.status.subscribe(),
        };
        let watchdog = worker::Watchdog {
            shared: ends.shared,
            status: ends.status,
        };
        let spawned = spawn("camera", move || worker.run())
            .and_then(|()| spawn("camera-watch", move || watchdog.run()));
        if let Err(error) = spawned {
            // without threads there are no frames; the status stays at Searching and the booth out of service
            tracing::error!(%error, "no thread for the camera");
        }
        Handle {
            inner: Arc::new(inner),
        }
    }

    /// The newest preview frame; `None` while there is no live picture.
    #[must_use]
    pub fn preview(&self) -> watch::Receiver<Option<Arc<Frame>>> {
        self.inner.preview.clone()
    }

    /// The newest frame as the camera sent it, for whoever judges the picture: decode it in a thread of your own
    /// by [`Capture::still`], as often as you can use it.
    #[must_use]
    pub fn latest(&self) -> watch::Receiver<Option<Arc<Capture>>> {
        self.inner.latest.clone()
    }

    /// What the camera says of itself.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.clone()
    }

    /// Stops or starts streaming: nothing is filmed while nobody is in the booth. A camera starts in standby.
    pub fn standby(&self, on: bool) {
        self.inner.shared.set_standby(on);
    }

    /// Sets camera controls now and after every reconnection, for staff who adjust the picture.
    pub fn set_controls(&self, controls: Vec<(crate::CameraControl, i64)>) {
        self.inner.shared.set_controls(controls);
    }

    /// The next whole frame in full resolution, upright and not mirrored. Answers within 3 seconds.
    ///
    /// # Errors
    /// In standby, on a fault, or when no whole frame came in time.
    pub async fn still(&self) -> Result<Still, Error> {
        let mut stills = self.burst(1).await?;
        stills.pop().ok_or(Error::TimedOut)
    }

    /// The next `count` whole frames (32 at most) in full resolution, one after another. Answers within 3 seconds.
    ///
    /// # Errors
    /// As [`Handle::still`].
    pub async fn burst(&self, count: usize) -> Result<Vec<Still>, Error> {
        let captures = self.captures(count).await?;
        let (answer, stills) = oneshot::channel();
        // a thread of its own: ten full frames take longer to decode than the preview may pause
        spawn("camera-still", move || {
            let decoded: Result<Vec<Still>, Error> =
                captures.iter().map(|capture| capture.still()).collect();
            let _gone = answer.send(decoded);
        })
        .map_err(|_| Error::TimedOut)?;
        stills.await.map_err(|_| Error::Closed)?
    }

    /// As [`Handle::burst`], not yet decoded.
    ///
    /// # Errors
    /// As [`Handle::still`].
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

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map(drop)
}
