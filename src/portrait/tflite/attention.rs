//! MediaPipe's custom operators. They cut the part of a feature map around some landmarks out level, and map points
//! that were found in it back.

use fearless_simd::prelude::*;

use crate::graph::Subset;
use crate::window::Size;

/// The number of values of a 4 by 4 matrix. Of its first two rows, x, y and the shift are used.
pub(crate) const MATRIX: usize = 16;

/// Computes a matrix of shift, rotation and scaling, from cells of the cut-out to places of the feature map.
pub(crate) fn matrix_from(landmarks: &[f32], subset: &Subset, matrix: &mut [f32]) {
    let point = |index: usize| match landmarks.get(3 * index..3 * index + 2) {
        Some(&[x, y]) => [x, y],
        _ => [0.0; 2],
    };
    let [from, to] = subset.line.map(point);
    let angle = (to[1] - from[1]).atan2(to[0] - from[0]);
    let (sin, cos) = angle.sin_cos();
    // These are the coordinates of a point when the line is level.
    let level = |[x, y]: [f32; 2]| [x * cos + y * sin, y * cos - x * sin];
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for index in &subset.points {
        let at = level(point(*index));
        for axis in 0..2 {
            low[axis] = low[axis].min(at[axis]);
            high[axis] = high[axis].max(at[axis]);
        }
    }
    let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
    let centre = [
        middle[0] * cos - middle[1] * sin,
        middle[0] * sin + middle[1] * cos,
    ];
    let [rows, columns] = subset.cells.map(|cells| cells as f32);
    let width = (high[0] - low[0]) * subset.scale[0] / columns;
    let height = (high[1] - low[1]) * subset.scale[1] / rows;
    let (a, b) = (cos * width, -sin * height);
    let (c, d) = (sin * width, cos * height);
    let shift = |x: f32, y: f32, centre: f32| centre - x * columns / 2.0 - y * rows / 2.0;
    matrix.fill(0.0);
    matrix[..4].copy_from_slice(&[a, b, 0.0, shift(a, b, centre[0])]);
    matrix[4..8].copy_from_slice(&[c, d, 0.0, shift(c, d, centre[1])]);
    (matrix[10], matrix[15]) = (1.0, 1.0);
}

/// Samples a feature map at the places of a matrix. Samples are bilinear, pixel centres are at halves, and places
/// outside are 0.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) from: Size,
    pub(crate) to: Size,
}

impl Sample {
    pub(crate) fn run<S: Simd>(&self, simd: S, input: &[f32], matrix: &[f32], output: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || self.places(input, matrix, output),
        );
    }

    #[inline(always)]
    fn places(&self, input: &[f32], matrix: &[f32], output: &mut [f32]) {
        let channels = self.from.channels.max(1);
        let [a, b, _, e, c, d, _, f] = std::array::from_fn(|index| matrix[index]);
        for (index, place) in output.chunks_exact_mut(channels).enumerate() {
            let (y, x) = (index / self.to.width, index % self.to.width);
            let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
            let (x, y) = (a * x + b * y + e - 0.5, c * x + d * y + f - 0.5);
            place.fill(0.0);
            let (left, top) = (x.floor(), y.floor());
            let (right_share, lower_share) = (x - left, y - top);
            for (dy, share_y) in [(0.0, 1.0 - lower_share), (1.0, lower_share)] {
                for (dx, share_x) in [(0.0, 1.0 - right_share), (1.0, right_share)] {
                    self.add(input, [left + dx, top + dy], share_x * share_y, place);
                }
            }
        }
    }

    #[inline(always)]
    fn add(&self, input: &[f32], [x, y]: [f32; 2], share: f32, place: &mut [f32]) {
        let (width, height) = (self.from.width as f32, self.from.height as f32);
        // The condition is also false for NaN.
        if !((0.0..width).contains(&x) && (0.0..height).contains(&y)) {
            return;
        }
        let start = (y as usize * self.from.width + x as usize) * self.from.channels;
        let values = &input[start..start + self.from.channels];
        for (result, value) in place.iter_mut().zip(values) {
            *result += share * value;
        }
    }
}

/// Maps points, x and y each, through a matrix.
pub(crate) fn transform(points: &[f32], matrix: &[f32], output: &mut [f32]) {
    let (points, _) = points.as_chunks::<2>();
    let (output, _) = output.as_chunks_mut::<2>();
    for (result, [x, y]) in output.iter_mut().zip(points) {
        result[0] = x * matrix[0] + y * matrix[1] + matrix[3];
        result[1] = x * matrix[4] + y * matrix[5] + matrix[7];
    }
}
