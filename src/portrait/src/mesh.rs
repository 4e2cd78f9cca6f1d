//! The 468 points of a face, with refined lids, lips and irises, from MediaPipe's attention mesh.

use std::f32::consts::TAU;

use tflite::Frame;

use super::detect::Detection;
use super::geometry::{Bounds, Point};
use super::sight::{rgb, sigmoid, to_point};
use common::order::Picture;

/// The side of the network's input in pixels. Its outputs are in the same unit.
const SIDE: usize = 192;
pub(super) const POINTS: usize = 468;

/// Below this presence the input shows no face, whatever the points are. Other objects reached 0.006 at most, a profile
/// 0.85.
const PRESENCE: f32 = 0.5;
/// The side of the input frame relative to the face.
const AROUND: f32 = 1.5;

/// The outputs by their number in the file.
const ALL: usize = 0;
const LIPS: usize = 1;
const EYES: [usize; 2] = [2, 3];
const IRISES: [usize; 2] = [4, 5];
const FLAG: usize = 6;

/// Points by their number in the mesh. "Left" is left in the picture.
pub(super) const CHIN: usize = 152;
pub(super) const NOSE: usize = 1;
pub(super) const EYE_CORNERS: [[usize; 2]; 2] = [[33, 133], [362, 263]];
pub(super) const MOUTH_CORNERS: [usize; 2] = [61, 291];
/// Pairs of points on the upper and lower lid: beside the middle, in the middle, and on its other side.
pub(super) const LIDS: [[[usize; 2]; 3]; 2] = [
    [[160, 144], [159, 145], [158, 153]],
    [[385, 380], [386, 374], [387, 373]],
];
/// Pairs of points on the inner edge of the upper and lower lip.
pub(super) const INNER_LIPS: [[usize; 2]; 3] = [[82, 87], [13, 14], [312, 317]];

/// The mesh numbers of the 80 points of the lips (the subset in the network's own options).
const LIP_POINTS: [usize; 80] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78,
    95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77,
    90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89,
    179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
];
/// The mesh numbers of the first points of each eye: the lower lid from the outer corner to the inner, then the upper
/// lid back. The other points surround the eye and are not used.
const LID_POINTS: [[usize; 16]; 2] = [
    [
        33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    ],
    [
        263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    ],
];

/// The details of a face, in pixels of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mesh {
    pub(super) points: Vec<Point>,
    /// How far each point is behind the middle of the face, in pixels. It grows away from the camera.
    pub(super) depths: Vec<f32>,
    /// The centres of the irises, the left one in the picture first.
    pub(super) irises: [Point; 2],
    /// The network's confidence that the input shows a face, 0 to 1.
    pub(super) presence: f32,
}

/// Returns the input frame for the points of a detected face.
pub(super) fn around(detection: &Detection) -> Frame {
    let middle = detection.bounds.centre();
    let side = detection.bounds.width.max(detection.bounds.height) * AROUND;
    let [left, right] = detection.eyes;
    frame(middle, side, (right.y - left.y).atan2(right.x - left.x))
}

fn frame(middle: Point, side: f32, turn: f32) -> Frame {
    Frame {
        x: middle.x,
        y: middle.y,
        width: side,
        height: side,
        turn,
    }
}

impl Mesh {
    /// Finds the points in a frame, or returns `None` when there is no face.
    pub(super) fn find(model: &mut tflite::Model, picture: &Picture, frame: Frame) -> Option<Mesh> {
        let sides = [frame.width, frame.height, frame.x, frame.y, frame.turn];
        if sides.iter().any(|side| !side.is_finite()) || frame.width < 1.0 || frame.height < 1.0 {
            return None;
        }
        frame.fill(rgb(picture), model.input_mut(), [SIDE, SIDE], [0.0, 1.0]);
        model.run();
        let presence = sigmoid(model.output(FLAG).first().copied()?);
        if presence < PRESENCE {
            return None;
        }
        let place = |x: f32, y: f32| {
            let side = SIDE as f32;
            to_point(frame.place(x / side, y / side))
        };
        let (all, _) = model.output(ALL).as_chunks::<3>();
        let mut points: Vec<Point> = all.iter().map(|[x, y, _]| place(*x, *y)).collect();
        let depths = all
            .iter()
            .map(|[_, _, z]| z * frame.width / SIDE as f32)
            .collect();
        if points.len() != POINTS {
            return None;
        }
        // The network has a second, refined output for lips and lids.
        let mut refine = |output: usize, which: &[usize]| {
            let (fine, _) = model.output(output).as_chunks::<2>();
            for (point, [x, y]) in which.iter().zip(fine) {
                points[*point] = place(*x, *y);
            }
        };
        refine(LIPS, &LIP_POINTS);
        for (output, which) in EYES.into_iter().zip(&LID_POINTS) {
            refine(output, which);
        }
        let iris = |output: usize| match *model.output(output) {
            [x, y, ..] => Some(place(x, y)),
            _ => None,
        };
        Some(Mesh {
            irises: [iris(IRISES[0])?, iris(IRISES[1])?],
            points,
            depths,
            presence,
        })
        .filter(Mesh::is_sound)
    }

    /// Whether all values are finite and the eyes are apart.
    fn is_sound(&self) -> bool {
        let numbers = self.points.iter().chain(&self.irises);
        let finite = numbers
            .map(|point| point.x + point.y)
            .chain(self.depths.iter().copied())
            .all(f32::is_finite);
        finite && self.irises[0].distance(self.irises[1]) > 1.0
    }

    /// Returns the input frame for the same face in the next picture.
    pub(super) fn around(&self) -> Frame {
        let turn = self.turn();
        let centre = self.points[NOSE];
        let level = self.points.iter().map(|point| point.turned(centre, -turn));
        let bounds = Bounds::around(level).unwrap_or_default();
        let middle = bounds.centre().turned(centre, turn);
        frame(middle, bounds.width.max(bounds.height) * AROUND, turn)
    }

    /// Returns the tilt of the line between the outer corners of the eyes, in radians.
    fn turn(&self) -> f32 {
        let (left, right) = (
            self.points[EYE_CORNERS[0][0]],
            self.points[EYE_CORNERS[1][1]],
        );
        (right.y - left.y).atan2(right.x - left.x) % TAU
    }

    pub(super) fn bounds(&self) -> Bounds {
        Bounds::around(self.points.iter().copied()).unwrap_or_default()
    }

    /// Returns the middle between the corners of each eye, which is what the standards measure from; the left one in
    /// the picture first.
    pub(super) fn eyes(&self) -> [Point; 2] {
        EYE_CORNERS.map(|[a, b]| self.points[a].middle(self.points[b]))
    }
}
