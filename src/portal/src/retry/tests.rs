use std::time::{Duration, UNIX_EPOCH};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_wait_doubles_up_to_ten_minutes_and_is_spread_over_all_of_it() {
    for (tries, most) in [
        (0, 2),
        (1, 2),
        (2, 4),
        (3, 8),
        (9, 512),
        (10, 600),
        (u32::MAX, 600),
    ] {
        assert_eq!(delay(tries, 1.0), SECOND * most, "{tries}");
        assert_eq!(delay(tries, 0.5), SECOND * most / 2, "{tries}");
        assert_eq!(delay(tries, 0.0), Duration::ZERO, "{tries}");
    }
    // A chance outside 0..1 is clamped.
    assert_eq!(delay(1, 7.0), SECOND * 2);
    assert_eq!(delay(1, -1.0), Duration::ZERO);
}

#[test]
fn both_forms_of_retry_after_are_understood() {
    // 2026-11-25 08:00:00 UTC
    let now = UNIX_EPOCH + SECOND * 1_795_593_600;
    let date = |ahead: u32| httpdate::fmt_http_date(now + SECOND * ahead);
    for (value, server, expected) in [
        ("120", None, Some(120)),
        (" 0 ", None, Some(0)),
        ("99999999999999999999999", None, Some(24 * 3600)),
        ("-5", None, None),
        ("soon", None, None),
        ("", None, None),
        ("1.5", None, None),
        (date(90).as_str(), None, Some(90)),
        // the server's clock is an hour ahead of the booth's
        (date(3690).as_str(), Some(date(3600)), Some(90)),
        // a date that is past: at once
        (date(0).as_str(), Some(date(60)), Some(0)),
        (date(90).as_str(), Some("no date".to_owned()), Some(90)),
        ("Wed, 21 Oct 2099 07:28:00 GMT", None, Some(24 * 3600)),
    ] {
        let asked = retry_after(value, server.as_deref(), now);
        assert_eq!(
            asked,
            expected.map(Duration::from_secs),
            "{value:?} {server:?}"
        );
    }
}

#[test]
fn a_portal_that_is_down_gets_no_requests_and_then_one_probe() {
    let mut breaker = Breaker::default();
    for failure in 1..Breaker::TRIPS {
        breaker.failed(0, 1.0, None);
        assert_eq!(breaker.gate(0), Gate::Open, "after {failure}");
    }
    breaker.failed(0, 1.0, None);
    let Gate::Closed { until } = breaker.gate(0) else {
        panic!("still open after {} failures", Breaker::TRIPS);
    };
    assert!(until > 0);
    assert_eq!(breaker.gate(until), Gate::Probe);
    breaker.probe_sent();
    assert_eq!(breaker.gate(until), Gate::Closed { until: i64::MAX });
    // After a failed probe nothing is sent for longer than before.
    breaker.failed(until, 1.0, None);
    let Gate::Closed { until: later } = breaker.gate(until) else {
        panic!("open after a probe that failed");
    };
    assert!(later - until > until);
    assert_eq!(breaker.gate(later), Gate::Probe);
    breaker.probe_sent();
    breaker.answered();
    assert_eq!(breaker.gate(later), Gate::Open);
}

#[test]
fn what_the_portal_asks_for_holds_from_the_first_failure() {
    let mut breaker = Breaker::default();
    breaker.failed(1000, 0.0, Some(SECOND * 30));
    assert_eq!(breaker.gate(1000), Gate::Closed { until: 31_000 });
    // another answer that asks for less does not shorten it
    breaker.failed(2000, 0.0, Some(SECOND));
    assert_eq!(breaker.gate(30_999), Gate::Closed { until: 31_000 });
    assert_eq!(breaker.gate(31_000), Gate::Open);
}
