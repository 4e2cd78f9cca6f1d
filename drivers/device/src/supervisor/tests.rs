use std::sync::atomic::AtomicBool;

use super::*;

/// Far above every limit in here: reached only when what is waited for never comes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Searching,
    Ready,
    Crashed,
}

/// What the worker of these tests does at each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Work,
    Panic,
    PanicOnce,
}

struct Scripted {
    wanted: Arc<Wanted<Behaviour>>,
    status: watch::Sender<Status>,
    dropped: Arc<AtomicBool>,
}

impl Worker for Scripted {
    fn run(&mut self) -> Next {
        loop {
            let wanted = self.wanted.read();
            if wanted.closed {
                return Next::Done;
            }
            match wanted.value {
                Behaviour::Work => {}
                Behaviour::PanicOnce => {
                    self.wanted.change(|value| *value = Behaviour::Work);
                    panic!("this panic is part of a test");
                }
                Behaviour::Panic => panic!("this panic is part of a test"),
            }
            publish(&self.status, |status| *status = Status::Ready);
            self.wanted.wait(&wanted, PATIENCE);
        }
    }

    fn crashed(&mut self, crash: &Crash) {
        assert_eq!(crash.message, "this panic is part of a test");
        publish(&self.status, |status| *status = Status::Crashed);
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

fn start(
    behaviour: Behaviour,
) -> (
    Supervisor,
    Arc<Wanted<Behaviour>>,
    watch::Receiver<Status>,
    Arc<AtomicBool>,
) {
    let wanted = Arc::new(Wanted::new(behaviour));
    let (sender, status) = watch::channel(Status::Searching);
    let dropped = Arc::new(AtomicBool::new(false));
    let worker = Scripted {
        wanted: Arc::clone(&wanted),
        status: sender,
        dropped: Arc::clone(&dropped),
    };
    let supervisor = Supervisor::start("scripted", Arc::clone(&wanted), worker);
    (supervisor, wanted, status, dropped)
}

#[track_caller]
fn within(limit: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < limit, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn after_a_single_panic_the_fault_shows_within_two_seconds_and_the_worker_runs_within_five() {
    let (supervisor, wanted, status, _) = start(Behaviour::Work);
    within(PATIENCE, "the first run", || {
        *status.borrow() == Status::Ready
    });
    wanted.change(|value| *value = Behaviour::PanicOnce);
    within(Duration::from_secs(2), "the fault", || {
        *status.borrow() == Status::Crashed
    });
    within(Duration::from_secs(5), "the restart", || {
        *status.borrow() == Status::Ready
    });
    assert_eq!(supervisor.restarts(), 1);
}

#[test]
fn a_worker_that_always_panics_does_not_spin() {
    let (supervisor, _, status, _) = start(Behaviour::Panic);
    thread::sleep(Duration::from_millis(3800));
    // after 0.5 s and 1.5 s; the third would be after 3.5 s and the fourth after 7.5 s
    let restarts = supervisor.restarts();
    assert!((2..=3).contains(&restarts), "{restarts} restarts");
    assert_eq!(*status.borrow(), Status::Crashed);
}

#[test]
fn dropping_the_supervisor_ends_a_thread_that_works_and_one_that_waits_after_a_panic() {
    for behaviour in [Behaviour::Work, Behaviour::Panic] {
        let (supervisor, _, status, dropped) = start(behaviour);
        within(PATIENCE, "the first run", || {
            *status.borrow() != Status::Searching
        });
        drop(supervisor);
        within(Duration::from_secs(1), "the end of the thread", || {
            dropped.load(Ordering::SeqCst)
        });
    }
}

#[test]
fn closing_waits_for_the_end_of_the_thread() {
    let (supervisor, _, _, dropped) = start(Behaviour::Work);
    assert!(supervisor.close(PATIENCE));
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn a_panic_while_the_fault_is_published_does_not_end_the_thread() {
    struct Twice {
        runs: watch::Sender<u32>,
    }
    impl Worker for Twice {
        fn run(&mut self) -> Next {
            publish(&self.runs, |runs| *runs += 1);
            panic!("this panic is part of a test");
        }
        fn crashed(&mut self, _: &Crash) {
            panic!("and this one, too");
        }
    }
    let (sender, runs) = watch::channel(0);
    let _supervisor = Supervisor::start("twice", Arc::new(Wanted::new(())), Twice { runs: sender });
    within(Duration::from_secs(5), "a second run", || {
        *runs.borrow() >= 2
    });
}

#[test]
fn a_wait_doubles_while_panics_follow_each_other_and_starts_again_after_a_calm_minute() {
    let mut backoff = Backoff::default();
    let start = Instant::now();
    let mut after = |seconds: u64| {
        let crash = backoff.next(start + Duration::from_secs(seconds), String::new());
        crash.backoff.as_millis()
    };
    let waits: Vec<u128> = [0, 1, 2, 4, 8, 16].map(&mut after).to_vec();
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 8000]);
    assert_eq!(after(16 + 60), 500);
}

#[test]
fn a_status_that_stays_the_same_wakes_nobody() {
    let (sender, receiver) = watch::channel(1);
    assert!(!publish(&sender, |value| *value = 1));
    assert!(!receiver.has_changed().expect("the sender is here"));
    assert!(publish(&sender, |value| *value = 2));
    assert!(receiver.has_changed().expect("the sender is here"));
}
