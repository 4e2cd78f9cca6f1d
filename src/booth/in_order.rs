//! Work that is done one piece after the other: an outcome is written before what builds on it. A panic in one piece is
//! shown, and the next piece is done all the same.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

/// How long a panic is shown by the booth's health; whoever looks twice a second sees it.
const SHOWN: Duration = Duration::from_secs(3);

/// The queue of the work.
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

    /// How many panics of the last seconds there were; 0 when all is well.
    pub(super) fn panics(&self) -> watch::Receiver<u32> {
        self.panics.clone()
    }

    /// Does `work` after everything that was given before, whether or not anybody waits for the answer. The answer is
    /// `None` when the work panicked.
    pub(super) fn add<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (answer, receiver) = oneshot::channel();
        let work = work.map(|done| drop(answer.send(done))).boxed();
        // The task that takes from the queue lives as long as the booth.
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
        // A piece of work owns what it changes, so nothing half done is seen by the next one.
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
    async fn a_panic_is_shown_and_what_comes_after_it_is_done() {
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
    async fn work_is_done_in_its_order_whoever_waits() {
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
