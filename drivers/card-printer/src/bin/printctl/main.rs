//! The bench tool of the card printers: look, encode, decode, print.

/// Prints a line; a reader that has gone away is no reason to fail.
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
#[command(
    name = "printctl",
    version,
    about = "Looks at card printers, encodes and decodes their jobs, and prints cards"
)]
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
    /// Tell how a printer is; exit code 1 if it could not print now
    Status(device::StatusArgs),
    /// Turn a picture of a card into the bytes that a printer takes
    Encode(EncodeArgs),
    /// Draw the card that a job makes
    Decode(DecodeArgs),
    /// Print a card; exit code 1 unless it was seen to be printed
    Print(device::PrintArgs),
    /// Print a card and write down everything that goes over the link, as a fixture for tests
    Record(session::RecordArgs),
    /// Print a card to a recording; exit code 1 where the driver does not do what it did then
    Replay(session::ReplayArgs),
    /// Be a printer: take jobs on a network socket and write the cards that come out
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
    /// No colour correction: dye in proportion to the picture, which it is without a profile anyway
    #[arg(long, conflicts_with = "profile")]
    linear: bool,
    /// The ICC profile of the printer and its film
    #[arg(long, value_name = "PRINTER.icc")]
    profile: Option<PathBuf>,
    /// Print black in dye; else a pixel with all channels at 3 or less goes to resin
    #[arg(long)]
    no_resin: bool,
}

#[derive(Debug, Args)]
struct EncodeArgs {
    /// Whose language
    #[arg(long)]
    model: Model,
    #[command(flatten)]
    card: CardArgs,
    /// Where the bytes go
    #[arg(short, long, value_name = "job.bin")]
    output: PathBuf,
}

#[derive(Debug, Args)]
struct DecodeArgs {
    /// The bytes of a job
    #[arg(value_name = "job.bin")]
    job: PathBuf,
    /// Where the picture goes
    #[arg(short, long, value_name = "CARD.png")]
    output: PathBuf,
    /// Where the picture of the back goes
    #[arg(long, value_name = "BACK.png")]
    back_out: Option<PathBuf>,
}

/// A printer on the command line.
#[derive(Debug, Args)]
struct PrinterArgs {
    /// Which printer: usb, usb:SERIAL, usb?model=rio2, tcp://HOST:PORT?model=primacy, ipp://localhost/printers/NAME,
    /// virtual:rio2, file:PATH?model=rio2
    #[arg(long, default_value = "usb")]
    printer: Selector,
}

/// Why the tool ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is no: exit code 1.
    No(String),
    /// Called wrongly, or a file that cannot be used: exit code 2.
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
