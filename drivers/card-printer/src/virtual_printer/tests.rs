use std::time::{Duration, Instant};

use device::{Fault as _, FaultInjection as _};

use super::*;
use crate::card::{JobId, Options, PrintJob};
use crate::card_image::CardImage;
use crate::codec::decode;
use crate::driver::{CardMove, Timing};
use crate::selector::virtual_printer;
use crate::status::{Evidence, Link, Progress, Status};
use crate::supervisor::{Handle, Refused, wait_for};

const LIMIT: Duration = Duration::from_secs(20);
/// One of each protocol and head.
const MODELS: [Model; 6] = [
    Model::Rio2,
    Model::Avalon,
    Model::Enduro,
    Model::Alto,
    Model::Primacy,
    Model::Zenius,
];

/// A card with a gradient, a red corner and a resin bar.
fn card(model: Model) -> CardImage {
    let (width, height) = model.raster();
    let mut rgb = Vec::new();
    let mut resin = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let bar = (300..320).contains(&y) && x > 100;
            rgb.extend(if bar {
                [0; 3]
            } else if x < 50 && y < 50 {
                [255, 0, 0]
            } else {
                [x as u8, y as u8, (x + y) as u8]
            });
            resin.push(u8::from(bar));
        }
    }
    CardImage::new(width, height, rgb, resin).unwrap()
}

fn job(model: Model, id: &str) -> PrintJob {
    PrintJob {
        id: JobId::from(id),
        front: card(model),
        back: None,
        options: Options::default(),
    }
}

fn bench(model: Model) -> (Handle, Control) {
    let (handle, control) = virtual_printer(VirtualOptions::new(model).speed(0.0), Timing::swift());
    ready(&handle);
    (handle, control)
}

fn ready(handle: &Handle) -> Status {
    let status = wait_for(handle, LIMIT, |status| status.ready);
    assert!(status.ready, "{status:?}");
    status
}

/// Waits for the end of a job and gives its evidence; nothing may come after it.
fn end(mut news: tokio::sync::mpsc::Receiver<Progress>) -> Evidence {
    let mut evidence = None;
    while let Some(progress) = news.blocking_recv() {
        assert!(evidence.is_none(), "something came after the end");
        if let Progress::Ended(ended) = progress {
            evidence = Some(ended);
        }
    }
    evidence.expect("every job ends")
}

fn balanced(control: &Control) {
    let books = control.books();
    assert_eq!(
        books.fed,
        books.ejected + books.rejected + books.inside,
        "{books:?}"
    );
}

#[test]
fn a_card_comes_out_as_it_was_sent() {
    for model in MODELS {
        let (handle, control) = bench(model);
        let evidence = end(handle.print(job(model, "1")).unwrap());
        assert_eq!(
            (evidence.bytes_sent, evidence.fault.clone()),
            (evidence.bytes_total, None),
            "{evidence:?}"
        );
        assert!(evidence.busy_seen && evidence.ready_after && evidence.plane_byte_accepted);
        if model != Model::Alto {
            assert_eq!(
                (evidence.counter_before, evidence.counter_after),
                (Some(0), Some(1)),
                "{model}"
            );
        } else {
            assert_eq!(
                (evidence.counter_before, evidence.counter_after),
                (None, None),
                "the Alto has no counter"
            );
        }
        let out = control.take_card().unwrap();
        assert_eq!(out.tray, Tray::Output);
        // What decoding the file draws is the card that came out.
        let decoded = decode(&out.job).unwrap();
        assert_eq!(decoded.front.draw(), out.front.draw());
        assert_eq!(out.front.draw().resin_mask(), card(model).resin_mask());
        assert_eq!(
            *out.job,
            crate::codec::encode(
                model,
                &PrintJob {
                    options: Options {
                        time: decoded.time,
                        ..Options::default()
                    },
                    ..job(model, "1")
                }
            )
            .unwrap()
        );
        assert_eq!(
            control.books(),
            Books {
                fed: 1,
                ejected: 1,
                rejected: 0,
                inside: 0
            }
        );
        assert_eq!(control.refused(), None);
    }
}

#[test]
fn both_sides_come_out() {
    let (handle, control) = bench(Model::Rio2);
    let mut two = job(Model::Rio2, "1");
    two.back = Some(card(Model::Rio2));
    let evidence = end(handle.print(two).unwrap());
    assert_eq!(evidence.counter_after, Some(1));
    let out = control.take_card().unwrap();
    assert_eq!(out.back.unwrap().draw(), out.front.draw());
}

#[test]
fn a_printer_shows_what_it_is() {
    let (handle, _control) = bench(Model::Rio2);
    let status = handle.status().borrow().clone();
    assert_eq!(
        (status.link, status.model, status.raster),
        (Link::Connected, Some(Model::Rio2), Some((1016, 642)))
    );
    assert_eq!(
        (status.serial.as_deref(), status.firmware.as_deref()),
        (Some("V0001"), Some("V1.00"))
    );
    assert_eq!(
        (status.ribbon_left, status.counters.unwrap().cards),
        (Some(300), Some(0))
    );
}

#[test]
fn work_takes_its_time() {
    let (handle, control) = virtual_printer(
        VirtualOptions::new(Model::Rio2).speed(0.01),
        Timing::swift(),
    );
    ready(&handle);
    let begin = Instant::now();
    let evidence = end(handle.print(job(Model::Rio2, "1")).unwrap());
    assert!(
        begin.elapsed() >= Duration::from_millis(200),
        "20 s at a hundredth"
    );
    assert!(evidence.busy_seen && evidence.counter_after == Some(1));
    assert!(control.take_card().is_some());
}

#[test]
fn a_second_press_prints_nothing() {
    let (handle, control) = virtual_printer(
        VirtualOptions::new(Model::Rio2).speed(0.01),
        Timing::swift(),
    );
    ready(&handle);
    let first = handle.print(job(Model::Rio2, "1")).unwrap();
    assert_eq!(
        handle.print(job(Model::Rio2, "2")).unwrap_err(),
        Refused::Busy
    );
    let asked = handle.query();
    end(first);
    assert!(
        asked.blocking_recv().is_ok(),
        "a question in a job is answered"
    );
    assert_eq!(
        handle.print(job(Model::Rio2, "1")).unwrap_err(),
        Refused::Repeated
    );
    end(handle.print(job(Model::Rio2, "3")).unwrap());
    assert_eq!(control.books().fed, 2);
}

#[test]
fn an_empty_hopper_prints_nothing_and_leaves_no_job_behind() {
    let (handle, control) = bench(Model::Rio2);
    control.raise(Fault::NoCards);
    let evidence = end(handle.print(job(Model::Rio2, "1")).unwrap());
    assert_eq!(evidence.fault, Some(Fault::NoCards));
    assert_eq!(
        (evidence.counter_before, evidence.counter_after),
        (Some(0), Some(0))
    );
    assert_eq!(evidence.card_at, Some(crate::status::CardPosition::Hopper));
    // Filling the hopper must not print the old job.
    control.clear(&Fault::NoCards);
    ready(&handle);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(control.books(), Books::default());
    let evidence = end(handle.print(job(Model::Rio2, "2")).unwrap());
    assert_eq!(evidence.counter_after, Some(1));
}

#[test]
fn every_fault_can_be_raised_shows_in_the_evidence_and_can_be_cleared() {
    for model in MODELS {
        for fault in Fault::all() {
            let (handle, control) = bench(model);
            control.raise(fault.clone());
            let evidence = end(handle.print(job(model, "1")).unwrap());
            assert_eq!(
                evidence.fault.is_some(),
                fault.is_failure() && tray_is_in_the_way(&fault),
                "{model} {fault:?}: {evidence:?}"
            );
            control.clear_all();
            ready(&handle);
            let evidence = end(handle.print(job(model, "2")).unwrap());
            assert_eq!(evidence.fault, None, "{model} {fault:?}");
            balanced(&control);
        }
    }
}

/// A full reject tray stops only a card that goes there.
fn tray_is_in_the_way(fault: &Fault) -> bool {
    *fault != Fault::RejectFull
}

#[test]
fn a_fault_in_the_middle_of_a_card_is_reported_and_the_card_is_not_given_out() {
    for movement in 0..7 {
        let (handle, control) = bench(Model::Enduro);
        control.raise_after(movement, Fault::CardJam);
        let evidence = end(handle.print(job(Model::Enduro, "1")).unwrap());
        let fault = evidence.fault.clone().unwrap();
        assert!(
            matches!(&fault, Fault::Other { text, .. } if text.contains("stuck")),
            "{fault:?}"
        );
        assert_eq!(
            evidence.counter_after,
            Some(u64::from(movement > 0)),
            "counted when it was fed"
        );
        control.clear(&Fault::CardJam);
        ready(&handle);
        balanced(&control);
        assert_eq!(control.books().ejected, 0, "after movement {movement}");
    }
}

/// What the booth concludes from evidence; here only to see that no cut can be taken for a printed card.
fn printed(evidence: &Evidence) -> bool {
    let counted = match (evidence.counter_before, evidence.counter_after) {
        (Some(before), Some(after)) => after == before + 1,
        // The Alto has no counter.
        (None, None) => true,
        _ => false,
    };
    evidence.bytes_sent == evidence.bytes_total
        && evidence.busy_seen
        && evidence.ready_after
        && evidence.fault.is_none()
        && counted
}

/// Cuts in the middle of each transfer of a job in turn, then prints another card.
fn cut_everywhere(model: Model) {
    let whole = {
        let (handle, control) = bench(model);
        let before = control.transfers();
        end(handle.print(job(model, "1")).unwrap());
        control.transfers() - before
    };
    let mut outcomes = [0; 3];
    for cut in 0..whole + 3 {
        let (handle, control) = bench(model);
        control.cut_after(cut);
        let evidence = end(handle.print(job(model, "1")).unwrap());
        let fed = control.books().fed;
        assert!(fed <= 1, "printed twice at cut {cut}");
        if printed(&evidence) {
            outcomes[0] += 1;
            assert_eq!(control.books().ejected, 1, "cut {cut}");
        } else if !evidence.plane_byte_accepted {
            outcomes[1] += 1;
            let nothing_on_it = |card: PrintedCard| {
                card.front.dye.iter().all(Option::is_none) && card.front.resin.is_none()
            };
            assert!(control.take_card().is_none_or(nothing_on_it), "cut {cut}");
        } else {
            outcomes[2] += 1;
        }
        control.replug();
        ready(&handle);
        balanced(&control);
        assert_eq!(control.books().inside, 0, "cut {cut}");
        let evidence = end(handle.print(job(model, "2")).unwrap());
        assert!(printed(&evidence), "after cut {cut}: {evidence:?}");
        assert_eq!(control.books().fed, fed + 1);
        assert_eq!(control.refused(), None);
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

#[test]
fn the_cable_may_go_at_any_transfer_of_a_rio() {
    cut_everywhere(Model::Rio2);
}

#[test]
fn the_cable_may_go_at_any_transfer_of_an_enduro() {
    cut_everywhere(Model::Enduro);
}

#[test]
fn the_cable_may_go_at_any_transfer_of_an_alto() {
    cut_everywhere(Model::Alto);
}

/// This one has no reject tray: a card of a job that was cut comes out in front.
#[test]
fn the_cable_may_go_at_any_transfer_of_a_zenius() {
    cut_everywhere(Model::Zenius);
}

#[test]
fn the_cable_may_go_at_any_transfer_of_a_primacy() {
    cut_everywhere(Model::Primacy);
}

#[test]
fn an_evolis_reports_its_faults_by_name() {
    for fault in [
        Fault::NoCards,
        Fault::RibbonOut,
        Fault::RibbonMissing,
        Fault::CoverOpen,
        Fault::CardJam,
        Fault::HopperFull,
        Fault::CleaningOverdue,
        Fault::Mechanical,
    ] {
        let (handle, control) = bench(Model::Primacy);
        control.raise(fault.clone());
        let evidence = end(handle.print(job(Model::Primacy, "1")).unwrap());
        assert_eq!(evidence.fault, Some(fault));
    }
}

#[test]
fn what_stands_on_the_stripe_comes_out() {
    for model in [Model::Rio2, Model::Enduro, Model::Primacy] {
        let (handle, control) = bench(model);
        let mut job = job(model, "1");
        job.options.magnetic.tracks = [
            Some("%B12345^DOE?".to_owned()),
            None,
            Some(";7654321?".to_owned()),
        ];
        let expect = job.options.magnetic.tracks.clone();
        end(handle.print(job).unwrap());
        assert_eq!(control.take_card().unwrap().tracks, expect, "{model}");
    }
}

/// The film ends in the middle of a card; somebody changes it; the panel is printed again on the very same card.
#[test]
fn a_ribbon_is_changed_while_the_card_waits() {
    // Movement 0 feeds; 1 to 5 are the panels.
    for movement in 1..=5 {
        let (handle, control) = bench(Model::Primacy);
        control.raise_after(movement, Fault::RibbonOut);
        let mut news = handle.print(job(Model::Primacy, "1")).unwrap();
        let evidence = loop {
            match news.blocking_recv().unwrap() {
                Progress::Fault(fault) => {
                    assert_eq!(fault, Fault::RibbonOut);
                    control.clear(&fault);
                }
                Progress::Step(_) => {}
                Progress::Ended(evidence) => break evidence,
            }
        };
        assert!(printed(&evidence), "movement {movement}: {evidence:?}");
        assert_eq!(
            (evidence.panels_repeated, evidence.same_card_at_head),
            (1, true)
        );
        assert_eq!(
            control.books(),
            Books {
                fed: 1,
                ejected: 1,
                rejected: 0,
                inside: 0
            }
        );
        let out = control.take_card().unwrap();
        assert_eq!(
            out.front.draw(),
            decode(&out.job).unwrap().front.draw(),
            "movement {movement}"
        );
    }
}

#[test]
fn a_card_that_was_taken_away_is_not_printed_again() {
    let (handle, control) = bench(Model::Primacy);
    control.raise_after(3, Fault::RibbonOut);
    let mut news = handle.print(job(Model::Primacy, "1")).unwrap();
    let evidence = loop {
        match news.blocking_recv().unwrap() {
            Progress::Fault(fault) => {
                // Whoever changes the film takes the card out, too.
                control.take_out_card();
                control.clear(&fault);
            }
            Progress::Step(_) => {}
            Progress::Ended(evidence) => break evidence,
        }
    };
    assert_eq!(
        (evidence.fault.clone(), evidence.same_card_at_head),
        (Some(Fault::RibbonOut), false),
        "{evidence:?}"
    );
    ready(&handle);
    assert_eq!(
        control.books(),
        Books {
            fed: 1,
            ejected: 0,
            rejected: 1,
            inside: 0
        }
    );
}

#[test]
fn nobody_changes_the_ribbon_and_the_card_goes_to_the_reject_tray() {
    let (handle, control) = bench(Model::Primacy);
    control.raise_after(3, Fault::RibbonOut);
    let evidence = end(handle.print(job(Model::Primacy, "1")).unwrap());
    assert_eq!(
        (evidence.fault.clone(), evidence.counter_after),
        (Some(Fault::RibbonOut), Some(1)),
        "{evidence:?}"
    );
    assert_eq!(
        evidence.card_at,
        Some(crate::status::CardPosition::Rejected)
    );
    let out = control.take_card().unwrap();
    assert_eq!(
        (
            out.tray,
            out.front.dye[0].is_some(),
            out.front.dye[2].is_some()
        ),
        (Tray::Reject, true, false)
    );
}

/// The tray is full, and somebody opens the printer and takes the card out: found by fuzzing, a count ran over.
#[test]
fn a_card_taken_out_of_the_opened_printer_is_in_no_tray() {
    let (handle, control) = bench(Model::Primacy);
    assert_eq!(
        handle.move_card(CardMove::ToHead).blocking_recv(),
        Ok(Ok(()))
    );
    control.raise(Fault::RejectFull);
    control.take_out_card();
    let expect = Books {
        fed: 1,
        ejected: 0,
        rejected: 1,
        inside: 0,
    };
    assert_eq!(control.books(), expect);
    assert!(control.faults().contains(&Fault::RejectFull));
}

#[test]
fn a_chip_is_written_before_the_card_is_printed() {
    let (handle, control) = bench(Model::Primacy);
    assert_eq!(
        handle.move_card(CardMove::ToContactless).blocking_recv(),
        Ok(Ok(()))
    );
    assert_eq!(control.books().inside, 1);
    let evidence = end(handle.print(job(Model::Primacy, "1")).unwrap());
    assert_eq!(
        (evidence.fault, control.books().fed),
        (None, 1),
        "the card that was there is the one printed"
    );
    // A chip that cannot be written sends its card to the reject tray.
    assert_eq!(
        handle.move_card(CardMove::ToContactless).blocking_recv(),
        Ok(Ok(()))
    );
    assert_eq!(
        handle.move_card(CardMove::Reject).blocking_recv(),
        Ok(Ok(()))
    );
    assert_eq!(
        control.books(),
        Books {
            fed: 2,
            ejected: 1,
            rejected: 1,
            inside: 0
        }
    );
    let (handle, _control) = bench(Model::Rio2);
    assert!(matches!(
        handle.move_card(CardMove::ToContactless).blocking_recv(),
        Ok(Err(Fault::Other { .. }))
    ));
}

/// The link is used by the driver's own thread, so the panic happens where a bug in the driver would make it happen.
#[test]
fn a_panic_in_the_middle_of_a_job_ends_it_as_unknown_and_the_printer_comes_back() {
    for model in [Model::Rio2, Model::Primacy] {
        let (handle, control) = bench(model);
        let progress = handle.print(job(model, "1")).unwrap();
        control.panic_after(12);
        let begun = Instant::now();
        let status = wait_for(&handle, LIMIT, |status| {
            status.faults.contains(&Fault::Crashed)
        });
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{model}: health sees it"
        );
        assert!(!status.ready);
        // Whatever is asked while the thread is down is answered, too.
        let asked = handle.query();
        let moved = handle.move_card(CardMove::Eject);
        let evidence = end(progress);
        assert_eq!(evidence.fault, Some(Fault::Crashed), "{model}");
        assert!(evidence.plane_byte_accepted, "{model}: nobody can know");
        assert!(asked.blocking_recv().is_ok());
        assert!(moved.blocking_recv().is_ok());
        ready(&handle);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{model}: it is back"
        );
        assert_eq!(handle.restarts(), 1);
        let before = control.books().ejected;
        let evidence = end(handle.print(job(model, "2")).unwrap());
        assert_eq!(evidence.fault, None, "{model}");
        assert_eq!(control.books().ejected, before + 1);
        balanced(&control);
    }
}

#[test]
fn a_thread_that_panics_again_and_again_answers_jobs_and_does_not_spin() {
    let (handle, control) = bench(Model::Rio2);
    control.raise(Fault::Crashed);
    wait_for(&handle, LIMIT, |status| {
        status.faults.contains(&Fault::Crashed)
    });
    let begun = Instant::now();
    for id in ["1", "2"] {
        let evidence = end(handle.print(job(Model::Rio2, id)).unwrap());
        assert_eq!(evidence.fault, Some(Fault::Crashed));
    }
    std::thread::sleep(Duration::from_secs(4).saturating_sub(begun.elapsed()));
    let restarts = handle.restarts();
    assert!((1..=4).contains(&restarts), "{restarts} restarts in 4 s");
    assert_eq!(control.books().fed, 0);
    control.clear_all();
    ready(&handle);
}

/// Each transfer is within its own limit, and all of them together would take minutes.
#[test]
fn a_printer_that_takes_a_few_bytes_now_and_then_does_not_hold_a_job_for_ever() {
    for model in [Model::Rio2, Model::Primacy] {
        let (handle, control) = bench(model);
        control.take_slowly(64, Duration::from_millis(20));
        let begun = Instant::now();
        let evidence = end(handle.print(job(model, "1")).unwrap());
        let took = begun.elapsed();
        assert_eq!(evidence.fault, Some(Fault::NotAnswering), "{model}");
        assert!(
            evidence.bytes_sent > 0 && evidence.bytes_sent < evidence.bytes_total,
            "{model}: {evidence:?}"
        );
        assert!(took < handle.print_limit(), "{model} took {took:?}");
        control.clear_all();
        ready(&handle);
    }
}

#[test]
fn no_fault_in_any_movement_holds_a_job_longer_than_the_handle_says() {
    let faults = [Fault::NotAnswering, Fault::CoverOpen, Fault::RibbonOut];
    for model in [Model::Enduro, Model::Primacy] {
        for fault in &faults {
            for movement in [0, 2, 5] {
                let (handle, control) = bench(model);
                control.raise_after(movement, fault.clone());
                let begun = Instant::now();
                end(handle.print(job(model, "1")).unwrap());
                let took = begun.elapsed();
                assert!(
                    took < handle.print_limit(),
                    "{model} {fault:?} in movement {movement} took {took:?}"
                );
            }
        }
    }
    let limit = Timing::default().print_limit();
    assert!(
        limit > Timing::default().finish + Timing::default().mend,
        "{limit:?}"
    );
}
