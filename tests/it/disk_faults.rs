//! A disk that fails: every call of the store fails once, and every file reaches a size limit once. The program reports
//! it in one sentence, and what it had acknowledged is still there when the disk works again.
//!
//! A library between the program and the C library (`disk_faults/shim.c`) makes the calls fail; it counts them over all
//! threads. SQLite as built here syncs by `fsync` alone. The size limit is the kernel's limit on file size, which cuts
//! a write short where it is reached. Locks do not use the disk and are not tried. `FAULTS_EVERY` says which of the
//! many reads and writes are tried: every fifth by default, all with 1 (`make soak`). Of the other calls all are tried.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
    time::Instant,
};

use outbox::{Outbox, Settings};

use crate::kill::compare;

const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

/// A limit above the number of calls of one kind in any of these tests, against endless loops.
const MOST: usize = 5000;

fn every() -> usize {
    let asked = env::var("FAULTS_EVERY").ok();
    asked.map_or(5, |text| text.parse().expect("FAULTS_EVERY is a number"))
}

/// Checks that the program reports a failed disk in one sentence that names no internals.
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

/// Checks that everything acknowledged is in the store once the disk works again.
async fn check_store(what: &str, folder: &Path, output: &Output) {
    let said: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let opened = match Outbox::open(&Settings::in_folder(folder)).await {
        Ok(opened) => opened,
        Err(error) => panic!("{what}: {error}"),
    };
    assert_eq!(opened.quarantined, None, "{what}");
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

/// The error numbers of Linux. The shim takes 0 as: no error, but only half of the bytes are transferred.
const EIO: i32 = 5;
const ENOMEM: i32 = 12;
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;
const HALF: i32 = 0;

/// The kinds of call that the store makes, and the errors that are tried for each.
const FAULTS: [(&str, &[i32]); 8] = [
    ("write", &[EIO, ENOSPC, HALF]),
    ("read", &[EIO, HALF]),
    ("sync", &[EIO, ENOSPC]),
    ("truncate", &[EIO]),
    ("open", &[EIO, EMFILE]),
    ("unlink", &[EIO]),
    ("rename", &[EIO]),
    ("map", &[ENOMEM]),
];

/// The compiled shim. Dropping it deletes its folder.
struct Shim(tempfile::TempDir);

impl Shim {
    fn compile() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("shim.c");
        fs::write(&source, include_str!("disk_faults/shim.c")).unwrap();
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(&source)
            .arg("-ldl")
            .output()
            .expect("there is no C compiler: run `make test`, which installs it");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        Self(folder)
    }

    /// Runs the program with a disk on which call `number` of the kind `call` fails. Returns also the file of that
    /// call; `None` if the program made fewer calls.
    fn run(
        &self,
        folder: &Path,
        call: &str,
        number: usize,
        error: i32,
    ) -> (Output, Option<String>) {
        let told = self.0.path().join("told");
        let _ = fs::remove_file(&told);
        let output = Command::new(BOOTH)
            .args(fill(folder, 2))
            .env("LD_PRELOAD", self.0.path().join("shim.so"))
            .env("FAULT_UNDER", folder)
            .env("FAULT_CALL", call)
            .env("FAULT_AT", number.to_string())
            .env("FAULT_ERROR", error.to_string())
            .env("FAULT_TOLD", &told)
            .output()
            .unwrap();
        (output, fs::read_to_string(&told).ok())
    }
}

/// The start of a test: the files in the folder, and what the program had acknowledged.
struct Before {
    name: &'static str,
    left: Option<tempfile::TempDir>,
    said: Vec<u8>,
}

impl Before {
    fn nothing() -> Self {
        Self {
            name: "a new store",
            left: None,
            said: Vec::new(),
        }
    }

    /// A store whose disk failed in the middle of an order: its WAL must be recovered, and an attempt is open.
    fn cut_off(shim: &Shim) -> Self {
        for number in 1..MOST {
            let folder = crate::powercut::in_memory();
            let (output, _) = shim.run(folder.path(), "write", number, EIO);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let last = said.lines().last();
            let open = last.is_some_and(|line| line.starts_with("ack "));
            // One order is complete, the card of another is open, and the last commits are only in the WAL.
            if open
                && said.contains("collected ")
                && folder.path().join("outbox.sqlite-wal").exists()
            {
                return Self {
                    name: "a store that was cut off",
                    left: Some(folder),
                    said: output.stdout,
                };
            }
        }
        panic!("no fault left an order acknowledged and its card open");
    }

    fn lay(&self, folder: &Path) {
        let files = self
            .left
            .iter()
            .flat_map(|left| fs::read_dir(left).unwrap());
        for file in files {
            let file = file.unwrap();
            // `fs::copy` keeps the mode; a key that others can read would be refused.
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whichever_disk_call_fails() {
    let began = Instant::now();
    let shim = Shim::compile();
    let mut tally = Vec::new();
    for before in [Before::nothing(), Before::cut_off(&shim)] {
        for (call, errors) in FAULTS {
            for error in errors {
                let step = if matches!(call, "write" | "read") {
                    every()
                } else {
                    1
                };
                let (mut number, mut tried, mut told) = (1, 0, 0);
                loop {
                    assert!(number < MOST, "{call} is called without end");
                    let folder = crate::powercut::in_memory();
                    before.lay(folder.path());
                    let (mut output, hit) = shim.run(folder.path(), call, number, *error);
                    let Some(hit) = hit else { break };
                    let what = format!(
                        "{}: {call} number {number} ({hit}) fails with {error}",
                        before.name
                    );
                    check_words(&what, &output);
                    assert!(
                        *error != HALF || output.status.success(),
                        "{what}: a short one is gone on with"
                    );
                    output.stdout.splice(0..0, before.said.iter().copied());
                    check_store(&what, folder.path(), &output).await;
                    tried += 1;
                    told += usize::from(!output.status.success());
                    number += step;
                }
                // Only a new key is renamed into place, and an existing store already has its key.
                let made = call == "rename";
                assert!(
                    tried > 0 || (made && before.left.is_some()),
                    "{}: {call} is never called",
                    before.name
                );
                tally.push(format!(
                    "{}: {call} {error}: {tried} tried, {told} told",
                    before.name
                ));
            }
        }
    }
    println!(
        "{}\n{:.0} s",
        tally.join("\n"),
        began.elapsed().as_secs_f64()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_whatever_the_limit_on_file_size() {
    let began = Instant::now();
    // The shell counts in blocks of 512 bytes.
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
