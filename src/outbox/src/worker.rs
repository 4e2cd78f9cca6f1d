//! Sends what waits: order first, photo second, cards third; again and again until the portal acknowledges each with
//! its hash.
//!
//! Several requests are under way at once, never two of the same person. A portal that does not answer is left alone
//! for a while (the breaker), then asked by one request. A refusal is parked for staff with the portal's reason.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
    time::{Instant, MissedTickBehavior},
};

use super::{
    Error, Outbox,
    jobs::{ClaimedJob, Fault},
};
use portal::{
    Answer, Message, Portal,
    retry::{self, Breaker, Gate},
};

/// How the worker works; the defaults are the booth's.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Requests under way at once.
    pub at_once: u32,
    /// How often the store is looked at without a call, for what another process (the command line) changed.
    pub look: Duration,
    /// How often the file is tidied: erasure, emptying the WAL.
    pub tidy: Duration,
    /// Shortens every wait by this factor, for tests and rehearsals; 1 in a booth.
    pub hurry: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            at_once: 4,
            look: Duration::from_secs(5),
            tidy: Duration::from_secs(60),
            hurry: 1,
        }
    }
}

/// The worker, at work until stopped.
#[derive(Debug)]
pub struct WorkerHandle {
    outbox: Outbox,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
    fault: watch::Receiver<Option<String>>,
}

impl WorkerHandle {
    /// Sends at once what waits, whatever the time of its next try; for staff who mended the network.
    pub async fn wake(&self) -> Result<(), Error> {
        self.outbox.hurry_all().await
    }

    /// Why nothing is being sent; `None` while all is well. For the health of the booth.
    pub fn fault(&self) -> watch::Receiver<Option<String>> {
        self.fault.clone()
    }

    /// Waits until nothing waits any more; false when the time is over first. What is parked does not count.
    pub async fn drained(&self, within: Duration) -> bool {
        let mut backlog = self.outbox.backlog();
        let wait = async {
            loop {
                if backlog.borrow_and_update().waiting == 0
                    && self.outbox.is_drained().await.unwrap_or(false)
                {
                    return true;
                }
                // the count follows the store with a little delay; look again even without news
                let _ = tokio::time::timeout(Duration::from_millis(50), backlog.changed()).await;
            }
        };
        tokio::time::timeout(within, wait).await.unwrap_or(false)
    }

    /// Ends the worker; requests under way are given up (their jobs are sent again at the next start).
    pub async fn stop(self) {
        self.stop.notify_one();
        // the task ends by itself within one request's time limit; a panic in it has been told already
        let _ = self.task.await;
    }
}

/// Starts the worker on the running tokio runtime.
pub fn spawn(outbox: Outbox, portal: Arc<dyn Portal>, policy: Policy) -> WorkerHandle {
    let stop = Arc::new(Notify::new());
    let (tell, fault) = watch::channel(None);
    let worker = Worker {
        outbox: outbox.clone(),
        portal,
        policy,
        breaker: Breaker::default(),
        tell,
        under_way: JoinSet::new(),
        unsettled: false,
    };
    let task = tokio::spawn(worker.run(Arc::clone(&stop)));
    WorkerHandle {
        outbox,
        stop,
        task,
        fault,
    }
}

struct Worker {
    outbox: Outbox,
    portal: Arc<dyn Portal>,
    policy: Policy,
    breaker: Breaker,
    tell: watch::Sender<Option<String>>,
    under_way: JoinSet<(ClaimedJob, Sent)>,
    /// What became of a request could not be written down: its job still counts as running.
    unsettled: bool,
}

/// What became of one job's request.
enum Sent {
    Answered(Message, Result<Answer, portal::Error>),
    /// A newer row of the same card is on its way.
    Stale,
    /// The store could not give the message.
    Unreadable(Error),
}

impl Worker {
    async fn run(mut self, stop: Arc<Notify>) {
        let counting = tokio::spawn(count(self.outbox.clone()));
        let mut tidy = tokio::time::interval(self.policy.tidy);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wait = match self.fill().await {
                Ok(wait) => wait,
                Err(error) => {
                    // the disk, or another process in the way: everything is still in the store
                    self.tell.send_replace(Some(error.to_string()));
                    self.policy.look
                }
            };
            tokio::select! {
                () = stop.notified() => break,
                Some(done) = self.under_way.join_next() => {
                    let settled = match done {
                        Ok((job, sent)) => self.settle(job, sent).await.map_err(|error| error.to_string()),
                        Err(panic) => {
                            self.breaker.probe_lost();
                            Err(panic.to_string())
                        }
                    };
                    if let Err(fault) = settled {
                        self.unsettled = true;
                        self.tell.send_replace(Some(fault));
                    }
                }
                () = self.outbox.0.work.notified() => {}
                _ = tidy.tick() => {
                    let tidied = self.outbox.tidy().await;
                    if let Err(error) = tidied.and(self.outbox.daily_check().await) {
                        self.tell.send_replace(Some(error.to_string()));
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
        counting.abort();
        self.under_way.shutdown().await;
    }

    /// Claims and sends as much as may be under way; answers how long to wait for more.
    async fn fill(&mut self) -> Result<Duration, Error> {
        if self.unsettled {
            if !self.under_way.is_empty() {
                return Ok(self.policy.look);
            }
            let wait = self.policy.look / self.policy.hurry.max(1);
            self.outbox.send_again(wait).await?;
            self.unsettled = false;
        }
        let now = self.outbox.uptime();
        let under_way = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        let room = match self.breaker.gate(now) {
            Gate::Closed { until } => {
                let wait = u64::try_from(until.saturating_sub(now)).unwrap_or(0);
                return Ok(Duration::from_millis(wait).min(self.policy.look));
            }
            Gate::Probe => u32::from(under_way == 0),
            Gate::Open => self.policy.at_once.saturating_sub(under_way),
        };
        if room == 0 {
            return Ok(self.policy.look);
        }
        let claimed = self.outbox.claim(room).await;
        self.unsettled = claimed.is_err();
        let jobs = claimed?;
        if jobs.is_empty() {
            let due = self.outbox.next_due().await?;
            let wait = due.map_or(i64::MAX, |due| due.saturating_sub(self.outbox.uptime()));
            let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
            return Ok(wait.min(self.policy.look));
        }
        if self.breaker.gate(now) == Gate::Probe {
            self.breaker.probe_sent();
        }
        for job in jobs {
            let (outbox, portal) = (self.outbox.clone(), Arc::clone(&self.portal));
            self.under_way.spawn(async move {
                let sent = match outbox.message(&job).await {
                    Ok(Some(message)) => {
                        let answer = portal.send(&message).await;
                        Sent::Answered(message, answer)
                    }
                    Ok(None) => Sent::Stale,
                    Err(error) => Sent::Unreadable(error),
                };
                (job, sent)
            });
        }
        Ok(self.policy.look)
    }

    async fn settle(&mut self, job: ClaimedJob, sent: Sent) -> Result<(), Error> {
        let (message, answer) = match sent {
            Sent::Answered(message, answer) => (message, answer),
            Sent::Stale => {
                self.breaker.probe_lost();
                return self.outbox.discard(&job).await;
            }
            Sent::Unreadable(
                error @ (Error::Sealed(_) | Error::Store(store::Error::Damaged(_))),
            ) => {
                let fault = Fault {
                    status: None,
                    error: error.to_string(),
                };
                self.breaker.probe_lost();
                return self.outbox.park(&job, &fault).await;
            }
            Sent::Unreadable(error) => {
                self.breaker.probe_lost();
                let fault = Fault {
                    status: None,
                    error: error.to_string(),
                };
                self.outbox
                    .retry_later(&job, &fault, self.wait(job.tries, None))
                    .await?;
                return Err(error);
            }
        };
        match answer {
            Ok(answer) => self.answered(&job, &message, answer).await,
            Err(error) => {
                let fault = Fault {
                    status: match &error {
                        portal::Error::Status { status, .. } => Some(*status),
                        _ => None,
                    },
                    error: error.to_string(),
                };
                self.failed(&job, fault, None).await
            }
        }
    }

    async fn answered(
        &mut self,
        job: &ClaimedJob,
        message: &Message,
        answer: Answer,
    ) -> Result<(), Error> {
        match answer {
            Answer::Stored(hash) if hash == message.body.sha256 => {
                self.there();
                self.outbox.complete(job).await
            }
            Answer::Conflict(Some(hash)) if hash == message.body.sha256 => {
                self.there();
                self.outbox.complete(job).await
            }
            Answer::Stored(_) | Answer::Conflict(_) => {
                self.there();
                let fault = Fault {
                    status: Some(409),
                    error: "the portal keeps another content under this name".to_owned(),
                };
                self.outbox.park(job, &fault).await
            }
            Answer::Refused { status, reason } => {
                self.there();
                let fault = Fault {
                    status: Some(status),
                    error: format!("{status} {reason}"),
                };
                self.outbox.park(job, &fault).await
            }
            Answer::Unauthorised => {
                let fault = Fault {
                    status: Some(401),
                    error: "the portal does not know this booth; check its key or certificate"
                        .to_owned(),
                };
                self.failed(job, fault, None).await
            }
            Answer::Later { status, after } => {
                let fault = Fault {
                    status: Some(status),
                    error: format!("the portal answered {status}"),
                };
                self.failed(job, fault, after).await
            }
        }
    }

    /// The portal is there and answers.
    fn there(&mut self) {
        self.breaker.answered();
        self.tell.send_if_modified(|fault| fault.take().is_some());
    }

    async fn failed(
        &mut self,
        job: &ClaimedJob,
        fault: Fault,
        asked: Option<Duration>,
    ) -> Result<(), Error> {
        let hurry = self.policy.hurry.max(1);
        let asked = asked.map(|asked| asked / hurry);
        let now = self.outbox.uptime();
        let chance = rand::random::<f64>() / f64::from(hurry);
        self.breaker.failed(now, chance, asked);
        self.tell.send_replace(Some(fault.error.clone()));
        let wait = self.wait(job.tries, asked);
        self.outbox.retry_later(job, &fault, wait).await
    }

    /// Milliseconds until a job that failed is tried again; `asked` (by the portal) is the least.
    fn wait(&self, tries: u32, asked: Option<Duration>) -> i64 {
        let hurry = f64::from(self.policy.hurry.max(1));
        let wait = retry::delay(tries.saturating_add(1), rand::random::<f64>() / hurry);
        let wait = wait.max(asked.unwrap_or_default());
        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Keeps the backlog's count up to date, a few times a second at most however much happens.
async fn count(outbox: Outbox) {
    const AT_MOST_EVERY: Duration = Duration::from_millis(200);
    const AT_LEAST_EVERY: Duration = Duration::from_secs(10);
    loop {
        let began = Instant::now();
        // a failed count leaves the last one standing; the worker tells what is wrong with the store
        let _ = outbox.count().await;
        tokio::time::sleep_until(began + AT_MOST_EVERY).await;
        let _ = tokio::time::timeout(AT_LEAST_EVERY, outbox.0.counted.notified()).await;
    }
}
