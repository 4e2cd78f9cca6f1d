//! Measures how long a holder waits for "your order is safe": one order with its photo, committed, beside other SQLite
//! queues of the same durability in the same run, and with a long backlog.
//!
//! `make bench` sets up the other queues (target/queues). All queues write to the same disk in turn, round after round,
//! so that a busy moment of the machine affects all of them.

#![allow(clippy::unwrap_used)]

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use common::order::{Order, OrderId, Private, Serial};
use criterion::Criterion;
use jiff::Timestamp;
use outbox::{NewAttempt, NewRecord, Outbox, Settings};
use portal::Hash;
use tokio::runtime::Runtime;

/// The size of a portrait of 600x800 at the quality that the booth sends.
const PHOTO: usize = 60_000;
const ROUNDS: usize = 5;
const EACH: usize = 200;
const BACKLOG: usize = 100_000;

fn main() {
    let runtime = Runtime::new().unwrap();
    // The folder is beside the build and not in memory, because the time of the disk is measured.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let empty = open(&runtime, &folder.path().join("criterion"));
    let mut number = 0;
    criterion.bench_function(
        "commit an order with its photo and first attempt",
        |bench| {
            bench.iter_custom(|times| {
                let mut took = Duration::ZERO;
                for _ in 0..times {
                    number += 1;
                    took += commit(&runtime, &empty, number, PHOTO);
                }
                took
            });
        },
    );
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    contest(&runtime, folder.path());
    criterion.final_summary();
}

fn open(runtime: &Runtime, folder: &Path) -> Outbox {
    let settings = Settings::in_folder(folder);
    runtime.block_on(Outbox::open(&settings)).unwrap().outbox
}

fn contest(runtime: &Runtime, folder: &Path) {
    let empty = open(runtime, &folder.join("empty"));
    let full = open(runtime, &folder.join("full"));
    println!("filling a store with {BACKLOG} waiting orders: some minutes");
    runtime.block_on(async {
        for number in 0..BACKLOG {
            full.commit(record(number, 500, None)).await.unwrap();
        }
    });
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/queues");
    let others = ["persist-queue", "huey"];
    assert!(
        python.is_dir(),
        "the other queues are missing: run `make bench`, which installs them"
    );
    let mut took: Vec<(String, Vec<Duration>)> = vec![
        ("fotoautomat".to_owned(), Vec::new()),
        (format!("fotoautomat, {BACKLOG} waiting"), Vec::new()),
    ];
    took.extend(others.map(|name| (name.to_owned(), Vec::new())));
    for round in 0..ROUNDS {
        for number in 0..EACH {
            let number = round * EACH + number;
            took[0].1.push(commit(runtime, &empty, number, PHOTO));
            took[1]
                .1
                .push(commit(runtime, &full, BACKLOG + number, PHOTO));
        }
        for (name, times) in &mut took[2..] {
            let file = folder.join(&*name).join("queue.db");
            let output = Command::new("python3")
                .env("PYTHONPATH", &python)
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/powercut/queue.py"))
                .arg(&*name)
                .arg(file)
                .args([EACH.to_string(), PHOTO.to_string()])
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            let lines = String::from_utf8(output.stdout).unwrap();
            times.extend(
                lines
                    .lines()
                    .map(|line| Duration::from_nanos(line.parse().unwrap())),
            );
        }
    }
    println!(
        "one message of {PHOTO} bytes, on disk when it returns ({} each):",
        ROUNDS * EACH
    );
    for (name, times) in &mut took {
        times.sort_unstable();
        println!(
            "{name:<32} p50 {:>7.2} ms   p99 {:>7.2} ms",
            at(times, 50).as_secs_f64() * 1e3,
            at(times, 99).as_secs_f64() * 1e3
        );
    }
    let ratio = at(&took[1].1, 99).as_secs_f64() / at(&took[0].1, 99).as_secs_f64();
    println!("p99 with {BACKLOG} waiting is {ratio:.2} times that of an empty store");
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[sorted.len() * percent / 100]
}

fn commit(runtime: &Runtime, outbox: &Outbox, number: usize, photo: usize) -> Duration {
    let record = record(number, photo, Some(number as u64));
    let settled = record.attempt.as_ref().map(|attempt| attempt.serial);
    let began = Instant::now();
    let made = runtime.block_on(outbox.commit(record)).unwrap();
    let took = began.elapsed();
    // The printer is free again.
    if let Some(serial) = settled {
        let evidence = common::order::Evidence::default();
        runtime
            .block_on(outbox.end_attempt(
                made.order,
                serial,
                common::order::Outcome::Void,
                &evidence,
            ))
            .unwrap();
    }
    took
}

fn record(number: usize, photo: usize, counter: Option<u64>) -> NewRecord {
    let id = OrderId::new(Timestamp::now());
    let mut state = id.0.as_u64_pair().1 | 1;
    let photo: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(photo)
    .collect();
    let order = serde_json::json!({
        "orderId": id, "createdAt": "2026-11-21T08:00:00Z",
        "booth": {"id": "booth-1", "software": "0.1.0"}, "reason": "noCode",
        "person": {"subject": format!("person-{number}"), "idp": "https://idp.example", "assurance": "AL2",
            "affiliation": ["student"], "displayName": "Alva Björk", "nameOnCard": "Alva Björk"},
        "login": {"method": "device", "at": "2026-11-21T08:00:00Z"},
        "card": {"kind": "student", "template": "student", "validThrough": "2099-06-30",
            "cardNumber": "1000001", "issue": 2, "functions": ["access"]},
        "delivery": "here",
        "photo": {"sha256": Hash::of(&photo), "width": 600, "height": 800, "checks": []},
        "consents": [], "lang": "sv",
    });
    let order: Order = serde_json::from_value(order).unwrap();
    NewRecord {
        order,
        photo: Private::new(photo),
        attempt: counter.map(|counter| NewAttempt {
            serial: Serial::random(),
            printer: "P".to_owned(),
            counter_before: Some(counter),
        }),
    }
}
