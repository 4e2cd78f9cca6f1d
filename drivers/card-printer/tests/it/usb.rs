//! The real `UsbTransport` through the system's libusb.

use std::time::Duration;

use card_printer::{Fault, Model, VirtualOptions, VirtualPrinter, decode};
use device::FaultInjection as _;
use usb_bed::{Bed, Cut, Event};

use crate::harness::{Desk, PRINTCTL, bed, bus, json, pixels, run};
use crate::on_bus::{Hiccup, OnBus, card};

fn print(bed: &Bed, desk: &Desk, ribbon: &str) -> std::process::Output {
    let card = desk.path("card.png");
    run(bed
        .command(PRINTCTL)
        .args(["--swift", "--json", "print", "--ribbon", ribbon])
        .arg(card))
}

fn desk(model: Model) -> Desk {
    let desk = Desk::new();
    desk.save("card.png", &card(model));
    desk
}

#[test]
fn a_printer_is_found_by_its_descriptors() {
    for model in [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy] {
        let (bed, _control) = bus(model);
        let output = run(bed.command(PRINTCTL).args(["list", "--json"]));
        let printer = &json(&output)["printers"][0];
        assert_eq!(printer["model"], model.name());
        assert_eq!(printer["serial"], "V0001");
        assert_eq!(printer["place"], "usb:1:2");
        let output = run(bed.command(PRINTCTL).args(["--swift", "status", "--json"]));
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(json(&output)["ready"], true);
    }
}

#[test]
fn without_a_printer_the_exit_code_is_1() {
    let (bed, _control) = bus(Model::Rio2);
    bed.unplug().unwrap();
    let output = run(bed.command(PRINTCTL).args(["list", "--json"]));
    assert_eq!(
        (output.status.code(), &json(&output)["printers"]),
        (Some(1), &serde_json::json!([]))
    );
}

#[test]
fn a_card_goes_over_the_cable() {
    for model in [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy] {
        let (bed, control) = bus(model);
        let desk = desk(model);
        let output = print(&bed, &desk, "ymcko");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let out = control.take_card().unwrap();
        assert_eq!(out.front.draw(), decode(&out.job).unwrap().front.draw());
        let expect = card_printer::PrintJob {
            id: "1".into(),
            front: card(model),
            back: None,
            options: card_printer::Options {
                time: decode(&out.job).unwrap().time,
                ..Default::default()
            },
        };
        assert!(
            *out.job == card_printer::encode(model, &expect).unwrap(),
            "the bytes on the wire are those of encode"
        );
        assert_eq!(control.refused(), None);
    }
}

#[test]
fn usblp_is_detached_and_attached_again() {
    let (bed, control) = bus(Model::Rio2);
    bed.bind_usblp();
    let output = print(&bed, &desk(Model::Rio2), "k");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(control.books().ejected, 1);
    let events = bed.events();
    let at = |wanted: &Event| {
        events
            .iter()
            .position(|event| event == wanted)
            .unwrap_or_else(|| panic!("{wanted:?}"))
    };
    assert!(at(&Event::KernelDriverDetached) < at(&Event::Claimed));
    assert_eq!(events.last(), Some(&Event::KernelDriverAttached));
    assert_eq!(bed.kernel_driver(), Some("usblp"));
}

#[test]
fn a_printer_that_another_program_uses_is_in_use() {
    let (bed, _control) = bus(Model::Rio2);
    bed.claim_elsewhere(true);
    let output = run(bed.command(PRINTCTL).args(["--swift", "status", "--json"]));
    assert_eq!(output.status.code(), Some(1));
    let status = json(&output);
    assert_eq!(status["link"], "inUse");
    assert!(
        status["linkError"]
            .as_str()
            .unwrap()
            .contains("in use by another program"),
        "{status}"
    );
}

#[test]
fn a_printer_that_may_not_be_used_names_the_rule_to_add() {
    let (bed, _control) = bus(Model::Rio2);
    bed.forbid().unwrap();
    bed.open_to_all().unwrap();
    let node = bed.folder().join("dev/bus/usb/001/002");
    // Root may open anything, so as root the program runs as nobody.
    let mut command = if std::fs::File::open(&node).is_ok() {
        // The program must be readable for nobody, wherever the repository lies.
        let program = bed.folder().join("printctl");
        std::fs::copy(PRINTCTL, &program).unwrap();
        let mut command = bed.command("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program);
        command
    } else {
        bed.command(PRINTCTL)
    };
    let output = run(command.args(["--swift", "status", "--json"]));
    let status = json(&output);
    assert_eq!(
        (output.status.code(), status["link"].as_str()),
        (Some(1), Some("noPermission")),
        "{status}"
    );
    let error = status["linkError"].as_str().unwrap();
    assert!(error.contains("ATTR{idVendor}==\"0c1f\""), "{error}");
}

#[test]
fn a_pipe_that_rests_loses_nothing() {
    // A rest longer than the limit of a transfer: the host takes the transfer back half done and goes on from there.
    for (at, hiccup) in [
        (100, Hiccup::Nap(Duration::from_millis(250))),
        (20_000, Hiccup::Nap(Duration::from_millis(250))),
        (12_345, Hiccup::Nap(Duration::from_millis(150))),
    ] {
        let printer = VirtualPrinter::new(VirtualOptions::new(Model::Rio2).speed(0.0));
        let control = printer.control();
        let bed = bed(
            &printer,
            OnBus::new(printer.clone()).with_hiccup(at, hiccup),
        );
        let output = print(&bed, &desk(Model::Rio2), "k");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{at} {hiccup:?}: {output:?} {:?}",
            bed.events()
        );
        assert_eq!((control.books().ejected, control.refused()), (1, None));
        assert!(bed.events().contains(&Event::TakenBack(1)), "{at}");
    }
}

#[test]
fn a_pipe_that_stalls_ends_the_job_as_unknown_and_nothing_is_sent_again() {
    let printer = VirtualPrinter::new(VirtualOptions::new(Model::Rio2).speed(0.0));
    let control = printer.control();
    let bed = bed(
        &printer,
        OnBus::new(printer.clone()).with_hiccup(16_000, Hiccup::Stall),
    );
    let desk = desk(Model::Rio2);
    let output = print(&bed, &desk, "k");
    let evidence = json(&output);
    assert_eq!(output.status.code(), Some(1), "{evidence}");
    assert_eq!(evidence["planeByteAccepted"], true);
    assert_eq!(evidence["fault"]["kind"], "notAnswering");
    assert!(evidence["bytesSent"].as_u64() < evidence["bytesTotal"].as_u64());
    assert!(bed.events().contains(&Event::HaltCleared(1)));
    assert_eq!((control.books().fed, control.refused()), (0, None));
    // The half job is gone: the next card is whole and the only one.
    let output = print(&bed, &desk, "k");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let books = control.books();
    assert_eq!((books.fed, books.ejected), (1, 1));
}

#[test]
fn a_printer_that_takes_nothing_ends_the_job() {
    let printer = VirtualPrinter::new(VirtualOptions::new(Model::Rio2).speed(0.0));
    let control = printer.control();
    let bed = bed(
        &printer,
        OnBus::new(printer.clone()).with_hiccup(20_000, Hiccup::Nap(Duration::from_secs(100))),
    );
    let output = print(&bed, &desk(Model::Rio2), "k");
    let evidence = json(&output);
    assert_eq!(output.status.code(), Some(1));
    let sent = evidence["bytesSent"].as_u64().unwrap();
    assert!((10_000..20_000).contains(&sent), "{evidence}");
    assert_eq!(evidence["planeByteAccepted"], true);
    assert_eq!(evidence["fault"]["kind"], "notAnswering");
    assert_eq!(control.books().fed, 0);
}

/// Prints a small job and cuts the cable in each of its transfers in turn, with nothing, half and nearly all of it arriving.
fn cut_everywhere(model: Model) {
    let desk = desk(model);
    let whole = {
        let (bed, _control) = bus(model);
        print(&bed, &desk, "k");
        transfers(&bed)
    };
    let (mut before_plane, mut printed) = (0, 0);
    for after in 0..whole {
        let (bed, control) = bus(model);
        bed.cut(Cut {
            after,
            arrives: [0, 128, 255][after as usize % 3],
        });
        let output = print(&bed, &desk, "k");
        let books = control.books();
        let what = format!("{model}, cut in transfer {after} of {whole}");
        assert!(books.fed <= 1, "printed twice: {what}");
        assert_eq!(books.fed, books.ejected + books.rejected + books.inside);
        if output.stdout.is_empty() {
            // It went before the job began: the tool says that the printer is not ready.
            before_plane += 1;
            assert_eq!((output.status.code(), books.fed), (Some(1), 0), "{what}");
            continue;
        }
        let evidence = json(&output);
        if evidence["planeByteAccepted"] == false {
            before_plane += 1;
            // An Evolis feeds when a job begins; that card is blank.
            let blank = books.ejected == 0;
            assert!(blank, "{what}: {evidence}");
        }
        if output.status.code() == Some(0) {
            printed += 1;
            assert_eq!(books.ejected, 1, "{what}");
        }
    }
    // there are transfers before the plane, during it and after; how many exactly depends on how often the state is asked
    assert!(
        before_plane > 5 && before_plane + printed < whole,
        "{model}: {before_plane} of {whole}"
    );
}

#[test]
fn the_cable_may_go_in_any_transfer_of_a_rio() {
    cut_everywhere(Model::Rio2);
}

#[test]
fn the_cable_may_go_in_any_transfer_of_an_enduro() {
    cut_everywhere(Model::Enduro);
}

#[test]
fn the_cable_may_go_in_any_transfer_of_an_alto() {
    cut_everywhere(Model::Alto);
}

#[test]
fn the_cable_may_go_in_any_transfer_of_a_primacy() {
    cut_everywhere(Model::Primacy);
}

fn transfers(bed: &Bed) -> u64 {
    let count = bed
        .events()
        .iter()
        .filter(|e| matches!(e, Event::Control(_) | Event::Wrote(_) | Event::Read(_)))
        .count();
    count as u64
}

#[test]
fn a_printer_that_comes_back_is_used_again() {
    let (bed, control) = bus(Model::Rio2);
    let desk = desk(Model::Rio2);
    bed.cut(Cut {
        after: 60,
        arrives: 128,
    });
    let output = print(&bed, &desk, "ymcko");
    assert_eq!(json(&output)["fault"]["kind"], "unplugged");
    bed.replug().unwrap();
    // The half job in the printer is dropped: the next card is whole and the only one.
    let output = print(&bed, &desk, "ymcko");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let books = control.books();
    assert_eq!((books.fed, books.ejected), (1, 1));
}

#[test]
fn a_fault_of_the_printer_comes_through() {
    let (bed, control) = bus(Model::Rio2);
    control.raise(Fault::NoCards);
    let output = print(&bed, &desk(Model::Rio2), "k");
    let evidence = json(&output);
    assert_eq!(
        (output.status.code(), evidence["fault"]["kind"].as_str()),
        (Some(1), Some("noCards")),
        "{evidence}"
    );
    assert_eq!(evidence["counterAfter"], 0);
    control.clear(&Fault::NoCards);
    assert_eq!(control.books().fed, 0, "the job was taken back");
}

#[test]
fn encode_and_decode_agree_with_the_print() {
    let desk = desk(Model::Rio2);
    let (job, drawn, printed) = (
        desk.path("job.bin"),
        desk.path("drawn.png"),
        desk.path("printed.png"),
    );
    let ok =
        |command: &mut std::process::Command| assert!(run(command).status.success(), "{command:?}");
    let printctl = || std::process::Command::new(PRINTCTL);
    ok(printctl()
        .args(["encode", "--model", "rio2"])
        .arg(desk.path("card.png"))
        .arg("-o")
        .arg(&job));
    ok(printctl().arg("decode").arg(&job).arg("-o").arg(&drawn));
    let virtual_printer = "virtual:rio2?speed=0";
    ok(printctl()
        .args(["--swift", "print", "--printer", virtual_printer])
        .arg(desk.path("card.png"))
        .arg("--printed")
        .arg(&printed));
    assert_eq!(pixels(&drawn), pixels(&printed));
}

#[test]
fn bad_input_is_refused_with_its_place() {
    let desk = desk(Model::Rio2);
    std::fs::write(desk.path("cut.bin"), [5, 5, 5]).unwrap();
    std::fs::write(desk.path("junk.bin"), b"hello").unwrap();
    let check = |args: &[&str], code: i32, words: &str| {
        let output = run(std::process::Command::new(PRINTCTL)
            .current_dir(desk.path(""))
            .args(args));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    };
    check(
        &["encode", "--model", "alto", "card.png", "-o", "x"],
        1,
        "alto prints exactly 1000x642",
    );
    check(
        &["encode", "--model", "rio3", "card.png", "-o", "x"],
        2,
        "use one of rio2",
    );
    check(
        &["encode", "--model", "rio2", "none.png", "-o", "x"],
        2,
        "none.png cannot be read",
    );
    check(
        &["encode", "--model", "rio2", "junk.bin", "-o", "x"],
        1,
        "junk.bin is no PNG",
    );
    check(&["decode", "junk.bin", "-o", "x.png"], 1, "byte 0");
    check(
        &["decode", "cut.bin", "-o", "x.png"],
        1,
        "byte 3: there is no job",
    );
    check(
        &[
            "encode", "--model", "rio2", "--mag2", "1,2", "card.png", "-o", "x",
        ],
        1,
        "track 2",
    );
}
