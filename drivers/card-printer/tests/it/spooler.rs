//! Debian's cupsd, started on a port of its own with folders of its own, and queues whose back end the tests write.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use usb_bed::Bed;

const CUPSD: &str = "/usr/sbin/cupsd";
const PARTS: &str = "/usr/lib/cups";

/// How a queue is set up, beside what every queue of a test has.
pub(crate) struct Setup<'a> {
    pub(crate) name: &'a str,
    pub(crate) device: String,
    pub(crate) policy: &'a str,
    pub(crate) state: &'a str,
    pub(crate) accepting: bool,
    /// The description of the printer.
    pub(crate) ppd: String,
}

/// A description that lets PDF through as it is.
pub(crate) const PLAIN: &str = "*PPD-Adobe: \"4.3\"
*FormatVersion: \"4.3\"
*FileVersion: \"1.0\"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: \"PLAIN.PPD\"
*Manufacturer: \"Test\"
*Product: \"(Plain)\"
*ModelName: \"Plain card\"
*ShortNickName: \"Plain card\"
*NickName: \"Plain card\"
*PSVersion: \"(3010.000) 0\"
*LanguageLevel: \"3\"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*Throughput: \"1\"
*cupsFilter2: \"application/pdf application/pdf 0 -\"
*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: card
*PageSize card/Card: \"<</PageSize[155 244]>>setpagedevice\"
*CloseUI: *PageSize
*OpenUI *PageRegion: PickOne
*DefaultPageRegion: card
*PageRegion card/Card: \"<</PageSize[155 244]>>setpagedevice\"
*CloseUI: *PageRegion
*DefaultImageableArea: card
*ImageableArea card/Card: \"0 0 155 244\"
*DefaultPaperDimension: card
*PaperDimension card/Card: \"155 244\"
";

/// A back end that keeps each job as a file, says what the test wants said, and waits while the test wants it to.
const BACK_END: &str = r#"#!/bin/sh
[ $# -eq 0 ] && { echo 'direct card-test "Unknown" "Card test"'; exit 0; }
desk=${DEVICE_URI#card-test:}
cat ${6:+"$6"} >"$desk/part-$1"
mv "$desk/part-$1" "$desk/job-$1"
while [ -e "$desk/hold" ]; do
    cat "$desk/hold" >&2
    sleep 0.05
done
[ ! -e "$desk/after" ] || cat "$desk/after" >&2
[ ! -e "$desk/fail" ] || exit 1
"#;

impl<'a> Setup<'a> {
    /// A queue that gives PDF to the test's own back end.
    pub(crate) fn plain(name: &'a str, desk: &Path) -> Self {
        Self {
            name,
            device: format!("card-test:{}", desk.display()),
            policy: "abort-job",
            state: "Idle",
            accepting: true,
            ppd: PLAIN.to_owned(),
        }
    }
}

/// A running spooler; it ends with this.
pub(crate) struct Spooler {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Spooler {
    /// Starts it. Gutenprint's back end finds the printer on `bed`.
    pub(crate) fn start(queues: &[Setup<'_>], bed: Option<&Bed>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        // Back ends run under an account of their own.
        fs::set_permissions(top, fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        lay(top, port, queues);
        if let Some(bed) = bed {
            program(
                &top.join("bin/backend/gutenprint53+usb"),
                &format!(
                    "#!/bin/sh\nexport LD_PRELOAD=libumockdev-preload.so.0 UMOCKDEV_DIR={}\nexec {PARTS}/backend/gutenprint53+usb \"$@\"\n",
                    bed.folder().display()
                ),
            );
        }
        let child = Command::new(CUPSD)
            .args(["-f", "-c"])
            .arg(top.join("cupsd.conf"))
            .arg("-s")
            .arg(top.join("cups-files.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{CUPSD}: {error}: run make test, which installs cups"));
        let mut spooler = Self {
            child,
            port,
            folder,
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < deadline && spooler.child.try_wait().unwrap().is_none(),
                "cupsd does not listen: {}",
                spooler.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        spooler
    }

    /// What it wrote of jobs in its log.
    pub(crate) fn log(&self) -> String {
        let path = self.folder.path().join("log/error");
        let text = fs::read_to_string(path).unwrap_or_default();
        let jobs = text.lines().filter(|line| {
            line.contains("[Job") && !line.contains("progress") && !line.contains("%")
        });
        let lines: Vec<&str> = jobs.rev().take(200).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Its socket file.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("cups.sock")
    }

    pub(crate) fn queue(&self, name: &str) -> String {
        format!("ipp://127.0.0.1:{}/printers/{name}", self.port)
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Spooler {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Asked to, it ends the programs that it started.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .is_ok_and(|status| status.success());
        let deadline = Instant::now() + Duration::from_secs(5);
        while asked && Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
    }
}

/// A script that the spooler may run.
fn program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Writes its folders and files: Debian's own configuration, with other places.
fn lay(top: &Path, port: u16, queues: &[Setup<'_>]) {
    for folder in [
        "etc/ppd",
        "spool/tmp",
        "cache",
        "state",
        "log",
        "bin/backend",
    ] {
        fs::create_dir_all(top.join(folder)).unwrap();
    }
    for folder in [
        "filter", "daemon", "driver", "notifier", "monitor", "cgi-bin",
    ] {
        std::os::unix::fs::symlink(Path::new(PARTS).join(folder), top.join("bin").join(folder))
            .unwrap();
    }
    program(&top.join("bin/backend/card-test"), BACK_END);
    let place = |name: &str| top.join(name).display().to_string();
    let files = [
        ("ServerRoot", "etc"),
        ("ServerBin", "bin"),
        ("RequestRoot", "spool"),
        ("TempDir", "spool/tmp"),
        ("CacheDir", "cache"),
        ("StateDir", "state"),
        ("AccessLog", "log/access"),
        ("ErrorLog", "log/error"),
        ("PageLog", "log/page"),
        ("Printcap", "printcap"),
    ];
    let mut text = "SystemGroup root\n".to_owned();
    for (word, name) in files {
        text += &format!("{word} {}\n", place(name));
    }
    fs::write(top.join("cups-files.conf"), text).unwrap();
    let debian = fs::read_to_string("/usr/share/cups/cupsd.conf.default")
        .or_else(|_| fs::read_to_string("/etc/cups/cupsd.conf"))
        .unwrap_or_else(|error| panic!("cupsd.conf: {error}: run make test, which installs cups"));
    let lines = debian.lines().filter(|line| {
        let word = line.split_whitespace().next().unwrap_or_default();
        ![
            "Listen",
            "Browsing",
            "BrowseLocalProtocols",
            "IdleExitTimeout",
            "LogLevel",
            "WebInterface",
            "Port",
        ]
        .contains(&word)
    });
    let own = format!(
        "Listen 127.0.0.1:{port}\nListen {}\nBrowsing No\nIdleExitTimeout 0\nLogLevel debug\nWebInterface No\n",
        place("cups.sock")
    );
    let text = lines.fold(own, |text, line| text + line + "\n");
    fs::write(top.join("cupsd.conf"), text).unwrap();
    let mut printers = String::new();
    for (number, queue) in queues.iter().enumerate() {
        printers += &format!(
            "<Printer {}>\nPrinterId {}\nUUID urn:uuid:00000000-0000-4000-8000-{:012}\nInfo {}\nMakeModel Plain card\n\
             DeviceURI {}\nState {}\nType 4\nAccepting {}\nShared No\nJobSheets none none\nOpPolicy default\nErrorPolicy {}\n\
             </Printer>\n",
            queue.name,
            number + 1,
            number + 1,
            queue.name,
            queue.device,
            queue.state,
            if queue.accepting { "Yes" } else { "No" },
            queue.policy,
        );
        fs::write(top.join(format!("etc/ppd/{}.ppd", queue.name)), &queue.ppd).unwrap();
    }
    fs::write(top.join("etc/printers.conf"), printers).unwrap();
}
