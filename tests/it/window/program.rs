//! The running program, and the files that it writes.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    time::{Duration, Instant},
};

use common::order::Serial;
use iced_test::core::{
    Point, Rectangle,
    widget::{Id, Operation, operation},
};
use tempfile::TempDir;

use super::display::{Display, output, tool};
use crate::screens::{Canvas, Stage, Way, attract};

/// The limit of every wait. It is much longer than anything takes, even on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

/// A copy of the shipped configuration in which printing a card takes one second.
pub(super) struct Site {
    folder: TempDir,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config");
        copy(&shipped, folder.path());
        let site = Self { folder };
        let overlay = fs::read_to_string(site.path("test-mode.toml")).unwrap();
        let swift = overlay.replace("print_time = 1.0", "print_time = 0.05");
        assert_ne!(swift, overlay);
        site.write("test-mode.toml", &swift);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Configures a voice that writes the words to a file, and returns the file.
    pub(super) fn hears(&self) -> PathBuf {
        let (voice, heard) = (self.path("voice"), self.path("heard"));
        let script = format!("#!/bin/sh\n(cat; echo) >> {}\n", heard.display());
        self.write("voice", &script);
        fs::set_permissions(&voice, PermissionsExt::from_mode(0o755)).unwrap();
        let overlay = fs::read_to_string(self.path("test-mode.toml")).unwrap();
        let speech = format!("\n[speech]\nprogram = {:?}\n", voice.display().to_string());
        self.write("test-mode.toml", &(overlay + &speech));
        heard
    }

    /// A blurred photograph, as of a person who does not hold still.
    pub(super) fn blurred_visitor(&self) -> PathBuf {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sharp = image::open(shipped.join("drivers/camera/tests/fixtures/visitor-1.jpg"));
        let file = self.path("blurred.png");
        image::imageops::blur(&sharp.unwrap().into_rgb8(), 9.0)
            .save(&file)
            .unwrap();
        file
    }

    /// The serial in a card's code, read with the site's settings.
    pub(super) fn serial_in(&self, code: &str) -> Option<Serial> {
        let overlay = self.path("test-mode.toml");
        let config = fotoautomat::config::load(&self.path("umu"), Some(&overlay));
        let config = config.map_err(|problems| problems.to_string()).unwrap();
        config
            .designer()
            .map_err(|p| p.to_string())
            .unwrap()
            .serial_in(code)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &there);
        } else {
            fs::copy(entry.path(), there).unwrap();
        }
    }
}

/// Runs the booth, which must fail, and returns what it wrote to standard error.
pub(super) fn refused(site: &Site, args: &[&str]) -> String {
    let output = Command::new(BOOTH)
        .arg("--config")
        .arg(site.path("umu"))
        .args(args)
        // The test must not touch the data of a booth that is installed on this machine.
        .env("XDG_STATE_HOME", site.path("state"))
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The booth's program, running on a display.
pub(crate) struct Program<'a> {
    child: Child,
    display: &'a Display,
    data: PathBuf,
    /// Everything that it wrote to standard error.
    log: Arc<Mutex<String>>,
    /// The names of the screens that it showed, from its log.
    screens: Receiver<String>,
    now: String,
    places: BTreeMap<String, Point>,
    main: Point,
}

impl<'a> Program<'a> {
    pub(super) fn start(site: &'a Site, display: &'a Display, args: &[&str]) -> Self {
        let mut command = Command::new(BOOTH);
        command
            .arg("--config")
            .arg(site.path("umu"))
            .args(["run", "--test-mode", "--data"])
            .arg(site.path("data"))
            .args(args)
            .env("FOTOAUTOMAT_LOG", "warn,screen=info");
        Self::spawn(command, site.path("data"), display)
    }

    /// Starts the booth in cage, as an ordinary user, because cage refuses to run as root.
    pub(super) fn start_in_cage(site: &'a Site, display: &'a Display) -> Self {
        let runtime = site.path("runtime");
        let booth = site.path("fotoautomat");
        fs::create_dir_all(&runtime).unwrap();
        fs::create_dir_all(site.path("data")).unwrap();
        // The folder of the build may not be readable for another user.
        fs::copy(BOOTH, &booth).unwrap();
        let is_root = output({
            let mut id = tool("id");
            id.arg("-u");
            id
        })
        .trim()
            == "0";
        let mut command = if is_root {
            let mut owner = tool("chown");
            owner.args(["-R", "nobody"]).arg(site.folder.path());
            output(owner);
            let mut command = tool("setpriv");
            command.args([
                "--reuid=nobody",
                "--regid=nogroup",
                "--clear-groups",
                "cage",
                "--",
            ]);
            command
        } else {
            let mut command = tool("cage");
            command.arg("--");
            command
        };
        let mut mode = tool("chmod");
        mode.arg("700").arg(&runtime);
        output(mode);
        command
            .arg(&booth)
            .arg("--config")
            .arg(site.path("umu"))
            .args(["run", "--test-mode", "--data"])
            .arg(site.path("data"))
            .env("FOTOAUTOMAT_LOG", "warn,screen=info")
            .env("XDG_RUNTIME_DIR", &runtime)
            .env("HOME", site.folder.path())
            .env("WLR_BACKENDS", "x11")
            .env("WLR_RENDERER", "pixman")
            .env("WLR_LIBINPUT_NO_DEVICES", "1")
            .env("LIBSEAT_BACKEND", "noop");
        Self::spawn(command, site.path("data"), display)
    }

    /// Starts the booth by this command, which must log the screens. `data` is the booth's data folder.
    pub(crate) fn spawn(mut command: Command, data: PathBuf, display: &'a Display) -> Self {
        let mut child = command
            .env("DISPLAY", &display.name)
            .env_remove("WAYLAND_DISPLAY")
            .env("NO_COLOR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let (sender, screens) = channel();
        let log = Arc::<Mutex<String>>::default();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                kept.lock().unwrap().extend([&line, "\n"]);
                match line.split_once("screen: name=") {
                    Some((_, name)) => drop(sender.send(name.trim().to_owned())),
                    None => eprintln!("booth: {line}"),
                }
            }
        });
        let (places, main) = places(display.size());
        Self {
            child,
            display,
            data,
            log,
            screens,
            now: String::new(),
            places,
            main,
        }
    }

    pub(super) fn data(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until this screen is shown.
    pub(crate) fn sees(&mut self, screen: &str) {
        let until = Instant::now() + PATIENCE;
        while self.now != screen {
            let left = until.saturating_duration_since(Instant::now());
            match self.screens.recv_timeout(left) {
                Ok(name) => self.now = name,
                Err(_) => panic!("{screen} was not shown; the last was {:?}", self.now),
            }
        }
    }

    fn look(&mut self) {
        while let Ok(name) = self.screens.try_recv() {
            self.now = name;
        }
    }

    pub(crate) fn touch_main(&mut self) {
        self.display.touch(self.main.x, self.main.y);
    }

    pub(crate) fn touch_main_until(&mut self, screen: &str) {
        self.again_until(screen, |program| program.touch_main());
    }

    /// Touches an element of the strip, repeatedly if needed, until the screen is shown.
    pub(crate) fn touch_until(&mut self, id: &str, screen: &str) {
        let place = self.places[id];
        self.again_until(screen, |program| program.display.touch(place.x, place.y));
    }

    pub(super) fn keys(&mut self, keys: &[&str]) {
        for key in keys {
            self.display.key(key);
        }
    }

    /// Presses the keys in turn until the screen is shown.
    pub(super) fn keys_until(&mut self, keys: &[&str], screen: &str) {
        let mut next = keys.iter().cycle();
        self.again_until(screen, |program| {
            program.display.key(next.next().unwrap());
        });
    }

    /// Presses the keys in turn until one of the screens is shown, and returns its name.
    pub(super) fn keys_until_one_of(&mut self, keys: &[&str], screens: &[&str]) -> String {
        let mut next = keys.iter().cycle();
        self.again_until_one_of(screens, |program| {
            program.display.key(next.next().unwrap());
        });
        self.now.clone()
    }

    fn again_until(&mut self, screen: &str, act: impl FnMut(&mut Self)) {
        self.again_until_one_of(&[screen], act);
    }

    fn again_until_one_of(&mut self, screens: &[&str], mut act: impl FnMut(&mut Self)) {
        let until = Instant::now() + PATIENCE;
        self.look();
        while !screens.contains(&self.now.as_str()) {
            assert!(
                Instant::now() < until,
                "none of {screens:?} was shown; the last was {:?}",
                self.now
            );
            act(self);
            let soon = Instant::now() + Duration::from_secs(2);
            while !screens.contains(&self.now.as_str()) && Instant::now() < soon {
                std::thread::sleep(Duration::from_millis(50));
                self.look();
            }
        }
    }

    pub(super) fn waits_until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        self.waits_for(what, |program| done(program).then_some(()));
    }

    pub(super) fn waits_for<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < until, "{what}: it never came");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The processor time that the program has used.
    pub(super) fn cpu(&self) -> Duration {
        cpu(&PathBuf::from(format!("/proc/{}", self.child.id())))
    }

    /// The processor time that its threads of this name have used.
    pub(super) fn cpu_of(&self, thread: &str) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        threads
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == thread)
            })
            .map(|path| cpu(&path))
            .sum()
    }

    /// The resident memory in bytes.
    pub(super) fn memory(&self) -> u64 {
        let sizes = fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        let pages = sizes.split_whitespace().nth(1).unwrap();
        pages.parse::<u64>().unwrap() * 4096
    }

    /// The screen that is shown now.
    pub(super) fn screen(&mut self) -> &str {
        self.look();
        &self.now
    }

    /// Waits until the portal has exactly one order, with its photo and one card. Returns the order's id and the card's
    /// serial.
    pub(super) async fn portal_has_one_card(&self) -> (String, Serial) {
        let file = self.data("portal.sqlite");
        let until = Instant::now() + PATIENCE;
        loop {
            let url = format!("sqlite://{}?mode=ro", file.display());
            let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
            let orders: Vec<Vec<u8>> = sqlx::query_scalar("SELECT order_id FROM orders")
                .fetch_all(&pool)
                .await
                .unwrap();
            let photos: i64 = sqlx::query_scalar("SELECT count(*) FROM photos")
                .fetch_one(&pool)
                .await
                .unwrap();
            let cards: Vec<Vec<u8>> = sqlx::query_scalar("SELECT serial FROM cards")
                .fetch_all(&pool)
                .await
                .unwrap();
            pool.close().await;
            assert!(orders.len() <= 1 && cards.len() <= 1, "nothing is doubled");
            if let ([order], 1, [card]) = (&orders[..], photos, &cards[..]) {
                let serial = Serial(card.as_slice().try_into().unwrap());
                return (uuid::Uuid::from_slice(order).unwrap().to_string(), serial);
            }
            assert!(
                Instant::now() < until,
                "the portal has {} orders, {photos} photos, {} cards",
                orders.len(),
                cards.len()
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Sends SIGTERM and waits for an orderly end.
    pub(super) fn ends(mut self) {
        let mut kill = tool("kill");
        kill.args(["-TERM", &self.child.id().to_string()]);
        output(kill);
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success() || status.code().is_none(), "{status}");
                return;
            }
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu(process: &Path) -> Duration {
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // These are utime and stime, in hundredths of a second (proc(5)).
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// The centres of the strip's buttons and of the main button in a window of this size.
fn places((width, height): (u32, u32)) -> (BTreeMap<String, Point>, Point) {
    let way = Way::test_mode(width as f32, height as f32);
    let stage = Stage::new(&way, &attract());
    let mut canvas = Canvas::new(&stage);
    let mut found = Targets::default();
    canvas.operate(&mut operation::black_box(&mut found));
    let ids = ["desk-approve", "desk-old-card", "desk-new-card"];
    let places = ids.map(|id| {
        let place = found.0[&format!("{:?}", Id::from(id.to_owned()))];
        (id.to_owned(), place.center())
    });
    (places.into(), stage.frame().main.center())
}

#[derive(Default)]
struct Targets(BTreeMap<String, Rectangle>);

impl Operation for Targets {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn container(&mut self, id: Option<&Id>, place: Rectangle) {
        if let Some(id) = id {
            self.0.insert(format!("{id:?}"), place);
        }
    }
}

/// The code that an independent reader, zbar, finds in a picture.
pub(super) fn zbar_some(picture: &Path) -> Option<String> {
    let output = tool("zbarimg")
        .args(["-q", "--raw"])
        .arg(picture)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

pub(super) fn zbar(picture: &Path) -> String {
    zbar_some(picture).unwrap_or_else(|| panic!("no code can be read in {}", picture.display()))
}

/// Runs the printer's bench tool, which the workspace builds into the same folder as the booth.
pub(super) fn printctl(args: &[&str]) {
    let program = Path::new(BOOTH).with_file_name("printctl");
    assert!(
        program.exists(),
        "printctl is not built: run `cargo build --workspace` or `make test`"
    );
    let mut command = Command::new(program);
    command.args(args);
    output(command);
}
