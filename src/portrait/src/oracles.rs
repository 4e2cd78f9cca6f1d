//! Compares with what other programs compute from the same pictures: MediaPipe and ofiqpy. tests/oracles computes the
//! numbers. The repository contains a small part of them, and `make oracles` compares with all of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::aligned::{self, Marks, SIDE};
use super::mesh::{EYE_CORNERS, INNER_LIPS, LIDS, POINTS};
use super::quality::{self, Background, Cheeks, Luminance, Patch};
use super::tests::{photo, seeing};
use super::*;

#[derive(Deserialize)]
struct Networks {
    faces: Vec<Seen>,
}

/// MediaPipe's results for a photograph.
#[derive(Deserialize)]
struct Seen {
    photo: String,
    irises: [[f32; 2]; 2],
    /// The opening of each eye divided by its width.
    blink: [f32; 2],
    /// Run lengths over 256 by 256 places. The first run is not the person.
    person: Vec<usize>,
}

/// ofiqpy's results for a scene.
#[derive(Deserialize)]
struct Measured {
    photo: String,
    gain: [u32; 2],
    marks: BTreeMap<usize, [f32; 2]>,
    hull: Vec<[f32; 2]>,
    /// The raw value and the score of each measure.
    measures: BTreeMap<String, [f32; 2]>,
}

/// Reads the numbers in the repository, and those of `make oracles` when the environment names a folder.
fn read<T: serde::de::DeserializeOwned>(name: &str) -> Vec<T> {
    let small = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles");
    let all = std::env::var_os("FOTOAUTOMAT_ORACLES").map(PathBuf::from);
    let texts = [Some(small), all].into_iter().flatten().map(|folder| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    texts.collect()
}

/// Returns the mean opening of an eye divided by its width.
fn blink(features: &Features) -> [f32; 2] {
    [0, 1].map(|eye| {
        let apart = |[a, b]: [usize; 2]| features.points[a].distance(features.points[b]);
        LIDS[eye].map(apart).iter().sum::<f32>() / 3.0 / apart(EYE_CORNERS[eye])
    })
}

#[test]
fn mediapipe_sees_the_same_eyes_and_the_same_person() {
    let mut finder = seeing();
    let networks: Vec<Networks> = read("networks.json");
    for seen in networks.iter().flat_map(|networks| &networks.faces) {
        let name = &seen.photo;
        let look = finder.study(&photo(name));
        let face = &look.faces[0];
        let irises = face.irises.unwrap();
        let apart = irises[0].distance(irises[1]);
        for (ours, [x, y]) in irises.iter().zip(seen.irises) {
            let off = ours.distance(Point::new(x, y)) / apart;
            assert!(off < 0.03, "{name}: an iris is off by {off}");
        }
        let ours = blink(face.features.as_ref().unwrap());
        for (ours, theirs) in ours.iter().zip(seen.blink) {
            assert!(
                (ours - theirs).abs() < 0.05,
                "{name}: an eye is open {ours}, not {theirs}"
            );
        }
        let alike = overlap(&look, &photo(name), &seen.person);
        assert!(
            alike >= 0.98,
            "{name}: the person's outline agrees by {alike}"
        );
    }
}

/// Returns the number of places that both results assign to the person, divided by the number that either does.
fn overlap(look: &Look, picture: &common::order::Picture, runs: &[usize]) -> f64 {
    let outline = look.outline.as_ref().unwrap();
    let person = runs
        .iter()
        .enumerate()
        .flat_map(|(run, len)| std::iter::repeat_n(run % 2 == 1, *len));
    let (mut both, mut either) = (0u32, 0u32);
    for (at, theirs) in person.enumerate() {
        let place = |at: usize, side: u32| (at as f32 + 0.5) * side as f32 / 256.0;
        let place = Point::new(
            place(at % 256, picture.width()),
            place(at / 256, picture.height()),
        );
        let ours = outline.is_person(place);
        both += u32::from(ours && theirs);
        either += u32::from(ours || theirs);
    }
    f64::from(both) / f64::from(either)
}

#[test]
fn ofiqpy_gives_the_same_scores() {
    let scenes: Vec<Vec<Measured>> = read("quality.json");
    for scene in scenes.iter().flatten() {
        let what = format!("{} at {:?}", scene.photo, scene.gain);
        for (name, ours) in scene.measure() {
            let [_, theirs] = scene.measures[name];
            // MediaPipe's values are rounded to whole points.
            assert!(
                (ours.clamp(0.0, 100.0) - theirs).abs() <= 1.0,
                "{what}: {name} {ours}, not {theirs}"
            );
        }
        assert_eq!(scene.measures.len(), scene.measure().len());
    }
}

impl Measured {
    /// Returns our scores under OFIQ's names.
    fn measure(&self) -> Vec<(&'static str, f32)> {
        let pixels = self.pixels();
        let points: Vec<Point> = self.hull.iter().map(|[x, y]| Point::new(*x, *y)).collect();
        let mask = aligned::filled(&aligned::hull(&points));
        let patch = Patch {
            rgb: &pixels,
            mask: &mask,
        };
        let features = self.features();
        let eye = |eye: usize| {
            let [a, b] = EYE_CORNERS[eye];
            features.points[a].middle(features.points[b])
        };
        let eyes = [eye(0), eye(1)];
        let [upper, lower] = INNER_LIPS[1];
        let marks = Marks {
            eyes,
            mouth: features.points[upper].middle(features.points[lower]),
        };
        let cheeks = Cheeks::of(&marks).unwrap();
        let light = Luminance::of(&patch);
        let to_chin = eyes[0]
            .middle(eyes[1])
            .distance(features.points[mesh::CHIN]);
        let background = self.background(&pixels);
        vec![
            ("LuminanceMean", quality::mean_score(light.mean())),
            (
                "UnderExposurePrevention",
                quality::under_score(light.under()),
            ),
            ("OverExposurePrevention", quality::over_score(light.over())),
            (
                "IlluminationUniformity",
                quality::evenness_score(cheeks.evenness(&patch)),
            ),
            (
                "NaturalColour",
                quality::natural_colour_score(cheeks.unnatural(&patch)),
            ),
            (
                "BackgroundUniformity",
                quality::background_score(background.gradient().unwrap()),
            ),
            (
                "EyesOpen",
                quality::eyes_open_score(features.lids() / to_chin),
            ),
            (
                "MouthClosed",
                quality::mouth_closed_score(features.lips() / to_chin),
            ),
            (
                "InterEyeDistance",
                quality::eye_distance_score(eyes[0].distance(eyes[1])),
            ),
            ("SingleFacePresent", 63.0),
        ]
    }

    /// Returns the photograph on a black square, made brighter or darker.
    fn pixels(&self) -> Vec<u8> {
        let photo = photo(&self.photo);
        let [numerator, denominator] = self.gain;
        let mut pixels = vec![0; SIDE * SIDE * 3];
        let rows = photo.rgb().chunks_exact(photo.width() as usize * 3);
        for (row, pixels) in rows.zip(pixels.chunks_exact_mut(SIDE * 3)) {
            for (byte, pixel) in row.iter().zip(pixels) {
                *pixel = (u32::from(*byte) * numerator / denominator).min(255) as u8;
            }
        }
        pixels
    }

    fn features(&self) -> Arc<Features> {
        let mut points = vec![Point::default(); POINTS];
        for (mark, [x, y]) in &self.marks {
            points[*mark] = Point::new(*x, *y);
        }
        Arc::new(Features {
            points,
            pose: Pose::default(),
        })
    }

    /// Returns the background around an ellipse.
    fn background(&self, pixels: &[u8]) -> Background {
        let (rgb, width, height) = aligned::surroundings(pixels);
        let wall = (0..width * height).map(|at| {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            u8::from(((x - 177.0) / 122.0).powi(2) + ((y - 237.0) / 187.0).powi(2) > 1.0)
        });
        Background {
            rgb,
            wall: wall.collect(),
            width,
            height,
        }
    }
}
