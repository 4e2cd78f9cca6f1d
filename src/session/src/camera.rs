//! What the camera is needed for, decided in one place: each state says what it needs, and after every event the
//! session compares that with what it has asked for. So no way into or out of a state can forget the camera.

use super::{Effect, Rules, Session, State, Work, attendant, issue, portrait};

/// What the camera does, as far as the session has asked for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CameraUse {
    awake: bool,
    /// Its picture is searched for the code of a card.
    watched: bool,
    /// An attendant sets it up.
    set_up: bool,
}

impl CameraUse {
    fn note(&mut self, effect: &Effect) {
        match effect {
            Effect::BeginFraming | Effect::WakeCamera => self.awake = true,
            Effect::WatchForCode => (self.awake, self.watched) = (true, true),
            Effect::Stop(Work::WatchForCode) => self.watched = false,
            // A camera that sleeps gives the watch no picture, so the watch begins again when it is needed.
            Effect::Wipe | Effect::RestCamera => (self.awake, self.watched) = (false, false),
            _ => {}
        }
    }
}

impl State {
    /// The screen asks for the code of a card, or would if it were not the attendant's.
    fn watches_for_code(&self, rules: &Rules) -> bool {
        match self {
            Self::Issue(issue::State::ReadingBack(reading)) => {
                rules.read_back.code && !reading.code
            }
            Self::Issue(issue::State::NeedsAttendant(_)) => true,
            Self::Attendant(over) => over.under.watches_for_code(rules),
            _ => false,
        }
    }

    fn takes_portrait(&self) -> bool {
        match self {
            Self::Portrait(
                portrait::State::Framing { .. }
                | portrait::State::CountingDown { .. }
                | portrait::State::Capturing { .. },
            ) => true,
            Self::Attendant(over) => over.under.takes_portrait(),
            _ => false,
        }
    }

    fn sets_camera_up(&self) -> bool {
        matches!(
            self,
            Self::Attendant(attendant::State {
                step: attendant::Step::Panel {
                    page: attendant::Page::Camera,
                    ..
                },
                ..
            })
        )
    }
}

impl Session {
    /// Adds to `effects` what the camera must do for the state that they have led to.
    pub(super) fn direct_camera(&mut self, rules: &Rules, effects: &mut Vec<Effect>) {
        for effect in &*effects {
            self.camera.note(effect);
        }
        let before = effects.len();
        let watch = self.state.watches_for_code(rules);
        let set_up = self.state.sets_camera_up();
        if watch && !self.camera.watched {
            effects.push(Effect::WatchForCode);
        } else if !watch && self.camera.watched {
            effects.push(Effect::Stop(Work::WatchForCode));
        }
        if set_up && !watch && !self.camera.awake {
            effects.push(Effect::WakeCamera);
        }
        let needed = set_up || watch || self.state.takes_portrait();
        if self.camera.set_up && !needed && self.camera.awake {
            effects.push(Effect::RestCamera);
        }
        self.camera.set_up = set_up;
        for effect in &effects[before..] {
            self.camera.note(effect);
        }
    }
}
