//! Finds faces with SeetaFace, whose model is part of the booth. It returns boxes but no eyes. Only this file uses
//! rustface.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustface::{Detector, ImageData};
use zeroize::Zeroizing;

use super::face::Face;
use super::geometry::{Bounds, Point};
use common::order::Picture;

/// The model of the rustface package, version 0.1.7 (see assets/LICENSES.md).
static MODEL: &[u8] = include_bytes!("../../../assets/models/seeta_fd_frontal_v1.0.bin");

/// The longer side of the picture in which faces are searched, in pixels. The smallest window is 40 pixels, an eighth
/// of it, and a visitor's face fills a quarter. A search at twice the size takes four times as long.
const SEARCHED: u32 = 320;

/// The lowest score, which rustface's documentation calls typical. The heads on old coins reach 2.1, a person who looks
/// up 4.9.
const SCORE: f64 = 2.8;

pub(super) struct Finder {
    detector: Box<dyn Detector>,
}

impl Finder {
    pub(super) fn new() -> Finder {
        let model = rustface::read_model(MODEL).expect("the model is compiled in");
        let mut detector = rustface::create_detector_with_model(model);
        detector.set_score_thresh(SCORE);
        Finder { detector }
    }

    pub(super) fn find(&mut self, picture: &Picture) -> Vec<Face> {
        let (width, height, grey) = small_grey(picture);
        let scale = picture.width() as f32 / width as f32;
        let detector = &mut self.detector;
        // rustface indexes raw memory with sizes that it computes itself. A panic in it costs one look and does not end
        // the booth.
        let found = catch_unwind(AssertUnwindSafe(|| {
            detector.detect(&ImageData::new(&grey, width, height))
        }));
        let found = found.unwrap_or_else(|_| {
            *self = Finder::new();
            Vec::new()
        });
        found
            .into_iter()
            .map(|face| {
                let at = face.bbox();
                let bounds = Bounds {
                    left: at.x() as f32 * scale,
                    top: at.y() as f32 * scale,
                    width: at.width() as f32 * scale,
                    height: at.height() as f32 * scale,
                };
                face_in(bounds, face.score() as f32)
            })
            .collect()
    }
}

/// The positions of eyes and chin in SeetaFace's box, relative to its size. They were measured on photographs; see the
/// tests.
const EYES_DOWN: f32 = 0.40;
const EYES_APART: f32 = 0.44;
const CHIN_DOWN: f32 = 1.06;

fn face_in(bounds: Bounds, score: f32) -> Face {
    let at = |across: f32, down: f32| {
        Point::new(
            bounds.left + bounds.width * across,
            bounds.top + bounds.height * down,
        )
    };
    Face {
        bounds,
        score,
        eyes: [
            at(0.5 - EYES_APART / 2.0, EYES_DOWN),
            at(0.5 + EYES_APART / 2.0, EYES_DOWN),
        ],
        irises: None,
        chin: at(0.5, CHIN_DOWN),
        features: None,
    }
}

/// Returns the picture in grey (ITU-R BT.601, as in the model's training), with its longer side at most [`SEARCHED`].
fn small_grey(picture: &Picture) -> (u32, u32, Zeroizing<Vec<u8>>) {
    let (width, height, rgb) = super::resample::fitted(picture, SEARCHED);
    let (pixels, _) = rgb.as_chunks::<3>();
    let grey = pixels
        .iter()
        .map(|&[r, g, b]| {
            ((299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000) as u8
        })
        .collect();
    (width, height, Zeroizing::new(grey))
}

#[cfg(test)]
mod tests;
