//! The bench tool for card printers: lists them, shows their status, encodes, decodes and prints jobs.

/// Prints a line. That the program which reads the output has ended is no reason to fail.
macro_rules! tell {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod bench;
mod device;
mod job;
mod picture;
mod session;

use std::path::PathBuf;
use std::process::ExitCode;

use card_printer::{Model, Ribbon, Selector, Timing};
use clap::{Args, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "printctl", version, about = "The bench tool for card printers")]
struct Cli {
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Wait only as long as a virtual printer needs
    #[arg(long, global = true, hide = true)]
    swift: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the card printers on USB
    List,
    /// Show the status of a printer; the exit code is 1 if it could not print now
    Status(device::StatusArgs),
    /// Turn a picture of a card into the bytes that a printer takes
    Encode(EncodeArgs),
    /// Draw the card that a job makes
    Decode(DecodeArgs),
    /// Print a card; the exit code is 1 unless it was seen to be printed
    Print(device::PrintArgs),
    /// Print a card and record everything that goes over the link, as a fixture for tests
    Record(session::RecordArgs),
    /// Print a card to a recording; the exit code is 1 where the driver does not do what it did then
    Replay(session::ReplayArgs),
    /// Run a virtual printer: take jobs on a network socket and write the cards that come out
    Virtual(bench::VirtualArgs),
}

/// What is printed, and how.
#[derive(Debug, Args)]
struct CardArgs {
    /// The picture: exactly the printer's raster, landscape or portrait
    #[arg(value_name = "CARD.png")]
    card: PathBuf,
    /// The panels of the film
    #[arg(long, default_value_t)]
    ribbon: Ribbon,
    /// The picture for the back
    #[arg(long, value_name = "BACK.png")]
    back: Option<PathBuf>,
    /// Magnetic track 1, with its sentinels
    #[arg(long, value_name = "DATA")]
    mag1: Option<String>,
    /// Magnetic track 2
    #[arg(long, value_name = "DATA")]
    mag2: Option<String>,
    /// Magnetic track 3
    #[arg(long, value_name = "DATA")]
    mag3: Option<String>,
    /// Apply no colour correction: dye in proportion to the picture, as is also done without a profile
    #[arg(long, conflicts_with = "profile")]
    linear: bool,
    /// The ICC profile of the printer and its film
    #[arg(long, value_name = "PRINTER.icc")]
    profile: Option<PathBuf>,
    /// Print black in dye; without this a pixel with all channels at 3 or less is printed in resin
    #[arg(long)]
    no_resin: bool,
}

#[derive(Debug, Args)]
struct EncodeArgs {
    /// The model whose protocol is used
    #[arg(long)]
    model: Model,
    #[command(flatten)]
    card: CardArgs,
    /// The file for the bytes
    #[arg(short, long, value_name = "job.bin")]
    output: PathBuf,
}

#[derive(Debug, Args)]
struct DecodeArgs {
    /// The file with the bytes of a job
    #[arg(value_name = "job.bin")]
    job: PathBuf,
    /// The file for the picture
    #[arg(short, long, value_name = "CARD.png")]
    output: PathBuf,
    /// The file for the picture of the back
    #[arg(long, value_name = "BACK.png")]
    back_out: Option<PathBuf>,
}

/// A printer on the command line.
#[derive(Debug, Args)]
struct PrinterArgs {
    /// The printer: usb, usb:SERIAL, usb?model=rio2, tcp://HOST:PORT?model=primacy, ipp://localhost/printers/NAME,
    /// virtual:rio2, file:PATH?model=rio2
    #[arg(long, default_value = "usb")]
    printer: Selector,
}

/// Why the tool ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is no: exit code 1.
    No(String),
    /// The arguments are wrong, or a file cannot be used: exit code 2.
    Misuse(String),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let timing = if cli.swift {
        Timing::swift()
    } else {
        Timing::default()
    };
    let result = match cli.command {
        Command::List => device::list(cli.json),
        Command::Status(args) => device::status(&args, cli.json, timing),
        Command::Encode(args) => job::encode(&args, cli.json),
        Command::Decode(args) => job::decode(&args, cli.json),
        Command::Print(args) => device::print(args, cli.json, timing),
        Command::Record(args) => session::record(&args, cli.json, timing),
        Command::Replay(args) => session::replay(&args, cli.json),
        Command::Virtual(args) => bench::run(&args, cli.json),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::No(reason)) => {
            eprintln!("printctl: {reason}");
            ExitCode::from(1)
        }
        Err(Failure::Misuse(reason)) => {
            eprintln!("printctl: {reason}");
            ExitCode::from(2)
        }
    }
}

/// Writes one JSON object to standard output.
fn say(value: &impl serde::Serialize) {
    tell!(
        "{}",
        serde_json::to_string_pretty(value).expect("plain data becomes JSON")
    );
}
