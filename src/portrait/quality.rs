//! How good the light on a face is, by the open formulas of OFIQ 1.0 (the reference of ISO/IEC 29794-5, BSI, MIT
//! licence): each measure has a raw value and a score from 0 (bad) to 100.

/// One over one plus e to the minus x: the curve that most scores follow.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Parts of a picture in which nothing but the face is measured.
pub(super) struct Patch<'a> {
    /// Three bytes a pixel.
    pub(super) rgb: &'a [u8],
    /// One byte a pixel; 0 leaves the pixel out.
    pub(super) mask: &'a [u8],
}

/// How often each of the 256 steps of linear luminance occurs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Luminance {
    counts: [u32; 256],
    total: u32,
}

impl Luminance {
    /// Rec. 709 luminance of linearised sRGB, in 8 bits.
    pub(super) fn of(patch: &Patch<'_>) -> Luminance {
        let linear = linear_table();
        let mut counts = [0; 256];
        let (pixels, _) = patch.rgb.as_chunks::<3>();
        for (&[r, g, b], &mask) in pixels.iter().zip(patch.mask) {
            if mask != 0 {
                let [r, g, b] = [r, g, b].map(|channel| linear[usize::from(channel)]);
                let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
                counts[(luminance * 255.0).round().clamp(0.0, 255.0) as usize] += 1;
            }
        }
        Luminance {
            counts,
            total: counts.iter().sum(),
        }
    }

    fn share(&self, steps: std::ops::RangeInclusive<usize>) -> f32 {
        let part: u32 = self.counts[steps].iter().sum();
        part as f32 / self.total.max(1) as f32
    }

    /// Mean, 0 to 1.
    pub(super) fn mean(&self) -> f32 {
        let sum: f64 = self
            .counts
            .iter()
            .enumerate()
            .map(|(step, &n)| step as f64 * f64::from(n))
            .sum();
        (sum / 255.0 / f64::from(self.total.max(1))) as f32
    }

    /// Share of pixels so dark that nothing shows in them.
    pub(super) fn under(&self) -> f32 {
        self.share(0..=25)
    }

    /// Share of pixels that are burnt out.
    pub(super) fn over(&self) -> f32 {
        self.share(247..=255)
    }
}

fn linear_table() -> [f32; 256] {
    std::array::from_fn(|step| {
        let value = step as f32 / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// Score of the mean luminance: best in the middle, falling off at both ends.
pub(super) fn mean_score(mean: f32) -> f32 {
    100.0 * sigmoid((mean - 0.2) / 0.05) * (1.0 - sigmoid((mean - 0.8) / 0.05))
}

/// Score of the burnt-out share.
pub(super) fn over_score(share: f32) -> f32 {
    (1.0 / (share + 0.01)).clamp(0.0, 100.0)
}

/// Score of the share that is too dark.
pub(super) fn under_score(share: f32) -> f32 {
    (120.0 * (0.832 - sigmoid((share - 0.92) / 0.05))).clamp(0.0, 100.0)
}

/// Score of the distance between the eyes in pixels.
pub(super) fn eye_distance_score(pixels: f32) -> f32 {
    100.0 * sigmoid((pixels - 70.0) / 20.0)
}

/// Score of an angle away from straight, in radians.
pub(super) fn angle_score(angle: f32) -> f32 {
    100.0 * angle.cos().max(0.0).powi(2)
}

#[cfg(test)]
mod tests;
