//! The voice: espeak-ng, or a program with the same arguments. Each sentence has a process of its own, which is killed
//! when another sentence interrupts it.
//!
//! The words are written to the standard input of the process, because its arguments can be read by any user of the
//! machine.

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

/// The range of rates that espeak-ng accepts, in words per minute.
const RATES: std::ops::RangeInclusive<u32> = 80..=450;

impl Settings {
    pub fn check(&self, problems: &mut Problems) {
        if !RATES.contains(&self.rate) {
            let remedy = "Write words a minute from 80 to 450, for example 160.";
            problems.at("speech.rate", "is no speed to speak at", remedy);
        }
    }

    /// The path of the program; `None` if the settings say that nothing is read aloud.
    ///
    /// # Errors
    ///
    /// [`Missing`] if the program is not installed.
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

/// The program is not installed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not installed, so nothing is read aloud: install Debian's espeak-ng, or write program = \"none\" in [speech]"
)]
pub struct Missing(String);

/// The volumes in espeak-ng's scale, in steps of 6 dB. Each visit starts at the third (EN 301 549, 8.2.1).
const VOLUMES: [u32; 4] = [25, 50, 100, 200];
const VOLUME: usize = 2;

/// No sentence takes this long, so a process that runs longer hangs and is killed.
const LONGEST: Duration = Duration::from_secs(120);
/// How long the program may take to read the words from its standard input.
const TAKEN: Duration = Duration::from_secs(2);
/// After so many failures in a row the voice counts as broken.
const FAILURES: u32 = 3;

/// A running voice. Dropping it ends the current sentence.
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

/// A sentence with the arguments of its process.
#[derive(Debug)]
struct Spoken {
    words: String,
    language: String,
    volume: u32,
}

impl Voice {
    /// Starts the voice that the settings ask for; `None` if they ask for none. It must be called inside the runtime.
    ///
    /// # Errors
    ///
    /// [`Missing`] if the program is not installed.
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

    /// Whether the voice works: it has not failed several times in a row.
    pub fn works(&self) -> bool {
        self.works.load(Ordering::Relaxed)
    }

    /// Whether only the visitor can hear it.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Speaks a sentence. Of the sentences that have to wait, only the newest is kept.
    pub fn say(&self, sentence: Sentence, language: &str) {
        let spoken = Spoken {
            words: sentence.words,
            language: language.to_owned(),
            volume: VOLUMES[self.volume],
        };
        self.order(Order::Say(spoken, sentence.at_once));
    }

    /// Stops the current sentence at once and drops the one that waits.
    pub fn stop(&self) {
        self.order(Order::Stop);
    }

    /// Changes the volume by one step, from the next sentence on.
    pub fn turn(&mut self, louder: bool) {
        self.volume = if louder {
            (self.volume + 1).min(VOLUMES.len() - 1)
        } else {
            self.volume.saturating_sub(1)
        };
    }

    /// Sets the volume back for the next visitor.
    pub fn reset(&mut self) {
        self.volume = VOLUME;
    }

    fn order(&self, order: Order) {
        // The receiver ends only with the runtime, and then the order does not matter any more.
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
            // A program that does not read the words fails, and its exit is counted as a failure.
            let _ = timeout(TAKEN, input.write_all(spoken.words.as_bytes()))
                .await
                .is_ok();
        }
        self.speaking = Some(child);
    }

    async fn silence(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            // The process may just have ended by itself, so an error does not matter.
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

/// Waits for the end of the current sentence and returns whether it succeeded. It waits forever if there is none.
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
