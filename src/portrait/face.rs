//! A face in a picture, and who finds it.

use super::geometry::{Bounds, Point};
use super::plain;
use crate::order::Picture;

/// A face, in pixels of the picture it was found in.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub bounds: Bounds,
    /// How sure the finder is; comparable only between faces of one finder.
    pub score: f32,
    /// Middle of each eye, the left one in the picture first. Estimated from the box where `irises` is `None`.
    pub eyes: [Point; 2],
    /// Centres of the irises, when a model has seen them.
    pub irises: Option<[Point; 2]>,
    pub chin: Point,
}

impl Face {
    /// Where the portrait is hung up: between the irises, or between the eyes.
    #[must_use]
    pub fn middle(&self) -> Point {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.middle(right)
    }

    /// Distance between the eyes, in pixels.
    #[must_use]
    pub fn eye_distance(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        left.distance(right)
    }

    /// From the eyes to the chin, in pixels: the measure of a head that hair and hats do not change.
    #[must_use]
    pub fn eye_to_chin(&self) -> f32 {
        self.middle().distance(self.chin)
    }

    /// How far the head is tilted clockwise (as seen on the screen), in radians. 0 where the eyes were only estimated.
    #[must_use]
    pub fn roll(&self) -> f32 {
        let [left, right] = self.irises.unwrap_or(self.eyes);
        (right.y - left.y).atan2(right.x - left.x)
    }
}

/// What was seen in a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// The largest first.
    pub faces: Vec<Face>,
}

/// Finds faces. Loading takes some milliseconds, so one is kept; finding changes its buffers, so each thread has its own.
pub struct Finder {
    plain: plain::Finder,
}

impl Finder {
    /// A finder that needs no download: it gives boxes, from which the eyes are estimated.
    #[must_use]
    pub fn plain() -> Finder {
        Finder {
            plain: plain::Finder::new(),
        }
    }

    /// Whether it sees irises, lids and lips, or only where a face is.
    #[must_use]
    pub fn sees_eyes(&self) -> bool {
        false
    }

    /// Looks at the next frame of a live picture.
    pub fn watch(&mut self, picture: &Picture) -> Look {
        self.study(picture)
    }

    /// Looks at one picture thoroughly, whatever was seen before.
    pub fn study(&mut self, picture: &Picture) -> Look {
        let mut faces = self.plain.find(picture);
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        Look { faces }
    }
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder")
            .field("sees_eyes", &self.sees_eyes())
            .finish_non_exhaustive()
    }
}
