//! `fotoautomat config`: check a site's configuration.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Answer, Error, TEST_MODE};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a site's folder; each mistake is told with its file, line, key and what to write instead.
    Check {
        /// The site's folder; the one of --config when left out.
        dir: Option<PathBuf>,
        /// With test mode's file over it.
        #[arg(long)]
        test_mode: bool,
    },
    /// Print the JSON schema of kiosk.toml, for editors.
    Schema,
}

/// Runs the command; `site` is the folder of `--config`.
pub fn run(command: &Command, site: &Path) -> Result<Answer, Error> {
    match command {
        Command::Check { dir, test_mode } => {
            let site = dir.as_deref().unwrap_or(site);
            let overlay = site
                .parent()
                .map(|folder| folder.join(TEST_MODE))
                .filter(|_| *test_mode);
            let loaded = crate::config::load(site, overlay.as_deref());
            // what is wrong with the cards does not hide what is wrong with the words
            let checked = loaded.map(|config| [config.look().err(), config.designer().err()]);
            let problems = match checked {
                Ok(found) => found.into_iter().flatten().collect(),
                Err(problems) => vec![problems],
            };
            problems.iter().for_each(|problems| eprint!("{problems}"));
            if problems.is_empty() {
                println!("{}: no mistakes", site.display());
                return Ok(Answer::Yes);
            }
            Ok(Answer::No)
        }
        Command::Schema => {
            println!("{}", crate::config::schema());
            Ok(Answer::Yes)
        }
    }
}
