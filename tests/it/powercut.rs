//! Cuts the power at any moment of a real run: what was acknowledged is still there, and no file is damaged.
//!
//! The program runs once under strace. Its writes and syncs are then replayed on a simulated disk that loses power at
//! thousands of points, in two ways: with only what was synced, and with a random part of the unsynced sectors as well.
//! After each cut the booth's own store is opened as at any start. Other queues are tested in the same way, to show
//! that the test fails where it must.
//!
//! `POWERCUT_POINTS` is the number of cuts (2000 by default; `make powercut` sets 50 000), and `QUEUES` is the folder
//! of published queues (tests/setup/queues.sh).

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

/// The harm that a cut did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Harm {
    /// The number of acknowledged things that are missing.
    lost: usize,
    damaged: bool,
}

/// Examines the folder after a cut, given the output of the program up to then.
type Check = Arc<dyn Fn(PathBuf, String) -> BoxFuture<'static, Harm> + Send + Sync>;

/// The sum over all cuts.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    cuts: usize,
    /// The number of cuts after which something acknowledged was missing.
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

/// The moment of a cut as a number of events, and the seed that selects the unsynced sectors that were written. `None`:
/// only what was synced is there.
type Cut = (usize, Option<u64>);

/// Half of the cuts lie around the syncs and keep only what was synced. The others lie anywhere and keep random
/// sectors.
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

/// Cuts the power at each of `cuts` and checks what is left, with two workers for the two cores of a small machine.
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
                        // The disk wrote a random share of the sectors.
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

/// The file of the virtual printer's counter. It stands for memory in the printer, which a power cut does not revert.
const PRINTER: &str = "virtual-printer";

/// A folder in memory if the system has one, because thousands of stores are opened in it.
pub(crate) fn in_memory() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// Checks that the booth's store opens as at any start, is sound, and has everything that was acknowledged.
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

/// Checks the whole booth and its portal: as [`ours`], and that the portal has what the booth has recorded as
/// delivered. After every twentieth cut the booth is started again, and everything is accounted for after one more
/// visit.
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

/// The number of orders and cards that the booth has recorded as delivered and that the portal, which lost power at the
/// same moment, does not have.
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

/// The content of a store, read by SQL without the code of the booth.
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
            // An order counts only if its content and its photo are there too.
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

    /// Whether the store holds what this line of the output acknowledged.
    fn keeps(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let what = words.next();
        let order = words.next().unwrap_or_default().replace('-', "");
        let card = words.next().unwrap_or_default();
        match what {
            Some("ack") => self.orders.contains(&order),
            Some("printed") => self.printed.contains(card),
            Some("collected") => self.collected.contains(card),
            // The other lines, such as the report of a rehearsal, acknowledge nothing.
            _ => true,
        }
    }
}

/// Checks another queue: it has as many rows as were acknowledged, and SQLite finds its file sound.
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
                    // A missing table is loss and not damage.
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

/// Records one program and cuts its power at many points.
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
    // With this many orders the WAL is checkpointed several times.
    fill.args(["outbox", "fill", "--orders", "120", "--data"])
        .arg(&root);
    let tally = try_out("fotoautomat outbox", &mut fill, &root, points(), ours()).await;
    assert_eq!((tally.losing, tally.damaging), (0, 0), "{tally:?}");
    assert_eq!(tally.cuts, points());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_booth_recovers_wherever_the_power_is_cut() {
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

/// A queue of a few lines of Python, or a published one.
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

/// `make test` proves with plain SQLite that the harness can fail; `make powercut` also tests published queues.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_test_fails_for_queues_that_do_not_wait_for_the_disk() {
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
