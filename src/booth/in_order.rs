//! A queue that runs futures one after the other, so that an outcome is written before what builds on it. A panic in
//! one future is reported, and the next one still runs.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// How long the health reports a panic: long enough for a screen that is updated twice a second.
const SHOWN: Duration = Duration::from_secs(3);

/// The handle of the queue. Dropping it cancels the work that is left.
#[derive(Debug)]
pub(super) struct InOrder {
    queue: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    panics: watch::Receiver<u32>,
    task: JoinHandle<()>,
}

impl InOrder {
    pub(super) fn start() -> Self {
        let (queue, work) = mpsc::unbounded_channel();
        let (shown, panics) = watch::channel(0);
        let task = tokio::spawn(run(work, shown));
        Self {
            queue,
            panics,
            task,
        }
    }

    /// The number of panics within the last 3 s.
    pub(super) fn panics(&self) -> watch::Receiver<u32> {
        self.panics.clone()
    }

    /// Queues `work` behind all earlier work. It runs even if the returned future is dropped; the future resolves to
    /// `None` if the work panicked.
    pub(super) fn add<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (answer, receiver) = oneshot::channel();
        let work = work.map(|done| drop(answer.send(done))).boxed();
        // Sending cannot fail: the task that receives lives as long as `self`.
        let _ = self.queue.send(work);
        receiver.map(Result::ok)
    }
}

impl Drop for InOrder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(mut work: mpsc::UnboundedReceiver<BoxFuture<'static, ()>>, shown: watch::Sender<u32>) {
    while let Some(work) = work.recv().await {
        // Unwind safety holds because each future owns what it changes, so the next one sees nothing half done.
        if AssertUnwindSafe(work).catch_unwind().await.is_ok() {
            continue;
        }
        tracing::error!("a piece of work that is done in order panicked");
        shown.send_modify(|panics| *panics += 1);
        let shown = shown.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SHOWN).await;
            shown.send_modify(|panics| *panics -= 1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_reported_and_the_next_work_still_runs() {
        let in_order = InOrder::start();
        let mut panics = in_order.panics();
        let lost = in_order.add(async { panic!("a row that nobody expected") });
        let next = in_order.add(async { 7 });
        assert_eq!((lost.await, next.await), (None::<()>, Some(7)));
        assert_eq!(*panics.borrow_and_update(), 1, "shown at once");
        let over = panics.wait_for(|panics| *panics == 0);
        let over = tokio::time::timeout(SHOWN * 2, over).await;
        assert!(
            over.is_ok_and(|over| over.is_ok()),
            "and over after a while"
        );
    }

    #[tokio::test]
    async fn work_runs_in_order_even_if_its_answers_are_dropped() {
        let in_order = InOrder::start();
        let (done, mut list) = mpsc::unbounded_channel();
        for number in 0..20 {
            let done = done.clone();
            // Dropping the answer does not cancel the work.
            drop(in_order.add(async move {
                tokio::task::yield_now().await;
                let _ = done.send(number);
            }));
        }
        in_order.add(async {}).await;
        let numbers: Vec<i32> = std::iter::from_fn(|| list.try_recv().ok()).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    }
}
