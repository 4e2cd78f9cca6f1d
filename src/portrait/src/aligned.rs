//! The face aligned as OFIQ aligns it: level, 616 by 616 pixels, 113 of them between the eyes. A measure of an aligned
//! face means the same for small and large faces.

use tflite::{Frame, Rgb};
use zeroize::Zeroizing;

use super::face::{Face, Features};
use super::geometry::{Bounds, Point};
use super::mesh::INNER_LIPS;
use super::outline::Outline;
use super::quality::{Background, Patch};
use super::sight::rgb;
use common::order::Picture;

pub(super) const SIDE: usize = 616;
/// The positions that OFIQ prescribes for the eyes, the tip of the nose and the corners of the mouth.
const WANTED: [Point; 5] = [
    Point::new(251.0, 272.0),
    Point::new(364.0, 272.0),
    Point::new(308.0, 336.0),
    Point::new(262.0, 402.0),
    Point::new(355.0, 402.0),
];
/// The part in which OFIQ measures the background: from x 62 to 554 and from the top to y 406, at 354 by 292 pixels.
const BACKGROUND: Bounds = Bounds {
    left: 62.0,
    top: 0.0,
    width: 492.0,
    height: 406.0,
};
const BACKGROUND_SIZE: [usize; 2] = [354, 292];
/// The distance between the eyes at which sharpness is measured, in pixels.
const SHARP_EYES: f32 = 90.0;

/// The aligned face.
pub(super) struct Aligned {
    pub(super) pixels: Zeroizing<Vec<u8>>,
    /// 1 inside the convex hull of the face's points, otherwise 0.
    pub(super) hull: Vec<u8>,
    pub(super) marks: Marks,
    frame: Frame,
}

/// Points in the aligned face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marks {
    /// The middle between the corners of each eye.
    pub(super) eyes: [Point; 2],
    /// The middle between the lips.
    pub(super) mouth: Point,
}

impl Aligned {
    pub(super) fn new(picture: &Picture, face: &Face, features: &Features) -> Aligned {
        let [nose, left, right] = features.nose_and_mouth();
        let [left_eye, right_eye] = face.eyes;
        let frame = similarity([left_eye, right_eye, nose, left, right]);
        let mut pixels = Zeroizing::new(vec![0; SIDE * SIDE * 3]);
        frame.cut(rgb(picture), &mut pixels, [SIDE, SIDE]);
        let place = |at: Point| in_frame(&frame, at);
        let points: Vec<Point> = features.points.iter().map(|point| place(*point)).collect();
        let [upper, lower] = INNER_LIPS[1];
        Aligned {
            pixels,
            hull: filled(&hull(&points)),
            marks: Marks {
                eyes: face.eyes.map(place),
                mouth: points[upper].middle(points[lower]),
            },
            frame,
        }
    }

    pub(super) fn patch(&self) -> Patch<'_> {
        Patch {
            rgb: &self.pixels,
            mask: &self.hull,
        }
    }

    /// Returns the background around the person at OFIQ's size. Its wall is empty if no background is in the picture.
    pub(super) fn background(&self, picture: &Picture, outline: &Outline) -> Background {
        let (pixels, width, height) = surroundings(&self.pixels);
        let part = surroundings_frame();
        let (right, bottom) = (picture.width() as f32, picture.height() as f32);
        let places = (0..width * height).map(|index| {
            let across = ((index % width) as f32 + 0.5) / width as f32;
            let down = ((index / width) as f32 + 0.5) / height as f32;
            let [x, y] = part.place(across, down);
            let [x, y] = self.frame.place(x / SIDE as f32, y / SIDE as f32);
            // Pixels outside the picture are black and not background. At the edge, half a pixel of black is mixed in.
            let inside = x >= 1.0 && y >= 1.0 && x < right - 1.0 && y < bottom - 1.0;
            u8::from(inside && !outline.is_person(Point::new(x, y)))
        });
        Background {
            wall: places.collect(),
            rgb: pixels,
            width,
            height,
        }
    }
}

fn surroundings_frame() -> Frame {
    let centre = BACKGROUND.centre();
    Frame {
        x: centre.x,
        y: centre.y,
        width: BACKGROUND.width,
        height: BACKGROUND.height,
        turn: 0.0,
    }
}

/// Returns the part of an aligned face's pixels in which OFIQ measures the background, with its width and height.
pub(super) fn surroundings(aligned: &[u8]) -> (Zeroizing<Vec<u8>>, usize, usize) {
    let aligned = Rgb {
        width: SIDE,
        height: SIDE,
        bytes: aligned,
    };
    let [width, height] = BACKGROUND_SIZE;
    let mut pixels = Zeroizing::new(vec![0; width * height * 3]);
    // Each pixel is one bilinear sample, as in OFIQ.
    surroundings_frame().pick(aligned, &mut pixels, BACKGROUND_SIZE);
    (pixels, width, height)
}

/// Returns the face and a small border at the size where its eyes are 90 pixels apart, never enlarged, and its hull.
/// Sharpness is measured in it. The result is pixels, mask and width.
pub(super) fn sharp_patch(
    picture: &Picture,
    face: &Face,
    features: &Features,
) -> (Zeroizing<Vec<u8>>, Vec<u8>, usize) {
    let apart = face.eye_distance().max(1.0);
    let scale = (SHARP_EYES / apart).min(1.0);
    let around = Bounds::around(features.points.iter().copied()).unwrap_or_default();
    // A face with eyes 90 pixels apart is at most this large. The border is for the filters.
    let side = |length: f32| ((length * scale) as usize + 8).min(600);
    let (width, height) = (side(around.width), side(around.height));
    let centre = around.centre();
    let frame = Frame {
        x: centre.x,
        y: centre.y,
        width: width as f32 / scale,
        height: height as f32 / scale,
        turn: 0.0,
    };
    let mut pixels = Zeroizing::new(vec![0; width * height * 3]);
    frame.cut(rgb(picture), &mut pixels, [width, height]);
    let points: Vec<Point> = features
        .points
        .iter()
        .map(|point| {
            Point::new(
                (point.x - centre.x) * scale + width as f32 / 2.0,
                (point.y - centre.y) * scale + height as f32 / 2.0,
            )
        })
        .collect();
    let mask = filled_in(&hull(&points), width, height);
    (pixels, mask, width)
}

/// Returns the frame of the picture that corresponds to the aligned square. Its rotation, scale and shift bring these
/// points closest to the prescribed ones (least squares).
fn similarity(points: [Point; 5]) -> Frame {
    let mean = |points: &[Point; 5]| {
        let sum = points.iter().fold(Point::default(), |sum, point| {
            Point::new(sum.x + point.x, sum.y + point.y)
        });
        Point::new(sum.x / 5.0, sum.y / 5.0)
    };
    let (from, to) = (mean(&WANTED), mean(&points));
    // This maps prescribed points to the picture, as a complex number for rotation and scale.
    let (mut real, mut imaginary, mut square) = (0.0, 0.0, 0.0);
    for (wanted, point) in WANTED.iter().zip(&points) {
        let (x, y) = (wanted.x - from.x, wanted.y - from.y);
        let (u, v) = (point.x - to.x, point.y - to.y);
        real += x * u + y * v;
        imaginary += x * v - y * u;
        square += x * x + y * y;
    }
    let (real, imaginary) = (real / square, imaginary / square);
    let scale = real.hypot(imaginary).max(1e-3);
    let turn = imaginary.atan2(real);
    // This maps the middle of the square to the picture.
    let (x, y) = (SIDE as f32 / 2.0 - from.x, SIDE as f32 / 2.0 - from.y);
    Frame {
        x: to.x + real * x - imaginary * y,
        y: to.y + imaginary * x + real * y,
        width: SIDE as f32 * scale,
        height: SIDE as f32 * scale,
        turn,
    }
}

/// Converts a point of the picture to pixels of the aligned square.
fn in_frame(frame: &Frame, at: Point) -> Point {
    let centre = Point::new(frame.x, frame.y);
    let level = at.turned(centre, -frame.turn);
    let scale = SIDE as f32 / frame.width;
    Point::new(
        (level.x - centre.x) * scale + SIDE as f32 / 2.0,
        (level.y - centre.y) * scale + SIDE as f32 / 2.0,
    )
}

/// Returns the convex hull, clockwise in the picture (Andrew's monotone chain).
pub(super) fn hull(points: &[Point]) -> Vec<Point> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let cross =
        |o: Point, a: Point, b: Point| (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
    let chain = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for point in points {
            while let [.., a, b] = chain[..]
                && cross(a, b, point) <= 0.0
            {
                chain.pop();
            }
            chain.push(point);
        }
        // The last point is the first one of the other chain.
        chain.pop();
        chain
    };
    let mut hull = chain(&mut sorted.iter().copied());
    hull.extend(chain(&mut sorted.iter().rev().copied()));
    hull
}

pub(super) fn filled(hull: &[Point]) -> Vec<u8> {
    filled_in(hull, SIDE, SIDE)
}

/// Returns 1 for each pixel whose middle is inside a convex polygon, otherwise 0.
fn filled_in(hull: &[Point], width: usize, height: usize) -> Vec<u8> {
    let mut mask = vec![0; width * height];
    for (row, line) in mask.chunks_exact_mut(width.max(1)).enumerate() {
        let y = row as f32 + 0.5;
        let (mut left, mut right) = (f32::INFINITY, f32::NEG_INFINITY);
        for (index, a) in hull.iter().enumerate() {
            let b = hull[(index + 1) % hull.len()];
            if (a.y <= y) != (b.y <= y) {
                let x = a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y);
                (left, right) = (left.min(x), right.max(x));
            }
        }
        let first = (left - 0.5).ceil().clamp(0.0, width as f32) as usize;
        let last = (right - 0.5).floor().clamp(-1.0, width as f32 - 1.0) + 1.0;
        if let Some(part) = line.get_mut(first..last as usize) {
            part.fill(1);
        }
    }
    mask
}
