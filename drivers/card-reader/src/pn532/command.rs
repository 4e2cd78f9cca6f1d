//! The commands that the driver sends, as the data of a frame.
//!
//! Source: NXP UM0701-02 chapter 7; the byte values were also seen from libnfc 1.8.0.

use std::time::Duration;

use super::frame::{Frame, Sender};

pub const DIAGNOSE: u8 = 0x00;
pub const GET_FIRMWARE_VERSION: u8 = 0x02;
pub const READ_REGISTER: u8 = 0x06;
pub const WRITE_REGISTER: u8 = 0x08;
pub const SET_PARAMETERS: u8 = 0x12;
pub const SAM_CONFIGURATION: u8 = 0x14;
pub const POWER_DOWN: u8 = 0x16;
pub const RF_CONFIGURATION: u8 = 0x32;
pub const IN_DESELECT: u8 = 0x44;
pub const IN_LIST_PASSIVE_TARGET: u8 = 0x4A;
pub const IN_RELEASE: u8 = 0x52;

/// Straight before the first frame: `55` has five rising edges, and the fifth wakes the chip (UM0701-02 section 6.3.2.3);
/// the zeros give its oscillator time and are filler to an awake one. Seen from libnfc 1.8.0.
pub const WAKE_UP: [u8; 16] = [0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The most cards that one InListPassiveTarget lists.
pub const MAX_TARGETS: u8 = 2;

/// A command and how long its reply may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    GetFirmwareVersion,
    /// Normal mode: no security module. The first command after power-up, and after a wake-up.
    SamConfiguration,
    /// Turns off everything that the chip does by itself, above all RATS: a UID needs no ISO 14443-4 session with the card.
    NothingAutomatic,
    /// Limits how often the chip asks for a card before it answers "none". As delivered it asks for ever.
    FiniteRetries,
    /// Turns the field on or off; without it for 5 ms a card forgets that it was read (ISO 14443-3) and answers again.
    Field {
        on: bool,
    },
    /// Lists the cards in the field, ISO 14443 A at 106 kbit/s.
    ListCards,
    /// Makes the chip forget the cards that were listed.
    Release,
    /// Lets the chip sleep until bytes come.
    PowerDown,
}

impl Command {
    /// Code and parameters.
    #[must_use]
    pub const fn data(self) -> &'static [u8] {
        match self {
            Command::GetFirmwareVersion => &[GET_FIRMWARE_VERSION],
            Command::SamConfiguration => &[SAM_CONFIGURATION, 0x01],
            Command::NothingAutomatic => &[SET_PARAMETERS, 0x00],
            // item 5: retries of ATR_REQ, of PSL_REQ (both of peers, not of cards), of the activation of a card
            Command::FiniteRetries => &[RF_CONFIGURATION, 0x05, 0x00, 0x01, 0x02],
            Command::Field { on: true } => &[RF_CONFIGURATION, 0x01, 0x01],
            Command::Field { on: false } => &[RF_CONFIGURATION, 0x01, 0x00],
            Command::ListCards => &[IN_LIST_PASSIVE_TARGET, MAX_TARGETS, 0x00],
            Command::Release => &[IN_RELEASE, 0x00],
            // woken by the serial line, SPI and I2C, as libnfc does it
            Command::PowerDown => &[POWER_DOWN, 0xF0],
        }
    }

    /// How long the reply may take. Three attempts at a card last some 20 ms, a release of one that has just been taken
    /// waits for its answer; the rest is done at once. Each has room for a slow USB bridge and a busy machine.
    #[must_use]
    pub const fn limit(self) -> Duration {
        match self {
            Command::ListCards | Command::Release => Duration::from_millis(1000),
            _ => Duration::from_millis(500),
        }
    }

    /// The code of its reply.
    #[must_use]
    pub const fn reply(self) -> u8 {
        self.data()[0] + 1
    }

    #[must_use]
    pub fn frame(self) -> Frame {
        Frame::information(Sender::Host, self.data())
            .expect("the commands above are a few bytes long")
    }
}
