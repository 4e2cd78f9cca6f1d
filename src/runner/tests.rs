use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::{StreamExt, stream};

use super::*;
use common::{
    health::{Condition, Health, Part},
    order::Private,
    sign_in::Code,
};
use session::{
    State,
    sign_in::{self, Progress},
};

/// A performer whose sign-in shows a code and then waits for ever. It counts the sign-ins that wait.
struct Patient(Arc<AtomicUsize>);

struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Perform for Patient {
    fn perform(&self, effect: Effect) -> BoxStream<'static, Event> {
        if !matches!(effect, Effect::BeginSignIn) {
            return stream::empty().boxed();
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        let waiting = Waiting(self.0.clone());
        let shown = Instant::now();
        let code = Code {
            scan: Private::from("https://id.example.org/"),
            address: "https://id.example.org/".into(),
            user_code: Private::from("AAAA-BBBB"),
            shown,
            expires: shown + Duration::from_secs(180),
        };
        let first = stream::once(async move { Event::SignIn(Progress::CodeReady(code)) });
        first
            .chain(stream::pending().map(move |event: Event| {
                let _ = &waiting;
                event
            }))
            .boxed()
    }
}

fn rules() -> Rules {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config");
    let config = crate::config::load(&root.join("umu"), Some(&root.join("test-mode.toml")));
    config.unwrap().rules()
}

fn ready() -> Event {
    let mut health = Health::default();
    Part::ALL
        .into_iter()
        .for_each(|part| health.set(part, Condition::Ready));
    Event::HealthChanged(Box::new(health))
}

#[tokio::test]
async fn leaving_the_sign_in_ends_its_polling_and_discards_late_answers() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let mut runner = Runner::new(Patient(waiting.clone()), rules());
    runner.happen(Event::OpenAttemptsFound(vec![]));
    runner.happen(ready());
    runner.press(Press::Start);
    // The answer is in the queue when the visitor leaves and the next one starts.
    tokio::time::sleep(Duration::from_millis(20)).await;
    runner.press(Press::Cancel);
    assert!(matches!(runner.session.state, State::Attract));
    runner.press(Press::Start);
    let mut answers = runner.answers();
    let stale = answers.next().await.expect("the first answer came");
    runner.take(stale);
    let State::SignIn(sign_in::State::ShowCode { code, .. }) = &runner.session.state else {
        panic!()
    };
    assert!(
        code.is_none(),
        "the next visitor does not see the last one's code"
    );
    let fresh = answers.next().await.expect("the second answer comes");
    runner.take(fresh);
    let State::SignIn(sign_in::State::ShowCode { code, .. }) = &runner.session.state else {
        panic!()
    };
    assert!(code.is_some());
    assert_eq!(
        waiting.load(Ordering::SeqCst),
        1,
        "one sign-in waits, not two"
    );
    runner.press(Press::Cancel);
    tokio::time::timeout(Duration::from_secs(5), async {
        while waiting.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("polling ends when the phase is left");
}
