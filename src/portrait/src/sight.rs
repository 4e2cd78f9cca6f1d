//! What all networks share: pixels as input, numbers as output.

use tflite::Rgb;

use super::geometry::Point;
use common::order::Picture;

pub(super) fn rgb(picture: &Picture) -> Rgb<'_> {
    Rgb {
        width: picture.width() as usize,
        height: picture.height() as usize,
        bytes: picture.rgb(),
    }
}

pub(super) fn to_point([x, y]: [f32; 2]) -> Point {
    Point::new(x, y)
}

/// Converts a network's score to 0 to 1.
pub(super) fn sigmoid(score: f32) -> f32 {
    // The limit only prevents an overflow of the exponential.
    1.0 / (1.0 + (-score.clamp(-100.0, 100.0)).exp())
}
