//! Parses strace's log of a program into its writes, syncs and output, in order.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The calls that change files, sync them, or write output.
const CALLS: &str = "openat,open,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,\
    fdatasync,rename,renameat,renameat2,unlink,unlinkat,lseek";

/// One event; files are identified by their path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Make(PathBuf),
    Write {
        path: PathBuf,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        path: PathBuf,
        length: usize,
    },
    /// What was written before this is safe once the sync ends, and not earlier.
    SyncBegins(PathBuf),
    SyncEnds(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
    /// A write to standard output begins. From here on a reader may rely on its text.
    Said(String),
}

/// Runs a program under strace and returns its events with files below `root`.
pub(super) fn record(program: &mut Command, root: &Path, log: &Path) -> Vec<Event> {
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "100000000"])
        .args(["-e", &format!("trace={CALLS}"), "-o"])
        .arg(log)
        .arg(program.get_program())
        .args(program.get_args())
        .stdout(Stdio::null());
    for (name, value) in program.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = program.get_current_dir() {
        strace.current_dir(folder);
    }
    let status = strace
        .status()
        .expect("strace is missing: run `make test`, which installs it");
    assert!(
        status.success(),
        "{program:?} under strace ended with {status}"
    );
    let text = std::fs::read_to_string(log).unwrap();
    let root = root.canonicalize().unwrap();
    let events = read(&text, &root);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Write { .. })),
        "strace saw no write below {}",
        root.display()
    );
    events
}

/// Parses a log, without events of files that are not below `root`.
pub(super) fn read(log: &str, root: &Path) -> Vec<Event> {
    let mut reader = Reader {
        root,
        events: Vec::new(),
        positions: HashMap::new(),
        begun: HashMap::new(),
    };
    for line in log.lines() {
        reader.line(line);
    }
    reader.events
}

struct Reader<'a> {
    root: &'a Path,
    events: Vec<Event>,
    /// The file position by descriptor; all threads share the descriptors.
    positions: HashMap<u32, usize>,
    /// The part of an interrupted call that was logged so far, by thread.
    begun: HashMap<String, String>,
}

impl Reader<'_> {
    fn line(&mut self, line: &str) {
        let Some((thread, rest)) = line.split_once(' ') else {
            return;
        };
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            self.begins(begun);
            self.begun.insert(thread.to_owned(), begun.to_owned());
        } else if let Some((_, end)) = rest
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            if let Some(begun) = self.begun.remove(thread) {
                self.ends(&format!("{begun}{end}"));
            }
        } else {
            self.begins(rest);
            self.ends(rest);
        }
    }

    /// Handles the start of a call, for calls that may take effect before they return.
    fn begins(&mut self, call: &str) {
        let Some((name, arguments)) = call.split_once('(') else {
            return;
        };
        let arguments = split(arguments);
        match name {
            "fsync" | "fdatasync" => {
                let first = arguments.first().and_then(|first| descriptor(first));
                if let Some((_, Some(path))) = first {
                    self.push(Event::SyncBegins(path));
                }
            }
            "write" if arguments[0].starts_with("1<") => {
                let text = arguments.get(1).map(|text| bytes(text)).unwrap_or_default();
                self.events
                    .push(Event::Said(String::from_utf8_lossy(&text).into_owned()));
            }
            _ => {}
        }
    }

    /// Handles the end of a call, for calls that take effect only if they return without an error.
    fn ends(&mut self, call: &str) {
        let Some((name, rest)) = call.split_once('(') else {
            return;
        };
        // The program ended before the call returned.
        if rest.ends_with(" <detached ...>") {
            return;
        }
        // strace pads short lines, so that their results are aligned.
        let Some((arguments, result)) = rest
            .rsplit_once(" = ")
            .and_then(|(call, result)| Some((call.trim_end().strip_suffix(')')?, result)))
        else {
            panic!("strace's line is not understood: {call:.200}");
        };
        let number = result
            .split(|c: char| !c.is_ascii_digit() && c != '-')
            .next();
        let Some(number) = number.and_then(|number| number.parse::<i64>().ok()) else {
            return;
        };
        let Ok(number) = usize::try_from(number) else {
            return;
        };
        let arguments = split(arguments);
        let count = |at: usize| {
            arguments
                .get(at)
                .and_then(|text| text.parse::<usize>().ok())
                .unwrap_or_else(|| panic!("{name} without its number {at}: {arguments:?}"))
        };
        let file = || arguments.first().and_then(|first| descriptor(first));
        match name {
            "openat" | "open" | "creat" => self.opened(&arguments, result),
            "write" => {
                if let Some((number_of, Some(path))) = file() {
                    let mut bytes = bytes(&arguments[1]);
                    bytes.truncate(number);
                    let position = self.positions.entry(number_of).or_default();
                    let at = *position;
                    *position += bytes.len();
                    self.push(Event::Write { path, at, bytes });
                }
            }
            "lseek" => {
                if let Some((number_of, _)) = file() {
                    self.positions.insert(number_of, number);
                }
            }
            "pwrite64" => {
                if let Some((_, Some(path))) = file() {
                    let mut bytes = bytes(&arguments[1]);
                    bytes.truncate(number);
                    let at = count(3);
                    self.push(Event::Write { path, at, bytes });
                }
            }
            "writev" | "pwritev" | "pwritev2" => {
                if let Some((_, Some(path))) = file() {
                    assert!(
                        !path.starts_with(self.root),
                        "{name} to {} is not understood here",
                        path.display()
                    );
                }
            }
            "ftruncate" | "fallocate" => {
                if let Some((_, Some(path))) = file() {
                    // `fallocate` never shortens a file, and the store is not expected to use it.
                    assert!(
                        name == "ftruncate" || !path.starts_with(self.root),
                        "fallocate"
                    );
                    let length = count(1);
                    self.push(Event::Cut { path, length });
                }
            }
            "truncate" => {
                let (path, length) = (name_of(&arguments[0]), count(1));
                self.push(Event::Cut { path, length });
            }
            "fsync" | "fdatasync" => {
                if let Some((_, Some(path))) = file() {
                    self.push(Event::SyncEnds(path));
                }
            }
            "rename" => self.push(Event::Rename {
                from: name_of(&arguments[0]),
                to: name_of(&arguments[1]),
            }),
            "renameat" | "renameat2" => self.push(Event::Rename {
                from: name_of(&arguments[1]),
                to: name_of(&arguments[3]),
            }),
            "unlink" => self.push(Event::Remove(name_of(&arguments[0]))),
            "unlinkat" => self.push(Event::Remove(name_of(&arguments[1]))),
            _ => {}
        }
    }

    fn opened(&mut self, arguments: &[String], result: &str) {
        let Some((number, Some(path))) = descriptor(result) else {
            return;
        };
        self.positions.insert(number, 0);
        let flags = arguments
            .iter()
            .find(|text| text.starts_with("O_"))
            .map_or("", String::as_str);
        if flags.contains("O_CREAT") {
            self.push(Event::Make(path.clone()));
        }
        if flags.contains("O_TRUNC") {
            self.push(Event::Cut { path, length: 0 });
        }
    }

    fn push(&mut self, event: Event) {
        let path = match &event {
            Event::Make(path)
            | Event::Write { path, .. }
            | Event::Cut { path, .. }
            | Event::SyncBegins(path)
            | Event::SyncEnds(path)
            | Event::Rename { to: path, .. }
            | Event::Remove(path) => path,
            Event::Said(_) => return self.events.push(event),
        };
        if path.starts_with(self.root) {
            self.events.push(event);
        }
    }
}

/// Splits the arguments of a call at the commas outside of quotes.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                part.push(c);
            }
            ',' if !quoted => parts.push(std::mem::take(&mut part).trim().to_owned()),
            c => part.push(c),
        }
    }
    parts.push(part.trim().trim_end_matches(')').to_owned());
    parts
}

/// Parses `4</path>` into number and path. A file that was unlinked has no path.
fn descriptor(text: &str) -> Option<(u32, Option<PathBuf>)> {
    let (number, rest) = text.trim().split_once('<')?;
    let number = number.parse().ok()?;
    let (path, after) = rest.split_once('>')?;
    let path = (!after.contains("deleted")).then(|| name_of(path));
    Some((number, path))
}

fn name_of(text: &str) -> PathBuf {
    String::from_utf8_lossy(&bytes(text)).into_owned().into()
}

/// Parses bytes like `\x41\x42`, with or without quotes.
fn bytes(text: &str) -> Vec<u8> {
    let text = text.trim().trim_matches('"');
    let mut bytes = Vec::with_capacity(text.len() / 4);
    let mut rest = text.as_bytes();
    while let [b'\\', b'x', high, low, after @ ..] = rest {
        let digit = |c: &u8| (*c as char).to_digit(16).unwrap();
        bytes.push((digit(high) << 4 | digit(low)) as u8);
        rest = after;
    }
    assert!(rest.is_empty(), "strace cut a text short: {text:.60}");
    bytes
}

#[test]
fn interrupted_calls_are_put_together() {
    let hex = |text: &str| {
        text.bytes()
            .map(|b| format!("\\x{b:02x}"))
            .collect::<String>()
    };
    let (file, folder) = (hex("/d/f"), hex("/d"));
    let log = format!(
        "7 openat(AT_FDCWD<{folder}>, \"{file}\", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 4<{file}>\n\
         7 pwrite64(4<{file}>, \"{ab}\", 2, 512 <unfinished ...>\n\
         8 write(1<{out}>, \"{said}\", 4 <unfinished ...>\n\
         9 fdatasync(4<{file}> <unfinished ...>\n\
         7 <... pwrite64 resumed>)             = 2\n\
         8 <... write resumed>)                = 4\n\
         9 <... fdatasync resumed>)            = 0\n\
         9 pwrite64(4<{file}>, \"{ab}\", 2, 0) = -1 EIO (Input/output error)\n\
         9 unlink(\"{file}\") = 0\n",
        ab = hex("ab"),
        said = hex("yes\n"),
        out = hex("/dev/null"),
    );
    let f = PathBuf::from("/d/f");
    assert_eq!(
        read(&log, Path::new("/d")),
        [
            Event::Make(f.clone()),
            Event::Said("yes\n".to_owned()),
            Event::SyncBegins(f.clone()),
            Event::Write {
                path: f.clone(),
                at: 512,
                bytes: b"ab".to_vec()
            },
            Event::SyncEnds(f.clone()),
            Event::Remove(f),
        ]
    );
}
