//! What a booth does when its parts fail: one test for each failure, with virtual devices and test servers.

use std::time::Duration;

use card_printer::Fault;
use common::{
    health::{Attention, Part},
    order::{Outcome, Serial},
};
use device::FaultInjection as _;
use identity::virtual_idp;
use session::{
    Press, State,
    issue::{self, Why},
    portrait, sign_in,
};

use crate::harness::Harness;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_gets_a_card_and_the_portal_has_it_once() {
    let mut harness = Harness::boot().await;
    harness.reach_the_end_of_printing().await;
    harness.desk.lay_new_card();
    harness
        .until("the card is read back", |state| {
            matches!(state, State::Issue(issue::State::Collecting { .. }))
        })
        .await;
    let State::Issue(issue::State::Collecting { job }) = &harness.runner.session.state else {
        unreachable!()
    };
    let (order, serial) = (job.order, job.serial);
    harness.press(Press::Done);
    assert!(matches!(harness.runner.session.state, State::Attract));
    assert!(
        harness
            .booth
            .worker()
            .drained(Duration::from_secs(60))
            .await,
        "everything reaches the portal"
    );
    let portal = harness.booth.test_portal().unwrap();
    let view = portal
        .order(order)
        .await
        .unwrap()
        .expect("the portal has the order");
    assert!(view.photo.is_some(), "and the photo");
    assert_eq!(view.cards.len(), 1, "and one card");
    let card = &view.cards[0];
    assert_eq!(
        (card.serial, card.row.outcome, card.row.collected),
        (serial, Outcome::Printed, true)
    );
    assert!(card.row.code_read_back && card.row.uid.is_some());
    let totals = portal.totals().await.unwrap();
    assert_eq!(
        (totals.orders, totals.photos, totals.cards, totals.valid),
        (1, 1, 1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_sign_in_ends_the_visit_with_a_reason() {
    let mut harness = Harness::boot().await;
    harness
        .until("attract", |state| matches!(state, State::Attract))
        .await
        .press(Press::Start);
    harness
        .until("a code", |state| {
            matches!(
                state,
                State::SignIn(sign_in::State::ShowCode { code: Some(_), .. })
            )
        })
        .await;
    assert!(harness.desk.deny());
    harness
        .until("the reason", |state| {
            matches!(state, State::SignIn(sign_in::State::NotEligible { .. }))
        })
        .await;
    let State::SignIn(sign_in::State::NotEligible { why, .. }) = &harness.runner.session.state
    else {
        unreachable!()
    };
    assert_eq!(why.name(), "denied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unplugged_camera_is_reported_and_recovers_by_itself() {
    let mut harness = Harness::boot().await;
    harness.reach_framing().await;
    let unplugged = harness
        .desk
        .faults()
        .into_iter()
        .find(|fault| fault.part == Part::Camera && fault.name == "unplugged");
    let unplugged = unplugged.unwrap();
    harness.desk.toggle(&unplugged);
    harness.press(Press::Shutter);
    harness
        .until("the live picture says so", |state| {
            matches!(
                state,
                State::Portrait(portrait::State::Framing { fault: Some(_), .. })
            )
        })
        .await;
    harness.desk.toggle(&fotoautomat::booth::InjectedFault {
        on: true,
        ..unplugged
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..200 {
        harness.press(Press::Shutter);
        harness.runner.turn(Duration::from_millis(50)).await;
        if matches!(
            harness.runner.session.state,
            State::Portrait(portrait::State::Reviewing { .. })
        ) {
            return;
        }
    }
    panic!(
        "no photograph after the camera came back: {:?}",
        harness.runner.session.state
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_booth_without_its_printer_says_that_cards_are_fetched_later() {
    let mut harness = Harness::boot().await;
    harness
        .until("attract", |state| matches!(state, State::Attract))
        .await;
    harness.desk.printer().unplug();
    for _ in 0..600 {
        harness.runner.turn(Duration::from_millis(20)).await;
        if harness.runner.session.service(&harness.runner.rules)
            == Ok(common::health::Service::OrderOnly)
        {
            assert!(
                matches!(harness.runner.session.state, State::Attract),
                "it serves all the same"
            );
            return;
        }
    }
    panic!("the printer's absence was not noticed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_hopper_prints_nothing_and_the_same_serial_is_tried_again() {
    let mut harness = Harness::boot().await;
    harness.reach_card().await;
    // The printer notices the empty hopper only when it feeds a card.
    harness.desk.printer().raise_after(0, Fault::NoCards);
    harness.press(Press::Print);
    harness
        .until("it is known", |state| {
            matches!(state, State::Issue(issue::State::NotPrinted(_)))
        })
        .await;
    let State::Issue(issue::State::NotPrinted(state)) = &harness.runner.session.state else {
        unreachable!()
    };
    assert_eq!(state.fault.as_deref(), Some("no-cards"));
    let serial = state.job.serial;
    assert_eq!(harness.desk.printer().books().fed, 0);
    harness.desk.printer().clear_all();
    for _ in 0..1000 {
        harness.press(Press::PrintAgain);
        harness.runner.turn(Duration::from_millis(20)).await;
        if !matches!(
            harness.runner.session.state,
            State::Issue(issue::State::NotPrinted(_))
        ) {
            break;
        }
    }
    harness
        .until("printed", |state| {
            matches!(state, State::Issue(issue::State::ReadingBack { .. }))
        })
        .await;
    let State::Issue(issue::State::ReadingBack(issue::ReadingBack { job, .. })) =
        &harness.runner.session.state
    else {
        unreachable!()
    };
    assert_eq!(job.serial, serial);
    assert_eq!(
        harness.desk.printer().books().fed,
        1,
        "one card was fed in all"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_unplugged_while_printing_leaves_an_open_decision_that_the_cards_code_settles() {
    let mut harness = Harness::boot().await;
    harness.reach_card().await;
    harness.desk.printer().speed(0.5);
    harness.press(Press::Print);
    harness
        .until("the printer works on the card", |state| {
            matches!(state, State::Issue(issue::State::Printing(issue::Printing { step, .. })) if step.name == "printing")
        })
        .await;
    harness.desk.printer().unplug();
    harness
        .until("nobody knows", |state| {
            matches!(state, State::Issue(issue::State::NeedsAttendant(_)))
        })
        .await;
    assert_eq!(harness.why(), Some(&Why::Unknown));
    let serial = open_serial(&harness);
    // Nothing more is printed by itself, even when the cable is back.
    harness.desk.printer().replug();
    for _ in 0..50 {
        harness.press(Press::PrintAgain);
        harness.runner.turn(Duration::from_millis(10)).await;
    }
    assert_eq!(harness.why(), Some(&Why::Unknown));
    harness
        .runner
        .happen(session::Event::CodeSeen(Some(Serial([0; 8]))));
    assert_eq!(
        harness.why(),
        Some(&Why::Unknown),
        "another card proves nothing"
    );
    harness
        .runner
        .happen(session::Event::CodeSeen(Some(serial)));
    assert!(matches!(
        harness.runner.session.state,
        State::Issue(issue::State::Collecting { .. })
    ));
    assert!(harness.desk.printer().books().fed <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_print_that_a_power_cut_left_open_is_decided_after_the_next_start() {
    let mut harness = Harness::boot().await;
    harness.reach_card().await;
    harness.desk.printer().speed(100.0);
    harness.press(Press::Print);
    harness
        .until("printing", |state| {
            matches!(state, State::Issue(issue::State::Printing { .. }))
        })
        .await;
    let State::Issue(issue::State::Printing(issue::Printing { job, .. })) =
        &harness.runner.session.state
    else {
        unreachable!()
    };
    let (order, serial) = (job.order, job.serial);
    let data = harness.shut().await;
    let mut harness = Harness::boot_in(data).await;
    harness
        .until("the question", |state| {
            matches!(
                state,
                State::Issue(issue::State::NeedsAttendant(_)) | State::Attract
            )
        })
        .await;
    match &harness.runner.session.state {
        State::Issue(issue::State::NeedsAttendant(open)) => {
            assert_eq!(
                (open.order, open.serial, &open.why),
                (order, serial, &Why::AfterRestart)
            );
        }
        // The printer's counter proved that no card was fed.
        State::Attract => assert!(harness.booth.outbox().undecided().await.unwrap().is_empty()),
        _ => unreachable!(),
    }
    assert_eq!(
        harness.desk.printer().books().fed,
        0,
        "nothing prints by itself"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_booth_survives_every_fault_of_the_identity_provider() {
    for fault in virtual_idp::Fault::ALL {
        let mut harness = Harness::boot().await;
        harness
            .until("attract", |state| matches!(state, State::Attract))
            .await;
        harness.desk.identity().unwrap().set_fault(Some(fault));
        harness.press(Press::Start);
        for _ in 0..40 {
            harness.runner.turn(Duration::from_millis(10)).await;
            harness.desk.approve(0);
        }
        harness.press(Press::Cancel);
        harness
            .until("home", |state| {
                matches!(state, State::Attract | State::OutOfService(_))
            })
            .await;
        assert!(!harness.runner.session.is_personal(), "{fault:?}");
    }
}

/// A damaged store is moved aside and the booth works with a new one. The log, the portal, the attendant's screen and
/// `doctor` report it, even after the next start, until somebody removes the file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_is_reported_until_somebody_removes_it() {
    let data = Harness::boot().await.shut().await;
    let store = data.path().join("outbox.sqlite");
    let mut bytes = std::fs::read(&store).unwrap();
    bytes[..200].fill(0xa5);
    std::fs::write(&store, bytes).unwrap();

    let mut harness = Harness::boot_in(data).await;
    for start in 0..2 {
        harness
            .until("it serves all the same", |state| {
                matches!(state, State::Attract)
            })
            .await;
        let seen = harness.runner.session.health.attention.clone();
        assert_eq!(
            seen,
            Attention {
                set_aside: 1,
                ..Attention::default()
            },
            "start {start}"
        );
        let data = harness.shut().await;
        let said = doctor(data.path()).await;
        assert!(said.contains("1 damaged and put aside"), "{said}");
        harness = Harness::boot_in(data).await;
    }
    for file in std::fs::read_dir(harness.data.path()).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().contains(".damaged-") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let data = harness.shut().await;
    assert!(!doctor(data.path()).await.contains("put aside"));
    let harness = Harness::boot_in(data).await;
    let seen = &harness.runner.session.health.attention;
    assert_eq!(*seen, Attention::default());
}

/// What `doctor` prints about a booth in test mode.
async fn doctor(data: &std::path::Path) -> String {
    let state = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(data, state.path().join("fotoautomat-test")).unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("XDG_STATE_HOME", state.path())
        .args(["doctor", "--test-mode"])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn open_serial(harness: &Harness) -> Serial {
    match &harness.runner.session.state {
        State::Issue(issue::State::NeedsAttendant(open)) => open.serial,
        other => panic!("no open question: {other:?}"),
    }
}

/// A lamp on a serial line is lit while the camera's live picture is shown, and at no other time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lamp_lights_the_face_until_the_photograph_is_taken() {
    let (_, lamp) = lamp::virtual_lamp();
    let mut config = crate::harness::config("umu");
    config.set_lamp(format!("serial:{}", lamp.port().unwrap()));
    let mut harness = Harness::boot_with(config, tempfile::tempdir().unwrap()).await;
    let becomes = async |wanted: lamp::Brightness| {
        let until = std::time::Instant::now() + Duration::from_secs(30);
        while lamp.brightness() != wanted {
            let shines = lamp.brightness();
            assert!(
                std::time::Instant::now() < until,
                "{shines} stays, not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    becomes(lamp::Brightness::DARK).await;
    harness.reach_framing().await;
    becomes(lamp::Brightness::FULL).await;
    harness.press(Press::Shutter);
    harness
        .until("a photograph", |state| {
            matches!(state, State::Portrait(portrait::State::Reviewing { .. }))
        })
        .await;
    becomes(lamp::Brightness::DARK).await;
    // The lamp is lit again for another photograph.
    harness.press(Press::Retake);
    becomes(lamp::Brightness::FULL).await;
    // Leaving switches the lamp off.
    harness.press(Press::Cancel);
    becomes(lamp::Brightness::DARK).await;
}
