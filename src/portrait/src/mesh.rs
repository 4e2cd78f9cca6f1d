//! 468 points of a face, with lids, lips and irises seen closely: MediaPipe's attention mesh.

use std::f32::consts::TAU;

use tflite::Frame;

use super::detect::Detection;
use super::geometry::{Bounds, Point};
use super::sight::{rgb, sigmoid, to_point};
use common::order::Picture;

/// Pixels along a side of what it looks at; its outputs are in them too.
const SIDE: usize = 192;
pub(super) const POINTS: usize = 468;

/// Below it there is no face, whatever the points say: what is no face came to 0.006 at most, a profile to 0.85.
const PRESENCE: f32 = 0.5;
/// How much larger than the face the square is that it looks at.
const AROUND: f32 = 1.5;

/// Outputs by their number in the file.
const ALL: usize = 0;
const LIPS: usize = 1;
const EYES: [usize; 2] = [2, 3];
const IRISES: [usize; 2] = [4, 5];
const FLAG: usize = 6;

/// Points by their number in the mesh; "left" is left in the picture.
pub(super) const CHIN: usize = 152;
pub(super) const NOSE: usize = 1;
pub(super) const EYE_CORNERS: [[usize; 2]; 2] = [[33, 133], [362, 263]];
pub(super) const MOUTH_CORNERS: [usize; 2] = [61, 291];
/// Upper and lower lid above each other: beside the middle, in the middle, beside it.
pub(super) const LIDS: [[[usize; 2]; 3]; 2] = [
    [[160, 144], [159, 145], [158, 153]],
    [[385, 380], [386, 374], [387, 373]],
];
/// Upper and lower lip, inside.
pub(super) const INNER_LIPS: [[usize; 2]; 3] = [[82, 87], [13, 14], [312, 317]];

/// Which points of the mesh the 80 points of the lips are (the subset in the network's own options).
const LIP_POINTS: [usize; 80] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78,
    95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77,
    90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89,
    179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
];
/// Which points of the mesh the first points of each eye are: lower lid from the outer corner to the inner, upper lid
/// back. The others surround the eye and are not used.
const LID_POINTS: [[usize; 16]; 2] = [
    [
        33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    ],
    [
        263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    ],
];

/// A face in detail, in pixels of the picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mesh {
    pub(super) points: Vec<Point>,
    /// How far each point lies behind the face's middle, in the same unit; grows away from the camera.
    pub(super) depths: Vec<f32>,
    /// Centres, the left one in the picture first.
    pub(super) irises: [Point; 2],
    /// How sure the network is that this is a face, 0 to 1.
    pub(super) presence: f32,
}

/// Where to look for the points of a detected face.
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
    /// Looks for the points in a frame; `None` when there is no face.
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
        // lips and lids again, as the closer look saw them
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

    /// Numbers from a network are numbers, and eyes are apart.
    fn is_sound(&self) -> bool {
        let numbers = self.points.iter().chain(&self.irises);
        let finite = numbers
            .map(|point| point.x + point.y)
            .chain(self.depths.iter().copied())
            .all(f32::is_finite);
        finite && self.irises[0].distance(self.irises[1]) > 1.0
    }

    /// Where to look for the same face in the next picture.
    pub(super) fn around(&self) -> Frame {
        let turn = self.turn();
        let centre = self.points[NOSE];
        let level = self.points.iter().map(|point| point.turned(centre, -turn));
        let bounds = Bounds::around(level).unwrap_or_default();
        let middle = bounds.centre().turned(centre, turn);
        frame(middle, bounds.width.max(bounds.height) * AROUND, turn)
    }

    /// How far the line of the outer corners of the eyes is tilted, in radians.
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

    /// Middle of each eye between its corners, which is what the standards mean; the left one in the picture first.
    pub(super) fn eyes(&self) -> [Point; 2] {
        EYE_CORNERS.map(|[a, b]| self.points[a].middle(self.points[b]))
    }
}
