//! The virtual reader's end of the terminal: which byte is sent when.

use std::sync::Weak;
use std::time::{Duration, Instant};

use super::chip::{Chip, Outcome, Received};
use super::{MAX_HEARD, Moment, Reader, State};
use crate::Fault;
use crate::pn532::frame::Frame;
use device::serial::Pty;

/// How long the thread waits for bytes at a time; what the control changes takes effect by then.
const TICK: Duration = Duration::from_millis(5);

/// A host that does not take a byte within this time does not get it.
const SEND_LIMIT: Duration = Duration::from_millis(100);

/// What a modem might send, as an example of a device that is no reader.
const NONSENSE: &[u8] = b"\r\nERROR\r\n";

/// The virtual reader from one plugging in to the next pull of the cable.
pub(super) struct Line {
    pty: Pty,
    number: u64,
    reader: Weak<Reader>,
    chip: Chip,
    running: Option<Running>,
    last_reply: Option<Frame>,
}

/// The command that is being worked on.
struct Running {
    command: Vec<u8>,
    acknowledged: bool,
    due: Instant,
}

/// The cable is pulled.
struct Pulled;

/// Takes the port away when its thread ends, however it ends, and then reports that it is gone.
struct Plugged(Option<Line>);

impl Drop for Plugged {
    fn drop(&mut self) {
        let Some(line) = self.0.take() else { return };
        let (reader, number) = (line.reader.clone(), line.number);
        drop(line); // closes the port
        if let Some(reader) = reader.upgrade() {
            let mut state = reader.lock();
            state.lines -= 1;
            if state
                .plug
                .as_ref()
                .is_some_and(|plug| plug.number == number)
            {
                state.plug = None;
            }
            drop(state);
            reader.changed.notify_all();
        }
    }
}

impl Line {
    pub(super) fn new(pty: Pty, number: u64, reader: Weak<Reader>) -> Line {
        Line {
            pty,
            number,
            reader,
            chip: Chip::new(),
            running: None,
            last_reply: None,
        }
    }

    pub(super) fn run(self) {
        let mut plugged = Plugged(Some(self));
        if let Some(line) = &mut plugged.0 {
            line.serve();
        }
    }

    fn serve(&mut self) {
        let mut buffer = [0; 256];
        loop {
            let until_due = self
                .running
                .as_ref()
                .map(|running| running.due.saturating_duration_since(Instant::now()));
            // A wait of zero would not wait for bytes at all, and is not needed: what is due is sent below.
            let wait = until_due.map_or(TICK, |due| due.clamp(Duration::from_micros(100), TICK));
            let Ok(count) = self.pty.receive(&mut buffer, wait) else {
                break;
            };
            let Some(reader) = self.reader.upgrade() else {
                return;
            };
            let mut state = reader.lock();
            if state
                .plug
                .as_ref()
                .is_none_or(|plug| plug.number != self.number)
            {
                break;
            }
            if self.step(&buffer[..count], &mut state).is_err() {
                state.plug = None;
                state.faults.raise(Fault::Unplugged);
                break;
            }
        }
    }

    fn step(&mut self, bytes: &[u8], state: &mut State) -> Result<(), Pulled> {
        if std::mem::take(&mut state.power_cycle) {
            state.field.switch(false);
            (self.chip, self.running, self.last_reply) = (Chip::new(), None, None);
        }
        let say = std::mem::take(&mut state.trouble.say);
        self.put(&say, state)?;
        if state.faults.has(&Fault::NotAnswering) {
            self.running = None;
            return Ok(());
        }
        if state.faults.has(&Fault::WrongDevice) {
            self.running = None;
            return if bytes.is_empty() {
                Ok(())
            } else {
                self.put(NONSENSE, state)
            };
        }
        for received in self.chip.hear(bytes) {
            self.take(received, state)?;
        }
        self.proceed(state)
    }

    fn take(&mut self, received: Received, state: &mut State) -> Result<(), Pulled> {
        match received {
            Received::Command(command) => {
                state
                    .heard
                    .push(command.first().copied().unwrap_or_default());
                let too_many = state.heard.len().saturating_sub(MAX_HEARD);
                state.heard.drain(..too_many);
                pulled(state, &command, Moment::BeforeAck)?;
                let due = Instant::now() + state.trouble.ack_delay;
                self.running = Some(Running {
                    command,
                    acknowledged: false,
                    due,
                });
            }
            Received::Abort => self.running = None,
            Received::Repeat => {
                if let Some(frame) = self.last_reply.clone() {
                    self.put_reply(&frame, state)?;
                }
            }
        }
        Ok(())
    }

    /// Sends what is due of the command that is running.
    fn proceed(&mut self, state: &mut State) -> Result<(), Pulled> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        if running.due > Instant::now() {
            self.running = Some(running);
            return Ok(());
        }
        if !running.acknowledged {
            self.put(&Frame::Ack.encode(), state)?;
            pulled(state, &running.command, Moment::AfterAck)?;
            running.acknowledged = true;
            running.due = Instant::now() + state.trouble.reply_delay;
            self.running = Some(running);
            return Ok(());
        }
        let code = running.command.first().copied().unwrap_or_default();
        let outcome = if state.trouble.refused.contains(&code) {
            Outcome::Reply(Frame::Error)
        } else if state.trouble.ignored.contains(&code) {
            Outcome::Waits
        } else {
            self.chip.execute(&running.command, &mut state.field)
        };
        match outcome {
            Outcome::Waits => self.running = Some(running),
            Outcome::Reply(frame) => {
                if pulled(state, &running.command, Moment::WithinReply).is_err() {
                    let bytes = frame.encode();
                    self.put(&bytes[..bytes.len() / 2], state)?;
                    return Err(Pulled);
                }
                self.put_reply(&frame, state)?;
                self.last_reply = Some(frame);
            }
        }
        Ok(())
    }

    fn put_reply(&mut self, frame: &Frame, state: &mut State) -> Result<(), Pulled> {
        let mut bytes = frame.encode();
        if state.trouble.damage > 0 {
            state.trouble.damage -= 1;
            let last_covered = bytes.len() - 2;
            bytes[last_covered] ^= 0x10;
        }
        self.put(&bytes, state)
    }

    /// Sends bytes, except those that are to be lost.
    fn put(&mut self, bytes: &[u8], state: &mut State) -> Result<(), Pulled> {
        let mut left = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match &mut state.trouble.lose {
                Some((0, 0)) | None => left.push(*byte),
                Some((0, count)) => *count -= 1,
                Some((after, _)) => {
                    *after -= 1;
                    left.push(*byte);
                }
            }
        }
        self.pty.send(&left, SEND_LIMIT).map_err(|_| Pulled)
    }
}

/// Pulls the cable if it was to be pulled at this moment.
fn pulled(state: &mut State, command: &[u8], moment: Moment) -> Result<(), Pulled> {
    match state.trouble.pull {
        Some((code, when)) if when == moment && command.first() == Some(&code) => {
            state.trouble.pull = None;
            Err(Pulled)
        }
        _ => Ok(()),
    }
}
