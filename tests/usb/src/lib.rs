//! A USB bus that exists only in software, below the system's libusb, for tests of unmodified programs.
//!
//! Debian's `umockdev` preload sends every `ioctl` that a program makes on an emulated `/dev/bus/usb` node over a
//! socket, and shows the program a `/sys` that this crate creates. This crate is the other end of the socket: it
//! emulates the kernel's *usbfs* for one device with one printer interface. The real libusb and the real program run
//! above it, in another process.
//!
//! ```no_run
//! # struct Printer;
//! # impl usb_bed::Device for Printer {
//! #     fn control(&mut self, _: usb_bed::Setup, _: &[u8]) -> usb_bed::Answer { usb_bed::Answer::Stall }
//! #     fn write(&mut self, bytes: &[u8]) -> usb_bed::Answer { usb_bed::Answer::Taken(bytes.len()) }
//! #     fn read(&mut self, _: usize) -> usb_bed::Answer { usb_bed::Answer::Nothing }
//! # }
//! let bed = usb_bed::Bed::new(usb_bed::Descriptors::printer(0x0C1F, 0x1800, "V0001"), Printer)?;
//! let output = bed.command("lsusb").output()?;
//! # std::io::Result::Ok(())
//! ```
//!
//! Start reading at [`Bed`]. `usbfs.rs` answers the `ioctl`s, `socket.rs` receives them, `sysfs.rs` creates the files,
//! and `redir.rs` connects the same device to QEMU.
//!
//! The socket protocol is umockdev's own (seen in 0.17.16), in words of 8 bytes. The client sends command 1 with
//! request and argument. We answer 3 with result and errno, and before that may read (5) and write (6) the client's
//! memory.

#![cfg_attr(test, allow(clippy::unwrap_used))] // The unwraps of a test say what it expects.

mod redir;
pub mod socket;
mod sysfs;
mod usbfs;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub use redir::Redir;
pub use sysfs::Descriptors;
pub use usbfs::{Cut, Event};

use usbfs::Usbfs;

/// The eight bytes that begin a control transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    pub kind: u8,
    pub request: u8,
    pub value: u16,
    pub index: u16,
    pub length: u16,
}

/// The answer of a device to a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Bytes for the host.
    Data(Vec<u8>),
    /// The device took this many of the host's bytes. 0 means none yet: the host waits until its own time limit.
    Taken(usize),
    /// The device has no data yet.
    Nothing,
    /// The device stalls the pipe.
    Stall,
    /// The device is gone.
    Gone,
}

/// The device's side of the cable. The bed answers standard requests (descriptors, configuration).
pub trait Device: Send + 'static {
    fn control(&mut self, setup: Setup, data: &[u8]) -> Answer;
    fn write(&mut self, bytes: &[u8]) -> Answer;
    fn read(&mut self, room: usize) -> Answer;
}

/// One bus with one device, in its own folder, which is deleted when this is dropped.
#[derive(Debug)]
pub struct Bed {
    folder: PathBuf,
    descriptors: Descriptors,
    state: Arc<Mutex<Usbfs>>,
}

/// The number distinguishes the beds of one process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Bed {
    /// Plugs the device in.
    pub fn new(descriptors: Descriptors, device: impl Device) -> io::Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("usb-bed.{}.{number}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let state = Arc::new(Mutex::new(Usbfs::new(
            descriptors.clone(),
            Box::new(device),
        )));
        let bed = Self {
            folder,
            descriptors,
            state,
        };
        sysfs::plug(&bed.folder, &bed.descriptors)?;
        socket::serve(
            &bed.folder.join("ioctl").join(sysfs::NODE),
            bed.state.clone(),
        )?;
        Ok(bed)
    }

    /// Creates the command for a program that sees only this bus.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("LD_PRELOAD", "libumockdev-preload.so.0")
            .env("UMOCKDEV_DIR", &self.folder);
        command
    }

    /// Gives programs of other users access to the bus. The mode of the node decides whether they may use the device.
    pub fn open_to_all(&self) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        for path in [
            "",
            "ioctl",
            "ioctl/dev",
            "ioctl/dev/bus",
            "ioctl/dev/bus/usb",
            "ioctl/dev/bus/usb/001",
            "ioctl/dev/bus/usb/001/002",
        ] {
            fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(0o777))?;
        }
        Ok(())
    }

    /// Prevents everybody except root from using the device.
    pub fn forbid(&self) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(
            self.folder.join(sysfs::NODE),
            fs::Permissions::from_mode(0o000),
        )
    }

    /// Returns the folder of the bed's files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Pulls the cable: pending transfers end, and programs no longer find the device.
    pub fn unplug(&self) -> io::Result<()> {
        self.lock().pull();
        sysfs::unplug(&self.folder)
    }

    /// Plugs the device in again.
    pub fn replug(&self) -> io::Result<()> {
        self.lock().plug();
        sysfs::plug(&self.folder, &self.descriptors)
    }

    /// Pulls the cable in the middle of a later transfer.
    pub fn cut(&self, cut: Cut) {
        self.lock().cut = Some(cut);
    }

    /// Returns all events on the bus so far, in order.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// Returns every byte that was written to the device.
    pub fn written(&self) -> Vec<u8> {
        self.lock().written.clone()
    }

    /// Clears events and bytes, for the next program on the same bus.
    pub fn clear(&self) {
        let mut state = self.lock();
        state.events.clear();
        state.written.clear();
    }

    /// Returns the kernel driver that holds the interface, or `None` when a program may claim it.
    pub fn kernel_driver(&self) -> Option<&'static str> {
        self.lock().kernel_driver
    }

    /// Binds `usblp` to the interface, as Debian's kernel does.
    pub fn bind_usblp(&self) {
        self.lock().kernel_driver = Some("usblp");
    }

    /// Sets whether another program holds the interface.
    pub fn claim_elsewhere(&self, claimed: bool) {
        self.lock().claimed_elsewhere = claimed;
    }

    fn lock(&self) -> MutexGuard<'_, Usbfs> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
