//! The keyboard: every element can be reached and used with Tab, Enter and Escape alone. F9 switches reading aloud on
//! and off, F10 repeats, F7 and F8 change the volume; a booth can have tactile keys for these four.

use iced::keyboard::{self, Key, key::Named};

use super::Kiosk;
use crate::elements::{Action, Page, Place, ScreenName};
use session::{Event, Press, State, attendant::Press as Staff, sign_in::Typed};

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stroke {
    Next,
    Back,
    Use,
    /// Closes the open sheet, else goes one step back, else ends the visit.
    Away,
    Attendant,
    /// Switches reading aloud on or off.
    Speech,
    /// Reads the screen again.
    Again,
    Softer,
    Louder,
    /// A letter, for a screen with a text field.
    Letter(char),
    Erase,
}

/// Translates a key event. `None` if the key has no meaning here, or if it repeats because it is held.
pub(super) fn stroke(event: &keyboard::Event) -> Option<Stroke> {
    let keyboard::Event::KeyPressed {
        key,
        modifiers,
        text,
        repeat,
        ..
    } = event
    else {
        return None;
    };
    let stroke = match key.as_ref() {
        Key::Named(Named::Tab) if modifiers.shift() => Stroke::Back,
        Key::Named(Named::Tab | Named::ArrowDown | Named::ArrowRight) => Stroke::Next,
        Key::Named(Named::ArrowUp | Named::ArrowLeft) => Stroke::Back,
        Key::Named(Named::Enter) => Stroke::Use,
        Key::Named(Named::Escape) => Stroke::Away,
        Key::Named(Named::Backspace) => Stroke::Erase,
        Key::Named(Named::F12) => Stroke::Attendant,
        Key::Named(Named::F7) => Stroke::Softer,
        Key::Named(Named::F8) => Stroke::Louder,
        Key::Named(Named::F9) => Stroke::Speech,
        Key::Named(Named::F10) => Stroke::Again,
        Key::Named(Named::Space) => Stroke::Letter(' '),
        _ => {
            let letter = text.as_ref()?.chars().next()?;
            if letter.is_control() || modifiers.control() || modifiers.alt() {
                return None;
            }
            Stroke::Letter(letter)
        }
    };
    // A key that is held keeps moving the focus, and repeats nothing else (EN 301 549, 5.7).
    let moves = matches!(stroke, Stroke::Next | Stroke::Back);
    (moves || !repeat).then_some(stroke)
}

impl Kiosk {
    /// Whether a part of a card's number has been typed.
    fn has_typed(&self) -> bool {
        matches!(&self.runner.session.state, State::OldCard(state) if !state.typed.is_empty())
    }

    pub(super) fn key(&mut self, event: &keyboard::Event) {
        let Some(stroke) = stroke(event) else {
            return;
        };
        self.aloud.hush();
        match (stroke, self.page.screen) {
            (Stroke::Next, _) => self.move_focus(false),
            (Stroke::Back, _) => self.move_focus(true),
            // A bar code scanner acts as a keyboard: it types the number and ends with Enter.
            (Stroke::Use, ScreenName::OldCard) if self.focus.is_none() && self.has_typed() => {
                self.choose(Action::Press(Press::Typed(Typed::Enter)));
            }
            (
                Stroke::Use,
                ScreenName::Typing | ScreenName::AttendantSignIn | ScreenName::AssistWhom,
            ) if self.focus.is_none() && self.page.at(Place::Main).next().is_some() => {
                self.use_element(|page| page.first_focus().map(|element| element.id.to_string()));
            }
            (Stroke::Use, _) if self.focus.is_none() => self.move_focus(false),
            (Stroke::Use, _) => {
                let focus = self.focus.clone();
                self.use_element(|_| focus);
            }
            (Stroke::Away, _) => {
                if let Some(action) = away(&self.page) {
                    self.choose(action);
                }
            }
            (Stroke::Attendant, _) => self.choose(Action::Press(Press::Attendant)),
            (Stroke::Speech, _) if self.aloud.works() => {
                self.choose(Action::Press(Press::Speech));
            }
            (Stroke::Again, _) => self.aloud.again(),
            (Stroke::Softer, _) => self.aloud.turn(false),
            (Stroke::Louder, _) => self.aloud.turn(true),
            (
                Stroke::Letter(letter),
                ScreenName::Typing | ScreenName::AssistWhom | ScreenName::OldCard,
            ) => {
                self.choose(Action::Press(Press::Typed(Typed::Letter(letter))));
            }
            (Stroke::Erase, ScreenName::Typing | ScreenName::AssistWhom | ScreenName::OldCard) => {
                self.choose(Action::Press(Press::Typed(Typed::Backspace)));
            }
            (Stroke::Letter(digit), ScreenName::AttendantSignIn) if digit.is_ascii_digit() => {
                self.choose(Action::Press(Press::Staff(Staff::Digit(digit))));
            }
            (Stroke::Erase, ScreenName::AttendantSignIn) => {
                self.choose(Action::Press(Press::Staff(Staff::Backspace)));
            }
            (Stroke::Letter(' '), _) if self.focus.is_some() => {
                let focus = self.focus.clone();
                self.use_element(|_| focus);
            }
            (Stroke::Letter(_) | Stroke::Erase | Stroke::Speech, _) => {
                self.runner.happen(Event::Touched)
            }
        }
    }

    fn move_focus(&mut self, back: bool) {
        let next = match &self.focus {
            Some(focus) => self.page.next_focus(Some(focus), back),
            None => self.page.first_focus(),
        };
        self.focus = next.map(|element| element.id.to_string());
        self.focus_is_fresh = false;
        self.runner.happen(Event::Touched);
    }

    /// Presses an element of the page. A button that must be held when touched acts at once when used by keyboard.
    fn use_element(&mut self, which: impl FnOnce(&Page) -> Option<String>) {
        let Some(id) = which(&self.page) else {
            return;
        };
        let element = self
            .page
            .offered()
            .find(|element| element.id == id.as_str());
        if let Some(action) = element
            .filter(|element| element.is_live())
            .and_then(|element| element.action.clone())
        {
            self.choose(action);
        }
    }

    /// Keeps the focus on its element. On a new screen, or if that element is gone, the focus goes to the page's first
    /// choice, and follows it until the focus is moved by keyboard.
    pub(super) fn refocus(&mut self, page: &Page) {
        let Some(focus) = &self.focus else {
            return;
        };
        let same = page.screen == self.page.screen && sheet_of(page) == sheet_of(&self.page);
        let stays = page
            .offered()
            .any(|element| element.is_live() && element.id == focus.as_str());
        // Test mode's strip stays when the screen changes, so the focus stays on it too.
        let on_strip = page
            .strip
            .iter()
            .any(|element| element.id == focus.as_str());
        if on_strip || (same && stays && !self.focus_is_fresh) {
            return;
        }
        self.focus = page.first_focus().map(|element| element.id.to_string());
        self.focus_is_fresh = true;
    }
}

fn sheet_of(page: &Page) -> Option<crate::elements::Sheet> {
    page.sheet.as_ref().map(|(sheet, _)| *sheet)
}

/// What Escape does on a page: closing the sheet, else going back, else cancelling the visit.
pub(super) fn away(page: &Page) -> Option<Action> {
    let offers = |wanted: &dyn Fn(&Action) -> bool| {
        page.offered()
            .filter(|element| element.is_live())
            .filter_map(|element| element.action.clone())
            .find(|action| wanted(action))
    };
    let press = |press: Press| Action::Press(press);
    if page.sheet.is_some() {
        return offers(&|action| {
            *action == Action::Close
                || *action == press(Press::Help)
                || *action == press(Press::StillHere)
        });
    }
    offers(&|action| *action == press(Press::Back) || *action == press(Press::Stop))
        .or_else(|| offers(&|action| *action == press(Press::Cancel)))
        .or_else(|| offers(&|action| *action == press(Press::Staff(Staff::Leave))))
}
