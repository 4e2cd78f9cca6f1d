use super::*;

const LIMIT: Duration = Duration::from_secs(5);

#[test]
fn bytes_go_both_ways_between_a_terminal_and_the_line() {
    let mut near = Pty::new().expect("a terminal");
    let mut far = SerialLine::open(&near.path().display().to_string()).expect("it opens");
    far.power_by_control_lines();
    far.send(b"question", LIMIT).expect("it is sent");
    let mut buffer = [0; 64];
    let count = near.receive(&mut buffer, LIMIT).expect("the line is up");
    assert_eq!(&buffer[..count], b"question");
    near.send(b"answer", LIMIT).expect("the line is up");
    let mut got = Vec::new();
    while got.len() < 6 {
        let count = far.receive(&mut buffer, LIMIT).expect("the line is up");
        assert!(count > 0, "nothing came");
        got.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(got, b"answer");
}

#[test]
fn silence_lasts_as_long_as_the_limit_and_is_no_error() {
    let near = Pty::new().expect("a terminal");
    let mut far = SerialLine::open(&near.path().display().to_string()).expect("it opens");
    let start = Instant::now();
    let limit = Duration::from_millis(50);
    assert_eq!(far.receive(&mut [0; 8], limit), Ok(0));
    assert!(start.elapsed() >= limit && start.elapsed() < LIMIT);
}

#[test]
fn a_line_whose_other_end_takes_nothing_is_stuck_and_does_not_block() {
    let near = Pty::new().expect("a terminal");
    let mut far = SerialLine::open(&near.path().display().to_string()).expect("it opens");
    let start = Instant::now();
    let ended = (0..4000).find_map(|_| far.send(&[0; 64], Duration::from_millis(50)).err());
    assert_eq!(ended, Some(LinkError::Stuck));
    assert!(start.elapsed() < LIMIT);
}

#[test]
fn a_line_whose_other_end_goes_is_gone() {
    let near = Pty::new().expect("a terminal");
    let mut far = SerialLine::open(&near.path().display().to_string()).expect("it opens");
    drop(near);
    let error = far.receive(&mut [0; 8], LIMIT).expect_err("it is gone");
    assert!(matches!(error, LinkError::Gone(_)), "{error}");
}

#[test]
fn each_failure_to_open_has_its_reason() {
    let terminal = Pty::new().expect("a terminal");
    let path = terminal.path().display().to_string();
    let _first = SerialLine::open(&path).expect("it opens");
    for (path, reason) in [
        (path.as_str(), OpenFailure::Busy),
        ("/dev/no-such-port", OpenFailure::NotFound),
        ("/dev/null", OpenFailure::NoSerialPort),
    ] {
        let error = SerialLine::open(path).expect_err(path);
        assert_eq!(error.reason, reason, "{error}");
        assert!(error.detail.starts_with(path), "{error}");
    }
}
