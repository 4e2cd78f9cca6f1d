//! A display server without a screen, and the input that a visitor would give it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// An X server that ends with the test.
pub(crate) struct Display {
    server: Child,
    pub(crate) name: String,
    size: (u32, u32),
}

/// A command of a tool that the tests need. If it is not installed, the panic says how to install it.
pub(super) fn tool(name: &str) -> Command {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {name}")])
        .stdout(Stdio::null())
        .status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "{name} is missing: `make test` installs it (tests/setup/need.sh show test)"
    );
    Command::new(name)
}

/// What a tool printed. It panics if the tool fails.
pub(super) fn output(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Display {
    /// Starts an X server with a screen of this size and no window manager.
    pub(crate) fn x(width: u32, height: u32) -> Self {
        let mut server = tool("Xvfb")
            // The server chooses a free display number and prints it.
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        let stdout = server.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb did not start");
        Self {
            server,
            name: format!(":{}", number.trim()),
            size: (width, height),
        }
    }

    fn xdotool(&self, args: &[&str]) -> String {
        let mut command = tool("xdotool");
        command.env("DISPLAY", &self.name).args(args);
        output(command)
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The place and size of the booth's window.
    pub(super) fn window(&self) -> (i32, i32, u32, u32) {
        let said = self.xdotool(&[
            "search",
            "--sync",
            "--name",
            "Fotoautomat",
            "getwindowgeometry",
            "--shell",
        ]);
        let value = |key: &str| {
            let line = said
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{key}=")));
            line.unwrap_or_else(|| panic!("no {key} in {said}"))
                .to_owned()
        };
        (
            value("X").parse().unwrap(),
            value("Y").parse().unwrap(),
            value("WIDTH").parse().unwrap(),
            value("HEIGHT").parse().unwrap(),
        )
    }

    /// Moves the pointer there and clicks.
    pub(super) fn touch(&self, x: f32, y: f32) {
        let (x, y) = (format!("{x:.0}"), format!("{y:.0}"));
        self.xdotool(&[
            "mousemove",
            &x,
            &y,
            "sleep",
            "0.05",
            "mousedown",
            "1",
            "sleep",
            "0.05",
            "mouseup",
            "1",
        ]);
    }

    /// Gives the keyboard focus to the booth's window, as a window manager would.
    pub(super) fn focus(&self) {
        self.xdotool(&[
            "search",
            "--sync",
            "--name",
            "Fotoautomat",
            "windowfocus",
            "--sync",
        ]);
    }

    pub(super) fn key(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    /// A screenshot.
    pub(super) fn picture(&self, file: &Path) -> image::RgbImage {
        let mut command = tool("import");
        command
            .env("DISPLAY", &self.name)
            .args(["-silent", "-window", "root"])
            .arg(file);
        output(command);
        image::open(file).unwrap().into_rgb8()
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
