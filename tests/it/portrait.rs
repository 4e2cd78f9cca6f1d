//! `fotoautomat portrait check`, with its output for people and its output as JSON.

use std::{
    io::Cursor,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn photo(name: &str) -> PathBuf {
    let photo = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets/fetched/photos")
        .join(name);
    assert!(
        photo.exists(),
        "{name} is missing: run `make test`, which fetches it"
    );
    photo
}

fn check(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["portrait", "check"])
        .args(arguments)
        .output()
        .unwrap()
}

/// The objects that `--json` prints.
fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn finding<'a>(object: &'a Value, check: &str) -> &'a Value {
    let findings = object["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {object}"))
}

fn irises(object: &Value) -> [[f64; 2]; 2] {
    [0, 1].map(|eye| ["x", "y"].map(|axis| object["irises"][eye][axis].as_f64().unwrap()))
}

#[test]
fn photographs_are_judged_and_the_portraits_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (good, tilted, cat) = (
        photo("obama2.jpg"),
        photo("biden.jpg"),
        photo("other/chelsea.png"),
    );
    let flags = [Path::new("--json"), Path::new("--crop"), folder.path()];
    let output = check(&[&[good.as_path(), &tilted, &cat], &flags[..]].concat());
    // One photograph shows a tilted head and one a cat, so not all of them pass.
    assert_eq!(output.status.code(), Some(1));
    let [good, tilted, cat] = <[Value; 3]>::try_from(objects(&output)).unwrap();
    assert!(good["file"].as_str().unwrap().ends_with("obama2.jpg"));
    let [left, right] = irises(&good);
    assert!(left[0] < right[0]);
    for side in ["width", "height", "roll"] {
        assert!(good["crop"][side].is_f64(), "{side}");
    }
    assert!(good["crop"]["centre"]["x"].is_f64() && good["crop"]["centre"]["y"].is_f64());
    for name in [
        "face",
        "singleFace",
        "size",
        "eyesOpen",
        "sharpness",
        "evenLight",
        "background",
    ] {
        let finding = finding(&good, name);
        assert!(
            finding["raw"].is_f64() && finding["score"].is_f64(),
            "{name}"
        );
        assert_eq!(
            finding["ok"].as_bool().unwrap(),
            finding["hint"].is_null(),
            "{name}"
        );
    }
    let roll = finding(&tilted, "roll");
    assert_eq!(
        (&roll["ok"], &roll["level"]),
        (&false.into(), &"block".into())
    );
    assert_eq!(roll["hint"], "hint-straighten-head");
    assert!(cat["irises"].is_null() && cat["crop"].is_null());
    assert_eq!(finding(&cat, "face")["hint"], "hint-step-in-front");

    let cut = std::fs::read(folder.path().join("obama2.jpg")).unwrap();
    let portrait = image::load_from_memory(&cut).unwrap();
    assert_eq!(portrait.width() * 4, portrait.height() * 3);
    assert!(cut.len() <= 200_000 && !cut.windows(4).any(|part| part == b"Exif"));
    assert!(!folder.path().join("chelsea.jpg").exists());
}

#[test]
fn a_photograph_is_turned_upright_by_its_exif_orientation() {
    let folder = tempfile::tempdir().unwrap();
    let upright = photo("grace_hopper.jpg");
    let pixels = image::open(&upright).unwrap().into_rgb8();
    let turned = image::imageops::rotate270(&pixels);
    let mut jpeg = Cursor::new(Vec::new());
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 95);
    turned.write_with_encoder(encoder).unwrap();
    let file = folder.path().join("on-its-side.jpg");
    // In orientation 6 the top of the scene is at the right side of the picture.
    std::fs::write(&file, with_orientation(jpeg.get_ref(), 6)).unwrap();
    let output = check(&[&upright, &file, Path::new("--json")]);
    let [upright, turned] = <[Value; 2]>::try_from(objects(&output)).unwrap();
    for (a, b) in irises(&upright)
        .iter()
        .flatten()
        .zip(irises(&turned).iter().flatten())
    {
        assert!((a - b).abs() < 1.5, "{upright} {turned}");
    }
}

/// Adds an Exif segment with an orientation to a JPEG.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn a_file_that_is_no_picture_is_reported_and_the_others_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("junk.jpg");
    std::fs::write(&junk, b"\xff\xd8\xff\xe1 no picture").unwrap();
    let good = photo("obama2.jpg");
    let output = check(&[&junk, Path::new("/nowhere.png"), &good, Path::new("--json")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(objects(&output).len(), 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 2, "{said}");
    for (line, name) in said.lines().zip(["junk.jpg", "/nowhere.png"]) {
        assert!(
            line.starts_with("fotoautomat: ") && line.contains(name),
            "{line}"
        );
    }
}
