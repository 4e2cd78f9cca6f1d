//! Where the portrait is cut from the picture: level, with the eyes at a fixed height and every head the same size.

use serde::Serialize;

use super::face::Face;
use super::geometry::{Bounds, Point};
use super::resample;
use common::order::Picture;

/// The layout of a portrait. Lengths are relative to the portrait's height.
///
/// The defaults are for a card: the head is smaller than in a travel document (ISO/IEC 39794-5) and larger than in a
/// snapshot. With them, five very different heads come out at 71 to 81 % of the height, including hair and caps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// Width divided by height.
    pub shape: f32,
    /// The distance from the eyes to the chin.
    pub eye_to_chin: f32,
    /// The distance from the upper edge to the eyes.
    pub eyes_from_top: f32,
    /// The space above hair and hats, when their height is known.
    pub air: f32,
    /// The largest factor by which the portrait is enlarged to keep that space. Beyond it, hair is cut off.
    pub most_for_air: f32,
    /// The largest tilt that is corrected, in degrees. A larger correction would visibly tilt the shoulders.
    pub most_roll: f32,
    /// The largest size of the portrait in pixels, width and height. A smaller crop is not enlarged.
    pub most_pixels: (u32, u32),
}

impl Default for Layout {
    fn default() -> Self {
        Layout {
            shape: 0.75,
            eye_to_chin: 0.36,
            eyes_from_top: 0.46,
            air: 0.03,
            most_for_air: 1.12,
            most_roll: 10.0,
            // This is twice the resolution of a card at 300 dpi.
            most_pixels: (600, 800),
        }
    }
}

/// The part of a picture that becomes the portrait. It may be turned.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Crop {
    pub centre: Point,
    pub width: f32,
    pub height: f32,
    /// The clockwise angle of the portrait's horizon in the picture, in radians.
    #[serde(serialize_with = "in_degrees")]
    pub roll: f32,
}

/// Serialises the angle in degrees, because people read the output.
fn in_degrees<S: serde::Serializer>(radians: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f32(radians.to_degrees())
}

/// How the holder moved the portrait, in steps of the buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adjust {
    /// Positive values move the face to the right in the portrait.
    pub right: i8,
    /// Positive values move the face up.
    pub up: i8,
    /// Positive values make the face larger.
    pub closer: i8,
}

/// One step moves by 2 % of the portrait and scales by 4 %. Such a step is clearly visible, and six of them reach far
/// enough.
const STEP: f32 = 0.02;
const CLOSER: f32 = 0.96;

/// How far a crop extends beyond its picture on each side, relative to the crop's width and height. A side is 0 when it
/// is inside.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overhang {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Overhang {
    #[must_use]
    pub fn most(self) -> f32 {
        self.left.max(self.top).max(self.right).max(self.bottom)
    }
}

impl Crop {
    /// Returns the best crop for a face, even if it extends beyond the picture. `crown` is the distance from the eyes
    /// to the top of hair or hat, if it is known.
    #[must_use]
    pub fn ideal(face: &Face, crown: Option<f32>, layout: &Layout) -> Crop {
        let mut height = face.eye_to_chin().max(1.0) / layout.eye_to_chin;
        if let Some(crown) = crown {
            let with_air = crown / (layout.eyes_from_top - layout.air).max(0.01);
            height = height.max(with_air.min(height * layout.most_for_air));
        }
        let most_roll = layout.most_roll.to_radians();
        let roll = face.roll().clamp(-most_roll, most_roll);
        let eyes = face.middle();
        let down = (0.5 - layout.eyes_from_top) * height;
        let centre = Point::new(eyes.x, eyes.y + down).turned(eyes, roll);
        Crop {
            centre,
            width: height * layout.shape,
            height,
            roll,
        }
    }

    /// Returns the largest upright crop of this shape. The holder moves it by hand when no face was found.
    #[must_use]
    pub fn whole(picture: &Picture, layout: &Layout) -> Crop {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let crop_height = height.min(width / layout.shape);
        Crop {
            centre: Point::new(width / 2.0, height / 2.0),
            width: crop_height * layout.shape,
            height: crop_height,
            roll: 0.0,
        }
    }

    /// Returns the crop moved by the holder's steps.
    #[must_use]
    pub fn adjusted(self, by: Adjust) -> Crop {
        let scale = CLOSER.powi(i32::from(by.closer));
        // The face moves to the right when the crop moves to the left.
        let moved = Point::new(
            self.centre.x - f32::from(by.right) * STEP * self.width,
            self.centre.y + f32::from(by.up) * STEP * self.height,
        );
        Crop {
            centre: moved.turned(self.centre, self.roll),
            width: self.width * scale,
            height: self.height * scale,
            roll: self.roll,
        }
    }

    /// Returns the nearest crop that is inside the picture. It is moved, and made smaller only if necessary.
    #[must_use]
    pub fn inside(self, picture: &Picture) -> Crop {
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let around = self.around();
        let scale = (width / around.width).min(height / around.height).min(1.0);
        let (half_width, half_height) = (around.width * scale / 2.0, around.height * scale / 2.0);
        // Rounding can make the lower limit slightly larger than the upper one.
        let between = |at: f32, half: f32, side: f32| at.min(side - half).max(half);
        Crop {
            centre: Point::new(
                between(self.centre.x, half_width, width),
                between(self.centre.y, half_height, height),
            ),
            width: self.width * scale,
            height: self.height * scale,
            roll: self.roll,
        }
    }

    /// Returns how far the crop extends beyond the picture.
    #[must_use]
    pub fn overhang(&self, picture: &Picture) -> Overhang {
        let around = self.around();
        Overhang {
            left: (-around.left / self.width).max(0.0),
            top: (-around.top / self.height).max(0.0),
            right: ((around.left + around.width - picture.width() as f32) / self.width).max(0.0),
            bottom: ((around.top + around.height - picture.height() as f32) / self.height).max(0.0),
        }
    }

    /// Returns the upright box around the corners of the crop.
    fn around(&self) -> Bounds {
        let (sin, cos) = (self.roll.sin().abs(), self.roll.cos().abs());
        let (width, height) = (
            self.width * cos + self.height * sin,
            self.width * sin + self.height * cos,
        );
        Bounds {
            left: self.centre.x - width / 2.0,
            top: self.centre.y - height / 2.0,
            width,
            height,
        }
    }

    /// Returns the size of the portrait in pixels. It has exactly the layout's shape and is never larger than the crop.
    #[must_use]
    pub fn pixels(&self, layout: &Layout) -> (u32, u32) {
        let (most_width, most_height) = layout.most_pixels;
        let scale = (self.width / most_width as f32)
            .min(self.height / most_height as f32)
            .min(1.0);
        // A multiple of the smallest size with this shape keeps the shape exact: 3x4 for 600x800.
        let step = gcd(most_width, most_height).max(1);
        let steps = ((step as f32 * scale) as u32).max(1);
        (most_width / step * steps, most_height / step * steps)
    }

    /// Converts a point of the picture to pixels of a portrait of this size.
    #[must_use]
    pub fn place(&self, at: Point, (width, height): (u32, u32)) -> Point {
        let level = at.turned(self.centre, -self.roll);
        Point::new(
            (level.x - self.centre.x) / self.width * width as f32 + width as f32 / 2.0,
            (level.y - self.centre.y) / self.height * height as f32 + height as f32 / 2.0,
        )
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Cuts out the portrait, with one rotation and one scaling. It is never enlarged, and pixels outside the picture
/// repeat its edge. This takes some tens of milliseconds.
#[must_use]
pub fn cut(picture: &Picture, crop: &Crop, layout: &Layout) -> Picture {
    let (width, height) = crop.pixels(layout);
    resample::cut(picture, crop, width, height)
}

#[cfg(test)]
mod tests;
