//! The booth's devices. This is the only module that knows both the real and the virtual ones.

use std::path::Path;

use camera::Settings as CameraSettings;
use card_printer::{ColourProfile, Timing};
use device::Fault as _;

use crate::config::{Config, sections};
use common::health::Part;

/// The devices of this booth. The driver of each runs on its own thread.
#[derive(Debug)]
pub struct Devices {
    pub camera: camera::Handle,
    pub printer: card_printer::Handle,
    /// The printer's measured colours; `None` if the site names no profile.
    pub printer_profile: Option<ColourProfile>,
    pub reader: Option<card_reader::Handle>,
    pub lamp: Option<lamp::Handle>,
    /// The controls of the virtual devices; `None` outside test mode.
    pub controls: Option<Controls>,
}

/// The controls of the virtual devices: they move cards and pictures, and inject faults.
#[derive(Debug, Clone)]
pub struct Controls {
    pub camera: camera::Control,
    pub printer: card_printer::Control,
    pub reader: Option<card_reader::Control>,
}

/// A setting of `[devices]` that this program cannot use, and why.
#[derive(Debug, thiserror::Error)]
#[error("devices.{key}: {reason}")]
pub struct Unknown {
    pub key: &'static str,
    pub reason: String,
}

/// Width to height of the preview. It is that of the portrait, so that visitors see themselves as they will be cut.
const PREVIEW_SHAPE: (u32, u32) = (3, 4);

/// The size limit of a printer's profile in bytes. Real ones have a few megabytes.
const MAX_PROFILE: u64 = 16 << 20;

/// Starts the driver of every device that the configuration names, and returns at once without waiting for a device. A
/// virtual printer keeps its counter in the folder `data`.
///
/// # Errors
/// Returns [`Unknown`] for a selector that cannot be parsed or a printer profile that cannot be read.
pub fn open(config: &Config, data: &Path) -> Result<Devices, Unknown> {
    let named = config.devices();
    let settings = camera_settings(config.camera())?;
    let selector: camera::Selector = parse("camera", &named.camera)?;
    let printer: card_printer::Selector = parse("printer", &named.printer)?;
    let printer_profile = profile(named, &config.site)?;
    let reader = match named.reader.as_str() {
        "none" => None,
        text => Some(parse::<card_reader::Selector>("reader", text)?),
    };
    let lamp = match named.lamp.as_str() {
        "none" => None,
        text => Some(lamp::open(&parse("lamp", text)?)),
    };
    match (selector, printer, config.test()) {
        (
            camera::Selector::Virtual(camera),
            card_printer::Selector::Virtual(printer),
            Some(test),
        ) => {
            let (camera, camera_control) = camera::virtual_camera(&camera, settings);
            let speed = f64::from(test.print_time);
            let printer = card_printer::VirtualOptions {
                counter_file: Some(data.join("virtual-printer")),
                ..printer.speed(speed)
            };
            let (printer, printer_control) =
                card_printer::virtual_printer(printer, timing(Some(test.print_time)));
            let (reader, reader_control) = match reader {
                Some(_) => {
                    let (selector, control) = card_reader::virtual_reader();
                    (Some(card_reader::open(&selector)), Some(control))
                }
                None => (None, None),
            };
            let controls = Controls {
                camera: camera_control,
                printer: printer_control,
                reader: reader_control,
            };
            Ok(Devices {
                camera,
                printer,
                printer_profile,
                reader,
                lamp,
                controls: Some(controls),
            })
        }
        (camera, printer, _) => Ok(Devices {
            camera: camera::open(&camera, settings),
            printer: card_printer::open(&printer, timing(None)),
            printer_profile,
            reader: reader.map(|reader| card_reader::open(&reader)),
            lamp,
            controls: None,
        }),
    }
}

impl Devices {
    /// Switches the lamp on or off. Without a lamp this does nothing: the bright edge of the screen lights the face.
    pub(crate) fn light(&self, on: bool) {
        if let Some(lamp) = &self.lamp {
            lamp.set(if on {
                lamp::Brightness::FULL
            } else {
                lamp::Brightness::DARK
            });
        }
    }
}

/// Calls `wrong` with the key and the reason of each setting of `[devices]` that cannot be used; for `config check`.
pub fn check(named: &sections::Devices, site: &Path, mut wrong: impl FnMut(&'static str, String)) {
    let results = [
        profile(named, site).err(),
        parse::<camera::Selector>("camera", &named.camera).err(),
        parse::<card_printer::Selector>("printer", &named.printer).err(),
        parse::<card_reader::Selector>("reader", &named.reader)
            .err()
            .filter(|_| named.reader != "none"),
        parse::<lamp::Selector>("lamp", &named.lamp)
            .err()
            .filter(|_| named.lamp != "none"),
    ];
    results
        .into_iter()
        .flatten()
        .for_each(|unknown| wrong(unknown.key, unknown.reason));
}

/// Reads the printer's profile from the site's folder.
fn profile(named: &sections::Devices, site: &Path) -> Result<Option<ColourProfile>, Unknown> {
    let unknown = |reason: String| Unknown {
        key: "printer_profile",
        reason,
    };
    let Some(name) = &named.printer_profile else {
        return Ok(None);
    };
    let file = site.join(name);
    let bytes = std::fs::metadata(&file)
        .and_then(|found| match found.len() {
            0..=MAX_PROFILE => std::fs::read(&file),
            length => Err(std::io::Error::other(format!("it has {length} bytes"))),
        })
        .map_err(|error| unknown(format!("{} cannot be read: {error}", file.display())))?;
    let profile = ColourProfile::from_bytes(&bytes);
    profile
        .map(Some)
        .map_err(|error| unknown(format!("{}: {error}", file.display())))
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    key: &'static str,
    text: &str,
) -> Result<T, Unknown> {
    text.parse().map_err(|error: T::Err| Unknown {
        key,
        reason: error.to_string(),
    })
}

/// The driver's timing: without pauses for a virtual printer that is faster than a real one.
fn timing(print_time: Option<f32>) -> Timing {
    match print_time {
        Some(scale) if scale < 1.0 => Timing::swift(),
        _ => Timing::default(),
    }
}

fn camera_settings(section: &sections::Camera) -> Result<CameraSettings, Unknown> {
    let rotate = camera::Rotation::from_degrees(section.rotate).ok_or_else(|| Unknown {
        key: "camera",
        reason: "rotate is 0, 90, 180 or 270".to_owned(),
    })?;
    let mut controls = Vec::new();
    for (name, value) in &section.controls {
        let control = camera::CameraControl::all().find(|control| control.name() == name);
        let control = control.ok_or_else(|| Unknown {
            key: "camera",
            reason: format!("there is no control {name}"),
        })?;
        controls.push((control, *value));
    }
    Ok(CameraSettings {
        width: section.width,
        height: section.height,
        fps: section.fps,
        mirror: section.mirror,
        rotate,
        preview_shape: Some(PREVIEW_SHAPE),
        controls,
        ..CameraSettings::default()
    })
}

/// The names of all faults that a part can have. `config check` requires a text `reason-<part>-<fault>` for each.
pub fn faults(part: Part) -> Vec<&'static str> {
    match part {
        Part::Camera => camera::Fault::all()
            .iter()
            .map(|fault| fault.name())
            .collect(),
        Part::Printer => card_printer::Fault::all()
            .iter()
            .map(|fault| fault.name())
            .collect(),
        Part::Reader => card_reader::Fault::all()
            .iter()
            .map(|fault| fault.name())
            .collect(),
        Part::Identity => identity::Fault::ALL
            .iter()
            .map(|fault| fault.name())
            .collect(),
        Part::Portal => vec!["unreachable"],
        Part::Store => vec!["unusable", "worker"],
        Part::Disk => vec!["full"],
        Part::Clock => vec!["wrong"],
    }
}

/// A device's fault in English, for the terminal: what is wrong and what to do. `None` if the part is no device.
pub fn explain(reason: &common::health::Reason) -> Option<String> {
    let fault = reason.fault.as_str();
    match reason.part {
        Part::Camera => {
            let fault = camera::Fault::from_name(fault)?;
            Some(fault.sentence("en").to_string())
        }
        Part::Printer => {
            let fault = card_printer::Fault::from_name(fault)?;
            Some(fault.sentence("en").to_string())
        }
        Part::Reader => {
            let fault = card_reader::Fault::from_name(fault)?;
            Some(fault.sentence("en").to_string())
        }
        _ => None,
    }
}
