//! `camctl`, with the virtual camera.

use crate::harness::{Watch, camctl, words};

#[test]
fn a_capture_is_a_whole_picture_and_a_preview_is_as_large_as_the_screen_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, size) in [("a.jpg", (1280, 720)), ("b.png", (640, 480))] {
        let file = folder.path().join(name);
        let camera = format!("virtual?width={}&height={}", size.0, size.1);
        let output = camctl()
            .args(["capture", &camera, "--out"])
            .arg(&file)
            .output()
            .expect("camctl runs");
        assert!(output.status.success(), "{:?}", words(&output));
        assert_eq!(image::image_dimensions(&file).expect("a picture"), size);
    }
    let output = camctl()
        .args([
            "--json", "preview", "virtual", "--rotate", "90", "--count", "2", "--out",
        ])
        .arg(folder.path().join("frames"))
        .output()
        .expect("camctl runs");
    let lines = words(&output).0;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    for line in lines.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let picture = image::open(value["file"].as_str().expect("a file")).expect("a picture");
        assert_eq!((picture.width(), picture.height()), (540, 960));
        assert_eq!(
            value["measures"]["exposure"], "good",
            "the virtual wall is neither dark nor bright"
        );
        assert_eq!(value["measures"]["balance"], "neutral");
    }
}

#[test]
fn watching_shows_when_the_picture_is_live_and_what_it_is_like() {
    let mut watch = Watch::start(camctl(), &["virtual", "--set", "focus_absolute=30"]);
    watch.until_live();
    assert_eq!(watch.status["refused"], serde_json::json!([]));
    watch.until("measures of a picture, and how many there were", |value| {
        value["measures"].is_object() && value["frames"].as_u64() > Some(0)
    });
}

#[test]
fn a_mistake_and_a_missing_camera_are_reported_in_a_sentence() {
    let check = |arguments: &[&str], expect: &str| {
        let output = camctl().args(arguments).output().expect("camctl runs");
        let (_, said) = words(&output);
        assert!(
            !output.status.success() && said.contains(expect),
            "{arguments:?}: {said}"
        );
    };
    check(&["capture", "usb"], "write any, name:TEXT");
    check(
        &["watch", "virtual", "--set", "warp=9"],
        "there is no camera control",
    );
    check(
        &["watch", "virtual", "--set", "gain=much"],
        "is no whole number",
    );
    check(
        &["capture", "virtual", "--rotate", "45"],
        "write 0, 90, 180 or 270",
    );
    check(
        &["capture", "virtual", "--size", "large"],
        "such as 1280x720",
    );
    check(
        &["capture", "virtual", "--out", "picture.bmp"],
        "name such a file",
    );
    check(
        &[
            "capture",
            "virtual:/nowhere/at/all.jpg",
            "--wait",
            "2",
            "--out",
            "/tmp/never.jpg",
        ],
        "No camera is connected. Connect the camera",
    );
    check(
        &[
            "capture",
            "path:/dev/null",
            "--wait",
            "2",
            "--out",
            "/tmp/never.jpg",
        ],
        "camctl: ",
    );
}
