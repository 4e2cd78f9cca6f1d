//! Detects faces within about two metres, with MediaPipe's short-range detector (BlazeFace).
//!
//! The network takes 128 by 128 pixels. For each of its 896 windows ("anchors") it returns a score, a box and six
//! points.

use tflite::Frame;

use super::geometry::{Bounds, Point};
use super::sight::{rgb, sigmoid, to_point};
use common::order::Picture;

/// The side of the network's input in pixels.
const SIDE: usize = 128;
const ANCHORS: usize = 896;
/// The number of values per window: the box and six points.
const VALUES: usize = 16;

/// The lowest accepted score. Below it, faces are found in a sixth of patches that show none; with it and the mesh's
/// own score, in none of a hundred (measured on scikit-image's lfw_subset).
pub(super) const SCORE: f32 = 0.7;
/// Windows with at least this overlap show the same face.
const SAME: f32 = 0.3;
/// The largest number of windows that are processed. More of them are noise.
const MOST: usize = 256;
/// The largest number of faces that are returned.
const MOST_FACES: usize = 4;

/// A face from the detector, in pixels of the picture.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    /// The box is upright in the frame in which the face was detected.
    pub(super) bounds: Bounds,
    /// The eyes, the left one in the picture first.
    pub(super) eyes: [Point; 2],
}

/// Returns the largest square in the middle of the picture, where a visitor stands. On a camera of 720 lines, a face in
/// it is found from 40 pixels between the eyes; in the whole frame it takes 90.
pub(super) fn centre(picture: &Picture) -> Frame {
    let side = picture.width().min(picture.height());
    square(picture, side as f32)
}

/// Returns the whole picture, with black bars along the shorter side.
pub(super) fn whole(picture: &Picture) -> Frame {
    let side = picture.width().max(picture.height());
    square(picture, side as f32)
}

pub(super) fn square(picture: &Picture, side: f32) -> Frame {
    Frame {
        x: picture.width() as f32 / 2.0,
        y: picture.height() as f32 / 2.0,
        width: side,
        height: side,
        turn: 0.0,
    }
}

/// Detects faces in a frame of the picture, the highest score first.
pub(super) fn detect(model: &mut tflite::Model, picture: &Picture, frame: Frame) -> Vec<Detection> {
    frame.fill(rgb(picture), model.input_mut(), [SIDE, SIDE], [-1.0, 1.0]);
    model.run();
    let (boxes, _) = model.output(0).as_chunks::<VALUES>();
    let scores = model.output(1);
    let mut seen: Vec<(f32, usize)> = scores
        .iter()
        .take(ANCHORS)
        .map(|score| sigmoid(*score))
        .enumerate()
        .filter(|(_, score)| *score >= SCORE)
        .map(|(index, score)| (score, index))
        .collect();
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    seen.truncate(MOST);
    let candidates: Vec<Window> = seen
        .iter()
        .filter_map(|(score, index)| Some(Window::new(*score, *index, boxes.get(*index)?)))
        .collect();
    merged(candidates)
        .into_iter()
        .map(|window| window.in_picture(&frame))
        .collect()
}

/// The result of one anchor, relative to the frame.
#[derive(Debug, Clone, Copy)]
struct Window {
    score: f32,
    bounds: Bounds,
    /// The person's right eye, which is left in the picture, and then the other one.
    eyes: [Point; 2],
}

/// Returns the middle of a window relative to the frame. There are two windows on each of 16 by 16 places and six on
/// each of 8 by 8.
fn anchor(index: usize) -> Point {
    let (cell, side) = if index < 512 {
        (index / 2, 16)
    } else {
        ((index - 512) / 6, 8)
    };
    let middle = |at: usize| (at as f32 + 0.5) / side as f32;
    Point::new(middle(cell % side), middle(cell / side))
}

impl Window {
    fn new(score: f32, index: usize, values: &[f32; VALUES]) -> Window {
        let anchor = anchor(index);
        let share = |value: f32| value / SIDE as f32;
        let point = |at: usize| {
            Point::new(
                anchor.x + share(values[at]),
                anchor.y + share(values[at + 1]),
            )
        };
        let (middle, width, height) = (point(0), share(values[2]), share(values[3]));
        Window {
            score,
            bounds: Bounds {
                left: middle.x - width / 2.0,
                top: middle.y - height / 2.0,
                width,
                height,
            },
            eyes: [point(4), point(6)],
        }
    }

    fn in_picture(self, frame: &Frame) -> Detection {
        let place = |at: Point| to_point(frame.place(at.x, at.y));
        let (left_top, width) = (
            place(Point::new(self.bounds.left, self.bounds.top)),
            self.bounds.width * frame.width,
        );
        Detection {
            bounds: Bounds {
                left: left_top.x,
                top: left_top.y,
                width,
                height: self.bounds.height * frame.height,
            },
            eyes: self.eyes.map(place),
        }
    }
}

/// Replaces the windows of the same face by their mean, weighted by score.
fn merged(mut windows: Vec<Window>) -> Vec<Window> {
    let mut faces = Vec::new();
    while let Some(best) = windows.first().copied() {
        if faces.len() == MOST_FACES {
            break;
        }
        let (same, other): (Vec<Window>, Vec<Window>) = windows
            .into_iter()
            .partition(|window| window.bounds.overlap(best.bounds) >= SAME);
        windows = other;
        if same.is_empty() {
            // A box without an area overlaps nothing, not even itself.
            windows.remove(0);
            continue;
        }
        let total: f32 = same.iter().map(|window| window.score).sum();
        let mean = |value: fn(&Window) -> f32| {
            same.iter()
                .map(|window| value(window) * window.score)
                .sum::<f32>()
                / total
        };
        faces.push(Window {
            score: best.score,
            bounds: Bounds {
                left: mean(|window| window.bounds.left),
                top: mean(|window| window.bounds.top),
                width: mean(|window| window.bounds.width),
                height: mean(|window| window.bounds.height),
            },
            eyes: [
                Point::new(
                    mean(|window| window.eyes[0].x),
                    mean(|window| window.eyes[0].y),
                ),
                Point::new(
                    mean(|window| window.eyes[1].x),
                    mean(|window| window.eyes[1].y),
                ),
            ],
        });
    }
    faces
}
