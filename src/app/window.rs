//! The window's size: the whole screen, or a given size for development.

use std::str::FromStr;

use iced::{Point, Size, Task, window};

use super::Message;

/// How large the window is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The whole screen, whether or not there is a window manager.
    Full,
    /// A window of this many logical pixels.
    Windowed { width: u16, height: u16 },
}

/// The size that is assumed until the system reports the screen's size.
const GUESS: Size = Size::new(1080.0, 1920.0);
/// The smallest width or height for which the booth's screens are laid out.
const LEAST: u16 = 320;

impl FromStr for Shape {
    type Err = String;

    /// Parses `WIDTHxHEIGHT`, for example `1080x1920`.
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
            // Without a window manager winit draws its own title bar, which takes a strip of the screen.
            decorations: !full,
            resizable: true,
            ..window::Settings::default()
        }
    }

    /// Asks for the monitor's size if the window has to fill it: without a window manager `fullscreen` has no effect.
    pub(super) fn fill(self) -> Task<Message> {
        if self != Self::Full {
            return Task::none();
        }
        window::oldest().and_then(|id| {
            window::monitor_size(id).and_then(move |size| Task::done(Message::Monitor(id, size)))
        })
    }

    /// Makes the window as large as the monitor, if it is not already.
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
