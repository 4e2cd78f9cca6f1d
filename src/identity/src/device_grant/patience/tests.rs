use super::*;

const BAD: Answer = Answer::Bad { retry_after: None };

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Replays answers. Returns the second of each next poll and how the sign-in ends.
fn times(
    interval: u64,
    life: u64,
    answers: impl IntoIterator<Item = Answer>,
) -> (Vec<u64>, Option<Failure>) {
    let start = Instant::now();
    let mut patience = Patience::new(seconds(interval), start + seconds(life));
    let (mut now, mut asked) = (start, Vec::new());
    for answer in answers {
        match patience.after(answer, now) {
            Next::AskIn(pause) => {
                now += pause;
                asked.push((now - start).as_secs());
            }
            Next::GiveUpIn(pause, failure) => {
                now += pause;
                assert!(
                    now <= start + seconds(life).max(LONGEST_BAD),
                    "gave up too late"
                );
                return (asked, Some(failure));
            }
        }
    }
    (asked, None)
}

#[test]
fn pending_keeps_the_interval_until_the_code_expires() {
    let (asked, end) = times(5, 18, [Answer::Pending; 9]);
    assert_eq!((asked, end), (vec![5, 10, 15], Some(Failure::Expired)));
}

#[test]
fn slow_down_adds_five_seconds_permanently() {
    let (asked, _) = times(
        5,
        180,
        [
            Answer::Pending,
            Answer::SlowDown,
            Answer::Pending,
            Answer::SlowDown,
            Answer::Pending,
        ],
    );
    assert_eq!(asked, [5, 15, 25, 40, 55]);
}

#[test]
fn bad_answers_double_the_pause_and_a_good_one_resets_it() {
    let (asked, end) = times(5, 180, [BAD, BAD, Answer::Pending, BAD, Answer::Pending]);
    assert_eq!((asked, end), (vec![10, 30, 35, 45, 50], None));
}

#[test]
fn the_booth_gives_up_after_only_bad_answers() {
    let (asked, end) = times(5, 180, [BAD; 9]);
    assert_eq!((asked, end), (vec![10, 30, 50], Some(Failure::Unreachable)));
}

#[test]
fn the_provider_may_ask_for_a_longer_pause() {
    let wait = Answer::Bad {
        retry_after: Some(seconds(30)),
    };
    assert_eq!(times(5, 180, [wait]).0, [30]);
    let forever = Answer::Bad {
        retry_after: Some(Duration::MAX),
    };
    assert_eq!(
        times(5, 180, [forever]),
        (vec![], Some(Failure::Unreachable))
    );
}
