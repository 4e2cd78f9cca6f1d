//! Whatever a serial port sends is frames, cards, or nothing; it is never a panic and never piles up.
#![no_main]

use card_reader::pn532::frame::{Decoder, Found, Frame};
use card_reader::pn532::reply;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((size, stream)) = input.split_first() else {
        return;
    };
    let mut decoder = Decoder::new();
    for chunk in stream.chunks(1 + usize::from(*size)) {
        let mut found = decoder.feed(chunk);
        found.extend(decoder.salvage());
        found.into_iter().for_each(look);
    }
    read(stream);
});

/// A frame is the bytes it was made of, and its data may be a reply.
fn look(found: Found) {
    let Found::Frame(frame) = found else { return };
    assert_eq!(
        Decoder::new().feed(&frame.encode()),
        [Found::Frame(frame.clone())]
    );
    if let Frame::Information { data, .. } = frame {
        read(&data[1..]);
    }
}

fn read(parameters: &[u8]) {
    if let Ok(cards) = reply::cards(parameters) {
        assert!(cards.len() <= 2);
        for card in cards {
            assert!(matches!(card.uid.len(), 4 | 7 | 10));
            assert!(!card.random_uid || card.uid[0] == 0x08);
        }
    }
    let _ = reply::firmware(parameters);
}
