//! Lamps on the bench: whether one answers, how bright it is, and a virtual one for other programs.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use lamp::{Brightness, Fault, Selector, Status};
use serde_json::json;

/// How often a change is looked for.
const TICK: Duration = Duration::from_millis(20);

#[derive(Parser)]
#[command(name = "lampctl", about = "Lamps on the bench", version)]
struct Arguments {
    /// Prints JSON: one value, or one line for each change
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Whether a lamp answers; exit code 1 if none does
    Status {
        /// Which lamp, as in a configuration
        lamp: Selector,
        /// How long to wait for it
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait: u64,
    },
    /// Lights a lamp for a time; then it is dark again
    Set {
        /// Which lamp, as in a configuration
        lamp: Selector,
        /// 0 to 100
        #[arg(value_parser = |text: &str| text.parse::<Brightness>())]
        brightness: Brightness,
        /// How long
        #[arg(long = "for", value_name = "SECONDS", default_value_t = 5)]
        time: u64,
    },
    /// Plays a lamp at a pseudo terminal, and prints each change of its brightness
    Virtual {
        /// Stops after this time
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
        What::Virtual { time } => play(json, time.map(until)),
    };
    match done {
        Ok(code) => code,
        // who reads has gone, as with `| head`
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _unheard = writeln!(io::stderr(), "lampctl: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The end of `seconds` from now; a time that no clock has is a day.
fn until(seconds: u64) -> Instant {
    let now = Instant::now();
    now.checked_add(Duration::from_secs(seconds))
        .unwrap_or(now + Duration::from_secs(86_400))
}

/// Prints each change until `end`, or until the lamp answers when it is not to stay lit.
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
    let mut told = String::new();
    loop {
        let now = status.borrow().clone();
        let line = if json { value(&now) } else { words(&now) };
        if line != told {
            writeln!(io::stdout(), "{line}")?;
            told = line;
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
        Some(fault) => {
            let sentence = fault.sentence("en");
            format!(
                "{}: {} {}",
                fault.name(),
                sentence.what,
                sentence.what_to_do
            )
        }
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
        "ready": status.is_ready(), "fault": status.fault.map(Fault::name), "name": status.name,
        "brightness": status.brightness.percent(),
    })
    .to_string()
}

fn play(json: bool, end: Option<Instant>) -> io::Result<ExitCode> {
    let (_selector, control) = lamp::virtual_lamp();
    let port = control.port().map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", json!({ "port": port }))?;
    } else {
        writeln!(out, "virtual lamp at {port}")?;
    }
    let mut told = None;
    while end.is_none_or(|end| Instant::now() < end) {
        let brightness = control.brightness();
        if told.replace(brightness) != Some(brightness) {
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
