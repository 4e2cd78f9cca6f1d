//! Printing through a spooler, against Debian's cupsd: what goes through, what goes wrong, what must not happen twice.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use device::Fault as _;

use card_printer::{
    CardImage, Evidence, Fault, Handle, Link, Model, Options, PrintJob, Progress, Ribbon, Selector,
    Timing, wait_for,
};

use crate::harness::{Desk, bus, run};
use crate::on_bus::card;
use crate::oracle;
use crate::spooler::{Setup, Spooler};

const LIMIT: Duration = Duration::from_secs(60);

/// Waits as long as a busy machine may need, and no longer for what must fail.
fn timing() -> Timing {
    Timing {
        idle_poll: Duration::from_millis(50),
        job_poll: Duration::from_millis(20),
        search: Duration::from_millis(50),
        finish: Duration::from_secs(30),
        mend: Duration::from_secs(30),
        ..Timing::default()
    }
}

/// Gives up early on what is not mended.
fn hasty() -> Timing {
    Timing {
        mend: Duration::from_millis(300),
        ..timing()
    }
}

/// Where the back end keeps jobs and finds what to do.
struct Backroom {
    desk: Desk,
}

impl Backroom {
    fn new() -> Self {
        let desk = Desk::new();
        // The back end runs under an account of its own.
        fs::set_permissions(desk.path(""), fs::Permissions::from_mode(0o777)).unwrap();
        Self { desk }
    }

    fn path(&self) -> PathBuf {
        self.desk.path("")
    }

    /// What the back end shall say and wait with, until it may go on.
    fn hold(&self, words: &str) {
        // In one piece: the back end reads it over and over.
        fs::write(self.desk.path("hold.new"), words).unwrap();
        fs::rename(self.desk.path("hold.new"), self.desk.path("hold")).unwrap();
    }

    fn go_on(&self, words: &str) {
        fs::write(self.desk.path("after"), words).unwrap();
        fs::remove_file(self.desk.path("hold")).unwrap();
    }

    /// The documents that came out at the other end.
    fn jobs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).unwrap();
        let mut jobs: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| name_of(path).starts_with("job-"))
            .collect();
        jobs.sort();
        jobs
    }

    fn started(&self) -> bool {
        let entries = fs::read_dir(self.path()).unwrap();
        entries
            .filter_map(Result::ok)
            .any(|entry| name_of(&entry.path()).starts_with("job-"))
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn plain(backroom: &Backroom) -> Spooler {
    Spooler::start(&[Setup::plain("card", &backroom.path())], None)
}

fn open(address: &str, timing: Timing) -> Handle {
    card_printer::open(&address.parse::<Selector>().unwrap(), timing)
}

fn ready(handle: &Handle, spooler: &Spooler) {
    let status = wait_for(handle, LIMIT, |status| status.ready);
    assert!(status.ready, "{status:?}\n{}", spooler.log());
}

fn picture() -> CardImage {
    card(Model::Primacy)
}

fn job(id: &str) -> PrintJob {
    PrintJob {
        id: id.into(),
        front: picture(),
        back: None,
        options: Options::default(),
    }
}

/// Follows a job to its end; `heard` is called with every fault.
fn follow(handle: &Handle, job: PrintJob, mut heard: impl FnMut(&Fault)) -> Evidence {
    let mut news = handle.print(job).unwrap();
    while let Some(progress) = news.blocking_recv() {
        match progress {
            Progress::Fault(fault) => heard(&fault),
            Progress::Step(_) => {}
            Progress::Ended(evidence) => return evidence,
        }
    }
    panic!("every job ends");
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The pictures in a PDF, each dot of it.
fn pictures(desk: &Desk, document: &Path) -> Vec<image::RgbImage> {
    let stem = desk.path("picture");
    let output = run(Command::new("pdfimages")
        .arg("-png")
        .arg(document)
        .arg(&stem));
    assert!(output.status.success(), "{output:?}");
    let mut pictures = Vec::new();
    loop {
        let path = desk.path(&format!("picture-{:03}.png", pictures.len()));
        let Ok(picture) = image::open(&path) else {
            return pictures;
        };
        fs::remove_file(path).unwrap();
        pictures.push(picture.into_rgb8());
    }
}

#[test]
fn a_card_goes_through_the_spooler_dot_by_dot() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), timing());
    ready(&handle, &spooler);
    let status = handle.status().borrow().clone();
    assert_eq!(
        (status.raster, status.model_name.as_deref()),
        (Some((1016, 648)), Some("Plain card"))
    );
    let mut both = job("1");
    both.back = Some(picture());
    let evidence = follow(&handle, both, |_| {});
    assert_eq!(evidence.fault, None, "{evidence:?}\n{}", spooler.log());
    assert_eq!(evidence.bytes_sent, evidence.bytes_total);
    assert!(evidence.busy_seen && evidence.ready_after);
    assert!(
        evidence.through_spooler,
        "a spooler's word alone proves no card"
    );
    assert_eq!(
        (evidence.counter_before, evidence.counter_after),
        (None, None)
    );
    let jobs = backroom.jobs();
    assert_eq!(jobs.len(), 1);
    let sides = pictures(&backroom.desk, &jobs[0]);
    assert_eq!(sides.len(), 2);
    let card = picture();
    for side in &sides {
        assert_eq!(side.dimensions(), (1016, 648));
        for ((sent, pixel), mark) in side
            .pixels()
            .zip(card.rgb().chunks(3))
            .zip(card.resin_mask())
        {
            if *mark != 0 {
                assert_eq!(sent.0, [0; 3]);
            } else {
                // Dye is never so dark that a driver takes it for resin.
                assert!(sent.0.iter().any(|channel| *channel > 3));
                assert!(sent.0 == pixel || pixel.iter().all(|channel| *channel < 4));
            }
        }
    }
}

#[test]
fn a_site_may_trust_its_queue() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(
        &format!(
            "ipp://localhost/printers/card?socket={}&trust=completed",
            spooler.socket().display()
        ),
        timing(),
    );
    ready(&handle, &spooler);
    let evidence = follow(&handle, job("1"), |_| {});
    assert!(
        evidence.ready_after && !evidence.through_spooler,
        "{evidence:?}\n{}",
        spooler.log()
    );
    assert_eq!(backroom.jobs().len(), 1);
}

#[test]
fn the_card_is_printed_after_the_repair_of_a_fault() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), timing());
    ready(&handle, &spooler);
    for (reason, fault) in [
        ("media-empty-error", Fault::NoCards),
        ("cover-open-report", Fault::CoverOpen),
        ("marker-supply-empty-warning", Fault::RibbonOut),
        ("media-jam", Fault::CardJam),
    ] {
        let before = backroom.jobs().len();
        backroom.hold(&format!("STATE: +{reason}\n"));
        let mut heard = Vec::new();
        let evidence = follow(&handle, job(reason), |fault| {
            heard.push(fault.clone());
            backroom.go_on(&format!("STATE: -{reason}\n"));
        });
        assert_eq!(heard, [fault], "{}", spooler.log());
        assert_eq!(evidence.fault, None, "{reason}: {evidence:?}");
        assert_eq!(backroom.jobs().len(), before + 1);
        ready(&handle, &spooler);
    }
}

#[test]
fn a_fault_that_nobody_repairs_ends_with_the_job_cancelled() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), hasty());
    ready(&handle, &spooler);
    backroom.hold("STATE: +media-empty-error\n");
    let evidence = follow(&handle, job("1"), |_| {});
    assert_eq!(evidence.fault, Some(Fault::NoCards), "{}", spooler.log());
    // The back end had it all: what the printer made of it is not known.
    assert!(evidence.plane_byte_accepted && !evidence.ready_after);
    // Mended, the old job does not come back; the next card is one of its own.
    backroom.go_on("STATE: -media-empty-error\n");
    let lp = run(Command::new("lpstat").args([
        "-h",
        &format!("127.0.0.1:{}", spooler.port),
        "-o",
        "card",
    ]));
    assert_eq!(
        String::from_utf8_lossy(&lp.stdout),
        "",
        "nothing waits in the queue"
    );
    assert_eq!(backroom.jobs().len(), 1);
    // What the back end said last still stands in the queue; it keeps nobody from the next card.
    ready(&handle, &spooler);
    assert_eq!(follow(&handle, job("2"), |_| {}).fault, None);
    assert_eq!(backroom.jobs().len(), 2);
}

#[test]
fn a_back_end_that_fails_is_not_run_again() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), timing());
    ready(&handle, &spooler);
    fs::write(backroom.desk.path("fail"), "").unwrap();
    let evidence = follow(&handle, job("1"), |_| {});
    assert!(
        matches!(&evidence.fault, Some(Fault::Other { text, .. }) if text.contains("gave the job up")),
        "{evidence:?}\n{}",
        spooler.log()
    );
    assert!(evidence.plane_byte_accepted && !evidence.ready_after);
    fs::remove_file(backroom.desk.path("fail")).unwrap();
    ready(&handle, &spooler);
    assert_eq!(follow(&handle, job("2"), |_| {}).fault, None);
    assert_eq!(backroom.jobs().len(), 2, "one document for each job");
}

#[test]
fn a_job_of_an_older_session_does_not_print_later() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    // A session that ends while its job stands in the queue for want of cards.
    backroom.hold("STATE: +media-empty-error\n");
    let older = open(&spooler.queue("card"), timing());
    ready(&older, &spooler);
    let mut news = older.print(job("1")).unwrap();
    until("the back end does not start", || backroom.started());
    until("no fault", || {
        matches!(news.blocking_recv(), Some(Progress::Fault(Fault::NoCards)))
    });
    // Another session comes, as after a power cut: the older one is forgotten.
    std::mem::forget(older);
    std::mem::forget(news);
    let handle = open(&spooler.queue("card"), timing());
    let waiting = || {
        let lp = run(Command::new("lpstat").args([
            "-h",
            &format!("127.0.0.1:{}", spooler.port),
            "-o",
            "card",
        ]));
        !lp.stdout.is_empty()
    };
    wait_for(&handle, LIMIT, |status| status.link == Link::Connected);
    assert!(!waiting(), "the old job is taken back\n{}", spooler.log());
}

#[test]
fn a_queue_that_cannot_be_used_says_why() {
    let backroom = Backroom::new();
    let desk = backroom.path();
    let queues = [
        Setup {
            policy: "retry-job",
            ..Setup::plain("retries", &desk)
        },
        Setup {
            state: "Stopped",
            ..Setup::plain("stopped", &desk)
        },
        Setup {
            accepting: false,
            ..Setup::plain("rejects", &desk)
        },
    ];
    let spooler = Spooler::start(&queues, None);
    for (queue, words) in [
        ("retries", "printer-error-policy=abort-job"),
        ("stopped", "queue is stopped"),
        ("rejects", "cupsaccept"),
    ] {
        let handle = open(&spooler.queue(queue), timing());
        let status = wait_for(&handle, LIMIT, |status| status.link == Link::Connected);
        let status = if status.faults.is_empty() {
            wait_for(&handle, LIMIT, |status| !status.faults.is_empty())
        } else {
            status
        };
        let said = status.faults[0].sentence("en").what;
        assert!(said.contains(words), "{queue}: {said}");
        assert!(!status.ready);
        let evidence = follow(&handle, job("1"), |_| {});
        assert!(
            !evidence.plane_byte_accepted && evidence.bytes_sent == 0,
            "{queue}: {evidence:?}"
        );
    }
    let handle = open(&spooler.queue("none"), timing());
    let status = wait_for(&handle, LIMIT, |status| {
        status
            .link_error
            .as_ref()
            .is_some_and(|error| error.contains("no such queue"))
    });
    assert_eq!(status.faults, [Fault::Unplugged], "{status:?}");
    assert_eq!(backroom.jobs().len(), 0);
}

#[test]
fn what_a_queue_cannot_print_is_not_sent() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), timing());
    ready(&handle, &spooler);
    type Change = fn(&mut PrintJob);
    let changes: [(&str, Change); 4] = [
        ("set up for 1016x648", |job| job.front = card(Model::Rio2)),
        ("one copy", |job| job.options.copies = 2),
        ("no magnetic stripe", |job| {
            job.options.magnetic.tracks[0] = Some("%1?".to_owned());
        }),
        ("knows its film", |job| job.options.ribbon = Ribbon::K),
    ];
    for (words, change) in changes {
        let mut job = job(words);
        change(&mut job);
        let evidence = follow(&handle, job, |_| {});
        assert!(evidence.remark.unwrap().contains(words), "{words}");
        assert!(!evidence.plane_byte_accepted);
    }
    assert_eq!(backroom.jobs().len(), 0);
}

/// A job that has to wait behind another and is taken back has never been at the printer: that is certain.
#[test]
fn a_job_that_never_began_is_known_not_to_be_printed() {
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let impatient = Timing {
        finish: Duration::from_millis(400),
        ..hasty()
    };
    let handle = open(&spooler.queue("card"), impatient);
    ready(&handle, &spooler);
    backroom.hold("DEBUG: somebody else's card is at the head\n");
    let file = backroom.desk.path("other.pdf");
    fs::write(&file, "%PDF-1.4\n%%EOF\n").unwrap();
    let lp = run(Command::new("lp")
        .args([
            "-h",
            &format!("127.0.0.1:{}", spooler.port),
            "-d",
            "card",
            "-o",
            "raw",
        ])
        .arg(&file));
    assert!(lp.status.success(), "{lp:?}");
    until("the other job does not start", || backroom.started());
    let evidence = follow(&handle, job("1"), |_| {});
    assert!(
        evidence.bytes_sent == evidence.bytes_total && !evidence.plane_byte_accepted,
        "{evidence:?}\n{}",
        spooler.log()
    );
    backroom.go_on("");
    ready(&handle, &spooler);
    assert_eq!(backroom.jobs().len(), 1, "only the other's card");
}

/// Between the driver and the spooler: lets so many connections through, then cuts one of them at one of four moments.
struct Cutter {
    address: String,
    seen: Arc<AtomicUsize>,
    mended: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Connected,
    HalfAsked,
    Asked,
    HalfAnswered,
}

impl Cutter {
    /// From connection `cut` on nothing goes through, until it is mended.
    fn new(port: u16, cut: Option<(usize, Moment)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, mended) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(AtomicBool::new(false)),
        );
        let (count, whole) = (seen.clone(), mended.clone());
        std::thread::spawn(move || {
            for host in listener.incoming().map_while(Result::ok) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let moment = match cut {
                    Some((at, moment)) if !whole.load(Ordering::SeqCst) && number >= at => {
                        Some(if number == at {
                            moment
                        } else {
                            Moment::Connected
                        })
                    }
                    _ => None,
                };
                let _ = relay(host, port, moment);
            }
        });
        Self {
            address,
            seen,
            mended,
        }
    }

    fn queue(&self) -> String {
        format!("ipp://{}/printers/card", self.address)
    }
}

/// One question and its answer, whole or in part. The length stands in the head of each.
fn relay(mut host: TcpStream, port: u16, cut: Option<Moment>) -> std::io::Result<()> {
    if cut == Some(Moment::Connected) {
        return Ok(());
    }
    let mut spooler = TcpStream::connect(("127.0.0.1", port))?;
    for stream in [&host, &spooler] {
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    }
    pass(&mut host, &mut spooler, cut == Some(Moment::HalfAsked))?;
    if matches!(cut, Some(Moment::HalfAsked | Moment::Asked)) {
        if cut == Some(Moment::Asked) {
            // The spooler has understood; its answer goes nowhere.
            let _ = spooler.read(&mut [0; 1]);
        }
        spooler.shutdown(Shutdown::Both)?;
        return host.shutdown(Shutdown::Both);
    }
    pass(&mut spooler, &mut host, cut == Some(Moment::HalfAnswered))?;
    host.shutdown(Shutdown::Both)
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, half: bool) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16_384];
    let whole = loop {
        if let Some(whole) = length(&bytes).filter(|whole| bytes.len() >= *whole) {
            break whole;
        }
        match from.read(&mut piece)? {
            0 => break bytes.len(),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    };
    to.write_all(&bytes[..if half { whole / 2 } else { whole }])
}

fn length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))?;
    Some(end + value.trim().parse::<usize>().ok()?)
}

/// The link to the spooler goes in every question of a job, at four moments of it. Nothing is printed twice, and what counts
/// as not printed was not printed.
#[test]
fn the_link_may_go_in_any_question_of_a_job() {
    let whole = {
        let backroom = Backroom::new();
        let spooler = plain(&backroom);
        let cutter = Cutter::new(spooler.port, None);
        let handle = open(&cutter.queue(), timing());
        ready(&handle, &spooler);
        let before = cutter.seen.load(Ordering::SeqCst);
        assert_eq!(follow(&handle, job("1"), |_| {}).fault, None);
        (cutter.seen.load(Ordering::SeqCst) - before).min(5)
    };
    assert!(whole >= 4, "inspect, create, send, look: {whole}");
    let backroom = Backroom::new();
    let spooler = plain(&backroom);
    let mut sorts = [0; 3];
    for cut in 0..whole {
        for moment in [
            Moment::Connected,
            Moment::HalfAsked,
            Moment::Asked,
            Moment::HalfAnswered,
        ] {
            let what = format!("{moment:?} of question {cut}");
            let before = backroom.jobs().len();
            // An idle printer is not looked at in between, so that questions can be counted.
            let slow = Timing {
                idle_poll: Duration::from_secs(600),
                ..hasty()
            };
            let greeting = 3;
            let cutter = Cutter::new(spooler.port, Some((greeting + cut, moment)));
            let handle = open(&cutter.queue(), slow);
            ready(&handle, &spooler);
            assert_eq!(cutter.seen.load(Ordering::SeqCst), greeting, "{what}");
            let evidence = follow(&handle, job(&what), |_| {});
            cutter.mended.store(true, Ordering::SeqCst);
            drop(handle);
            let handle = open(&spooler.queue("card"), timing());
            ready(&handle, &spooler);
            let printed = backroom.jobs().len() - before;
            assert!(printed <= 1, "printed twice, {what}");
            if !evidence.plane_byte_accepted {
                assert_eq!(printed, 0, "{what}: {evidence:?}\n{}", spooler.log());
                sorts[0] += 1;
            } else if evidence.ready_after {
                assert_eq!(printed, 1, "{what}");
                sorts[1] += 1;
            } else {
                assert!(evidence.fault.is_some(), "{what}: {evidence:?}");
                sorts[2] += 1;
            }
        }
    }
    assert!(sorts[0] >= 8 && sorts[2] >= 4, "{sorts:?}");
}

#[test]
fn a_spooler_that_dies_leaves_the_question_open() {
    let backroom = Backroom::new();
    let mut spooler = plain(&backroom);
    let handle = open(&spooler.queue("card"), timing());
    ready(&handle, &spooler);
    backroom.hold("");
    let mut news = handle.print(job("1")).unwrap();
    until("the back end does not start", || backroom.started());
    spooler.kill();
    let evidence = loop {
        if let Some(Progress::Ended(evidence)) = news.blocking_recv() {
            break evidence;
        }
    };
    assert_eq!(evidence.fault, Some(Fault::Unplugged), "{evidence:?}");
    assert!(evidence.plane_byte_accepted && !evidence.ready_after);
    backroom.go_on("");
}

/// The whole way: our page, CUPS' filters, Gutenprint's filter and back end, libusb, and the virtual printer on the bus.
#[test]
fn a_card_goes_all_the_way_to_a_virtual_printer() {
    let (bed, control) = bus(Model::Rio2);
    bed.open_to_all().unwrap();
    // The back end runs under an account of its own, which Debian's udev lets at printers.
    let node = bed.folder().join("dev/bus/usb/001/002");
    fs::set_permissions(node, fs::Permissions::from_mode(0o666)).unwrap();
    let desk = Desk::new();
    let ppd = fs::read_to_string(oracle::ppd(&desk)).unwrap();
    // What a site sets up: resin, overcoat, no colour of the program's own.
    let mut text = ppd;
    for (option, value) in [
        ("StpColorCorrection", "Uncorrected"),
        ("StpGammaCurve", "0"),
        ("StpImageType", "None"),
        ("StpBlackType", "Resin"),
        ("StpLaminate", "On"),
    ] {
        let word = format!("*Default{option}:");
        let begin = text
            .find(&word)
            .unwrap_or_else(|| panic!("the driver has no option {option}"));
        let end = begin + text[begin..].find('\n').unwrap();
        text.replace_range(begin..end, &format!("{word} {value}"));
    }
    let queue = Setup {
        device: "gutenprint53+usb://magicard-tango2e/V0001".to_owned(),
        ppd: text,
        ..Setup::plain("card", &desk.path(""))
    };
    let spooler = Spooler::start(&[queue], Some(&bed));
    let handle = open(
        &format!("{}?raster=1016x642&turn=180", spooler.queue("card")),
        timing(),
    );
    ready(&handle, &spooler);
    let mut job = job("1");
    job.front = card(Model::Rio2);
    let evidence = follow(&handle, job, |_| {});
    assert_eq!(evidence.fault, None, "{evidence:?}\n{}", spooler.log());
    let out = control
        .take_card()
        .unwrap_or_else(|| panic!("no card came out\n{}", spooler.log()));
    assert_eq!((control.refused(), control.books().ejected), (None, 1));
    let (drawn, sent) = (out.front.draw(), card(Model::Rio2));
    let resin = |image: &CardImage| image.resin_mask().iter().filter(|mark| **mark != 0).count();
    let both = drawn
        .resin_mask()
        .iter()
        .zip(sent.resin_mask())
        .filter(|(a, b)| **a != 0 && **b != 0)
        .count();
    let far: u64 = drawn
        .rgb()
        .iter()
        .zip(sent.rgb())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    let mean = far as f64 / sent.rgb().len() as f64;
    assert!(
        both as f64 >= 0.95 * resin(&sent) as f64
            && resin(&drawn) as f64 <= 1.05 * resin(&sent) as f64,
        "resin: {both} of {} dots, {} drawn",
        resin(&sent),
        resin(&drawn)
    );
    assert!(
        mean < 8.0,
        "the card is {mean:.1} of 255 away from what was sent"
    );
}
