//! Searches the program's memory, files and log for a person's data after their visit.
//!
//! The booth runs in its own process. Its provider (oidc-provider), its portal and the visitor's phone run outside it,
//! so that everything that is found belongs to the booth. The devices are virtual, and the camera shows another picture
//! by the time of the search.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::unix::fs::FileExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    phone::Phone,
    servers::{Eavesdropper, Heard, OidcProvider},
    site::{BOOTH, Site},
    window::{display::Display, program::Program},
};

const SUBJECT: &str = "kanariefagel-4711";
const NAME: &str = "Örjana Kanariefågel-Ŋuollo";
const CARD_NUMBER: &str = "7391 5500 2846";
/// The colour that fills the camera's picture. No other picture has an area of it.
const COLOUR: [u8; 3] = [90, 23, 195];

const PEOPLE: &str = r#"
[[people]]
subject = "kanariefagel-4711"
name = "Örjana Kanariefågel-Ŋuollo"
affiliation = ["student"]

[[people.kinds]]
kind = "student"
valid_through = "2029-06-30"
card_number = "7391 5500 2846"
functions = ["access"]

[[places]]
id = "infocenter"
name = "Infocenter"
"#;

/// Bytes to search for, with a name.
type Canary = (String, Vec<u8>);

/// Searches for all canaries at once, and for an area of [`COLOUR`].
struct Search {
    canaries: Vec<Canary>,
    /// Whether some canary begins with this pair of bytes, which is a fast filter.
    begins: Vec<bool>,
}

impl Search {
    fn new(canaries: Vec<Canary>) -> Self {
        let mut begins = vec![false; 1 << 16];
        for (name, bytes) in &canaries {
            assert!(
                bytes.len() >= 8,
                "{name} is too short to be told from chance"
            );
            begins[pair(bytes)] = true;
        }
        Self { canaries, begins }
    }

    /// Adds the names of the canaries that `bytes` contains to `found`.
    fn find(&self, bytes: &[u8], found: &mut Vec<String>) {
        for at in 0..bytes.len().saturating_sub(1) {
            let rest = &bytes[at..];
            if self.begins[pair(rest)] {
                let here = self
                    .canaries
                    .iter()
                    .filter(|(_, canary)| rest.starts_with(canary));
                found.extend(here.map(|(name, _)| name.clone()));
            }
        }
        let pixels = (0..bytes.len().saturating_sub(SURFACE)).step_by(STEP);
        if pixels
            .into_iter()
            .any(|at| is_surface(&bytes[at..at + SURFACE]))
        {
            found.push("pixels".to_owned());
        }
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// The size of an area in bytes: 24 pixels of four bytes, or 32 of three.
const SURFACE: usize = 96;
/// The distance in bytes between two places that are examined. No row of a scaled portrait is short enough to be
/// missed.
const STEP: usize = 48;
/// How far JPEG and scaling can move a value.
const NEAR: u8 = 6;

/// Whether these bytes are pixels of the colour, in any order of channels, with or without a fourth byte.
fn is_surface(bytes: &[u8]) -> bool {
    let near = |a: u8, b: u8| a.abs_diff(b) <= NEAR;
    let [r, g, b] = COLOUR;
    // Of two adjacent bytes at least one is a channel of the colour. This rejects most memory quickly.
    if !bytes[..2]
        .iter()
        .any(|byte| COLOUR.iter().any(|colour| near(*byte, *colour)))
    {
        return false;
    }
    let layouts: [&[Option<u8>]; 4] = [
        &[Some(r), Some(g), Some(b)],
        &[Some(b), Some(g), Some(r)],
        &[Some(r), Some(g), Some(b), None],
        &[Some(b), Some(g), Some(r), None],
    ];
    layouts.iter().any(|layout| {
        (0..layout.len()).any(|shift| {
            bytes.iter().enumerate().all(|(at, byte)| {
                layout[(at + shift) % layout.len()].is_none_or(|wanted| near(*byte, wanted))
            })
        })
    })
}

/// Searches all memory that the process can write to: heap, stacks and shared memory.
fn search_memory(process: u32, search: &Search) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    let mut searched = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, may) = (fields.next().unwrap(), fields.next().unwrap());
        if !may.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let at = |text| u64::from_str_radix(text, 16).unwrap();
        let (from, to) = (at(from), at(to));
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // A range that was unmapped meanwhile cannot be read and holds nothing.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            searched += bytes.len();
            let before = found.len();
            search.find(&bytes, &mut found);
            let place = fields.nth(3).unwrap_or("");
            for name in &mut found[before..] {
                *name = format!("{name} in memory {place}");
            }
        }
    }
    assert!(
        searched > 1 << 20,
        "the memory was not read: {searched} bytes"
    );
    found.sort();
    found
}

/// Whether a crash of this process would dump core.
fn leaves_core(process: u32) -> bool {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let mut lines = limits.lines();
    let core = lines
        .find_map(|line| line.strip_prefix("Max core file size"))
        .unwrap();
    core.split_whitespace().next() != Some("1")
}

fn search_folder(folder: &Path, search: &Search, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search_folder(&path, search, found);
        } else {
            let mut here = Vec::new();
            search.find(&fs::read(&path).unwrap(), &mut here);
            let name = path.file_name().unwrap().to_string_lossy();
            found.extend(here.into_iter().map(|canary| format!("{canary} in {name}")));
        }
    }
}

/// A relay in front of the portal that records what the booth sends, and holds requests back until it is opened.
struct Gate {
    address: String,
    /// The bytes that the booth sent on each connection.
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    open: watch::Sender<bool>,
}

impl Gate {
    async fn bind() -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gate = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            sent: Arc::default(),
            open: watch::Sender::new(false),
        };
        (gate, listener)
    }

    fn lead_to(&self, listener: TcpListener, portal: std::net::SocketAddr) {
        let (sent, open) = (self.sent.clone(), self.open.subscribe());
        tokio::spawn(async move {
            while let Ok((booth, _)) = listener.accept().await {
                tokio::spawn(pass(booth, portal, sent.clone(), open.clone()));
            }
        });
    }

    fn is_asked_for_somebody(&self) -> bool {
        let sent = self.sent.lock().unwrap();
        sent.iter().any(|sent| sent.starts_with(b"GET /v1/holder "))
    }

    /// The first bytes that were sent between `before` and `after`.
    fn heard(&self, before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
        let sent = self.sent.lock().unwrap();
        sent.iter().find_map(|bytes| {
            let from = find(bytes, before)? + before.len();
            let to = from + find(&bytes[from..], after)?;
            Some(bytes[from..to].to_vec())
        })
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

async fn pass(
    mut booth: TcpStream,
    portal: std::net::SocketAddr,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    mut open: watch::Receiver<bool>,
) {
    let mut portal = TcpStream::connect(portal).await.unwrap();
    let (mut from_booth, mut to_booth) = booth.split();
    let (mut from_portal, mut to_portal) = portal.split();
    let number = {
        let mut sent = sent.lock().unwrap();
        sent.push(Vec::new());
        sent.len() - 1
    };
    let out = async {
        let mut piece = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_booth.read(&mut piece).await {
            sent.lock().unwrap()[number].extend_from_slice(&piece[..count]);
            if piece.starts_with(b"GET /v1/holder ") {
                let _ = open.wait_for(|open| *open).await;
            }
            if to_portal.write_all(&piece[..count]).await.is_err() {
                break;
            }
        }
        let _ = to_portal.shutdown().await;
    };
    let back = async {
        let _ = tokio::io::copy(&mut from_portal, &mut to_booth).await;
    };
    tokio::join!(out, back);
}

/// The booth's process, its log and its output.
struct Booth {
    process: Child,
    _stdin: ChildStdin,
    lines: Arc<Mutex<Vec<String>>>,
    log: Arc<Mutex<String>>,
}

impl Booth {
    fn start(site: &Site, temporary: &TempDir, args: &[&OsStr]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
            .arg("--config")
            .arg(site.path("site"))
            .args(args)
            .env("FOTOAUTOMAT_LOG", "debug")
            .env("NO_COLOR", "1")
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, log): (Arc<Mutex<Vec<String>>>, Arc<Mutex<String>>) = Default::default();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut logged = process.stderr.take().unwrap();
        let (kept, heard) = (lines.clone(), log.clone());
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = logged.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..count]).into_owned();
                heard.lock().unwrap().push_str(&text);
            }
        });
        let stdin = process.stdin.take().unwrap();
        Self {
            process,
            _stdin: stdin,
            lines,
            log,
        }
    }

    /// Waits for the first line that begins with `begins`.
    async fn line(&self, begins: &str) -> String {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let said = {
                let lines = self.lines.lock().unwrap();
                lines.iter().find(|line| line.starts_with(begins)).cloned()
            };
            if let Some(line) = said {
                return line;
            }
            assert!(
                Instant::now() < until,
                "no {begins}: {}",
                self.log.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A process of the booth, with or without its window.
trait Spoken {
    fn id(&self) -> u32;

    /// The log and the output so far.
    fn said(&self) -> String;
}

impl Spoken for Booth {
    fn id(&self) -> u32 {
        self.process.id()
    }

    fn said(&self) -> String {
        self.log.lock().unwrap().clone() + &self.lines.lock().unwrap().join("\n")
    }
}

impl Spoken for Program<'_> {
    fn id(&self) -> u32 {
        Program::id(self)
    }

    fn said(&self) -> String {
        self.log()
    }
}

fn signal(process: u32, name: &str) {
    let id = process.to_string();
    let sent = Command::new("kill").args([name, &id]).status().unwrap();
    assert!(sent.success());
}

impl Drop for Booth {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for an answer of the provider that has the field `key`, as the eavesdropper recorded it.
async fn answer_with(heard: &Heard, key: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let found = heard.lock().unwrap().iter().find_map(|body| {
            let body: Value = serde_json::from_str(body).ok()?;
            body.get(key).is_some().then_some(body)
        });
        if let Some(found) = found {
            return found;
        }
        assert!(Instant::now() < until, "nobody said {key}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn text(value: &Value, key: &str) -> Vec<u8> {
    value[key].as_str().unwrap().as_bytes().to_vec()
}

/// A picture of one colour, with a lighter disc in the place of a face.
fn photo(folder: &Path) -> std::path::PathBuf {
    let picture = image::RgbImage::from_fn(1280, 720, |x, y| {
        let (dx, dy) = (f64::from(x) - 640.0, f64::from(y) - 340.0);
        if dx.hypot(dy) < 90.0 {
            // Noise makes the bytes of the photo's JPEG unique.
            let grain = (x / 5).wrapping_mul(2_654_435_761) ^ (y / 5).wrapping_mul(2_246_822_519);
            let grain = u8::try_from(grain >> 13 & 127).unwrap();
            image::Rgb([230, 120 + grain, 80 + grain])
        } else {
            image::Rgb(COLOUR)
        }
    });
    let path = folder.join("visitor.png");
    picture.save(&path).unwrap();
    path
}

/// Everything outside the booth: provider, portal, and the folders that the booth may write to.
struct Outside {
    heard: Heard,
    gate: Gate,
    site: Site,
    data: TempDir,
    temporary: TempDir,
    shelf: TempDir,
    _portal: portal_server::Running,
    _provider: OidcProvider,
}

impl Outside {
    async fn new() -> Self {
        let eavesdropper = Eavesdropper::bind().await;
        let issuer = eavesdropper.address.clone();
        let provider = OidcProvider::start(json!({
            "issuer": issuer,
            "accounts": { SUBJECT: { "name": NAME, "eduperson_affiliation": ["student"] } },
            "clients": [{
                "client_id": BOOTH,
                "client_name": "Photo booth infocenter-1, Infocenter",
                "token_endpoint_auth_method": "none",
                "application_type": "native",
                "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
                "response_types": [],
                "redirect_uris": [],
                "scope": "openid profile umu",
                "id_token_signed_response_alg": "ES256",
            }],
        }))
        .await;
        let heard = eavesdropper.listen(provider.address.clone());
        let site = Site::new();
        let (gate, listener) = Gate::bind().await;
        let portal = site.portal_behind(&issuer, PEOPLE, &gate.address).await;
        gate.lead_to(listener, portal.address);
        let identity = format!(
            "issuer = \"{issuer}\"\nclient_id = \"{BOOTH}\"\nscopes = [\"profile\", \"umu\"]\nallow_http_loopback = true"
        );
        site.write(&identity, &gate.address, "");
        let folder = || tempfile::tempdir().unwrap();
        Self {
            heard,
            gate,
            site,
            data: folder(),
            temporary: folder(),
            shelf: folder(),
            _portal: portal,
            _provider: provider,
        }
    }

    /// Approves on the phone. Returns the canaries of the sign-in and the person.
    async fn approve(&self) -> Vec<Canary> {
        let code = answer_with(&self.heard, "device_code").await;
        let scan = code["verification_uri_complete"].as_str().unwrap();
        Phone::new(None).approve(scan, SUBJECT).await;
        let tokens = answer_with(&self.heard, "id_token").await;
        let access_token = text(&tokens, "access_token");
        let id_token = text(&tokens, "id_token");
        let payload = id_token.split(|byte| *byte == b'.').nth(1).unwrap();
        let canary = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        vec![
            canary("the user code", &text(&code, "user_code")),
            canary("the device code", &text(&code, "device_code")),
            canary("the access token", &access_token),
            canary(
                "the end of the access token",
                &access_token[access_token.len() - 20..],
            ),
            canary("the ID Token", &id_token[..40]),
            canary("the ID Token's claims", &payload[payload.len() - 48..]),
            canary("the name", NAME.as_bytes()),
            canary("a part of the name", "Kanariefågel".as_bytes()),
            canary("the subject", SUBJECT.as_bytes()),
            canary("the card number", CARD_NUMBER.as_bytes()),
        ]
    }

    /// A piece of the photograph's JPEG as it was sent to the portal.
    fn photo_sent(&self) -> Canary {
        let jpeg = self
            .gate
            .heard(b"content-type: image/jpeg", b"\xff\xd9")
            .expect("the photo was sent");
        // A piece with few distinct bytes could also occur elsewhere.
        let distinct = |piece: &&[u8]| piece.iter().collect::<BTreeSet<_>>().len() > 32;
        let mut pieces = jpeg.chunks_exact(48).skip(jpeg.len() / 96);
        let piece = pieces.find(distinct).expect("a rough piece");
        ("the photo's JPEG".to_owned(), piece.to_vec())
    }

    /// The canaries that are found one second after `ended`, each with its place.
    async fn what_is_left(
        &self,
        booth: &impl Spoken,
        canaries: Vec<Canary>,
        ended: Instant,
    ) -> Vec<String> {
        let search = Search::new(canaries);
        tokio::time::sleep(Duration::from_secs(1).saturating_sub(ended.elapsed())).await;
        signal(booth.id(), "-STOP");
        let mut found = search_memory(booth.id(), &search);
        if leaves_core(booth.id()) {
            found.push("a crash leaves the memory on disk".to_owned());
        }
        search_folder(self.data.path(), &search, &mut found);
        search_folder(self.temporary.path(), &search, &mut found);
        let log = booth.said();
        assert!(log.contains("DEBUG"), "the log is really written");
        let mut said = Vec::new();
        search.find(log.as_bytes(), &mut said);
        found.extend(
            said.into_iter()
                .map(|canary| format!("{canary} in the log")),
        );
        signal(booth.id(), "-CONT");
        found.sort();
        found.dedup();
        found
    }
}

/// The canaries that are in the memory during a visit, to prove that the search finds them.
fn found_now(booth: &impl Spoken, canaries: &[Canary]) -> String {
    signal(booth.id(), "-STOP");
    let found = search_memory(booth.id(), &Search::new(canaries.to_vec()));
    signal(booth.id(), "-CONT");
    found.join("\n")
}

fn all_is_there(found: &str) {
    for expected in ["the name", "the subject", "the card number", "pixels"] {
        assert!(found.contains(expected), "no {expected}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_person_is_left_a_second_after_the_visit() {
    let outside = Outside::new().await;
    let photo = photo(outside.shelf.path());
    let args: [&OsStr; 8] = [
        "rehearse".as_ref(),
        "--idle".as_ref(),
        "--speed".as_ref(),
        "10".as_ref(),
        "--out".as_ref(),
        outside.data.path().as_ref(),
        "--photo".as_ref(),
        photo.as_ref(),
    ];
    let booth = Booth::start(&outside.site, &outside.temporary, &args);
    // The portal does not answer yet, so the booth still holds the token.
    let mut canaries = outside.approve().await;
    let until = Instant::now() + Duration::from_secs(60);
    while !outside.gate.is_asked_for_somebody() {
        assert!(Instant::now() < until, "nobody was looked up");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let found = found_now(&booth, &canaries);
    assert!(found.contains("the access token"), "{found}");
    outside.gate.open.send_replace(true);
    // While the card is printed, all of the person's data is in memory.
    booth.line("ack ").await;
    all_is_there(&found_now(&booth, &canaries));
    let idle = booth.line("idle ").await;
    let ended = Instant::now();
    assert!(idle.contains("\"printed\":1"), "{idle}");
    canaries.push(outside.photo_sent());
    let left = outside.what_is_left(&booth, canaries, ended).await;
    assert_eq!(left, Vec::<String>::new(), "left after the visit");
}

/// The same with the window, whose caches of texts and pictures and whose buffers for the display server are searched
/// too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_person_is_left_in_the_window_a_second_after_the_visit() {
    let outside = Outside::new().await;
    outside.gate.open.send_replace(true);
    let photo = photo(outside.shelf.path());
    let display = Display::x(1080, 1920);
    let mut command = Command::new(env!("CARGO_BIN_EXE_fotoautomat"));
    command
        .arg("--config")
        .arg(outside.site.path("site"))
        .args(["run", "--test-mode", "--data"])
        .arg(outside.data.path())
        .arg("--photo")
        .arg(&photo)
        .env("FOTOAUTOMAT_LOG", "debug")
        .env("TMPDIR", outside.temporary.path());
    let mut booth = Program::spawn(command, outside.data.path().to_owned(), &display);
    booth.sees("Attract");
    booth.touch_main();
    booth.sees("ShowCode");
    let mut canaries = outside.approve().await;
    booth.sees("AskIsThisYou");
    booth.touch_main();
    booth.sees("Consent");
    // This visitor has no old card, so the screen for it is skipped.
    booth.touch_main();
    booth.sees("Framing");
    // The picture has no face, so the visitor presses the shutter.
    booth.touch_main();
    booth.sees("Reviewing");
    // From now on the camera shows a grey picture.
    image::RgbImage::from_pixel(1280, 720, image::Rgb([128; 3]))
        .save(&photo)
        .unwrap();
    booth.touch_main();
    booth.sees("ShowingCard");
    booth.touch_main_until("Printing");
    all_is_there(&found_now(&booth, &canaries));
    booth.sees("ReadingBack");
    booth.touch_until("desk-new-card", "Collecting");
    booth.touch_main();
    booth.sees("Attract");
    let ended = Instant::now();
    canaries.push(outside.photo_sent());
    let left = outside.what_is_left(&booth, canaries, ended).await;
    assert_eq!(left, Vec::<String>::new(), "left after the visit");
}
