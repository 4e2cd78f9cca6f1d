//! The virtual reader's end of the terminal: when which byte goes out.

use std::sync::Weak;
use std::time::{Duration, Instant};

use super::chip::{Chip, Outcome, Turn};
use super::{MOST_HEARD, Moment, Reader, State};
use crate::Fault;
use crate::pn532::frame::Frame;
use crate::transport::Pty;

/// How long the thread listens at a stretch; what the control changes takes effect by then.
const TICK: Duration = Duration::from_millis(5);

/// A host that does not take a byte within this time does not get it.
const SEND_LIMIT: Duration = Duration::from_millis(100);

/// What a modem might say: a device that is no reader.
const NONSENSE: &[u8] = b"\r\nERROR\r\n";

/// One plug of the virtual reader, from plugging in to pulling.
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

    pub(super) fn run(mut self) {
        let mut buffer = [0; 256];
        loop {
            let until_due = self
                .running
                .as_ref()
                .map(|running| running.due.saturating_duration_since(Instant::now()));
            // zero would not wait for bytes at all and is not needed: what is due is sent below
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
                state.faults.insert(Fault::Unplugged);
                break;
            }
        }
        let reader = self.reader.clone();
        drop(self); // the port goes first, then it is told
        if let Some(reader) = reader.upgrade() {
            reader.lock().lines -= 1;
            reader.changed.notify_all();
        }
    }

    fn step(&mut self, bytes: &[u8], state: &mut State) -> Result<(), Pulled> {
        if std::mem::take(&mut state.power_cycle) {
            state.field.switch(false);
            (self.chip, self.running, self.last_reply) = (Chip::new(), None, None);
        }
        let say = std::mem::take(&mut state.trouble.say);
        self.put(&say, state)?;
        if state.faults.contains(&Fault::NotAnswering) {
            self.running = None;
            return Ok(());
        }
        if state.faults.contains(&Fault::WrongDevice) {
            self.running = None;
            return if bytes.is_empty() {
                Ok(())
            } else {
                self.put(NONSENSE, state)
            };
        }
        for turn in self.chip.hear(bytes) {
            self.take(turn, state)?;
        }
        self.proceed(state)
    }

    fn take(&mut self, turn: Turn, state: &mut State) -> Result<(), Pulled> {
        match turn {
            Turn::Command(command) => {
                state
                    .heard
                    .push(command.first().copied().unwrap_or_default());
                let too_many = state.heard.len().saturating_sub(MOST_HEARD);
                state.heard.drain(..too_many);
                pulled(state, &command, Moment::BeforeAck)?;
                let due = Instant::now() + state.trouble.ack_delay;
                self.running = Some(Running {
                    command,
                    acknowledged: false,
                    due,
                });
            }
            Turn::Abort => self.running = None,
            Turn::Repeat => {
                if let Some(frame) = self.last_reply.clone() {
                    self.put_reply(&frame, state)?;
                }
            }
        }
        Ok(())
    }

    /// Does what is due of the running command.
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

    /// Sends bytes, but those that are to be lost.
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

/// Whether the cable was to be pulled now.
fn pulled(state: &mut State, command: &[u8], moment: Moment) -> Result<(), Pulled> {
    match state.trouble.pull {
        Some((code, when)) if when == moment && command.first() == Some(&code) => {
            state.trouble.pull = None;
            Err(Pulled)
        }
        _ => Ok(()),
    }
}
