//! The driver with its real V4L2 library, on a camera that exists only in software: what happens when it is unplugged,
//! stalls, fails and comes back. `make camera-rounds` runs a hundred rounds and checks the limit of two seconds.

use std::time::{Duration, Instant};

use v4l2_bed::{Bed, Fault, Offer};

use crate::harness::{Watch, camctl, words};

/// Rounds in the ordinary run, each with another fault; `CAMERA_ROUNDS` asks for more, and for the time limit.
const ROUNDS: usize = 7;
/// From the fault to its sentence, and from its end to a live picture, on a machine that does nothing else.
const LIMIT: Duration = Duration::from_secs(2);

/// A webcam as they are sold, filming two drawn visitors.
fn webcam() -> Bed {
    let offer = |width, height, intervals: &[(u32, u32)]| Offer {
        width,
        height,
        intervals: intervals.to_vec(),
    };
    let offers = vec![
        offer(320, 180, &[(1, 60)]),
        offer(640, 480, &[(1, 30), (2, 15)]),
        offer(1280, 720, &[(1, 30), (1, 15), (2, 15)]),
    ];
    let frames = vec![
        include_bytes!("../fixtures/visitor-1.jpg").to_vec(),
        include_bytes!("../fixtures/visitor-2.jpg").to_vec(),
    ];
    Bed::new("Virtual Webcam C920", offers, frames)
        .unwrap_or_else(|error| panic!("the bed cannot be made: {error}"))
}

/// The preload is there, or the test says what installs it.
fn umockdev() {
    let found = std::process::Command::new("umockdev-wrapper")
        .arg("true")
        .status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "umockdev is missing; `make test` installs it"
    );
}

#[test]
fn a_camera_that_another_program_left_at_an_odd_rate_is_opened_at_the_best_one() {
    umockdev();
    let bed = webcam();
    let output = bed
        .command(camctl().get_program())
        .arg("list")
        .output()
        .expect("camctl runs");
    let (listed, said) = words(&output);
    for part in [
        "bus:usb-bed-1  Virtual Webcam C920",
        "1280x720 MJPEG at 30",
        "640x480 MJPEG at 7.5",
    ] {
        assert!(listed.contains(part), "{listed}{said}");
    }
    let mut watch = Watch::start(bed.command(camctl().get_program()), &["name:c920"]);
    watch.until_live();
    assert_eq!(bed.format(), (1280, 720, (1, 30)));
    let (_, value) = watch.until("measures", |value| value["measures"].is_object());
    assert_eq!(value["damaged"], 0, "{value}");
    drop(watch);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("still.png");
    let output = bed
        .command(camctl().get_program())
        .args(["capture", "any", "--out"])
        .arg(&file)
        .output();
    let output = output.expect("camctl runs");
    assert!(output.status.success(), "{:?}", words(&output));
    let still = image::open(&file).expect("a picture").into_rgb8();
    let drawn = [
        include_bytes!("../fixtures/visitor-1.jpg").as_slice(),
        include_bytes!("../fixtures/visitor-2.jpg").as_slice(),
    ];
    let is_one = drawn
        .iter()
        .any(|jpeg| image::load_from_memory(jpeg).is_ok_and(|drawn| drawn.into_rgb8() == still));
    assert!(is_one, "the still is the visitor, bit by bit");
}

#[test]
fn controls_are_set_on_opening_and_one_that_the_camera_lacks_is_reported() {
    umockdev();
    let bed = webcam();
    let arguments = [
        "any",
        "--set",
        "exposure_time_absolute=250",
        "--set",
        "auto_exposure=1",
        "--set",
        "focus_absolute=30",
        "--set",
        "gain=7",
        "--set",
        "zoom_absolute=9999",
    ];
    let mut watch = Watch::start(bed.command(camctl().get_program()), &arguments);
    watch.until_live();
    assert_eq!(
        bed.controls(),
        [(0x009a_0901, 1), (0x009a_0902, 250), (0x009a_090a, 30)]
    );
    assert_eq!(
        watch.status["refused"],
        serde_json::json!(["gain", "zoom_absolute"])
    );
}

#[test]
fn a_camera_in_use_elsewhere_is_waited_for_and_one_in_standby_does_not_film() {
    umockdev();
    let bed = webcam();
    bed.cause(Fault::Busy);
    let mut watch = Watch::start(bed.command(camctl().get_program()), &["any"]);
    watch.until_fault(&["busy"]);
    bed.mend();
    watch.until_live();
    drop(watch);

    let mut watch = Watch::start(bed.command(camctl().get_program()), &["any", "--standby"]);
    watch.until("standby", |value| value["phase"] == "standby");
    assert!(!bed.is_streaming());
    bed.unplug().expect("unplugged");
    watch.until_fault(&["unplugged"]);
}

/// One fault and its end; returns how long its sentence and the live picture took.
fn round(bed: &Bed, watch: &mut Watch, number: usize) -> (String, Duration, Duration) {
    let faults = [
        Fault::Dropped,
        Fault::StreamError,
        Fault::Hung,
        Fault::Truncated,
        Fault::Flagged,
    ];
    let Some(&fault) = faults.get(number % ROUNDS) else {
        let begun = Instant::now();
        bed.unplug().expect("unplugged");
        let shown = watch.until_fault(&["unplugged"]) - begun;
        let begun = Instant::now();
        // the kernel gives the next free number
        bed.replug(number as u32 % 2).expect("plugged in");
        return ("unplugged".to_owned(), shown, watch.until_live() - begun);
    };
    let expected: &[&str] = match fault {
        Fault::Dropped | Fault::Hung => &["frozen"],
        Fault::StreamError => &["stream-error"],
        Fault::Truncated | Fault::Flagged => &["damaged"],
        Fault::Busy => &["busy"],
    };
    let begun = Instant::now();
    bed.cause(fault);
    let shown = watch.until_fault(expected) - begun;
    let begun = Instant::now();
    bed.mend();
    (format!("{fault:?}"), shown, watch.until_live() - begun)
}

#[test]
fn every_fault_is_told_and_the_picture_comes_back_by_itself() {
    umockdev();
    let asked = std::env::var("CAMERA_ROUNDS")
        .ok()
        .map(|rounds| rounds.parse().expect("CAMERA_ROUNDS is a number"));
    let bed = webcam();
    let mut watch = Watch::start(bed.command(camctl().get_program()), &["name:C920"]);
    watch.until_live();
    let (mut longest, mut late) = ([Duration::ZERO; 2], Vec::new());
    let rounds = asked.unwrap_or(ROUNDS);
    for number in 0..rounds {
        let (fault, shown, back) = round(&bed, &mut watch, number);
        longest = [longest[0].max(shown), longest[1].max(back)];
        if shown > LIMIT || back > LIMIT {
            late.push(format!(
                "round {number}, {fault}: shown after {shown:?}, back after {back:?}"
            ));
        }
    }
    println!(
        "{} of {rounds} rounds within {LIMIT:?}; at longest shown after {:?}, live again after {:?}",
        rounds - late.len(),
        longest[0],
        longest[1],
    );
    // An ordinary run shares its machine with other tests, so it does not check the times.
    assert!(asked.is_none() || late.is_empty(), "{late:#?}");
}
