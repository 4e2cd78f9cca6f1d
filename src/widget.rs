//! The booth's own widgets. Each has one purpose, draws what it is given and decides nothing.

pub mod art;
pub mod board;
pub mod caption;
pub mod icon;
pub mod picture;
pub mod shape;
pub mod target;
pub mod words;

pub use board::Board;
pub use caption::Caption;
pub use target::Target;
pub use words::Words;

/// An element of a screen.
pub type Element<'a, Message> = iced::Element<'a, Message, iced::Theme, iced::Renderer>;
