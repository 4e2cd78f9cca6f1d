//! Stories of a lamp: the driver and the virtual lamp at the two ends of a pseudo terminal, and `lampctl`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lamp::{Brightness, Fault, Handle, Selector, Status};

/// Far above every limit of the driver: reached only when what is waited for never comes.
const PATIENCE: Duration = Duration::from_secs(30);

#[track_caller]
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
fn until_status(handle: &Handle, what: &str, fits: impl Fn(&Status) -> bool) {
    let status = handle.status();
    until(what, || fits(&status.borrow()));
}

fn percent(percent: u8) -> Brightness {
    Brightness::from_percent(percent).expect("at most 100")
}

#[test]
fn a_lamp_shines_as_told_and_goes_dark_with_the_booth() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    until_status(&handle, "a lamp", Status::is_ready);
    assert_eq!(control.brightness(), Brightness::DARK);
    for brightness in [percent(70), Brightness::FULL, percent(1)] {
        handle.set(brightness);
        until("the light", || control.brightness() == brightness);
        until_status(&handle, "its word for it", |status| {
            status.brightness == brightness
        });
    }
    drop(handle);
    until("darkness", || control.brightness() == Brightness::DARK);
}

#[test]
fn a_lamp_that_nobody_speaks_to_goes_dark_by_itself_and_one_that_is_spoken_to_stays_lit() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    handle.set(percent(50));
    until("the light", || control.brightness() == percent(50));
    // longer than a lamp shines alone
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(control.brightness(), percent(50));
    // the booth hangs: its lines do not arrive
    control.cause(Fault::NotAnswering);
    until("darkness", || control.brightness() == Brightness::DARK);
}

#[test]
fn every_fault_is_told_and_the_light_comes_back_by_itself() {
    for &fault in Fault::all() {
        let (selector, control) = lamp::virtual_lamp();
        let handle = lamp::open(&selector);
        handle.set(percent(80));
        until("the light", || control.brightness() == percent(80));
        control.cause(fault);
        // a port in use cannot become forbidden or busy: it does when it is plugged in again
        if matches!(fault, Fault::NoPermission | Fault::Busy) {
            control.cause(Fault::Unplugged);
            until_status(&handle, "the cable to be out", |status| {
                status.fault == Some(Fault::Unplugged)
            });
            control.mend_all();
            control.cause(fault);
        }
        let told = match fault {
            Fault::NotFound => Fault::Unplugged,
            // it stops answering first, and speaks nonsense when it is looked for
            fault => fault,
        };
        until_status(&handle, told.name(), |status| status.fault == Some(told));
        assert_eq!(
            handle.status().borrow().brightness,
            Brightness::DARK,
            "{fault}"
        );
        control.mend_all();
        until("the light again", || control.brightness() == percent(80));
        until_status(&handle, "no fault", Status::is_ready);
    }
}

#[test]
fn a_lamp_may_come_later_and_faults_have_sentences_in_both_languages() {
    let handle = lamp::open(
        &"serial:/dev/no-such-lamp"
            .parse::<Selector>()
            .expect("a selector"),
    );
    until_status(&handle, "no lamp", |status| {
        status.fault == Some(Fault::NotFound)
    });
    for fault in Fault::all() {
        let (swedish, english) = (fault.sentence("sv"), fault.sentence("en"));
        assert_ne!(swedish, english);
        for text in [
            swedish.what,
            swedish.what_to_do,
            english.what,
            english.what_to_do,
        ] {
            assert!(text.ends_with('.') && !text.contains('!'), "{text}");
        }
    }
    for wrong in ["", "usb", "serial:", "serial:COM1", "virtual:x"] {
        let error = wrong.parse::<Selector>().expect_err(wrong).to_string();
        assert!(
            error.contains("write serial:/dev/PORT or virtual"),
            "{error}"
        );
    }
}

#[test]
fn lampctl_lights_the_lamp_that_another_lampctl_plays() {
    let lampctl = || Command::new(env!("CARGO_BIN_EXE_lampctl"));
    let mut playing = lampctl()
        .args(["virtual", "--json", "--for", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("lampctl starts");
    let mut lines = BufReader::new(playing.stdout.take().expect("piped")).lines();
    let mut next = || -> serde_json::Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    let port = next()["port"].as_str().expect("a port").to_owned();
    assert_eq!(next()["brightness"], 0);
    let output = lampctl()
        .args(["set", &format!("serial:{port}"), "70", "--for", "3"])
        .output()
        .expect("lampctl runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("Virtual lamp: 70 %"),
        "{said}"
    );
    assert_eq!(next()["brightness"], 70);
    playing.kill().expect("it runs");
    playing.wait().expect("it ends");

    let output = lampctl()
        .args(["status", "serial:/dev/null", "--wait", "1"])
        .output()
        .expect("lampctl runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !output.status.success() && said.contains("no lamp of the booth"),
        "{said}"
    );
    let output = lampctl()
        .args(["set", "virtual", "101"])
        .output()
        .expect("lampctl runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("a number from 0 to 100"),
        "{said}"
    );
}
