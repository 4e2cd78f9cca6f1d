//! The camera's effects: coaching, the photograph, and the code on a card held up to the camera.

use std::{sync::Arc, time::Duration};

use camera::Capture;
use device::Fault as _;
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::{sync::watch, task::spawn_blocking, time::sleep};

use crate::booth::{CoachingRun, Parts, picture_of};
use session::{Event, Shot};

/// The pause after each assessment, for at most 15 a second: hints need not change faster than a person can follow, and
/// the preview needs the processor.
const ASSESSMENT_PAUSE: Duration = Duration::from_millis(66);
/// The number of pictures in a burst, of which the best is selected.
const BURST: usize = 10;
/// The pause between two frames that are searched for a code.
const CODE_PAUSE: Duration = Duration::from_millis(150);

/// The newest frame that was not returned before; `None` when the camera's handle is dropped.
async fn next(latest: &mut watch::Receiver<Option<Arc<Capture>>>) -> Option<Arc<Capture>> {
    loop {
        latest.changed().await.ok()?;
        let capture = latest.borrow_and_update().clone();
        if capture.is_some() {
            return capture;
        }
    }
}

/// Wakes the camera, switches the lamp on, and streams an assessment of the preview with a hint for the visitor.
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
                    // The face worker panicked and is started again, so the coaching starts over.
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

/// Takes a burst, of which the best still becomes the photograph. A camera that is too slow for a burst takes one
/// still.
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
    // If the face worker does not answer, the portrait stays as it was.
    Event::Cut(
        portrait.map_or_else(|| shot.portrait.clone(), Arc::new),
        shot.adjust,
    )
}

/// Searches the preview for codes and streams the serial of each, `None` for a code of other cards.
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
