//! The outcome that the booth concludes when the cable is unplugged during a print job: for every protocol, at every
//! transfer.

use std::time::Duration;

use card_printer::{
    CardImage, Control, Fault, Handle, JobId, Model, Options, PrintJob, Ribbon, Timing,
    VirtualOptions, virtual_printer, wait_for,
};

use super::*;
use session::outcome::outcome;

const LIMIT: Duration = Duration::from_secs(30);

fn bench(model: Model) -> (Handle, Control) {
    let (handle, control) = virtual_printer(VirtualOptions::new(model).speed(0.0), Timing::swift());
    let status = wait_for(&handle, LIMIT, |status| status.ready);
    assert!(status.ready, "{status:?}");
    (handle, control)
}

/// A small job: resin only, so that it has few transfers and each of them can be cut.
fn job_for(model: Model) -> PrintJob {
    let (width, height) = model.raster();
    let pixels = (width * height) as usize;
    let mask = (0..pixels).map(|at| u8::from(at % 3 == 0)).collect();
    PrintJob {
        id: JobId::from("1"),
        front: CardImage::new(width, height, vec![0; pixels * 3], mask).unwrap(),
        back: None,
        options: Options {
            ribbon: Ribbon::K,
            ..Options::default()
        },
    }
}

fn seen(handle: &Handle, model: Model) -> card_printer::Evidence {
    let mut news = handle.print(job_for(model)).unwrap();
    while let Some(progress) = news.blocking_recv() {
        if let Progress::Ended(evidence) = progress {
            return evidence;
        }
    }
    panic!("every job ends");
}

#[test]
fn the_outcome_after_a_cut_is_never_wrong() {
    for model in [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy] {
        let whole = {
            let (handle, control) = bench(model);
            let before = control.transfers();
            assert_eq!(
                outcome(&evidence_of(seen(&handle, model))),
                Outcome::Printed
            );
            control.transfers() - before
        };
        let mut counts = [0; 3];
        for cut in 0..whole {
            let (handle, control) = bench(model);
            control.cut_after(cut);
            let evidence = evidence_of(seen(&handle, model));
            let what = format!("{model}, cut in transfer {cut} of {whole}: {evidence:?}");
            control.replug();
            wait_for(&handle, LIMIT, |status| status.ready);
            let books = control.books();
            assert_eq!(
                books.fed,
                books.ejected + books.rejected + books.inside,
                "{what}"
            );
            assert!(books.fed <= 1, "printed twice: {what}");
            let card = control.take_card();
            let resin = card.as_ref().is_some_and(|card| card.front.resin.is_some());
            match outcome(&evidence) {
                Outcome::Printed => {
                    counts[0] += 1;
                    assert!(resin && books.ejected == 1, "{what}");
                }
                Outcome::NotPrinted => {
                    counts[1] += 1;
                    assert!(!resin, "{what}");
                }
                Outcome::Unknown => counts[2] += 1,
                Outcome::Void => panic!("only a person makes a card void: {what}"),
            }
        }
        assert!(counts[1] > 0 && counts[2] > 0, "{model}: {counts:?}");
    }
}

/// A spooler's report proves neither that a card was printed nor that it was not.
#[test]
fn a_job_through_a_spooler_has_an_unknown_outcome() {
    let evidence = |through_spooler, fault: Option<Fault>| card_printer::Evidence {
        bytes_total: 9,
        bytes_sent: 9,
        plane_byte_accepted: true,
        busy_seen: true,
        ready_after: fault.is_none(),
        fault,
        through_spooler,
        ..card_printer::Evidence::default()
    };
    let check = |through_spooler, fault, expect| {
        assert_eq!(
            outcome(&evidence_of(evidence(through_spooler, fault))),
            expect
        );
    };
    check(true, None, Outcome::Unknown);
    check(true, Some(Fault::NoCards), Outcome::Unknown);
    // These jobs went through no spooler, or through one that the site trusts.
    check(false, None, Outcome::Printed);
    check(false, Some(Fault::NoCards), Outcome::NotPrinted);
    // The spooler never began to send.
    let mut never = evidence(true, Some(Fault::NotAnswering));
    never.plane_byte_accepted = false;
    assert_eq!(outcome(&evidence_of(never)), Outcome::NotPrinted);
}
