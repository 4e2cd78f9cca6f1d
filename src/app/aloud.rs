//! The voice of the window: what is on the screen is read aloud to who asks for it.

use crate::{
    elements::Page,
    speech::{Hearing, Narrator, Voice, VoiceSettings},
};
use common::visit::Preferences;
use text::Texts;

/// A voice, where the booth has one, and who tells it what to say.
pub(super) struct Aloud {
    voice: Option<Voice>,
    /// While somebody listens.
    narrator: Option<Narrator>,
}

impl Aloud {
    /// Must be called inside the runtime.
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

    /// A hand moved: what is being said is not listened to any more.
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

    /// One step louder or softer; the screen is read again, so that it is heard how loud it is now.
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
        // one that failed is not tried again at every change
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
