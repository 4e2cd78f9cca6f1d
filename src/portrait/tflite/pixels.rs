//! From pixels to an input: a turned square of a picture, scaled to the network's size.

/// Pixels: three bytes each, row by row.
#[derive(Debug, Clone, Copy)]
pub struct Rgb<'a> {
    pub width: usize,
    pub height: usize,
    /// `width * height * 3` bytes.
    pub bytes: &'a [u8],
}

/// The part of a picture that an input shows, in its pixels; may lie partly outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Its middle.
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
    /// Clockwise, in radians.
    pub turn: f32,
}

/// Samples along one side of a value: with more of them, filling an input takes longer than the network.
const MOST_SAMPLES: usize = 2;

impl Frame {
    /// The place in the picture of a place of the input, both as shares of the frame's sides.
    #[must_use]
    pub fn place(&self, across: f32, down: f32) -> [f32; 2] {
        let (sin, cos) = self.turn.sin_cos();
        let (x, y) = ((across - 0.5) * self.width, (down - 0.5) * self.height);
        [self.x + x * cos - y * sin, self.y + x * sin + y * cos]
    }

    /// Fills `input`, `height` rows of `width` places of three values, with what the frame shows: a byte becomes
    /// `low + byte * (high - low) / 255`. Outside of the picture it is black. Where the frame is larger than the input,
    /// each value is the mean of several bilinear samples, so that nothing fine turns into another pattern.
    ///
    /// Does nothing when the bytes or the input are not as many as their sizes say.
    pub fn fill(&self, rgb: Rgb<'_>, input: &mut [f32], size: [usize; 2], [low, high]: [f32; 2]) {
        let share = (high - low) / 255.0;
        self.each(rgb, input, size, MOST_SAMPLES, |byte| low + byte * share);
    }

    /// The same as pixels.
    pub fn cut(&self, rgb: Rgb<'_>, pixels: &mut [u8], size: [usize; 2]) {
        self.each(rgb, pixels, size, MOST_SAMPLES, |byte| (byte + 0.5) as u8);
    }

    /// Pixels of one bilinear sample each, however much smaller they become.
    pub fn pick(&self, rgb: Rgb<'_>, pixels: &mut [u8], size: [usize; 2]) {
        self.each(rgb, pixels, size, 1, |byte| (byte + 0.5) as u8);
    }

    fn each<T>(
        &self,
        rgb: Rgb<'_>,
        output: &mut [T],
        [width, height]: [usize; 2],
        most_samples: usize,
        store: impl Fn(f32) -> T,
    ) {
        let right = rgb.width > 0
            && rgb.height > 0
            && rgb.bytes.len() == rgb.width * rgb.height * 3
            && output.len() == width * height * 3;
        if !right || width == 0 || height == 0 {
            return;
        }
        let (scale_x, scale_y) = (self.width / width as f32, self.height / height as f32);
        let samples = |scale: f32| (scale.ceil() as usize).clamp(1, most_samples);
        let (across, down) = (samples(scale_x), samples(scale_y));
        let (sin, cos) = self.turn.sin_cos();
        let share = 1.0 / (across * down) as f32;
        // one sample to the right, and one down, in pixels of the picture
        let right = [scale_x * cos / across as f32, scale_x * sin / across as f32];
        let below = [-scale_y * sin / down as f32, scale_y * cos / down as f32];
        let corner = self.place(0.0, 0.0);
        let (values, _) = output.as_chunks_mut::<3>();
        for (row, values) in values.chunks_exact_mut(width).enumerate() {
            for (column, value) in values.iter_mut().enumerate() {
                let mut sums = [0.0f32; 3];
                for dy in 0..down {
                    let down = (row * down + dy) as f32 + 0.5;
                    for dx in 0..across {
                        let across = (column * across + dx) as f32 + 0.5;
                        let x = corner[0] + across * right[0] + down * below[0];
                        let y = corner[1] + across * right[1] + down * below[1];
                        sample(rgb, x, y, &mut sums);
                    }
                }
                *value = sums.map(|sum| store(sum * share));
            }
        }
    }
}

/// Adds the bilinear value at a place, pixel centres at halves; what lies outside counts as black.
#[inline(always)]
fn sample(rgb: Rgb<'_>, x: f32, y: f32, sums: &mut [f32; 3]) {
    let (x, y) = (x - 0.5, y - 0.5);
    let (last_x, last_y) = ((rgb.width - 1) as f32, (rgb.height - 1) as f32);
    if x >= 0.0 && y >= 0.0 && x < last_x && y < last_y {
        // not below 0, so cutting off is rounding down; the function that does that is slow where there is no SSE 4.1
        let (left, top) = (x as usize, y as usize);
        let (right_share, lower_share) = (x - left as f32, y - top as f32);
        let start = (top * rgb.width + left) * 3;
        let stride = rgb.width * 3;
        let (Some(upper), Some(lower)) = (
            rgb.bytes.get(start..).and_then(<[u8]>::first_chunk::<6>),
            rgb.bytes
                .get(start + stride..)
                .and_then(<[u8]>::first_chunk::<6>),
        ) else {
            return;
        };
        for channel in 0..3 {
            let (a, b) = (f32::from(upper[channel]), f32::from(upper[channel + 3]));
            let (c, d) = (f32::from(lower[channel]), f32::from(lower[channel + 3]));
            let above = a + (b - a) * right_share;
            let below = c + (d - c) * right_share;
            sums[channel] += above + (below - above) * lower_share;
        }
        return;
    }
    let (left, top) = (x.floor(), y.floor());
    let (right_share, lower_share) = (x - left, y - top);
    for (dy, share_y) in [(0.0, 1.0 - lower_share), (1.0, lower_share)] {
        for (dx, share_x) in [(0.0, 1.0 - right_share), (1.0, right_share)] {
            let (x, y) = (left + dx, top + dy);
            // also false for what is no number
            if (0.0..rgb.width as f32).contains(&x) && (0.0..rgb.height as f32).contains(&y) {
                let start = (y as usize * rgb.width + x as usize) * 3;
                for (sum, byte) in sums.iter_mut().zip(&rgb.bytes[start..start + 3]) {
                    *sum += f32::from(*byte) * share_x * share_y;
                }
            }
        }
    }
}
