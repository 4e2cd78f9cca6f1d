//! Whatever a printer or a spooler answers is understood or refused; it is never a panic and never piles up.
#![no_main]

use card_printer::magicard::reply as magicard;
use card_printer::evolis::{reply as evolis, status::State};
use card_printer::ipp::{http, message::Answer};
use card_printer::{ColourProfile, DeviceId, Model};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((kind, input)) = input.split_first() else { return };
    match kind % 5 {
        0 => {
            if let Ok(Some(frame)) = magicard::frame(input) {
                let _ = magicard::value(frame, "TCQ");
                let _ = magicard::condition(frame);
                if let Ok(info) = magicard::info(frame) {
                    let _ = info.shots_left();
                }
            }
        }
        1 => {
            if let Some(text) = evolis::frame(input) {
                let mut state = State::default();
                evolis::note(&evolis::answer(&text), &mut state);
                assert!(state.faults().len() <= 32);
                let _ = (evolis::number(&text), evolis::card_present(&text));
            }
        }
        2 => {
            let id = DeviceId::from_class_request(input);
            let _ = Model::from_device_id(id.maker().unwrap_or_default(), id.model().unwrap_or_default());
            let _ = id.to_string();
        }
        3 => {
            if let Ok(answer) = Answer::parse(input) {
                let _ = (answer.is_good(), answer.message(), answer.job());
            }
            let _ = http::answer(input);
        }
        _ => {
            let _ = ColourProfile::from_bytes(input);
        }
    }
});
