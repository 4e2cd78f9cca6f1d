//! A webcam: live preview frames and one still.
//!
//! [`open`] returns a [`Handle`] at once. One thread finds the camera, owns it, and finds it again after a fault; a
//! second one watches the first, because a driver can block for longer than a booth may stay silent. Nothing here ever
//! waits in the caller's thread.
//!
//! ```text
//! v4l (nokhwa) or virtual_camera --Raw--> worker --Frame--> preview  (newest wins, scaled, mirrored)
//!                                            |---Capture--> latest   (newest wins, not decoded)
//!                                            |---Capture--> still, burst (decoded in full in a thread of their own)
//!                                            '---Status---> status
//! ```
//!
//! No driver here has met a physical camera yet: the V4L2 side has met the kernel's own virtual drivers.

mod convert;
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

pub use convert::{Preview, Previewer};
pub use fault::{Fault, Sentence};
pub use frame::{Capture, Frame, Pixels, Still};
pub use handle::Handle;
pub use measures::{Balance, Exposure, Measures};
pub use mjpeg::Damage;
pub use pool::Pooled;
pub use settings::{CameraControl, Rotation, Selector, SelectorError, Settings, VirtualOptions};
pub use status::{Counters, Format, Phase, Rate, Status};
pub use v4l::{Found, list};
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

    /// Waits for the next frame, for [`FRAME_LIMIT`] at most ([`FIRST_FRAME_LIMIT`] after a start).
    ///
    /// # Errors
    /// [`Error::Damaged`] for a frame that is lost while the next may be whole; [`Error::Fault`] when streaming ended.
    fn next(&mut self) -> Result<Raw<'_>, Error>;

    /// Ends streaming; the device stays open.
    fn stop(&mut self);

    /// Sets one control. A camera that lacks it goes on without, and says so by `Ok(false)`.
    ///
    /// # Errors
    /// [`Error::Fault`] when the device is gone.
    fn set_control(&mut self, control: CameraControl, value: i64) -> Result<bool, Error>;

    /// Whether the device still answers. Asked while it does not stream.
    ///
    /// # Errors
    /// [`Error::Fault`] when it is gone.
    fn check(&mut self) -> Result<(), Error>;
}

/// A frame in the driver's buffer, valid until the next one is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    pub pixels: Pixels,
    pub width: u32,
    pub height: u32,
    /// What the driver filled; may be longer than the picture.
    pub bytes: &'a [u8],
    /// Frames the driver lost before this one.
    pub lost: u32,
}

/// A stream that sends nothing for so long is taken as frozen. A webcam in poor light still sends 5 frames a second.
pub const FRAME_LIMIT: Duration = Duration::from_millis(1000);

/// The first frame takes longer: sensors wake up and measure the light. The watchdog speaks up before.
pub const FIRST_FRAME_LIMIT: Duration = Duration::from_secs(5);

/// How a request to a camera can fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{fault}: {detail}")]
    Fault { fault: Fault, detail: String },
    #[error("a frame arrived damaged: {0}")]
    Damaged(#[from] Damage),
    #[error("the camera is in standby; wake it before asking for a picture")]
    Standby,
    #[error("the camera sent no whole picture in time")]
    TimedOut,
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

/// Opens the camera that `selector` names. Returns at once; how it goes is told by [`Handle::status`].
#[must_use]
pub fn open(selector: &Selector, settings: Settings) -> Handle {
    match selector {
        Selector::Virtual(options) => virtual_camera(options, settings).0,
        device => Handle::start(Box::new(v4l::Devices::new(device.clone())), settings),
    }
}

/// Opens a virtual camera; the control says what it sees and what is wrong with it.
#[must_use]
pub fn virtual_camera(options: &VirtualOptions, settings: Settings) -> (Handle, Control) {
    let control = Control::new(options);
    let handle = Handle::start(Box::new(control.plug()), settings);
    (handle, control)
}

/// Where cameras come from: devices or the virtual one.
pub(crate) trait Source: Send {
    /// Finds and opens the camera. May take seconds on a slow device, never for ever.
    fn open(&mut self, settings: &Settings) -> Result<Box<dyn Camera>, Error>;
}
