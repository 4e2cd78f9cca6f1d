use std::cell::RefCell;

use super::*;

/// Pipes that answer as a test says, and keep what was asked of them.
#[derive(Default)]
struct Pipe {
    answers: RefCell<Vec<UsbResult<usize>>>,
    limits: RefCell<Vec<Duration>>,
    sent: RefCell<Vec<Vec<u8>>>,
    cleared: RefCell<Vec<u8>>,
}

impl Pipe {
    fn answering(answers: &[UsbResult<usize>]) -> Pipe {
        let mut answers = answers.to_vec();
        answers.reverse();
        Pipe {
            answers: RefCell::new(answers),
            ..Pipe::default()
        }
    }

    fn answer(&self, limit: Duration) -> UsbResult<usize> {
        self.limits.borrow_mut().push(limit);
        let answer = self.answers.borrow_mut().pop();
        answer.unwrap_or(Err(UsbError::Timeout))
    }
}

impl Bulk for Pipe {
    fn write(&self, _: u8, bytes: &[u8], limit: Duration) -> UsbResult<usize> {
        self.sent.borrow_mut().push(bytes.to_vec());
        self.answer(limit)
    }

    fn read(&self, _: u8, _: &mut [u8], limit: Duration) -> UsbResult<usize> {
        self.answer(limit)
    }

    fn clear_halt(&self, endpoint: u8) -> UsbResult<()> {
        self.cleared.borrow_mut().push(endpoint);
        Ok(())
    }
}

#[test]
fn no_transfer_has_a_limit_that_libusb_takes_for_no_limit() {
    for limit in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_micros(999),
        Duration::from_millis(7),
    ] {
        let pipe = Pipe::default();
        let _ = write(&pipe, 1, b"x", limit);
        let _ = read(&pipe, 0x81, &mut [0], limit, &mut true);
        let limits = pipe.limits.borrow();
        assert_eq!(limits.len(), 2);
        for given in limits.iter() {
            assert!(given.as_millis() >= 1, "{limit:?} became {given:?}");
            assert!(*given <= limit.max(Duration::from_millis(1)));
        }
    }
}

#[test]
fn after_a_stall_nothing_is_sent_again_and_the_pipe_can_be_used() {
    let pipe = Pipe::answering(&[Err(UsbError::Pipe), Ok(3)]);
    let limit = Duration::from_secs(1);
    assert_eq!(write(&pipe, 1, b"abc", limit), Err(LinkError::Stalled));
    assert_eq!(*pipe.sent.borrow(), [b"abc".to_vec()]);
    assert_eq!(*pipe.cleared.borrow(), [1]);
    assert_eq!(write(&pipe, 1, b"def", limit), Ok(3));
}

#[test]
fn one_stall_of_a_read_is_cleared_and_the_next_one_is_an_error() {
    let limit = Duration::from_secs(1);
    let mut may_clear = true;
    let pipe = Pipe::answering(&[Err(UsbError::Pipe), Ok(1)]);
    let mut buffer = [0; 4];
    assert_eq!(read(&pipe, 0x81, &mut buffer, limit, &mut may_clear), Ok(1));
    let pipe = Pipe::answering(&[Err(UsbError::Pipe)]);
    assert_eq!(
        read(&pipe, 0x81, &mut buffer, limit, &mut may_clear),
        Err(LinkError::Stalled)
    );
    assert!(pipe.cleared.borrow().is_empty());
}
