//! Driver and chip on a line in memory, where each byte can be lost or changed and nothing else happens: no port and no
//! other thread can be late.

use std::collections::VecDeque;

use super::super::card::VirtualCard;
use super::super::chip::{Chip, Outcome, Received};
use super::super::field::Field;
use crate::pn532::Pn532;
use crate::pn532::frame::Frame;
use crate::transport::{LinkError, Transport};
use crate::{Card, CardReader, Fault};

use std::thread;
use std::time::Duration;

/// What happens to bytes on their way to the host.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mishap {
    Lost { count: usize },
    Changed { bits: u8 },
}

#[derive(Debug)]
struct Direct {
    chip: Chip,
    field: Field,
    last_reply: Option<Frame>,
    coming: VecDeque<u8>,
    /// Bytes that the chip has sent since the mishap was set up, and where it happens.
    sent: usize,
    mishap: Option<(usize, Mishap)>,
}

impl Direct {
    fn put(&mut self, frame: &Frame) {
        for byte in frame.encode().iter() {
            let at = self.sent;
            self.sent += 1;
            match self.mishap {
                Some((from, Mishap::Lost { count })) if (from..from + count).contains(&at) => {}
                Some((from, Mishap::Changed { bits })) if from == at => {
                    self.coming.push_back(byte ^ bits)
                }
                _ => self.coming.push_back(*byte),
            }
        }
    }
}

impl Transport for Direct {
    fn send(&mut self, bytes: &[u8], _limit: Duration) -> Result<(), LinkError> {
        for received in self.chip.hear(bytes) {
            match received {
                Received::Command(command) => {
                    self.put(&Frame::Ack);
                    if let Outcome::Reply(frame) = self.chip.execute(&command, &mut self.field) {
                        self.put(&frame);
                        self.last_reply = Some(frame);
                    }
                }
                Received::Repeat => {
                    if let Some(frame) = self.last_reply.clone() {
                        self.put(&frame);
                    }
                }
                Received::Abort => {}
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        if self.coming.is_empty() {
            thread::sleep(limit);
        }
        let count = self.coming.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.coming.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }

    fn discard(&mut self) {
        self.coming.clear();
    }
}

/// One look at a field in which a Classic lies, with a mishap at one of the bytes that come from the chip: the cards,
/// and how many bytes came.
fn look(mishap: Option<(usize, Mishap)>) -> (Result<Vec<Card>, Fault>, usize) {
    let mut line = Direct {
        chip: Chip::new(),
        field: Field::default(),
        last_reply: None,
        coming: VecDeque::new(),
        sent: 0,
        mishap: None,
    };
    line.field.lay(VirtualCard::classic());
    let mut reader = Pn532::open(line).unwrap();
    (reader.line().sent, reader.line().mishap) = (0, mishap);
    let cards = reader.cards().map_err(|error| error.fault);
    (cards, reader.line().sent)
}

#[test]
fn a_mishap_to_any_byte_costs_time_and_neither_the_reader_nor_the_card() {
    let expect = Ok(vec![
        Card::new(&[0xDE, 0xAD, 0xBE, 0xEF], [0x00, 0x04], 0x08).unwrap(),
    ]);
    let (cards, bytes) = look(None);
    assert_eq!(cards, expect);
    // an acknowledgement and a reply for each of field on, list, release, field off
    assert_eq!(bytes, (6 + 9) + (6 + 19) + (6 + 10) + (6 + 9));
    let mishaps = [
        Mishap::Lost { count: 1 },
        Mishap::Lost { count: 2 },
        Mishap::Lost { count: 9 },
        Mishap::Changed { bits: 0x01 },
        Mishap::Changed { bits: 0xFF },
    ];
    for mishap in mishaps {
        thread::scope(|scope| {
            for place in 0..bytes {
                let expect = &expect;
                scope.spawn(move || {
                    assert_eq!(
                        &look(Some((place, mishap))).0,
                        expect,
                        "{mishap:?} at byte {place}"
                    )
                });
            }
        });
    }
}
