//! The window's shape: the whole screen, or a size for a desk.

use std::str::FromStr;

use iced::{Point, Size, Task, window};

use super::Message;

/// How large the window is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The whole screen, with and without a window manager.
    Full,
    /// A window of this many logical pixels.
    Windowed { width: u16, height: u16 },
}

/// Until the system says how large the screen is.
const GUESS: Size = Size::new(1080.0, 1920.0);
/// The least that a screen of the booth is drawn for.
const LEAST: u16 = 320;

impl FromStr for Shape {
    type Err = String;

    /// `1080x1920`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is no size: write WIDTHxHEIGHT, for example 1080x1920, each {LEAST} or more"
            )
        };
        let (width, height) = text.split_once('x').ok_or_else(wrong)?;
        let side = |text: &str| text.parse().ok().filter(|side| *side >= LEAST);
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self::Windowed { width, height }),
            _ => Err(wrong()),
        }
    }
}

impl Shape {
    pub(super) fn size(self) -> Size {
        match self {
            Self::Full => GUESS,
            Self::Windowed { width, height } => Size::new(width.into(), height.into()),
        }
    }

    pub(super) fn settings(self) -> window::Settings {
        let full = self == Self::Full;
        window::Settings {
            size: self.size(),
            fullscreen: full,
            // where nobody decorates windows the library would, and take a strip of the screen for it
            decorations: !full,
            resizable: true,
            ..window::Settings::default()
        }
    }

    /// Asks for the monitor's size where the whole of it is to be filled: without a window manager nobody else does.
    pub(super) fn fill(self) -> Task<Message> {
        if self != Self::Full {
            return Task::none();
        }
        window::oldest().and_then(|id| {
            window::monitor_size(id).and_then(move |size| Task::done(Message::Monitor(id, size)))
        })
    }

    /// Makes the window as large as the monitor, where it is not.
    pub(super) fn stretch(self, id: window::Id, size: Size, monitor: Size) -> Task<Message> {
        let same =
            (size.width - monitor.width).abs() < 1.0 && (size.height - monitor.height).abs() < 1.0;
        if same {
            return Task::none();
        }
        Task::batch([
            window::move_to(id, Point::ORIGIN),
            window::resize(id, monitor),
        ])
    }
}
