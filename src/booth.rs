//! The booth without its window: devices, servers, store and everything that looks at pictures, opened from the
//! configuration. [`crate::perform`] carries effects out with it; the window and `rehearse` sit on top.

mod desk;
mod models;
mod monitor;
mod studio;
mod test_servers;
mod visitors;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream, stream::BoxStream};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

pub use desk::{Desk, Fault as DeskFault, SCENE, Visitor};
pub use models::finder;
pub(crate) use studio::{Lesson, picture_of};
pub use visitors::{Unreadable, png, read_picture};

use crate::{
    config::Config,
    devices::{self, Devices},
};
use card::{Designer, Raster};
use common::{
    Problems,
    health::{Health, Part, Reason},
    order::{BoothRecord, CardKind, Serial, Uid},
};
use identity::{IdentityProvider, Pins};
use outbox::{
    self, Outbox,
    journal::Reading,
    worker::{Policy, WorkerHandle},
};
use portal::{Incident, IncidentKind, Portal};
use session::{Event, Rules, issue::OpenAttempt};

/// What a caller decides about a booth that the site's configuration does not.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folder of the store, and in test mode of the portal's store.
    pub data: PathBuf,
    /// A picture to put before the virtual camera, instead of the drawn visitors.
    pub photo: Option<PathBuf>,
    /// A portal to send to, instead of test mode's own.
    pub portal: Option<String>,
    /// So many test people to sign in as, each new at the portal; those of the file when not set.
    pub crowd: Option<u32>,
    /// How long things take that take time only for show or by nature: 1 as in life, 0 not at all. Test mode only.
    pub pace: Option<f32>,
}

/// Why the booth could not be opened: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Config(Problems),
    #[error(transparent)]
    Device(#[from] devices::Unknown),
    #[error("the folder {} for the booth's data cannot be made: {error}", path.display())]
    Data {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(transparent)]
    Store(#[from] outbox::Error),
    #[error("{0}")]
    Portal(String),
    #[error("{0}")]
    TestServer(String),
    #[error("the system gives no threads: {0}")]
    Threads(std::io::Error),
    #[error(transparent)]
    Photo(#[from] Unreadable),
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

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
    pub studio: studio::Studio,
    health: watch::Receiver<Health>,
    desk: Option<Desk>,
    servers: Option<test_servers::Running>,
    data: PathBuf,
    pace: f32,
    undecided: Vec<outbox::Undecided>,
    orderly: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    tasks: Tasks,
}

/// Work that was told to end has ended after some of these looks.
const CLOSING_LOOK: Duration = Duration::from_millis(20);
const CLOSING_LOOKS: u32 = 500;
/// A printer that is there has answered by then; open attempts are settled by its counter.
const PRINTER_ANSWERS: Duration = Duration::from_secs(10);

/// Clients of the institution's servers, or of test mode's.
type Servers = (Arc<dyn IdentityProvider>, Arc<dyn Portal>);

/// Opens every part. In test mode the identity provider and the portal are started on free ports of this machine.
pub async fn open(mut config: Config, options: Options) -> Result<Booth, Error> {
    std::fs::create_dir_all(&options.data).map_err(|error| Error::Data {
        path: options.data.clone(),
        error,
    })?;
    let pace = options.pace.unwrap_or(1.0);
    config.scale_print_time(pace);
    let designer = config.designer()?;
    let outbox_settings = config.outbox_settings(&options.data);
    let opened = Outbox::open(&outbox_settings).await?;
    if let Some(quarantined) = &opened.quarantined {
        tell_of_damage(&opened.outbox, quarantined, &config.booth().id).await?;
    }
    let devices = devices::open(&config, &options.data)?;
    let servers = match config.has_virtual_servers() {
        true => Some(test_servers::start(&config, &options).await?),
        false => None,
    };
    let (identity, portal) = match &servers {
        Some(servers) => servers.connect(&config)?,
        None => connect(&config)?,
    };
    let speedup = if pace < 1.0 { 100 } else { 1 };
    let policy = Policy {
        speedup,
        ..Policy::default()
    };
    let worker = outbox::worker::spawn(opened.outbox.clone(), portal.clone(), policy);
    let (health, watching) = monitor::watch_over(monitor::Parts {
        camera: devices.camera.status(),
        printer: devices.printer.status(),
        reader: devices.reader.as_ref().map(card_reader::Handle::status),
        identity: identity.clone(),
        portal: portal.clone(),
        outbox: opened.outbox.clone(),
        sending: worker.fault(),
        data: options.data.clone(),
        needs: config.rules().needs,
    });
    let desk = match &devices.controls {
        Some(controls) => {
            let visitors = visitors::load(options.photo.as_deref())?;
            let provider = servers
                .as_ref()
                .map(|servers| servers.identity.control.clone());
            Some(Desk::new(controls.clone(), provider, visitors))
        }
        None => None,
    };
    let pins = Arc::new(config.pins());
    let mut rules = config.rules();
    rules.kinds = designer.kinds().collect();
    hasten(&mut rules, pace);
    let portrait = config.portrait();
    let folder = portrait.models.as_ref().map(PathBuf::from);
    let judging = portrait::Rules {
        closed_mouth: portrait.closed_mouth,
        ..portrait::Rules::default()
    };
    let studio = studio::Studio::start(move || models::finder(folder.as_deref()), judging);
    let studio = studio.map_err(Error::Threads)?;
    let (orderly, work) = mpsc::unbounded_channel();
    let orderly_task = tokio::spawn(one_after_the_other(work));
    Ok(Booth(Arc::new(Parts {
        rules: Arc::new(rules),
        devices,
        identity,
        pins,
        portal,
        outbox: opened.outbox,
        worker,
        designer,
        studio,
        health,
        desk,
        servers,
        data: options.data,
        pace,
        undecided: opened.undecided,
        orderly,
        tasks: Tasks(vec![watching, orderly_task]),
        config,
    })))
}

/// Orders may have been in a store that was put aside: staff hear of it here, at the portal, and by `outbox check` for as
/// long as the file lies there.
async fn tell_of_damage(
    outbox: &Outbox,
    quarantined: &outbox::Quarantined,
    booth: &str,
) -> Result<(), outbox::Error> {
    let (file, why) = (
        quarantined.path.display().to_string(),
        quarantined.why.clone(),
    );
    tracing::error!("the store was damaged and put aside as {file}: {why}");
    let incident = Incident {
        id: uuid::Uuid::now_v7(),
        at: jiff::Timestamp::now(),
        booth: booth.to_owned(),
        kind: IncidentKind::StoreDamaged { file, why },
    };
    outbox.incident(&incident).await
}

fn connect(config: &Config) -> Result<Servers, Error> {
    let (identity_settings, portal_settings) = config.servers()?;
    let identity = identity::open(identity_settings, &config.site)?;
    let portal = portal_settings
        .connect(&config.booth().id)
        .map_err(|error| Error::Portal(error.to_string()))?;
    Ok((identity, Arc::new(portal)))
}

/// Shortens what waits only for show.
fn hasten(rules: &mut Rules, pace: f32) {
    let limits = &mut rules.limits;
    for shown in [&mut limits.countdown, &mut limits.tick_shown] {
        *shown = shown.mul_f32(pace);
    }
}

async fn one_after_the_other(mut work: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>) {
    while let Some(work) = work.recv().await {
        work.await;
    }
}

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

    /// Test mode's desk.
    pub fn desk(&self) -> Option<Desk> {
        self.0.desk.clone()
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
        self.0.studio.sees_no_eyes()
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

    /// What a part says of itself, in a few words, for staff.
    pub fn describe(&self, part: Part) -> String {
        let parts = &self.0;
        match part {
            Part::Camera => {
                let status = parts.devices.camera.status();
                let status = status.borrow();
                let format = status
                    .format
                    .map(|format| format!(" {}x{}", format.width, format.height));
                format!(
                    "{}{}",
                    status.camera.as_deref().unwrap_or_default(),
                    format.unwrap_or_default()
                )
            }
            Part::Printer => {
                let status = parts.devices.printer.status();
                let status = status.borrow().clone();
                parts.printer_name(Some(&status))
            }
            Part::Reader => match &parts.devices.reader {
                Some(reader) => {
                    let status = reader.status();
                    let status = status.borrow();
                    status
                        .reader
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default()
                }
                None => String::new(),
            },
            Part::Store => parts
                .config
                .outbox_settings(&parts.data)
                .store
                .display()
                .to_string(),
            Part::Identity | Part::Portal | Part::Disk | Part::Clock => String::new(),
        }
    }

    /// What is wrong with a part and what to do, in English, for the terminal.
    pub fn explain(&self, reason: &Reason) -> String {
        devices::explain(reason).unwrap_or_else(|| reason.fault.clone())
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

    /// What comes by itself: the health, cards on the reader, and once, at the start, attempts that were left open.
    pub fn events(&self) -> BoxStream<'static, Event> {
        let health = told(self.0.health.clone(), |health: &Health| {
            Event::HealthChanged(Box::new(health.clone()))
        });
        let cards = match &self.0.devices.reader {
            Some(reader) => told(reader.cards(), |card| match card {
                // a random number names no card: there is nothing to bind to
                Some(card) if !card.random_uid => Event::CardLaid(Uid::from_bytes(&card.uid)),
                _ => Event::CardTaken,
            }),
            None => stream::empty().boxed(),
        };
        let open = stream::once(open_attempts(self.0.clone()));
        stream::select_all([health, cards, open.boxed()]).boxed()
    }
}

/// The value as it is now, and each newer one that is seen: whoever listens late misses nothing that still holds.
fn told<T: Send + Sync + 'static>(
    mut values: watch::Receiver<T>,
    event: impl Fn(&T) -> Event + Copy + Send + 'static,
) -> BoxStream<'static, Event> {
    values.mark_changed();
    stream::unfold(values, move |mut values| async move {
        values.changed().await.ok()?;
        let event = event(&values.borrow_and_update());
        Some((event, values))
    })
    .boxed()
}

/// Attempts that a power cut left open, after the printer's counter has settled those that it can.
async fn open_attempts(parts: Arc<Parts>) -> Event {
    if parts.undecided.is_empty() {
        return Event::OpenAttemptsFound(Vec::new());
    }
    let mut status = parts.devices.printer.status();
    let connected = status.wait_for(|status| status.link == card_printer::Link::Connected);
    // a printer that does not answer settles nothing: a person does
    let _ = tokio::time::timeout(PRINTER_ANSWERS, connected).await;
    let now = parts.devices.printer.query().await.ok();
    let reading = Reading {
        printer: parts.printer_name(now.as_ref()),
        counter: now
            .as_ref()
            .and_then(|now| now.counters)
            .and_then(|counters| counters.cards),
        card_inside: now.as_ref().is_none_or(|now| now.busy),
    };
    let open = match parts.outbox.settle_by(&reading).await {
        Ok(open) => open,
        Err(error) => {
            tracing::error!("open attempts could not be looked up: {error}");
            parts.undecided.clone()
        }
    };
    let open = open.into_iter().map(|card| OpenAttempt {
        order: card.order,
        serial: card.serial,
    });
    Event::OpenAttemptsFound(open.collect())
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

    /// Model and number, as in the books.
    pub(crate) fn printer_name(&self, status: Option<&card_printer::Status>) -> String {
        let name = |status: &card_printer::Status| {
            let model = status
                .model_name
                .clone()
                .or(status.model.map(|model| model.to_string()));
            let serial = status.serial.clone();
            [model, serial]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let known = status.map(name).filter(|name| !name.is_empty());
        known.unwrap_or_else(|| self.config.devices().printer.clone())
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

    /// Does `work` after everything that was given here before: an outcome is kept before what builds on it.
    pub(crate) fn in_order<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (answer, receiver) = oneshot::channel();
        let work = work.map(|done| drop(answer.send(done))).boxed();
        // the receiver of the queue lives as long as the booth
        let _ = self.orderly.send(work);
        receiver.map(Result::ok)
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
