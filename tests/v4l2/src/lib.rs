//! A webcam that exists only in software, for tests of unmodified programs.
//!
//! As `usb-bed` does for USB, this crate answers each `ioctl` that a program makes on an emulated `/dev/videoN`, as the
//! driver of a UVC camera does. The node is a regular file that the program maps; frames are written into it at the
//! positions of the buffers. The real V4L2 library and the real program run above it, in another process.
//!
//! Two calls must first be redirected to umockdev's preload. `src/shim.c` says which; it is compiled when a bed is
//! created.
//!
//! Start reading at [`Bed`] and [`Fault`]; `device.rs` answers the `ioctl`s.

mod device;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use device::Device;

/// A size and its frame rates, which are all offered as MJPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub width: u32,
    pub height: u32,
    /// The intervals between frames as fractions of a second: `(1, 30)`.
    pub intervals: Vec<(u32, u32)>,
}

/// A fault of the camera while it is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No frame arrives, because the driver drops all of them.
    Dropped,
    /// Fetching a frame fails with EIO.
    StreamError,
    /// Another program streams, so that requests fail with EBUSY.
    Busy,
    /// The driver marks each frame as damaged.
    Flagged,
    /// Half of each frame is missing.
    Truncated,
    /// The driver does not answer any more, not even after a program's own time limit.
    Hung,
}

/// One camera in its own folder, which is deleted when this is dropped.
#[derive(Debug)]
pub struct Bed {
    folder: PathBuf,
    number: Mutex<u32>,
    state: Arc<Mutex<Device>>,
}

/// The number distinguishes the beds of one process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Bed {
    /// Plugs in a camera as `/dev/video0`. It plays `frames`, each a JPEG, in a loop.
    ///
    /// # Errors
    ///
    /// The folder cannot be created, or there is no C compiler for the shim.
    pub fn new(name: &str, offers: Vec<Offer>, frames: Vec<Vec<u8>>) -> io::Result<Bed> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("v4l2-bed.{}.{number}", std::process::id()));
        fs::create_dir_all(folder.join("dev"))?;
        fs::create_dir_all(folder.join("sys/class/video4linux"))?;
        compile(&folder)?;
        let state = Device::new(name, offers, frames);
        let bed = Bed {
            folder,
            number: Mutex::new(0),
            state: Arc::new(Mutex::new(state)),
        };
        bed.replug(0)?;
        Ok(bed)
    }

    /// Creates the command for a program that sees only this camera.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let shim = self.folder.join("shim.so");
        command
            .env(
                "LD_PRELOAD",
                format!("{}:libumockdev-preload.so.0", shim.display()),
            )
            .env("UMOCKDEV_DIR", &self.folder);
        command
    }

    /// Pulls the cable.
    ///
    /// # Errors
    ///
    /// The node cannot be removed.
    pub fn unplug(&self) -> io::Result<()> {
        self.lock().unplug();
        fs::remove_file(self.node(*self.numbered()))
    }

    /// Plugs the camera in again, as `/dev/videoNUMBER`.
    ///
    /// # Errors
    ///
    /// The node cannot be created.
    pub fn replug(&self, number: u32) -> io::Result<()> {
        *self.numbered() = number;
        let node = self.node(number);
        self.lock().plug(fs::File::create_new(&node)?);
        let socket = self.folder.join(format!("ioctl/dev/video{number}"));
        if socket.exists() {
            return Ok(());
        }
        usb_bed::socket::serve(&socket, Arc::clone(&self.state))
    }

    /// Injects a fault, which replaces the current one.
    pub fn cause(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Clears the fault.
    pub fn mend(&self) {
        self.lock().fault = None;
    }

    /// Returns every control that was set, oldest first, as its V4L2 number and value.
    #[must_use]
    pub fn controls(&self) -> Vec<(u32, i64)> {
        self.lock().controls.clone()
    }

    /// Returns the size and interval that the program has set.
    #[must_use]
    pub fn format(&self) -> (u32, u32, (u32, u32)) {
        self.lock().format()
    }

    /// Whether the program streams.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.lock().is_streaming()
    }

    fn node(&self, number: u32) -> PathBuf {
        self.folder.join(format!("dev/video{number}"))
    }

    fn numbered(&self) -> MutexGuard<'_, u32> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Device> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn compile(folder: &Path) -> io::Result<()> {
    let source = folder.join("shim.c");
    fs::write(&source, include_str!("shim.c"))?;
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(folder.join("shim.so"))
        .arg(&source)
        .arg("-ldl")
        .output()
        .map_err(|error| io::Error::other(format!("cc: {error}; `make test` installs it")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}
