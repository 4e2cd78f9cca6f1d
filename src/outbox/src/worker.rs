//! The worker sends what waits: order first, photo second, cards third, and retries until the portal acknowledges each
//! with its hash.
//!
//! Several requests are under way at once, never two of the same person. After repeated failures a circuit breaker stops
//! all requests for a while and then lets one probe through. A refused job is parked for staff with the portal's reason.

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

/// How the worker works. The defaults are for a booth in service.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How many requests may be under way at once.
    pub concurrency: u32,
    /// How often the store is polled without a wake-up, for changes by another process (the command line).
    pub poll: Duration,
    /// How often the store is tidied: erasure, emptying the WAL.
    pub tidy: Duration,
    /// Divides every wait between tries, for tests and rehearsals; 1 in a booth.
    pub speedup: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            concurrency: 4,
            poll: Duration::from_secs(5),
            tidy: Duration::from_secs(60),
            speedup: 1,
        }
    }
}

/// A running worker.
#[derive(Debug)]
pub struct WorkerHandle {
    outbox: Outbox,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
    fault: watch::Receiver<Option<String>>,
}

impl WorkerHandle {
    /// Retries everything that waits now, whatever the time of its next try. For staff who repaired the network.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn wake(&self) -> Result<(), Error> {
        self.outbox.make_all_due().await
    }

    /// Why nothing is being sent; `None` while the portal answers. For the health of the booth.
    pub fn fault(&self) -> watch::Receiver<Option<String>> {
        self.fault.clone()
    }

    /// Waits until no job waits any more; false when `within` is over first. Parked jobs do not count.
    pub async fn drained(&self, within: Duration) -> bool {
        let mut backlog = self.outbox.backlog();
        let wait = async {
            loop {
                if backlog.borrow_and_update().waiting == 0
                    && self.outbox.is_drained().await.unwrap_or(false)
                {
                    return true;
                }
                // The count follows the store with a little delay, so the store is polled even when it does not change.
                let _ = tokio::time::timeout(Duration::from_millis(50), backlog.changed()).await;
            }
        };
        tokio::time::timeout(within, wait).await.unwrap_or(false)
    }

    /// Stops the worker. Requests under way are aborted, and their jobs are sent again at the next start.
    pub async fn stop(self) {
        self.stop.notify_one();
        // The task ends within one request's time limit. A panic in it has been reported already.
        let _ = self.task.await;
    }
}

/// Starts the worker on the running tokio runtime.
pub fn spawn(outbox: Outbox, portal: Arc<dyn Portal>, policy: Policy) -> WorkerHandle {
    let stop = Arc::new(Notify::new());
    let (fault_sender, fault) = watch::channel(None);
    let worker = Worker {
        outbox: outbox.clone(),
        portal,
        policy,
        breaker: Breaker::default(),
        fault: fault_sender,
        under_way: JoinSet::new(),
        unrecorded: false,
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
    fault: watch::Sender<Option<String>>,
    under_way: JoinSet<(ClaimedJob, Sent)>,
    /// A result could not be written to the store, so its job still counts as running.
    unrecorded: bool,
}

/// The result of one job's request.
enum Sent {
    Answered(Message, Result<Answer, portal::Error>),
    /// Nothing was sent, because a newer revision of the same card waits.
    Stale,
    /// Nothing was sent, because the message could not be read from the store.
    Unreadable(Error),
}

impl Worker {
    async fn run(mut self, stop: Arc<Notify>) {
        let counting = tokio::spawn(count(self.outbox.clone()));
        let mut tidy = tokio::time::interval(self.policy.tidy);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wait = match self.send_due().await {
                Ok(wait) => wait,
                Err(error) => {
                    // The disk failed or another process blocked the store. Every job is still in the store.
                    self.fault.send_replace(Some(error.to_string()));
                    self.policy.poll
                }
            };
            tokio::select! {
                () = stop.notified() => break,
                Some(done) = self.under_way.join_next() => {
                    let recorded = match done {
                        Ok((job, sent)) => self.record(job, sent).await.map_err(|error| error.to_string()),
                        Err(panic) => {
                            self.breaker.probe_lost();
                            Err(panic.to_string())
                        }
                    };
                    if let Err(fault) = recorded {
                        self.unrecorded = true;
                        self.fault.send_replace(Some(fault));
                    }
                }
                () = self.outbox.0.work.notified() => {}
                _ = tidy.tick() => {
                    let tidied = self.outbox.tidy().await;
                    if let Err(error) = tidied.and(self.outbox.daily_check().await) {
                        self.fault.send_replace(Some(error.to_string()));
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
        counting.abort();
        self.under_way.shutdown().await;
    }

    /// Claims and sends as many jobs as may be under way. Returns how long to wait before the next look.
    async fn send_due(&mut self) -> Result<Duration, Error> {
        if self.unrecorded {
            if !self.under_way.is_empty() {
                return Ok(self.policy.poll);
            }
            let wait = self.policy.poll / self.policy.speedup.max(1);
            self.outbox.send_again(wait).await?;
            self.unrecorded = false;
        }
        let now = self.outbox.uptime();
        let under_way = u32::try_from(self.under_way.len()).unwrap_or(u32::MAX);
        let room = match self.breaker.gate(now) {
            Gate::Closed { until } => {
                let wait = u64::try_from(until.saturating_sub(now)).unwrap_or(0);
                return Ok(Duration::from_millis(wait).min(self.policy.poll));
            }
            Gate::Probe => u32::from(under_way == 0),
            Gate::Open => self.policy.concurrency.saturating_sub(under_way),
        };
        if room == 0 {
            return Ok(self.policy.poll);
        }
        let claimed = self.outbox.claim(room).await;
        self.unrecorded = claimed.is_err();
        let jobs = claimed?;
        if jobs.is_empty() {
            let due = self.outbox.next_due().await?;
            let wait = due.map_or(i64::MAX, |due| due.saturating_sub(self.outbox.uptime()));
            let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
            return Ok(wait.min(self.policy.poll));
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
        Ok(self.policy.poll)
    }

    /// Writes the result of a request to the store.
    async fn record(&mut self, job: ClaimedJob, sent: Sent) -> Result<(), Error> {
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

    /// Ends, parks or retries a job by the portal's answer.
    async fn answered(
        &mut self,
        job: &ClaimedJob,
        message: &Message,
        answer: Answer,
    ) -> Result<(), Error> {
        match answer {
            Answer::Stored(hash) if hash == message.body.sha256 => {
                self.portal_answered();
                self.outbox.complete(job).await
            }
            Answer::Conflict(Some(hash)) if hash == message.body.sha256 => {
                self.portal_answered();
                self.outbox.complete(job).await
            }
            Answer::Stored(_) | Answer::Conflict(_) => {
                self.portal_answered();
                let fault = Fault {
                    status: Some(409),
                    error: "the portal keeps another content under this name".to_owned(),
                };
                self.outbox.park(job, &fault).await
            }
            Answer::Refused { status, reason } => {
                self.portal_answered();
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

    /// Notes that the portal answered, well or badly.
    fn portal_answered(&mut self) {
        self.breaker.answered();
        self.fault.send_if_modified(|fault| fault.take().is_some());
    }

    /// Schedules the next try of a job that got no usable answer. `asked` is the portal's `Retry-After`.
    async fn failed(
        &mut self,
        job: &ClaimedJob,
        fault: Fault,
        asked: Option<Duration>,
    ) -> Result<(), Error> {
        let speedup = self.policy.speedup.max(1);
        let asked = asked.map(|asked| asked / speedup);
        let now = self.outbox.uptime();
        let chance = rand::random::<f64>() / f64::from(speedup);
        self.breaker.failed(now, chance, asked);
        self.fault.send_replace(Some(fault.error.clone()));
        let wait = self.wait(job.tries, asked);
        self.outbox.retry_later(job, &fault, wait).await
    }

    /// Milliseconds until a failed job is tried again, at least what the portal `asked` for.
    fn wait(&self, tries: u32, asked: Option<Duration>) -> i64 {
        let speedup = f64::from(self.policy.speedup.max(1));
        let wait = retry::delay(tries.saturating_add(1), rand::random::<f64>() / speedup);
        let wait = wait.max(asked.unwrap_or_default());
        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Counts the backlog after changes, a few times a second at most, so that counting never slows down the sending.
async fn count(outbox: Outbox) {
    const AT_MOST_EVERY: Duration = Duration::from_millis(200);
    const AT_LEAST_EVERY: Duration = Duration::from_secs(10);
    loop {
        let began = Instant::now();
        // After a failed count the last one stays published. The worker reports what is wrong with the store.
        let _ = outbox.count().await;
        tokio::time::sleep_until(began + AT_MOST_EVERY).await;
        let _ = tokio::time::timeout(AT_LEAST_EVERY, outbox.0.counted.notified()).await;
    }
}
