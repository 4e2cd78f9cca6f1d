//! The firmware of the PN532, as far as a reader of cards uses it: bytes and commands in, requests and replies out. No device
//! and no clock is used here.
//!
//! Source: NXP UM0701-02; what its commands answer is as libnfc 1.8.0 expects it.

use std::collections::BTreeMap;

use super::field::{Field, Listed};
use crate::pn532::command as code;
use crate::pn532::frame::{Decoder, Found, Frame, MAX_DATA, Sender};

/// Bit of SetParameters: RATS is sent to each card that speaks ISO 14443-4. On after power-up.
const AUTOMATIC_RATS: u8 = 0x10;

/// The number of retries that means no end, as after power-up.
const FOR_EVER: u8 = 0xFF;

/// How many rising edges of the line the wake-up needs (UM0701-02 section 6.3.2.3).
const EDGES_TO_WAKE: u32 = 5;

/// "Command is not acceptable in the current context", and "the target has not answered" (UM0701-02 section 7.1).
const NOT_IN_THIS_CONTEXT: u8 = 0x27;
const TIMED_OUT: u8 = 0x01;

/// What came from the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// A command: its code and parameters, to be acknowledged and executed.
    Command(Vec<u8>),
    /// The running command is to end.
    Abort,
    /// The last reply is to be sent again.
    Repeat,
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Reply(Frame),
    /// No reply yet: the command goes on until there is a card or the host ends it.
    Waits,
}

/// The chip.
#[derive(Debug)]
pub(super) struct Chip {
    /// Rising edges seen while asleep; none when awake.
    asleep: Option<u32>,
    decoder: Decoder,
    registers: BTreeMap<u16, u8>,
    parameters: u8,
    retries: u8,
    /// The two places for cards.
    listed: Vec<Listed>,
}

impl Chip {
    /// After power-up it sleeps until the line moves (AN10609: low battery mode).
    pub(super) fn new() -> Chip {
        Chip {
            asleep: Some(0),
            decoder: Decoder::new(),
            registers: BTreeMap::new(),
            parameters: AUTOMATIC_RATS,
            retries: FOR_EVER,
            listed: Vec::new(),
        }
    }

    /// Takes bytes of the host. Those that wake the chip are lost, and a damaged frame is ignored.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Received> {
        let mut received = Vec::new();
        for byte in bytes {
            if let Some(edges) = &mut self.asleep {
                *edges += rising_edges(*byte);
                if *edges >= EDGES_TO_WAKE {
                    self.asleep = None;
                }
                continue;
            }
            received.extend(self.decoder.feed(&[*byte]).into_iter().filter_map(turn));
        }
        received
    }

    /// Executes a command of at least its code.
    pub(super) fn execute(&mut self, command: &[u8], field: &mut Field) -> Outcome {
        let Some((code, parameters)) = command.split_first() else {
            return Outcome::Reply(Frame::Error);
        };
        if *code == code::IN_LIST_PASSIVE_TARGET {
            return self.list(parameters, field);
        }
        Outcome::Reply(reply(*code, self.answer(*code, parameters, field)))
    }

    /// The parameters of the reply; none for what the chip does not understand.
    fn answer(&mut self, code: u8, parameters: &[u8], field: &mut Field) -> Option<Vec<u8>> {
        match (code, parameters) {
            // Test 0 is of the line: the bytes are sent back.
            (code::DIAGNOSE, [0x00, ..]) => Some(parameters.to_vec()),
            (code::GET_FIRMWARE_VERSION, []) => Some(vec![0x32, 0x01, 0x06, 0x07]),
            (code::READ_REGISTER, addresses) => {
                let pairs = addresses.chunks(2).map(|pair| match *pair {
                    [high, low] => Some(
                        self.registers
                            .get(&u16::from_be_bytes([high, low]))
                            .copied()
                            .unwrap_or(0),
                    ),
                    _ => None,
                });
                pairs.collect()
            }
            (code::WRITE_REGISTER, writes) if writes.len().is_multiple_of(3) => {
                for write in writes.chunks_exact(3) {
                    self.registers
                        .insert(u16::from_be_bytes([write[0], write[1]]), write[2]);
                }
                Some(Vec::new())
            }
            (code::SET_PARAMETERS, [flags]) => {
                self.parameters = *flags;
                Some(Vec::new())
            }
            (code::SAM_CONFIGURATION, [1..=4, ..]) => Some(Vec::new()),
            (code::POWER_DOWN, [_, ..]) => {
                self.asleep = Some(0);
                field.switch(false);
                Some(vec![0x00])
            }
            (code::RF_CONFIGURATION, [item, values @ ..]) => self.configure(*item, values, field),
            (code::IN_DESELECT | code::IN_RELEASE, [number]) => {
                Some(vec![self.let_go(code, *number, field)])
            }
            _ => None,
        }
    }

    fn configure(&mut self, item: u8, values: &[u8], field: &mut Field) -> Option<Vec<u8>> {
        match (item, values) {
            (0x01, [switch]) => {
                field.switch(switch & 0x01 != 0);
                if switch & 0x01 == 0 {
                    self.listed.clear();
                }
            }
            (0x05, [_, _, activation]) => self.retries = *activation,
            // Times and analog settings have no meaning here.
            (0x02 | 0x04 | 0x0A..=0x0D, [_, ..]) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    /// InListPassiveTarget: `MaxTg BrTy data`. Only ISO 14443 A at 106 kbit/s (type 0) has cards here.
    fn list(&mut self, parameters: &[u8], field: &mut Field) -> Outcome {
        let (most, kind) = match *parameters {
            [most @ 1..=code::MAX_TARGETS, kind @ 0..=4, ..] => (usize::from(most), kind),
            _ => return Outcome::Reply(Frame::Error),
        };
        self.listed.clear();
        let rats = self.parameters & AUTOMATIC_RATS != 0;
        // for ever is tried anew by whoever waits for it
        let attempts = if self.retries == FOR_EVER {
            2
        } else {
            1 + usize::from(self.retries)
        };
        for _ in 0..attempts {
            while self.listed.len() < most && kind == 0x00 {
                let Some(listed) = field.select(&self.listed, rats) else {
                    break;
                };
                self.listed.push(listed);
            }
        }
        if self.listed.is_empty() && self.retries == FOR_EVER {
            return Outcome::Waits;
        }
        let mut found = vec![u8::try_from(self.listed.len()).unwrap_or(0)];
        for (place, listed) in (1..).zip(&self.listed) {
            found.extend([place, listed.atqa[0], listed.atqa[1], listed.sak]);
            found.push(u8::try_from(listed.uid.len()).unwrap_or(0));
            found.extend(listed.uid.iter().chain(&listed.ats));
        }
        Outcome::Reply(reply(code::IN_LIST_PASSIVE_TARGET, Some(found)))
    }

    /// InDeselect and InRelease: ends what the chip does with the card in a place, or with all (0). The status.
    fn let_go(&mut self, code: u8, place: u8, field: &mut Field) -> u8 {
        let chosen: Vec<u64> = match usize::from(place) {
            0 => self.listed.iter().map(|listed| listed.number).collect(),
            place => self
                .listed
                .get(place - 1)
                .map(|listed| listed.number)
                .into_iter()
                .collect(),
        };
        if chosen.is_empty() && place != 0 {
            return NOT_IN_THIS_CONTEXT;
        }
        let mut heard = true;
        for number in &chosen {
            heard &= field.let_go(*number);
        }
        if code == code::IN_RELEASE {
            self.listed
                .retain(|listed| !chosen.contains(&listed.number));
        }
        if heard { 0x00 } else { TIMED_OUT }
    }
}

fn turn(found: Found) -> Option<Received> {
    match found {
        Found::Frame(Frame::Information {
            from: Sender::Host,
            data,
        }) => Some(Received::Command(data.to_vec())),
        Found::Frame(Frame::Ack) => Some(Received::Abort),
        Found::Frame(Frame::Nack) => Some(Received::Repeat),
        Found::Frame(Frame::Information { .. } | Frame::Error) | Found::Damaged => None,
    }
}

fn reply(code: u8, parameters: Option<Vec<u8>>) -> Frame {
    let Some(mut data) = parameters else {
        return Frame::Error;
    };
    data.insert(0, code.wrapping_add(1));
    data.truncate(MAX_DATA);
    Frame::information(Sender::Reader, &data).unwrap_or(Frame::Error)
}

/// How often the line rises during a byte: a start bit of 0, the bits from the lowest on, a stop bit of 1.
fn rising_edges(byte: u8) -> u32 {
    let bits = u16::from(byte) << 1 | 1 << 9;
    (bits & !(bits << 1) & 0x3FF).count_ones()
}

#[cfg(test)]
mod tests;
