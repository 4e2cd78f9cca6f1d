//! The booth without its window: devices, servers, store and everything that looks at pictures, opened from the
//! configuration. [`crate::perform`] carries effects out with it; the window and `rehearse` sit on top.

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

/// An open booth; cheap to clone.
#[derive(Clone)]
pub struct Booth(Arc<Parts>);

/// What the booth is made of.
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

/// Work that was told to end has ended after some of these looks.
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

    /// The live picture: newest wins, mirrored as the site says.
    pub fn preview(&self) -> watch::Receiver<Option<Arc<camera::Frame>>> {
        self.0.devices.camera.preview()
    }

    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.clone()
    }

    /// Test mode's panel.
    pub fn test_panel(&self) -> Option<TestPanel> {
        self.0.panel.clone()
    }

    /// Test mode's portal, for a look at what it has.
    pub fn test_portal(&self) -> Option<portal_server::Control> {
        self.0.servers.as_ref().and_then(|servers| servers.portal())
    }

    /// The serial in a code of this site's cards.
    pub fn serial_in(&self, code: &str) -> Option<Serial> {
        self.0.designer.serial_in(code)
    }

    /// The largest JPEG of a portrait, in bytes.
    pub fn photo_limit(&self) -> usize {
        self.0.photo_limit()
    }

    /// Why only a face is found and no eyes are judged; `None` when they are.
    pub fn sees_no_eyes(&self) -> Option<&str> {
        self.0.faces.sees_no_eyes()
    }

    /// What is wrong with the identity provider, asked thoroughly; one sentence.
    pub async fn probe_identity(&self) -> Option<String> {
        self.0
            .identity
            .probe()
            .await
            .err()
            .map(|trouble| trouble.sentence)
    }

    /// Ends everything in order and lets go of the store; the last one to hold the booth calls it. False when somebody
    /// else still holds it after the time that ending work may take: then it ends with them.
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
    /// The printer's picture size; a card can be looked at before a printer is found.
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

    /// How many pictures of a burst are taken: one where nobody waits for a better one.
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

    /// Does `work` after everything that was given here before: an outcome is kept before what builds on it. The answer is
    /// `None` when the work panicked.
    pub(crate) fn in_order<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        self.in_order.add(work)
    }
}

/// Tasks that end with their owner.
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

/// The default folder of the booth's data: the site's, or one of its own in test mode.
pub fn data_folder(config: &Config, state_home: Option<&Path>) -> PathBuf {
    let state = state_home.map_or_else(|| PathBuf::from("/var/lib"), Path::to_owned);
    match (&config.booth().data, config.is_test()) {
        (_, true) => state.join("fotoautomat-test"),
        (Some(data), false) => PathBuf::from(data),
        (None, false) => PathBuf::from("/var/lib/fotoautomat"),
    }
}
