//! Draws a page: its elements in their places, and the pictures between them.
//!
//! Each kind of screen has a file for what only it has. The layout (`frame`), the looks of the elements (`kit`) and
//! what surrounds a screen (`layers`) are shared, so that from one screen to the next only what changed moves.

mod attendant;
mod attract;
mod frame;
mod kit;
mod layers;
mod photo;
mod pictures;
mod plain;
mod typing;

use std::borrow::Cow;

pub use frame::{Frame, area_of};
pub use pictures::Pictures;

use crate::look::Look;
use crate::{
    elements::{Action, Context, Page, ScreenName},
    widget::{Board, Element},
};
use kit::Kit;
use session::Session;

/// An element that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub id: Cow<'static, str>,
    pub action: Action,
}

/// Everything that a screen is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub page: &'a Page,
    pub session: &'a Session,
    pub context: &'a Context<'a>,
    pub look: &'a Look,
    /// The window's size in logical pixels.
    pub size: iced::Size,
    pub pictures: &'a Pictures,
    /// The id of the element with the keyboard focus, while the keyboard is in use.
    pub focus: Option<&'a str>,
    /// How far a new screen has faded in, from 0 to 1.
    pub entered: f32,
}

/// Draws the whole window.
pub fn view<'a>(scene: &Scene<'_>) -> Element<'a, Chosen> {
    let frame = Frame::new(
        scene.look.metrics,
        scene.size,
        scene.context.strip.is_some(),
    );
    let kit = Kit {
        scene: *scene,
        frame: match scene.page.screen {
            ScreenName::Typing | ScreenName::AssistWhom => frame.with_keyboard(),
            _ => frame,
        },
        live: scene.page.sheet.is_none(),
    };
    let mut board = Board::new(scene.size);
    match scene.page.screen {
        ScreenName::Attract => attract::draw(&kit, &mut board),
        ScreenName::Typing | ScreenName::AssistWhom => typing::draw(&kit, &mut board),
        ScreenName::Framing | ScreenName::CountingDown | ScreenName::Capturing => {
            photo::live(&kit, &mut board)
        }
        ScreenName::Reviewing => photo::review(&kit, &mut board),
        // By phone it looks the same as a visitor's sign-in.
        ScreenName::AttendantSignIn if scene.page.get("picture").is_some() => {
            plain::draw(&kit, &mut board)
        }
        ScreenName::AttendantSignIn | ScreenName::Attendant => attendant::draw(&kit, &mut board),
        _ => plain::draw(&kit, &mut board),
    }
    layers::around(&kit, &mut board);
    layers::veil(&kit, &mut board);
    layers::sheet(&kit, &mut board);
    layers::test_mode(&kit, &mut board);
    board.into()
}
