//! `fotoautomat doctor`: reports whether this booth could serve a visitor now, and if not, why.

use std::{path::Path, time::Duration};

use clap::Args as ClapArgs;
use serde::Serialize;
use tokio::sync::watch;

use super::{Answer, Error};
use crate::{
    booth::{self, Booth, Options},
    config::Config,
};
use common::health::{self, Condition, Health, Part, Reason};

/// Checks every part: devices, identity provider, portal, store, disk, clock. Exit code 1 if the booth could not serve.
///
/// The booth itself must not be running: it holds the devices.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Check the virtual devices and test servers.
    #[arg(long)]
    pub test_mode: bool,
    #[arg(long)]
    pub json: bool,
}

/// How long to wait for an answer. Devices and servers that are present have answered by then.
const PATIENCE: Duration = Duration::from_secs(12);

/// One line of the report.
#[derive(Debug, Serialize)]
struct Finding {
    part: &'static str,
    ready: bool,
    says: String,
}

pub async fn run(args: &Args, config: Config, data: &Path) -> Result<Answer, Error> {
    let options = Options {
        data: data.to_owned(),
        ..Options::default()
    };
    let booth = booth::open(config, options).await.map_err(Error::failed)?;
    let health = settle(booth.health()).await;
    let mut findings: Vec<Finding> = Part::ALL
        .iter()
        .map(|part| finding(&booth, &health, *part))
        .collect();
    let identity = findings
        .iter_mut()
        .find(|finding| finding.part == Part::Identity.name());
    if let (Some(trouble), Some(identity)) = (booth.probe_identity().await, identity) {
        (identity.ready, identity.says) = (false, trouble);
    }
    findings.push(booth.finder_note());
    findings.push(booth.voice_note());
    let verdict = health::readiness(&health, &booth.rules().needs);
    let serves = verdict.is_ok()
        && findings
            .iter()
            .all(|finding| finding.ready || finding.part != Part::Identity.name());
    if args.json {
        let answer = serde_json::json!({ "serves": serves, "parts": findings });
        println!("{answer}");
    } else {
        for finding in &findings {
            println!(
                "{:<9} {:<6} {}",
                finding.part,
                if finding.ready { "ready" } else { "NOT" },
                finding.says
            );
        }
        println!(
            "{}",
            if serves {
                "the booth can serve"
            } else {
                "the booth cannot serve"
            }
        );
    }
    Ok(if serves { Answer::Yes } else { Answer::No })
}

/// Waits until the condition of every part is known and none is down, for [`PATIENCE`] at most.
async fn settle(mut health: watch::Receiver<Health>) -> Health {
    let well = |health: &Health| {
        health.is_known()
            && Part::ALL
                .iter()
                .all(|part| !matches!(health.of(*part), Condition::Down(_)))
    };
    // A missing part stays down; then the time runs out, and the last health counts.
    let _ = tokio::time::timeout(PATIENCE, health.wait_for(well))
        .await
        .is_ok();
    health.borrow().clone()
}

fn finding(booth: &Booth, health: &Health, part: Part) -> Finding {
    let (ready, says) = match health.of(part) {
        Condition::Ready => (true, booth.describe(part) + &attention(health, part)),
        Condition::Absent => (true, "none, and none is needed".to_owned()),
        Condition::Unknown => (
            false,
            format!("did not answer within {} s", PATIENCE.as_secs()),
        ),
        Condition::Down(fault) => (false, booth.explain(&Reason::new(part, fault.clone()))),
    };
    Finding {
        part: part.name(),
        ready,
        says,
    }
}

/// What staff must attend to at a part that works, as the end of its line.
fn attention(health: &Health, part: Part) -> String {
    let attention = &health.attention;
    match part {
        Part::Store if attention.set_aside > 0 => format!(
            "; {} damaged and put aside beside it: \"fotoautomat outbox check\" names what to look at",
            attention.set_aside
        ),
        Part::Printer if attention.unexplained > 0 => format!(
            "; counter and journal differ by {} cards: see \"fotoautomat outbox check\"",
            attention.unexplained
        ),
        Part::Portal if attention.overdue => {
            "; an order has waited for longer than outbox.alarm_days".to_owned()
        }
        _ => String::new(),
    }
}

impl Booth {
    /// A note on the voice that reads aloud.
    fn voice_note(&self) -> Finding {
        let settings = self.config().speech();
        let found = settings.find();
        let says = match &found {
            Ok(None) => "nothing is read aloud".to_owned(),
            Ok(Some(program)) if settings.private => {
                format!("{} reads aloud, to the visitor alone", program.display())
            }
            Ok(Some(program)) => {
                format!("{} reads aloud, no names and no codes", program.display())
            }
            Err(missing) => missing.to_string(),
        };
        Finding {
            part: "speech",
            ready: found.is_ok(),
            says,
        }
    }

    /// A note on how faces are found.
    fn finder_note(&self) -> Finding {
        let says = match self.sees_no_eyes() {
            None => "face models are there: eyes, lids and pose are judged".to_owned(),
            Some(why) => format!(
                "{why}. Faces are found, but eyes and pose are not judged; run tests/setup/models.sh"
            ),
        };
        Finding {
            part: "models",
            ready: true,
            says,
        }
    }
}
