//! A virtual printer that QEMU plugs into its guest: the device's side of `tests/vm/usb.sh`.
//!
//! `usb_printer FOLDER` waits for QEMU at FOLDER/usb.sock and writes FOLDER/card.png. What the guest writes to FOLDER/usb.do is
//! done to the printer (`cut N`: the cable goes in the N-th transfer from now; `replug`), the file taken away, and the books
//! written to FOLDER/usb.books: fed, ejected, rejected, inside, and what the printer refused.

#![allow(clippy::unwrap_used)] // a test that unwraps says what it expects

#[allow(dead_code)] // shared with the tests on the bus without a guest
#[path = "../../drivers/card-printer/tests/it/on_bus.rs"]
mod on_bus;

use std::path::PathBuf;
use std::time::Duration;

use card_printer::{Control, Model, VirtualOptions, VirtualPrinter};
use on_bus::{OnBus, card};
use usb_bed::{Descriptors, Redir};

/// How often the guest's wishes are looked for.
const TICK: Duration = Duration::from_millis(20);

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("usb_printer FOLDER"));
    let printer = VirtualPrinter::new(VirtualOptions::new(Model::Rio2).speed(0.0));
    let control = printer.control();
    let (vendor, product) = printer.usb_ids();
    let descriptors = Descriptors::printer(vendor, product, &printer.serial());
    let card = card(Model::Rio2);
    image::RgbImage::from_raw(card.width(), card.height(), card.rgb().to_vec())
        .unwrap()
        .save(folder.join("card.png"))
        .unwrap();
    let _redir = Redir::listen(&folder.join("usb.sock"), descriptors, OnBus::new(printer)).unwrap();
    let (wishes, books) = (folder.join("usb.do"), folder.join("usb.books"));
    loop {
        std::thread::sleep(TICK);
        let Ok(wish) = std::fs::read_to_string(&wishes) else {
            continue;
        };
        grant(&control, wish.trim());
        let all = control.books();
        let refused = control.refused().unwrap_or_else(|| "nothing".to_owned());
        let line = format!(
            "{} {} {} {} {refused}\n",
            all.fed, all.ejected, all.rejected, all.inside
        );
        std::fs::write(&books, line).unwrap();
        std::fs::remove_file(&wishes).unwrap();
    }
}

fn grant(control: &Control, wish: &str) {
    match wish.split_once(' ').unwrap_or((wish, "")) {
        ("cut", transfers) => control.cut_after(transfers.parse().unwrap()),
        ("replug", _) => control.replug(),
        ("books", _) => {}
        _ => panic!("the guest wants \"{wish}\", which is none of cut N, replug, books"),
    }
}
