//! Kills the program at random moments, many times on the same folder: nothing acknowledged is lost, nothing is
//! duplicated, and every card is accounted for.
//!
//! `KILLS` multiplies the numbers (1 by default; `make soak` sets more).

use std::{
    collections::{HashMap, HashSet},
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use outbox::{Outbox, Settings, manage::Which};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

fn times(number: usize) -> usize {
    let asked = env::var("KILLS").ok();
    number * asked.map_or(1, |text| text.parse::<usize>().expect("KILLS is a number"))
}

/// A running program whose output is read line by line.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(program: &mut Command) -> Self {
        let mut child = program
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            while output.read_line(&mut line).is_ok_and(|read| read > 0) {
                // A line that was cut off acknowledges nothing.
                if line.ends_with('\n') && sender.send(line.trim_end().to_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self { child, lines }
    }

    /// Waits for the next line; `None` if the program has ended or the time is over.
    fn line(&self, within: Duration) -> Option<String> {
        self.lines.recv_timeout(within).ok()
    }

    /// Kills the program and returns its remaining lines. Panics if it had already ended with an error.
    fn kill(mut self) -> Vec<String> {
        if let Some(status) = self.child.try_wait().unwrap() {
            assert!(status.success(), "the program ended with {status}");
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }
}

/// Opens the store. The kernel releases the lock of a killed program at once.
async fn open(folder: &Path) -> Outbox {
    let opened = Outbox::open(&Settings::in_folder(folder)).await.unwrap();
    assert_eq!(opened.quarantined, None);
    opened.outbox
}

/// Checks that the store holds everything that the lines of `said` acknowledged.
pub(crate) async fn compare(outbox: &Outbox, said: &[String]) {
    let known: HashSet<String> = outbox
        .list(Which::All, u32::MAX)
        .await
        .unwrap()
        .iter()
        .map(|order| order.order_id.to_string())
        .collect();
    let mut cards = HashMap::new();
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["ack", order] => assert!(known.contains(order), "{line} is lost"),
            [what @ ("printed" | "collected"), order, serial] => {
                cards.insert((order, serial), what);
            }
            _ => {}
        }
    }
    for ((order, serial), what) in cards {
        let shown = outbox.show(order.parse().unwrap()).await.unwrap().unwrap();
        let card = shown
            .cards
            .iter()
            .find(|card| card.serial.to_string() == serial);
        let card = card.unwrap_or_else(|| panic!("{what} {serial} is lost"));
        assert_eq!(card.outcome, "printed");
        assert!(card.collected || what == "printed", "{what} {serial}");
    }
    let found = outbox.check().await.unwrap();
    assert!(found.is_sound(), "{found:?}");
}

/// Checks a booth that has completed a visit: every acknowledged order is in the store and once at the portal, no order
/// has two valid cards, and the printer's own counter has no card that the journal does not have.
pub(crate) async fn account(folder: &Path, said: &[String]) -> Accounts {
    let outbox = open(folder).await;
    compare(&outbox, said).await;
    assert_eq!(outbox.undecided().await.unwrap(), []);
    let counts = outbox.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.parked), (0, 0), "{counts:?}");

    let portal = folder.join("portal.sqlite");
    let mut portal = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(portal))
        .await
        .unwrap();
    let mut number = async |query: &'static str| -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(&mut portal)
            .await
            .unwrap()
    };
    let orders = outbox.list(Which::All, u32::MAX).await.unwrap();
    // The portal has every order of the store once and no other; each session is a new person.
    assert_eq!(
        number("SELECT count(*) FROM orders").await,
        orders.len() as i64
    );
    assert_eq!(
        number("SELECT count(DISTINCT subject) FROM orders").await,
        orders.len() as i64
    );
    assert_eq!(
        number("SELECT count(*) FROM photos").await,
        orders.len() as i64
    );
    let doubled =
        "SELECT count(*) FROM (SELECT 1 FROM cards WHERE outcome IN ('printed', 'unknown')
        GROUP BY order_id HAVING count(*) > 1)";
    assert_eq!(number(doubled).await, 0);
    // The portal and the journal agree on the cards.
    let printed = number("SELECT count(*) FROM cards WHERE outcome = 'printed'").await;
    assert_eq!(printed as u64, counts.printed);
    let books = outbox.books().await.unwrap().remove(0);
    let counter: u64 = std::fs::read_to_string(folder.join("virtual-printer"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_eq!(books.unexplained(), 0, "{books:?}");
    // The printer's own counter, which survives the kills, has no card that the journal does not have.
    assert_eq!(books.counted, Some(counter), "{books:?}");
    Accounts {
        orders: orders.len(),
        printed: counts.printed,
        void: counts.void,
        fed: counter,
    }
}

/// The counts of a folder's store and printer.
pub(crate) struct Accounts {
    pub(crate) orders: usize,
    printed: u64,
    void: u64,
    fed: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_killed_500_times_loses_nothing() {
    let kills = times(500);
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let mut random = SmallRng::seed_from_u64(11);
    let mut said = Vec::new();
    for _ in 0..kills {
        let mut fill = Command::new(BOOTH);
        fill.args([
            "outbox", "fill", "--orders", "1000000", "--photo", "900", "--data",
        ])
        .arg(folder.path());
        let writer = Running::start(&mut fill);
        // The kill comes between the start and some orders later, at a random moment between two lines.
        for _ in 0..random.random_range(0..12) {
            match writer.line(Duration::from_secs(60)) {
                Some(line) => said.push(line),
                None => break,
            }
        }
        thread::sleep(Duration::from_micros(random.random_range(0..4000)));
        said.extend(writer.kill());
    }
    let outbox = open(folder.path()).await;
    compare(&outbox, &said).await;
    let orders = said.iter().filter(|line| line.starts_with("ack ")).count();
    let kept = outbox.list(Which::All, u32::MAX).await.unwrap().len();
    println!(
        "{kills} kills: {orders} orders acknowledged, 0 lost; {kept} kept; {:.0} s",
        began.elapsed().as_secs_f64()
    );
    assert!(orders > kills, "only {orders} orders were acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_booth_killed_25_times_accounts_for_every_order_and_card() {
    let kills = times(25);
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let rehearse = |sessions: usize| {
        let mut program = Command::new(BOOTH);
        program
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["rehearse", "--sessions", &sessions.to_string(), "--out"])
            .arg(folder.path());
        program
    };
    let mut random = SmallRng::seed_from_u64(12);
    let mut said = Vec::new();
    let mut lengths = Vec::new();
    for _ in 0..kills {
        let booth = Running::start(&mut rehearse(1000));
        // The kills are spread over a whole session, from its start to that of the next.
        let until = random.random_range(0..2);
        let mut last = Instant::now();
        for _ in 0..until {
            match booth.line(Duration::from_secs(120)) {
                Some(line) => said.push(line),
                None => break,
            }
            lengths.push(last.elapsed());
            last = Instant::now();
        }
        let session = lengths.iter().min().copied();
        let most = session.unwrap_or(Duration::from_secs(1)).as_micros() as u64;
        // After an acknowledgement the card is being printed; half of the kills after one come during that time.
        let printing = until > 0 && random.random_bool(0.5);
        let most = if printing { most / 8 } else { most };
        thread::sleep(Duration::from_micros(random.random_range(0..=most)));
        said.extend(booth.kill());
    }
    let last = rehearse(1).stderr(Stdio::inherit()).output().unwrap();
    assert!(
        last.status.success(),
        "{}",
        String::from_utf8_lossy(&last.stdout)
    );
    said.extend(
        String::from_utf8(last.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned),
    );

    let accounts = account(folder.path(), &said).await;
    println!(
        "{kills} kills: {} orders, {} cards printed, {} void, {} fed; {:.0} s",
        accounts.orders,
        accounts.printed,
        accounts.void,
        accounts.fed,
        began.elapsed().as_secs_f64()
    );
}
