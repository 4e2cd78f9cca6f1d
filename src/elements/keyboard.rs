//! The keyboard on the screen. The booth draws its own, so that nothing of the operating system can pop up.

use super::{Action, At, Element, Icon, Place, Role};
use session::{Press, sign_in::Typed};
use text::key;

/// Which keys are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    #[default]
    Small,
    Capital,
    Symbols,
}

/// Digits and the symbols that a password may contain. The letters come from the language (`keyboard-letters`).
const SYMBOLS: [&str; 4] = ["1234567890", "@#&%+=*/\\|", "()[]{}<>~^", "!?\"':;,$€§"];

/// The rows of keys that are shown now, from the top.
pub(super) fn rows(at: &At<'_>) -> Vec<Vec<char>> {
    let letters = at.say(key::KEYBOARD_LETTERS);
    match at.context.keyboard {
        Layout::Symbols => SYMBOLS.map(|row| row.chars().collect()).to_vec(),
        layout => {
            let letters = letters.split_whitespace().take(4).map(|row| {
                let row = row.chars().take(12);
                match layout {
                    Layout::Capital => row.flat_map(char::to_uppercase).collect(),
                    _ => row.collect(),
                }
            });
            let digits = "1234567890".chars().collect();
            std::iter::once(digits).chain(letters).collect()
        }
    }
}

/// The keys, row after row. Their ids are `key-<row>-<column>`.
pub(super) fn elements(at: &At<'_>) -> Vec<Element> {
    let mut elements = Vec::new();
    for (y, row) in rows(at).into_iter().enumerate() {
        for (x, letter) in row.into_iter().enumerate() {
            let press = Press::Typed(Typed::Letter(letter));
            elements.push(key(format!("key-{y}-{x}"), letter.to_string()).press(press));
        }
    }
    let (shift, symbols) = match at.context.keyboard {
        Layout::Small => (Layout::Capital, Layout::Symbols),
        Layout::Capital => (Layout::Small, Layout::Symbols),
        Layout::Symbols => (Layout::Capital, Layout::Small),
    };
    let switch = |id: &'static str, label, to| key(id, label).act(Action::Keyboard(to));
    let is_capital = at.context.keyboard == Layout::Capital;
    let letters = if at.context.keyboard == Layout::Symbols {
        "abc"
    } else {
        "?#+"
    };
    elements.push(
        switch("key-shift", at.say(key::KEYBOARD_SHIFT), shift)
            .icon(Icon::Shift)
            .chosen(is_capital),
    );
    elements.push(switch("key-symbols", letters.to_owned(), symbols));
    for (id, letter) in [("key-minus", '-'), ("key-dot", '.'), ("key-underline", '_')] {
        elements.push(key(id, letter.to_string()).press(Press::Typed(Typed::Letter(letter))));
    }
    let space = Press::Typed(Typed::Letter(' '));
    elements.push(key("key-space", at.say(key::KEYBOARD_SPACE)).press(space));
    let back = Press::Typed(Typed::Backspace);
    elements.push(
        key("key-backspace", at.say(key::KEYBOARD_BACKSPACE))
            .icon(Icon::Backspace)
            .press(back),
    );
    elements
}

fn key(id: impl Into<std::borrow::Cow<'static, str>>, label: String) -> Element {
    // What is typed is private, so no key is read aloud on a loudspeaker.
    Element::new(id, Role::Key, Place::Pad, label).private()
}
