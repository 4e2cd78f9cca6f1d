//! The new card's chip and code are read, which shows that this card came out and is in somebody's hand.

use std::time::Duration;

use super::{Job, State};
use crate::{Effect, Event, Moment, Press, Sound, State as Visit, Transition};
use common::{
    health::Condition,
    order::{OrderId, Serial, Uid},
};

#[derive(Debug)]
pub struct ReadingBack {
    pub job: Job,
    /// The chip of the new card, once it was read.
    pub uid: Option<Uid>,
    /// The code on the new card was read.
    pub code: bool,
    /// A card lies on the reader that cannot be the new one.
    pub old_card_laid: bool,
    /// When all was read, since the state was entered; the tick is shown from then on. `None` before.
    pub all_read: Option<Duration>,
}

/// What is known of the card that was printed.
#[derive(Debug, Clone, Default)]
pub(super) struct CardRead {
    pub uid: Option<Uid>,
    pub code: bool,
}

impl CardRead {
    /// Says it to the journal; `collected` when the card is in the holder's hand.
    pub(super) fn kept(self, order: OrderId, serial: Serial, collected: bool) -> Effect {
        Effect::KeepReadBack {
            order,
            serial,
            uid: self.uid,
            code: self.code,
            collected,
        }
    }
}

/// What can be read back here: the chip with a reader, the code with the camera.
struct Readable {
    chip: bool,
    code: bool,
}

impl Readable {
    fn at(at: &Moment<'_>) -> Self {
        let rules = at.rules.read_back;
        Self {
            chip: rules.chip && at.health.reader == Condition::Ready,
            code: rules.code && at.health.camera == Condition::Ready,
        }
    }
}

impl ReadingBack {
    fn read(&self) -> CardRead {
        CardRead {
            uid: self.uid.clone(),
            code: self.code,
        }
    }

    /// What a visit that ends here must still say to the journal.
    pub(super) fn unkept(&self) -> Effect {
        let collected = self.all_read.is_some();
        self.read().kept(self.job.order, self.job.serial, collected)
    }

    fn is_complete(&self, readable: &Readable) -> bool {
        (self.uid.is_some() || !readable.chip) && (self.code || !readable.code)
    }

    /// Looks whether the new card lies on the reader.
    fn look_at_reader(&mut self, at: &Moment<'_>, effects: &mut Vec<Effect>) {
        if self.uid.is_some() {
            return;
        }
        let new = at
            .reader
            .new_card()
            .filter(|uid| !self.job.draft.is_old(uid));
        self.old_card_laid = at.reader.lying().is_some() && new.is_none();
        if let Some(uid) = new {
            effects.push(Effect::Play(Sound::CardRead));
            self.uid = Some(uid.clone());
        }
    }
}

/// Begins to read the printed card back, or hands it over where nothing can read it.
pub(super) fn begin(job: Job, at: &Moment<'_>, effects: &mut Vec<Effect>) -> Transition {
    let readable = Readable::at(at);
    if !readable.chip && !readable.code {
        return collect(job, CardRead::default(), true, effects);
    }
    Transition::Enter(Visit::Issue(State::ReadingBack(ReadingBack {
        job,
        uid: None,
        code: false,
        old_card_laid: false,
        all_read: None,
    })))
}

pub(super) fn step(
    mut reading: ReadingBack,
    event: Event,
    at: &Moment<'_>,
    effects: &mut Vec<Effect>,
) -> Transition {
    reading.look_at_reader(at, effects);
    let limits = &at.rules.limits;
    match event {
        Event::CodeSeen(Some(serial)) if serial == reading.job.serial && !reading.code => {
            effects.push(Effect::Play(Sound::CardRead));
            reading.code = true;
        }
        Event::Pressed(Press::Skip) if at.since >= limits.skip => {
            let read = reading.read();
            return collect(reading.job, read, false, effects);
        }
        Event::Ticked
            if reading
                .all_read
                .is_some_and(|then| at.since.saturating_sub(then) >= limits.tick_shown) =>
        {
            let read = reading.read();
            return collect(reading.job, read, true, effects);
        }
        _ => {}
    }
    if reading.all_read.is_none() && reading.is_complete(&Readable::at(at)) {
        reading.all_read = Some(at.since);
    }
    Transition::Stay(Visit::Issue(State::ReadingBack(reading)))
}

/// The card is in the holder's hand (or, not read back, at least out of the printer).
pub(super) fn collect(
    job: Job,
    read: CardRead,
    collected: bool,
    effects: &mut Vec<Effect>,
) -> Transition {
    effects.push(read.kept(job.order, job.serial, collected));
    effects.push(Effect::Play(Sound::Done));
    Transition::Enter(Visit::Issue(State::Collecting { job }))
}
