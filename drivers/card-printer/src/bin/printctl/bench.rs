//! `printctl virtual`: a virtual printer for other programs.

use std::io::BufRead;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use card_printer::{Control, Fault, Model, PrintedCard, Tray, VirtualOptions, VirtualPrinter};
use clap::Args;
use device::{Fault as _, FaultInjection as _};
use serde_json::json;

use crate::{Failure, picture, say};

#[derive(Debug, Args)]
#[command(
    after_help = "On standard input, one a line: raise FAULT, clear FAULT, unplug, replug, take-out. A fault has the names of \
                        `status --json`: no-cards, ribbon-out, cover-open, card-jam, ..."
)]
pub(crate) struct VirtualArgs {
    /// The model of the virtual printer
    #[arg(long)]
    model: Model,
    /// Where to listen; with port 0 a free port is used and printed
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9100")]
    listen: SocketAddr,
    /// The folder for the cards that come out
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How long work takes: 1 = 20 s a card (a guess: no printer was timed), 0 = no time
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// End after this many cards
    #[arg(long, value_name = "N")]
    cards: Option<u64>,
}

pub(crate) fn run(args: &VirtualArgs, json: bool) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.out).map_err(|error| {
        Failure::Misuse(format!("{} cannot be made: {error}", args.out.display()))
    })?;
    let listener = TcpListener::bind(args.listen)
        .map_err(|error| Failure::Misuse(format!("cannot listen on {}: {error}", args.listen)))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::Misuse(error.to_string()))?;
    let printer = VirtualPrinter::new(VirtualOptions::new(args.model).speed(args.speed));
    let control = printer.control();
    if json {
        tell!(
            "{}",
            json!({ "listening": address.to_string(), "model": args.model.name() })
        );
    } else {
        tell!("a virtual {} listens on {address}", args.model.title());
    }
    std::thread::spawn(move || {
        if let Err(error) = printer.serve(&listener) {
            eprintln!("printctl: the listener failed: {error}");
        }
    });
    let for_input = control.clone();
    std::thread::spawn(move || carry_out(&for_input));
    let mut number = 0;
    loop {
        let Some(card) = control.wait_for_card(Duration::from_secs(1)) else {
            continue;
        };
        number += 1;
        keep(&args.out, number, &card, json)?;
        if args.cards.is_some_and(|limit| number >= limit) {
            return Ok(());
        }
    }
}

/// Writes a card that came out: the picture, the back, the bytes.
fn keep(folder: &Path, number: u64, card: &PrintedCard, json: bool) -> Result<(), Failure> {
    let path = |end: &str| folder.join(format!("card-{number:04}{end}"));
    picture::save(&path(".png"), &card.front.draw())?;
    if let Some(back) = &card.back {
        picture::save(&path("-back.png"), &back.draw())?;
    }
    std::fs::write(path(".bin"), &*card.job).map_err(|error| {
        Failure::Misuse(format!(
            "{} cannot be written: {error}",
            path(".bin").display()
        ))
    })?;
    let tray = if card.tray == Tray::Output {
        "output"
    } else {
        "reject"
    };
    if json {
        say(
            &json!({ "card": number, "tray": tray, "picture": path(".png"), "tracks": card.tracks, "bytes": card.job.len() }),
        );
    } else {
        tell!(
            "card {number} in the {tray} tray: {}",
            path(".png").display()
        );
    }
    Ok(())
}

/// Carries out the commands on standard input.
fn carry_out(control: &Control) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match (word, Fault::from_name(rest.trim())) {
            ("raise", Some(fault)) => control.raise(fault),
            ("clear", Some(fault)) => control.clear(&fault),
            ("unplug", _) => control.unplug(),
            ("replug", _) => control.replug(),
            ("take-out", _) => control.take_out_card(),
            ("", _) => {}
            _ => eprintln!(
                "printctl: \"{line}\" is none of raise FAULT, clear FAULT, unplug, replug, take-out"
            ),
        }
    }
}
