//! The direction in which a head is turned: the rotation that fits MediaPipe's mean face ("canonical face") to the
//! points that were found.
//!
//! The angles follow the network's estimate. Synthetic turns to the side were measured as 0.6 to 0.8 of their true
//! value, and nods differ by some degrees from person to person. This is good enough for a hint but not for the 5
//! degrees of a travel document.

use super::mesh::Mesh;

/// The angles of a head in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pose {
    /// Positive when the head is turned towards the right of the picture.
    pub yaw: f32,
    /// Positive when the chin is down.
    pub pitch: f32,
    /// Positive when the head is tilted clockwise in the picture.
    pub roll: f32,
}

impl Pose {
    /// Returns the mean of two poses.
    pub(super) fn between(self, other: Pose) -> Pose {
        let middle = |a: f32, b: f32| (a + b) / 2.0;
        Pose {
            yaw: middle(self.yaw, other.yaw),
            pitch: middle(self.pitch, other.pitch),
            roll: middle(self.roll, other.roll),
        }
    }
}

type Vector = [f64; 3];

/// The mean face: 33 of its points with a weight each, in centimetres. x points to the right, y up and z towards the
/// camera.
#[derive(Debug)]
pub(super) struct Canonical {
    points: Vec<(usize, f64, Vector)>,
}

impl Canonical {
    /// Parses the geometry file of MediaPipe's face mesh, a protocol buffer. Field 1 is the mesh, whose field 3 has
    /// five numbers per vertex (position and texture). Field 2 repeats a point's number and its weight.
    pub(super) fn read(bytes: &[u8]) -> Option<Canonical> {
        let (mut vertices, mut basis) = (Vec::new(), Vec::new());
        for (field, value) in Fields(bytes) {
            match (field, value) {
                (1, Value::Bytes(mesh)) => {
                    vertices = Fields(mesh)
                        .filter_map(|field| match field {
                            (3, Value::Word(word)) => Some(f64::from(f32::from_bits(word))),
                            _ => None,
                        })
                        .collect();
                }
                (2, Value::Bytes(entry)) => {
                    let (mut point, mut weight) = (0, 0.0);
                    for field in Fields(entry) {
                        match field {
                            (1, Value::Number(number)) => point = usize::try_from(number).ok()?,
                            (2, Value::Word(word)) => weight = f64::from(f32::from_bits(word)),
                            _ => {}
                        }
                    }
                    basis.push((point, weight));
                }
                _ => {}
            }
        }
        let points: Option<Vec<_>> = basis
            .into_iter()
            .map(|(point, weight)| {
                let vertex = vertices.get(5 * point..5 * point + 3)?;
                Some((point, weight, [vertex[0], vertex[1], vertex[2]]))
            })
            .collect();
        points
            .filter(|points| points.len() >= 3)
            .map(|points| Canonical { points })
    }

    /// Returns the pose of the head, from the rotation that fits best (Horn's method: the eigenvector of the largest
    /// eigenvalue of a 4 by 4 matrix).
    pub(super) fn pose(&self, mesh: &Mesh) -> Pose {
        let pairs: Vec<(f64, Vector, Vector)> = self
            .points
            .iter()
            .filter_map(|(index, weight, canonical)| {
                let (point, depth) = (mesh.points.get(*index)?, mesh.depths.get(*index)?);
                // The picture's y and the network's depth point the other way.
                let seen = [point.x.into(), f64::from(-point.y), f64::from(-depth)];
                Some((*weight, *canonical, seen))
            })
            .collect();
        let total: f64 = pairs.iter().map(|(weight, ..)| weight).sum();
        if total <= 0.0 {
            return Pose::default();
        }
        let mean = |which: fn(&(f64, Vector, Vector)) -> Vector| {
            let mut sum = [0.0; 3];
            for pair in &pairs {
                for (sum, value) in sum.iter_mut().zip(which(pair)) {
                    *sum += pair.0 * value / total;
                }
            }
            sum
        };
        let (from, to) = (mean(|pair| pair.1), mean(|pair| pair.2));
        // This is the covariance of the two point clouds.
        let mut joint = [[0.0; 3]; 3];
        for (weight, canonical, seen) in &pairs {
            for (row, (a, mean_a)) in joint.iter_mut().zip(canonical.iter().zip(&from)) {
                for (sum, (b, mean_b)) in row.iter_mut().zip(seen.iter().zip(&to)) {
                    *sum += weight * (a - mean_a) * (b - mean_b);
                }
            }
        }
        angles(rotation(joint))
    }
}

/// Returns the quaternion (w, x, y, z) that rotates the first cloud onto the second.
fn rotation([[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]]: [[f64; 3]; 3]) -> [f64; 4] {
    let matrix = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    // The shift makes the largest eigenvalue also the one of largest magnitude.
    let shift: f64 = matrix
        .iter()
        .map(|row| row.iter().map(|value| value.abs()).sum::<f64>())
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut vector = [1.0, 0.01, 0.01, 0.01];
    // Each step shrinks the error by the ratio of two eigenvalues, which is at worst about 0.8 for a face.
    for _ in 0..200 {
        let mut next = [0.0; 4];
        for (index, (sum, row)) in next.iter_mut().zip(&matrix).enumerate() {
            *sum = row.iter().zip(&vector).map(|(a, b)| a * b).sum::<f64>() + shift * vector[index];
        }
        let length = next.iter().map(|value| value * value).sum::<f64>().sqrt();
        if length == 0.0 || !length.is_finite() {
            return [1.0, 0.0, 0.0, 0.0];
        }
        vector = next.map(|value| value / length);
    }
    vector
}

fn angles([w, x, y, z]: [f64; 4]) -> Pose {
    // The third column of the rotation is the direction of the nose.
    let nose = [
        2.0 * (x * z + w * y),
        2.0 * (y * z - w * x),
        1.0 - 2.0 * (x * x + y * y),
    ];
    // The first column of the rotation is the direction of the right of the face.
    let right = [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z)];
    let degrees = |y: f64, x: f64| y.atan2(x).to_degrees() as f32;
    Pose {
        yaw: degrees(nose[0], nose[2]),
        pitch: degrees(-nose[1], nose[0].hypot(nose[2])),
        roll: degrees(-right[1], right[0]),
    }
}

/// The value of a protocol buffer's field.
enum Value<'a> {
    Number(u64),
    Word(u32),
    Bytes(&'a [u8]),
}

/// Iterates over the fields of a protocol buffer, until its end or the first error.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            5 => {
                let (word, rest) = self.0.split_first_chunk()?;
                self.0 = rest;
                Value::Word(u32::from_le_bytes(*word))
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    }
}
