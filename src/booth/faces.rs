//! The face worker: a thread of its own that finds and judges faces, so that this work delays nothing else.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use camera::{Capture, Still};
use device::{Crash, Next, Supervisor, Wanted, Worker, publish};
use tokio::sync::{oneshot, watch};

use common::order::{PhotoCheck, Picture};
use portrait::{Assessment, Check, Coach, Crop, Finder, Level, Rules};
use session::{Adjust, Coaching, Shot};

/// The handle of the thread that owns the finder and the rules by which it judges. A panic in the thread is reported by
/// [`fault`](Self::fault), and the thread is started again with a new finder.
#[derive(Debug)]
pub(crate) struct FaceWorker {
    /// A short queue is enough, because each caller waits for its answer before it asks again.
    jobs: mpsc::SyncSender<Job>,
    /// Why the finder cannot judge eyes; `None` when it can.
    sees_no_eyes: Option<String>,
    fault: watch::Receiver<Option<&'static str>>,
    /// Ends the thread when it is dropped, and counts the restarts.
    #[cfg_attr(not(test), allow(dead_code))]
    supervisor: Supervisor,
}

type Job = Box<dyn FnOnce(&mut Finder, &Rules) + Send>;

const WAITING_JOBS: usize = 8;
/// How often the idle thread checks whether the booth has closed.
const IDLE_LOOK: Duration = Duration::from_millis(250);
/// The name of the fault, as the health has it, while a thread that panicked is started again.
pub(super) const CRASHED: &str = "crashed";

/// The state of one coaching: the hints given so far, and when it began.
#[derive(Debug)]
pub(crate) struct CoachingRun {
    coach: Coach,
    began: Instant,
}

impl CoachingRun {
    pub(crate) fn begin() -> Self {
        Self {
            coach: Coach::new(),
            began: Instant::now(),
        }
    }
}

impl FaceWorker {
    /// Starts the thread and waits for its first finder. The thread makes it itself, because a finder is not `Send`.
    pub(super) fn start(
        finder: impl FnMut() -> (Finder, Option<String>) + Send + 'static,
        rules: Rules,
    ) -> Self {
        let (jobs, queue) = mpsc::sync_channel::<Job>(WAITING_JOBS);
        let (made, first) = mpsc::channel();
        let (status, fault) = watch::channel(None);
        let wanted = Arc::new(Wanted::new(()));
        let looking = Looking {
            finder,
            rules,
            queue,
            made: Some(made),
            wanted: wanted.clone(),
            status,
        };
        let supervisor = Supervisor::start("faces", wanted, looking);
        let gone = || Some("the thread that looks for faces has ended".to_owned());
        let sees_no_eyes = first.recv().unwrap_or_else(|_| gone());
        Self {
            jobs,
            sees_no_eyes,
            fault,
            supervisor,
        }
    }

    /// The name of the thread's fault; `None` while it works.
    pub(super) fn fault(&self) -> watch::Receiver<Option<&'static str>> {
        self.fault.clone()
    }

    pub(super) fn sees_no_eyes(&self) -> Option<&str> {
        self.sees_no_eyes.as_deref()
    }

    /// Runs `work` on the thread. Returns `None` if the queue is full, the thread has ended, or the work panicked.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Finder, &Rules) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, receiver) = oneshot::channel();
        let job: Job = Box::new(move |finder, rules| {
            let _ = answer.send(work(finder, rules));
        });
        self.jobs.try_send(job).ok()?;
        receiver.await.ok()
    }

    /// Makes the finder forget the person it tracked. Returns without waiting for the thread.
    pub(crate) fn forget(&self) {
        // If the queue is full, a visit is going on, and its end calls this again.
        let _ = self.jobs.try_send(Box::new(|finder, _| finder.forget()));
    }

    /// Assesses one frame of the preview and continues the coaching. The inner value is `None` if the frame cannot be
    /// decoded, the outer one if the thread panicked.
    pub(crate) async fn coach(
        &self,
        capture: Arc<Capture>,
        mut run: CoachingRun,
    ) -> Option<(CoachingRun, Option<Coaching>)> {
        self.ask(move |finder, rules| {
            let picture = capture.still().ok().and_then(picture_of);
            let coaching = picture.map(|picture| {
                let look = finder.watch(&picture);
                let assessment = portrait::assess(&picture, &look, rules);
                let advice = run.coach.hear(&assessment, run.began.elapsed());
                Coaching {
                    hint: advice.hint.map(portrait::Hint::key),
                    ring: advice.ring,
                    ready: advice.ready,
                }
            });
            (run, coaching)
        })
        .await
    }

    /// Selects the best still of a burst and cuts the portrait. `None` if no still can be used.
    pub(crate) async fn shoot(&self, stills: Vec<Still>) -> Option<Shot> {
        self.ask(move |finder, rules| best(finder, rules, stills))
            .await?
    }

    /// Cuts the portrait of `shot` again with its adjustment.
    pub(crate) async fn cut(&self, shot: Arc<Shot>) -> Option<Picture> {
        self.ask(move |finder, rules| {
            let look = finder.study(&shot.still);
            let assessment = portrait::assess(&shot.still, &look, rules);
            let Adjust { right, up, closer } = shot.adjust;
            let moved = crop_of(&shot.still, &assessment, rules).adjusted(portrait::Adjust {
                right,
                up,
                closer,
            });
            portrait::cut(&shot.still, &moved.inside(&shot.still), &rules.layout)
        })
        .await
    }
}

/// The work of the thread.
struct Looking<F> {
    finder: F,
    rules: Rules,
    queue: mpsc::Receiver<Job>,
    /// Reports to [`FaceWorker::start`] that the first finder is made; `None` from then on.
    made: Option<mpsc::Sender<Option<String>>>,
    wanted: Arc<Wanted<()>>,
    status: watch::Sender<Option<&'static str>>,
}

impl<F: FnMut() -> (Finder, Option<String>) + Send + 'static> Worker for Looking<F> {
    fn run(&mut self) -> Next {
        let (mut finder, sees_no_eyes) = (self.finder)();
        if let Some(made) = self.made.take() {
            // Sending fails only when the booth is already closing.
            let _ = made.send(sees_no_eyes);
        }
        publish(&self.status, |fault| *fault = None);
        while !self.wanted.is_closed() {
            match self.queue.recv_timeout(IDLE_LOOK) {
                Ok(job) => job(&mut finder, &self.rules),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        Next::Done
    }

    fn crashed(&mut self, _crash: &Crash) {
        // Dropping the sender releases `FaceWorker::start`, which would otherwise wait for ever.
        self.made = None;
        publish(&self.status, |fault| *fault = Some(CRASHED));
    }
}

fn crop_of(picture: &Picture, assessment: &Assessment, rules: &Rules) -> Crop {
    assessment
        .crop
        .unwrap_or_else(|| Crop::whole(picture, &rules.layout))
}

/// The best still, cut. Open eyes count most, then the fewest findings that block, then the fewest failed findings;
/// among equals the sharpest wins.
fn best(finder: &mut Finder, rules: &Rules, stills: Vec<Still>) -> Option<Shot> {
    let mut best: Option<(Quality, Picture, Assessment)> = None;
    for picture in stills.into_iter().filter_map(picture_of) {
        let look = finder.study(&picture);
        let assessment = portrait::assess(&picture, &look, rules);
        let quality = Quality::of(&assessment);
        if best.as_ref().is_none_or(|(best, ..)| quality.beats(best)) {
            best = Some((quality, picture, assessment));
        }
    }
    let (_, still, assessment) = best?;
    let crop = crop_of(&still, &assessment, rules);
    let portrait = portrait::cut(&still, &crop.inside(&still), &rules.layout);
    let checks = assessment.findings.iter().map(|finding| PhotoCheck {
        check: finding.check.name().to_owned(),
        raw: finding.raw,
        score: finding.score,
        ok: finding.ok,
        hint: finding.hint.map(portrait::Hint::key),
    });
    Some(Shot {
        checks: checks.collect(),
        still: Arc::new(still),
        portrait: Arc::new(portrait),
        adjust: Adjust::default(),
        retakes: 0,
    })
}

/// The quality of a still, to compare it with others of its burst.
struct Quality {
    closed_eyes: bool,
    blocked: usize,
    failed: usize,
    sharpness: f32,
}

impl Quality {
    fn of(assessment: &Assessment) -> Self {
        let failed = |level: Level| {
            let findings = assessment.findings.iter();
            findings
                .filter(|finding| !finding.ok && finding.level >= level)
                .count()
        };
        let finding = |check| assessment.finding(check);
        Self {
            closed_eyes: finding(Check::EyesOpen).is_some_and(|finding| !finding.ok),
            blocked: failed(Level::Block),
            failed: failed(Level::Note),
            sharpness: finding(Check::Sharpness).map_or(0.0, |finding| finding.raw),
        }
    }

    fn beats(&self, other: &Self) -> bool {
        let faults = |quality: &Self| (quality.closed_eyes, quality.blocked, quality.failed);
        let (ours, theirs) = (faults(self), faults(other));
        ours < theirs || (ours == theirs && self.sharpness > other.sharpness)
    }
}

/// Converts the camera's still to the booth's picture without copying the pixels.
pub(crate) fn picture_of(mut still: Still) -> Option<Picture> {
    let rgb = std::mem::take(&mut *still.rgb);
    Picture::new(still.width, still.height, rgb)
}

#[cfg(test)]
mod tests;
