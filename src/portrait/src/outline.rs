//! Separates the person from the background, with MediaPipe's selfie segmentation.

use tflite::Frame;

use super::face::Face;
use super::geometry::Point;
use super::sight::rgb;
use common::order::Picture;

/// The side of the network's input in pixels. The whole picture is scaled to a square, as in the network's training.
pub(super) const SIDE: usize = 256;
/// A place with at least this share belongs to the person.
const PERSON: f32 = 0.5;

/// The share of the person at each place of a picture.
#[derive(Clone, PartialEq)]
pub struct Outline {
    shares: Vec<f32>,
    width: f32,
    height: f32,
}

impl Outline {
    pub(super) fn find(model: &mut tflite::Model, picture: &Picture) -> Outline {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let frame = Frame {
            x: width / 2.0,
            y: height / 2.0,
            width,
            height,
            turn: 0.0,
        };
        frame.fill(rgb(picture), model.input_mut(), [SIDE, SIDE], [0.0, 1.0]);
        model.run();
        Outline {
            shares: model.output(0).to_vec(),
            width,
            height,
        }
    }

    /// Returns the share at a point of the picture, 0 to 1, interpolated between the network's pixels. It is 0 outside
    /// the picture.
    #[must_use]
    pub fn share(&self, at: Point) -> f32 {
        if !((0.0..self.width).contains(&at.x) && (0.0..self.height).contains(&at.y)) {
            return 0.0;
        }
        let cell = |at: f32, side: f32| {
            let at = at / side * SIDE as f32 - 0.5;
            let first = at.floor().clamp(0.0, (SIDE - 1) as f32);
            let second = (at.floor() + 1.0).clamp(0.0, (SIDE - 1) as f32);
            (
                first as usize,
                second as usize,
                (at - first).clamp(0.0, 1.0),
            )
        };
        let (left, right, across) = cell(at.x, self.width);
        let (top, bottom, down) = cell(at.y, self.height);
        let value = |x: usize, y: usize| self.shares.get(y * SIDE + x).copied().unwrap_or(0.0);
        let between = |a: f32, b: f32, share: f32| a + (b - a) * share;
        between(
            between(value(left, top), value(right, top), across),
            between(value(left, bottom), value(right, bottom), across),
            down,
        )
    }

    /// Whether the person covers a point of the picture.
    #[must_use]
    pub fn is_person(&self, at: Point) -> bool {
        self.share(at) >= PERSON
    }

    /// Returns the distance in pixels from the eyes to the top of hair or hat, or to the edge of the picture. Returns
    /// `None` when the outline does not match the face.
    #[must_use]
    pub fn crown(&self, face: &Face) -> Option<f32> {
        let (eyes, apart, chin) = (face.middle(), face.eye_distance(), face.eye_to_chin());
        let turn = face.roll();
        let at = |across: f32, up: f32| {
            Point::new(eyes.x + across * apart, eyes.y - up).turned(eyes, turn)
        };
        if !self.is_person(at(0.0, 0.0)) || chin < 1.0 {
            return None;
        }
        // The rows are a fiftieth of the distance from eyes to chin apart. Hair is at least as wide as the face, so a
        // few columns are enough.
        let step = chin / 50.0;
        let mut crown = 0.0;
        for row in 1..=(MOST_CROWN * 50.0) as usize {
            let up = row as f32 * step;
            let columns = (-4..=4).map(|column| at(column as f32 * 0.2, up));
            if !columns.into_iter().any(|place| self.is_person(place)) {
                break;
            }
            crown = up;
        }
        Some(crown)
    }
}

/// The largest plausible height of hair, in distances from eyes to chin. Heads have 0.97 to 1.24, including hair and
/// cap.
const MOST_CROWN: f32 = 2.2;

impl std::fmt::Debug for Outline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let person = self.shares.iter().filter(|share| **share >= PERSON).count();
        let share = person as f32 / self.shares.len().max(1) as f32;
        write!(
            f,
            "Outline({}x{}, {share:.2} person)",
            self.width, self.height
        )
    }
}
