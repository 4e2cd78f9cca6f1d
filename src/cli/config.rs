//! `fotoautomat config`: checks a site's configuration, or starts a new one.

mod new;

use std::{
    io,
    path::{Path, PathBuf},
    process,
};

use clap::Subcommand;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Answer, Error, TEST_MODE};
use common::Problems;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a site's folder: configuration, templates, texts and colours. Each mistake is reported with its file,
    /// line, key and remedy.
    Check {
        /// The site's folder; the one of --config when left out.
        dir: Option<PathBuf>,
        /// Check it with test mode's file merged over it.
        #[arg(long)]
        test_mode: bool,
        /// Check in this process, within limits. The command starts itself with this option.
        #[arg(long, hide = true)]
        limited: bool,
    },
    /// Start a new site: a folder with a commented configuration, a template, texts and colours.
    New {
        /// The site's folder. It is created, or must be empty.
        dir: PathBuf,
    },
    /// Print the JSON schema of kiosk.toml, for editors.
    Schema,
}

/// The limit of processor time for a check, in seconds. Only templates that are made to block the booth need more.
const SECONDS: u64 = 2;
/// The limit of memory for a check, in bytes: program, fonts and pictures together.
const BYTES: u64 = 256 << 20;

/// Runs the command; `site` is the folder of `--config`.
pub fn run(command: &Command, site: &Path) -> Result<Answer, Error> {
    match command {
        Command::Check {
            dir,
            test_mode,
            limited,
        } => {
            let site = dir.as_deref().unwrap_or(site);
            if *limited {
                limit()?;
                Ok(check(site, *test_mode))
            } else {
                check_in_child(site, *test_mode)
            }
        }
        Command::New { dir } => {
            new::write(dir)?;
            println!(
                "{0}: edit kiosk.toml, then run `fotoautomat config check {0}`",
                dir.display()
            );
            Ok(Answer::Yes)
        }
        Command::Schema => {
            println!("{}", crate::config::schema());
            Ok(Answer::Yes)
        }
    }
}

/// Checks in a child process that the system kills at the limits, because templates come from outside.
fn check_in_child(site: &Path, test_mode: bool) -> Result<Answer, Error> {
    let mut child = process::Command::new(std::env::current_exe().map_err(Error::failed)?);
    child
        .args(["config", "check", "--limited"])
        .args(test_mode.then_some("--test-mode"))
        .arg(site)
        // All threads share one heap, because the address space of a heap for each thread would count as used.
        .env("MALLOC_ARENA_MAX", "1");
    let status = child.status().map_err(Error::failed)?;
    match status.code() {
        Some(0) => Ok(Answer::Yes),
        Some(1) => Ok(Answer::No),
        _ => {
            eprintln!(
                "{}: its templates take more than {SECONDS} s or {} MiB to draw. Simplify them; card.kinds with fewer \
                 kinds tells which one it is.",
                site.display(),
                BYTES >> 20
            );
            Ok(Answer::No)
        }
    }
}

fn limit() -> Result<(), Error> {
    let set = |what, most| {
        let most = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(what, most).map_err(|error| Error::failed(io::Error::from(error)))
    };
    set(Resource::Cpu, SECONDS)?;
    set(Resource::Data, BYTES)?;
    // A killed process must not dump core.
    set(Resource::Core, 0)
}

fn check(site: &Path, test_mode: bool) -> Answer {
    let overlay = site
        .parent()
        .map(|folder| folder.join(TEST_MODE))
        .filter(|_| test_mode);
    let loaded = crate::config::load(site, overlay.as_deref());
    // Cards are checked even if the texts have mistakes, so that all mistakes are reported at once.
    let checked = loaded.map(|config| [config.look().err(), config.designer().err()]);
    let problems: Vec<Problems> = match checked {
        Ok(found) => found.into_iter().flatten().collect(),
        Err(problems) => vec![problems],
    };
    problems.iter().for_each(|problems| eprint!("{problems}"));
    if problems.is_empty() {
        println!("{}: no mistakes", site.display());
        return Answer::Yes;
    }
    Answer::No
}
