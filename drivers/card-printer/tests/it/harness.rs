//! A virtual printer on a virtual cable, pictures for it, and programs that print.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use card_printer::{CardImage, Control, Model, VirtualOptions, VirtualPrinter};
use tempfile::TempDir;
use usb_bed::{Bed, Descriptors};

use crate::on_bus::OnBus;

/// A printer of this model, at work for no time, and the bus it is on.
pub(crate) fn bus(model: Model) -> (Bed, Control) {
    let printer = VirtualPrinter::new(VirtualOptions::new(model).speed(0.0));
    let control = printer.control();
    (bed(&printer, OnBus::new(printer.clone())), control)
}

pub(crate) fn bed(printer: &VirtualPrinter, device: OnBus) -> Bed {
    let (vendor, product) = printer.usb_ids();
    Bed::new(
        Descriptors::printer(vendor, product, &printer.serial()),
        device,
    )
    .unwrap()
}

pub(crate) const PRINTCTL: &str = env!("CARGO_BIN_EXE_printctl");

/// Runs a program to its end, at most a minute.
pub(crate) fn run(command: &mut Command) -> Output {
    use std::process::Stdio;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            let _ = child.kill();
            panic!("{command:?} does not end: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    child.wait_with_output().unwrap()
}

/// The object that a program wrote with `--json`.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A folder with the picture of a card in it.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn save(&self, name: &str, card: &CardImage) -> PathBuf {
        let path = self.path(name);
        image::RgbImage::from_raw(card.width(), card.height(), card.rgb().to_vec())
            .unwrap()
            .save(&path)
            .unwrap();
        path
    }
}

pub(crate) fn pixels(path: &Path) -> Vec<u8> {
    image::open(path).unwrap().into_rgb8().into_raw()
}
