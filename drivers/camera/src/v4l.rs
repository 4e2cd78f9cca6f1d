//! V4L2 cameras through nokhwa. The only file that names it, or the V4L2 library beneath it.
//!
//! The V4L2 back end of nokhwa 0.10.11 is not good enough for a booth: it refuses a camera that another program left at
//! 7.5 frames a second, waits for ever on one that stalls, hands out whole buffers instead of frames, and drops the
//! driver's error flag. But [`nokhwa::Camera::with_custom`] takes another back end. [`Backend`] is one over the same V4L2
//! library, with a time limit and with the flags.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use nokhwa::camera_traits::CaptureBackendTrait;
use nokhwa::utils::{
    ApiBackend, CameraControl as KnownControl, CameraFormat, CameraIndex, CameraInfo,
    ControlValueSetter, FrameFormat, KnownCameraControl, Resolution,
};
use nokhwa::{Buffer, NokhwaError};
use v4l::buffer::{Flags, Type};
use v4l::capability::Flags as Capability;
use v4l::control::{Control as RawControl, Value};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::traits::CaptureStream;
use v4l::prelude::MmapStream;
use v4l::video::Capture as _;
use v4l::video::capture::Parameters;
use v4l::{Device, Format as RawFormat, FourCC, Fraction};

use crate::damage::Damage;
use crate::{
    Camera, CameraControl, Error, FIRST_FRAME_LIMIT, FRAME_LIMIT, Fault, Format, Pixels, Rate, Raw,
    Selector, Settings, Source, rank,
};

mod formats;

/// A camera on this machine, as [`list`] finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub path: PathBuf,
    pub name: String,
    /// Where it is plugged in; with `bus:` in front it is a [`Selector`].
    pub bus: String,
    pub driver: String,
    /// What it offers that this crate can read.
    pub formats: Vec<Format>,
}

/// Every capture device, in the order of its bus and path; one that cannot be opened is an error in its place.
#[must_use]
pub fn list() -> Vec<(PathBuf, Result<Found, Error>)> {
    let mut found: Vec<_> = nodes()
        .into_iter()
        .filter_map(|path| match examine(&path, &Settings::default()) {
            Ok(None) => None,
            Ok(Some((found, _))) => Some((path, Ok(found))),
            Err(error) => Some((path, Err(error))),
        })
        .collect();
    found.sort_by_key(|(path, found)| {
        (
            found
                .as_ref()
                .map(|found| found.bus.clone())
                .unwrap_or_default(),
            path.clone(),
        )
    });
    found
}

/// Device files of video devices. The order of a directory means nothing.
fn nodes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/dev").into_iter().flatten().flatten();
    let mut nodes: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("video"));
            number.is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
            })
        })
        .map(|entry| entry.path())
        .collect();
    nodes.sort();
    nodes
}

/// Opens a device file and asks what it is; `None` when it is no camera (an output, or the metadata of a camera).
fn examine(path: &Path, settings: &Settings) -> Result<Option<(Found, Device)>, Error> {
    let path = path.to_owned();
    let settings = settings.clone();
    // The library panics on names that are not UTF-8.
    catch_unwind(move || {
        let device =
            Device::with_path(&path).map_err(|error| fault(&error, Fault::NotFound, &path))?;
        let caps = device
            .query_caps()
            .map_err(|error| fault(&error, Fault::NotFound, &path))?;
        if !caps
            .capabilities
            .contains(Capability::VIDEO_CAPTURE | Capability::STREAMING)
        {
            return Ok(None);
        }
        let formats = formats::offered(&device, &settings);
        let found = Found {
            path,
            name: caps.card,
            bus: caps.bus,
            driver: caps.driver,
            formats,
        };
        Ok(Some((found, device)))
    })
    .unwrap_or_else(|_| {
        Err(Error::fault(
            Fault::StreamError,
            "the device describes itself in a way that cannot be read",
        ))
    })
}

/// The fault behind an error of the system. `gone` is the fault when there is no such device: what that means depends on
/// whether the device was open.
fn fault(error: &io::Error, gone: Fault, path: &Path) -> Error {
    let fault = match error.kind() {
        io::ErrorKind::TimedOut => Fault::Frozen,
        _ => fault_of(error.raw_os_error().unwrap_or_default(), gone),
    };
    Error::fault(fault, format!("{}: {error}", path.display()))
}

/// errno values as the kernel's V4L2 documentation uses them (Linux 6.1, userspace-api/media/gen-errors.rst).
fn fault_of(errno: i32, gone: Fault) -> Fault {
    const EPERM: i32 = 1;
    const ENOENT: i32 = 2;
    const ENXIO: i32 = 6;
    const EACCES: i32 = 13;
    const EBUSY: i32 = 16;
    const ENODEV: i32 = 19;
    match errno {
        ENOENT | ENXIO | ENODEV => gone,
        EPERM | EACCES => Fault::NoPermission,
        EBUSY => Fault::Busy,
        _ => Fault::StreamError,
    }
}

/// The cameras of this machine, seen through a selector.
pub(crate) struct Devices {
    selector: Selector,
}

impl Devices {
    pub(crate) fn new(selector: Selector) -> Devices {
        Devices { selector }
    }

    fn fits(&self, found: &Found) -> bool {
        match &self.selector {
            Selector::Any | Selector::Path(_) => true,
            Selector::Name(name) => found.name.to_lowercase().contains(&name.to_lowercase()),
            Selector::Bus(bus) => found.bus == *bus,
            Selector::Virtual(_) => false,
        }
    }
}

impl Source for Devices {
    fn open(&mut self, settings: &Settings) -> Result<Box<dyn Camera>, Error> {
        let nodes = match &self.selector {
            Selector::Path(path) => vec![path.clone()],
            _ => nodes(),
        };
        let mut candidates = Vec::new();
        let mut worst = Error::fault(Fault::NotFound, format!("no camera fits {}", self.selector));
        for node in nodes {
            match examine(&node, settings) {
                Ok(Some(candidate)) if self.fits(&candidate.0) => candidates.push(candidate),
                Ok(_) => {}
                // Used only when no other fits: a camera that may not be opened says more than no camera.
                Err(error) => worst = error,
            }
        }
        candidates.sort_by(|(a, _), (b, _)| (&a.bus, &a.path).cmp(&(&b.bus, &b.path)));
        for (found, device) in candidates {
            match rank::best(&found.formats, settings) {
                Some(format) => return Ok(Box::new(V4lCamera::open(found, device, format)?)),
                None => {
                    let detail =
                        format!("{} offers {}", found.name, formats::words(&found.formats));
                    worst = Error::fault(Fault::NoUsableFormat, detail);
                }
            }
        }
        Err(worst)
    }
}

/// What nokhwa's errors and frames have no place for; the back end leaves it here for the camera.
#[derive(Debug, Default, Clone, Copy)]
struct Extra {
    errno: i32,
    timed_out: bool,
    damaged: bool,
    sequence: u32,
}

struct V4lCamera {
    camera: nokhwa::Camera,
    device: Rc<Device>,
    extra: Rc<Cell<Extra>>,
    found: Found,
    format: Format,
    last: Option<u32>,
}

impl V4lCamera {
    fn open(found: Found, device: Device, wanted: Format) -> Result<V4lCamera, Error> {
        let format = formats::set(&device, wanted)
            .map_err(|error| fault(&error, Fault::Unplugged, &found.path))?;
        if !rank::is_usable(&format) {
            return Err(Error::fault(
                Fault::NoUsableFormat,
                format!("{} gave {format} for {wanted}", found.name),
            ));
        }
        let device = Rc::new(device);
        let extra = Rc::new(Cell::new(Extra::default()));
        let index = CameraIndex::String(found.path.display().to_string());
        let backend = Backend {
            device: Rc::clone(&device),
            extra: Rc::clone(&extra),
            info: CameraInfo::new(&found.name, &found.driver, &found.bus, index.clone()),
            format: nokhwa_format(format),
            stream: None,
        };
        let camera = nokhwa::Camera::with_custom(index, ApiBackend::Video4Linux, Box::new(backend));
        Ok(V4lCamera {
            camera,
            device,
            extra,
            found,
            format,
            last: None,
        })
    }
}

/// The error for one of nokhwa's errors, with what the back end left beside it. For an open device: one that is missing has
/// been unplugged.
fn broken(found: &Found, extra: Extra, error: &NokhwaError) -> Error {
    if extra.damaged {
        return Error::Damaged(Damage::Data);
    }
    let fault = if extra.timed_out {
        Fault::Frozen
    } else {
        fault_of(extra.errno, Fault::Unplugged)
    };
    Error::fault(fault, format!("{}: {error}", found.path.display()))
}

impl Camera for V4lCamera {
    fn name(&self) -> &str {
        &self.found.name
    }

    fn format(&self) -> Format {
        self.format
    }

    fn start(&mut self) -> Result<(), Error> {
        self.last = None;
        self.camera
            .open_stream()
            .map_err(|error| broken(&self.found, self.extra.get(), &error))
    }

    fn next(&mut self) -> Result<Raw<'_>, Error> {
        let (found, extra) = (&self.found, &self.extra);
        let bytes = match self.camera.frame_raw() {
            Ok(Cow::Borrowed(bytes)) => bytes,
            Ok(Cow::Owned(_)) => unreachable!("the back end below lends its buffer"),
            Err(error) => return Err(broken(found, extra.get(), &error)),
        };
        let sequence = extra.get().sequence;
        let lost = self
            .last
            .map_or(0, |last| sequence.wrapping_sub(last).wrapping_sub(1));
        self.last = Some(sequence);
        let Format {
            pixels,
            width,
            height,
            ..
        } = self.format;
        // A driver that counts backwards has lost nothing.
        Ok(Raw {
            pixels,
            width,
            height,
            bytes,
            lost: if lost > u32::MAX / 2 { 0 } else { lost },
        })
    }

    fn stop(&mut self) {
        if let Err(error) = self.camera.stop_stream() {
            tracing::debug!(%error, "stopping the stream");
        }
    }

    fn set_control(&mut self, control: CameraControl, value: i64) -> Result<bool, Error> {
        let id = KnownCameraControl::Other(u128::from(control.id()));
        match self
            .camera
            .set_camera_control(id, ControlValueSetter::Integer(value))
        {
            Ok(()) => Ok(true),
            Err(error)
                if fault_of(self.extra.get().errno, Fault::Unplugged) == Fault::Unplugged =>
            {
                Err(broken(&self.found, self.extra.get(), &error))
            }
            Err(error) => {
                tracing::warn!(control = control.name(), value, %error, "the camera does not take this control");
                Ok(false)
            }
        }
    }

    fn check(&mut self) -> Result<(), Error> {
        self.device
            .query_caps()
            .map(drop)
            .map_err(|error| fault(&error, Fault::Unplugged, &self.found.path))
    }
}

fn nokhwa_format(format: Format) -> CameraFormat {
    let pixels = match format.pixels {
        Pixels::Mjpeg => FrameFormat::MJPEG,
        Pixels::Yuyv => FrameFormat::YUYV,
    };
    CameraFormat::new(
        Resolution::new(format.width, format.height),
        pixels,
        format.rate.per_second().round() as u32,
    )
}

/// A nokhwa back end with a time limit. Its format is set before nokhwa sees it and does not change. The trait has more
/// functions than a camera of this crate calls; those return that they are not supported.
struct Backend {
    device: Rc<Device>,
    extra: Rc<Cell<Extra>>,
    info: CameraInfo,
    format: CameraFormat,
    stream: Option<Streaming>,
}

struct Streaming {
    /// `None` only while it is dropped.
    stream: Option<MmapStream<'static>>,
    had_a_frame: bool,
}

impl Drop for Streaming {
    /// The library panics when a stream cannot be stopped. While another panic unwinds, that would end the whole program.
    fn drop(&mut self) {
        let stream = self.stream.take();
        if catch_unwind(AssertUnwindSafe(|| drop(stream))).is_err() {
            tracing::warn!("the camera's stream could not be stopped");
        }
    }
}

/// Keeps the error number, which nokhwa's errors have no place for.
fn noted(extra: &Cell<Extra>, error: &io::Error) -> String {
    let timed_out = error.kind() == io::ErrorKind::TimedOut;
    extra.set(Extra {
        errno: error.raw_os_error().unwrap_or_default(),
        timed_out,
        ..Extra::default()
    });
    error.to_string()
}

impl Backend {
    fn unsupported<T>() -> Result<T, NokhwaError> {
        Err(NokhwaError::UnsupportedOperationError(
            ApiBackend::Video4Linux,
        ))
    }
}

impl CaptureBackendTrait for Backend {
    fn backend(&self) -> ApiBackend {
        ApiBackend::Video4Linux
    }

    fn camera_info(&self) -> &CameraInfo {
        &self.info
    }

    fn refresh_camera_format(&mut self) -> Result<(), NokhwaError> {
        Ok(())
    }

    fn camera_format(&self) -> CameraFormat {
        self.format
    }

    fn set_camera_format(&mut self, _format: CameraFormat) -> Result<(), NokhwaError> {
        Self::unsupported()
    }

    fn compatible_list_by_resolution(
        &mut self,
        _: FrameFormat,
    ) -> Result<HashMap<Resolution, Vec<u32>>, NokhwaError> {
        Self::unsupported()
    }

    fn compatible_fourcc(&mut self) -> Result<Vec<FrameFormat>, NokhwaError> {
        Self::unsupported()
    }

    fn resolution(&self) -> Resolution {
        self.format.resolution()
    }

    fn set_resolution(&mut self, _: Resolution) -> Result<(), NokhwaError> {
        Self::unsupported()
    }

    fn frame_rate(&self) -> u32 {
        self.format.frame_rate()
    }

    fn set_frame_rate(&mut self, _: u32) -> Result<(), NokhwaError> {
        Self::unsupported()
    }

    fn frame_format(&self) -> FrameFormat {
        self.format.format()
    }

    fn set_frame_format(&mut self, _: FrameFormat) -> Result<(), NokhwaError> {
        Self::unsupported()
    }

    fn camera_control(&self, _: KnownCameraControl) -> Result<KnownControl, NokhwaError> {
        Self::unsupported()
    }

    fn camera_controls(&self) -> Result<Vec<KnownControl>, NokhwaError> {
        Self::unsupported()
    }

    fn set_camera_control(
        &mut self,
        id: KnownCameraControl,
        value: ControlValueSetter,
    ) -> Result<(), NokhwaError> {
        let (KnownCameraControl::Other(number), ControlValueSetter::Integer(value)) = (id, value)
        else {
            return Self::unsupported();
        };
        let number = u32::try_from(number).or_else(|_| Self::unsupported())?;
        let control = RawControl {
            id: number,
            value: Value::Integer(value),
        };
        self.device
            .set_control(control)
            .map_err(|error| NokhwaError::SetPropertyError {
                property: format!("{number:#x}"),
                value: value.to_string(),
                error: noted(&self.extra, &error),
            })
    }

    fn open_stream(&mut self) -> Result<(), NokhwaError> {
        let stream = MmapStream::new(&self.device, Type::VideoCapture)
            .map_err(|error| NokhwaError::OpenStreamError(noted(&self.extra, &error)))?;
        self.stream = Some(Streaming {
            stream: Some(stream),
            had_a_frame: false,
        });
        Ok(())
    }

    fn is_stream_open(&self) -> bool {
        self.stream.is_some()
    }

    fn frame(&mut self) -> Result<Buffer, NokhwaError> {
        Self::unsupported()
    }

    /// The bytes of the next frame, as many as the driver filled.
    fn frame_raw(&mut self) -> Result<Cow<'_, [u8]>, NokhwaError> {
        let Backend { stream, extra, .. } = self;
        let Some(Streaming {
            stream: Some(stream),
            had_a_frame,
        }) = stream
        else {
            return Err(NokhwaError::ReadFrameError(
                "the stream is not open".to_owned(),
            ));
        };
        stream.set_timeout(if *had_a_frame {
            FRAME_LIMIT
        } else {
            FIRST_FRAME_LIMIT
        });
        let (buffer, meta) = stream
            .next()
            .map_err(|error| NokhwaError::ReadFrameError(noted(extra, &error)))?;
        *had_a_frame = true;
        let bytes = buffer
            .get(..meta.bytesused as usize)
            .filter(|bytes| !bytes.is_empty());
        let damaged = meta.flags.contains(Flags::ERROR) || bytes.is_none();
        extra.set(Extra {
            damaged,
            sequence: meta.sequence,
            ..Extra::default()
        });
        match bytes {
            Some(bytes) if !damaged => Ok(Cow::Borrowed(bytes)),
            _ => Err(NokhwaError::ReadFrameError(
                "the driver marks the frame as damaged".to_owned(),
            )),
        }
    }

    fn stop_stream(&mut self) -> Result<(), NokhwaError> {
        self.stream = None;
        Ok(())
    }
}
