//! A disk that fails: every read and write of the store fails once, and every file is once too small. Calls that sync,
//! shorten or delete files are not tried yet. The program says so
//! in one sentence, and what it had acknowledged is there when the disk works again.
//!
//! Calls are made to fail by strace, files to be too small by the kernel's limit on a file's size, which cuts a write
//! short where it is reached. `FAULTS_EVERY` says which calls are tried: every fifth when not set, all with 1 (`make
//! soak`).

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
    time::Instant,
};

use fotoautomat::outbox::{Outbox, Settings};

use crate::kill::compare;

const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

/// No story here makes so many calls of one kind.
const MOST: usize = 5000;

fn every() -> usize {
    let asked = env::var("FAULTS_EVERY").ok();
    asked.map_or(5, |text| text.parse().expect("FAULTS_EVERY is a number"))
}

/// What the program says when its disk fails: one sentence that names no internals.
fn check_words(what: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some(),
        "{what}: {} {said}",
        output.status
    );
    if output.status.success() {
        return;
    }
    let known = [
        "the disk failed",
        "the disk is full",
        "cannot be used",
        "the store failed",
        "the store is damaged",
    ];
    assert!(
        said.lines().count() == 1
            && said.starts_with("fotoautomat: ")
            && known.iter().any(|words| said.contains(words)),
        "{what}: {said}"
    );
}

/// With a disk that works again, everything acknowledged is there.
async fn check_store(what: &str, folder: &Path, output: &Output) {
    let said: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let opened = match Outbox::open(&Settings::in_folder(folder)).await {
        Ok(opened) => opened,
        Err(error) => panic!("{what}: {error}"),
    };
    assert_eq!(opened.set_aside, None, "{what}");
    compare(&opened.outbox, &said).await;
    opened.outbox.close().await;
}

fn fill(folder: &Path, orders: usize) -> Vec<String> {
    let orders = orders.to_string();
    [
        "outbox", "fill", "--photo", "3000", "--orders", &orders, "--data",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([folder.display().to_string()])
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_and_write_may_fail_once() {
    let began = Instant::now();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut tally = Vec::new();
    for (call, error) in [
        ("pwrite64", "EIO"),
        ("pwrite64", "ENOSPC"),
        ("pread64", "EIO"),
    ] {
        let (mut number, mut failed) = (1, 0);
        loop {
            assert!(number < MOST, "{call} is called without end");
            let folder = crate::powercut::in_memory();
            let output = Command::new("strace")
                .args(["-f", "--seccomp-bpf", "-qq", "-o"])
                .arg(log.path())
                .args(["-e", &format!("trace={call}")])
                // the store's files and folder only: the program itself is read from a disk too
                .arg("-P")
                .arg(folder.path())
                .arg("-P")
                .arg(folder.path().join("outbox.sqlite"))
                .arg("-P")
                .arg(folder.path().join("outbox.sqlite-wal"))
                .args(["-e", &format!("inject={call}:error={error}:when={number}")])
                .arg(BOOTH)
                .args(fill(folder.path(), 2))
                .output()
                .expect("strace is missing: run `make test`, which installs it");
            if !fs::read_to_string(log.path()).unwrap().contains("INJECTED") {
                break;
            }
            let what = format!("{call} number {number} fails with {error}");
            check_words(&what, &output);
            check_store(&what, folder.path(), &output).await;
            failed += usize::from(!output.status.success());
            number += every();
        }
        // an unlink that fails leaves a file that the next start takes over: nobody need hear of it
        assert!(number > 1, "{call} is never called");
        tally.push(format!(
            "{call} {error}: {} calls, {failed} told",
            number - 1
        ));
    }
    println!(
        "{}; {:.0} s",
        tally.join("; "),
        began.elapsed().as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_file_may_be_too_small() {
    let began = Instant::now();
    // in blocks of 512 bytes, as the shell counts
    let (mut blocks, mut told, mut tried) = (1, 0, 0);
    loop {
        assert!(blocks < 100_000, "no size is enough");
        let folder = crate::powercut::in_memory();
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let output = Command::new("sh")
            .args(["-c", &limited, "sh", BOOTH])
            .args(fill(folder.path(), 2))
            .output()
            .unwrap();
        let what = format!("no file may be larger than {blocks} blocks");
        check_words(&what, &output);
        check_store(&what, folder.path(), &output).await;
        tried += 1;
        if output.status.success() {
            break;
        }
        told += 1;
        blocks += every();
    }
    assert!(told > 20, "only {told} sizes were too small");
    println!(
        "{tried} sizes, {told} too small and told; {:.0} s",
        began.elapsed().as_secs_f64()
    );
}
