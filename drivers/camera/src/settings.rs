//! The settings of a camera in a configuration.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Which camera to use. Written in a configuration as `any`, `name:C920`, `bus:usb-0000:00:14.0-1`,
/// `path:/dev/video0`, `virtual` or `virtual:PATH?fps=30&width=1280&height=720`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Selector {
    /// The first camera, in the order of its bus path, that offers a usable format.
    #[default]
    Any,
    /// The camera whose name contains this text, in any case of letters.
    Name(String),
    /// The camera at this place of the bus, as `camctl list` prints it: it stays the same whatever else is plugged in.
    Bus(String),
    /// The camera behind this device file or a link to it.
    Path(PathBuf),
    /// No device: pictures play through the same decoding.
    Virtual(VirtualOptions),
}

/// What the virtual camera plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualOptions {
    /// An MJPEG file, one picture (JPEG or PNG) or a folder of pictures that play in the order of their names;
    /// none shows a plain wall until a picture is shown through the control.
    pub source: Option<PathBuf>,
    pub width: u32,
    pub height: u32,
    pub fps: u32,
}

impl Default for VirtualOptions {
    fn default() -> Self {
        VirtualOptions {
            source: None,
            width: 1280,
            height: 720,
            fps: 30,
        }
    }
}

/// Why a selector could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "camera {given:?}: {why}; write any, name:TEXT, bus:TEXT, path:FILE or virtual[:PATH][?fps=N&width=N&height=N]"
)]
pub struct SelectorError {
    given: String,
    why: &'static str,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |why| SelectorError {
            given: text.to_owned(),
            why,
        };
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        if let Some(("virtual", query)) = kind.split_once('?') {
            return virtual_options("", Some(query))
                .map(Selector::Virtual)
                .map_err(refuse);
        }
        match (kind, rest) {
            ("any", "") => Ok(Selector::Any),
            ("virtual", rest) => {
                let (path, query) = match rest.rsplit_once('?') {
                    Some((path, query)) => (path, Some(query)),
                    None => (rest, None),
                };
                virtual_options(path, query)
                    .map(Selector::Virtual)
                    .map_err(refuse)
            }
            ("name" | "bus" | "path", "") => Err(refuse("nothing follows the colon")),
            ("name", rest) => Ok(Selector::Name(rest.to_owned())),
            ("bus", rest) => Ok(Selector::Bus(rest.to_owned())),
            ("path", rest) => Ok(Selector::Path(rest.into())),
            _ => Err(refuse("this is no way to choose a camera")),
        }
    }
}

fn virtual_options(path: &str, query: Option<&str>) -> Result<VirtualOptions, &'static str> {
    let mut options = VirtualOptions {
        source: (!path.is_empty()).then(|| path.into()),
        ..VirtualOptions::default()
    };
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        let (key, value) = pair.split_once('=').ok_or("an option needs a value")?;
        let number: u32 = value
            .parse()
            .map_err(|_| "an option's value is no number")?;
        match key {
            "fps" if (1..=240).contains(&number) => options.fps = number,
            "width" if (16..=4096).contains(&number) => options.width = number,
            "height" if (16..=4096).contains(&number) => options.height = number,
            "fps" | "width" | "height" => return Err("an option's value is out of bounds"),
            _ => return Err("there is no such option"),
        }
    }
    Ok(options)
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Any => f.write_str("any"),
            Selector::Name(name) => write!(f, "name:{name}"),
            Selector::Bus(bus) => write!(f, "bus:{bus}"),
            Selector::Path(path) => write!(f, "path:{}", path.display()),
            Selector::Virtual(options) => {
                f.write_str("virtual")?;
                if let Some(source) = &options.source {
                    write!(f, ":{}", source.display())?;
                }
                write!(
                    f,
                    "?fps={}&width={}&height={}",
                    options.fps, options.width, options.height
                )
            }
        }
    }
}

/// How the camera is mounted: how far its picture must be turned clockwise to stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Rotation {
    /// From degrees clockwise: 0, 90, 180 or 270.
    #[must_use]
    pub const fn from_degrees(degrees: u32) -> Option<Rotation> {
        match degrees {
            0 => Some(Rotation::None),
            90 => Some(Rotation::Quarter),
            180 => Some(Rotation::Half),
            270 => Some(Rotation::ThreeQuarters),
            _ => None,
        }
    }

    pub(crate) const fn swaps_sides(self) -> bool {
        matches!(self, Rotation::Quarter | Rotation::ThreeQuarters)
    }
}

/// How the camera is used.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Size and rate to ask for; the nearest that the camera offers is used, never below 640x480 at 10.
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    /// Mirrors the preview, as people know themselves; stills and captures never are.
    pub mirror: bool,
    pub rotate: Rotation,
    /// The preview is cut to this shape (width to height) around its middle; `None` shows all of it.
    pub preview_shape: Option<(u32, u32)>,
    /// Largest preview in pixels. The default is 960x540: the GPU renderer of iced draws larger pictures a frame late.
    pub preview_pixels: u32,
    /// Camera controls to set on opening: those that switch an automatic first, because a camera takes no exposure,
    /// white balance or focus while it sets them itself, then the others in this order. Those that the camera lacks are
    /// left out, and listed in [`crate::Status::refused`].
    pub controls: Vec<(CameraControl, i64)>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            width: 1280,
            height: 720,
            fps: 30,
            mirror: true,
            rotate: Rotation::None,
            preview_shape: None,
            preview_pixels: 960 * 540,
            controls: Vec::new(),
        }
    }
}

/// A control of the camera, by the name that `v4l2-ctl` prints (v4l-utils 1.22, kernel 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CameraControl {
    AutoExposure,
    ExposureTime,
    Gain,
    AutoWhiteBalance,
    WhiteBalance,
    AutoFocus,
    Focus,
    Brightness,
    Contrast,
    Saturation,
    Sharpness,
    BacklightCompensation,
    PowerLineFrequency,
    Zoom,
    Pan,
    Tilt,
}

/// Name and V4L2 control id (linux/v4l2-controls.h, `V4L2_CID_*`).
const CONTROLS: [(CameraControl, &str, u32); 16] = {
    use CameraControl as C;
    const USER: u32 = 0x0098_0900;
    const LENS: u32 = 0x009a_0900;
    [
        (C::AutoExposure, "auto_exposure", LENS + 1),
        (C::ExposureTime, "exposure_time_absolute", LENS + 2),
        (C::Gain, "gain", USER + 19),
        (C::AutoWhiteBalance, "white_balance_automatic", USER + 12),
        (C::WhiteBalance, "white_balance_temperature", USER + 26),
        (C::AutoFocus, "focus_automatic_continuous", LENS + 12),
        (C::Focus, "focus_absolute", LENS + 10),
        (C::Brightness, "brightness", USER),
        (C::Contrast, "contrast", USER + 1),
        (C::Saturation, "saturation", USER + 2),
        (C::Sharpness, "sharpness", USER + 27),
        (
            C::BacklightCompensation,
            "backlight_compensation",
            USER + 28,
        ),
        (C::PowerLineFrequency, "power_line_frequency", USER + 24),
        (C::Zoom, "zoom_absolute", LENS + 13),
        (C::Pan, "pan_absolute", LENS + 8),
        (C::Tilt, "tilt_absolute", LENS + 9),
    ]
};

impl CameraControl {
    /// Every control that can be set.
    pub fn all() -> impl Iterator<Item = CameraControl> {
        CONTROLS.iter().map(|(control, ..)| *control)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// Whether it is an automatic that keeps other controls from being set.
    pub(crate) const fn is_automatic(self) -> bool {
        use CameraControl as C;
        matches!(self, C::AutoExposure | C::AutoWhiteBalance | C::AutoFocus)
    }

    pub(crate) fn id(self) -> u32 {
        self.row().2
    }

    fn row(self) -> &'static (CameraControl, &'static str, u32) {
        CONTROLS
            .iter()
            .find(|(control, ..)| *control == self)
            .expect("the table has every control")
    }
}

impl FromStr for CameraControl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        CONTROLS
            .iter()
            .find(|(_, name, _)| *name == text)
            .map(|(control, ..)| *control)
            .ok_or_else(|| {
                let names: Vec<_> = CameraControl::all().map(CameraControl::name).collect();
                format!(
                    "there is no camera control {text:?}; there are {}",
                    names.join(", ")
                )
            })
    }
}

#[cfg(test)]
mod tests;
