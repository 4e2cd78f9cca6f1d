use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn the_newest_value_wins() {
    let wanted = Wanted::new(1);
    wanted.change(|value| *value = 2);
    wanted.change(|value| *value = 3);
    assert_eq!(wanted.read().value, 3);
    assert!(!wanted.read().closed);
}

#[test]
fn a_change_since_the_last_look_ends_the_wait_at_once() {
    let wanted = Wanted::new(1);
    let known = wanted.read();
    wanted.change(|value| *value = 2);
    let start = Instant::now();
    wanted.wait(&known, LONG);
    assert!(start.elapsed() < LONG / 2);
}

#[test]
fn a_wait_ends_when_another_thread_closes_the_cell() {
    let wanted = Arc::new(Wanted::new(()));
    let known = wanted.read();
    let other = Arc::clone(&wanted);
    let closer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        other.close();
    });
    let start = Instant::now();
    wanted.wait(&known, LONG);
    wanted.wait_closed(LONG);
    assert!(wanted.is_closed() && start.elapsed() < LONG / 2);
    closer.join().expect("it ends");
}

#[test]
fn a_wait_without_a_change_lasts_as_long_as_its_limit() {
    let wanted = Wanted::new(());
    let limit = Duration::from_millis(30);
    let start = Instant::now();
    wanted.wait(&wanted.read(), limit);
    assert!(start.elapsed() >= limit);
    wanted.change(|()| ());
    let start = Instant::now();
    wanted.wait_closed(limit);
    assert!(
        start.elapsed() >= limit,
        "only closing ends a wait for the close"
    );
}
