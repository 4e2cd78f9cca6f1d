//! The bench tool for cameras: lists them, writes previews and stills, and shows every change of a camera.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use camera::{
    CameraControl, Error, Fault, Frame, Handle, Measures, Phase, Rotation, Selector, Settings,
    Status,
};
use clap::{Args, Parser, Subcommand};
use device::Fault as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use serde_json::{Value, json};

/// How often the tool looks for a change.
const TICK: Duration = Duration::from_millis(10);
/// How often a picture is measured while watching: as often as a person can follow.
const MEASURE: Duration = Duration::from_millis(500);
/// The quality of a still as JPEG: no block is visible, and a higher one would only make larger files.
const QUALITY: u8 = 95;

#[derive(Parser)]
#[command(name = "camctl", about = "The bench tool for cameras", version)]
struct Arguments {
    /// Print JSON: one value, or one line for each change
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the cameras of this machine, how a configuration names each, and what they offer
    List,
    /// Write preview frames as PNG files, as the booth would show them
    Preview {
        #[command(flatten)]
        camera: Choice,
        /// The folder for the files; it is made when it is missing
        #[arg(long, value_name = "FOLDER", default_value = "preview")]
        out: PathBuf,
        /// How many frames
        #[arg(long, value_name = "N", default_value_t = 1)]
        count: u32,
        /// How long to wait for the camera
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait: u64,
    },
    /// Take one picture at the camera's full size, upright and not mirrored
    Capture {
        #[command(flatten)]
        camera: Choice,
        /// The file to write: .jpg or .png
        #[arg(long, value_name = "FILE", default_value = "capture.jpg")]
        out: PathBuf,
        /// How long to wait for the camera
        #[arg(long, value_name = "SECONDS", default_value_t = 10)]
        wait: u64,
    },
    /// Print each change of the camera, and twice a second how sharp, bright and white its picture is, until interrupted
    Watch {
        #[command(flatten)]
        camera: Choice,
        /// Stop after this time
        #[arg(long = "for", value_name = "SECONDS")]
        time: Option<u64>,
        /// Leave the camera in standby, and print only whether it is connected
        #[arg(long)]
        standby: bool,
    },
}

#[derive(Args)]
struct Choice {
    /// The camera, named as in a configuration
    #[arg(default_value = "any")]
    camera: Selector,
    /// The size to ask for; the nearest one that the camera offers is used
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size, default_value = "1280x720")]
    size: (u32, u32),
    /// How many pictures a second to ask for
    #[arg(long, value_name = "N", default_value_t = 30)]
    fps: u32,
    /// How far to turn the picture clockwise, in degrees: 0, 90, 180 or 270
    #[arg(long, value_name = "DEGREES", value_parser = rotation, default_value = "0")]
    rotate: Rotation,
    /// A control of the camera, as `v4l2-ctl` names it; may be given more than once
    #[arg(long = "set", value_name = "CONTROL=VALUE", value_parser = control)]
    controls: Vec<(CameraControl, i64)>,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let why = || "write a width and a height, such as 1280x720".to_owned();
    let (width, height) = text.split_once('x').ok_or_else(why)?;
    let side = |side: &str| side.parse().ok().filter(|side| (16..=8192).contains(side));
    side(width).zip(side(height)).ok_or_else(why)
}

fn rotation(text: &str) -> Result<Rotation, String> {
    let degrees = text.parse().ok().and_then(Rotation::from_degrees);
    degrees.ok_or_else(|| "write 0, 90, 180 or 270".to_owned())
}

fn control(text: &str) -> Result<(CameraControl, i64), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write CONTROL=VALUE, such as focus_absolute=30")?;
    let value = value
        .parse()
        .map_err(|_| format!("{value:?} is no whole number"))?;
    Ok((name.parse()?, value))
}

impl Choice {
    fn open(&self) -> Handle {
        let settings = Settings {
            width: self.size.0,
            height: self.size.1,
            fps: self.fps,
            rotate: self.rotate,
            controls: self.controls.clone(),
            ..Settings::default()
        };
        camera::open(&self.camera, settings)
    }
}

fn main() -> ExitCode {
    let Arguments { json, what } = Arguments::parse();
    let done = match what {
        What::List => list(json),
        What::Preview {
            camera,
            out,
            count,
            wait,
        } => preview(json, &camera, &out, count, until(wait)),
        What::Capture { camera, out, wait } => capture(json, &camera, &out, until(wait)),
        What::Watch {
            camera,
            time,
            standby,
        } => watch(json, &camera, time.map(until), standby),
    };
    match done {
        Ok(code) => code,
        // who reads has gone, as with `| head`
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _unheard = writeln!(io::stderr(), "camctl: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The end of `seconds` from now; a time that no clock has is a day.
fn until(seconds: u64) -> Instant {
    let now = Instant::now();
    now.checked_add(Duration::from_secs(seconds))
        .unwrap_or(now + Duration::from_secs(86_400))
}

fn list(json: bool) -> io::Result<ExitCode> {
    let cameras = camera::list();
    let mut out = io::stdout().lock();
    if cameras.is_empty() {
        writeln!(io::stderr(), "camctl: {}", sentence(Fault::NotFound))?;
    }
    let mut values = Vec::new();
    for (path, found) in &cameras {
        let path = path.display();
        match found {
            Ok(found) => {
                let formats: Vec<String> = found.formats.iter().map(ToString::to_string).collect();
                if json {
                    values.push(json!({
                        "path": path.to_string(), "selector": format!("bus:{}", found.bus), "name": found.name,
                        "driver": found.driver, "formats": formats,
                    }));
                } else {
                    writeln!(
                        out,
                        "bus:{}  {}  {path}  ({})",
                        found.bus, found.name, found.driver
                    )?;
                    formats
                        .iter()
                        .try_for_each(|format| writeln!(out, "    {format}"))?;
                }
            }
            Err(error) if json => {
                values.push(json!({ "path": path.to_string(), "fault": fault_of(error).name(), "error": error.to_string() }));
            }
            Err(error) => writeln!(out, "path:{path}  {}", explain(error))?,
        }
    }
    if json {
        writeln!(out, "{}", Value::from(values))?;
    }
    Ok(if cameras.iter().any(|(_, found)| found.is_ok()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn preview(
    json: bool,
    choice: &Choice,
    folder: &Path,
    count: u32,
    end: Instant,
) -> io::Result<ExitCode> {
    fs::create_dir_all(folder).map_err(|error| named(folder, "cannot be made", &error))?;
    let handle = choice.open();
    handle.standby(false);
    let mut frames = handle.preview();
    let mut written = 0;
    while written < count && Instant::now() < end {
        let frame = frames
            .has_changed()
            .unwrap_or(false)
            .then(|| frames.borrow_and_update().clone())
            .flatten();
        let Some(frame) = frame else {
            thread::sleep(TICK);
            continue;
        };
        written += 1;
        let file = folder.join(format!("preview-{written:04}.png"));
        image::save_buffer_with_format(
            &file,
            &frame.rgba,
            frame.width,
            frame.height,
            ExtendedColorType::Rgba8,
            ImageFormat::Png,
        )
        .map_err(|error| named(&file, "cannot be written", &error))?;
        let mut out = io::stdout().lock();
        let measures = frame.measures();
        if json {
            let value = json!({ "file": file.display().to_string(), "width": frame.width, "height": frame.height, "measures": measures.as_ref().map(measures_value) });
            writeln!(out, "{value}")?;
        } else {
            writeln!(
                out,
                "{}: {}x{}{}",
                file.display(),
                frame.width,
                frame.height,
                measures
                    .map(|m| format!(", {}", measures_line(&m)))
                    .unwrap_or_default()
            )?;
        }
    }
    if written == count {
        Ok(ExitCode::SUCCESS)
    } else {
        failed(json, &handle)
    }
}

fn capture(json: bool, choice: &Choice, file: &Path, end: Instant) -> io::Result<ExitCode> {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
        .to_lowercase();
    if !matches!(extension.as_str(), "jpg" | "jpeg" | "png") {
        return Err(io::Error::other(format!(
            "{}: is neither .jpg nor .png; name such a file",
            file.display()
        )));
    }
    let handle = choice.open();
    handle.standby(false);
    let latest = handle.latest();
    let still = loop {
        let capture = latest.borrow().clone();
        match capture.map(|capture| capture.still()) {
            Some(Ok(still)) => break still,
            _ if Instant::now() >= end => return failed(json, &handle),
            _ => thread::sleep(TICK),
        }
    };
    let (width, height) = (still.width, still.height);
    let mut bytes = io::Cursor::new(Vec::new());
    let encoded = if extension == "png" {
        image::write_buffer_with_format(
            &mut bytes,
            &still.rgb,
            width,
            height,
            ExtendedColorType::Rgb8,
            ImageFormat::Png,
        )
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode(
            &still.rgb,
            width,
            height,
            ExtendedColorType::Rgb8,
        )
    };
    encoded.map_err(io::Error::other)?;
    fs::write(file, bytes.into_inner())
        .map_err(|error| named(file, "cannot be written", &error))?;
    let mut out = io::stdout().lock();
    if json {
        writeln!(
            out,
            "{}",
            json!({ "file": file.display().to_string(), "width": width, "height": height })
        )?;
    } else {
        writeln!(out, "{}: {width}x{height}", file.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn named(path: &Path, what: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {what}: {error}", path.display()))
}

/// No picture came: the camera says why.
fn failed(json: bool, handle: &Handle) -> io::Result<ExitCode> {
    let status = handle.status().borrow().clone();
    let line = match status.fault {
        Some(fault) => sentence(fault),
        None => sentence(Fault::Frozen),
    };
    if json {
        writeln!(io::stdout(), "{}", status_value(&status))?;
    }
    writeln!(io::stderr(), "camctl: {line}")?;
    Ok(ExitCode::FAILURE)
}

fn watch(json: bool, choice: &Choice, end: Option<Instant>, standby: bool) -> io::Result<ExitCode> {
    let begun = Instant::now();
    let handle = choice.open();
    handle.standby(standby);
    let (status, mut frames) = (handle.status(), handle.preview());
    let mut out = io::stdout().lock();
    let (mut printed, mut measured) = (String::new(), begun);
    while end.is_none_or(|end| Instant::now() < end) {
        let now = status.borrow().clone();
        let line = status_line(&now);
        if line != printed {
            if json {
                let mut value = status_value(&now);
                value["at"] = json!(begun.elapsed().as_millis() as u64);
                writeln!(out, "{value}")?;
            } else {
                writeln!(out, "{line}")?;
            }
            printed = line;
        }
        if measured.elapsed() >= MEASURE && frames.has_changed().unwrap_or(false) {
            measured = Instant::now();
            let frame: Option<Arc<Frame>> = frames.borrow_and_update().clone();
            if let Some(measures) = frame.and_then(|frame| frame.measures()) {
                if json {
                    let counters = now.counters;
                    writeln!(
                        out,
                        "{}",
                        json!({
                            "at": begun.elapsed().as_millis() as u64, "fps": now.fps, "measures": measures_value(&measures),
                            "frames": counters.frames, "damaged": counters.damaged, "lost": counters.lost, "reopened": counters.reopened,
                        })
                    )?;
                } else {
                    writeln!(
                        out,
                        "  {:4.1} pictures a second, {}",
                        now.fps,
                        measures_line(&measures)
                    )?;
                }
            }
        }
        out.flush()?;
        thread::sleep(TICK);
    }
    Ok(if status.borrow().is_ready() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Fault { fault, .. } => *fault,
        _ => Fault::StreamError,
    }
}

fn explain(error: &Error) -> String {
    format!("{} ({error})", sentence(fault_of(error)))
}

fn sentence(fault: Fault) -> String {
    format!("{}: {}", fault.name(), fault.sentence("en"))
}

fn status_line(status: &Status) -> String {
    let name = status.camera.as_deref().unwrap_or("camera");
    let format = status
        .format
        .map(|format| format!(", {format}"))
        .unwrap_or_default();
    let refused: Vec<&str> = status
        .refused
        .iter()
        .map(|control| control.name())
        .collect();
    let refused = if refused.is_empty() {
        String::new()
    } else {
        format!("; it does not take {}", refused.join(", "))
    };
    match (status.fault, status.phase) {
        (Some(fault), _) => sentence(fault),
        (None, Phase::Searching) => "searching for a camera".to_owned(),
        (None, Phase::Standby) => format!("{name}: in standby{refused}"),
        (None, Phase::Streaming) => format!("{name}: live{format}{refused}"),
    }
}

fn status_value(status: &Status) -> Value {
    let phase = match status.phase {
        Phase::Searching => "searching",
        Phase::Standby => "standby",
        Phase::Streaming => "streaming",
    };
    let refused: Vec<&str> = status
        .refused
        .iter()
        .map(|control| control.name())
        .collect();
    json!({
        "ready": status.is_ready(), "phase": phase, "fault": status.fault.map(|fault| fault.name()),
        "sentence": status.fault.map(|fault| fault.sentence("en").what), "camera": status.camera,
        "format": status.format.map(|format| format.to_string()), "refused": refused,
        "reopened": status.counters.reopened,
    })
}

fn measures_line(measures: &Measures) -> String {
    format!(
        "sharpness {:.0}, exposure {} ({:.0}, {:.0} % burnt out), white balance {} (red {:.2}, blue {:.2})",
        measures.sharpness,
        measures.exposure().name(),
        measures.brightness,
        measures.burnt * 100.0,
        measures.balance().name(),
        measures.red,
        measures.blue,
    )
}

fn measures_value(measures: &Measures) -> Value {
    json!({
        "sharpness": measures.sharpness, "brightness": measures.brightness, "burnt": measures.burnt, "black": measures.black,
        "red": measures.red, "blue": measures.blue, "exposure": measures.exposure().name(), "balance": measures.balance().name(),
    })
}
