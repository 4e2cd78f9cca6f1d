//! `fotoautomat config`: check a site's configuration, or start a new one.

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
    /// Check a site's folder: configuration, templates, texts and colours. Each mistake is told with its file, line, key
    /// and what to write instead.
    Check {
        /// The site's folder; the one of --config when left out.
        dir: Option<PathBuf>,
        /// With test mode's file over it.
        #[arg(long)]
        test_mode: bool,
        /// Check here and now, within limits; what the command itself starts.
        #[arg(long, hide = true)]
        limited: bool,
    },
    /// Start a new site: a folder with a commented configuration, a template, texts and colours.
    New {
        /// The site's folder; made, and must not hold anything yet.
        dir: PathBuf,
    },
    /// Print the JSON schema of kiosk.toml, for editors.
    Schema,
}

/// No site's templates need more to be drawn once; what does is made to hold the booth up.
const SECONDS: u64 = 2;
/// The same for memory: programs, fonts and pictures together.
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

/// Checks in a process of its own that the system stops when it takes too much: a template comes from outside.
fn check_in_child(site: &Path, test_mode: bool) -> Result<Answer, Error> {
    let mut child = process::Command::new(std::env::current_exe().map_err(Error::failed)?);
    child
        .args(["config", "check", "--limited"])
        .args(test_mode.then_some("--test-mode"))
        .arg(site)
        // one heap for all threads: each of its own would count as used
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
    // a process that was stopped leaves no picture of its memory
    set(Resource::Core, 0)
}

fn check(site: &Path, test_mode: bool) -> Answer {
    let overlay = site
        .parent()
        .map(|folder| folder.join(TEST_MODE))
        .filter(|_| test_mode);
    let loaded = crate::config::load(site, overlay.as_deref());
    // what is wrong with the cards does not hide what is wrong with the words
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
