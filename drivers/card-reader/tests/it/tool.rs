//! `readerctl`, as it is typed.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use card_reader::{VirtualCard, open, virtual_reader};

use crate::harness::{at, until, until_card, until_fault, until_reading};

pub(crate) const READERCTL: &str = env!("CARGO_BIN_EXE_readerctl");

/// Exit code and what was printed.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn readerctl(args: &[&str]) -> (i32, String, String) {
    run(Command::new(READERCTL).args(args))
}

#[test]
fn misuse_is_reported_with_exit_code_2() {
    let check = |args: &[&str], expect: &str| {
        let (code, _, said) = readerctl(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains(expect), "{args:?}: {said}");
    };
    check(&[], "Usage: readerctl");
    check(&["status", "ttyUSB0"], "write pn532:any, pn532:/dev/NAME");
    check(
        &["virtual", "--card", "mifare"],
        "write classic, desfire, random",
    );
    check(
        &["virtual", "--card", "0102"],
        "a UID has 4, 7 or 10 bytes, not 2",
    );
}

#[test]
fn a_missing_reader_is_reported_with_exit_code_1() {
    let (code, said, _) = readerctl(&["status", "pn532:/dev/no-such-port"]);
    assert_eq!(code, 1);
    assert!(
        said.starts_with("not-found: No card reader is connected. Connect"),
        "{said}"
    );
    let (code, said, _) = readerctl(&["--json", "status", "pn532:/dev/no-such-port"]);
    let value: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &value["fault"], &value["ready"]),
        (1, &"not-found".into(), &false.into())
    );
}

#[test]
fn a_reader_is_shown_and_a_uid_only_on_demand() {
    let (_selector, control) = virtual_reader();
    control.lay(VirtualCard::classic());
    let reader = at(&control.path().unwrap()).to_string();
    let (code, said, _) = readerctl(&["status", &reader]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("PN532 1.6 at /dev/pts/") && said.contains("ready"),
        "{said}"
    );
    let watch = |more: &[&str], expect: &str| {
        let mut command = Command::new(READERCTL);
        command.args(["watch", &reader, "--for", "60"]).args(more);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let line = output.find(|line| line.contains(expect));
        child.kill().unwrap();
        child.wait().unwrap();
        line.unwrap_or_else(|| panic!("it never said {expect}"))
    };
    let masked = watch(&[], "card: ");
    assert_eq!(masked, "card: UID of 4 bytes, SAK 08, ATQA 0004");
    let shown = watch(&["--show-uid"], "card: ");
    assert_eq!(shown, "card: UID deadbeef of 4 bytes, SAK 08, ATQA 0004");
    let value: serde_json::Value = serde_json::from_str(&watch(&["--json"], "uid")).unwrap();
    assert_eq!(
        value["card"],
        serde_json::json!({
            "uid": null, "uidBytes": 4, "randomUid": false, "sak": "08", "atqa": "0004", "isoDep": false
        })
    );
    let value: serde_json::Value =
        serde_json::from_str(&watch(&["--json"], "\"ready\":true")).unwrap();
    assert_eq!(
        (&value["phase"], &value["fault"]),
        (&"reading".into(), &serde_json::Value::Null)
    );
}

/// A port with no rights for whoever asks. Rights mean nothing to root, so that root asks as somebody else.
#[test]
fn a_port_without_permission_is_reported() {
    let (_selector, control) = virtual_reader();
    let port = control.path().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let nobody = 65534;
        // where the tool was built may be closed to others
        let tool = folder.path().join("readerctl");
        fs::copy(READERCTL, &tool).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(tool);
        command.uid(nobody).gid(nobody).current_dir("/");
        command
    } else {
        Command::new(READERCTL)
    };
    fs::set_permissions(&port, fs::Permissions::from_mode(0o000)).unwrap();
    let (code, said, error) = run(command.args(["status", &at(&port).to_string()]));
    assert_eq!(code, 1, "{said}{error}");
    assert!(
        said.contains("no-permission: The booth may not open the card reader."),
        "{said}{error}"
    );
    assert!(said.contains("dialout"), "{said}");
}

/// A virtual reader in a process of its own.
struct Running {
    child: Child,
    commands: ChildStdin,
    /// Held open, because the virtual reader writes to it.
    _output: BufReader<ChildStdout>,
}

impl Running {
    fn start(link: &Path, cards: &[&str]) -> Running {
        let mut command = Command::new(READERCTL);
        command
            .arg("virtual")
            .arg("--link")
            .arg(link)
            .args(["--for", "60"]);
        command.args(cards.iter().flat_map(|card| ["--card", card]));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut first).unwrap();
        assert!(first.starts_with("virtual PN532 at /dev/"), "{first}");
        let commands = child.stdin.take().unwrap();
        Running {
            child,
            commands,
            _output: output,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.commands, "{line}").unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn a_virtual_reader_serves_other_processes_by_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("reader");
    std::os::unix::fs::symlink("/dev/pts/9999", &link).unwrap(); // left by an earlier run
    let mut running = Running::start(&link, &["classic"]);
    let handle = open(&at(&link));
    until_card(&handle, &[0xDE, 0xAD, 0xBE, 0xEF]);
    running.say("take");
    running.say("lay 0102030405060708090A");
    until_card(&handle, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    running.say("nonsense is no end");
    running.say("raise unplugged");
    until_fault(&handle, card_reader::Fault::Unplugged);
    running.say("clear");
    until_reading(&handle);
    drop(handle);
    running.say("quit");
    until("its end", || running.child.try_wait().unwrap());
    assert!(
        fs::symlink_metadata(&link).is_err(),
        "it takes its link away"
    );
}

#[test]
fn a_file_is_never_replaced_by_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("precious");
    fs::write(&file, "kept").unwrap();
    let (code, _, said) = readerctl(&["virtual", "--for", "1", "--link", file.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(
        said.contains("exists and is no link; choose another name"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
}
