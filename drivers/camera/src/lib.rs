//! A webcam: live preview frames and one still.
//!
//! [`open`] returns a [`Handle`] at once. One thread finds the camera, owns it, and finds it again after a fault; a second
//! one watches the first, because the system can block for longer than a booth may stay silent. No call blocks the
//! caller's thread.
//!
//! ```
//! use camera::{Settings, VirtualOptions};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! // or camera::open(&"name:C920".parse()?, Settings::default())
//! let options = VirtualOptions { width: 320, height: 240, ..VirtualOptions::default() };
//! let (camera, control) = camera::virtual_camera(&options, Settings::default());
//! camera.standby(false); // somebody came
//! let mut preview = camera.preview(); // newest wins, scaled, mirrored
//! preview.wait_for(Option::is_some).await?;
//! let still = camera.still().await?; // full size, upright, not mirrored
//! assert_eq!((still.width, still.height), (320, 240));
//! # drop(control);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! ```text
//! v4l (nokhwa) or virtual_camera --Raw--> worker --Frame--> preview  (newest wins, scaled, mirrored)
//!                                            |---Capture--> latest   (newest wins, not decoded)
//!                                            |---Capture--> still, burst (decoded in full in a thread of their own)
//!                                            '---Status---> status
//! ```
//!
//! | module | what is in it |
//! |---|---|
//! | `worker` | the thread and its watchdog: start reading here |
//! | `handle`, `status`, `fault`, `settings`, `frame` | what the booth sees |
//! | `v4l`, `rank` | V4L2 cameras through nokhwa, and which of their formats is best |
//! | `convert`, `scaled`, `mjpeg`, `damage`, `pool` | from the camera's bytes to pixels |
//! | `measures` | sharpness, exposure and white balance of a preview frame |
//! | `virtual_camera` | a camera without a device |
//!
//! No driver here has met a physical camera yet: the V4L2 side has met the kernel's own virtual drivers.

mod convert;
mod damage;
mod fault;
mod frame;
mod handle;
mod measures;
mod mjpeg;
mod pool;
mod rank;
mod scaled;
mod settings;
mod status;
mod v4l;
mod virtual_camera;
mod worker;

use std::time::Duration;

pub use crate::v4l::{Found, list};
pub use convert::{Preview, Previewer};
pub use damage::Damage;
pub use fault::Fault;
pub use frame::{Capture, Frame, Pixels, Still};
pub use handle::Handle;
pub use measures::{Balance, Exposure, Measures};
pub use pool::Pooled;
pub use settings::{CameraControl, Rotation, Selector, SelectorError, Settings, VirtualOptions};
pub use status::{Counters, Format, Phase, Rate, Status};
pub use virtual_camera::Control;

/// A connected camera. One thread creates, uses and drops it.
pub trait Camera {
    /// What the device calls itself.
    fn name(&self) -> &str;

    /// What it will send.
    fn format(&self) -> Format;

    /// Begins streaming.
    ///
    /// # Errors
    /// [`Error::Fault`] when it cannot: busy, gone, broken.
    fn start(&mut self) -> Result<(), Error>;

    /// Waits for the next frame, for at most [`FRAME_LIMIT`], or [`FIRST_FRAME_LIMIT`] after a start.
    ///
    /// # Errors
    /// [`Error::Damaged`] for a frame that is lost while the next one may be whole; [`Error::Fault`] when streaming ended.
    fn next(&mut self) -> Result<Raw<'_>, Error>;

    /// Ends streaming; the device stays open.
    fn stop(&mut self);

    /// Sets one control. Returns false when the camera does not take it, and goes on without it.
    ///
    /// # Errors
    /// [`Error::Fault`] when the device is gone.
    fn set_control(&mut self, control: CameraControl, value: i64) -> Result<bool, Error>;

    /// Checks that the device still answers, in the time in which it does not stream.
    ///
    /// # Errors
    /// [`Error::Fault`] when it is gone.
    fn check(&mut self) -> Result<(), Error>;
}

/// A frame in the driver's buffer, valid until the next one is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// How the bytes are laid out.
    pub pixels: Pixels,
    /// In pixels, as the camera announced it.
    pub width: u32,
    /// In pixels, as the camera announced it.
    pub height: u32,
    /// What the driver filled; it may be longer than the picture.
    pub bytes: &'a [u8],
    /// How many frames the driver lost before this one.
    pub lost: u32,
}

/// A stream that sends nothing for so long counts as frozen. A webcam in poor light still sends 5 frames a second.
pub const FRAME_LIMIT: Duration = Duration::from_millis(1000);

/// The first frame may take longer: sensors wake up and measure the light. The watchdog waits for as long, so that a slow
/// camera does not count as frozen.
pub const FIRST_FRAME_LIMIT: Duration = Duration::from_secs(5);

/// How a request to a camera can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The camera cannot be used.
    #[error("{fault}: {detail}")]
    Fault {
        /// What is wrong.
        fault: Fault,
        /// More about it, for the log.
        detail: String,
    },
    /// One frame is lost.
    #[error("a frame arrived damaged: {0}")]
    Damaged(#[from] Damage),
    /// Nothing is filmed in standby.
    #[error("the camera is in standby; wake it before asking for a picture")]
    Standby,
    /// No whole frame came in time.
    #[error("the camera sent no whole picture in time")]
    TimedOut,
    /// The last handle is gone.
    #[error("the camera has been closed")]
    Closed,
}

impl Error {
    pub(crate) fn fault(fault: Fault, detail: impl ToString) -> Error {
        Error::Fault {
            fault,
            detail: detail.to_string(),
        }
    }
}

/// Opens the camera that `selector` names. Returns at once; [`Handle::status`] shows what becomes of it.
#[must_use]
pub fn open(selector: &Selector, settings: Settings) -> Handle {
    match selector {
        Selector::Virtual(options) => virtual_camera(options, settings).0,
        device => Handle::start(Box::new(crate::v4l::Devices::new(device.clone())), settings),
    }
}

/// Opens a virtual camera; the control says what it sees, and raises its faults.
#[must_use]
pub fn virtual_camera(options: &VirtualOptions, settings: Settings) -> (Handle, Control) {
    let control = Control::new(options);
    let handle = Handle::start(Box::new(control.plug()), settings);
    (handle, control)
}

/// Where cameras come from: devices or the virtual one.
pub(crate) trait Source: Send {
    /// Finds and opens the camera. This may take seconds on a slow device; every wait in it has a limit.
    fn open(&mut self, settings: &Settings) -> Result<Box<dyn Camera>, Error>;
}
