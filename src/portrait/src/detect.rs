//! Where faces are: MediaPipe's short-range detector (BlazeFace), for faces within about two metres.
//!
//! It looks at 128 by 128 pixels through 896 windows ("anchors") and gives for each a score, a box and six points.

use tflite::Frame;

use super::geometry::{Bounds, Point};
use super::sight::{rgb, sigmoid, to_point};
use common::order::Picture;

/// Pixels along a side of what it looks at.
const SIDE: usize = 128;
const ANCHORS: usize = 896;
/// Values of a window: the box, then six points.
const VALUES: usize = 16;

/// Below this score there are faces in a sixth of patches that show none; with it and the mesh's own flag in none
/// of a hundred (measured on scikit-image's lfw_subset).
pub(super) const SCORE: f32 = 0.7;
/// Windows that overlap so much see the same face.
const SAME: f32 = 0.3;
/// Windows that are looked at further: many more are noise.
const MOST: usize = 256;
/// Faces that are told.
const MOST_FACES: usize = 4;

/// A face as the detector sees it, in pixels of the picture.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    /// Upright in the frame that was looked at.
    pub(super) bounds: Bounds,
    /// Left in the picture first.
    pub(super) eyes: [Point; 2],
}

/// The largest square in the middle of the picture: where a visitor stands. A face in it is found from 40 pixels between
/// the eyes on a camera of 720 lines; in the whole frame it takes 90.
pub(super) fn centre(picture: &Picture) -> Frame {
    let side = picture.width().min(picture.height());
    square(picture, side as f32)
}

/// The whole picture, with black at the sides of the shorter way.
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

/// Looks for faces in a frame of the picture; the most certain first.
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

/// What one anchor sees, as shares of the frame.
#[derive(Debug, Clone, Copy)]
struct Window {
    score: f32,
    bounds: Bounds,
    /// The person's right eye, which is left in the picture, then the other one.
    eyes: [Point; 2],
}

/// Middle of a window, as a share of the frame: two on each of 16 by 16 places, six on each of 8 by 8.
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

/// Windows of the same face become their mean, weighed by score.
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
            // a box without an area overlaps nothing, not even itself
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
