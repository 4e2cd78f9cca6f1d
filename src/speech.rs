//! Reading aloud: this module finds the words for a screen, and [`voice`] speaks them.
//!
//! The words come from the list from which the screen is drawn ([`crate::elements`]). A new screen is read from its
//! heading to the element with the keyboard focus; after that only changes are read. Personal data are read only where
//! nobody else can hear them, and typed text is never read (EN 301 549, 5.1.3.8 and 5.1.3.9).

#[cfg(test)]
mod tests;
mod voice;

pub use voice::{Missing, Settings as VoiceSettings, Voice};

use crate::elements::{Element, Page, Place, Role, ScreenName, Sheet};
use text::{LocaleTexts, key};

/// A sentence to be spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    pub words: String,
    /// Whether it interrupts the current sentence; otherwise it waits for its end.
    pub at_once: bool,
}

/// Compares each page with the one before, and finds the words for what is new.
#[derive(Debug, Default)]
pub struct Narrator {
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    place: (ScreenName, Option<Sheet>, String),
    said: Vec<Said>,
    focus: Option<Said>,
}

/// An element's words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    id: String,
    words: String,
    role: Role,
}

/// The language, and whether only the visitor can hear the voice.
#[derive(Debug, Clone, Copy)]
pub struct Hearing<'a> {
    pub locale: LocaleTexts<'a>,
    pub private: bool,
}

impl Narrator {
    /// The sentence to be spoken when this page is on the screen and `focus` has the keyboard focus; `None` if nothing
    /// is new.
    pub fn follow(
        &mut self,
        page: &Page,
        focus: Option<&str>,
        hearing: Hearing<'_>,
    ) -> Option<Sentence> {
        let sheet = page.sheet.as_ref().map(|(sheet, _)| *sheet);
        let place = (page.screen, sheet, hearing.locale.code().to_owned());
        let focus = page
            .offered()
            .find(|element| Some(element.id.as_ref()) == focus)
            .map(|element| Said::of(element, hearing.offered(element)));
        let said: Vec<Said> = page
            .offered()
            .filter(|element| is_read(element))
            .map(|element| Said::of(element, hearing.read(element)))
            .filter(|said| !said.words.is_empty())
            .collect();
        let now = Seen { place, said, focus };
        let sentence = match &self.seen {
            Some(seen) if seen.place == now.place => now.changed(seen),
            seen => Some(now.entered(seen.as_ref(), page, hearing)),
        };
        self.seen = Some(now);
        sentence.filter(|sentence| !sentence.words.is_empty())
    }

    /// Makes the next [`Narrator::follow`] read the whole screen again.
    pub fn again(&mut self) {
        self.seen = None;
    }
}

impl Seen {
    /// The words for a new screen: all that it shows, then the focused element, or how to reach elements by keyboard.
    fn entered(&self, before: Option<&Seen>, page: &Page, hearing: Hearing<'_>) -> Sentence {
        let known = |said: &Said| {
            said.role == Role::Step && before.is_some_and(|seen| seen.said.contains(said))
        };
        let mut words: Vec<&str> = self
            .said
            .iter()
            .filter(|said| !known(said))
            .map(|said| said.words.as_str())
            .collect();
        let live = page.offered().filter(|element| element.is_live()).count() as u64;
        let choices = hearing
            .locale
            .with(key::SPEECH_CHOICES, &[("count", live.into())]);
        match &self.focus {
            Some(focus) => words.push(&focus.words),
            None if live > 0 => words.push(&choices),
            None => {}
        }
        Sentence {
            words: sentences(&words),
            at_once: true,
        }
    }

    /// The words for what changed on the same screen. A number of the countdown interrupts the one before it, because
    /// it must be heard in time; a hint waits until the current sentence has ended.
    fn changed(&self, before: &Seen) -> Option<Sentence> {
        let counts = |role: Role| matches!(role, Role::Timer | Role::Progress);
        let new: Vec<&Said> = self
            .said
            .iter()
            .filter(|said| !counts(said.role) && !before.said.contains(said))
            .collect();
        let mut at_once = new.iter().any(|said| said.role == Role::Display);
        let mut words: Vec<&str> = new.iter().map(|said| said.words.as_str()).collect();
        if let Some(focus) = &self.focus
            && before.focus.as_ref() != Some(focus)
        {
            let moved = before.focus.as_ref().map(|focus| &focus.id) != Some(&focus.id);
            at_once |= moved || matches!(focus.role, Role::Toggle | Role::Choice);
            words.push(&focus.words);
        }
        let words = sentences(&words);
        Some(Sentence { words, at_once })
    }
}

impl Said {
    fn of(element: &Element, words: String) -> Self {
        Self {
            id: element.id.to_string(),
            words,
            role: element.role,
        }
    }
}

/// Whether an element is read with its screen. All others are read when they get the keyboard focus.
fn is_read(element: &Element) -> bool {
    match element.place {
        Place::Tools | Place::Footer | Place::Strip => false,
        Place::Steps => element.chosen == Some(true),
        _ => match element.role {
            Role::Button | Role::Toggle | Role::Choice | Role::Key | Role::Field => false,
            Role::Heading
            | Role::Text
            | Role::Item
            | Role::Notice
            | Role::Display
            | Role::Image
            | Role::Progress
            | Role::Timer
            | Role::Step => true,
        },
    }
}

impl Hearing<'_> {
    fn may_hear(&self, element: &Element) -> bool {
        self.private || !element.private
    }

    /// The words for an element that is read with its screen.
    fn read(&self, element: &Element) -> String {
        if !self.may_hear(element) {
            return self.locale.say(key::SPEECH_ON_SCREEN);
        }
        let label = match element.role {
            Role::Display => spelled(&element.label),
            _ => element.label.clone(),
        };
        match &element.note {
            // The number comes first, as in "1. Sign in".
            Some(number) if element.role == Role::Step => sentences(&[number, &label]),
            Some(note) => sentences(&[&label, note]),
            None => label,
        }
    }

    /// The words for the element with the keyboard focus: its label, what it is, and its state.
    fn offered(&self, element: &Element) -> String {
        let say = |key| self.locale.say(key);
        let state = match (element.role, element.chosen) {
            (Role::Key, _) => {
                // Reading the focused key aloud would reveal what is typed.
                return if self.may_hear(element) {
                    element.label.clone()
                } else {
                    String::new()
                };
            }
            (Role::Field, _) => {
                let typed = element.note.as_deref().unwrap_or_default().chars().count() as u64;
                self.locale
                    .with(key::SPEECH_FIELD, &[("count", typed.into())])
            }
            (Role::Toggle, Some(true)) => say(key::SPEECH_ON),
            (Role::Toggle, _) => say(key::SPEECH_OFF),
            (Role::Choice, Some(true)) => say(key::SPEECH_CHOSEN),
            (Role::Choice, _) => say(key::SPEECH_NOT_CHOSEN),
            _ => say(key::SPEECH_BUTTON),
        };
        let label = if self.may_hear(element) || element.role == Role::Field {
            element.label.clone()
        } else {
            say(key::SPEECH_ON_SCREEN)
        };
        let waits = (!element.is_live()).then(|| say(key::SPEECH_WAIT));
        let note = element
            .note
            .clone()
            .filter(|_| element.role != Role::Field && self.may_hear(element));
        let parts = [Some(label), Some(state), note, waits];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(", ")
    }
}

/// Joins the parts to sentences, with a full stop between them if they have none.
fn sentences(parts: &[&str]) -> String {
    let mut words = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !words.is_empty() {
            let ended = words.ends_with(['.', '?', '!', ':', ',']);
            words.push_str(if ended { " " } else { ". " });
        }
        words.push_str(part);
    }
    words
}

/// Spells a code letter by letter, and returns a name unchanged.
fn spelled(shown: &str) -> String {
    let is_code = shown
        .chars()
        .any(|letter| letter.is_ascii_digit() || letter == '-')
        || shown
            .chars()
            .filter(|letter| letter.is_alphabetic())
            .count()
            > 1
            && !shown.chars().any(char::is_lowercase);
    if !is_code || shown.chars().count() < 3 {
        return shown.to_owned();
    }
    let letters: Vec<String> = shown
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .map(String::from)
        .collect();
    letters.join(", ")
}
