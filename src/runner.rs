//! A session at work without a screen: steps the state machine, has its effects performed, and feeds the answers back.
//!
//! `rehearse` and the integration tests let it take its own turns ([`Runner::turn`]); the window, which has a loop of its
//! own, takes the answers away ([`Runner::answers`]) and gives each back when it comes ([`Runner::take`]).

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream, stream::BoxStream};
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
};

use session::{Effect, Event, Now, Press, Rules, Session, Work};

#[cfg(test)]
mod tests;

/// Carries effects out; every answer is an event. Dropping the stream ends the work.
pub trait Perform: Send + Sync {
    fn perform(&self, effect: Effect) -> BoxStream<'static, Event>;
}

/// What came of work: an event, and the work it answers with that work's number. Answers from cancelled work are
/// discarded.
#[derive(Debug)]
pub struct Answer {
    work: Option<(Work, u64)>,
    event: Event,
}

impl Answer {
    /// A printer's job has ended.
    pub fn is_print_ended(&self) -> bool {
        matches!(self.event, Event::PrintEnded(_))
    }
}

/// One session and the work that goes on for it.
pub struct Runner<P> {
    pub session: Session,
    pub rules: Rules,
    performer: P,
    sender: mpsc::UnboundedSender<Answer>,
    /// Gone once somebody else listens.
    answers: Option<mpsc::UnboundedReceiver<Answer>>,
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
            answers: Some(answers),
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
                if sender.send(Answer { work: None, event }).is_err() {
                    return;
                }
            }
        });
    }

    /// Who carries the effects out.
    pub fn performer(&self) -> &P {
        &self.performer
    }

    pub fn press(&mut self, press: Press) {
        self.happen(Event::Pressed(press));
    }

    /// One event, at once, and what follows from it.
    pub fn happen(&mut self, event: Event) {
        while self.lasting.try_join_next().is_some() {}
        for effect in self.session.step(event, now(), &self.rules) {
            self.begin(effect);
        }
    }

    /// Takes what has come, waiting for it for `most` at most, and then lets the clock tick.
    pub async fn turn(&mut self, most: Duration) {
        if let Some(answers) = &mut self.answers {
            let mut came = Vec::new();
            if let Ok(Some(answer)) = tokio::time::timeout(most, answers.recv()).await {
                came.push(answer);
                while let Ok(answer) = answers.try_recv() {
                    came.push(answer);
                }
            }
            came.into_iter().for_each(|answer| self.take(answer));
        }
        self.happen(Event::Ticked);
    }

    /// Gives the answers away, once: whoever has them feeds each to [`take`](Self::take), and
    /// [`turn`](Self::turn) only ticks from then on.
    pub fn answers(&mut self) -> BoxStream<'static, Answer> {
        let Some(answers) = self.answers.take() else {
            return stream::empty().boxed();
        };
        stream::unfold(answers, |mut answers| async move {
            Some((answers.recv().await?, answers))
        })
        .boxed()
    }

    /// Takes what came of work, unless that work was stopped meanwhile.
    pub fn take(&mut self, Answer { work, event }: Answer) {
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
                if sender.send(Answer { work: tag, event }).is_err() {
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
