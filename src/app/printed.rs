//! Saves the newest card of the virtual printer as files in the booth's data folder (test mode).

use std::{fs, io, path::PathBuf};

use iced::Task;

use super::Message;
use crate::booth::{self, TestPanel};

/// Writes `job.bin` and `card-printed.png`, not on the window's thread.
pub(super) fn keep(panel: TestPanel, folder: PathBuf) -> Task<Message> {
    let work = tokio::task::spawn_blocking(move || {
        if let Err(error) = write(&panel, &folder) {
            tracing::warn!(
                "the printed card cannot be kept in {}: {error}",
                folder.display()
            );
        }
    });
    Task::perform(work, |_| Message::Done)
}

fn write(panel: &TestPanel, folder: &std::path::Path) -> io::Result<()> {
    let Some((job, picture)) = panel.newest_job() else {
        return Ok(());
    };
    fs::write(folder.join("job.bin"), job.as_slice())?;
    match booth::png(&picture) {
        Some(png) => fs::write(folder.join("card-printed.png"), png),
        None => Err(io::Error::other("it cannot be written as PNG")),
    }
}
