//! The driver against scripted bytes; against the virtual reader it is tested over a real port in `tests/it`.

use std::collections::VecDeque;

use super::*;

/// A line on which each command meets prepared bytes, cut as they are here.
#[derive(Debug, Default)]
struct Script {
    /// What comes after each thing sent, in pieces.
    answers: VecDeque<Vec<Vec<u8>>>,
    coming: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Transport for Script {
    fn send(&mut self, bytes: &[u8], _limit: Duration) -> Result<(), LinkError> {
        self.sent.push(bytes.to_vec());
        self.coming
            .extend(self.answers.pop_front().unwrap_or_default());
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        let Some(next) = self.coming.pop_front() else {
            std::thread::sleep(limit);
            return Ok(0);
        };
        buffer[..next.len()].copy_from_slice(&next);
        Ok(next.len())
    }

    fn discard(&mut self) {
        self.coming.clear();
    }
}

/// A line on which the answer comes some time after something was sent.
#[derive(Debug)]
struct Slow {
    answer: String,
    delay: Duration,
    due: Option<Instant>,
}

impl Transport for Slow {
    fn send(&mut self, _bytes: &[u8], _limit: Duration) -> Result<(), LinkError> {
        self.due = Some(Instant::now() + self.delay);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> Result<usize, LinkError> {
        let left = self
            .due
            .map(|due| due.saturating_duration_since(Instant::now()));
        std::thread::sleep(left.unwrap_or(limit).min(limit));
        if left.is_none_or(|left| left > limit) {
            return Ok(0);
        }
        self.due = None;
        let answer = bytes(&self.answer);
        buffer[..answer.len()].copy_from_slice(&answer);
        Ok(answer.len())
    }

    fn discard(&mut self) {
        self.due = None;
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

const ACK: &str = "00 00 FF 00 FF 00";
const NACK: &str = "00 00 FF FF 00 00";
const ABORT: &str = ACK;
const ASK: &str = "00 00 FF 02 FE D4 02 2A 00";
const ANSWER: &str = "00 00 FF 06 FA D5 03 32 01 06 07 E8 00";
const DAMAGED: &str = "00 00 FF 06 FA D5 03 32 01 16 07 E8 00";

/// Runs GetFirmwareVersion; `answers` come after each thing that is sent, each a list of pieces.
fn run(answers: &[&[&str]]) -> (Result<Vec<u8>, String>, Vec<Vec<u8>>) {
    let pieces = |answer: &&[&str]| answer.iter().map(|piece| bytes(piece)).collect();
    let transport = Script {
        answers: answers.iter().map(pieces).collect(),
        ..Script::default()
    };
    let mut link = Link {
        transport,
        decoder: Decoder::new(),
        retries: 0,
        deadline: None,
    };
    let result = link.run(Command::GetFirmwareVersion);
    (
        result
            .map(|data| data.to_vec())
            .map_err(|failure| format!("{failure:?}")),
        link.transport.sent,
    )
}

fn check(answers: &[&[&str]], expect_sent: &[&str]) {
    let (result, sent) = run(answers);
    assert_eq!(
        result.as_deref(),
        Ok(&bytes("32 01 06 07")[..]),
        "{answers:?}"
    );
    assert_eq!(
        sent,
        expect_sent.iter().map(|hex| bytes(hex)).collect::<Vec<_>>(),
        "{answers:?}"
    );
}

#[test]
fn a_reply_is_found_in_whatever_comes() {
    check(&[&[ACK, ANSWER]], &[ASK]);
    check(&[&[&format!("{ACK} {ANSWER}")]], &[ASK]);
    check(
        &[&[
            "00 00 FF 00",
            "FF 00 00 00 FF 06 FA D5 03",
            "32 01 06 07 E8",
            "00",
        ]],
        &[ASK],
    );
    check(
        &[&["41 42 00 FF 12", ACK, "FF FF 00 00 00", ANSWER]],
        &[ASK],
    );
    // its acknowledgement was lost
    check(&[&[ANSWER]], &[ASK]);
    check(&[&["00 FF 00 01", ANSWER]], &[ASK]);
    // a late reply to another command
    check(&[&[ACK, "00 00 FF 02 FE D5 15 16 00", ANSWER]], &[ASK]);
}

#[test]
fn a_damaged_reply_is_asked_for_again() {
    check(&[&[ACK, DAMAGED], &[ANSWER]], &[ASK, NACK]);
    check(
        &[&[ACK, DAMAGED], &[DAMAGED], &[ANSWER]],
        &[ASK, NACK, NACK],
    );
    // not for ever: then the command is ended and sent anew
    check(
        &[&[ACK, DAMAGED], &[DAMAGED], &[DAMAGED], &[], &[ACK, ANSWER]],
        &[ASK, NACK, NACK, ABORT, ASK],
    );
}

#[test]
fn a_command_without_a_reply_is_sent_again() {
    check(&[&[], &[], &[ACK, ANSWER]], &[ASK, ABORT, ASK]);
    check(&[&[ACK], &[], &[ACK, ANSWER]], &[ASK, ABORT, ASK]);
    check(
        &[&[ACK, "00 00 FF 06 FA D5 03 32"], &[], &[ACK, ANSWER]],
        &[ASK, ABORT, ASK],
    );
    // a false start that would swallow what follows
    check(&[&["00 FF 80 80", ACK, ANSWER]], &[ASK]);
}

#[test]
fn silence_and_nonsense_are_distinguished_and_both_end() {
    let (silent, sent) = run(&[]);
    assert_eq!(silent.unwrap_err(), "NoReply { nonsense: false }");
    assert_eq!(
        sent.len(),
        2 * ATTEMPTS,
        "each attempt is a command and its end"
    );
    let (nonsense, _) = run(&[&["41 54"]]);
    assert_eq!(nonsense.unwrap_err(), "NoReply { nonsense: true }");
    let (half, _) = run(&[&[ACK]]);
    assert_eq!(
        half.unwrap_err(),
        "NoReply { nonsense: false }",
        "an acknowledgement is no nonsense"
    );
    let (refused, sent) = run(&[&[ACK, "00 00 FF 01 FF 7F 81 00"]]);
    assert_eq!((refused.unwrap_err().as_str(), sent.len()), ("Refused", 1));
}

#[test]
fn the_commands_are_as_libnfc_sends_them() {
    let check = |command: Command, expect: &str| {
        assert_eq!(*command.frame().encode(), bytes(expect), "{command:?}")
    };
    check(Command::SamConfiguration, "00 00 FF 03 FD D4 14 01 17 00");
    check(Command::GetFirmwareVersion, ASK);
    check(
        Command::Field { on: true },
        "00 00 FF 04 FC D4 32 01 01 F8 00",
    );
    check(
        Command::Field { on: false },
        "00 00 FF 04 FC D4 32 01 00 F9 00",
    );
    check(
        Command::FiniteRetries,
        "00 00 FF 06 FA D4 32 05 00 01 02 F2 00",
    );
    check(Command::Release, "00 00 FF 03 FD D4 52 00 DA 00");
    check(Command::PowerDown, "00 00 FF 03 FD D4 16 F0 26 00");
    // libnfc asks for one card, and sets other parameters (0x14)
    check(Command::ListCards, "00 00 FF 04 FC D4 4A 02 00 E0 00");
    check(Command::NothingAutomatic, "00 00 FF 03 FD D4 12 00 1A 00");
}

/// The wake-up and the first command go out together, as libnfc 1.8.0 sends them.
#[test]
fn a_sleeping_reader_is_woken_by_the_first_bytes() {
    let transport = Script {
        answers: [vec![bytes("00 00 FF 01 FF 7F 81 00")]].into(),
        ..Script::default()
    };
    let mut link = Link {
        transport,
        decoder: Decoder::new(),
        retries: 0,
        deadline: None,
    };
    assert!(link.run_first(Command::SamConfiguration).is_err());
    let expect = "55 55 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 FF 03 FD D4 14 01 17 00";
    assert_eq!(link.transport.sent, [bytes(expect)]);
}

#[test]
fn answers_are_waited_for() {
    let late = |delay, run: fn(&mut Link<Slow>) -> Result<Parameters, Failure>| {
        let transport = Slow {
            answer: format!("{ACK} {ANSWER}"),
            delay,
            due: None,
        };
        let mut link = Link {
            transport,
            decoder: Decoder::new(),
            retries: 0,
            deadline: None,
        };
        (run(&mut link).is_ok(), link.retries)
    };
    let first = |link: &mut Link<Slow>| {
        link.attempt(
            Command::GetFirmwareVersion,
            &[],
            FIRST_ATTEMPTS,
            FIRST_ACK_LIMIT,
        )
    };
    let later = |link: &mut Link<Slow>| link.run(Command::GetFirmwareVersion);
    // a second for the first one through a USB bridge
    assert_eq!(late(Duration::from_millis(1000), first), (true, 0));
    assert_eq!(late(Duration::from_millis(100), later), (true, 0));
    assert!(!late(Duration::from_millis(1200), later).0);
}

#[test]
fn another_chip_is_a_wrong_device() {
    let sam = &[ACK, "00 00 FF 02 FE D5 15 16 00"][..];
    let pn533 = &[ACK, "00 00 FF 06 FA D5 03 33 02 07 07 E5 00"][..];
    let short = &[ACK, "00 00 FF 05 FB D5 03 32 01 06 EF 00"][..];
    for (version, why) in [
        (pn533, "the chip is a PN533 2.7, not a PN532"),
        (short, "not as its manual says"),
    ] {
        let pieces = |answer: &[&str]| answer.iter().map(|piece| bytes(piece)).collect();
        let answers = [pieces(sam), pieces(version)].into();
        let error = Pn532::open(Script {
            answers,
            ..Script::default()
        })
        .unwrap_err();
        assert_eq!(error.fault, Fault::WrongDevice);
        assert!(error.detail.contains(why), "{error}");
    }
}
