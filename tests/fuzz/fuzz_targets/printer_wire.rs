//! A virtual printer takes whatever a host sends, in whatever pieces, and its books are right whatever that was.
#![no_main]

use card_printer::{Fault, Model, VirtualOptions, VirtualPrinter};
use device::{Fault as _, FaultInjection as _};
use libfuzzer_sys::fuzz_target;

const MODELS: [Model; 5] = [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy, Model::Zenius];

fuzz_target!(|input: &[u8]| {
    let [kind, piece, rest @ ..] = input else { return };
    let printer = VirtualPrinter::new(VirtualOptions::new(MODELS[usize::from(*kind) % MODELS.len()]).speed(0.0));
    let control = printer.control();
    let faults = Fault::all();
    for (index, piece) in rest.chunks(1 + usize::from(*piece)).enumerate() {
        // Now and then the world does something to it.
        match piece[0] {
            0xF0 => printer.hang_up(),
            0xF1 => control.raise(faults[index % faults.len()].clone()),
            0xF2 => control.clear_all(),
            0xF3 => control.take_out_card(),
            0xF4 => drop(printer.soft_reset()),
            _ => drop(printer.write(piece)),
        }
        while let Ok(Some(answer)) = printer.read(64) {
            assert!(!answer.is_empty() && answer.len() <= 64);
        }
        let _ = printer.port_status();
        let books = control.books();
        assert_eq!(books.fed, books.ejected + books.rejected + books.inside);
    }
});
