//! Where the person is and where the wall: MediaPipe's selfie segmentation.

use tflite::Frame;

use super::face::Face;
use super::geometry::Point;
use super::sight::rgb;
use common::order::Picture;

/// Pixels along a side of what it looks at: the whole picture, pressed into a square as it was in training.
pub(super) const SIDE: usize = 256;
/// From this share on a place counts as the person.
const PERSON: f32 = 0.5;

/// How much of a person there is at each place of a picture.
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

    /// The share at a place of the picture, 0 to 1, smoothly between the network's pixels; 0 outside of the picture.
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

    /// Whether the person is at a place of the picture.
    #[must_use]
    pub fn is_person(&self, at: Point) -> bool {
        self.share(at) >= PERSON
    }

    /// From the eyes up to the top of hair or hat, in pixels, or to the picture's edge; `None` where the outline does
    /// not go with the face.
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
        // rows of a hundredth of the head; hair is as wide as the face or wider, so a few columns suffice
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

/// The highest hair that is believed, in distances from eyes to chin: heads came to 0.97 to 1.24, hair and cap included.
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
