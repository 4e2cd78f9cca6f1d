//! How a booth is opened: every part from the checked configuration, in the order in which they need each other.

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
    #[error(transparent)]
    Photo(#[from] Unreadable),
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

/// Clients of the institution's servers, or of test mode's.
pub(super) type Servers = (Arc<dyn IdentityProvider>, Arc<dyn Portal>);

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
fn shorten_waits_for_show(rules: &mut Rules, pace: f32) {
    let limits = &mut rules.limits;
    for shown in [&mut limits.countdown, &mut limits.tick_shown] {
        *shown = shown.mul_f32(pace);
    }
}
