//! A session at work without a screen: steps the state machine, has its effects performed, and feeds the answers back.
//!
//! `rehearse` and the integration tests drive the booth through it. The window does the same with iced's tasks.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::BoxStream};
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use crate::session::{Effect, Event, Now, Press, Rules, Session, Work};

#[cfg(test)]
mod tests;

/// Carries effects out; every answer is an event. Dropping the stream ends the work.
pub trait Perform: Send + Sync {
    fn perform(&self, effect: Effect) -> BoxStream<'static, Event>;
}

/// An event, and the work it answers with that work's number: an answer to work that was stopped is nobody's.
type Answer = (Option<(Work, u64)>, Event);

/// One session and the work that goes on for it.
pub struct Runner<P> {
    pub session: Session,
    pub rules: Rules,
    performer: P,
    sender: mpsc::UnboundedSender<Answer>,
    answers: mpsc::UnboundedReceiver<Answer>,
    works: HashMap<Work, (u64, AbortHandle)>,
    numbered: u64,
    /// Work that nobody may stop: what is on its way to disk, printer or portal.
    lasting: JoinSet<()>,
}

impl<P: Perform> Runner<P> {
    pub fn new(performer: P, rules: Rules) -> Self {
        let (sender, answers) = mpsc::unbounded_channel();
        Self {
            session: Session::new(now(), &rules),
            rules,
            performer,
            sender,
            answers,
            works: HashMap::new(),
            numbered: 0,
            lasting: JoinSet::new(),
        }
    }

    /// Feeds what comes by itself (health, cards) into the session until the stream ends.
    pub fn listen(&mut self, mut events: BoxStream<'static, Event>) {
        let sender = self.sender.clone();
        self.lasting.spawn(async move {
            while let Some(event) = events.next().await {
                if sender.send((None, event)).is_err() {
                    return;
                }
            }
        });
    }

    pub fn press(&mut self, press: Press) {
        self.happen(Event::Pressed(press));
    }

    /// One event, at once, and what follows from it.
    pub fn happen(&mut self, event: Event) {
        for effect in self.session.step(event, now(), &self.rules) {
            self.begin(effect);
        }
    }

    /// Takes what has come, waiting for it for `most` at most, and then lets the clock tick.
    pub async fn turn(&mut self, most: Duration) {
        if let Ok(Some(answer)) = tokio::time::timeout(most, self.answers.recv()).await {
            self.take(answer);
            while let Ok(answer) = self.answers.try_recv() {
                self.take(answer);
            }
        }
        while self.lasting.try_join_next().is_some() {}
        self.happen(Event::Ticked);
    }

    fn take(&mut self, (work, event): Answer) {
        let current = work.is_none_or(|(work, number)| {
            self.works.get(&work).is_some_and(|(now, _)| *now == number)
        });
        if current {
            self.happen(event);
        }
    }

    fn begin(&mut self, effect: Effect) {
        if let Effect::Stop(work) = effect {
            if let Some((_, task)) = self.works.remove(&work) {
                task.abort();
            }
            return;
        }
        self.numbered += 1;
        let tag = effect.work().map(|work| (work, self.numbered));
        let mut events = self.performer.perform(effect);
        let sender = self.sender.clone();
        let task = self.lasting.spawn(async move {
            while let Some(event) = events.next().await {
                if sender.send((tag, event)).is_err() {
                    return;
                }
            }
        });
        if let Some((work, number)) = tag
            && let Some((_, replaced)) = self.works.insert(work, (number, task))
        {
            replaced.abort();
        }
    }
}

impl<P> fmt::Debug for Runner<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// The present moment, for [`Session::step`].
pub fn now() -> Now {
    Now {
        instant: Instant::now(),
        wall: Timestamp::now(),
    }
}
