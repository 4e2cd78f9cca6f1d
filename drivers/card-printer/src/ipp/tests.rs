use device::Fault as _;

use super::*;
use crate::card::Options;
use crate::card_image::CardImage;

#[test]
fn a_queues_address_is_where_it_listens() {
    let check = |text: &str, expect: Address| {
        assert_eq!(Queue::parse(text).unwrap().address(), expect, "{text}");
    };
    check(
        "//127.0.0.1:16310/printers/card",
        Address::Tcp("127.0.0.1:16310".to_owned()),
    );
    check(
        "//127.0.0.1/printers/card",
        Address::Tcp("127.0.0.1:631".to_owned()),
    );
    check(
        "//[::1]/printers/card",
        Address::Tcp("[::1]:631".to_owned()),
    );
    check(
        "//[::1]:99/printers/card",
        Address::Tcp("[::1]:99".to_owned()),
    );
}

/// A group with these attributes, through the real encoding.
fn group(attributes: &[(&str, u8, &[u8])]) -> Group {
    let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 1, 4];
    for (name, tag, value) in attributes {
        bytes.push(*tag);
        bytes.extend((name.len() as u16).to_be_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((value.len() as u16).to_be_bytes());
        bytes.extend(*value);
    }
    bytes.push(3);
    Answer::parse(&bytes).unwrap().printer
}

const KEYWORD: u8 = 0x44;
const NUMBER: u8 = 0x23;
const FLAG: u8 = 0x22;

#[test]
fn what_a_queue_says_becomes_faults() {
    let check = |reasons: &[&str], expect: &[Fault]| {
        let attributes: Vec<(&str, u8, &[u8])> = reasons
            .iter()
            .enumerate()
            .map(|(index, reason)| {
                let name = if index == 0 {
                    "printer-state-reasons"
                } else {
                    ""
                };
                (name, KEYWORD, reason.as_bytes())
            })
            .collect();
        assert_eq!(faults(&group(&attributes)), expect, "{reasons:?}");
    };
    check(&["none"], &[]);
    check(&["media-empty"], &[Fault::NoCards]);
    check(&["media-empty-warning"], &[Fault::NoCards]);
    check(&["media-needed-error"], &[Fault::NoCards]);
    check(&["marker-supply-low-report"], &[Fault::RibbonLow]);
    check(&["toner-empty-error"], &[Fault::RibbonOut]);
    check(&["marker-supply-missing-error"], &[Fault::RibbonMissing]);
    check(
        &["door-open-report", "cover-open-error"],
        &[Fault::CoverOpen],
    );
    check(
        &["media-jam-error", "output-area-full-warning"],
        &[Fault::CardJam, Fault::HopperFull],
    );
    check(&["offline-report"], &[Fault::Unplugged]);
    check(&["timed-out"], &[Fault::NotAnswering]);
    check(
        &[
            "connecting-to-device",
            "media-low-report",
            "cups-waiting-for-job-completed",
            "com.vendor-chat-report",
        ],
        &[],
    );
    let other = |code: &str, text: &str| Fault::Other {
        code: code.to_owned(),
        text: text.to_owned(),
    };
    check(
        &["com.vendor-lamp-error"],
        &[other("com.vendor-lamp", "no reason is given.")],
    );
    check(
        &["cups-missing-filter-warning"],
        &[other(
            "cups-missing-filter",
            "A program of its driver is missing or may not be run.",
        )],
    );
}

#[test]
fn what_the_last_back_end_said_is_no_fault_of_an_idle_queue() {
    let check = |state: u8, reason: &str, count: usize| {
        let printer = group(&[
            ("printer-state", NUMBER, &[0, 0, 0, state]),
            ("printer-state-reasons", KEYWORD, reason.as_bytes()),
        ]);
        assert_eq!(faults(&printer).len(), count, "{state} {reason}");
    };
    check(3, "media-empty-error", 0);
    check(4, "media-empty-error", 1);
    check(3, "com.vendor-lamp-error", 0);
    check(3, "marker-supply-low-report", 1);
    check(3, "cups-missing-filter-warning", 1);
    check(5, "paused", 1);
}

#[test]
fn a_queue_that_would_print_twice_or_not_at_all_is_a_fault() {
    let check = |attributes: &[(&str, u8, &[u8])], words: &str| {
        let faults = faults(&group(attributes));
        assert!(
            matches!(&faults[..], [Fault::Other { text, .. }] if text.contains(words)),
            "{faults:?}"
        );
        assert!(faults[0].is_failure());
    };
    check(
        &[("printer-error-policy", KEYWORD, b"retry-job")],
        "policy retry-job",
    );
    check(
        &[("printer-error-policy", KEYWORD, b"stop-printer")],
        "policy stop-printer",
    );
    check(
        &[
            ("printer-state", NUMBER, &[0, 0, 0, 5]),
            ("printer-state-message", 0x41, b"Unable to start filter"),
        ],
        "stopped: Unable to start filter",
    );
    check(
        &[
            ("printer-state", NUMBER, &[0, 0, 0, 5]),
            ("printer-state-reasons", KEYWORD, b"paused"),
        ],
        "stopped",
    );
    check(
        &[("printer-is-accepting-jobs", FLAG, &[0])],
        "takes no jobs",
    );
    check(
        &[(
            "document-format-supported",
            0x49,
            b"application/vnd.cups-raw",
        )],
        "takes no PDF",
    );
    assert_eq!(
        faults(&group(&[("printer-error-policy", KEYWORD, b"abort-job")])),
        []
    );
}

#[test]
fn a_job_is_understood_by_its_state() {
    let check = |state: u8, began: Option<u8>, expect: JobState| {
        let time = began.map_or(Vec::new(), |time| vec![0, 0, 0, time]);
        let tag = if began.is_some() { 0x21 } else { 0x13 };
        let job = group(&[
            ("job-state", NUMBER, &[0, 0, 0, state]),
            ("time-at-processing", tag, &time),
        ]);
        assert_eq!(
            (JobState::of(&job), has_begun(&job)),
            (Some(expect), began.is_some())
        );
    };
    check(3, None, JobState::Waiting);
    check(4, None, JobState::Stopped);
    check(5, Some(7), JobState::Processing);
    check(7, None, JobState::Dropped);
    check(8, Some(9), JobState::Dropped);
    check(9, Some(9), JobState::Completed);
}

#[test]
fn an_answer_that_would_overrun_the_stack_is_refused() {
    let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 1, 4];
    for index in 0..20_000_u32 {
        bytes.push(0x34);
        bytes.extend(if index == 0 {
            &b"\0\x01c"[..]
        } else {
            &b"\0\0"[..]
        });
        bytes.extend([0, 0]);
    }
    bytes.push(3);
    assert!(Answer::parse(&bytes).unwrap_err().contains("deep"));
    assert!(Answer::parse(&vec![0; message::MAX_ANSWER + 1]).is_err());
    assert!(Answer::parse(b"").is_err());
    for (tag, value) in [
        (0x35, &b"\0\x02en\x05\x02!"[..]),
        (0x36, b"\0\x09en"),
        (0x36, b""),
    ] {
        let mut bytes = vec![
            1,
            1,
            0,
            0,
            0,
            0,
            0,
            1,
            4,
            tag,
            0,
            1,
            b'x',
            0,
            value.len() as u8,
        ];
        bytes.extend(value);
        bytes.push(3);
        assert!(
            Answer::parse(&bytes).unwrap_err().contains("shorter"),
            "{value:?}"
        );
    }
}

#[test]
fn a_page_has_a_dot_for_each_dot_and_black_only_where_it_is_marked() {
    let rgb = vec![0, 0, 0, 3, 3, 3, 200, 0, 0, 255, 255, 255];
    let card = CardImage::new(4, 1, rgb, vec![1, 0, 0, 0]).unwrap();
    let find =
        |document: &[u8], with: &[u8]| document.windows(with.len()).any(|window| window == with);
    let document = pdf::document(&[&card, &card], true, false);
    assert!(find(
        &document,
        b"\n\0\0\0\x04\x04\x04\xC8\0\0\xFF\xFF\xFF\nendstream"
    ));
    assert!(find(&document, b"/MediaBox [0 0 0.96 0.24]") && find(&document, b"/Count 2"));
    let turned = pdf::document(&[&card], true, true);
    assert!(find(
        &turned,
        b"\n\xFF\xFF\xFF\xC8\0\0\x04\x04\x04\0\0\0\nendstream"
    ));
    // Without resin on the film nothing is pure black.
    assert!(find(
        &pdf::document(&[&card], false, false),
        b"\n\x04\x04\x04\x04\x04\x04\xC8"
    ));
    let job = PrintJob {
        id: "1".into(),
        front: card,
        back: None,
        options: Options::default(),
    };
    let queue = Queue::parse("//localhost/printers/card").unwrap();
    assert!(unfit(&queue, &job).unwrap().contains("4x1"));
}
