//! The inverse DCT at eighths of its size: the low frequencies of a block through a smaller transform.

use std::array::from_fn;
use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};
use std::ops::{Add, Mul, Sub};

use wide::{bytemuck, f32x4, i16x8, u16x8};

/// Coefficients of a block, row by row, and a place where those of no use go; any byte is a place in it.
pub(super) type Block = [i16; BLOCK];
pub(super) const BLOCK: usize = 256;
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

/// Factors of the coefficients, by their place, and the same in 1/64.
pub(super) struct Factors {
    factors: [f32; 64],
    fixed: [i16; 64],
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
    pub(super) fn factors(&self, table: &[u16; 64]) -> Factors {
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
            4 | 6 => 0.125f64.sqrt(),
            _ => 1.0,
        };
        let mut factors = [0.0; 64];
        for (&zigzag, &quantity) in ZIGZAG.iter().zip(table) {
            let (row, column) = (zigzag / 8, zigzag % 8);
            let factor = f64::from(quantity) * left_out(row) * left_out(column);
            factors[usize::from(column * 8 + row)] = factor as f32;
        }
        let fixed = factors.map(|factor| (factor * (1 << FRACTION) as f32) as i16);
        Factors { factors, fixed }
    }

    /// Writes the block's pixels, and clears the block.
    #[inline(always)]
    pub(super) fn apply(
        &self,
        block: &mut Block,
        factors: &Factors,
        last: usize,
        bias: f32,
        out: &mut [i16],
        stride: usize,
    ) {
        if last == 0 {
            let mean = if matches!(self.n, 4 | 6 | 8) {
                1.0
            } else {
                0.125
            };
            let value = rounded(f32::from(block[0]) * factors.factors[0] * mean + bias);
            block[0] = 0;
            for row in 0..self.n {
                out[row * stride..row * stride + self.n].fill(value);
            }
            return;
        }
        match self.n {
            8 => eight(block, &factors.factors, bias, out, stride),
            7 => self.any::<7, 2>(block, &factors.factors, bias, out, stride),
            6 => six(block, &factors.fixed, bias, out, stride),
            5 => self.any::<5, 2>(block, &factors.factors, bias, out, stride),
            4 => four(block, &factors.fixed, bias, out, stride),
            3 => self.any::<3, 1>(block, &factors.factors, bias, out, stride),
            2 => self.any::<2, 1>(block, &factors.factors, bias, out, stride),
            _ => self.any::<1, 1>(block, &factors.factors, bias, out, stride),
        }
    }

    /// Any size, by the weights: the even frequencies are the same from both ends, the odd ones opposite.
    #[inline(always)]
    fn any<const N: usize, const L: usize>(
        &self,
        block: &mut Block,
        factors: &[f32; 64],
        bias: f32,
        out: &mut [i16],
        stride: usize,
    ) {
        let half = turned(self.pass(&taken::<N, L>(block, factors), 0.0));
        write(&self.pass::<N, L>(&half, bias), out, stride);
    }

    #[inline(always)]
    fn pass<const N: usize, const L: usize>(
        &self,
        lines: &[Line<L>; N],
        bias: f32,
    ) -> [Line<L>; N] {
        let mut done = [Line::zero(); N];
        for pixel in 0..N.div_ceil(2) {
            let (mut even, mut odd) = (Line([f32x4::splat(bias); L]), Line::zero());
            for (frequency, &line) in lines.iter().enumerate() {
                let part = line * self.weights[pixel][frequency];
                if frequency.is_multiple_of(2) {
                    even = even + part;
                } else {
                    odd = odd + part;
                }
            }
            done[pixel] = even + odd;
            done[N - 1 - pixel] = even - odd;
            if pixel == N - 1 - pixel {
                done[pixel] = even;
            }
        }
        done
    }
}

/// Four or eight numbers, in registers. Left to itself the compiler takes blocks apart into single numbers, and that takes
/// twice as long.
#[derive(Clone, Copy)]
struct Line<const L: usize>([f32x4; L]);

impl<const L: usize> Line<L> {
    #[inline(always)]
    fn zero() -> Self {
        Line([f32x4::ZERO; L])
    }
}

impl<const L: usize> Add for Line<L> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Line(from_fn(|i| self.0[i] + other.0[i]))
    }
}

impl<const L: usize> Sub for Line<L> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Line(from_fn(|i| self.0[i] - other.0[i]))
    }
}

impl<const L: usize> Mul<f32> for Line<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f32) -> Self {
        Line(self.0.map(|part| part * factor))
    }
}

/// The first N columns of the block, times their factors; the block is then clear.
#[inline(always)]
fn taken<const N: usize, const L: usize>(block: &mut Block, factors: &[f32; 64]) -> [Line<L>; N] {
    let (columns, factors) = (block.as_chunks_mut::<4>().0, factors.as_chunks::<4>().0);
    from_fn(|u| {
        Line(from_fn(|part| {
            let values = &mut columns[u * 2 + part];
            let line = f32x4::from(values.map(f32::from)) * f32x4::from(factors[u * 2 + part]);
            *values = [0; 4];
            line
        }))
    })
}

/// Rows to columns.
#[inline(always)]
fn turned<const N: usize, const L: usize>(lines: [Line<L>; N]) -> [Line<L>; N] {
    let line = |index: usize| lines.get(index).copied().unwrap_or(Line::zero());
    let squares: [[[f32x4; 4]; L]; L] = from_fn(|across| {
        from_fn(|down| f32x4::transpose(from_fn(|i| line(down * 4 + i).0[across])))
    });
    from_fn(|i| Line(from_fn(|down| squares[i / 4][down][i % 4])))
}

/// To the nearest whole numbers. What does not fit comes of damaged data, and is as wrong one way or the other.
#[inline(always)]
fn write<const N: usize, const L: usize>(rows: &[Line<L>; N], out: &mut [i16], stride: usize) {
    for (y, row) in rows.iter().enumerate() {
        let out: &mut [i16; N] = out[y * stride..]
            .first_chunk_mut()
            .expect("the plane has room for whole blocks");
        let parts = [row.0[0], row.0[L - 1]].map(f32x4::fast_round_int);
        let values = i16x8::from_i32x8_saturate(bytemuck::cast(parts)).to_array();
        *out = from_fn(|x| values[x]);
    }
}

/// Bits behind the point in the sixteen of the two sizes that a preview is shown in. The six before it hold four times
/// what a picture has; what does not fit comes of damaged data.
const FRACTION: u32 = 6;

/// Columns or rows of a block, in registers.
type Lines = [i16x8; 8];

/// The columns of the block, times their factors; the block is then clear.
#[inline(always)]
fn columns<const N: usize>(block: &mut Block, factors: &[i16; 64], bias: f32) -> Lines {
    let (columns, factors) = (block.as_chunks_mut::<8>().0, factors.as_chunks::<8>().0);
    let mut lines = [i16x8::ZERO; 8];
    for (line, (column, factor)) in lines
        .iter_mut()
        .zip(columns.iter_mut().zip(factors))
        .take(N)
    {
        *line = i16x8::from(*column) * i16x8::from(*factor);
        *column = [0; 8];
    }
    // and a half, to round by cutting off
    let bias = ((bias + 0.5) * (1 << FRACTION) as f32) as i16;
    lines[0] += i16x8::from([bias, 0, 0, 0, 0, 0, 0, 0]);
    lines
}

/// Columns to rows.
#[inline(always)]
fn turned_lines(lines: Lines) -> Lines {
    bytemuck::cast(u16x8::transpose(bytemuck::cast(lines)))
}

#[inline(always)]
fn write_lines<const N: usize>(lines: &Lines, out: &mut [i16], stride: usize) {
    for (y, &line) in lines.iter().take(N).enumerate() {
        let out: &mut [i16; N] = out[y * stride..]
            .first_chunk_mut()
            .expect("the plane has room for whole blocks");
        let values = (line >> FRACTION).to_array();
        *out = from_fn(|x| values[x]);
    }
}

/// The line times a factor of less than a half.
#[inline(always)]
fn times(line: i16x8, factor: f64) -> i16x8 {
    line.mul_keep_high(i16x8::splat((factor * 65536.0) as i16))
}

#[inline(always)]
fn four(block: &mut Block, factors: &[i16; 64], bias: f32, out: &mut [i16], stride: usize) {
    #[inline(always)]
    fn pass([a, b, c, d, ..]: Lines) -> Lines {
        // sqrt 2 times the cosine of 22.5 and of 67.5 degrees
        let far = |line| line + times(line, 0.306_563);
        let near = |line| line - times(line, 1.0 - 0.541_196_1);
        let (outer, inner) = (a + c, a - c);
        let (steep, flat) = (far(b) + near(d), near(b) - far(d));
        let z = i16x8::ZERO;
        [
            outer + steep,
            inner + flat,
            inner - flat,
            outer - steep,
            z,
            z,
            z,
            z,
        ]
    }
    let half = turned_lines(pass(columns::<4>(block, factors, bias)));
    write_lines::<4>(&pass(half), out, stride);
}

/// Six points with four multiplications: the odd frequencies are sums and differences but for one angle.
#[inline(always)]
fn six(block: &mut Block, factors: &[i16; 64], bias: f32, out: &mut [i16], stride: usize) {
    #[inline(always)]
    fn pass(x: Lines) -> Lines {
        // sqrt 2 times cosines of 60, 30 and 75 degrees
        let half = x[4] - times(x[4], 1.0 - FRAC_1_SQRT_2);
        let (sum, middle) = (x[0] + half, x[0] - half - half);
        let outer = x[2] + times(x[2], 0.224_744_9);
        let even = [sum + outer, middle, sum - outer];
        let both = times(x[1] + x[5], 0.366_025_4);
        let odd = [both + x[1] + x[3], x[1] - x[3] - x[5], both - x[3] + x[5]];
        [
            even[0] + odd[0],
            even[1] + odd[1],
            even[2] + odd[2],
            even[2] - odd[2],
            even[1] - odd[1],
            even[0] - odd[0],
            i16x8::ZERO,
            i16x8::ZERO,
        ]
    }
    let half = turned_lines(pass(columns::<6>(block, factors, bias)));
    write_lines::<6>(&pass(half), out, stride);
}

/// Eight points with five multiplications (Arai, Agui and Nakajima 1988, as in the flow graph turned round).
#[inline(always)]
fn eight(block: &mut Block, factors: &[f32; 64], bias: f32, out: &mut [i16], stride: usize) {
    #[inline(always)]
    fn pass(x: [Line<2>; 8]) -> [Line<2>; 8] {
        const ROOT: f32 = SQRT_2 as f32;
        // twice cosines of 22.5 degrees, and their sum and difference with those of 67.5
        const C2: f32 = 1.847_759_1;
        const DIFFERENCE: f32 = 1.082_392_2;
        const SUM: f32 = 2.613_126;
        let (a, b) = (x[0] + x[4], x[0] - x[4]);
        let c = x[2] + x[6];
        let d = (x[2] - x[6]) * ROOT - c;
        let even = [a + c, b + d, b - d, a - c];
        let (e, f) = (x[5] + x[3], x[5] - x[3]);
        let (g, h) = (x[1] + x[7], x[1] - x[7]);
        let o7 = g + e;
        let turn = (f + h) * C2;
        let o6 = turn - f * SUM - o7;
        let o5 = (g - e) * ROOT - o6;
        let o4 = turn - h * DIFFERENCE - o5;
        [
            even[0] + o7,
            even[1] + o6,
            even[2] + o5,
            even[3] + o4,
            even[3] - o4,
            even[2] - o5,
            even[1] - o6,
            even[0] - o7,
        ]
    }
    let mut columns: [Line<2>; 8] = taken(block, factors);
    columns[0] = columns[0] + first(bias);
    write(&pass(turned(pass(columns))), out, stride);
}

/// This value in the first place, for the mean of a block.
#[inline(always)]
fn first<const L: usize>(value: f32) -> Line<L> {
    let mut line = Line::zero();
    line.0[0] = f32x4::from([value, 0.0, 0.0, 0.0]);
    line
}

/// To the nearest whole number: added to this one, a small number's fraction is rounded away and the rest stands in the
/// lowest bits. What does not fit comes of damaged data, and is as wrong one way or the other.
#[inline(always)]
fn rounded(value: f32) -> i16 {
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23
    (value + SHIFT).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The coefficients of 8x8 pixels, by the formula (T.81 Annex A.3.3).
    fn coefficients(pixels: &[[f64; 8]; 8]) -> [[f64; 8]; 8] {
        let scale = |k: usize| if k == 0 { 0.125f64.sqrt() } else { 0.5 };
        let wave = |x: usize, k: usize| ((2 * x + 1) as f64 * k as f64 * PI / 16.0).cos();
        from_fn(|v| {
            from_fn(|u| {
                let mut sum = 0.0;
                for (y, row) in pixels.iter().enumerate() {
                    for (x, pixel) in row.iter().enumerate() {
                        sum += (pixel - 128.0) * wave(x, u) * wave(y, v);
                    }
                }
                sum * scale(u) * scale(v)
            })
        })
    }

    #[test]
    fn the_quicker_ways_are_the_formula_up_to_the_hardest_contrasts() {
        let mut state = 0x9e37_79b9_u32;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        for round in 0..2_000 {
            // from faint noise to black and white
            let most = [4, 40, 256][round % 3];
            let hard = round % 2 == 0;
            let pixels: [[f64; 8]; 8] = from_fn(|_| {
                from_fn(|_| match noise() % most {
                    value if hard && most == 256 => f64::from(value / 128 * 255),
                    value => f64::from(value),
                })
            });
            let quantity = [1u16, 7, 60][round / 3 % 3];
            let known = coefficients(&pixels).map(|row| {
                row.map(|coefficient| (coefficient / f64::from(quantity)).round() as i16)
            });
            for n in 1..=8 {
                let inverse = Inverse::new(n);
                let mut block = [0; BLOCK];
                for &zigzag in &ZIGZAG {
                    let (row, column) = (usize::from(zigzag / 8), usize::from(zigzag % 8));
                    if row.max(column) < n {
                        block[column * 8 + row] = known[row][column];
                    }
                }
                let mut out = [0; 64];
                let factors = inverse.factors(&[quantity; 64]);
                inverse.apply(&mut block, &factors, 63, 128.0, &mut out, 8);
                assert_eq!(block[..64], [0; 64], "the block is clear for the next");
                for y in 0..n {
                    for x in 0..n {
                        let mut pixel = 128.0;
                        for (v, row) in known.iter().enumerate().take(n) {
                            for (u, &value) in row.iter().enumerate().take(n) {
                                let weight = inverse.weights[x][u] * inverse.weights[y][v];
                                pixel += f64::from(value) * f64::from(quantity) * f64::from(weight);
                            }
                        }
                        let difference = (f64::from(out[y * 8 + x]) - pixel).abs();
                        assert!(difference < 0.7, "{n}: {} and {pixel}", out[y * 8 + x]);
                    }
                }
            }
        }
    }
}
