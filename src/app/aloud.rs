//! Speech output of the window: the screen is read aloud to a visitor who has asked for it.

use crate::{
    elements::Page,
    speech::{Hearing, Narrator, Voice, VoiceSettings},
};
use common::visit::Preferences;
use text::Texts;

/// The voice, if the booth has one, and the narrator that finds the words for it.
pub(super) struct Aloud {
    voice: Option<Voice>,
    /// `Some` while the visitor has speech switched on.
    narrator: Option<Narrator>,
}

impl Aloud {
    /// Opens the voice. It must be called inside the tokio runtime.
    pub(super) fn open(settings: &VoiceSettings) -> Self {
        let voice = Voice::open(settings).unwrap_or_else(|missing| {
            tracing::warn!("{missing}");
            None
        });
        Self {
            voice,
            narrator: None,
        }
    }

    pub(super) fn works(&self) -> bool {
        self.voice.as_ref().is_some_and(Voice::works)
    }

    /// Stops the current sentence: a visitor who touches the screen or presses a key has stopped listening to it.
    pub(super) fn hush(&self) {
        if let (Some(voice), Some(_)) = (&self.voice, &self.narrator) {
            voice.stop();
        }
    }

    /// Reads the screen again.
    pub(super) fn again(&mut self) {
        if let Some(narrator) = &mut self.narrator {
            narrator.again();
        }
    }

    /// Changes the volume by one step and reads the screen again, so that the visitor hears the new volume.
    pub(super) fn turn(&mut self, louder: bool) {
        if let Some(voice) = &mut self.voice {
            voice.turn(louder);
            self.again();
        }
    }

    /// Says what is new on the screen, in the language of the screen.
    pub(super) fn follow(
        &mut self,
        page: &Page,
        focus: Option<&str>,
        texts: &Texts,
        preferences: &Preferences,
    ) {
        let Some(voice) = &mut self.voice else {
            return;
        };
        // A voice that has failed is not tried again at every change of the screen.
        if !(preferences.speech && voice.works()) {
            if self.narrator.take().is_some() {
                voice.stop();
                voice.reset();
            }
            return;
        }
        let locale = texts.of(&preferences.language);
        let hearing = Hearing {
            locale,
            private: voice.is_private(),
        };
        let narrator = self.narrator.get_or_insert_default();
        if let Some(sentence) = narrator.follow(page, focus, hearing) {
            voice.say(sentence, locale.code());
        }
    }
}
