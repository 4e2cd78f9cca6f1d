//! Watches every part and concludes the booth's health.

use std::{path::PathBuf, sync::Arc, time::Duration};

use device::Fault as _;
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use common::health::{self, Attention, Condition, Health, Needs, Reason, Supplies};
use identity::IdentityProvider;
use outbox::Outbox;
use portal::{Heartbeat, Portal};

/// How often the servers and the disk are asked. Devices tell of themselves.
const LOOK: Duration = Duration::from_secs(30);
/// A part that was down is asked again sooner, so that the booth resumes by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Below this an order with its photo could fail to be written, and the system is in trouble anyway.
const LEAST_DISK: u64 = 64 << 20;
/// A clock before this program was made is wrong: certificates, codes and records would be too.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// What the monitor watches.
pub(super) struct Parts {
    pub camera: watch::Receiver<camera::Status>,
    pub printer: watch::Receiver<card_printer::Status>,
    pub reader: Option<watch::Receiver<card_reader::Status>>,
    pub identity: Arc<dyn IdentityProvider>,
    pub portal: Arc<dyn Portal>,
    pub outbox: Outbox,
    /// What is wrong with the thread that looks for faces.
    pub faces: watch::Receiver<Option<&'static str>>,
    /// Panics of the last seconds while something was written in order.
    pub writing: watch::Receiver<u32>,
    /// Why nothing is being sent, as the outbox's worker says.
    pub sending: watch::Receiver<Option<String>>,
    pub data: PathBuf,
    pub needs: Needs,
}

/// Starts watching; the health changes as soon as a part does. Ends when nobody listens any more.
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
        // No portrait comes of a camera whose pictures nobody looks at.
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
        // the worker's fault is the portal's silence, which the portal's own condition tells; the store itself answers
        // for each commit, so here it is well as long as it is open and the daily check finds nothing
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

/// What staff must see to; what is new of it goes to the log too.
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

/// What the portal is told of the booth.
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

/// Asks both servers; the portal by the booth's own heartbeat.
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
        // not found yet is no fault during the first seconds: the session's own limit makes it one
        Some(fault) => Condition::Down(fault.name().to_owned()),
        None if status.ready || status.busy => Condition::Ready,
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

/// Whether the data's disk has room for orders.
fn disk(data: &std::path::Path) -> Condition {
    match rustix::fs::statvfs(data) {
        Ok(disk) if disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_DISK => {
            Condition::Down("full".to_owned())
        }
        _ => Condition::Ready,
    }
}

/// Whether the clock can be right.
fn clock() -> Condition {
    let earliest: jiff::Timestamp = EARLIEST.parse().expect("a constant time");
    if jiff::Timestamp::now() < earliest {
        Condition::Down("wrong".to_owned())
    } else {
        Condition::Ready
    }
}
