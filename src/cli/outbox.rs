//! `fotoautomat outbox`: the staff's commands on the store. They work beside a running booth.

mod export;
mod fill;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::json;

use super::{Answer, Cli, Error};
use crate::booth;
use common::order::OrderId;
use outbox::{
    Outbox, Settings,
    manage::{Listed, Shown, Which},
};

/// Looks after orders on their way to the portal. Names and pictures are sealed and are not shown.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Print one JSON object on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Use the store of test mode.
    #[arg(long, global = true, conflicts_with = "data")]
    pub test_mode: bool,
    /// A folder with outbox.sqlite and outbox.key, as `rehearse` writes them, to use instead of the site's store.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List orders, the oldest first.
    List {
        #[arg(long, value_enum, default_value_t = State::Open)]
        state: State,
        /// The most orders to list.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Show one order: its parts, the result of each attempt to send them, and its cards.
    Show {
        /// The order's id, or the code that the holder was shown.
        order: String,
    },
    /// Send parked orders again: these, or all.
    Retry {
        #[arg(required_unless_present = "all")]
        orders: Vec<String>,
        #[arg(long, conflicts_with = "orders")]
        all: bool,
    },
    /// Hold an order back until `retry`.
    Park {
        order: String,
        /// Why, for other staff. It is stored unencrypted, so name no person.
        #[arg(long, default_value = "held back by staff")]
        reason: String,
    },
    /// Export orders to a sealed file while the portal is unreachable. They stay in the store.
    Export(export::Args),
    /// Open a file that `export` wrote; needs the key.
    Open(export::OpenArgs),
    /// Give up orders and erase their personal data at once.
    Purge {
        #[arg(required = true)]
        orders: Vec<String>,
        /// Also purge orders that the portal has not acknowledged; they are lost then.
        #[arg(long)]
        undelivered: bool,
    },
    /// Check the file, the journal, the counts of cards, and that all sealed data opens. Exit code 1 if not.
    Check,
    /// Change the key that seals the store. The booth must not be running.
    Rotate,
    /// Write generated orders into a separate store, one after another; for the tests.
    #[command(hide = true)]
    Fill(fill::Args),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Waiting or parked.
    Open,
    Waiting,
    Parked,
    Delivered,
    Discarded,
    All,
}

impl Args {
    /// The settings of the store that the arguments name.
    pub fn settings(&self, cli: &Cli, state_home: Option<&Path>) -> Result<Settings, Error> {
        if let Some(folder) = &self.data {
            return Ok(Settings::in_folder(folder));
        }
        let config = cli.load(self.test_mode)?;
        let data = booth::data_folder(&config, state_home);
        Ok(config.outbox_settings(&data))
    }
}

pub async fn run(args: &Args, settings: &Settings) -> Result<Answer, Error> {
    match &args.command {
        Command::Fill(fill) => return fill::run(fill, settings).await,
        Command::Open(open) => {
            let opened = export::open(open, settings)?;
            say(args.json, &json!({ "opened": opened }), || {
                format!("{opened} orders are in {}", open.out.display())
            });
            return Ok(Answer::Yes);
        }
        Command::Rotate => {
            let brought = Outbox::rotate(settings).await.map_err(Error::failed)?;
            say(args.json, &json!({ "resealed": brought }), || {
                format!("{brought} sealed parts are under the new key; the old one is forgotten")
            });
            return Ok(Answer::Yes);
        }
        _ => {}
    }
    let outbox = Outbox::attach(settings).await.map_err(Error::failed)?;
    let answer = act(args, &outbox).await;
    outbox.close().await;
    answer
}

async fn act(args: &Args, outbox: &Outbox) -> Result<Answer, Error> {
    let json = args.json;
    match &args.command {
        Command::List { state, limit } => {
            let orders = list(outbox, *state, *limit).await?;
            say(json, &json!({ "orders": orders }), || lines(&orders));
        }
        Command::Show { order } => {
            let id = find(outbox, order).await?;
            let shown = outbox.show(id).await.map_err(Error::failed)?;
            let shown = shown.ok_or_else(|| unknown(order))?;
            say(json, &json!(shown), || sheet(&shown));
        }
        Command::Retry { orders, .. } => {
            let mut freed = 0;
            if orders.is_empty() {
                freed = outbox.retry(None).await.map_err(Error::failed)?;
            }
            for order in orders {
                let id = find(outbox, order).await?;
                freed += outbox.retry(Some(id)).await.map_err(Error::failed)?;
            }
            say(json, &json!({ "retried": freed }), || {
                format!("{freed} parts are sent again")
            });
        }
        Command::Park { order, reason } => {
            let id = find(outbox, order).await?;
            let held = outbox.hold_back(id, reason).await.map_err(Error::failed)?;
            say(json, &json!({ "parked": held }), || {
                format!("{held} parts are held back")
            });
        }
        Command::Purge {
            orders,
            undelivered,
        } => {
            for order in orders {
                let id = find(outbox, order).await?;
                outbox
                    .purge(id, *undelivered)
                    .await
                    .map_err(Error::failed)?;
            }
            let purged = orders.len();
            say(json, &json!({ "purged": purged }), || {
                format!("{purged} orders are erased")
            });
        }
        Command::Export(export) => {
            let written = export::write(export, outbox).await?;
            say(json, &json!({ "exported": written }), || {
                format!("{written} orders are in {}", export.out.display())
            });
        }
        Command::Check => return check(json, outbox).await,
        Command::Rotate | Command::Fill(_) | Command::Open(_) => {
            unreachable!("answered before the store was opened")
        }
    }
    Ok(Answer::Yes)
}

async fn check(json: bool, outbox: &Outbox) -> Result<Answer, Error> {
    let found = outbox.check().await.map_err(Error::failed)?;
    let sound = found.is_sound();
    say(json, &json!({ "sound": sound, "findings": found }), || {
        let mut lines = Vec::new();
        let damage = found.damage.iter().map(|line| format!("damage: {line}"));
        lines.extend(damage);
        lines.extend(found.broken_rules.iter().cloned());
        if found.unreadable > 0 {
            lines.push(format!(
                "{} sealed parts do not open with the booth's key",
                found.unreadable
            ));
        }
        let quarantined = found.quarantined.iter();
        lines.extend(quarantined.map(|path| {
            format!(
                "{} was damaged and put aside; keep it for whoever looks into it, then move it away",
                path.display()
            )
        }));
        for books in &found.books {
            let missing = books.unexplained();
            let (printer, cards) = (&books.printer, missing.unsigned_abs());
            match missing {
                0 => {}
                1.. => lines.push(format!(
                    "{printer}: {cards} cards more went through the printer than the journal knows"
                )),
                ..0 => lines.push(format!(
                    "{printer}: {cards} cards of the journal were not counted by the printer"
                )),
            }
        }
        if found.overdue {
            lines.push("an order waits for longer than alarm_days".to_owned());
        }
        if found.undecided > 0 {
            lines.push(format!(
                "{} cards wait for an attendant to decide",
                found.undecided
            ));
        }
        let counts = &found.counts;
        lines.push(format!(
            "{} waiting, {} parked, {} delivered, {} given up; {} cards printed, {} void",
            counts.waiting,
            counts.parked,
            counts.delivered,
            counts.discarded,
            counts.printed,
            counts.void
        ));
        let verdict = if sound {
            "the store is sound"
        } else {
            "the store is NOT sound"
        };
        lines.push(verdict.to_owned());
        lines.join("\n")
    });
    Ok(if sound { Answer::Yes } else { Answer::No })
}

async fn list(outbox: &Outbox, state: State, limit: u32) -> Result<Vec<Listed>, Error> {
    let which: &[Which] = match state {
        State::Open => &[Which::Parked, Which::Waiting],
        State::Waiting => &[Which::Waiting],
        State::Parked => &[Which::Parked],
        State::Delivered => &[Which::Delivered],
        State::Discarded => &[Which::Discarded],
        State::All => &[Which::All],
    };
    let mut orders = Vec::new();
    for which in which {
        let room = limit.saturating_sub(u32::try_from(orders.len()).unwrap_or(u32::MAX));
        orders.extend(outbox.list(*which, room).await.map_err(Error::failed)?);
    }
    Ok(orders)
}

async fn find(outbox: &Outbox, name: &str) -> Result<OrderId, Error> {
    outbox
        .find(name)
        .await
        .map_err(Error::failed)?
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Error {
    Error::Failed(format!(
        "the store has no order {name}; `fotoautomat outbox list --state all` shows those it has"
    ))
}

/// Prints one answer: `object` as JSON, or `words` for people.
fn say(json: bool, object: &serde_json::Value, words: impl FnOnce() -> String) {
    if json {
        println!("{object}");
    } else {
        println!("{}", words().trim_end());
    }
}

fn lines(orders: &[Listed]) -> String {
    if orders.is_empty() {
        return "no orders".to_owned();
    }
    let lines = orders.iter().map(|order| {
        format!(
            "{}  {}  {:<9}  {:<6}  {}  {}",
            order.code,
            order.order_id,
            order.state,
            order.delivery,
            order.created_at.strftime("%Y-%m-%d %H:%M:%SZ"),
            order.reason.as_deref().unwrap_or_default()
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn sheet(shown: &Shown) -> String {
    let mut lines = vec![self::lines(std::slice::from_ref(&shown.order))];
    for part in &shown.parts {
        let about = part.serial.map(|serial| format!(" {serial}"));
        lines.push(format!(
            "  {}{}: {}, tried {} times{}",
            part.part,
            about.unwrap_or_default(),
            part.state,
            part.tries,
            part.reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default()
        ));
        lines.extend(part.failures.iter().map(|failure| {
            format!(
                "    {} {}",
                failure.at.strftime("%Y-%m-%d %H:%M:%SZ"),
                failure.error
            )
        }));
    }
    for card in &shown.cards {
        lines.push(format!(
            "  card {}: {}{}{}, by {}; revision {}, acknowledged {}",
            card.serial,
            card.outcome,
            if card.code_read_back {
                ", read back"
            } else {
                ""
            },
            if card.collected { ", collected" } else { "" },
            card.printer,
            card.rev,
            card.sent_rev
        ));
    }
    lines.join("\n")
}
