//! Runs a session without a screen: steps the state machine, has its effects performed, and feeds the answers back.
//!
//! `rehearse` and the integration tests call [`Runner::turn`] in a loop. The window has an event loop of its own: it
//! takes the stream of answers ([`Runner::answers`]) and passes each one back ([`Runner::take`]).

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

/// Performs effects. Every answer to an effect is an event; dropping the stream cancels the work.
pub trait Perform: Send + Sync {
    fn perform(&self, effect: Effect) -> BoxStream<'static, Event>;
}

/// The answer to an effect: an event, and the work that it belongs to with the number of that run. Answers from
/// cancelled work are discarded by that number.
#[derive(Debug)]
pub struct Answer {
    work: Option<(Work, u64)>,
    event: Event,
}

impl Answer {
    /// Whether this answer says that the printer's job has ended.
    pub fn is_print_ended(&self) -> bool {
        matches!(self.event, Event::PrintEnded(_))
    }
}

/// One session and the work that runs for it.
pub struct Runner<P> {
    pub session: Session,
    pub rules: Rules,
    performer: P,
    sender: mpsc::UnboundedSender<Answer>,
    /// `None` once [`Runner::answers`] has given the stream away.
    answers: Option<mpsc::UnboundedReceiver<Answer>>,
    works: HashMap<Work, (u64, AbortHandle)>,
    numbered: u64,
    /// All tasks. The session cannot cancel those without an entry in `works`: they write to disk, printer or portal.
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

    /// Feeds events that no effect asked for (health, cards on the reader) into the session until the stream ends.
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

    /// The performer of the effects.
    pub fn performer(&self) -> &P {
        &self.performer
    }

    pub fn press(&mut self, press: Press) {
        self.happen(Event::Pressed(press));
    }

    /// Steps the session with one event and starts the effects that follow.
    pub fn happen(&mut self, event: Event) {
        while self.lasting.try_join_next().is_some() {}
        for effect in self.session.step(event, now(), &self.rules) {
            self.begin(effect);
        }
    }

    /// Waits up to `most` for answers, takes all that have arrived, and then steps the session with a tick of the
    /// clock.
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

    /// The stream of answers; a second call returns an empty one. The caller passes each answer to
    /// [`take`](Self::take), and [`turn`](Self::turn) only ticks from then on.
    pub fn answers(&mut self) -> BoxStream<'static, Answer> {
        let Some(answers) = self.answers.take() else {
            return stream::empty().boxed();
        };
        stream::unfold(answers, |mut answers| async move {
            Some((answers.recv().await?, answers))
        })
        .boxed()
    }

    /// Steps the session with an answer, unless its work was cancelled or replaced meanwhile.
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

/// The current time on both clocks, for [`Session::step`].
pub fn now() -> Now {
    Now {
        instant: Instant::now(),
        wall: Timestamp::now(),
    }
}
