//! The program `fotoautomat`: reads arguments and environment, and runs the subcommand.

use std::{alloc::System, path::PathBuf, process::ExitCode};

use clap::Parser;
use fotoautomat::{
    booth,
    cli::{self, Answer, Cli, Command, Error},
};
use zeroizing_alloc::ZeroAlloc;

/// Overwrites memory with zeros when it is freed, so that copies of names, tokens and pictures that libraries made do
/// not outlive their use.
#[global_allocator]
static HEAP: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = Cli::parse();
    log();
    leave_no_core();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("fotoautomat: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(&cli, &runtime) {
        Ok(answer) => answer.into(),
        Err(error) => {
            eprintln!("fotoautomat: {}", error.to_string().trim_end());
            error.exit_code()
        }
    }
}

fn run(cli: &Cli, runtime: &tokio::runtime::Runtime) -> Result<Answer, Error> {
    match &cli.command {
        Command::Run(args) => {
            let config = cli.load(args.test_mode)?;
            let data = booth::data_folder(&config, state_home().as_deref());
            cli::run::run(args, config, data, runtime)
        }
        Command::Config(command) => cli::config::run(command, &cli.config),
        Command::Doctor(args) => {
            let config = cli.load(args.test_mode)?;
            let data = booth::data_folder(&config, state_home().as_deref());
            runtime.block_on(cli::doctor::run(args, config, &data))
        }
        Command::Esc(command) => runtime.block_on(cli::esc::run(command, &cli.load(false)?)),
        Command::Outbox(args) => {
            let settings = args.settings(cli, state_home().as_deref())?;
            runtime.block_on(cli::outbox::run(args, &settings))
        }
        Command::Pin(command) => cli::pin::run(command),
        Command::Portal(args) => runtime.block_on(cli::portal::run(args)),
        Command::Portrait(command) => cli::portrait::run(command, &cli.load(false)?),
        Command::Rehearse(args) => runtime.block_on(cli::rehearse::run(args, cli.load(true)?)),
        Command::Key(command) => cli::key::run(command),
        Command::Verify(args) => runtime.block_on(cli::verify::run(args, &cli.load(false)?)),
        Command::Render(args) => cli::render::run(args, &cli.load(false)?),
    }
}

/// Prevents core dumps, which would hold a visitor's data. A limit of one byte, rather than zero, also keeps the kernel
/// from piping the dump to a program: such programs ignore the limit (core(5)) except at one byte (`fs/coredump.c`).
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let one = Rlimit {
        current: Some(1),
        maximum: Some(1),
    };
    if let Err(error) = setrlimit(Resource::Core, one) {
        tracing::warn!("a crash may leave a picture of the memory: {error}");
    }
}

/// The folder in which this user's programs keep their state (XDG base directory specification).
fn state_home() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))
}

/// Logs warnings to standard error; `FOTOAUTOMAT_LOG` asks for more (`info`, `debug`, `audit=info`).
fn log() {
    let wanted = std::env::var("FOTOAUTOMAT_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter = tracing_subscriber::EnvFilter::try_new(wanted)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    // The call fails only when a subscriber is already set; that one is kept.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
