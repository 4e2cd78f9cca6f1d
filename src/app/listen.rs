//! What the window listens to: input, the live picture, and the signals that end the process.

use std::{hash::Hash, io, sync::Arc};

use futures::{Stream, stream};
use iced::{Event, Subscription, event, mouse, touch};
use tokio::sync::watch;

use super::Message;

/// The tokio runtime in which the booth was opened. The window's tasks run there too, so that there is only one.
pub(super) struct Shared(tokio::runtime::Handle);

impl iced::Executor for Shared {
    fn new() -> Result<Self, io::Error> {
        tokio::runtime::Handle::try_current()
            .map(Self)
            .map_err(io::Error::other)
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        drop(self.0.spawn(future));
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }

    fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = self.0.enter();
        work()
    }
}

/// Keys, touches that hit no button, and changes of the window's size.
pub(super) fn hands() -> Subscription<Message> {
    event::listen_with(|event, status, _| match event {
        Event::Keyboard(event) => Some(Message::Key(event)),
        Event::Window(iced::window::Event::Resized(size)) => Some(Message::Resized(size)),
        Event::Mouse(mouse::Event::ButtonPressed(_))
        | Event::Touch(touch::Event::FingerPressed { .. })
            if status == event::Status::Ignored =>
        {
            Some(Message::Touched)
        }
        _ => None,
    })
}

/// SIGTERM and SIGINT end the booth in the same way as closing its window.
pub(super) fn end() -> Subscription<Message> {
    Subscription::run(|| stream::once(told_to_end()))
}

async fn told_to_end() -> Message {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            Message::Leave
        }
        Err(error) => {
            tracing::warn!("signals cannot be listened to: {error}");
            Message::Done
        }
    }
}

/// The channel of the live picture. A booth has one, so its hash is a constant.
pub(super) struct Live(watch::Receiver<Option<Arc<camera::Frame>>>);

impl Hash for Live {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        "live picture".hash(state);
    }
}

/// Each new frame of the live picture. Frames that arrive while one is drawn are skipped, except the newest.
pub(super) fn preview(
    frames: watch::Receiver<Option<Arc<camera::Frame>>>,
) -> Subscription<Message> {
    Subscription::run_with(Live(frames), |Live(frames)| newest(frames.clone()))
}

fn newest(frames: watch::Receiver<Option<Arc<camera::Frame>>>) -> impl Stream<Item = Message> {
    stream::unfold(frames, |mut frames| async move {
        loop {
            frames.changed().await.ok()?;
            let frame = frames.borrow_and_update().clone();
            if let Some(frame) = frame {
                return Some((Message::Preview(frame), frames));
            }
        }
    })
}
