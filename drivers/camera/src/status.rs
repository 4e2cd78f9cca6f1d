//! What a camera says of itself.

use std::fmt;

use crate::{CameraControl, Fault, Pixels};

/// Frames a second as a fraction: cameras offer 30/1, 15/2 or 30000/1001.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub frames: u32,
    pub seconds: u32,
}

impl Rate {
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds.max(1))
    }
}

/// What a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub pixels: Pixels,
    pub width: u32,
    pub height: u32,
    pub rate: Rate,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Format {
            pixels,
            width,
            height,
            rate,
        } = self;
        let fps = (rate.per_second() * 100.0).round() / 100.0;
        write!(f, "{width}x{height} {pixels} at {fps}")
    }
}

/// Where the camera is between unplugged and live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// No live camera: it is being looked for, opened or waited for.
    #[default]
    Searching,
    /// Open and silent, because nobody is in the booth.
    Standby,
    /// Frames are coming.
    Streaming,
}

/// Frames counted since the handle was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Whole frames.
    pub frames: u64,
    /// Frames that arrived damaged; none of them was shown.
    pub damaged: u64,
    /// Frames the driver lost.
    pub lost: u64,
    /// Times the camera was found again after a fault.
    pub reopened: u64,
}

/// What a camera says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    pub phase: Phase,
    /// What is wrong, if anything. With a blemish ([`Fault::is_a_blemish`]) frames still come.
    pub fault: Option<Fault>,
    /// What the device calls itself, and what it sends; of the last one when it is gone.
    pub camera: Option<String>,
    pub format: Option<Format>,
    /// Measured frames a second over the last second; 0 while it does not stream.
    pub fps: f32,
    /// Controls that were to be set and that this camera does not take.
    pub refused: Vec<CameraControl>,
    pub counters: Counters,
}

impl Status {
    /// Whether a picture can be taken, now or as soon as the camera is woken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase != Phase::Searching && self.fault.is_none_or(Fault::is_a_blemish)
    }
}
