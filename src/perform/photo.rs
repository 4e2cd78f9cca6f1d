//! The camera: coaching, the photograph, and the code on a card held before it.

use std::{sync::Arc, time::Duration};

use camera::Capture;
use device::Fault as _;
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::{sync::watch, task::spawn_blocking, time::sleep};

use crate::booth::{CoachingRun, Parts, picture_of};
use session::{Event, Shot};

/// Assessments a second at most: hints change no faster than a person can follow, and the preview needs the rest.
const ASSESSMENT_PAUSE: Duration = Duration::from_millis(66);
/// Pictures of the burst from which the best is taken.
const BURST: usize = 10;
/// Between two looks for a code.
const CODE_PAUSE: Duration = Duration::from_millis(150);

/// The next frame that has not been looked at; none when the camera's handle is gone.
async fn next(latest: &mut watch::Receiver<Option<Arc<Capture>>>) -> Option<Arc<Capture>> {
    loop {
        latest.changed().await.ok()?;
        let capture = latest.borrow_and_update().clone();
        if capture.is_some() {
            return capture;
        }
    }
}

/// Wakes the camera, lights the lamp, and says of each assessed frame what the visitor should do.
pub(super) fn coach(parts: Arc<Parts>) -> BoxStream<'static, Event> {
    parts.devices.camera.standby(false);
    parts.devices.light(true);
    let latest = parts.devices.camera.latest();
    stream::unfold(
        (parts, latest, CoachingRun::begin()),
        |(parts, mut latest, mut run)| async move {
            loop {
                let capture = next(&mut latest).await?;
                let answer = parts.faces.coach(capture, run).await;
                sleep(ASSESSMENT_PAUSE).await;
                let Some((continued, coaching)) = answer else {
                    // The thread that looks for faces panicked and is started again: the coaching begins anew.
                    run = CoachingRun::begin();
                    continue;
                };
                run = continued;
                if let Some(coaching) = coaching {
                    return Some((Event::Assessed(coaching), (parts, latest, run)));
                }
            }
        },
    )
    .boxed()
}

/// A burst, of which the best becomes the photograph; one still where the camera is too slow for a burst.
pub(super) async fn capture(parts: Arc<Parts>) -> Event {
    let camera = &parts.devices.camera;
    let stills = match camera.burst(parts.burst(BURST)).await {
        Err(_) => camera.still().await.map(|still| vec![still]),
        stills => stills,
    };
    parts.devices.light(false);
    let stills = match stills {
        Ok(stills) => stills,
        Err(error) => return failed(&error),
    };
    match parts.faces.shoot(stills).await {
        Some(shot) => Event::Captured(Box::new(shot)),
        None => Event::CaptureFailed(camera::Fault::StreamError.name().to_owned()),
    }
}

fn failed(error: &camera::Error) -> Event {
    tracing::warn!("the camera gave no picture: {error}");
    let name = match error {
        camera::Error::Fault { fault, .. } => fault.name(),
        _ => camera::Fault::Frozen.name(),
    };
    Event::CaptureFailed(name.to_owned())
}

pub(super) async fn cut(parts: Arc<Parts>, shot: Arc<Shot>) -> Event {
    let portrait = parts.faces.cut(shot.clone()).await;
    // without an answer the portrait stays as it was
    Event::Cut(
        portrait.map_or_else(|| shot.portrait.clone(), Arc::new),
        shot.adjust,
    )
}

/// Looks for the code of a card in the live picture.
pub(super) fn watch_for_code(parts: Arc<Parts>) -> BoxStream<'static, Event> {
    parts.devices.camera.standby(false);
    let latest = parts.devices.camera.latest();
    stream::unfold((parts, latest), |(parts, mut latest)| async move {
        loop {
            let capture = next(&mut latest).await?;
            let read =
                spawn_blocking(move || Some(card::read_code(&picture_of(capture.still().ok()?)?)));
            let texts = read.await.ok()?.unwrap_or_default();
            sleep(CODE_PAUSE).await;
            if let Some(text) = texts.first() {
                let serial = parts.designer.serial_in(text);
                return Some((Event::CodeSeen(serial), (parts, latest)));
            }
        }
    })
    .boxed()
}
