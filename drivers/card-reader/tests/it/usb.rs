//! A reader behind a USB serial bridge is found by its numbers.
//!
//! umockdev's preload library (0.17, LGPL) shows `readerctl` a `/sys` and a `/dev` with USB serial ports that do
//! not exist, so that the driver and libudev find them as on a real machine; behind each is a virtual reader. Every ioctl
//! on such a port goes to a socket first, which answers those about the modem lines: a pseudo terminal has none.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use card_reader::{Control, Fault, VirtualCard, virtual_reader};
use device::FaultInjection as _;

use crate::tool::READERCTL;

/// Modem lines that were set, by their bits in linux/termios.h (`TIOCM_*`).
type Lines = Arc<Mutex<BTreeSet<u32>>>;
const DTR: u32 = 0x002;
const RTS: u32 = 0x004;

/// A machine with the USB serial ports that are plugged into it.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let preload = Command::new("umockdev-run")
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        assert!(
            preload.is_ok(),
            "umockdev cannot be run: install the Debian package umockdev"
        );
        let folder = tempfile::tempdir().unwrap();
        for path in ["dev", "sys/class/tty", "sys/bus/usb", "sys/dev/char"] {
            fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        Machine { folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// What the kernel and udev show of a bridge, as on Debian 12.
    fn plug(&self, number: u8, id: (&str, &str), serial: &str, reader: &Control) -> Lines {
        let name = format!("ttyUSB{number}");
        let usb = format!("sys/devices/pci0000:00/0000:00:14.0/usb1/1-{number}");
        let port = format!("{usb}/1-{number}:1.0/{name}");
        let tty = format!("{port}/tty/{name}");
        fs::create_dir_all(self.path(&tty)).unwrap();
        let write = |path: String, text: &str| fs::write(self.path(&path), text).unwrap();
        write(format!("{usb}/idVendor"), id.0);
        write(format!("{usb}/idProduct"), id.1);
        write(format!("{usb}/uevent"), "DEVTYPE=usb_device\n");
        write(format!("{port}/uevent"), "DRIVER=ch341-uart\n");
        write(format!("{tty}/dev"), &format!("188:{number}\n"));
        let properties = format!(
            "MAJOR=188\nMINOR={number}\nDEVNAME={name}\nID_BUS=usb\nID_VENDOR_ID={}\nID_MODEL_ID={}\n\
             ID_MODEL=USB_Serial\nID_SERIAL_SHORT={serial}\n",
            id.0, id.1
        );
        write(format!("{tty}/uevent"), &properties);
        let link = |to: &str, at: String| symlink(to, self.path(&at)).unwrap();
        link(
            "../../../../../../../../class/tty",
            format!("{tty}/subsystem"),
        );
        link("../..", format!("{tty}/device"));
        link("../../../../bus/usb", format!("{usb}/subsystem"));
        let from_class = format!("../../{}", tty.trim_start_matches("sys/"));
        link(&from_class, format!("sys/class/tty/{name}"));
        link(&from_class, format!("sys/dev/char/188:{number}"));
        self.wire(number, reader);
        answer_ioctls(&self.path(&format!("ioctl/dev/{name}")))
    }

    /// Leads the bridge's device file to the reader's port.
    fn wire(&self, number: u8, reader: &Control) {
        symlink(
            reader.path().unwrap(),
            self.path(&format!("dev/ttyUSB{number}")),
        )
        .unwrap();
    }

    /// Takes a bridge away, as the kernel does when it is pulled.
    fn pull(&self, number: u8) {
        let name = format!("ttyUSB{number}");
        fs::remove_file(self.path(&format!("dev/{name}"))).unwrap();
        fs::remove_file(self.path(&format!("sys/class/tty/{name}"))).unwrap();
    }

    fn readerctl(&self, args: &[&str]) -> Command {
        let mut command = Command::new(READERCTL);
        command
            .args(args)
            .env("LD_PRELOAD", "libumockdev-preload.so.0")
            .env("UMOCKDEV_DIR", self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Exit code and what was printed.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let output = self.readerctl(args).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code().unwrap_or(-1),
            said + &String::from_utf8_lossy(&output.stderr),
        )
    }
}

/// Answers what umockdev's preload asks: three 64-bit words for each ioctl, of which the second is its number.
fn answer_ioctls(socket: &Path) -> Lines {
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    let lines = Lines::default();
    let answered = Arc::clone(&lines);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let lines = Arc::clone(&answered);
            std::thread::spawn(move || while answer(&mut &stream, &lines).is_ok() {});
        }
    });
    lines
}

fn answer(stream: &mut &UnixStream, lines: &Lines) -> std::io::Result<()> {
    const DONE: u64 = 3;
    const READ_MEMORY: u64 = 5;
    const NOT_HERE: i64 = -100; // the real ioctl is wanted
    const TIOCMBIS: u64 = 0x5416;
    let words = |words: [u64; 3]| words.map(u64::to_ne_bytes).concat();
    let mut asked = [0; 24];
    stream.read_exact(&mut asked)?;
    let word = |place: usize| u64::from_ne_bytes(asked[8 * place..][..8].try_into().unwrap());
    let result = match (word(0), word(1)) {
        (1, TIOCMBIS) => {
            stream.write_all(&words([READ_MEMORY, word(2), 4]))?;
            let mut bits = [0; 4];
            stream.read_exact(&mut bits)?;
            lines.lock().unwrap().insert(u32::from_ne_bytes(bits));
            0
        }
        _ => NOT_HERE,
    };
    stream.write_all(&words([DONE, result as u64, 0]))
}

const CH340: (&str, &str) = ("1a86", "7523");
const FTDI: (&str, &str) = ("0403", "6001");

#[test]
fn a_reader_is_found_by_its_usb_numbers() {
    let machine = Machine::new();
    let (_one, reader) = virtual_reader();
    let (_two, other) = virtual_reader();
    let lines = machine.plug(0, CH340, "R1", &reader);
    machine.plug(1, FTDI, "R2", &other);
    let (code, said) = machine.run(&["list"]);
    assert_eq!(code, 0);
    assert!(
        said.contains("pn532:/dev/ttyUSB0  pn532:usb:1a86:7523:R1  USB Serial"),
        "{said}"
    );
    assert!(
        said.contains("pn532:/dev/ttyUSB1  pn532:usb:0403:6001:R2"),
        "{said}"
    );
    let check = |selector: &str, expect: &str| {
        let (code, said) = machine.run(&["status", selector]);
        assert_eq!(
            (code, said.contains(expect)),
            (0, true),
            "{selector}: {said}"
        );
    };
    check("pn532:usb:1a86:7523", "at /dev/ttyUSB0: ready");
    assert_eq!(*lines.lock().unwrap(), BTreeSet::from([DTR, RTS]));
    check("pn532:usb:0403:6001:R2", "at /dev/ttyUSB1: ready");
    check("pn532:usb", "at /dev/ttyUSB0: ready");
    check("pn532:/dev/ttyUSB1", "at /dev/ttyUSB1: ready");
    for absent in ["pn532:usb:0403:6001:R1", "pn532:usb:1a86:5523"] {
        let (code, said) = machine.run(&["status", absent]);
        assert_eq!(code, 1);
        assert!(said.starts_with("not-found"), "{absent}: {said}");
    }
}

#[test]
fn among_several_ports_the_one_with_a_reader_is_found() {
    let machine = Machine::new();
    let (_modem, modem) = virtual_reader();
    let (_reader, reader) = virtual_reader();
    modem.raise(Fault::WrongDevice);
    machine.plug(0, FTDI, "modem", &modem);
    let (code, said) = machine.run(&["status", "pn532:any", "--wait", "30"]);
    assert_eq!(
        (code, said.split(':').next()),
        (1, Some("wrong-device")),
        "{said}"
    );
    machine.plug(1, CH340, "R1", &reader);
    let (code, said) = machine.run(&["status", "pn532:any", "--wait", "30"]);
    assert_eq!(
        (code, said.contains("at /dev/ttyUSB1: ready")),
        (0, true),
        "{said}"
    );
}

#[test]
fn a_pulled_bridge_is_reported_and_found_again_under_another_name() {
    let machine = Machine::new();
    let (_selector, reader) = virtual_reader();
    reader.lay(VirtualCard::desfire());
    machine.plug(0, CH340, "R1", &reader);
    let mut watch = machine
        .readerctl(&["watch", "pn532:usb:1a86:7523:R1", "--for", "60"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let mut until_line = |expect: &str| {
        assert!(
            lines.any(|line| line.contains(expect)),
            "it never said {expect}"
        );
    };
    until_line("card: UID of 7 bytes, ISO 14443-4");
    machine.pull(0);
    reader.unplug();
    until_line("unplugged: The card reader has been unplugged.");
    reader.plug();
    machine.plug(3, CH340, "R1", &reader);
    // status and cards are printed separately, in either order
    let mut awaited = vec!["at /dev/ttyUSB3: ready", "card: UID of 7 bytes"];
    while !awaited.is_empty() {
        let line = lines.next();
        let line = line.unwrap_or_else(|| panic!("it never said {awaited:?}"));
        awaited.retain(|expect| !line.contains(expect));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
}
