//! The driver and the virtual lamp at the two ends of a pseudo terminal, and the bench tool `lampctl`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use device::{Fault as _, FaultInjection as _};
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
fn a_lamp_has_the_brightness_that_is_set_and_goes_dark_with_the_booth() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    until_status(&handle, "a lamp", Status::is_ready);
    assert_eq!(control.brightness(), Brightness::DARK);
    for brightness in [percent(70), Brightness::FULL, percent(1)] {
        handle.set(brightness);
        until("the light", || control.brightness() == brightness);
        until_status(&handle, "its confirmation", |status| {
            status.brightness == brightness
        });
    }
    drop(handle);
    until("darkness", || control.brightness() == Brightness::DARK);
}

#[test]
fn a_lamp_that_hears_nothing_goes_dark_by_itself_and_one_that_hears_the_booth_stays_lit() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    handle.set(percent(50));
    until("the light", || control.brightness() == percent(50));
    // longer than a lamp stays lit without hearing from the booth
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(control.brightness(), percent(50));
    // the booth hangs: its lines do not arrive
    control.raise(Fault::NotAnswering);
    until("darkness", || control.brightness() == Brightness::DARK);
}

#[test]
fn every_fault_shows_in_the_status_and_the_light_comes_back_by_itself() {
    for fault in Fault::all() {
        let (selector, control) = lamp::virtual_lamp();
        let handle = lamp::open(&selector);
        handle.set(percent(80));
        until("the light", || control.brightness() == percent(80));
        control.raise(fault);
        // A port in use cannot become forbidden or busy; one that is plugged in again can.
        if matches!(fault, Fault::NoPermission | Fault::Busy) {
            control.raise(Fault::Unplugged);
            until_status(&handle, "the cable to be out", |status| {
                status.fault == Some(Fault::Unplugged)
            });
            control.clear_all();
            control.raise(fault);
        }
        let shown = match fault {
            Fault::NotFound => Fault::Unplugged,
            fault => fault,
        };
        until_status(&handle, shown.name(), |status| status.fault == Some(shown));
        assert_eq!(
            handle.status().borrow().brightness,
            Brightness::DARK,
            "{fault}"
        );
        control.clear_all();
        until("the light again", || control.brightness() == percent(80));
        until_status(&handle, "no fault", Status::is_ready);
    }
}

#[test]
fn a_panic_of_the_thread_shows_as_a_fault_and_the_light_comes_back() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    handle.set(percent(40));
    until("the light", || control.brightness() == percent(40));
    until_status(&handle, "a lamp", Status::is_ready);

    control.panic_next();
    let start = Instant::now();
    handle.set(percent(60));
    until_status(&handle, "the fault", |status| {
        status.fault == Some(Fault::Crashed)
    });
    assert!(start.elapsed() < Duration::from_secs(2), "health sees it");
    assert!(handle.status().borrow().fault.is_some());
    until_status(&handle, "the lamp again", Status::is_ready);
    until("the brightness that was set meanwhile", || {
        control.brightness() == percent(60)
    });
    assert!(start.elapsed() < Duration::from_secs(5), "it is back");
    assert_eq!(handle.restarts(), 1);
}

#[test]
fn a_thread_that_panics_again_and_again_does_not_spin() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    control.raise(Fault::Crashed);
    until_status(&handle, "the fault", |status| {
        status.fault == Some(Fault::Crashed)
    });
    std::thread::sleep(Duration::from_secs(4));
    let restarts = handle.restarts();
    assert!((1..=3).contains(&restarts), "{restarts} restarts in 4 s");
    control.clear(&Fault::Crashed);
    until_status(&handle, "the lamp again", Status::is_ready);
}

#[test]
fn a_brightness_is_confirmed_within_the_time_that_the_handle_names() {
    let (selector, control) = lamp::virtual_lamp();
    let handle = lamp::open(&selector);
    until_status(&handle, "a lamp", Status::is_ready);
    for fault in [None, Some(Fault::NotAnswering), Some(Fault::Unplugged)] {
        if let Some(fault) = fault {
            control.raise(fault);
        }
        let start = Instant::now();
        handle.set(percent(30));
        until_status(&handle, "an answer", |status| {
            status.brightness == percent(30) || status.fault.is_some()
        });
        let took = start.elapsed();
        assert!(took <= handle.set_limit(), "{fault:?} took {took:?}");
        control.clear_all();
        handle.set(Brightness::DARK);
        until_status(&handle, "the lamp again", |status| {
            status.is_ready() && status.brightness == Brightness::DARK
        });
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
    device::fault::check_list::<Fault>();
    for wrong in ["", "usb", "serial:", "serial:COM1", "virtual:x"] {
        let error = wrong.parse::<Selector>().expect_err(wrong).to_string();
        assert!(
            error.contains("write serial:/dev/PORT or virtual"),
            "{error}"
        );
    }
}

#[test]
fn lampctl_lights_the_lamp_that_another_lampctl_runs() {
    let lampctl = || Command::new(env!("CARGO_BIN_EXE_lampctl"));
    let mut running = lampctl()
        .args(["virtual", "--json", "--for", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("lampctl starts");
    let mut lines = BufReader::new(running.stdout.take().expect("piped")).lines();
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
    running.kill().expect("it runs");
    running.wait().expect("it ends");

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
