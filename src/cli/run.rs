//! `fotoautomat run`: opens the booth in its window.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Answer, Error};
use crate::{
    app::{self, Shape},
    booth::{self, Options},
    config::Config,
};

/// Opens the booth on this screen.
///
/// It fills the screen, with a window manager, under a kiosk compositor (`cage -- fotoautomat run`) and without either.
/// With --test-mode every device is virtual, and the test panel at the lower edge plays the phone and the cards. The
/// newest card is saved in the data folder as card-printed.png, and the printer's bytes as job.bin.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Use virtual devices, own servers, test people and a separate data folder.
    #[arg(long)]
    pub test_mode: bool,
    /// A window of this size, instead of the whole screen.
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub windowed: Option<Shape>,
    /// A photograph for the virtual camera to show; the drawn visitors when left out.
    #[arg(long, value_name = "FILE", requires = "test_mode")]
    pub photo: Option<PathBuf>,
    /// The folder of the booth's data; the site's, or a separate one in test mode, when left out.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs until the window is closed or the process receives a signal to end.
pub fn run(
    args: &Args,
    config: Config,
    data: PathBuf,
    runtime: &tokio::runtime::Runtime,
) -> Result<Answer, Error> {
    let options = Options {
        data: args.data.clone().unwrap_or(data),
        photo: args.photo.clone(),
        ..Options::default()
    };
    let booth = runtime
        .block_on(booth::open(config, options))
        .map_err(Error::failed)?;
    let shape = args.windowed.unwrap_or(Shape::Full);
    let ended = {
        // The window spawns its tasks on the runtime that is entered here.
        let _entered = runtime.enter();
        app::run(&booth, shape)
    };
    if !runtime.block_on(booth.close()) {
        tracing::warn!("some work did not end in time; what is on disk is complete");
    }
    ended.map(|()| Answer::Yes).map_err(Error::failed)
}
