//! Orders sealed to the receiver: the booth cannot read what it stores and sends.

use std::{fs, path::PathBuf, process::Command};

use common::order::{OrderId, Outcome};
use outbox::{Outbox, Settings, journal::Reading};
use portal::seal::{Receiver, ReceiverSecret, context};

use super::bench::{self, Bench, PRINTER, SOON, commit, issue, worker};

/// The files of a key pair (secret, public) as a site's administrator makes it.
pub(super) fn keys(desk: &Bench) -> (PathBuf, PathBuf) {
    let (secret, public) = (desk.file("portal-key.pem"), desk.file("portal-key.pub.pem"));
    for arguments in [
        vec![
            "genpkey",
            "-algorithm",
            "x25519",
            "-out",
            secret.to_str().unwrap(),
        ],
        vec![
            "pkey",
            "-in",
            secret.to_str().unwrap(),
            "-pubout",
            "-out",
            public.to_str().unwrap(),
        ],
    ] {
        let made = Command::new("openssl")
            .args(arguments)
            .output()
            .expect("openssl is missing: run `make test`, which installs it");
        assert!(made.status.success(), "{made:?}");
    }
    (secret, public)
}

async fn sealing(desk: &Bench, public: PathBuf) -> (Outbox, Settings) {
    let settings = Settings {
        receiver: Some(public),
        ..desk.settings()
    };
    (Outbox::open(&settings).await.unwrap().outbox, settings)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_sealed_to_the_portal_is_read_by_the_portal_only() {
    let desk = Bench::new();
    let (secret, public) = keys(&desk);
    let (outbox, _) = sealing(&desk, public).await;
    let (order, serial) = issue(&outbox, "abcd0001", 0).await;
    assert!(outbox.read(order).await.unwrap().is_none());
    // The booth can open only the chip's number with its keys; the check does not count the other parts as unreadable.
    assert_eq!(outbox.check().await.unwrap().unreadable, 0);
    let opened = desk
        .portal_with(|settings| settings.secret = Some(ReceiverSecret::read(&secret).unwrap()))
        .await;
    let worker = worker(&outbox, &opened);
    assert!(worker.drained(SOON).await);
    worker.stop().await;
    let view = opened.control.order(order).await.unwrap().unwrap();
    assert_eq!(view.order.person.display_name.as_str(), "Alva Björk");
    assert_eq!(
        (view.state.as_str(), view.printed().unwrap().serial),
        ("active", serial)
    );
    let photo = opened.control.photo(order).await.unwrap().unwrap();
    assert_eq!(
        portal::Hash::of(&photo).to_string(),
        view.order.photo.sha256
    );
    assert_eq!(outbox.counts().await.unwrap().delivered, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_without_the_key_refuses_and_the_order_is_parked() {
    let desk = Bench::new();
    let (_, public) = keys(&desk);
    let (outbox, _) = sealing(&desk, public).await;
    let (order, _) = issue(&outbox, "abcd0001", 0).await;
    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    worker.stop().await;
    let shown = outbox.show(order).await.unwrap().unwrap();
    assert_eq!(shown.order.state, "parked");
    assert!(
        shown
            .order
            .reason
            .unwrap()
            .contains("no key that opens sealed parts")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_cut_off_before_its_card_came_out_is_void_and_the_person_starts_again() {
    let desk = Bench::new();
    let (secret, public) = keys(&desk);
    let (outbox, settings) = sealing(&desk, public).await;
    let cut = commit(&outbox, "abcd0001", 41).await.unwrap();
    outbox.close().await;
    let outbox = Outbox::open(&settings).await.unwrap().outbox;
    let reading = Reading {
        printer: PRINTER.to_owned(),
        counter: Some(41),
        card_inside: false,
    };
    assert_eq!(outbox.settle_by(&reading).await.unwrap(), []);
    // No card was fed, but the order cannot be printed: the booth cannot read the content of its card.
    assert!(outbox.all_printable().await.unwrap().is_empty());
    assert_eq!(outbox.counts().await.unwrap().void, 1);
    let (again, _) = issue(&outbox, "abcd0001", 41).await;
    let portal = desk
        .portal_with(|settings| settings.secret = Some(ReceiverSecret::read(&secret).unwrap()))
        .await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    worker.stop().await;
    let state = async |order: OrderId| portal.control.order(order).await.unwrap().unwrap().state;
    assert_eq!(state(cut.order).await, "void");
    assert_eq!(state(again).await, "active");
    assert_eq!(outbox.check().await.unwrap().books[0].unexplained(), 0);
}

#[tokio::test]
async fn a_print_that_failed_is_void_after_a_restart() {
    let desk = Bench::new();
    let (_, public) = keys(&desk);
    let (outbox, settings) = sealing(&desk, public).await;
    let made = commit(&outbox, "abcd0001", 0).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let evidence = bench::evidence(Outcome::NotPrinted, 0, 0);
    outbox
        .end_attempt(made.order, serial, Outcome::NotPrinted, &evidence)
        .await
        .unwrap();
    // A holder who is still at the booth can have the card printed again, because the session holds the picture.
    let mut again = bench::attempt(0);
    again.serial = serial;
    outbox.begin_attempt(made.order, again, None).await.unwrap();
    outbox
        .end_attempt(made.order, serial, Outcome::NotPrinted, &evidence)
        .await
        .unwrap();
    outbox.close().await;
    let outbox = Outbox::open(&settings).await.unwrap().outbox;
    assert_eq!(outbox.counts().await.unwrap().void, 1);
}

#[test]
fn keys_are_read_as_openssl_writes_them_and_bind_what_they_seal() {
    let desk = Bench::new();
    let (secret, public) = keys(&desk);
    let (receiver, opener) = (
        Receiver::read(&public).unwrap(),
        ReceiverSecret::read(&secret).unwrap(),
    );
    let order = OrderId::new(jiff::Timestamp::now());
    let sealed = receiver.seal(&context(order, "photo"), b"picture");
    assert_eq!(
        &**opener.open(&context(order, "photo"), &sealed).unwrap(),
        b"picture"
    );
    // It does not open as another part, with another key, or with a wrong bit.
    assert!(opener.open(&context(order, "order"), &sealed).is_err());
    assert!(
        ReceiverSecret::random()
            .open(&context(order, "photo"), &sealed)
            .is_err()
    );
    for at in [0, 31, 32, sealed.len() - 1] {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        assert!(
            opener.open(&context(order, "photo"), &damaged).is_err(),
            "{at}"
        );
    }
    for (what, text) in [
        ("empty", ""),
        ("no PEM", "hello"),
        ("the secret one", &fs::read_to_string(&secret).unwrap()),
    ] {
        fs::write(desk.file("bad.pem"), text).unwrap();
        assert!(Receiver::read(&desk.file("bad.pem")).is_err(), "{what}");
    }
}
