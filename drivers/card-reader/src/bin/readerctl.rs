//! The bench tool for card readers: lists them, shows their status and the card that lies on one, and runs a virtual reader
//! for other programs.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{fs, thread};

use card_reader::{Card, Control, Fault, Phase, Port, Selector, Status, VirtualCard};
use clap::{Parser, Subcommand};
use device::{Fault as _, FaultInjection as _};
use serde_json::{Value, json};

/// How often the tool looks for a change.
const TICK: Duration = Duration::from_millis(20);

#[derive(Parser)]
#[command(name = "readerctl", about = "The bench tool for card readers", version)]
struct Args {
    /// Print JSON: one value, or one line for each change
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the serial ports of this machine, and how a configuration names each
    List,
    /// Show whether a reader answers; the exit code is 1 if none does
    Status {
        /// The reader, named as in a configuration
        #[arg(default_value = "pn532:any")]
        reader: Selector,
        /// How long to wait for an answer
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait: u64,
    },
    /// Print each card that is laid or taken, and each change of the reader, until interrupted
    Watch {
        /// The reader, named as in a configuration
        #[arg(default_value = "pn532:any")]
        reader: Selector,
        /// Stop after this time
        #[arg(long = "for", value_name = "SECONDS")]
        time: Option<u64>,
        /// Print the cards' UIDs, which lead to persons
        #[arg(long)]
        show_uid: bool,
    },
    /// Run a virtual reader at a pseudo terminal, for any program that knows the PN532.
    /// Commands on standard input: lay CARD, take, take-first, raise FAULT, clear FAULT, clear, quit
    Virtual {
        /// Make this link to its port, and keep it up to date when the port changes
        #[arg(long, value_name = "PATH")]
        link: Option<PathBuf>,
        /// A card that lies on the reader: classic, desfire, random or a UID in hexadecimal digits; may be given more than once
        #[arg(long, value_name = "CARD")]
        card: Vec<VirtualCard>,
        /// Stop after this time
        #[arg(long = "for", value_name = "SECONDS")]
        time: Option<u64>,
    },
}

fn main() -> ExitCode {
    let Args { json, what } = Args::parse();
    let done = match what {
        What::List => list(json),
        What::Status { reader, wait } => status(json, &reader, Duration::from_secs(wait)),
        What::Watch {
            reader,
            time,
            show_uid,
        } => watch(json, &reader, until(time), show_uid),
        What::Virtual { link, card, time } => run_virtual(card, link.as_deref(), until(time)),
    };
    match done {
        Ok(code) => code,
        // The program that read the output has ended, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(io::stderr(), "readerctl: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The end of `seconds` from now; none when there is to be no end.
fn until(seconds: Option<u64>) -> Option<Instant> {
    seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)))
}

fn list(json: bool) -> io::Result<ExitCode> {
    let ports = card_reader::ports();
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", Value::from_iter(ports.iter().map(port_value)))?;
    } else if ports.is_empty() {
        writeln!(io::stderr(), "readerctl: this machine has no serial port")?;
    }
    for port in ports.iter().filter(|_| !json) {
        write!(out, "pn532:{}", port.path)?;
        if let Some(usb) = &port.usb {
            write!(out, "  {}", by_usb(port))?;
            write!(out, "  {}", usb.product.as_deref().unwrap_or_default())?;
        }
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn by_usb(port: &Port) -> String {
    let Some(usb) = &port.usb else {
        return String::new();
    };
    let serial = usb
        .serial
        .as_ref()
        .map(|serial| format!(":{serial}"))
        .unwrap_or_default();
    format!("pn532:usb:{:04x}:{:04x}{serial}", usb.vid, usb.pid)
}

fn port_value(port: &Port) -> Value {
    let usb = port.usb.as_ref().map(|usb| {
        json!({
            "vid": format!("{:04x}", usb.vid), "pid": format!("{:04x}", usb.pid),
            "serial": usb.serial, "product": usb.product, "selector": by_usb(port),
        })
    });
    json!({ "port": port.path, "selector": format!("pn532:{}", port.path), "usb": usb })
}

fn status(json: bool, reader: &Selector, wait: Duration) -> io::Result<ExitCode> {
    let handle = card_reader::open(reader);
    let status = handle.status();
    let end = Instant::now() + wait;
    while status.borrow().phase != Phase::Reading
        && status.borrow().fault.is_none()
        && Instant::now() < end
    {
        thread::sleep(TICK);
    }
    let status = status.borrow().clone();
    writeln!(
        io::stdout(),
        "{}",
        if json {
            status_value(&status).to_string()
        } else {
            status_line(&status)
        }
    )?;
    Ok(if status.is_ready() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn watch(
    json: bool,
    reader: &Selector,
    end: Option<Instant>,
    show_uid: bool,
) -> io::Result<ExitCode> {
    let handle = card_reader::open(reader);
    let (mut status, mut cards) = (handle.status(), handle.cards());
    let mut out = io::stdout().lock();
    let mut printed = (String::new(), None);
    while end.is_none_or(|end| Instant::now() < end) {
        let now = status.borrow_and_update().clone();
        let line = if json {
            status_value(&now).to_string()
        } else {
            status_line(&now)
        };
        if line != printed.0 {
            writeln!(out, "{line}")?;
            printed.0 = line;
        }
        let card = cards.borrow_and_update().clone();
        if card != printed.1 {
            let line = if json {
                card_value(card.as_ref(), show_uid).to_string()
            } else {
                card_line(card.as_ref(), show_uid)
            };
            writeln!(out, "{line}")?;
            printed.1 = card;
        }
        out.flush()?;
        thread::sleep(TICK);
    }
    Ok(ExitCode::SUCCESS)
}

fn status_line(status: &Status) -> String {
    let reader = status
        .reader
        .as_ref()
        .map_or("card reader".to_owned(), ToString::to_string);
    match (status.fault, status.phase) {
        (Some(fault), _) => format!("{}: {}", fault.name(), fault.sentence("en")),
        (None, Phase::Searching) => "searching for a card reader".to_owned(),
        (None, Phase::Standby) => format!("{reader}: in standby"),
        (None, Phase::Reading) => format!("{reader}: ready, cards: {}", status.cards),
    }
}

fn status_value(status: &Status) -> Value {
    let phase = match status.phase {
        Phase::Searching => "searching",
        Phase::Standby => "standby",
        Phase::Reading => "reading",
    };
    let reader = status.reader.as_ref().map(|reader| {
        json!({ "port": reader.port, "chip": reader.firmware.to_string(), "support": reader.firmware.support })
    });
    json!({
        "ready": status.is_ready(), "phase": phase, "fault": status.fault.map(|fault| fault.name()),
        "reader": reader, "cards": status.cards,
    })
}

fn card_line(card: Option<&Card>, show_uid: bool) -> String {
    let Some(card) = card else {
        return "no card".to_owned();
    };
    let kind = match (card.random_uid, card.iso_dep) {
        (true, _) => ", made up anew each time",
        (false, true) => ", ISO 14443-4",
        (false, false) => "",
    };
    let uid = if show_uid {
        format!(" {}", hex(&card.uid))
    } else {
        String::new()
    };
    format!(
        "card: UID{uid} of {} bytes{kind}, SAK {:02x}, ATQA {}",
        card.uid.len(),
        card.sak,
        hex(&card.atqa)
    )
}

fn card_value(card: Option<&Card>, show_uid: bool) -> Value {
    let card = card.map(|card| {
        json!({
            "uid": show_uid.then(|| hex(&card.uid)), "uidBytes": card.uid.len(), "randomUid": card.random_uid,
            "sak": format!("{:02x}", card.sak), "atqa": hex(&card.atqa), "isoDep": card.iso_dep,
        })
    });
    json!({ "card": card })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a virtual reader until the command `quit` comes, or until the time is over. It goes on after the end of standard
/// input, so that it can run in the background.
fn run_virtual(
    cards: Vec<VirtualCard>,
    link: Option<&Path>,
    end: Option<Instant>,
) -> io::Result<ExitCode> {
    let (_selector, control) = card_reader::virtual_reader();
    cards.into_iter().for_each(|card| control.lay(card));
    let (sender, commands) = std::sync::mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        thread::park(); // keeps the sender, so that the channel stays open
    });
    let mut shown = None;
    loop {
        let path = control.path();
        if path != shown {
            show(path.as_deref(), link)?;
            shown = path;
        }
        let left = end.map_or(TICK * 5, |end| {
            end.saturating_duration_since(Instant::now()).min(TICK * 5)
        });
        match commands.recv_timeout(left) {
            Ok(line) if line.trim() == "quit" => break,
            Ok(line) => {
                if let Err(why) = carry_out(&control, &line) {
                    writeln!(io::stderr(), "readerctl: {why}")?;
                }
            }
            Err(_) if end.is_some_and(|end| Instant::now() >= end) => break,
            Err(_) => {}
        }
    }
    if let Some(link) = link {
        remove_link(link)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn carry_out(control: &Control, line: &str) -> Result<(), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [] => {}
        ["lay", card] => control.lay(card.parse().map_err(|error| format!("{error}"))?),
        ["take"] => control.take(),
        ["take-first"] => control.take_first(),
        ["raise", name] => control.raise(fault(name)?),
        ["clear", name] => control.clear(&fault(name)?),
        ["clear"] => control.clear_all(),
        _ => {
            let known = "lay CARD, take, take-first, raise FAULT, clear FAULT, clear or quit";
            return Err(format!("write {known}"));
        }
    }
    Ok(())
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Fault::all().iter().map(Fault::name).collect();
        format!("{name:?} is no fault; write one of {}", names.join(", "))
    })
}

fn show(path: Option<&Path>, link: Option<&Path>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match path {
        Some(path) => {
            if let Some(link) = link {
                remove_link(link)?;
                std::os::unix::fs::symlink(path, link).map_err(|error| {
                    io::Error::other(format!(
                        "{}: the link cannot be made: {error}",
                        link.display()
                    ))
                })?;
            }
            writeln!(out, "virtual PN532 at {}", path.display())?;
        }
        None => writeln!(out, "virtual PN532 unplugged")?,
    }
    out.flush()
}

/// Removes a link that an earlier run left, and nothing else.
fn remove_link(link: &Path) -> io::Result<()> {
    match fs::symlink_metadata(link) {
        Ok(found) if found.file_type().is_symlink() => fs::remove_file(link),
        Ok(_) => Err(io::Error::other(format!(
            "{}: exists and is no link; choose another name",
            link.display()
        ))),
        Err(_) => Ok(()),
    }
}
