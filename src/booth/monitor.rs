//! The health monitor: watches the status of every part and concludes the booth's health.

use std::{path::PathBuf, sync::Arc, time::Duration};

use device::Fault as _;
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use common::health::{self, Attention, Condition, Health, Needs, Reason, Supplies};
use identity::IdentityProvider;
use outbox::Outbox;
use portal::{Heartbeat, Portal};

/// How often servers, disk and clock are checked. Devices report changes of their status themselves.
const LOOK: Duration = Duration::from_secs(30);
/// How often they are checked while a server is down, so that the booth resumes soon after it is back.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The least free disk space in bytes. Below it an order with its photo might fail to be written.
const LEAST_DISK: u64 = 64 << 20;
/// The earliest time that the clock can show. A clock before this program was written is wrong, and so would be the
/// checks of certificates, the codes and the records.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// What the monitor watches.
pub(super) struct Parts {
    pub camera: watch::Receiver<camera::Status>,
    pub printer: watch::Receiver<card_printer::Status>,
    pub reader: Option<watch::Receiver<card_reader::Status>>,
    pub identity: Arc<dyn IdentityProvider>,
    pub portal: Arc<dyn Portal>,
    pub outbox: Outbox,
    /// The fault of the face worker.
    pub faces: watch::Receiver<Option<&'static str>>,
    /// The number of panics of the in-order queue within the last seconds.
    pub writing: watch::Receiver<u32>,
    /// Why the outbox's worker cannot send.
    pub sending: watch::Receiver<Option<String>>,
    pub data: PathBuf,
    pub needs: Needs,
}

/// Starts the monitor. The health changes as soon as a part does; the task ends when all receivers are dropped.
pub(super) fn watch_over(parts: Parts) -> (watch::Receiver<Health>, JoinHandle<()>) {
    let (sender, receiver) = watch::channel(Health::default());
    let task = tokio::spawn(run(parts, sender));
    (receiver, task)
}

async fn run(mut parts: Parts, health: watch::Sender<Health>) {
    let mut backlog = parts.outbox.backlog();
    let mut damage = parts.outbox.damage();
    let mut servers = tokio::time::interval(LOOK_AGAIN);
    servers.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked: Option<tokio::time::Instant> = None;
    let mut probe: Option<JoinHandle<(Condition, Condition)>> = None;
    loop {
        let mut now = health.borrow().clone();
        now.camera = camera(&parts.camera.borrow_and_update());
        // Without the face worker no portrait can be taken, so the camera counts as down.
        if let Some(fault) = *parts.faces.borrow_and_update() {
            now.camera = Condition::Down(fault.to_owned());
        }
        let printer = parts.printer.borrow_and_update().clone();
        (now.printer, now.supplies) = (self::printer(&printer), supplies(&printer));
        now.reader = match &mut parts.reader {
            Some(reader) => self::reader(&reader.borrow_and_update()),
            None => Condition::Absent,
        };
        now.backlog = *backlog.borrow_and_update();
        // The value is read only to mark it as seen: the worker's fault means that the portal does not answer, which
        // the portal's own condition reports. A failed commit is reported by the commit itself, so the store is ready
        // here while the daily check finds no damage.
        parts.sending.borrow_and_update();
        now.store = match &*damage.borrow_and_update() {
            Some(_) => Condition::Down("unusable".to_owned()),
            None if *parts.writing.borrow_and_update() > 0 => Condition::Down("worker".to_owned()),
            None => Condition::Ready,
        };
        health.send_if_modified(|old| std::mem::replace(old, now.clone()) != now);
        let reader_changed = async {
            match &mut parts.reader {
                Some(reader) => reader.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        let probed = async {
            match &mut probe {
                Some(task) => task.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = health.closed() => return,
            _ = parts.camera.changed() => {}
            _ = parts.printer.changed() => {}
            _ = reader_changed => {}
            _ = backlog.changed() => {}
            _ = damage.changed() => {}
            _ = parts.sending.changed() => {}
            _ = parts.faces.changed() => {}
            _ = parts.writing.changed() => {}
            answer = probed => {
                probe = None;
                if let Ok((identity, portal)) = answer {
                    health.send_modify(|health| (health.identity, health.portal) = (identity, portal));
                }
            }
            _ = servers.tick() => {
                let all_well = [&now.identity, &now.portal].iter().all(|condition| **condition == Condition::Ready);
                let due = looked.is_none_or(|at| !all_well || at.elapsed() >= LOOK);
                if due && probe.is_none() {
                    looked = Some(tokio::time::Instant::now());
                    let beat = heartbeat(&now, &parts.needs);
                    probe = Some(tokio::spawn(ask(parts.identity.clone(), parts.portal.clone(), beat)));
                    let (disk, clock) = (disk(&parts.data), clock());
                    let attention = attention(&parts.outbox, &now.attention).await;
                    health.send_modify(|health| {
                        (health.disk, health.clock, health.attention) = (disk, clock, attention);
                    });
                }
            }
        }
    }
}

/// What staff must attend to. What was not known before is also logged.
async fn attention(outbox: &Outbox, known: &Attention) -> Attention {
    let now = match outbox.attention().await {
        Ok(now) => now,
        Err(error) => {
            tracing::warn!(part = "store", "it cannot be looked through: {error}");
            return known.clone();
        }
    };
    if now.set_aside > known.set_aside {
        tracing::error!(part = "store", "a damaged store lies beside the booth's");
    }
    if now.unexplained > known.unexplained {
        let cards = now.unexplained;
        tracing::error!(part = "printer", cards, "its counter and the books differ");
    }
    if now.overdue && !known.overdue {
        tracing::error!(
            part = "portal",
            "an order waits for longer than outbox.alarm_days"
        );
    }
    now
}

/// The heartbeat that reports the booth's health to the portal.
fn heartbeat(health: &Health, needs: &Needs) -> Heartbeat {
    let reasons = health::readiness(health, needs).err().unwrap_or_default();
    Heartbeat {
        at: jiff::Timestamp::now(),
        software: env!("CARGO_PKG_VERSION").to_owned(),
        ready: reasons.is_empty(),
        reasons: reasons.iter().map(Reason::key).collect(),
        ribbon_cards: health.supplies.ribbon,
        printed: health.supplies.printed,
        waiting: health.backlog.waiting,
        parked: health.backlog.parked,
        oldest_seconds: health.backlog.oldest.map(|age| age.as_secs()),
    }
}

/// Probes both servers. The probe of the portal is the heartbeat.
async fn ask(
    identity: Arc<dyn IdentityProvider>,
    portal: Arc<dyn Portal>,
    beat: Heartbeat,
) -> (Condition, Condition) {
    let (identity, portal) = tokio::join!(identity.ready(), portal.heartbeat(&beat));
    let identity = match identity {
        Ok(()) => Condition::Ready,
        Err(trouble) => {
            tracing::warn!(part = "identity", "{}", trouble.sentence);
            Condition::Down(trouble.fault.name().to_owned())
        }
    };
    let portal = match portal {
        Ok(()) => Condition::Ready,
        Err(error) => {
            tracing::warn!(part = "portal", "{error}");
            Condition::Down("unreachable".to_owned())
        }
    };
    (identity, portal)
}

fn camera(status: &camera::Status) -> Condition {
    match status.fault {
        Some(fault) if fault.is_failure() => Condition::Down(fault.name().to_owned()),
        _ if status.is_ready() => Condition::Ready,
        _ => Condition::Unknown,
    }
}

fn printer(status: &card_printer::Status) -> Condition {
    let blocking = status.faults.iter().find(|fault| fault.is_failure());
    match blocking {
        Some(fault) => Condition::Down(fault.name().to_owned()),
        None if status.ready || status.busy => Condition::Ready,
        // A printer that is not found yet has no fault during the first seconds; a limit of the session ends that.
        None => Condition::Unknown,
    }
}

fn supplies(status: &card_printer::Status) -> Supplies {
    Supplies {
        ribbon: status.ribbon_left,
        printed: status.counters.and_then(|counters| counters.cards),
    }
}

fn reader(status: &card_reader::Status) -> Condition {
    match status.fault {
        Some(fault) => Condition::Down(fault.name().to_owned()),
        None if status.is_ready() => Condition::Ready,
        None => Condition::Unknown,
    }
}

/// Whether the disk of the data folder has room for orders.
fn disk(data: &std::path::Path) -> Condition {
    match rustix::fs::statvfs(data) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_DISK => {
            Condition::Down("full".to_owned())
        }
        _ => Condition::Ready,
    }
}

/// Whether the clock shows a possible time.
fn clock() -> Condition {
    let earliest: jiff::Timestamp = EARLIEST.parse().expect("a constant time");
    if jiff::Timestamp::now() < earliest {
        Condition::Down("wrong".to_owned())
    } else {
        Condition::Ready
    }
}
