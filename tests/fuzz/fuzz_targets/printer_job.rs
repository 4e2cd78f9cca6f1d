//! A job of any protocol, damaged in any way, is a card or an error with its place; it is never a panic.
#![no_main]

use std::sync::LazyLock;

use card_printer::{CardImage, Model, Options, PrintJob, Ribbon, decode, encode};
use libfuzzer_sys::fuzz_target;

/// A small real job of each protocol: resin only, 80 to 100 kB. One with the short form of a panel.
static JOBS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let models = [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy, Model::Zenius];
    models.into_iter().map(|model| small(model, model == Model::Zenius)).collect()
});

fn small(model: Model, compress: bool) -> Vec<u8> {
    let (width, height) = model.raster();
    let pixels = (width * height) as usize;
    let mask = (0..pixels).map(|at| u8::from(at % 7 == 0)).collect();
    let front = CardImage::new(width, height, vec![0xFF; pixels * 3], mask).expect("the size is the raster's");
    let mut options = Options { ribbon: Ribbon::K, compress, ..Options::default() };
    options.magnetic.tracks[1] = Some(";1?".to_owned());
    let job = PrintJob { id: "fuzz".into(), front, back: None, options };
    encode(model, &job).expect("a good job")
}

fuzz_target!(|input: &[u8]| {
    let Some((kind, input)) = input.split_first() else { return };
    match usize::from(*kind) {
        // As it is.
        kind if kind >= JOBS.len() => look(input),
        kind => look(&damaged(JOBS[kind].clone(), input)),
    }
});

/// Changes, takes out and puts in bytes, nine bytes of input for each: where (three), what, and five new ones.
fn damaged(mut job: Vec<u8>, input: &[u8]) -> Vec<u8> {
    for change in input.chunks_exact(9).take(16) {
        let at = usize::from(change[0]) << 16 | usize::from(change[1]) << 8 | usize::from(change[2]);
        // Most places are pixels: half of the changes go to the first 512 bytes, where the words are.
        let at = if change[0] & 0x80 != 0 { at % 512 } else { at } % job.len().max(1);
        match change[3] % 4 {
            0 => job.truncate(at),
            1 => drop(job.splice(at..at, change[4..].iter().copied())),
            2 => drop(job.drain(at..(at + usize::from(change[4])).min(job.len()))),
            _ => {
                for (byte, new) in job[at..].iter_mut().zip(&change[4..]) {
                    *byte = *new;
                }
            }
        }
    }
    job
}

fn look(bytes: &[u8]) {
    match decode(bytes) {
        Ok(card) => {
            let drawn = card.front.draw();
            assert_eq!((drawn.width(), drawn.height()), card.model.raster());
        }
        Err(error) => assert!(error.offset <= bytes.len(), "{error} in {} bytes", bytes.len()),
    }
}
