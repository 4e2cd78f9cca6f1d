//! The whole driver, with the virtual camera in place of the device.

use std::time::Duration;

use tokio::sync::watch;

use super::*;
use device::Fault as _;

use crate::{Handle, Phase, Status, open, virtual_camera};

fn options() -> VirtualOptions {
    VirtualOptions {
        width: 640,
        height: 480,
        fps: 60,
        ..VirtualOptions::default()
    }
}

fn start() -> (Handle, Control) {
    let (handle, control) = virtual_camera(&options(), Settings::default());
    handle.standby(false);
    (handle, control)
}

/// A picture of one colour.
fn card(colour: [u8; 3]) -> Still {
    Still::from_rgb(640, 480, colour.repeat(640 * 480)).expect("a picture")
}

/// Waits for a state, far longer than it may take.
async fn until<T: Clone>(receiver: &mut watch::Receiver<T>, mut is: impl FnMut(&T) -> bool) -> T {
    let found = tokio::time::timeout(
        Duration::from_secs(20),
        receiver.wait_for(|value| is(value)),
    )
    .await;
    found
        .expect("it happens in time")
        .expect("the camera is open")
        .clone()
}

async fn until_status(handle: &Handle, is: impl Fn(&Status) -> bool) -> Status {
    until(&mut handle.status(), is).await
}

fn is_live(status: &Status) -> bool {
    status.phase == Phase::Streaming && status.fault.is_none()
}

#[tokio::test]
async fn a_camera_shows_one_frame_and_then_waits_in_standby() {
    let (handle, control) = virtual_camera(&options(), Settings::default());
    let status = until_status(&handle, |status| status.phase == Phase::Standby).await;
    assert!(
        status.is_ready() && status.counters.frames >= 1,
        "{status:?}"
    );
    assert!(!control.is_streaming() && control.is_open());
    assert!(
        handle.preview().borrow().is_none(),
        "nobody is filmed in standby"
    );
    assert_eq!(handle.still().await, Err(Error::Standby));

    handle.standby(false);
    until(&mut handle.preview(), Option::is_some).await;
    handle.standby(true);
    until_status(&handle, |status| status.phase == Phase::Standby).await;
    assert!(handle.preview().borrow().is_none() && handle.latest().borrow().is_none());
}

#[tokio::test]
async fn preview_and_still_show_the_person_and_only_the_preview_is_mirrored() {
    let (handle, control) = start();
    let mut rgb = [40u8; 640 * 480 * 3];
    for pixel in rgb.chunks_exact_mut(640 * 3) {
        pixel[..320 * 3].fill(220);
    }
    control.show(&Still::from_rgb(640, 480, rgb.to_vec()).expect("a picture"));
    let bright = |at: Option<&u8>| at.is_some_and(|value| *value > 208);
    let mut preview = handle.preview();
    let frame = until(&mut preview, |frame| {
        frame
            .as_ref()
            .is_some_and(|frame| bright(frame.rgba.get(600 * 4)))
    });
    let frame = frame.await.expect("a frame");
    assert_eq!(
        (frame.width, frame.height, frame.rgba.len()),
        (640, 480, 640 * 480 * 4)
    );
    assert!(!bright(frame.rgba.get(20 * 4)));
    let still = handle.still().await.expect("a still");
    assert_eq!((still.width, still.height), (640, 480));
    assert!(bright(still.rgb.get(20 * 3)) && !bright(still.rgb.get(600 * 3)));
}

#[tokio::test]
async fn a_burst_is_as_many_frames_one_after_another() {
    let (handle, _control) = start();
    let captures = handle.captures(5).await.expect("a burst");
    let numbers: Vec<u64> = captures.iter().map(|capture| capture.seq).collect();
    assert_eq!(numbers, (numbers[0]..numbers[0] + 5).collect::<Vec<_>>());
    assert_eq!(handle.burst(3).await.expect("a burst").len(), 3);
}

#[tokio::test]
async fn every_fault_shows_in_the_status_and_ends_by_itself_with_its_cause() {
    for fault in Fault::all() {
        let (handle, control) = start();
        until_status(&handle, is_live).await;
        control.raise(fault);
        // A camera in use cannot become busy, forbidden or poor; one that is plugged in again can.
        let at_opening = matches!(
            fault,
            Fault::Busy | Fault::NoPermission | Fault::NoUsableFormat
        );
        if at_opening {
            control.raise(Fault::Unplugged);
            until_status(&handle, |status| status.fault == Some(Fault::Unplugged)).await;
            control.clear(&Fault::Unplugged);
        }
        let shown = if fault == Fault::NotFound {
            Fault::Unplugged
        } else {
            fault
        };
        let status = until_status(&handle, |status| status.fault == Some(shown)).await;
        assert_eq!(status.is_ready(), !fault.is_failure(), "{fault}");
        if fault.is_failure() {
            assert!(
                handle.preview().borrow().is_none(),
                "{fault}: a lost camera shows nobody"
            );
        }
        control.clear_all();
        until_status(&handle, is_live).await;
        until(&mut handle.preview(), Option::is_some).await;
        assert!(handle.still().await.is_ok(), "{fault}");
    }
}

#[tokio::test]
async fn a_fault_at_the_start_shows_too_and_a_camera_may_come_later() {
    for fault in Fault::all() {
        let control = Control::new(&options());
        control.raise(fault);
        let handle = Handle::start(Box::new(control.plug()), Settings::default());
        handle.standby(false);
        let shown = if fault == Fault::Unplugged {
            Fault::NotFound
        } else {
            fault
        };
        until_status(&handle, |status| status.fault == Some(shown)).await;
        control.clear_all();
        until_status(&handle, is_live).await;
    }
}

#[tokio::test]
async fn a_camera_that_froze_must_show_a_frame_before_it_rests_again() {
    let (handle, control) = start();
    until_status(&handle, is_live).await;
    control.raise(Fault::Frozen);
    until_status(&handle, |status| status.fault == Some(Fault::Frozen)).await;
    handle.standby(true);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(
        handle.status().borrow().fault,
        Some(Fault::Frozen),
        "it does not rest its way out of a fault"
    );
    control.clear_all();
    let status = until_status(&handle, |status| status.phase == Phase::Standby).await;
    assert_eq!(status.fault, None);
}

#[tokio::test]
async fn a_still_is_answered_whatever_happens_to_the_camera() {
    let (handle, control) = start();
    until_status(&handle, is_live).await;
    for (fault, expect) in [
        (Fault::Frozen, Fault::Frozen),
        (Fault::Unplugged, Fault::Unplugged),
    ] {
        control.raise(fault);
        // A frame that was under way when the fault came is still a picture.
        let answer = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                match handle.still().await {
                    Ok(_) => {}
                    refused => break refused,
                }
            }
        })
        .await
        .expect("bounded");
        assert!(
            matches!(answer, Err(Error::Fault { fault, .. }) if fault == expect),
            "{answer:?}"
        );
        control.clear_all();
        until_status(&handle, is_live).await;
    }
}

#[tokio::test]
async fn damaged_frames_are_dropped_and_counted_and_the_rest_is_shown() {
    let (handle, control) = start();
    control.show(&card([30, 160, 90]));
    until(&mut handle.preview(), |frame| {
        frame
            .as_ref()
            .is_some_and(|frame| frame.rgba[1].abs_diff(160) < 8)
    })
    .await;
    control.raise(Fault::Damaged);
    let mut preview = handle.preview();
    for _ in 0..10 {
        preview.changed().await.expect("frames go on");
        let frame = preview.borrow_and_update().clone();
        let Some(frame) = frame else { continue };
        let odd = frame
            .rgba
            .chunks_exact(4)
            .filter(|pixel| pixel[1].abs_diff(160) > 8)
            .count();
        assert_eq!(odd, 0, "a damaged frame is never shown");
    }
    let status = until_status(&handle, |status| status.counters.damaged >= 10).await;
    assert!(status.counters.frames > 0, "{status:?}");
}

#[tokio::test]
async fn the_last_handle_closes_the_camera() {
    let (handle, control) = start();
    until_status(&handle, is_live).await;
    let mut status = handle.status();
    let other = handle.clone();
    drop(handle);
    until(&mut other.preview(), Option::is_some).await;
    drop(other);
    while status.changed().await.is_ok() {}
    assert!(!control.is_open());
}

#[tokio::test]
async fn controls_are_set_on_opening_and_again_after_a_fault() {
    let settings = Settings {
        controls: vec![(CameraControl::AutoFocus, 0)],
        ..Settings::default()
    };
    let (handle, control) = virtual_camera(&options(), settings);
    handle.standby(false);
    until_status(&handle, is_live).await;
    handle.set_controls(vec![(CameraControl::Gain, 7)]);
    while control.controls().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    control.raise(Fault::StreamError);
    until_status(&handle, |status| status.fault == Some(Fault::StreamError)).await;
    control.clear_all();
    until_status(&handle, is_live).await;
    let gain = (CameraControl::Gain, 7);
    assert_eq!(
        control.controls(),
        [(CameraControl::AutoFocus, 0), gain, gain]
    );
}

#[tokio::test]
async fn an_automatic_is_switched_off_before_what_it_sets() {
    use CameraControl as C;
    let controls = vec![
        (C::Focus, 30),
        (C::ExposureTime, 200),
        (C::AutoFocus, 0),
        (C::AutoExposure, 1),
    ];
    let settings = Settings {
        controls,
        ..Settings::default()
    };
    let (handle, control) = virtual_camera(&options(), settings);
    until_status(&handle, Status::is_ready).await;
    let order: Vec<C> = control
        .controls()
        .iter()
        .map(|(control, _)| *control)
        .collect();
    assert_eq!(
        order,
        [C::AutoFocus, C::AutoExposure, C::Focus, C::ExposureTime]
    );
}

#[tokio::test]
async fn a_folder_plays_its_pictures_and_a_film_its_frames() {
    let folder = tempfile::tempdir().expect("a folder");
    let jpegs = [
        picture::plain((640, 480), [200, 30, 30]),
        picture::plain((640, 480), [30, 200, 30]),
    ];
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("notes.txt"), "not a picture").expect("written");
    std::fs::write(path("b.jpg"), &jpegs[1]).expect("written");
    image::RgbImage::from_pixel(100, 300, image::Rgb([200, 30, 30]))
        .save(path("a.png"))
        .expect("written");
    std::fs::create_dir(path("film")).expect("made");
    std::fs::write(path("film/film.mjpeg"), jpegs.concat()).expect("written");
    for source in [folder.path().to_owned(), path("film/film.mjpeg")] {
        let selector = crate::Selector::Virtual(VirtualOptions {
            source: Some(source),
            ..options()
        });
        let handle = open(&selector, Settings::default());
        handle.standby(false);
        let stills = handle.burst(4).await.expect("a burst");
        let colours: Vec<bool> = stills
            .iter()
            .map(|still| still.rgb[0] > still.rgb[1])
            .collect();
        assert!(
            colours == [true, false, true, false] || colours == [false, true, false, true],
            "{selector}"
        );
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_played_is_a_camera_that_is_not_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("picture.jpg");
    std::fs::write(&text, "no picture at all").expect("written");
    for source in [
        folder.path().to_owned(),
        folder.path().join("missing.mjpeg"),
        text,
    ] {
        let selector = crate::Selector::Virtual(VirtualOptions {
            source: Some(source),
            ..options()
        });
        let handle = open(&selector, Settings::default());
        until_status(&handle, |status| status.fault == Some(Fault::NotFound)).await;
    }
}

#[test]
fn every_fault_has_a_name_and_a_sentence_in_both_languages() {
    device::fault::check_list::<Fault>();
}

#[tokio::test]
async fn a_panic_of_the_thread_shows_as_a_fault_and_ends_a_still_and_the_camera_comes_back() {
    let (handle, control) = start();
    until_status(&handle, is_live).await;
    // The request is under way when the thread panics: no frame comes before the panic.
    control.raise(Fault::Frozen);
    let still = tokio::spawn({
        let handle = handle.clone();
        async move { handle.burst(4).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    control.panic_next();
    control.clear_all();
    until_status(&handle, |status| status.fault == Some(Fault::Crashed)).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "health sees it");
    assert!(handle.preview().borrow().is_none(), "nobody is shown");
    let answer = tokio::time::timeout(Duration::from_secs(1), still)
        .await
        .expect("it does not hang")
        .expect("the test itself does not panic");
    assert!(
        matches!(
            answer,
            Err(Error::Fault {
                fault: Fault::Crashed,
                ..
            })
        ),
        "{answer:?}"
    );
    until_status(&handle, is_live).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "it is back");
    assert!(handle.still().await.is_ok());
    assert_eq!(handle.restarts(), 1);
}

#[tokio::test]
async fn a_thread_that_panics_again_and_again_does_not_spin() {
    let (handle, control) = start();
    control.raise(Fault::Crashed);
    until_status(&handle, |status| status.fault == Some(Fault::Crashed)).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let restarts = handle.restarts();
    assert!((1..=3).contains(&restarts), "{restarts} restarts in 4 s");
    control.clear_all();
    until_status(&handle, is_live).await;
}

#[tokio::test]
async fn a_slow_first_frame_is_no_frozen_camera() {
    let (handle, control) = virtual_camera(&options(), Settings::default());
    control.delay_first_frame(Duration::from_millis(4500));
    until_status(&handle, Status::is_ready).await;
    let mut status = handle.status();
    handle.standby(false);
    let begun = Instant::now();
    loop {
        let now = status.borrow_and_update().clone();
        assert_eq!(now.fault, None, "after {:?}", begun.elapsed());
        if now.phase == Phase::Streaming {
            break;
        }
        let change = tokio::time::timeout(Duration::from_secs(20), status.changed());
        change.await.expect("in time").expect("the camera is open");
    }
    assert!(
        begun.elapsed() > Duration::from_secs(4),
        "the frame was late"
    );
}

#[tokio::test]
async fn every_request_is_answered_within_the_time_that_the_handle_names() {
    let (handle, control) = start();
    until_status(&handle, is_live).await;
    for fault in Fault::all() {
        control.raise(fault);
        let begun = Instant::now();
        let _either = handle.burst(10).await;
        let took = begun.elapsed();
        assert!(took <= handle.capture_limit(), "{fault} took {took:?}");
        control.clear_all();
        until_status(&handle, is_live).await;
    }
}
