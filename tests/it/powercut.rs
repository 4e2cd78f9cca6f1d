//! The plug is pulled: at any moment of a real run, what was acknowledged is still there, and no file is damaged.
//!
//! The program runs once under strace. Its writes and syncs are then replayed on a disk that loses power at thousands of
//! points, in two ways: with only what was synced, and with a random part of the unsynced sectors besides. After each
//! cut the booth's own store is opened as at any start. Other queues are put through the same, so that the proof is seen
//! to fail where it must.
//!
//! `POWERCUT_POINTS` says how many cuts (2000 when not set; `make powercut` asks for 50 000), `QUEUES` where published
//! queues are (tests/setup/queues.sh).

mod disk;
mod trace;

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use disk::Disk;
use futures::future::BoxFuture;
use outbox::{Outbox, Settings};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use trace::Event;

use crate::kill;

const BOOTH: &str = env!("CARGO_BIN_EXE_fotoautomat");

/// What is wrong after a cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Harm {
    /// Things that were acknowledged and are not there.
    lost: usize,
    damaged: bool,
}

/// Looks at what a cut left, given what the program had said.
type Check = Arc<dyn Fn(PathBuf, String) -> BoxFuture<'static, Harm> + Send + Sync>;

/// What all cuts came to.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    cuts: usize,
    /// Cuts after which something acknowledged was missing, and the most that was.
    losing: usize,
    most_lost: usize,
    damaging: usize,
}

impl Tally {
    fn add(&mut self, harm: Harm) {
        self.cuts += 1;
        self.losing += usize::from(harm.lost > 0);
        self.most_lost = self.most_lost.max(harm.lost);
        self.damaging += usize::from(harm.damaged);
    }

    fn sum(self, other: Self) -> Self {
        Self {
            cuts: self.cuts + other.cuts,
            losing: self.losing + other.losing,
            most_lost: self.most_lost.max(other.most_lost),
            damaging: self.damaging + other.damaging,
        }
    }
}

fn points() -> usize {
    let asked = env::var("POWERCUT_POINTS").ok();
    asked.map_or(2000, |text| {
        text.parse().expect("POWERCUT_POINTS is a number")
    })
}

/// The moment of a cut (after so many events), and the seed of what the disk had got to; none: only what was synced.
type Cut = (usize, Option<u64>);

/// Half of the cuts keep only what was synced, around every sync; the others are anywhere, each with sectors of its own.
fn cuts(events: &[Event], points: usize) -> Vec<Cut> {
    let mut random = SmallRng::seed_from_u64(7);
    let syncs = (0..events.len()).filter(|at| matches!(events[*at], Event::SyncEnds(_)));
    let mut around: Vec<usize> = syncs.flat_map(|at| [at, at + 1, at + 2]).collect();
    around.retain(|at| *at <= events.len());
    around.dedup();
    let every = (around.len() / (points / 2).max(1)).max(1);
    let mut cuts: Vec<Cut> = around
        .into_iter()
        .step_by(every)
        .take(points / 2)
        .map(|at| (at, None))
        .collect();
    while cuts.len() < points {
        cuts.push((random.random_range(0..=events.len()), Some(random.random())));
    }
    cuts.sort_unstable();
    cuts
}

/// Cuts the power at each of `cuts` and looks at what is left, on both cores.
async fn replay(events: Vec<Event>, root: &Path, cuts: Vec<Cut>, check: Check) -> Tally {
    const WORKERS: usize = 2;
    let (events, cuts, root) = (Arc::new(events), Arc::new(cuts), Arc::new(root.to_owned()));
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (events, cuts, root) = (events.clone(), cuts.clone(), root.clone());
        let check = check.clone();
        workers.spawn(async move {
            let (mut disk, mut at, mut tally) = (Disk::default(), 0, Tally::default());
            for (moment, seed) in cuts.iter().skip(worker).step_by(WORKERS) {
                while at < *moment {
                    disk.step(&events[at]);
                    at += 1;
                }
                let folder = in_memory();
                match seed {
                    None => disk.cut(&root, folder.path(), None),
                    Some(seed) => {
                        let mut random = SmallRng::seed_from_u64(*seed);
                        // a disk that wrote nearly nothing, nearly all, or anything between
                        let share = random.random::<f64>();
                        let mut reached = || random.random_bool(share);
                        disk.cut(&root, folder.path(), Some(&mut reached));
                    }
                }
                if let Some(count) = disk.as_written(&root.join(PRINTER)) {
                    fs::write(folder.path().join(PRINTER), count).unwrap();
                }
                let harm = check(folder.path().to_owned(), disk.said.clone()).await;
                if harm != Harm::default() && env::var_os("POWERCUT_SHOW").is_some() {
                    eprintln!("after {moment} events, seed {seed:?}: {harm:?}");
                }
                tally.add(harm);
            }
            tally
        });
    }
    let mut tally = Tally::default();
    while let Some(part) = workers.join_next().await {
        tally = tally.sum(part.unwrap());
    }
    tally
}

/// The virtual printer's own count of cards: it is in the printer, and the plug of the booth takes nothing back of it.
const PRINTER: &str = "virtual-printer";

/// A folder in memory where there is one: thousands of stores are opened in it.
pub(crate) fn in_memory() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// The booth's store after a cut: it opens as at any start, is sound, and has what was acknowledged.
fn ours() -> Check {
    Arc::new(|folder, said| {
        Box::pin(async move {
            let opened = match Outbox::open(&Settings::in_folder(&folder)).await {
                Ok(opened) => opened,
                Err(error) => panic!("the store does not open after a cut: {error}"),
            };
            let mut harm = Harm {
                damaged: opened.quarantined.is_some(),
                lost: 0,
            };
            let found = opened.outbox.check().await.unwrap();
            if !found.is_sound() {
                eprintln!("{found:?}");
                harm.damaged = true;
            }
            let store = Rows::read(&folder.join("outbox.sqlite")).await;
            harm.lost = said.lines().filter(|line| !store.keeps(line)).count();
            opened.outbox.close().await;
            harm
        })
    })
}

/// The whole booth and its portal after a cut: what [`ours`] asks, and that what the booth believes the portal has is there.
/// After every twentieth cut the booth is switched on again, and a visit later accounts for everything.
fn whole() -> Check {
    const GOING_ON: usize = 20;
    let (store, number) = (ours(), Arc::new(AtomicUsize::new(0)));
    Arc::new(move |folder, said| {
        let (store, number) = (store.clone(), number.clone());
        Box::pin(async move {
            let mut harm = store(folder.clone(), said.clone()).await;
            harm.lost += undelivered(&folder).await;
            let number = number.fetch_add(1, Ordering::Relaxed);
            if harm == Harm::default() && number.is_multiple_of(GOING_ON) {
                let mut visit = tokio::process::Command::new(BOOTH);
                visit
                    .current_dir(env!("CARGO_MANIFEST_DIR"))
                    .args(["rehearse", "--out"])
                    .arg(&folder);
                let visit = visit.output().await.unwrap();
                let text = String::from_utf8(visit.stdout).unwrap();
                if !visit.status.success() {
                    let log = fs::read_to_string(folder.join("session.jsonl")).unwrap_or_default();
                    let errors = String::from_utf8_lossy(&visit.stderr);
                    panic!("the booth does not go on after a cut: {said}{text}{errors}{log}");
                }
                let said: Vec<String> = said
                    .lines()
                    .chain(text.lines())
                    .map(str::to_owned)
                    .collect();
                kill::account(&folder, &said).await;
            }
            harm
        })
    })
}

/// How many orders and cards the booth has as delivered that the portal, cut off at the same moment, does not have.
async fn undelivered(folder: &Path) -> usize {
    let column = async |file: &str, query: &'static str| -> Vec<String> {
        let options = SqliteConnectOptions::new().filename(folder.join(file));
        let mut store = SqliteConnection::connect_with(&options).await.unwrap();
        let rows = sqlx::query_scalar(query).fetch_all(&mut store).await;
        store.close().await.unwrap();
        rows.unwrap()
    };
    let sent = column(
        "outbox.sqlite",
        "SELECT hex(order_id) FROM orders WHERE state = 'delivered'
            UNION ALL SELECT hex(serial) FROM cards WHERE sent_rev > 0",
    )
    .await;
    if sent.is_empty() {
        return 0;
    }
    let arrived = column(
        "portal.sqlite",
        "SELECT hex(order_id) FROM orders JOIN photos USING (order_id) UNION ALL SELECT hex(serial) FROM cards",
    )
    .await;
    let arrived: HashSet<String> = arrived.into_iter().collect();
    sent.iter().filter(|row| !arrived.contains(*row)).count()
}

/// What a store has, as a program that knows nothing of the booth sees it.
struct Rows {
    orders: HashSet<String>,
    printed: HashSet<String>,
    collected: HashSet<String>,
}

impl Rows {
    async fn read(file: &Path) -> Self {
        let mut store = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file))
            .await
            .unwrap();
        let mut column = async |query: &'static str| {
            let rows: Vec<String> = sqlx::query_scalar(query)
                .fetch_all(&mut store)
                .await
                .unwrap();
            rows.into_iter().collect()
        };
        let rows = Self {
            // an order is there when what it says is there too
            orders: column(
                "SELECT lower(hex(order_id)) FROM orders o WHERE erased_at IS NOT NULL OR 2 =
                    (SELECT count(*) FROM payloads WHERE order_row = o.id AND field IN ('order', 'photo'))",
            )
            .await,
            printed: column("SELECT lower(hex(serial)) FROM cards WHERE outcome = 'printed'").await,
            collected: column("SELECT lower(hex(serial)) FROM cards WHERE collected").await,
        };
        store.close().await.unwrap();
        rows
    }

    /// Whether the line that a program said is still true.
    fn keeps(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let what = words.next();
        let order = words.next().unwrap_or_default().replace('-', "");
        let card = words.next().unwrap_or_default();
        match what {
            Some("ack") => self.orders.contains(&order),
            Some("printed") => self.printed.contains(card),
            Some("collected") => self.collected.contains(card),
            // a rehearsal says more than that at its end
            _ => true,
        }
    }
}

/// Another queue after a cut: as many rows as were acknowledged, in a file that SQLite finds sound.
fn other(rows: &'static str) -> Check {
    Arc::new(move |folder, said| {
        Box::pin(async move {
            let acknowledged = said.lines().filter(|line| line.starts_with("ack ")).count();
            match count(&folder.join("queue.db"), rows).await {
                Ok((sound, rows)) => Harm {
                    lost: acknowledged.saturating_sub(rows),
                    damaged: !sound,
                },
                Err(error) => {
                    // no table yet is no damage, only loss
                    let damaged = !error.to_string().contains("no such table");
                    Harm {
                        lost: acknowledged,
                        damaged,
                    }
                }
            }
        })
    })
}

async fn count(file: &Path, rows: &'static str) -> Result<(bool, usize), sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    let mut store = SqliteConnection::connect_with(&options).await?;
    let checked: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_all(&mut store)
        .await?;
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mut store).await?;
    Ok((checked == ["ok"], usize::try_from(rows).unwrap()))
}

/// Cuts the power of one program many times.
async fn try_out(
    what: &str,
    program: &mut Command,
    root: &Path,
    points: usize,
    check: Check,
) -> Tally {
    let began = Instant::now();
    let log = tempfile::NamedTempFile::new().unwrap();
    fs::create_dir_all(root).unwrap();
    let events = trace::record(program, root, log.path());
    let syncs = events
        .iter()
        .filter(|event| matches!(event, Event::SyncEnds(_)));
    let (all, syncs) = (events.len(), syncs.count());
    let cuts = cuts(&events, points);
    let tally = replay(events, &root.canonicalize().unwrap(), cuts, check).await;
    println!(
        "{what:<28} {all:>7} events, {syncs:>5} syncs: {:>6} cuts, {:>6} lost something (at most {}), {} damaged the file; {:.0} s",
        tally.cuts,
        tally.losing,
        tally.most_lost,
        tally.damaging,
        began.elapsed().as_secs_f64()
    );
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_wherever_the_power_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let mut fill = Command::new(BOOTH);
    // enough for the WAL to be written back into the file several times
    fill.args(["outbox", "fill", "--orders", "120", "--data"])
        .arg(&root);
    let tally = try_out("fotoautomat outbox", &mut fill, &root, points(), ours()).await;
    assert_eq!((tally.losing, tally.damaging), (0, 0), "{tally:?}");
    assert_eq!(tally.cuts, points());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_booth_goes_on_wherever_the_power_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let mut rehearse = Command::new(BOOTH);
    rehearse
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rehearse", "--sessions", "8", "--out"])
        .arg(&root);
    let points = points() / 10;
    let tally = try_out(
        "fotoautomat rehearse",
        &mut rehearse,
        &root,
        points,
        whole(),
    )
    .await;
    assert_eq!((tally.losing, tally.damaging), (0, 0), "{tally:?}");
    assert_eq!(tally.cuts, points);
}

/// A queue in a few lines of Python, or one that others have published.
fn queue(kind: &str, root: &Path) -> Command {
    let mut program = Command::new("python3");
    program
        .env("PYTHONPATH", env::var_os("QUEUES").unwrap_or_default())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/powercut/queue.py"))
        .arg(kind)
        .arg(root.join("queue.db"))
        .arg("120");
    program
}

/// `make test` proves by plain SQLite that the harness can fail; `make powercut` puts published queues through it too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_proof_fails_for_queues_that_do_not_wait_for_the_disk() {
    const PLAIN: &str = "SELECT count(*) FROM queue";
    let mut queues = vec![
        ("off", PLAIN, Some(true)),
        ("normal", PLAIN, Some(true)),
        ("full", PLAIN, Some(false)),
    ];
    if env::var_os("QUEUES").is_some() {
        queues.extend([
            ("litequeue", "SELECT count(*) FROM Queue", None),
            ("persist-queue", "SELECT count(*) FROM queue_default", None),
            ("huey", "SELECT count(*) FROM task", None),
        ]);
    }
    let points = (points() / 10).min(1000);
    for (kind, rows, loses) in queues {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let tally = try_out(kind, &mut queue(kind, &root), &root, points, other(rows)).await;
        if let Some(loses) = loses {
            assert_eq!(tally.losing > 0, loses, "{kind}: {tally:?}");
        }
    }
}
