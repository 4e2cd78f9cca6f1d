//! The commands for a connected printer: list, status, print.

use std::io::IsTerminal;
use std::time::Duration;

use device::Fault as _;

use card_printer::{
    Evidence, Handle, Link, PrintJob, Progress, Stage, Status, Timing, VirtualOptions,
};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{CardArgs, Failure, PrinterArgs, job, picture, say};

/// How long a printer may take to answer, or to put out an older card, before the answer is no.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the printer is ready, cannot be used, or is not found.
pub(crate) fn settled(handle: &Handle) -> Status {
    card_printer::wait_for(handle, PATIENCE, |status| {
        status.ready
            || status.link_error.is_some()
            || status
                .faults
                .iter()
                .any(|fault| status.link == Link::Connected && fault.is_failure())
    })
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    printer: PrinterArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    printer: PrinterArgs,
    #[command(flatten)]
    card: CardArgs,
    /// With a virtual printer: the file for the printed card
    #[arg(long, value_name = "CARD.png")]
    printed: Option<std::path::PathBuf>,
}

pub(crate) fn list(json: bool) -> Result<(), Failure> {
    let found = card_printer::list().map_err(|error| Failure::No(error.to_string()))?;
    if json {
        let printers: Vec<_> = found
            .iter()
            .map(|printer| {
                json!({
                    "place": printer.place,
                    "usb": format!("{:04x}:{:04x}", printer.vendor, printer.product),
                    "model": printer.model.map(|model| model.name()),
                    "maker": printer.maker,
                    "name": printer.name,
                    "serial": printer.serial,
                    "problem": printer.problem.as_ref().map(ToString::to_string),
                })
            })
            .collect();
        say(&json!({ "printers": printers }));
    } else if found.is_empty() {
        tell!("no card printer on USB (looked for Magicard and Evolis)");
    }
    if !json {
        for printer in &found {
            let title = printer
                .model
                .map_or("unknown model", card_printer::Model::title);
            let serial = printer.serial.as_deref().unwrap_or("-");
            tell!(
                "{}  {:04x}:{:04x}  {title}  serial {serial}",
                printer.place,
                printer.vendor,
                printer.product
            );
            if let Some(problem) = &printer.problem {
                tell!("    {problem}");
            }
        }
    }
    if found.is_empty() {
        Err(Failure::No("no card printer was found".to_owned()))
    } else {
        Ok(())
    }
}

pub(crate) fn status(args: &StatusArgs, json: bool, timing: Timing) -> Result<(), Failure> {
    let handle = card_printer::open(&args.printer.printer, timing);
    let status = settled(&handle);
    if json {
        say(&status);
    } else {
        describe(&status);
    }
    if status.ready {
        Ok(())
    } else {
        Err(Failure::No(format!(
            "the printer at {} is not ready",
            status.place
        )))
    }
}

pub(crate) fn describe(status: &Status) {
    let title = status
        .model
        .map_or("no printer", card_printer::Model::title);
    tell!("{}: {title}", status.place);
    if let Some(error) = &status.link_error {
        tell!("    {error}");
    }
    for (name, value) in [("serial", &status.serial), ("firmware", &status.firmware)] {
        if let Some(value) = value {
            tell!("    {name} {value}");
        }
    }
    if let Some(cards) = status.counters.and_then(|counters| counters.cards) {
        tell!("    {cards} cards printed");
    }
    if let Some(left) = status.ribbon_left {
        tell!("    {left} prints left on the ribbon");
    }
    for fault in &status.faults {
        tell!("    {}", fault.sentence("en"));
    }
    tell!("    {}", if status.ready { "ready" } else { "not ready" });
}

pub(crate) fn print(args: PrintArgs, json: bool, timing: Timing) -> Result<(), Failure> {
    let job = job::job(&args.card)?;
    let (handle, control) = match &args.printer.printer {
        card_printer::Selector::Virtual(options) => {
            let (handle, control) =
                card_printer::virtual_printer(VirtualOptions::clone(options), timing);
            (handle, Some(control))
        }
        selector => (card_printer::open(selector, timing), None),
    };
    let status = settled(&handle);
    if !status.ready {
        if !json {
            describe(&status);
        }
        return Err(Failure::No(format!(
            "the printer at {} is not ready",
            status.place
        )));
    }
    let evidence = send(&handle, job)?;
    if json {
        say(&evidence);
    } else {
        tell!(
            "{} of {} bytes sent",
            evidence.bytes_sent,
            evidence.bytes_total
        );
        if let (Some(before), Some(after)) = (evidence.counter_before, evidence.counter_after) {
            tell!("card counter {before} -> {after}");
        }
    }
    if let (Some(path), Some(card)) = (
        &args.printed,
        control.and_then(|control| control.take_card()),
    ) {
        picture::save(path, &card.front.draw())?;
    }
    concluded(&evidence)
}

/// Prints and waits for the end.
pub(crate) fn send(handle: &Handle, job: PrintJob) -> Result<Evidence, Failure> {
    let news = handle
        .print(job)
        .map_err(|error| Failure::No(error.to_string()))?;
    Ok(follow(news))
}

fn follow(mut news: tokio::sync::mpsc::Receiver<Progress>) -> Evidence {
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    bar.set_style(
        ProgressStyle::with_template("{msg:20} {bar:30} {bytes}/{total_bytes}")
            .expect("the template is fixed"),
    );
    bar.enable_steady_tick(Duration::from_millis(200));
    while let Some(progress) = news.blocking_recv() {
        match progress {
            Progress::Step(step) => {
                bar.set_length(step.of);
                bar.set_position(step.done);
                bar.set_message(match step.stage {
                    Stage::Preparing => "preparing".to_owned(),
                    Stage::Sending(panel) => format!("sending {panel}"),
                    Stage::Printing => "printing".to_owned(),
                    Stage::Waiting => "waiting".to_owned(),
                });
            }
            Progress::Fault(fault) => {
                bar.suspend(|| eprintln!("printctl: {}", fault.sentence("en")));
            }
            Progress::Ended(evidence) => {
                bar.finish_and_clear();
                return evidence;
            }
        }
    }
    Evidence {
        remark: Some("the printer's thread ended without reporting an end".to_owned()),
        ..Evidence::default()
    }
}

/// What the tool concludes, for the exit code: a card was printed only when all of the evidence says so.
pub(crate) fn concluded(evidence: &Evidence) -> Result<(), Failure> {
    let counted = match (evidence.counter_before, evidence.counter_after) {
        (Some(before), Some(after)) => after == before + 1,
        _ => true,
    };
    let sent = evidence.bytes_sent == evidence.bytes_total && evidence.bytes_total > 0;
    if sent && counted && evidence.busy_seen && evidence.ready_after && evidence.fault.is_none() {
        return Ok(());
    }
    let remark = evidence
        .remark
        .as_deref()
        .unwrap_or("the printer was not seen to print one card");
    Err(Failure::No(format!(
        "it is not certain that a card was printed: {remark}"
    )))
}
