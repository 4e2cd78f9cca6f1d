//! Sharpness, exposure and white balance of a preview frame, for staff who set a camera up.
//!
//! All three are of the middle of the picture, where a face will be. They are for comparing one setting with the next
//! before the same scene, and do not judge a portrait.

use crate::Frame;

/// What the middle of a picture is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// How much neighbouring pixels differ, in thousandths of the brightness. Turn the focus until it is highest;
    /// what is high depends on what is seen.
    pub sharpness: f32,
    /// Average brightness, 0 to 255.
    pub brightness: f32,
    /// Share of pixels that are as bright as can be, and of those that are black, 0 to 1: detail is lost in both.
    pub burnt: f32,
    pub black: f32,
    /// Red and blue against green, 1 where a white sheet of paper looks white.
    pub red: f32,
    pub blue: f32,
}

/// Whether the light and the exposure suit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exposure {
    TooDark,
    Good,
    TooBright,
}

/// In which direction white is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Balance {
    Neutral,
    /// Too red or yellow: the light is warmer than the camera believes.
    Warm,
    /// Too blue.
    Cold,
    /// As under cheap fluorescent tubes.
    Green,
    Magenta,
}

impl Exposure {
    /// A stable name for texts and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Exposure::TooDark => "too-dark",
            Exposure::Good => "good",
            Exposure::TooBright => "too-bright",
        }
    }
}

impl Balance {
    /// A stable name for texts and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Balance::Neutral => "neutral",
            Balance::Warm => "warm",
            Balance::Cold => "cold",
            Balance::Green => "green",
            Balance::Magenta => "magenta",
        }
    }
}

/// A mid-grey wall lies at about 118; a face with detail in its lights and shadows between these.
const DARK: f32 = 60.0;
const BRIGHT: f32 = 200.0;
/// A few highlights are always burnt out, on glasses and foreheads.
const MOST_BURNT: f32 = 0.05;
/// A difference between two channels that an eye sees on white paper.
const CAST: f32 = 1.12;
/// Values at which a channel says nothing about the colour any more.
const CLIPPED: u8 = 250;
const UNLIT: u8 = 5;

impl Measures {
    /// Measures the middle half of a picture; `rgba` has `width * height * 4` bytes. `None` when it is too small.
    #[must_use]
    pub fn of(rgba: &[u8], width: u32, height: u32) -> Option<Measures> {
        let (width, height) = (width as usize, height as usize);
        let (pixels, _) = rgba.as_chunks::<4>();
        if width < 8 || height < 8 || pixels.len() < width * height {
            return None;
        }
        let (mut count, mut edges) = (0u64, 0u64);
        let (mut burnt, mut black) = (0u64, 0u64);
        let (mut sum, mut coloured) = ([0u64; 3], [0u64; 3]);
        for y in height / 4..height - height / 4 {
            for x in width / 4..width - width / 4 {
                let at = y * width + x;
                let [red, green, blue, _] = pixels[at];
                let colours = [red, green, blue];
                count += 1;
                burnt += u64::from(colours.iter().any(|&value| value >= CLIPPED));
                black += u64::from(colours.iter().all(|&value| value <= UNLIT));
                let counts = colours
                    .iter()
                    .all(|value| (UNLIT + 1..CLIPPED).contains(value));
                for (i, &value) in colours.iter().enumerate() {
                    sum[i] += u64::from(value);
                    coloured[i] += u64::from(value) * u64::from(counts);
                }
                let around = [at - width, at - 1, at + 1, at + width];
                let around: i32 = around.iter().map(|&at| i32::from(pixels[at][1])).sum();
                edges += u64::from((i32::from(green) * 4 - around).unsigned_abs());
            }
        }
        let mean = |sum: u64| sum as f32 / count as f32;
        let [red, green, blue] = sum.map(mean);
        // ITU-R BT.601
        let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
        let against_green = |value: u64| match coloured[1] {
            0 => 1.0,
            green => value as f32 / green as f32,
        };
        Some(Measures {
            // One grey level more keeps a black picture from being infinitely sharp.
            sharpness: mean(edges) * 1000.0 / (green + 1.0),
            brightness,
            burnt: mean(burnt),
            black: mean(black),
            red: against_green(coloured[0]),
            blue: against_green(coloured[2]),
        })
    }

    #[must_use]
    pub fn exposure(&self) -> Exposure {
        if self.brightness > BRIGHT || self.burnt > MOST_BURNT {
            Exposure::TooBright
        } else if self.brightness < DARK {
            Exposure::TooDark
        } else {
            Exposure::Good
        }
    }

    #[must_use]
    pub fn balance(&self) -> Balance {
        let (red, blue) = (self.red.max(0.01), self.blue.max(0.01));
        let others = (red * blue).sqrt();
        if red / blue > CAST {
            Balance::Warm
        } else if blue / red > CAST {
            Balance::Cold
        } else if others * CAST < 1.0 {
            Balance::Green
        } else if others > CAST {
            Balance::Magenta
        } else {
            Balance::Neutral
        }
    }
}

impl Frame {
    /// What the frame's middle is like, for staff who set the camera up. Takes about a millisecond.
    #[must_use]
    pub fn measures(&self) -> Option<Measures> {
        Measures::of(&self.rgba, self.width, self.height)
    }
}

#[cfg(test)]
mod tests;
