//! Measures how long a card takes to become the bytes of a job, beside the programs that a print system would run for
//! it.
//!
//! `make bench` runs it. The limit is 10 ms for a YMCKO job on one core. The other programs are Debian's: Gutenprint's
//! filter and its back end on a virtual bus, and the whole chain that a spooler would run from a drawing.

#![allow(clippy::unwrap_used)] // The unwraps of a benchmark say what it expects.

#[allow(dead_code)] // This file is shared with the tests, which use all of it.
#[path = "../../drivers/card-printer/tests/it/harness.rs"]
mod harness;
#[allow(dead_code)] // This file is shared with the tests as well.
#[path = "../../drivers/card-printer/tests/it/on_bus.rs"]
mod on_bus;
#[allow(dead_code)] // This file is shared with the tests as well.
#[path = "../../drivers/card-printer/tests/it/oracle.rs"]
mod oracle;

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use card_printer::{Model, Options, PrintJob, decode, encode};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use harness::{Desk, bus, run};
use on_bus::card;
use oracle::{BACKEND, FILTER, LINEAR, ppd, raster};

fn job(model: Model) -> PrintJob {
    PrintJob {
        id: "bench".into(),
        front: card(model),
        back: None,
        options: Options::default(),
    }
}

/// Measures the time from pixels in memory to every byte of a YMCKO job.
fn ours(c: &mut Criterion) {
    let mut group = c.benchmark_group("ymcko");
    for model in [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy] {
        let job = job(model);
        group.bench_function(format!("encode/{model}"), |b| {
            b.iter(|| encode(model, &job).unwrap());
        });
    }
    let bytes = encode(Model::Rio2, &job(Model::Rio2)).unwrap();
    group.bench_function("decode/rio2", |b| b.iter(|| decode(&bytes).unwrap()));
    group.finish();
}

/// Measures Gutenprint's filter and back end for the same card.
fn gutenprint(c: &mut Criterion) {
    let desk = Desk::new();
    let ppd = ppd(&desk);
    let (input, middle) = (desk.path("card.ras"), desk.path("card.gp"));
    fs::write(&input, raster(&[&card(Model::Rio2)])).unwrap();
    let filter = || {
        let status = Command::new(FILTER)
            .args(["1", "me", "card", "1"])
            .arg(format!("{LINEAR} StpBlackType=Resin StpLaminate=On"))
            .env("PPD", &ppd)
            .stdin(File::open(&input).unwrap())
            .stdout(File::create(&middle).unwrap())
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success());
    };
    let mut group = c.benchmark_group("ymcko");
    group
        .sample_size(20)
        .measurement_time(Duration::from_secs(3));
    group.bench_function("rastertogutenprint", |b| b.iter(filter));
    filter();
    let back_end = |(bed, control): &(usb_bed::Bed, card_printer::Control)| {
        let output = run(bed
            .command(BACKEND)
            .arg(&middle)
            .env("BACKEND", "magicard-tango2e"));
        assert!(output.status.success(), "{output:?}");
        assert_eq!(control.books().ejected, 1);
    };
    group.bench_function("rastertogutenprint + backend", |b| {
        b.iter_batched_ref(
            || bus(Model::Rio2),
            |bench| {
                filter();
                back_end(bench);
            },
            BatchSize::PerIteration,
        );
    });
    let drawing = desk.path("card.svg");
    fs::write(&drawing, DRAWING).unwrap();
    let chain = format!(
        "set -e; cd {}; rsvg-convert -w 1016 -h 642 card.svg \
         | convert png:- -rotate 90 -density 300 -units PixelsPerInch png24:turned.png; \
         /usr/lib/cups/filter/imagetoraster 1 me card 1 'PageSize=w155h244 scaling=100' turned.png 2>/dev/null \
         | {FILTER} 1 me card 1 '{LINEAR} StpBlackType=Resin StpLaminate=On' 2>/dev/null >card.gp",
        desk.path("").display()
    );
    let chain = || {
        let output = Command::new("sh")
            .args(["-c", &chain])
            .env("PPD", &ppd)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    group.bench_function(
        "rsvg-convert | convert | imagetoraster | rastertogutenprint | backend",
        |b| {
            b.iter_batched_ref(
                || bus(Model::Rio2),
                |bench| {
                    chain();
                    back_end(bench);
                },
                BatchSize::PerIteration,
            );
        },
    );
    group.finish();
}

const DRAWING: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="1016" height="642">
<defs><linearGradient id="g"><stop stop-color="#fff"/><stop offset="1" stop-color="#26c"/></linearGradient></defs>
<rect width="1016" height="642" fill="url(#g)"/><circle cx="800" cy="250" r="150" fill="#c93"/>
<text x="60" y="500" font-size="60" font-family="sans-serif">Name of the holder</text></svg>"##;

criterion_group!(benches, ours, gutenprint);
criterion_main!(benches);
