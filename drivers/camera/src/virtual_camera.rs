//! A camera without a device: pictures become the JPEG frames that a webcam would send, and are treated as such.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use device::{FaultInjection, RaisedFaults};

use crate::{
    Camera, CameraControl, Error, FIRST_FRAME_LIMIT, FRAME_LIMIT, Fault, Format, Pixels, Rate, Raw,
    Settings, Source, Still, VirtualOptions, mjpeg,
};

mod picture;

/// Larger sources are not loaded, because they would fill the memory.
const MAX_FRAMES: usize = 2000;
const MAX_BYTES: u64 = 512 << 20;
/// How many frames a second a slow camera sends.
const SLOW_FPS: u32 = 4;

/// Says what the virtual camera sees, and raises its faults. Clones control the same camera.
#[derive(Clone)]
pub struct Control {
    scene: Arc<Scene>,
}

struct Scene {
    state: Mutex<State>,
    changed: Condvar,
    size: (u32, u32),
    fps: u32,
}

struct State {
    faults: RaisedFaults<Fault>,
    panic_next: bool,
    /// How long the first frame takes after a start.
    start_delay: Duration,
    film: Film,
    black: Arc<Vec<u8>>,
    open: bool,
    streaming: bool,
    controls: Vec<(CameraControl, i64)>,
}

/// What the camera plays: a source that has not been read yet, or frames.
#[derive(Clone)]
enum Film {
    File(PathBuf),
    Frames(Arc<Vec<Vec<u8>>>),
}

impl Control {
    pub(crate) fn new(options: &VirtualOptions) -> Control {
        let size = (options.width, options.height);
        let film = match &options.source {
            Some(path) => Film::File(path.clone()),
            None => Film::Frames(Arc::new(vec![picture::plain(size, picture::WALL)])),
        };
        let state = State {
            faults: RaisedFaults::default(),
            panic_next: false,
            start_delay: Duration::ZERO,
            film,
            black: Arc::new(picture::plain(size, [0; 3])),
            open: false,
            streaming: false,
            controls: Vec::new(),
        };
        let scene = Scene {
            state: Mutex::new(state),
            changed: Condvar::new(),
            size,
            fps: options.fps.max(1),
        };
        Control {
            scene: Arc::new(scene),
        }
    }

    pub(crate) fn plug(&self) -> Device {
        Device {
            scene: Arc::clone(&self.scene),
        }
    }

    /// Shows this picture, fitted into the frame of the camera.
    pub fn show(&self, picture: &Still) {
        self.film(vec![picture::fitted(picture, self.scene.size)]);
    }

    /// Plays these JPEG frames in a loop, byte by byte as they are.
    pub fn play(&self, frames: Vec<Vec<u8>>) {
        if !frames.is_empty() {
            self.film(frames);
        }
    }

    /// Shows a plain wall, as when nobody is in the booth.
    pub fn show_wall(&self) {
        self.film(vec![picture::plain(self.scene.size, picture::WALL)]);
    }

    /// Makes the driver's thread panic once, at the next frame or check.
    pub fn panic_next(&self) {
        self.change(|state| state.panic_next = true);
    }

    /// Lets the first frame after each start take this long, as a sensor does that wakes up slowly.
    pub fn delay_first_frame(&self, delay: Duration) {
        self.change(|state| state.start_delay = delay);
    }

    /// Whether the driver has the camera open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.scene.lock().open
    }

    /// Whether the camera films.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.scene.lock().streaming
    }

    /// The controls that were set, oldest first.
    #[must_use]
    pub fn controls(&self) -> Vec<(CameraControl, i64)> {
        self.scene.lock().controls.clone()
    }

    fn film(&self, frames: Vec<Vec<u8>>) {
        let frames = Arc::new(frames);
        self.change(|state| state.film = Film::Frames(frames));
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) {
        change(&mut self.scene.lock());
        self.scene.changed.notify_all();
    }
}

impl FaultInjection for Control {
    type Fault = Fault;

    fn raise(&self, fault: Fault) {
        self.change(|state| state.faults.raise(fault));
    }

    fn clear(&self, fault: &Fault) {
        self.change(|state| state.faults.clear(fault));
    }

    fn clear_all(&self) {
        self.change(|state| state.faults.clear_all());
    }

    fn faults(&self) -> Vec<Fault> {
        self.scene.lock().faults.all()
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control")
            .field("faults", &self.faults())
            .finish_non_exhaustive()
    }
}

impl Scene {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the virtual camera is plugged in.
pub(crate) struct Device {
    scene: Arc<Scene>,
}

impl Source for Device {
    fn open(&mut self, _settings: &Settings) -> Result<Box<dyn Camera>, Error> {
        let film = {
            let state = self.scene.lock();
            refuse(
                &state,
                &[
                    Fault::NotFound,
                    Fault::Unplugged,
                    Fault::NoPermission,
                    Fault::NoUsableFormat,
                ],
            )?;
            state.film.clone()
        };
        let frames = match film {
            Film::Frames(frames) => frames,
            Film::File(path) => {
                let frames = Arc::new(load(&path, self.scene.size)?);
                self.scene.lock().film = Film::Frames(Arc::clone(&frames));
                frames
            }
        };
        let first = frames
            .first()
            .ok_or_else(|| Error::fault(Fault::NotFound, "nothing to play"))?;
        let (width, height) =
            mjpeg::extent(first).map_or(self.scene.size, |extent| (extent.width, extent.height));
        self.scene.lock().open = true;
        let rate = Rate {
            frames: self.scene.fps,
            seconds: 1,
        };
        Ok(Box::new(VirtualCamera {
            scene: Arc::clone(&self.scene),
            format: Format {
                pixels: Pixels::Mjpeg,
                width,
                height,
                rate,
            },
            due: None,
            count: 0,
            frame: Vec::new(),
        }))
    }
}

/// The detail of every error that a raised fault causes.
const RAISED: &str = "the fault is raised on the virtual camera";

/// The error of the first of these faults that is raised.
fn refuse(state: &State, faults: &[Fault]) -> Result<(), Error> {
    match state.faults.first_of(faults) {
        // What is not plugged in cannot be found.
        Some(Fault::Unplugged) => Err(Error::fault(Fault::NotFound, RAISED)),
        Some(fault) => Err(Error::fault(fault, RAISED)),
        None => Ok(()),
    }
}

struct VirtualCamera {
    scene: Arc<Scene>,
    format: Format,
    /// When the next frame is ready; `None` while not streaming.
    due: Option<Instant>,
    count: usize,
    frame: Vec<u8>,
}

impl Camera for VirtualCamera {
    fn name(&self) -> &str {
        "Virtual camera"
    }

    fn format(&self) -> Format {
        self.format
    }

    fn start(&mut self) -> Result<(), Error> {
        let mut state = self.scene.lock();
        refuse(&state, &[Fault::Busy])?;
        gone(&state)?;
        state.streaming = true;
        self.due = Some(Instant::now() + state.start_delay);
        self.count = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<Raw<'_>, Error> {
        let limit = Instant::now()
            + if self.count == 0 {
                FIRST_FRAME_LIMIT
            } else {
                FRAME_LIMIT
            };
        let mut state = self.scene.lock();
        loop {
            panic_if_asked(&mut state);
            gone(&state)?;
            refuse(&state, &[Fault::StreamError])?;
            let now = Instant::now();
            let due = match self.due {
                None => return Err(Error::fault(Fault::StreamError, "not streaming")),
                Some(_) if state.faults.has(&Fault::Frozen) => limit,
                Some(due) if state.faults.has(&Fault::Slow) => due + interval(SLOW_FPS),
                Some(due) => due,
            };
            if now >= limit {
                return Err(Error::fault(Fault::Frozen, "no frame in time"));
            }
            if now >= due {
                // A camera does not make up for frames that were not fetched.
                self.due = Some(due.max(now - interval(self.scene.fps)) + interval(self.scene.fps));
                break;
            }
            state = self
                .scene
                .changed
                .wait_timeout(state, due - now)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let Film::Frames(frames) = &state.film else {
            return Err(Error::fault(Fault::StreamError, "nothing to play"));
        };
        let frame = if state.faults.has(&Fault::Dark) {
            &state.black
        } else {
            &frames[self.count % frames.len()]
        };
        self.frame.clear();
        self.frame.extend_from_slice(frame);
        if state.faults.has(&Fault::Damaged) {
            spoil(&mut self.frame, self.count);
        }
        self.count += 1;
        drop(state);
        let Format {
            pixels,
            width,
            height,
            ..
        } = self.format;
        Ok(Raw {
            pixels,
            width,
            height,
            bytes: &self.frame,
            lost: 0,
        })
    }

    fn stop(&mut self) {
        self.due = None;
        self.frame = Vec::new(); // the frame shows a person
        self.scene.lock().streaming = false;
    }

    fn set_control(&mut self, control: CameraControl, value: i64) -> Result<bool, Error> {
        let mut state = self.scene.lock();
        gone(&state)?;
        state.controls.push((control, value));
        Ok(true)
    }

    fn check(&mut self) -> Result<(), Error> {
        let mut state = self.scene.lock();
        panic_if_asked(&mut state);
        gone(&state)
    }
}

impl Drop for VirtualCamera {
    fn drop(&mut self) {
        let mut state = self.scene.lock();
        state.open = false;
        state.streaming = false;
    }
}

/// Panics in the driver's thread when the control has asked for it.
fn panic_if_asked(state: &mut State) {
    let asked = std::mem::take(&mut state.panic_next) || state.faults.has(&Fault::Crashed);
    assert!(!asked, "the virtual camera was asked for a panic");
}

/// An open camera that has been unplugged answers no call.
fn gone(state: &State) -> Result<(), Error> {
    match state.faults.first_of(&[Fault::Unplugged, Fault::NotFound]) {
        Some(_) => Err(Error::fault(Fault::Unplugged, RAISED)),
        None => Ok(()),
    }
}

fn interval(fps: u32) -> Duration {
    Duration::from_secs(1) / fps.max(1)
}

/// Damages three frames of four, each in another way in which cables and hubs have been seen to damage them.
fn spoil(frame: &mut Vec<u8>, count: usize) {
    match count % 4 {
        0 => frame.truncate(frame.len() / 2),
        1 => frame.fill(0),
        2 => frame.clear(),
        _ => {}
    }
}

/// Reads an MJPEG file, a picture, or a folder of pictures.
fn load(path: &Path, size: (u32, u32)) -> Result<Vec<Vec<u8>>, Error> {
    let missing = |error: &dyn std::fmt::Display| {
        Error::fault(
            Fault::NotFound,
            format!("cannot play {}: {error}", path.display()),
        )
    };
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| missing(&error))?;
        files = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_picture(path))
            .collect();
        files.sort();
    }
    let (mut frames, mut bytes) = (Vec::new(), 0);
    for file in files {
        let metadata = std::fs::metadata(&file).map_err(|error| missing(&error))?;
        bytes += metadata.len();
        if bytes > MAX_BYTES || !metadata.is_file() {
            return Err(missing(&"it is too large, or no file"));
        }
        let content = std::fs::read(&file).map_err(|error| missing(&error))?;
        let found = picture::frames(&content, size).map_err(|why| missing(&why))?;
        frames.extend(found);
        frames.truncate(MAX_FRAMES);
    }
    if frames.is_empty() {
        Err(missing(&"there is no picture in it"))
    } else {
        Ok(frames)
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["jpg", "jpeg", "png", "mjpeg", "mjpg"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
