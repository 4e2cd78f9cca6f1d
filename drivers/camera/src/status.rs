//! The status of a camera.

use std::fmt;

use device::Fault as _;

use crate::{CameraControl, Fault, Pixels};

/// Frames a second as a fraction: cameras offer 30/1, 15/2 or 30000/1001.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The numerator.
    pub frames: u32,
    /// The denominator.
    pub seconds: u32,
}

impl Rate {
    /// As a number.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds.max(1))
    }
}

/// What a camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// How the bytes of a frame are laid out.
    pub pixels: Pixels,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How many frames a second.
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

/// How far the driver is with the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// There is no live camera: the driver looks for one, or opens it.
    #[default]
    Searching,
    /// The camera is open and films nothing, because nobody is in the booth.
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
    /// How often the camera was found again after a fault.
    pub reopened: u64,
}

/// What a camera says of itself.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// How far the driver is with the camera.
    pub phase: Phase,
    /// What is wrong, if anything. With a warning ([`device::Severity::Warning`]) frames still come.
    pub fault: Option<Fault>,
    /// What the device calls itself; when it is gone, what the last one called itself.
    pub camera: Option<String>,
    /// What the device sends; when it is gone, what the last one sent.
    pub format: Option<Format>,
    /// Measured frames a second over the last second; 0 while it does not stream.
    pub fps: f32,
    /// The controls that were to be set and that this camera does not take.
    pub refused: Vec<CameraControl>,
    /// What the driver has counted.
    pub counters: Counters,
}

impl Status {
    /// Whether a picture can be taken, now or as soon as the camera is woken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase != Phase::Searching && !self.fault.is_some_and(|fault| fault.is_failure())
    }
}
