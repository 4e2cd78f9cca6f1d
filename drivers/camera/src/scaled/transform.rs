//! The inverse DCT at eighths of its size: the low frequencies of a block through a smaller transform.

use std::array::from_fn;
use std::f64::consts::{PI, SQRT_2};

/// Coefficients of a block, row by row, and a place where those of no use go.
pub(super) type Block = [i16; BLOCK];
pub(super) const BLOCK: usize = 128;
const NOWHERE: u8 = 64;

/// Row and column of each coefficient in the order of the file (ITU-T T.81 Figure A.6), as `row * 8 + column`.
#[rustfmt::skip]
const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// From blocks of 8x8 coefficients to N x N pixels.
pub(super) struct Inverse {
    n: usize,
    /// Where a coefficient goes, by its index in the file: columns first, so that one turn of the block is enough.
    pub(super) place: [u8; 256],
    /// Weight of each frequency at each pixel, for the sizes that have no quicker way.
    weights: [[f32; 8]; 8],
}

impl Inverse {
    pub(super) fn new(n: usize) -> Inverse {
        let mut place = [NOWHERE; 256];
        for (place, &zigzag) in place.iter_mut().zip(&ZIGZAG) {
            let (row, column) = (zigzag / 8, zigzag % 8);
            if usize::from(row.max(column)) < n {
                *place = column * 8 + row;
            }
        }
        let mut weights = [[0.0; 8]; 8];
        for (pixel, weights) in weights.iter_mut().enumerate().take(n) {
            for (frequency, weight) in weights.iter_mut().enumerate().take(n) {
                let angle = (2 * pixel + 1) as f64 * frequency as f64 * PI / (2 * n) as f64;
                *weight = (angle.cos() * if frequency == 0 { 0.125f64.sqrt() } else { 0.5 }) as f32;
            }
        }
        Inverse { n, place, weights }
    }

    /// Factors of the coefficients, by their place, with what the transform leaves out.
    pub(super) fn factors(&self, table: &[u16; 64]) -> [f32; 64] {
        // (Arai, Agui and Nakajima 1988): what is left after the butterflies of eight points
        let aan = |k: u8| {
            if self.n == 8 && k > 0 {
                (f64::from(k) * PI / 16.0).cos() * SQRT_2
            } else {
                1.0
            }
        };
        let left_out = |k: u8| match self.n {
            8 => aan(k) * 0.125f64.sqrt(),
            4 => 0.125f64.sqrt(),
            _ => 1.0,
        };
        let mut factors = [0.0; 64];
        for (&zigzag, &quantity) in ZIGZAG.iter().zip(table) {
            let (row, column) = (zigzag / 8, zigzag % 8);
            let factor = f64::from(quantity) * left_out(row) * left_out(column);
            factors[usize::from(column * 8 + row)] = factor as f32;
        }
        factors
    }

    /// Writes the block's pixels, and clears the block.
    #[inline(always)]
    pub(super) fn apply(
        &self,
        block: &mut Block,
        factors: &[f32; 64],
        last: usize,
        bias: f32,
        out: &mut [i16],
        stride: usize,
    ) {
        if last == 0 {
            let mean = if matches!(self.n, 4 | 8) { 1.0 } else { 0.125 };
            let value = rounded(f32::from(block[0]) * factors[0] * mean + bias);
            block[0] = 0;
            for row in 0..self.n {
                out[row * stride..row * stride + self.n].fill(value);
            }
            return;
        }
        match self.n {
            8 => eight(block, factors, bias, out, stride),
            7 => self.any::<7, 8>(block, factors, bias, out, stride),
            6 => self.any::<6, 8>(block, factors, bias, out, stride),
            5 => self.any::<5, 8>(block, factors, bias, out, stride),
            4 => four(block, factors, bias, out, stride),
            3 => self.any::<3, 4>(block, factors, bias, out, stride),
            2 => self.any::<2, 4>(block, factors, bias, out, stride),
            _ => self.any::<1, 4>(block, factors, bias, out, stride),
        }
    }

    /// Any size, by the weights: the even frequencies are the same from both ends, the odd ones opposite.
    #[inline(always)]
    fn any<const N: usize, const LANES: usize>(
        &self,
        block: &mut Block,
        factors: &[f32; 64],
        bias: f32,
        out: &mut [i16],
        stride: usize,
    ) {
        let columns: [[f32; LANES]; N] = taken(block, factors);
        let half = self.pass(&columns, 0.0);
        let rows: [[f32; LANES]; N] =
            from_fn(|y| from_fn(|x| if x < N { half[x][y] } else { 0.0 }));
        write(&self.pass(&rows, bias), out, stride);
    }

    #[inline(always)]
    fn pass<const N: usize, const LANES: usize>(
        &self,
        lines: &[[f32; LANES]; N],
        bias: f32,
    ) -> [[f32; LANES]; N] {
        let mut done = [[0f32; LANES]; N];
        for pixel in 0..N.div_ceil(2) {
            let (mut even, mut odd) = ([bias; LANES], [0f32; LANES]);
            for (frequency, line) in lines.iter().enumerate() {
                let sum = if frequency.is_multiple_of(2) {
                    &mut even
                } else {
                    &mut odd
                };
                let weight = self.weights[pixel][frequency];
                for (sum, &value) in sum.iter_mut().zip(line) {
                    *sum += weight * value;
                }
            }
            done[pixel] = add(even, odd);
            done[N - 1 - pixel] = sub(even, odd);
            if pixel == N - 1 - pixel {
                done[pixel] = even;
            }
        }
        done
    }
}

type Lanes<const L: usize> = [f32; L];

#[inline(always)]
fn add<const L: usize>(a: Lanes<L>, b: Lanes<L>) -> Lanes<L> {
    from_fn(|i| a[i] + b[i])
}
#[inline(always)]
fn sub<const L: usize>(a: Lanes<L>, b: Lanes<L>) -> Lanes<L> {
    from_fn(|i| a[i] - b[i])
}
#[inline(always)]
fn times<const L: usize>(a: Lanes<L>, factor: f32) -> Lanes<L> {
    a.map(|a| a * factor)
}

/// The first N columns of the block, times their factors; the block is then clear.
#[inline(always)]
fn taken<const N: usize, const L: usize>(block: &mut Block, factors: &[f32; 64]) -> [Lanes<L>; N] {
    let (columns, factors) = (block.as_chunks_mut::<8>().0, factors.as_chunks::<8>().0);
    from_fn(|u| {
        let line = from_fn(|v| f32::from(columns[u][v]) * factors[u][v]);
        columns[u] = [0; 8];
        line
    })
}

#[inline(always)]
fn write<const N: usize, const L: usize>(rows: &[Lanes<L>; N], out: &mut [i16], stride: usize) {
    for (y, row) in rows.iter().enumerate() {
        let out: &mut [i16; N] = out[y * stride..]
            .first_chunk_mut()
            .expect("the plane has room for whole blocks");
        *out = from_fn(|x| rounded(row[x]));
    }
}

#[inline(always)]
fn four(block: &mut Block, factors: &[f32; 64], bias: f32, out: &mut [i16], stride: usize) {
    #[inline(always)]
    fn pass([a, b, c, d]: [Lanes<4>; 4]) -> [Lanes<4>; 4] {
        // sqrt 2 times the cosine of 22.5 and of 67.5 degrees
        const FAR: f32 = 1.306_563;
        const NEAR: f32 = 0.541_196_1;
        let (outer, inner) = (add(a, c), sub(a, c));
        let (steep, flat) = (
            add(times(b, FAR), times(d, NEAR)),
            sub(times(b, NEAR), times(d, FAR)),
        );
        [
            add(outer, steep),
            add(inner, flat),
            sub(inner, flat),
            sub(outer, steep),
        ]
    }
    let mut columns: [Lanes<4>; 4] = taken(block, factors);
    columns[0][0] += bias;
    let half = pass(columns);
    write(&pass(turned(half)), out, stride);
}

#[inline(always)]
fn turned<const N: usize>(lines: [Lanes<N>; N]) -> [Lanes<N>; N] {
    from_fn(|y| from_fn(|x| lines[x][y]))
}

/// Eight points with five multiplications (Arai, Agui and Nakajima 1988, as in the flow graph turned round).
#[inline(always)]
fn eight(block: &mut Block, factors: &[f32; 64], bias: f32, out: &mut [i16], stride: usize) {
    #[inline(always)]
    fn pass(x: [Lanes<8>; 8]) -> [Lanes<8>; 8] {
        const ROOT: f32 = SQRT_2 as f32;
        // twice cosines of 22.5 degrees, and their sum and difference with those of 67.5
        const C2: f32 = 1.847_759_1;
        const DIFFERENCE: f32 = 1.082_392_2;
        const SUM: f32 = 2.613_126;
        let (a, b) = (add(x[0], x[4]), sub(x[0], x[4]));
        let c = add(x[2], x[6]);
        let d = sub(times(sub(x[2], x[6]), ROOT), c);
        let even = [add(a, c), add(b, d), sub(b, d), sub(a, c)];
        let (e, f) = (add(x[5], x[3]), sub(x[5], x[3]));
        let (g, h) = (add(x[1], x[7]), sub(x[1], x[7]));
        let o7 = add(g, e);
        let turn = times(add(f, h), C2);
        let o6 = sub(sub(turn, times(f, SUM)), o7);
        let o5 = sub(times(sub(g, e), ROOT), o6);
        let o4 = sub(sub(turn, times(h, DIFFERENCE)), o5);
        [
            add(even[0], o7),
            add(even[1], o6),
            add(even[2], o5),
            add(even[3], o4),
            sub(even[3], o4),
            sub(even[2], o5),
            sub(even[1], o6),
            sub(even[0], o7),
        ]
    }
    let mut columns: [Lanes<8>; 8] = taken(block, factors);
    columns[0][0] += bias;
    let half = pass(columns);
    write(&pass(turned(half)), out, stride);
}

/// To the nearest whole number: added to this one, a small number's fraction is rounded away and the rest stands in the
/// lowest bits. What does not fit comes of damaged data, and is as wrong one way or the other.
#[inline(always)]
fn rounded(value: f32) -> i16 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23
    (value + SHIFT).to_bits() as i16
}
