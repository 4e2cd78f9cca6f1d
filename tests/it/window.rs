//! The booth in its window on a real display server, used by touch, keyboard and phone. The tests start the built
//! program in test mode, which knows nothing about the tests.

pub(crate) mod display;
pub(crate) mod program;

use std::time::{Duration, Instant};

use display::Display;
use program::{Program, Site};

use crate::phone::Phone;

/// Checks what must be true after every visit.
async fn the_card_is_true(site: &Site, program: &Program<'_>) {
    let (order, serial) = program.portal_has_one_card().await;
    let printed = program.data("card-printed.png");
    let code = program::zbar(&printed);
    assert_eq!(
        site.serial_in(&code),
        Some(serial),
        "the code on the card of order {order}"
    );
    let drawn = program.data("drawn-again.png");
    program::printctl(&[
        "decode",
        program.data("job.bin").to_str().unwrap(),
        "-o",
        drawn.to_str().unwrap(),
    ]);
    let pixels = |file: &std::path::Path| image::open(file).unwrap().into_rgb8();
    assert!(
        pixels(&printed) == pixels(&drawn),
        "printctl draws the same card from the printer's bytes"
    );
}

/// Goes from attract to the printed card by touch, with test mode's strip in place of the phone and the cards.
fn visit_by_touch(program: &mut Program<'_>) {
    touch_to_framing(program);
    // The booth takes the photograph by itself when the picture is good.
    program.sees("Reviewing");
    program.touch_main();
    program.sees("ShowingCard");
    program.touch_main_until("Printing");
    program.sees("ReadingBack");
    program.touch_until("desk-new-card", "Collecting");
}

fn touch_to_framing(program: &mut Program<'_>) {
    program.sees("Attract");
    program.touch_main();
    program.sees("ShowCode");
    program.touch_until("desk-approve", "AskIsThisYou");
    program.touch_main();
    program.sees("Consent");
    program.touch_main();
    program.sees("OldCard");
    program.touch_until("desk-old-card", "Framing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_touches_the_way_to_a_card_and_the_window_fills_a_screen_without_a_window_manager()
 {
    let site = Site::new();
    let display = Display::x(1080, 1920);
    let mut program = Program::start(&site, &display, &[]);
    program.sees("Attract");
    assert_eq!(display.window(), (0, 0, 1080, 1920));
    visit_by_touch(&mut program);
    the_card_is_true(&site, &program).await;
    program.touch_main();
    program.sees("Attract");
    program.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_touches_the_way_to_a_card_under_the_kiosk_compositor() {
    let site = Site::new();
    // The X backend of cage has a window of this size only.
    let display = Display::x(1024, 768);
    let mut program = Program::start_in_cage(&site, &display);
    program.sees("Attract");
    program.waits_until("the window fills the screen", |program| {
        // Test mode's banner covers the whole upper edge, and its strip the whole lower edge.
        let screen = display.picture(&program.data("screen.png"));
        let corners = [(0, 0), (1023, 0), (0, 767), (1023, 767)];
        let colours = corners.map(|(x, y)| screen.get_pixel(x, y).0);
        colours
            .iter()
            .all(|colour| *colour == colours[0] && colour[0] > 60)
    });
    visit_by_touch(&mut program);
    the_card_is_true(&site, &program).await;
    program.ends();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_gets_a_card_with_keyboard_and_phone_alone() {
    let site = Site::new();
    let display = Display::x(1920, 1080);
    let mut program = Program::start(&site, &display, &["--windowed", "1920x1080"]);
    program.sees("Attract");
    display.focus();
    // The first Tab shows the focus. Escape closes the help and puts the focus back where it was.
    program.keys(&["Tab", "Tab", "Escape"]);
    program.keys(&["shift+Tab", "Return"]);
    program.sees("ShowCode");
    let mut phone = Phone::new(None);
    let file = program.data("screen.png");
    let scan = program.waits_for("the code can be read from the screen", |_| {
        display.picture(&file);
        program::zbar_some(&file)
    });
    phone.open(&scan).await;
    assert!(
        phone.page.contains("Infocenter"),
        "the phone says which booth asks"
    );
    phone.submit(&[("person", "efgh0002")]).await;
    program.sees("AskIsThisYou");
    // This person may choose between two kinds of card, and the main button is disabled until one is chosen.
    program.keys_until(&["Tab", "Return", "Tab", "Return"], "Consent");
    // They hold an employee's card and no student's card: only the former can be replaced.
    let next = program.keys_until_one_of(&["Return"], &["OldCard", "Framing"]);
    if next == "OldCard" {
        program.touch_until("desk-old-card", "Framing");
    }
    program.sees("Reviewing");
    program.keys_until(&["Return"], "ShowingCard");
    program.keys_until(&["Return"], "Printing");
    program.sees("ReadingBack");
    program.touch_until("desk-new-card", "Collecting");
    the_card_is_true(&site, &program).await;
    program.keys_until(&["Return"], "Attract");
    // A visitor who changes their mind leaves with one key.
    program.keys_until(&["Return"], "ShowCode");
    program.keys(&["Escape"]);
    program.sees("Attract");
    program.ends();
}

/// A visit by keyboard with speech. A program in place of espeak-ng records the words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blind_visitor_gets_a_card_by_keyboard_and_speech() {
    let site = Site::new();
    let heard = site.hears();
    let display = Display::x(1080, 1920);
    let mut program = Program::start(&site, &display, &[]);
    program.sees("Attract");
    display.focus();
    let hears = |program: &mut Program<'_>, words: &str| {
        program.waits_until(words, |_| {
            std::fs::read_to_string(&heard).is_ok_and(|all| all.contains(words))
        });
    };
    // Nothing is read aloud until the visitor switches it on.
    program.keys(&["Tab"]);
    assert!(!heard.exists());
    program.keys(&["F9"]);
    hears(&mut program, "Byt ut ditt");
    program.keys_until(&["Return"], "ShowCode");
    hears(&mut program, "Logga in");
    program.touch_until("desk-approve", "AskIsThisYou");
    program.keys_until(&["Return"], "Consent");
    program.keys_until(&["Return"], "OldCard");
    program.touch_until("desk-old-card", "Framing");
    program.sees("Reviewing");
    program.keys_until(&["Return"], "ShowingCard");
    program.keys_until(&["Return"], "Printing");
    program.sees("ReadingBack");
    program.touch_until("desk-new-card", "Collecting");
    hears(&mut program, "Varsågod");
    // Speech is switched off again for the next visitor.
    program.keys_until(&["Return"], "Attract");
    let before = std::fs::read_to_string(&heard).unwrap();
    program.keys(&["Tab", "Tab"]);
    std::thread::sleep(Duration::from_secs(1));
    let after = std::fs::read_to_string(&heard).unwrap();
    assert_eq!(before, after);
    // Others can hear a loudspeaker, so no name was read aloud.
    assert!(
        !after.contains("Alva") && after.contains("Står på skärmen"),
        "{after}"
    );
    program.ends();
}

#[test]
fn an_idle_booth_uses_almost_no_processor_time() {
    let site = Site::new();
    let display = Display::x(1080, 1920);
    let mut program = Program::start(&site, &display, &[]);
    program.sees("Attract");
    // The work of starting is done by then.
    std::thread::sleep(Duration::from_secs(3));
    let before = program.cpu();
    std::thread::sleep(Duration::from_secs(5));
    let used = program.cpu().saturating_sub(before);
    // Polling the devices needs little; a screen that is drawn 60 times a second takes half a core or more.
    assert!(
        used < Duration::from_millis(500),
        "idle, it used {used:?} of 5 s"
    );
    program.ends();
}

/// How many frames, at 30 frames per second, the cost of the live picture is measured for. `PREVIEW_FRAMES` sets it;
/// `make preview-cost` uses ten thousand.
fn frames() -> u32 {
    let asked = std::env::var("PREVIEW_FRAMES").ok();
    asked.map_or(300, |text| {
        text.parse().expect("PREVIEW_FRAMES is a number")
    })
}

#[test]
fn looking_for_faces_costs_no_more_than_the_live_picture_and_neither_keeps_memory() {
    let site = Site::new();
    let display = Display::x(1080, 1920);
    // The photo is too blurred for the booth to take a photograph by itself, but the face is found.
    let photo = site.blurred_visitor();
    let mut program = Program::start(&site, &display, &["--photo", photo.to_str().unwrap()]);
    touch_to_framing(&mut program);
    // The first frames fill caches.
    std::thread::sleep(Duration::from_secs(5));
    let (cpu, faces, memory) = (program.cpu(), program.cpu_of("faces"), program.memory());
    let began = Instant::now();
    let long = Duration::from_secs(1) * frames() / 30;
    let mut most = memory;
    while began.elapsed() < long {
        // Touches keep the session from asking "are you still there?". At the edge of the screen they press nothing.
        display.touch(4.0, 1000.0);
        std::thread::sleep(Duration::from_secs(5).min(long));
        most = most.max(program.memory());
    }
    assert_eq!(program.screen(), "Framing");
    let took = began.elapsed();
    let cpu = program.cpu() - cpu;
    let faces = program.cpu_of("faces") - faces;
    let alone = cpu - faces;
    println!(
        "{took:.1?}: the live picture {:.0} %, faces {:.0} % of a core, together {:.2} times the picture alone; {} MB, then \
         at most {} MB",
        alone.as_secs_f64() / took.as_secs_f64() * 100.0,
        faces.as_secs_f64() / took.as_secs_f64() * 100.0,
        cpu.as_secs_f64() / alone.as_secs_f64(),
        memory >> 20,
        most >> 20,
    );
    assert!(faces > Duration::ZERO, "nobody looked for faces");
    assert!(
        cpu <= alone * 2,
        "{cpu:?} together, {alone:?} without looking for faces"
    );
    // Threads that start late take some MB. A camera frame is 2 MB, so keeping one in fifty would show in ten seconds.
    assert!(
        most <= memory + (memory >> 3),
        "{memory} bytes grew to {most}"
    );
    program.ends();
}

#[test]
fn a_wrong_configuration_gives_an_error_message_and_no_window() {
    let site = Site::new();
    site.write("umu/theme.toml", "[light]\nground = \"green\"\n");
    let said = program::refused(&site, &["run", "--test-mode"]);
    assert!(
        said.contains("theme.toml:2: light.ground has an invalid colour"),
        "{said}"
    );
    let said = program::refused(&site, &["run", "--test-mode", "--windowed", "10x10"]);
    assert!(said.contains("WIDTHxHEIGHT"), "{said}");
}
