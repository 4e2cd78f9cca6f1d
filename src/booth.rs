//! The booth without its window: devices, servers, outbox and face worker, opened from the configuration.
//! `crate::perform` performs the session's effects with it; the window and `rehearse` are built on it.

mod describe;
mod events;
mod faces;
mod in_order;
mod models;
mod monitor;
mod open;
mod test_panel;
mod test_servers;
mod visitors;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};

pub(crate) use faces::{CoachingRun, picture_of};
pub use models::finder;
pub use open::{Error, Options, open};
pub use test_panel::{Fault as InjectedFault, SCENE, TestPanel, Visitor};
pub use visitors::{Unreadable, png, read_picture};

use crate::{config::Config, devices::Devices};
use card::{Designer, Raster};
use common::{
    health::Health,
    order::{BoothRecord, CardKind, Serial},
};
use identity::{IdentityProvider, Pins};
use outbox::{Outbox, worker::WorkerHandle};
use portal::Portal;
use session::Rules;

/// An open booth. It is cheap to clone: all clones share one set of parts.
#[derive(Clone)]
pub struct Booth(Arc<Parts>);

/// The parts of an open booth.
pub(crate) struct Parts {
    pub config: Config,
    pub rules: Arc<Rules>,
    pub devices: Devices,
    pub identity: Arc<dyn IdentityProvider>,
    pub pins: Arc<Pins>,
    pub portal: Arc<dyn Portal>,
    pub outbox: Outbox,
    pub worker: WorkerHandle,
    pub designer: Designer,
    pub faces: faces::FaceWorker,
    health: watch::Receiver<Health>,
    panel: Option<TestPanel>,
    servers: Option<test_servers::Running>,
    data: PathBuf,
    pace: f32,
    undecided: Vec<outbox::Undecided>,
    in_order: in_order::InOrder,
    tasks: Tasks,
}

/// How often and how many times [`Booth::close`] checks whether cancelled work has ended: 10 s in all.
const CLOSING_LOOK: Duration = Duration::from_millis(20);
const CLOSING_LOOKS: u32 = 500;

impl Booth {
    pub(crate) fn parts(&self) -> Arc<Parts> {
        self.0.clone()
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn rules(&self) -> Arc<Rules> {
        self.0.rules.clone()
    }

    /// The folder of the booth's data.
    pub fn data(&self) -> &Path {
        &self.0.data
    }

    /// The preview, mirrored as the site configures it; the channel holds only the newest frame.
    pub fn preview(&self) -> watch::Receiver<Option<Arc<camera::Frame>>> {
        self.0.devices.camera.preview()
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.clone()
    }

    /// The test panel; `None` outside test mode.
    pub fn test_panel(&self) -> Option<TestPanel> {
        self.0.panel.clone()
    }

    /// The control of test mode's own portal, to inspect what it has received.
    pub fn test_portal(&self) -> Option<portal_server::Control> {
        self.0.servers.as_ref().and_then(|servers| servers.portal())
    }

    /// The serial in the text of a card's code; `None` if it is no code of this site's cards.
    pub fn serial_in(&self, code: &str) -> Option<Serial> {
        self.0.designer.serial_in(code)
    }

    /// The size limit of a portrait as JPEG, in bytes.
    pub fn photo_limit(&self) -> usize {
        self.0.photo_limit()
    }

    /// Why the eyes are not judged, in one sentence; `None` when they are.
    pub fn sees_no_eyes(&self) -> Option<&str> {
        self.0.faces.sees_no_eyes()
    }

    /// Probes the identity provider thoroughly and returns what is wrong with it, in one sentence.
    pub async fn probe_identity(&self) -> Option<String> {
        self.0
            .identity
            .probe()
            .await
            .err()
            .map(|trouble| trouble.sentence)
    }

    /// Stops the worker and closes the outbox, in that order. Waits up to 10 s until this is the last clone. Returns
    /// false if another clone remains after that: the parts are then dropped with it, without
    /// stopping the worker first.
    pub async fn close(self) -> bool {
        let mut parts = self.0;
        for _ in 0..CLOSING_LOOKS {
            match Arc::try_unwrap(parts) {
                Ok(last) => {
                    let Parts {
                        worker,
                        outbox,
                        tasks,
                        ..
                    } = last;
                    drop(tasks);
                    worker.stop().await;
                    outbox.close().await;
                    return true;
                }
                Err(held) => parts = held,
            }
            tokio::time::sleep(CLOSING_LOOK).await;
        }
        false
    }

    pub fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    pub fn worker(&self) -> &WorkerHandle {
        &self.0.worker
    }
}

impl Parts {
    /// The printer's raster, or that of a proof while no printer is connected, so that a card can be shown all the
    /// same.
    pub(crate) fn raster(&self) -> Raster {
        let status = self.devices.printer.status();
        let raster = status.borrow().raster;
        raster.map_or(Raster::PROOF, |(width, height)| {
            Raster::at_300(width, height)
        })
    }

    pub(crate) fn photo_limit(&self) -> usize {
        self.config.portrait().max_bytes as usize
    }

    /// The number of pictures in a burst: one at pace 0, because a rehearsal needs no best picture.
    pub(crate) fn burst(&self, wished: usize) -> usize {
        if self.pace == 0.0 { 1 } else { wished }
    }

    pub(crate) fn booth_record(&self) -> BoothRecord {
        BoothRecord {
            id: self.config.booth().id.clone(),
            software: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    pub(crate) fn template_of(&self, kind: &CardKind) -> String {
        self.designer.template_name(kind).unwrap_or_default()
    }

    /// Queues `work` behind all earlier calls, so that an outcome is written before what builds on it. The future
    /// resolves to `None` if the work panicked; dropping it does not cancel the work.
    pub(crate) fn in_order<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        self.in_order.add(work)
    }
}

/// Tasks that are aborted when this is dropped.
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Debug for Booth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Booth({})", self.0.config.booth().id)
    }
}

/// The default folder of the booth's data: the one that the site names, or a separate one in test mode.
pub fn data_folder(config: &Config, state_home: Option<&Path>) -> PathBuf {
    let state = state_home.map_or_else(|| PathBuf::from("/var/lib"), Path::to_owned);
    match (&config.booth().data, config.is_test()) {
        (_, true) => state.join("fotoautomat-test"),
        (Some(data), false) => PathBuf::from(data),
        (None, false) => PathBuf::from("/var/lib/fotoautomat"),
    }
}
