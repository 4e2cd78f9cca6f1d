//! A UID leads to a person, so none may reach a log.

use std::fmt::{Debug, Write};
use std::sync::{Mutex, PoisonError};

use card_reader::VirtualCard;
use device::FaultInjection as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::{looks, reading, until_card, until_fault, until_reading};

/// Everything that this process logs, at every level, from whichever test.
static LOG: Mutex<String> = Mutex::new(String::new());

struct Everything;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line(String::new());
        attributes.record(&mut line);
        LOG.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line.0);
        log.push('\n');
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn no_uid_is_logged() {
    tracing::subscriber::set_global_default(Everything).unwrap();
    let (handle, control) = reading();
    control.lay(VirtualCard::desfire());
    until_card(&handle, &[0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66]);
    control.damage(9);
    looks(&handle, 2);
    control.say(b"rubbish");
    control.raise(card_reader::Fault::WrongDevice);
    until_fault(&handle, card_reader::Fault::WrongDevice);
    control.clear_all();
    until_reading(&handle);
    let shown = format!(
        "{handle:?} {control:?} {:?} {:?}",
        handle.cards(),
        handle.status()
    );
    let log = LOG.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for expect in ["card reader ready", "no reply", "wrong-device"] {
        assert!(
            log.contains(expect),
            "{expect} is not logged, so this test sees nothing: {log}"
        );
    }
    let bytes = [0x11, 0x22, 0x33];
    let forms = [
        format!("{bytes:?}").trim_matches(['[', ']']).to_owned(),
        format!("{bytes:02x?}").trim_matches(['[', ']']).to_owned(),
        "112233".to_owned(),
        "11 22 33".to_owned(),
        "11:22:33".to_owned(),
    ];
    for form in forms {
        assert!(!log.contains(&form), "{form} is logged");
        assert!(!shown.contains(&form), "{form} is shown: {shown}");
    }
}
