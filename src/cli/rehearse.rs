//! `fotoautomat rehearse`: runs whole sessions without a display, with a scripted visitor. The session and the ports
//! are those of the real booth; the devices are virtual.

mod report;
mod visitor;

use std::{
    fs,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args as ClapArgs;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Answer, Error};
use crate::{
    booth::{self, Booth, Options},
    config::Config,
    runner::Runner,
};
use report::Report;
use visitor::{Ended, Visit, Visitor};

/// Runs whole sessions and writes the results of the last one to a folder.
///
/// In DIR: portrait.jpg, card-front.png (as drawn), card-printed.png (as the virtual printer drew it from the bytes it
/// got), job.bin (those bytes), proof.pdf, outbox.sqlite, portal.sqlite and session.jsonl (each state and how long it
/// lasted). Each order is acknowledged by a line "ack ORDERID" once it is on disk. Exit code 0 only if every card came
/// out, the code on the last one reads back, and the portal has each order, photo and card once.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Print one JSON object on standard output; acknowledgements go to standard error.
    #[arg(long)]
    pub json: bool,
    /// The folder for the files; the store of an existing one is continued.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    pub out: PathBuf,
    /// A photograph for the virtual camera to show; the drawn visitors when left out.
    #[arg(long, value_name = "FILE")]
    pub photo: Option<PathBuf>,
    /// The number of visitors, who come one after the other.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sessions: u32,
    /// The seed of the random choices.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// 0: no waits and animations. 1: real time. 10: ten times as fast.
    #[arg(long, value_name = "0|1|10", default_value_t = 0, value_parser = parse_speed)]
    pub speed: u32,
    /// A portal to send to, instead of one of its own.
    #[arg(long, value_name = "URL")]
    pub portal: Option<String>,
    /// Keep no picture of a visit, and afterwards stay open and idle until standard input ends, so that memory and disk
    /// can be searched for what a visit left.
    #[arg(long)]
    pub idle: bool,
}

fn parse_speed(text: &str) -> Result<u32, String> {
    match text {
        "0" => Ok(0),
        "1" => Ok(1),
        "10" => Ok(10),
        _ => Err("write 0 (nothing waits), 1 (as in life) or 10 (ten times as fast)".to_owned()),
    }
}

/// How long the uploads of the last orders may take after the last session.
const UPLOADS: Duration = Duration::from_secs(60);

pub async fn run(args: &Args, config: Config) -> Result<Answer, Error> {
    fs::create_dir_all(&args.out).map_err(|error| {
        Error::failed(format!("{} cannot be made: {error}", args.out.display()))
    })?;
    let pace = if args.speed == 0 {
        0.0
    } else {
        1.0 / args.speed as f32
    };
    let options = Options {
        data: args.out.clone(),
        // With --idle the visitor reads the photo for each visit, so that the camera does not keep it between visits.
        photo: args.photo.clone().filter(|_| !args.idle),
        portal: args.portal.clone(),
        pace: Some(pace),
        crowd: Some(args.sessions),
    };
    let booth = booth::open(config, options).await.map_err(Error::failed)?;
    let mut runner = Runner::new(booth.clone(), (*booth.rules()).clone());
    runner.listen(booth.events());
    let panel = booth
        .test_panel()
        .ok_or_else(|| Error::failed("a rehearsal needs virtual devices: run it in test mode"))?;
    let mut visitor = Visitor::new(panel, args.seed, pace);
    if args.idle {
        visitor.leave_nothing(args.photo.clone());
    }
    let mut report = Report::new(&booth).await?;
    let bar = progress(args);
    for number in 0..args.sessions {
        let visit = visitor
            .visit(&mut runner, number, |order| {
                acknowledge(args.json, &order.to_string())
            })
            .await;
        report.add(&visit);
        bar.inc(1);
        if args.idle {
            continue;
        }
        if number + 1 == args.sessions || visit.ended != Ended::Printed {
            leave(&args.out, &booth, &visit)?;
        }
        if visit.problem.is_some() {
            break;
        }
    }
    bar.finish_and_clear();
    if args.idle {
        return idle(&mut runner, &report).await;
    }
    let uploaded = booth.worker().drained(UPLOADS).await;
    report.close(&booth, uploaded).await?;
    let answer = report.verdict(&booth, &args.out);
    if args.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.words(&args.out));
    }
    Ok(answer)
}

/// Prints the report, and runs the booth at attract until standard input ends.
async fn idle(runner: &mut Runner<Booth>, report: &Report) -> Result<Answer, Error> {
    println!("idle {}", report.json());
    let (ended, mut end) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    while end.try_recv() == Err(tokio::sync::oneshot::error::TryRecvError::Empty) {
        runner.turn(TURN).await;
    }
    Ok(Answer::Yes)
}

/// How long an idle booth waits for events before it checks whether standard input has ended.
const TURN: Duration = Duration::from_millis(100);

/// Prints at once that the order is on disk, because a test that reads it may cut the power next.
fn acknowledge(json: bool, order: &str) {
    // The session continues when the reader has closed the pipe.
    let _ = if json {
        writeln!(std::io::stderr(), "ack {order}")
    } else {
        let mut out = std::io::stdout();
        writeln!(out, "ack {order}").and_then(|()| out.flush())
    };
}

fn progress(args: &Args) -> ProgressBar {
    if args.json || args.sessions < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos}/{len} sessions {bar:40} {eta}");
    ProgressBar::new(args.sessions.into())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Writes the files of one session.
fn leave(out: &Path, booth: &Booth, visit: &Visit) -> Result<(), Error> {
    let keep = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        fs::write(&path, bytes).map_err(|error| {
            Error::failed(format!("{} cannot be written: {error}", path.display()))
        })
    };
    keep("session.jsonl", visit.log().as_bytes())?;
    for (name, bytes) in visit.files(booth) {
        keep(name, &bytes)?;
    }
    Ok(())
}
