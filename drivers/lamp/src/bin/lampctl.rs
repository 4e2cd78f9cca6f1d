//! The bench tool for lamps: shows whether one answers, sets its brightness, and runs a virtual lamp for other programs.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use device::Fault as _;
use lamp::{Brightness, Selector, Status};
use serde_json::json;

/// How often the tool looks for a change.
const TICK: Duration = Duration::from_millis(20);

#[derive(Parser)]
#[command(name = "lampctl", about = "The bench tool for lamps", version)]
struct Arguments {
    /// Print JSON, one line for each change
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Show whether a lamp answers; the exit code is 1 if none does
    Status {
        /// The lamp, named as in a configuration: serial:/dev/PORT or virtual
        lamp: Selector,
        /// How long to wait for an answer
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait: u64,
    },
    /// Light a lamp for a time; afterwards it is dark again
    Set {
        /// The lamp, named as in a configuration: serial:/dev/PORT or virtual
        lamp: Selector,
        /// Brightness in percent, from 0 to 100
        #[arg(value_parser = |text: &str| text.parse::<Brightness>())]
        brightness: Brightness,
        /// How long it stays lit
        #[arg(long = "for", value_name = "SECONDS", default_value_t = 5)]
        time: u64,
    },
    /// Run a virtual lamp at a pseudo terminal, and print each change of its brightness
    Virtual {
        /// Stop after this time
        #[arg(long = "for", value_name = "SECONDS")]
        time: Option<u64>,
    },
}

fn main() -> ExitCode {
    let Arguments { json, what } = Arguments::parse();
    let done = match what {
        What::Status { lamp, wait } => light(json, &lamp, None, until(wait), false),
        What::Set {
            lamp,
            brightness,
            time,
        } => light(json, &lamp, Some(brightness), until(time), true),
        What::Virtual { time } => run_virtual(json, time.map(until)),
    };
    match done {
        Ok(code) => code,
        // The program that read the output has ended, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(io::stderr(), "lampctl: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The time in `seconds` from now; a day from now when the clock cannot count so far.
fn until(seconds: u64) -> Instant {
    let now = Instant::now();
    now.checked_add(Duration::from_secs(seconds))
        .unwrap_or(now + Duration::from_secs(86_400))
}

/// Prints each change of the status until `end`, or until the lamp answers when it is not to stay lit.
fn light(
    json: bool,
    lamp: &Selector,
    brightness: Option<Brightness>,
    end: Instant,
    stays: bool,
) -> io::Result<ExitCode> {
    let handle = lamp::open(lamp);
    if let Some(brightness) = brightness {
        handle.set(brightness);
    }
    let status = handle.status();
    let mut printed = String::new();
    loop {
        let now = status.borrow().clone();
        let line = if json { value(&now) } else { words(&now) };
        if line != printed {
            writeln!(io::stdout(), "{line}")?;
            printed = line;
        }
        if Instant::now() >= end || now.is_ready() && !stays {
            let code = if now.is_ready() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
            return Ok(code);
        }
        thread::sleep(TICK);
    }
}

fn words(status: &Status) -> String {
    match status.fault {
        Some(fault) => format!("{}: {}", fault.name(), fault.sentence("en")),
        None if status.is_ready() => format!(
            "{}: {} %",
            status.name.as_deref().unwrap_or("lamp"),
            status.brightness
        ),
        None => "searching for a lamp".to_owned(),
    }
}

fn value(status: &Status) -> String {
    json!({
        "ready": status.is_ready(), "fault": status.fault.map(|fault| fault.name()), "name": status.name,
        "brightness": status.brightness.percent(),
    })
    .to_string()
}

fn run_virtual(json: bool, end: Option<Instant>) -> io::Result<ExitCode> {
    let (_selector, control) = lamp::virtual_lamp();
    let port = control.port().map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", json!({ "port": port }))?;
    } else {
        writeln!(out, "virtual lamp at {port}")?;
    }
    let mut printed = None;
    while end.is_none_or(|end| Instant::now() < end) {
        let brightness = control.brightness();
        if printed.replace(brightness) != Some(brightness) {
            if json {
                writeln!(out, "{}", json!({ "brightness": brightness.percent() }))?;
            } else {
                writeln!(out, "{brightness} %")?;
            }
            out.flush()?;
        }
        thread::sleep(TICK);
    }
    Ok(ExitCode::SUCCESS)
}
