//! The program that reads aloud, espeak-ng or one that takes its arguments: a process for each sentence, which ends at
//! once when something else is to be heard.
//!
//! The words go in by its standard input: anybody on the machine can read a program's arguments.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};

use super::Sentence;
use common::Problems;

/// `[speech]`: reading aloud.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `none`, or the program that reads aloud: `espeak-ng`, or the path of another that takes its arguments.
    pub program: String,
    /// Only the visitor hears it: the sound goes to headphones or a handset alone. Names and codes are read aloud only then.
    pub private: bool,
    /// Words a minute.
    pub rate: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            program: "none".to_owned(),
            private: false,
            rate: 160,
        }
    }
}

/// What espeak-ng takes.
const RATES: std::ops::RangeInclusive<u32> = 80..=450;

impl Settings {
    pub fn check(&self, problems: &mut Problems) {
        if !RATES.contains(&self.rate) {
            let remedy = "Write words a minute from 80 to 450, for example 160.";
            problems.at("speech.rate", "is no speed to speak at", remedy);
        }
    }

    /// The program, where the booth is to speak and has it.
    pub fn find(&self) -> Result<Option<PathBuf>, Missing> {
        if self.program == "none" {
            return Ok(None);
        }
        let named = Path::new(&self.program);
        let folders: Vec<PathBuf> = if named.components().count() > 1 {
            vec![PathBuf::new()]
        } else {
            env::var_os("PATH")
                .map(|path| env::split_paths(&path).collect())
                .unwrap_or_default()
        };
        let found = folders.iter().map(|folder| folder.join(named));
        match found.into_iter().find(|file| file.is_file()) {
            Some(file) => Ok(Some(file)),
            None => Err(Missing(self.program.clone())),
        }
    }
}

/// The program is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not installed, so nothing is read aloud: install Debian's espeak-ng, or write program = \"none\" in [speech]"
)]
pub struct Missing(String);

/// Steps of the volume in espeak-ng's measure, 6 dB each; the third is where each visit begins (EN 301 549, 8.2.1).
const VOLUMES: [u32; 4] = [25, 50, 100, 200];
const VOLUME: usize = 2;

/// No sentence takes longer; a program that does hangs.
const LONGEST: Duration = Duration::from_secs(120);
/// The program takes the words within this, or hangs.
const TAKEN: Duration = Duration::from_secs(2);
/// So often in a row it may fail before the booth counts as mute.
const FAILURES: u32 = 3;

/// A voice at work. Silent once it is dropped.
#[derive(Debug)]
pub struct Voice {
    orders: mpsc::UnboundedSender<Order>,
    works: Arc<AtomicBool>,
    private: bool,
    volume: usize,
}

#[derive(Debug)]
enum Order {
    Say(Spoken, bool),
    Stop,
}

/// A sentence with all that its process is told.
#[derive(Debug)]
struct Spoken {
    words: String,
    language: String,
    volume: u32,
}

impl Voice {
    /// The voice that the settings ask for. Must be called inside the runtime.
    pub fn open(settings: &Settings) -> Result<Option<Voice>, Missing> {
        let Some(program) = settings.find()? else {
            return Ok(None);
        };
        let (orders, taken) = mpsc::unbounded_channel();
        let works = Arc::new(AtomicBool::new(true));
        let speaker = Speaker {
            program,
            rate: settings.rate,
            works: works.clone(),
            failures: 0,
            speaking: None,
            next: None,
        };
        drop(tokio::spawn(speaker.run(taken)));
        Ok(Some(Voice {
            orders,
            works,
            private: settings.private,
            volume: VOLUME,
        }))
    }

    /// Whether what was to be said lately was said.
    pub fn works(&self) -> bool {
        self.works.load(Ordering::Relaxed)
    }

    /// Only the visitor hears it.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Says a sentence; of those that wait for their turn only the newest is kept.
    pub fn say(&self, sentence: Sentence, language: &str) {
        let spoken = Spoken {
            words: sentence.words,
            language: language.to_owned(),
            volume: VOLUMES[self.volume],
        };
        self.order(Order::Say(spoken, sentence.at_once));
    }

    /// Is silent at once, and forgets what waits.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// One step louder or softer, from the next sentence on.
    pub fn turn(&mut self, louder: bool) {
        self.volume = if louder {
            (self.volume + 1).min(VOLUMES.len() - 1)
        } else {
            self.volume.saturating_sub(1)
        };
    }

    /// As loud as at the start: for the next visitor.
    pub fn reset(&mut self) {
        self.volume = VOLUME;
    }

    fn order(&self, order: Order) {
        // it ends with the runtime, and then nobody is there to hear
        let _ = self.orders.send(order).is_ok();
    }
}

/// Runs the program, one process at a time.
struct Speaker {
    program: PathBuf,
    rate: u32,
    works: Arc<AtomicBool>,
    failures: u32,
    speaking: Option<Child>,
    next: Option<Spoken>,
}

impl Speaker {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        loop {
            let order = tokio::select! {
                biased;
                order = orders.recv() => order,
                well = ended(&mut self.speaking) => {
                    self.speaking = None;
                    self.count(well);
                    if let Some(next) = self.next.take() {
                        self.begin(next).await;
                    }
                    continue;
                }
            };
            match order {
                None => break,
                Some(Order::Stop) => {
                    self.next = None;
                    self.silence().await;
                }
                Some(Order::Say(spoken, at_once)) => {
                    if at_once {
                        self.silence().await;
                    }
                    if self.speaking.is_some() {
                        self.next = Some(spoken);
                    } else {
                        self.next = None;
                        self.begin(spoken).await;
                    }
                }
            }
        }
        self.silence().await;
    }

    async fn begin(&mut self, spoken: Spoken) {
        let child = Command::new(&self.program)
            .args(["-v", &spoken.language])
            .args(["-s", &self.rate.to_string()])
            .args(["-a", &spoken.volume.to_string()])
            .arg("--stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut child) = child else {
            self.count(false);
            return;
        };
        if let Some(mut input) = child.stdin.take() {
            // one that does not read is one that fails, and its end is counted
            let _ = timeout(TAKEN, input.write_all(spoken.words.as_bytes()))
                .await
                .is_ok();
        }
        self.speaking = Some(child);
    }

    async fn silence(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            // it may have ended by itself just now
            let _ = child.kill().await.is_ok();
        }
    }

    fn count(&mut self, well: bool) {
        self.failures = if well { 0 } else { self.failures + 1 };
        let works = self.failures < FAILURES;
        if self.works.swap(works, Ordering::Relaxed) && !works {
            tracing::warn!(
                "\"{}\" failed {FAILURES} times in a row; nothing is read aloud until the booth is started anew",
                self.program.display()
            );
        }
    }
}

/// Waits for the end of what is being said, and tells whether it was said; forever where nothing is.
async fn ended(speaking: &mut Option<Child>) -> bool {
    match speaking {
        Some(child) => match timeout(LONGEST, child.wait()).await {
            Ok(Ok(status)) => status.success(),
            Ok(Err(_)) => false,
            Err(_) => {
                let _ = child.kill().await.is_ok();
                false
            }
        },
        None => std::future::pending().await,
    }
}
