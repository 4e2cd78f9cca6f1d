//! The booth's program: reads arguments and environment, and hands over.

use std::process::ExitCode;

use clap::Parser;
use fotoautomat::cli::{self, Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(answer) => answer.into(),
        Err(error) => {
            eprintln!("fotoautomat: {}", error.to_string().trim_end());
            error.exit_code()
        }
    }
}

fn run(cli: &Cli) -> Result<cli::Answer, cli::Error> {
    match &cli.command {
        Command::Config(command) => cli::config::run(command, &cli.config),
        Command::Portal(args) => runtime()?.block_on(cli::portal::run(args)),
        Command::Render(args) => cli::render::run(args, &cli.load(false)?),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, cli::Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| cli::Error::failed(format!("cannot start: {error}")))
}
