//! The command line. Each subcommand has its own file below.

pub mod config;
pub mod doctor;
pub mod esc;
pub mod key;
pub mod outbox;
pub mod pin;
pub mod portal;
pub mod portrait;
pub mod rehearse;
pub mod render;
pub mod run;
pub mod verify;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::config::Config;
use common::Problems;

/// A photo booth that replaces a university card while you wait.
///
/// Exit codes: 0 for success, 1 if the answer is no (a check failed, a card did not come out), 2 for misuse.
#[derive(Debug, Parser)]
#[command(name = "fotoautomat", version, max_term_width = 110)]
pub struct Cli {
    /// The site's folder: kiosk.toml, theme.toml, cards and texts.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "kiosk-config/umu"
    )]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the booth in its window.
    Run(run::Args),
    /// Check a site's configuration, or start a new one.
    #[command(subcommand)]
    Config(config::Command),
    /// Say of each part of the booth whether it is ready, or why not.
    Doctor(doctor::Args),
    /// Query the router of the European Student Card, and register cards with it.
    #[command(subcommand)]
    Esc(esc::Command),
    /// Look after orders on their way to the portal.
    Outbox(outbox::Args),
    /// Make an attendant's PIN, and the section of the configuration that checks it.
    Pin(pin::Command),
    /// Serve the portal interface from a file, for trials and for integrators.
    Portal(portal::Args),
    /// Judge photographs as the booth would, and cut portraits out of them.
    #[command(subcommand)]
    Portrait(portrait::Command),
    /// Run whole sessions without a display and write the results to a folder.
    Rehearse(rehearse::Args),
    /// Draw one card as a picture, or as a proof at true size.
    Render(render::Args),
    /// Make keys for the signed code on the cards.
    #[command(subcommand)]
    Key(key::Command),
    /// Check by its code whether a card is valid.
    Verify(verify::Args),
}

/// The result of a command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::SUCCESS,
            Answer::No => Self::FAILURE,
        }
    }
}

/// Why a command could not do its work, in one sentence for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// All mistakes of the configuration.
    #[error("{0}")]
    Config(Problems),
    /// The arguments contradict each other; the exit code is 2.
    #[error("{0}")]
    Misuse(String),
    #[error("{0}")]
    Failed(String),
}

impl Error {
    pub fn failed(what: impl std::fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }

    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Misuse(_) => ExitCode::from(2),
            Self::Config(_) | Self::Failed(_) => ExitCode::from(1),
        }
    }
}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::Config(problems)
    }
}

/// The name of the file that test mode merges over a site's `kiosk.toml`. It lies beside the site's folder.
pub const TEST_MODE: &str = "test-mode.toml";

impl Cli {
    /// Loads the site's configuration; in test mode with [`TEST_MODE`] merged over it.
    pub fn load(&self, test_mode: bool) -> Result<Config, Error> {
        let site = self.config.as_path();
        let overlay = site.parent().map(|folder| folder.join(TEST_MODE));
        Ok(crate::config::load(
            site,
            overlay.as_deref().filter(|_| test_mode),
        )?)
    }
}
