//! The photograph: framing, countdown, capture, review.

use std::sync::Arc;

use super::{
    Draft, Effect, Event, Moment, Press, Shot, Sound, State as Visit, Transition, Work,
    event::Coaching, issue,
};

#[derive(Debug)]
pub enum State {
    Framing {
        draft: Draft,
        coaching: Coaching,
        /// The camera gave no still at the last try; by the fault's name.
        fault: Option<String>,
        retakes: u32,
    },
    CountingDown {
        draft: Draft,
        retakes: u32,
        /// Beats of the countdown already sounded.
        beats: u32,
    },
    /// The last frame is held until the camera has given the still.
    Capturing { draft: Draft, retakes: u32 },
    /// `shot` is the draft's; `cutting` while it is cut anew.
    Reviewing {
        draft: Draft,
        shot: Arc<Shot>,
        cutting: bool,
    },
}

/// Wakes the camera and shows the live picture.
pub(super) fn begin(draft: Draft, effects: &mut Vec<Effect>) -> Transition {
    frame(draft, 0, None, effects)
}

fn frame(
    draft: Draft,
    retakes: u32,
    fault: Option<String>,
    effects: &mut Vec<Effect>,
) -> Transition {
    effects.push(Effect::BeginFraming);
    Transition::Enter(Visit::Portrait(State::Framing {
        draft,
        coaching: Coaching::default(),
        fault,
        retakes,
    }))
}

pub(super) fn step(
    state: State,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match state {
        State::Framing {
            draft,
            coaching,
            fault,
            retakes,
        } => framing(draft, coaching, fault, retakes, event),
        State::CountingDown {
            draft,
            retakes,
            beats,
        } => counting_down(draft, retakes, beats, &event, at, effects),
        State::Capturing { draft, retakes } => capturing(draft, retakes, event, at, effects),
        State::Reviewing {
            draft,
            shot,
            cutting,
        } => review(draft, shot, cutting, event, at, effects),
    }
}

fn framing(
    draft: Draft,
    mut coaching: Coaching,
    fault: Option<String>,
    retakes: u32,
    event: Event,
) -> Transition {
    match event {
        Event::Assessed(fresh) if !fresh.ready => coaching = fresh,
        Event::Assessed(_) | Event::Pressed(Press::Shutter) => {
            return Transition::Enter(Visit::Portrait(State::CountingDown {
                draft,
                retakes,
                beats: 0,
            }));
        }
        _ => {}
    }
    Transition::Stay(Visit::Portrait(State::Framing {
        draft,
        coaching,
        fault,
        retakes,
    }))
}

fn counting_down(
    draft: Draft,
    retakes: u32,
    mut beats: u32,
    event: &Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Pressed(Press::Stop | Press::Back) => return frame(draft, retakes, None, effects),
        Event::Ticked if at.since >= at.rules.limits.countdown => {
            effects.push(Effect::Capture);
            return Transition::Enter(Visit::Portrait(State::Capturing { draft, retakes }));
        }
        Event::Ticked if u64::from(beats) <= at.since.as_secs() => {
            beats += 1;
            effects.push(Effect::Play(Sound::CountdownBeat));
        }
        _ => {}
    }
    Transition::Stay(Visit::Portrait(State::CountingDown {
        draft,
        retakes,
        beats,
    }))
}

fn capturing(
    mut draft: Draft,
    retakes: u32,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Captured(mut shot) => {
            shot.retakes = retakes;
            let shot = Arc::new(*shot);
            draft.shot = Some(shot.clone());
            effects.push(Effect::Stop(Work::Assessment));
            effects.push(Effect::Play(Sound::Shutter));
            Transition::Enter(Visit::Portrait(State::Reviewing {
                draft,
                shot,
                cutting: false,
            }))
        }
        Event::CaptureFailed(fault) => frame(draft, retakes, Some(fault), effects),
        Event::Ticked if at.since >= at.rules.limits.capture => {
            effects.push(Effect::Stop(Work::Capture));
            frame(draft, retakes, Some("frozen".to_owned()), effects)
        }
        _ => Transition::Stay(Visit::Portrait(State::Capturing { draft, retakes })),
    }
}

fn review(
    mut draft: Draft,
    mut shot: Arc<Shot>,
    mut cutting: bool,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    match event {
        Event::Pressed(Press::Retake) => {
            draft.shot = None;
            return frame(draft, shot.retakes.saturating_add(1), None, effects);
        }
        Event::Pressed(Press::Use) if !cutting => return issue::show_card(draft, at, effects),
        Event::Pressed(Press::Move(by)) => {
            let adjust = shot.adjust.plus(by);
            if adjust != shot.adjust {
                cutting = true;
                shot = Arc::new(Shot {
                    adjust,
                    ..(*shot).clone()
                });
                effects.push(Effect::Cut(shot.clone()));
            }
        }
        // Only the answer to the newest adjustment counts; answers to earlier ones are discarded.
        Event::Cut(portrait, adjust) if adjust == shot.adjust => {
            cutting = false;
            shot = Arc::new(Shot {
                portrait,
                ..(*shot).clone()
            });
            draft.shot = Some(shot.clone());
        }
        _ => {}
    }
    Transition::Stay(Visit::Portrait(State::Reviewing {
        draft,
        shot,
        cutting,
    }))
}
