//! Sessions with a printer as files.

use std::path::PathBuf;

use card_printer::{Replay, Timing};
use clap::Args;

use crate::{CardArgs, Failure, PrinterArgs, device, job, say};

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    printer: PrinterArgs,
    #[command(flatten)]
    card: CardArgs,
    /// The file for the recording
    #[arg(short, long, value_name = "SESSION.jsonl")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The recording to play
    #[arg(value_name = "SESSION.jsonl")]
    session: PathBuf,
    #[command(flatten)]
    card: CardArgs,
}

/// The longest recording that is read: days of polling.
const MAX_RECORDING: u64 = 256 << 20;

pub(crate) fn record(args: &RecordArgs, json: bool, timing: Timing) -> Result<(), Failure> {
    let mut job = job::job(&args.card)?;
    let time = job::now();
    job.options.time = Some(time);
    let handle = card_printer::open_recorded(&args.printer.printer, timing, &args.output, time);
    let status = device::settled(&handle);
    if !status.ready {
        if !json {
            device::describe(&status);
        }
        return Err(Failure::No(format!(
            "the printer at {} is not ready",
            status.place
        )));
    }
    let evidence = device::send(&handle, job)?;
    if json {
        say(&evidence);
    } else {
        tell!("{}: recorded", args.output.display());
    }
    device::concluded(&evidence)
}

pub(crate) fn replay(args: &ReplayArgs, json: bool) -> Result<(), Failure> {
    let shown = args.session.display();
    let unreadable = |error| Failure::Misuse(format!("{shown} cannot be read: {error}"));
    if std::fs::metadata(&args.session).map_err(unreadable)?.len() > MAX_RECORDING {
        return Err(Failure::No(format!("{shown} is too long for a recording")));
    }
    let text = std::fs::read_to_string(&args.session).map_err(unreadable)?;
    let replay = Replay::read(&text).map_err(|error| Failure::No(format!("{shown}: {error}")))?;
    let mut job = job::job(&args.card)?;
    job.options.time = Some(replay.prologue().time);
    let handle = card_printer::open_replay(replay, Timing::swift()).map_err(Failure::No)?;
    let status = device::settled(&handle);
    if !status.ready {
        let reason = status
            .link_error
            .unwrap_or_else(|| "the recorded printer was not ready".to_owned());
        return Err(Failure::No(format!("{shown}: {reason}")));
    }
    let evidence = device::send(&handle, job)?;
    if json {
        say(&evidence);
    }
    device::concluded(&evidence)
}
