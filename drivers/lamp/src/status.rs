//! The status of a lamp.

use crate::{Brightness, Fault};

/// Whether there is a lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// There is no lamp: the driver looks for one.
    #[default]
    Searching,
    /// The lamp answers.
    Ready,
}

/// What a lamp says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Whether there is a lamp.
    pub phase: Phase,
    /// What is wrong, if anything.
    pub fault: Option<Fault>,
    /// What the lamp calls itself; when it is gone, what the last one called itself.
    pub name: Option<String>,
    /// The brightness that the lamp has confirmed; dark when it is gone.
    pub brightness: Brightness,
}

impl Status {
    /// Whether the lamp can be lit.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready && self.fault.is_none()
    }
}
