//! A PN532 on a serial line (its HSU mode).
//!
//! Every command goes the same way: the host sends a frame, the reader acknowledges it and later replies
//! (UM0701-02 section 6.2.2). Every wait has a limit, and what is damaged or lost on the way is requested again: a damaged
//! reply by NACK, a missing one by ending the command and sending it anew.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::transport::{LinkError, Transport};
use crate::{Card, CardReader, Error, Fault};

pub mod command;
pub mod frame;
pub mod reply;

use command::Command;
use frame::{Decoder, Found, Frame, Sender};
use reply::{Firmware, Parameters};

/// The reader acknowledges within 15 ms (libnfc 1.8.0); a loaded machine and a USB bridge add theirs.
const ACK_LIMIT: Duration = Duration::from_millis(300);

/// For the first frame through a serial bridge that has just been opened. Some bridges are slow then, and nfcpy 1.0 waits
/// as long.
const FIRST_ACK_LIMIT: Duration = Duration::from_millis(1500);

/// How often a command is sent before the reader counts as not answering.
const ATTEMPTS: usize = 3;
/// The first command waits longer, so it has one attempt less.
const FIRST_ATTEMPTS: usize = 2;

/// How often one reply is requested again by NACK.
const REPEATS: usize = 2;

/// A line that is quiet for so long in the middle of a frame has lost bytes of it.
const QUIET: Duration = Duration::from_millis(50);

/// How long sending a command may take; the line takes one of 30 bytes in 3 ms.
const SEND_LIMIT: Duration = Duration::from_millis(300);

/// How long one look at the field may take. A look of a working reader takes some 60 ms; this leaves room for a command
/// that has to be sent three times, and a reader that needs longer counts as not answering.
pub(crate) const LOOK_LIMIT: Duration = Duration::from_secs(5);

/// Why a command had no reply.
#[derive(Debug)]
enum Failure {
    Link(LinkError),
    /// No reply in time. `nonsense` when bytes came and not even the acknowledgement was among them.
    NoReply {
        nonsense: bool,
    },
    /// The reader does not know the command.
    Refused,
}

/// A reader that has been woken and answers.
#[derive(Debug)]
pub struct Pn532<T> {
    link: Link<T>,
    firmware: Firmware,
}

/// Sends commands and waits for replies.
#[derive(Debug)]
struct Link<T> {
    transport: T,
    decoder: Decoder,
    retries: u64,
    /// When the look that is under way must have ended.
    deadline: Option<Instant>,
}

impl<T: Transport> Pn532<T> {
    /// Wakes the reader at the other end and makes it ready.
    ///
    /// # Errors
    /// When nothing answers within some 3 s, or what answers is no PN532.
    pub fn open(transport: T) -> Result<Pn532<T>, Error> {
        let mut link = Link {
            transport,
            decoder: Decoder::new(),
            retries: 0,
            deadline: None,
        };
        link.run_first(Command::SamConfiguration)
            .map_err(not_identified)?;
        let version = link
            .run(Command::GetFirmwareVersion)
            .map_err(not_identified)?;
        let firmware =
            reply::firmware(&version).map_err(|error| Error::new(Fault::WrongDevice, error))?;
        if !firmware.is_pn532() {
            return Err(Error::new(
                Fault::WrongDevice,
                format!("the chip is a {firmware}, not a PN532"),
            ));
        }
        let mut reader = Pn532 { link, firmware };
        reader.configure()?;
        Ok(reader)
    }

    #[cfg(test)]
    pub(crate) fn line(&mut self) -> &mut T {
        &mut self.link.transport
    }

    /// Sets what a power-up clears, and turns the field off.
    fn configure(&mut self) -> Result<(), Error> {
        match self.link.run(Command::NothingAutomatic) {
            // The command only saves time: lists of cards can be read without it.
            Err(Failure::Refused) => tracing::debug!("the reader keeps its own parameters"),
            other => drop(other.map_err(lost)?),
        }
        self.link.run(Command::FiniteRetries).map_err(lost)?;
        self.set_field(false)
    }

    fn set_field(&mut self, on: bool) -> Result<(), Error> {
        self.link.run(Command::Field { on }).map_err(lost).map(drop)
    }

    /// One look at the field. The field is on for no longer than it takes to ask: without it each card forgets that it was
    /// listed, and answers the next time as well.
    fn look(&mut self) -> Result<Vec<Card>, Error> {
        let retries = self.link.retries;
        self.set_field(true)?;
        let parameters = self.link.run(Command::ListCards).map_err(lost)?;
        let cards =
            reply::cards(&parameters).map_err(|error| Error::new(Fault::NotAnswering, error))?;
        if !cards.is_empty() {
            // This frees the chip's two places. Its status is an error for a card that has just been taken away.
            self.link.run(Command::Release).map_err(lost)?;
        }
        self.set_field(false)?;
        if self.link.retries > retries {
            // The silence may have been a loss of power, after which the chip would look for a card for ever.
            self.configure()?;
        }
        Ok(cards)
    }
}

impl<T: Transport> CardReader for Pn532<T> {
    fn firmware(&self) -> Firmware {
        self.firmware
    }

    fn cards(&mut self) -> Result<Vec<Card>, Error> {
        self.link.deadline = Some(Instant::now() + LOOK_LIMIT);
        let cards = self.look();
        self.link.deadline = None;
        cards
    }

    fn check(&mut self) -> Result<(), Error> {
        self.link
            .run(Command::GetFirmwareVersion)
            .map_err(lost)
            .map(drop)
    }

    fn rest(&mut self) {
        // The reader is not used afterwards, so a failure has no consequence.
        let _ended = self.link.run(Command::Field { on: false });
        let _ended = self.link.run(Command::PowerDown);
    }

    fn retries(&self) -> u64 {
        self.link.retries
    }
}

/// The error of a failure before the device has shown that it is a PN532.
fn not_identified(failure: Failure) -> Error {
    match failure {
        Failure::NoReply { nonsense: true } => Error::new(
            Fault::WrongDevice,
            "a PN532 does not send what came from the port",
        ),
        Failure::Refused => Error::new(
            Fault::WrongDevice,
            "it does not know the commands of a PN532",
        ),
        other => lost(other),
    }
}

/// The error of a failure of a device that has shown to be a PN532.
fn lost(failure: Failure) -> Error {
    match failure {
        Failure::Link(error @ LinkError::Gone(_)) => Error::new(Fault::Unplugged, error),
        Failure::Link(error @ LinkError::Stuck) => Error::new(Fault::NotAnswering, error),
        Failure::NoReply { nonsense: false } => Error::new(Fault::NotAnswering, "it stays silent"),
        Failure::NoReply { nonsense: true } => {
            Error::new(Fault::NotAnswering, "its replies cannot be read")
        }
        Failure::Refused => Error::new(
            Fault::NotAnswering,
            "it refuses a command that a PN532 knows",
        ),
    }
}

impl<T: Transport> Link<T> {
    /// The first command, with the bytes before it that wake a sleeping reader.
    fn run_first(&mut self, command: Command) -> Result<Parameters, Failure> {
        let frame = command.frame().encode();
        let bytes: Vec<u8> = command::WAKE_UP
            .iter()
            .chain(frame.iter())
            .copied()
            .collect();
        self.attempt(command, &bytes, FIRST_ATTEMPTS, FIRST_ACK_LIMIT)
    }

    fn run(&mut self, command: Command) -> Result<Parameters, Failure> {
        self.attempt(command, &command.frame().encode(), ATTEMPTS, ACK_LIMIT)
    }

    /// The end of `limit` from now, or the deadline of the look when that comes first.
    fn until(&self, limit: Duration) -> Instant {
        let end = Instant::now() + limit;
        self.deadline.map_or(end, |deadline| end.min(deadline))
    }

    fn attempt(
        &mut self,
        command: Command,
        bytes: &[u8],
        attempts: usize,
        ack_limit: Duration,
    ) -> Result<Parameters, Failure> {
        let mut nonsense = false;
        for attempt in 1..=attempts {
            if self.deadline.is_some_and(|at| Instant::now() >= at) {
                break;
            }
            self.decoder.clear();
            self.transport.discard();
            self.transport
                .send(bytes, SEND_LIMIT)
                .map_err(Failure::Link)?;
            match self.reply(command, ack_limit) {
                Err(Failure::NoReply { nonsense: now }) => nonsense |= now,
                done => return done,
            }
            // This ends the command if it still runs, so that its late reply is not taken for the reply to another one.
            self.transport
                .send(&Frame::Ack.encode(), SEND_LIMIT)
                .map_err(Failure::Link)?;
            self.retries += 1;
            tracing::debug!(?command, attempt, nonsense, "no reply");
        }
        Err(Failure::NoReply { nonsense })
    }

    /// Waits for the acknowledgement and then for the reply. A reply without an acknowledgement is accepted as well: the
    /// acknowledgement was lost on the way.
    fn reply(&mut self, command: Command, ack_limit: Duration) -> Result<Parameters, Failure> {
        let mut until = self.until(ack_limit);
        let mut acknowledged = false;
        let mut repeats = 0;
        let mut heard = false;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::NoReply {
                    nonsense: heard && !acknowledged,
                });
            }
            let (found, any) = self.listen(left.min(QUIET))?;
            heard |= any;
            let mut damaged = false;
            for found in found {
                match found {
                    Found::Frame(Frame::Ack) if !acknowledged => {
                        acknowledged = true;
                        damaged = false; // what came before the ACK is not the reply
                        until = self.until(command.limit());
                    }
                    Found::Frame(Frame::Error) => return Err(Failure::Refused),
                    Found::Frame(Frame::Information {
                        from: Sender::Reader,
                        mut data,
                    }) => {
                        if data[0] == command.reply() {
                            data.remove(0);
                            return Ok(data);
                        }
                        // Otherwise it is a late reply to an earlier command.
                    }
                    Found::Frame(_) => {}
                    Found::Damaged => damaged = true,
                }
            }
            if damaged && acknowledged && repeats < REPEATS {
                repeats += 1;
                self.transport
                    .send(&Frame::Nack.encode(), SEND_LIMIT)
                    .map_err(Failure::Link)?;
                until = self.until(command.limit());
            }
        }
    }

    /// What came within `limit`, and whether anything did.
    fn listen(&mut self, limit: Duration) -> Result<(Vec<Found>, bool), Failure> {
        let mut buffer = Zeroizing::new([0; 64]);
        let count = self
            .transport
            .receive(&mut *buffer, limit)
            .map_err(Failure::Link)?;
        let found = match count {
            0 => self.decoder.salvage(),
            count => self.decoder.feed(&buffer[..count]),
        };
        Ok((found, count > 0))
    }
}

#[cfg(test)]
mod tests;
