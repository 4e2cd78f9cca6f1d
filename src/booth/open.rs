//! Opens a booth: makes every part from the checked configuration, in the order in which they depend on each other.

use std::{path::PathBuf, sync::Arc};

use common::Problems;
use identity::IdentityProvider;
use outbox::{Outbox, worker::Policy};
use portal::{Incident, IncidentKind, Portal};
use session::Rules;

use super::{
    Booth, Parts, Tasks, TestPanel, Unreadable, faces, in_order::InOrder, models, monitor,
    test_servers, visitors,
};
use crate::{config::Config, devices};

/// Options of a booth that are not in the site's configuration.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder of the outbox's store and, in test mode, of the portal's store.
    pub data: PathBuf,
    /// A picture for the virtual camera to show instead of the drawn visitors.
    pub photo: Option<PathBuf>,
    /// A portal to send to, instead of test mode's own.
    pub portal: Option<String>,
    /// The number of test people to generate, each new to the portal. `None` uses those of the people file.
    pub crowd: Option<u32>,
    /// A factor on the duration of countdowns, animations and printing: 1 is real time, 0 skips them. Test mode only.
    pub pace: Option<f32>,
}

/// Why the booth could not be opened, in one sentence.
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
    #[error(transparent)]
    Photo(#[from] Unreadable),
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

/// The clients of the institution's servers or of test mode's.
pub(super) type Servers = (Arc<dyn IdentityProvider>, Arc<dyn Portal>);

/// Opens every part. Test mode starts its identity provider and its portal on free ports of this machine.
///
/// # Errors Returns [`Error`] if the configuration names a device that cannot be used, or if the data folder, the
/// store, a server's client or the picture cannot be opened. An unreachable device or server is no error: the health
/// reports it.
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
    let portrait = config.portrait();
    let folder = portrait.models.as_ref().map(PathBuf::from);
    let judging = portrait::Rules {
        closed_mouth: portrait.closed_mouth,
        ..portrait::Rules::default()
    };
    let faces = faces::FaceWorker::start(move || models::finder(folder.as_deref()), judging);
    let in_order = InOrder::start();
    let (health, watching) = monitor::watch_over(monitor::Parts {
        camera: devices.camera.status(),
        printer: devices.printer.status(),
        reader: devices.reader.as_ref().map(card_reader::Handle::status),
        identity: identity.clone(),
        portal: portal.clone(),
        outbox: opened.outbox.clone(),
        sending: worker.fault(),
        faces: faces.fault(),
        writing: in_order.panics(),
        data: options.data.clone(),
        needs: config.rules().needs,
    });
    let panel = match &devices.controls {
        Some(controls) => {
            let visitors = visitors::load(options.photo.as_deref())?;
            let provider = servers
                .as_ref()
                .map(|servers| servers.identity.control.clone());
            Some(TestPanel::new(controls.clone(), provider, visitors))
        }
        None => None,
    };
    let pins = Arc::new(config.pins());
    let mut rules = config.rules();
    rules.kinds = designer.kinds().collect();
    shorten_waits_for_show(&mut rules, pace);
    Ok(Booth(Arc::new(Parts {
        rules: Arc::new(rules),
        devices,
        identity,
        pins,
        portal,
        outbox: opened.outbox,
        worker,
        designer,
        faces,
        health,
        panel,
        servers,
        data: options.data,
        pace,
        undecided: opened.undecided,
        in_order,
        tasks: Tasks(vec![watching]),
        config,
    })))
}

/// Reports a damaged store that was quarantined, because it may hold orders: to the log and, as an incident, to the
/// portal. `outbox check` also reports it for as long as the file exists.
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

/// Scales the waits that serve only the visitor's eye.
fn shorten_waits_for_show(rules: &mut Rules, pace: f32) {
    let limits = &mut rules.limits;
    for shown in [&mut limits.countdown, &mut limits.tick_shown] {
        *shown = shown.mul_f32(pace);
    }
}
