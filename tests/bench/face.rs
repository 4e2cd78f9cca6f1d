//! Measures the cost of looking at a visitor, beside other finders in the same run: the face models on one core,
//! rustface, and OpenCV's Haar cascade (C++, one thread) if `make bench` could fetch it.
//!
//! The goal is 15 ms for detection and mesh and 15 ms for the outline, at any camera resolution.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use common::order::Picture;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use fotoautomat::booth::read_picture;
use portrait::{Finder, Models, Rules, assess, cut};
use tflite::{Frame, Model, Rgb};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn model_file(name: &str) -> Vec<u8> {
    fs::read(repository().join("assets/fetched/models").join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}; run `make bench`, which fetches it"))
}

fn seeing() -> Finder {
    let models = Models::load(|name| Ok(model_file(name)));
    Finder::with(models.expect("they are what tests/setup/models.sh fetched"))
}

/// Returns a visitor in a camera picture of this size: the photograph fills the height, with grey beside it.
fn visitor(width: u32, height: u32) -> Picture {
    let photo = repository().join("assets/fetched/photos/grace_hopper.jpg");
    let photo = read_picture(&photo).expect("a photograph: run `make bench`, which fetches it");
    let scale = photo.height() as f32 / height as f32;
    let frame = Frame {
        x: photo.width() as f32 / 2.0,
        y: photo.height() as f32 / 2.0,
        width: width as f32 * scale,
        height: height as f32 * scale,
        turn: 0.0,
    };
    let mut pixels = vec![0; width as usize * height as usize * 3];
    frame.cut(rgb(&photo), &mut pixels, [width as usize, height as usize]);
    Picture::new(width, height, pixels).expect("as many pixels as its size says")
}

fn rgb(picture: &Picture) -> Rgb<'_> {
    Rgb {
        width: picture.width() as usize,
        height: picture.height() as usize,
        bytes: picture.rgb(),
    }
}

/// Measures one network on the middle of the picture, including the filling of its input.
fn network(c: &mut Criterion, name: &str, file: &str, picture: &Picture) {
    let mut model = Model::load(&model_file(file)).expect("it is what was fetched");
    let side = model.input_shape()[1];
    let frame = Frame {
        x: picture.width() as f32 / 2.0,
        y: picture.height() as f32 / 2.0,
        width: picture.height() as f32,
        height: picture.height() as f32,
        turn: 0.1,
    };
    c.bench_function(name, |b| {
        b.iter(|| {
            frame.fill(rgb(picture), model.input_mut(), [side, side], [0.0, 1.0]);
            model.run();
        });
    });
}

fn faces(c: &mut Criterion) {
    let picture = visitor(1280, 720);
    network(
        c,
        "network: detector",
        "face_detection_short.tflite",
        &picture,
    );
    network(
        c,
        "network: attention mesh",
        "attention_mesh.tflite",
        &picture,
    );
    network(
        c,
        "network: outline",
        "selfie_segmentation.tflite",
        &picture,
    );
    let mut group = c.benchmark_group("one look at a live picture");
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080)] {
        let picture = visitor(width, height);
        let size = format!("{width}x{height}");
        let mut finder = seeing();
        assert_eq!(finder.watch(&picture).faces.len(), 1);
        // This measures detection and mesh, and in each fifth look the outline.
        group.bench_function(BenchmarkId::new("models", &size), |b| {
            b.iter(|| finder.watch(&picture));
        });
        let mut plain = Finder::plain();
        group.bench_function(BenchmarkId::new("rustface", &size), |b| {
            b.iter(|| plain.watch(&picture));
        });
        let look = finder.watch(&picture);
        group.bench_function(BenchmarkId::new("assessment", &size), |b| {
            b.iter(|| assess(&picture, &look, &Rules::default()));
        });
    }
    group.finish();
    let mut finder = seeing();
    let rules = Rules::default();
    let crop = assess(&picture, &finder.study(&picture), &rules)
        .crop
        .expect("there is a face");
    c.bench_function("cutting the portrait", |b| {
        b.iter(|| cut(&picture, &crop, &rules.layout))
    });
    haar(&picture);
}

/// Runs OpenCV as a separate program that measures its own time.
fn haar(picture: &Picture) {
    let python = repository().join("target/oracles/networks/bin/python");
    if !python.exists() {
        println!("OpenCV Haar: not measured; tests/setup/oracles.sh fetches it");
        return;
    }
    let file = repository().join("target/oracles/visitor.png");
    let pixels =
        image::RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec());
    let saved = pixels.map(|pixels| pixels.save(&file).is_ok());
    assert_eq!(saved, Some(true), "target/oracles can be written to");
    let script = repository().join("tests/bench/haar.py");
    let ran = Command::new(python).arg(script).arg(file).status();
    assert!(ran.is_ok_and(|status| status.success()), "haar.py runs");
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = faces
}
criterion_main!(benches);
