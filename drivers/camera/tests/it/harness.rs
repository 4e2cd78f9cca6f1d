//! Running `camctl` and reading what it says.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Far longer than anything may take, on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn camctl() -> Command {
    Command::new(env!("CARGO_BIN_EXE_camctl"))
}

/// What a run printed, which must be text.
pub(crate) fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (text(&output.stdout), text(&output.stderr))
}

/// A running `camctl watch --json`, ended when dropped.
pub(crate) struct Watch {
    child: Child,
    lines: mpsc::Receiver<(Instant, Value)>,
    /// The newest status.
    pub(crate) status: Value,
}

impl Watch {
    pub(crate) fn start(mut command: Command, arguments: &[&str]) -> Watch {
        let mut child = command
            .args(["watch", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("camctl starts");
        let out = child.stdout.take().expect("its output is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).expect("a line of JSON");
                if sender.send((Instant::now(), value)).is_err() {
                    return;
                }
            }
        });
        Watch {
            child,
            lines,
            status: Value::Null,
        }
    }

    /// Waits for a line that fits, and says when it came.
    pub(crate) fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> (Instant, Value) {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((at, value)) = self.lines.recv_timeout(left) else {
                panic!("{what} did not come; the last status was {}", self.status);
            };
            if value["phase"].is_string() {
                self.status = value.clone();
            }
            if is(&value) {
                return (at, value);
            }
        }
    }

    /// On a busy machine the picture is slow, and live all the same.
    pub(crate) fn until_live(&mut self) -> Instant {
        self.until("a live picture", |value| {
            let is_well = value["fault"].is_null() || value["fault"] == "slow";
            value["phase"] == "streaming" && is_well
        })
        .0
    }

    pub(crate) fn until_fault(&mut self, names: &[&str]) -> Instant {
        self.until(&format!("{names:?}"), |value| {
            value["fault"]
                .as_str()
                .is_some_and(|fault| names.contains(&fault))
        })
        .0
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
