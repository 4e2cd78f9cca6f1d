//! A webcam that exists only in software: for tests of programs that must not know the difference.
//!
//! As `usb-bed` does for USB, this crate answers each `ioctl` that an unmodified program makes on an emulated
//! `/dev/videoN`, as a UVC camera's driver does. The node is a regular file that the program maps: frames are written
//! into it where the buffers lie. Above it run the real V4L2 library and the real program, as another process.
//!
//! Two calls have to be led to umockdev's preload first: `src/shim.c` says which; it is compiled when a bed is made.

mod device;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use device::Device;

/// A size and the rates at it; all of them are offered as MJPEG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub width: u32,
    pub height: u32,
    /// Intervals between frames, as a fraction of a second: `(1, 30)`.
    pub intervals: Vec<(u32, u32)>,
}

/// What can be wrong with the camera while it is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No frame comes: the driver drops all of them.
    Dropped,
    /// Taking a frame fails with EIO.
    StreamError,
    /// Another program streams: EBUSY.
    Busy,
    /// The driver flags each frame as damaged.
    Flagged,
    /// Half of each frame is missing.
    Truncated,
    /// The driver answers nothing more, not even after a program's own time limit.
    Hung,
}

/// One camera, in a folder of its own that goes when this is dropped.
#[derive(Debug)]
pub struct Bed {
    folder: PathBuf,
    number: Mutex<u32>,
    state: Arc<Mutex<Device>>,
}

/// Beds of one process are told apart by number.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Bed {
    /// Plugs a camera in as `/dev/video0`, which plays `frames`, each a JPEG, in a loop.
    ///
    /// # Errors
    /// When the folder cannot be made, or there is no C compiler for the shim.
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

    /// A program that sees this camera and no other.
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
    /// When the node cannot be removed.
    pub fn unplug(&self) -> io::Result<()> {
        self.lock().unplug();
        fs::remove_file(self.node(*self.numbered()))
    }

    /// Plugs it in again, as `/dev/videoNUMBER`.
    ///
    /// # Errors
    /// When the node cannot be made.
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

    /// Begins a fault, instead of the one there was.
    pub fn cause(&self, fault: Fault) {
        self.lock().fault = Some(fault);
    }

    /// Ends the fault.
    pub fn mend(&self) {
        self.lock().fault = None;
    }

    /// Every control that was set, oldest first: its V4L2 number and value.
    #[must_use]
    pub fn controls(&self) -> Vec<(u32, i64)> {
        self.lock().controls.clone()
    }

    /// The size and interval that the program has set.
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
