//! What a lamp says of itself.

use crate::{Brightness, Fault};

/// Where the lamp is between unplugged and lit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// No lamp: it is being looked for or waited for.
    #[default]
    Searching,
    /// It answers.
    Ready,
}

/// What a lamp says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    pub phase: Phase,
    /// What is wrong, if anything.
    pub fault: Option<Fault>,
    /// What the lamp calls itself; the last one when it is gone.
    pub name: Option<String>,
    /// How bright it says that it is; dark when it is gone.
    pub brightness: Brightness,
}

impl Status {
    /// Whether the lamp can be lit.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready && self.fault.is_none()
    }
}
