//! Frames of the PN532 in both directions, as bytes. No device is used here.
//!
//! Source: NXP UM0701-02 (PN532 user manual) section 6.2.1; every kind but NACK was also seen between libnfc 1.8.0 and
//! the virtual reader of this crate.
//!
//! ```text
//! normal    00  00 FF  LEN LCS            TFI data.. DCS  00     LEN counts TFI and data, 1..=255
//! extended  00  00 FF  FF FF LENh LENl LCS  TFI data.. DCS  00   up to 265
//! ACK       00  00 FF  00 FF  00      NACK  00  00 FF  FF 00  00
//! error     00  00 FF  01 FF 7F 81  00
//! ```
//! The leading `00` may be missing or many; each checksum makes the sum of what it covers 0 modulo 256. The trailing `00`
//! is needed: a checksum does not notice the loss of a zero, and the frame would end with what follows it.

use std::fmt;

use zeroize::Zeroizing;

/// The most bytes of data (command code and parameters) that one frame carries: the limit of the firmware.
pub const MAX_DATA: usize = 264;

/// How many bytes the longest frame has from its start code to its end, which is the most that a decoder keeps.
const MAX_KEPT: usize = 2 + 2 + 3 + 1 + MAX_DATA + 1 + 1;

const FROM_HOST: u8 = 0xD4;
const FROM_READER: u8 = 0xD5;
const ERROR: u8 = 0x7F;

/// Who sent a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Host,
    Reader,
}

impl Sender {
    const fn identifier(self) -> u8 {
        match self {
            Sender::Host => FROM_HOST,
            Sender::Reader => FROM_READER,
        }
    }
}

/// One frame. Its data may hold a card's UID: it is wiped when dropped, and `Debug` shows none of it but the code.
#[derive(Clone, PartialEq, Eq)]
pub enum Frame {
    /// A command or its reply: the code, then parameters.
    Information {
        from: Sender,
        data: Zeroizing<Vec<u8>>,
    },
    /// A confirmation; sent by the host it ends the command that is running.
    Ack,
    /// A request for the last reply again; only the host sends it.
    Nack,
    /// The reader did not understand the command.
    Error,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Information { from, data } => {
                let code = data.first().copied().unwrap_or_default();
                write!(
                    f,
                    "Information({from:?}, {code:#04x}, {} bytes)",
                    data.len()
                )
            }
            Frame::Ack => f.write_str("Ack"),
            Frame::Nack => f.write_str("Nack"),
            Frame::Error => f.write_str("Error"),
        }
    }
}

/// The data is empty or too long for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame carries 1 to {MAX_DATA} bytes of data, not {0}")]
pub struct WrongSize(pub usize);

impl Frame {
    /// A command or reply of these bytes.
    ///
    /// # Errors
    /// When `data` is empty or longer than [`MAX_DATA`].
    pub fn information(from: Sender, data: &[u8]) -> Result<Frame, WrongSize> {
        if data.is_empty() || data.len() > MAX_DATA {
            return Err(WrongSize(data.len()));
        }
        let data = Zeroizing::new(data.to_vec());
        Ok(Frame::Information { from, data })
    }

    /// The bytes on the wire. A frame of more than 255 bytes is an extended one, as the reader sends it.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![0x00, 0x00, 0xFF]);
        match self {
            Frame::Ack => bytes.extend([0x00, 0xFF]),
            Frame::Nack => bytes.extend([0xFF, 0x00]),
            Frame::Error => bytes.extend([0x01, 0xFF, ERROR, checksum(&[ERROR])]),
            Frame::Information { from, data } => {
                let [high, low] = u16::try_from(1 + data.len())
                    .unwrap_or(u16::MAX)
                    .to_be_bytes();
                if high == 0 {
                    bytes.extend([low, checksum(&[low])]);
                } else {
                    bytes.extend([0xFF, 0xFF, high, low, checksum(&[high, low])]);
                }
                let body = bytes.len();
                bytes.push(from.identifier());
                bytes.extend_from_slice(data);
                let sum = checksum(&bytes[body..]);
                bytes.push(sum);
            }
        }
        bytes.push(0x00);
        bytes
    }
}

/// The byte that brings the sum of `bytes` to 0 modulo 256.
fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0u8, |sum, byte| sum.wrapping_add(*byte))
        .wrapping_neg()
}

/// What a decoder found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Frame(Frame),
    /// Bytes that began like a frame and are none: some were lost or changed on the way.
    Damaged,
}

/// Finds frames in a stream of bytes, whatever is between them. It keeps fewer bytes than the longest frame has.
pub struct Decoder {
    kept: Zeroizing<Vec<u8>>,
}

impl Default for Decoder {
    fn default() -> Decoder {
        // room for all it ever keeps: growing would leave unwiped copies behind
        Decoder {
            kept: Zeroizing::new(Vec::with_capacity(MAX_KEPT)),
        }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({} bytes kept)", self.kept.len())
    }
}

/// What the first of the kept bytes are.
enum Front {
    /// It is not known yet: more bytes are needed.
    Unfinished,
    /// No frame: this many bytes can be dropped.
    Nothing(usize),
    /// They began like a frame and are none: the start code is dropped and the rest is examined again.
    Damaged,
    Whole(Frame, usize),
}

impl Decoder {
    #[must_use]
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Takes the bytes that arrived and returns what was in them, in order.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for byte in bytes {
            self.kept.push(*byte);
            self.settle(&mut found);
            debug_assert!(self.kept.len() < MAX_KEPT);
        }
        found
    }

    /// Called when the line is quiet: returns a whole frame that lies behind one that never ended. When there is none,
    /// nothing is lost, and the unfinished frame may still go on.
    pub fn salvage(&mut self) -> Vec<Found> {
        let is_whole = |start: &usize| {
            let rest = &self.kept[*start..];
            rest.starts_with(&[0x00, 0xFF]) && matches!(front(rest), Front::Whole(..))
        };
        let Some(start) = (1..self.kept.len()).find(is_whole) else {
            return Vec::new();
        };
        self.kept.drain(..start);
        let mut found = vec![Found::Damaged];
        self.settle(&mut found);
        found
    }

    /// Drops the kept bytes.
    pub fn clear(&mut self) {
        *self = Decoder::default();
    }

    fn settle(&mut self, found: &mut Vec<Found>) {
        loop {
            let used = match front(&self.kept) {
                Front::Unfinished => return,
                Front::Nothing(bytes) => bytes,
                Front::Damaged => {
                    found.push(Found::Damaged);
                    2
                }
                Front::Whole(frame, bytes) => {
                    found.push(Found::Frame(frame));
                    bytes
                }
            };
            self.kept.drain(..used);
        }
    }
}

/// Examines the first of `bytes`, which are advanced to a start code `00 FF`.
fn front(bytes: &[u8]) -> Front {
    match bytes {
        [] | [0x00] => return Front::Unfinished,
        [0x00, 0xFF, ..] => {}
        _ => {
            let start = bytes.windows(2).position(|pair| pair == [0x00, 0xFF]);
            let last_may_begin = usize::from(bytes.last() == Some(&0x00));
            return Front::Nothing(start.unwrap_or(bytes.len() - last_may_begin));
        }
    }
    let (head, length) = match bytes[2..] {
        [] | [_] => return Front::Unfinished,
        [0x00, 0xFF, ref after @ ..] => return ended(after, Frame::Ack, 5),
        [0xFF, 0x00, ref after @ ..] => return ended(after, Frame::Nack, 5),
        [0xFF, 0xFF, high, low, sum, ..] if sum == checksum(&[high, low]) => {
            (7, usize::from(u16::from_be_bytes([high, low])))
        }
        [0xFF, 0xFF, _, _, _, ..] => return Front::Damaged,
        [0xFF, 0xFF, ..] => return Front::Unfinished,
        [length, sum, ..] if sum == checksum(&[length]) => (4, usize::from(length)),
        _ => return Front::Damaged,
    };
    if length == 0 || length > 1 + MAX_DATA {
        return Front::Damaged;
    }
    let Some((covered, after)) = bytes[head..].split_at_checked(length + 1) else {
        return Front::Unfinished;
    };
    let frame = match covered {
        _ if checksum(covered) != 0 => return Front::Damaged,
        [ERROR, _] => Frame::Error,
        [FROM_HOST, data @ .., _] if !data.is_empty() => information(Sender::Host, data),
        [FROM_READER, data @ .., _] if !data.is_empty() => information(Sender::Reader, data),
        _ => return Front::Damaged,
    };
    ended(after, frame, head + length + 2)
}

/// A frame is whole once the `00` behind it has come.
fn ended(after: &[u8], frame: Frame, used: usize) -> Front {
    match after {
        [] => Front::Unfinished,
        [0x00, ..] => Front::Whole(frame, used),
        _ => Front::Damaged,
    }
}

fn information(from: Sender, data: &[u8]) -> Frame {
    Frame::Information {
        from,
        data: Zeroizing::new(data.to_vec()),
    }
}

#[cfg(test)]
mod tests;
