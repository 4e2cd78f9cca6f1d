//! Waiting for a status or a card, with a limit.

use std::time::{Duration, Instant};

use card_reader::{Card, Fault, Handle, Phase, Selector, Status};
use device::Fault as _;

/// Far above every limit of the driver: reached only when what is waited for never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const TICK: Duration = Duration::from_millis(2);

/// Waits until `done` returns something.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = done() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(TICK);
    }
}

#[track_caller]
pub(crate) fn until_status(handle: &Handle, what: &str, fits: impl Fn(&Status) -> bool) -> Status {
    let status = handle.status();
    until(&format!("{what}; it is {:?}", &*status.borrow()), || {
        let now = status.borrow().clone();
        fits(&now).then_some(now)
    })
}

#[track_caller]
pub(crate) fn until_reading(handle: &Handle) -> Status {
    until_status(handle, "a reading reader", |status| {
        status.phase == Phase::Reading && status.is_ready()
    })
}

#[track_caller]
pub(crate) fn until_fault(handle: &Handle, fault: Fault) -> Status {
    until_status(handle, fault.name(), |status| status.fault == Some(fault))
}

#[track_caller]
pub(crate) fn until_card(handle: &Handle, uid: &[u8]) -> Card {
    let cards = handle.cards();
    until("a card", || {
        cards.borrow().clone().filter(|card| *card.uid == uid)
    })
}

#[track_caller]
pub(crate) fn until_no_card(handle: &Handle) {
    let cards = handle.cards();
    until("no card", || cards.borrow().is_none().then_some(()));
}

/// Waits until so many more looks at the field have ended.
#[track_caller]
pub(crate) fn looks(handle: &Handle, count: u64) {
    let status = handle.status();
    let before = status.borrow().counters.polls;
    until("looks at the field", || {
        (status.borrow().counters.polls >= before + count).then_some(())
    });
}

/// A virtual reader in use.
pub(crate) fn reading() -> (Handle, card_reader::Control) {
    let (selector, control) = card_reader::virtual_reader();
    let handle = card_reader::open(&selector);
    until_reading(&handle);
    (handle, control)
}

/// The reader at this path, as a site would configure it.
pub(crate) fn at(path: &std::path::Path) -> Selector {
    format!("pn532:{}", path.display()).parse().unwrap()
}

/// Runs a story for each case at the same time: most of each is waiting.
pub(crate) fn side_by_side<C: Send + std::fmt::Debug>(
    cases: impl IntoIterator<Item = C>,
    story: impl Fn(C) + Sync,
) {
    let story = &story;
    std::thread::scope(|scope| {
        let running: Vec<_> = cases
            .into_iter()
            .map(|case| (format!("{case:?}"), scope.spawn(move || story(case))))
            .collect();
        for (case, thread) in running {
            assert!(thread.join().is_ok(), "failed in case {case}");
        }
    });
}
