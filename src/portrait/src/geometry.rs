//! Points, boxes and the one transform that cuts a portrait: level, scale, shift.
//!
//! Pixel coordinates have their origin in the upper left corner of the picture, x to the right and y down; the middle
//! of the first pixel is at (0.5, 0.5). "Left" is left in the picture, which is the person's right.

/// A point in a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    #[must_use]
    pub const fn new(x: f32, y: f32) -> Point {
        Point { x, y }
    }

    #[must_use]
    pub fn middle(self, other: Point) -> Point {
        self.towards(other, 0.5)
    }

    /// Returns the point at `share` of the way to `other`.
    #[must_use]
    pub fn towards(self, other: Point, share: f32) -> Point {
        Point::new(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
        )
    }

    #[must_use]
    pub fn distance(self, other: Point) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Rotates the point clockwise (as seen on the screen) around `centre` by this angle in radians.
    #[must_use]
    pub fn turned(self, centre: Point, angle: f32) -> Point {
        let (sin, cos) = angle.sin_cos();
        let (x, y) = (self.x - centre.x, self.y - centre.y);
        Point::new(centre.x + x * cos - y * sin, centre.y + x * sin + y * cos)
    }
}

/// An upright box in pixels, which may be partly outside its picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Bounds {
    #[must_use]
    pub fn area(self) -> f32 {
        self.width.max(0.0) * self.height.max(0.0)
    }

    #[must_use]
    pub fn centre(self) -> Point {
        Point::new(self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    /// Returns the smallest box around these points, or `None` when there are none.
    pub fn around(points: impl IntoIterator<Item = Point>) -> Option<Bounds> {
        let mut points = points.into_iter();
        let first = points.next()?;
        let (low, high) = points.fold((first, first), |(low, high), p| {
            (
                Point::new(low.x.min(p.x), low.y.min(p.y)),
                Point::new(high.x.max(p.x), high.y.max(p.y)),
            )
        });
        Some(Bounds {
            left: low.x,
            top: low.y,
            width: high.x - low.x,
            height: high.y - low.y,
        })
    }

    /// Returns the area of the intersection divided by the area of the union, 0 to 1.
    #[must_use]
    pub fn overlap(self, other: Bounds) -> f32 {
        let across =
            (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let down = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        let common = across.max(0.0) * down.max(0.0);
        let both = self.area() + other.area() - common;
        if both > 0.0 { common / both } else { 0.0 }
    }
}
