//! Personal data is sealed in the store, and erased once it is delivered.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use common::order::{Outcome, Private, Uid};
use outbox::{Error, KeyError, NewRecord, Outbox};

use super::bench::{self, Bench, SOON, issue, worker};

const NAME: &str = "Kanariefågel-7c1d";
const SUBJECT: &str = "kana0042";
const UID: [u8; 7] = [0x04, 0xca, 0xfe, 0xba, 0xbe, 0x13, 0x37];

/// The bytes that must not be found, each with a name. The chip's number occurs as bytes and as hex in both cases.
fn canaries(photo: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = Uid::from_bytes(&UID).hex;
    vec![
        ("the name", NAME.as_bytes().to_vec()),
        ("the subject", SUBJECT.as_bytes().to_vec()),
        ("the photo", photo[500..532].to_vec()),
        ("the chip's number", UID.to_vec()),
        ("the chip's number in hex", hex.clone().into_bytes()),
        ("the chip's number in hex", hex.to_lowercase().into_bytes()),
    ]
}

/// Searches the files in a folder, except those of the portal, which may hold the data.
fn search(folder: &Path, canaries: &[(&'static str, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir()
            || path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("portal"))
        {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for (what, needle) in canaries {
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(format!("{what} is in {}", path.display()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_names_pictures_or_chip_numbers_and_delivery_erases_their_keys() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (mut order, photo) = bench::order_of(SUBJECT);
    order.person.display_name = Private::from(NAME);
    order.person.name_on_card = Private::from(NAME);
    let canaries = canaries(&photo);
    let mut readable = serde_json::to_vec(&order).unwrap();
    readable.extend_from_slice(&photo);
    for (what, needle) in &canaries[..3] {
        // The unsealed data contains the canary, so the search would find it.
        assert!(
            readable
                .windows(needle.len())
                .any(|window| window == needle),
            "{what}"
        );
    }
    let record = NewRecord {
        order,
        photo,
        attempt: Some(bench::attempt(0)),
    };
    let made = outbox.commit(record).await.unwrap();
    let serial = made.attempt.unwrap().serial;
    let evidence = bench::evidence(Outcome::Printed, 0, 1);
    outbox
        .end_attempt(made.order, serial, Outcome::Printed, &evidence)
        .await
        .unwrap();
    outbox
        .read_back(made.order, serial, Some(&Uid::from_bytes(&UID)), true, true)
        .await
        .unwrap();
    assert_eq!(search(desk.folder(), &canaries), Vec::<String>::new());
    // The keys of the parts are in the store now, themselves sealed.
    let wrapped = wrapped_keys(&desk).await;
    assert_eq!(wrapped.len(), 3);
    let wrapped: Vec<_> = wrapped
        .into_iter()
        .map(|key| ("a sealed key", key))
        .collect();
    assert!(!search(desk.folder(), &wrapped).is_empty());

    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    erased(&outbox, made.order).await;
    worker.stop().await;
    // They are not even in free pages or the truncated WAL, although the file is still open.
    assert_eq!(search(desk.folder(), &wrapped), Vec::<String>::new());
    assert_eq!(search(desk.folder(), &canaries), Vec::<String>::new());
    assert!(outbox.read(made.order).await.unwrap().is_none());
    outbox.close().await;
    assert_eq!(search(desk.folder(), &wrapped), Vec::<String>::new());
    let at_portal = portal.control.order(made.order).await.unwrap().unwrap();
    assert_eq!(at_portal.order.person.display_name.as_str(), NAME);
}

/// Waits until the worker has erased the order.
async fn erased(outbox: &Outbox, order: common::order::OrderId) {
    let until = tokio::time::Instant::now() + SOON;
    while !outbox.show(order).await.unwrap().unwrap().order.erased {
        assert!(tokio::time::Instant::now() < until, "not erased");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // The worker truncates the WAL right after erasing.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

async fn wrapped_keys(desk: &Bench) -> Vec<Vec<u8>> {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(desk.file("outbox.sqlite"));
    let mut store = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    let keys = sqlx::query_scalar("SELECT wrapped FROM payloads")
        .fetch_all(&mut store)
        .await
        .unwrap();
    store.close().await.unwrap();
    keys
}

#[tokio::test]
async fn without_its_key_the_store_is_unreadable_and_says_so() {
    for (what, change, expected) in [
        ("gone", None, "is not at"),
        (
            "another's",
            Some("11".repeat(32)),
            "is not the one that this store was sealed with",
        ),
        ("no key", Some("rubbish".to_owned()), "is not a key"),
    ] {
        let desk = Bench::new();
        let outbox = desk.outbox().await;
        issue(&outbox, "abcd0001", 0).await;
        outbox.close().await;
        let key = desk.file("outbox.key");
        let right = fs::read(&key).unwrap();
        match change {
            None => fs::remove_file(&key).unwrap(),
            Some(text) => fs::write(&key, text).unwrap(),
        }
        let refused = Outbox::open(&desk.settings()).await.unwrap_err();
        assert!(matches!(refused, Error::Key(_)), "{what}: {refused}");
        assert!(refused.to_string().contains(expected), "{what}: {refused}");
        let said = outbox_command(&desk, &["check"]);
        assert!(!said.status.success());
        let said = String::from_utf8(said.stderr).unwrap();
        assert!(said.contains(expected), "{what}: {said}");
        // The refusal changed nothing: with the right key everything is there.
        fs::write(&key, right).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let opened = desk.open().await;
        assert_eq!(opened.outbox.counts().await.unwrap().waiting, 1, "{what}");
        assert_eq!(opened.outbox.check().await.unwrap().unreadable, 0);
    }
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused() {
    let desk = Bench::new();
    desk.outbox().await.close().await;
    let key = desk.file("outbox.key");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Outbox::open(&desk.settings()).await.unwrap_err();
    assert!(
        matches!(refused, Error::Key(KeyError::Exposed { .. })),
        "{refused}"
    );
}

#[tokio::test]
async fn the_key_is_changed_and_the_old_one_opens_nothing() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (order, _) = issue(&outbox, "abcd0001", 0).await;
    outbox.close().await;
    let old = fs::read(desk.file("outbox.key")).unwrap();
    let said = outbox_command(&desk, &["rotate", "--json"]);
    assert!(said.status.success(), "{said:?}");
    assert_eq!(
        String::from_utf8(said.stdout).unwrap().trim(),
        r#"{"resealed":3}"#
    );
    let new = fs::read(desk.file("outbox.key")).unwrap();
    assert!(new != old && new.len() == old.len());
    {
        let outbox = desk.outbox().await;
        assert!(outbox.read(order).await.unwrap().is_some());
        outbox.close().await;
    }
    fs::write(desk.file("outbox.key"), old).unwrap();
    let refused = Outbox::open(&desk.settings()).await.unwrap_err();
    assert!(
        matches!(refused, Error::Key(KeyError::Wrong(_))),
        "{refused}"
    );
}

/// A part of one order does not open as a part of another order.
#[tokio::test]
async fn a_sealed_part_opens_only_in_its_own_order() {
    use sqlx::Connection as _;
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (first, _) = issue(&outbox, "abcd0001", 0).await;
    let (second, _) = issue(&outbox, "efgh0002", 1).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(desk.file("outbox.sqlite"));
    let mut store = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    let swapped = sqlx::query(
        "UPDATE payloads SET (key_id, wrapped, sealed) = (SELECT key_id, wrapped, sealed FROM payloads p
            WHERE p.field = payloads.field AND p.order_row = 1) WHERE field = 'photo' AND order_row = 2",
    )
    .execute(&mut store)
    .await
    .unwrap();
    assert_eq!(swapped.rows_affected(), 1);
    assert!(outbox.read(first).await.unwrap().is_some());
    let refused = outbox.read(second).await.unwrap_err();
    assert!(matches!(refused, Error::Sealed(_)), "{refused}");
    assert_eq!(outbox.check().await.unwrap().unreadable, 1);
    // The order is parked with the reason and delays no other.
    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    worker.stop().await;
    let shown = outbox.show(second).await.unwrap().unwrap();
    assert_eq!(shown.order.state, "parked");
    assert!(shown.order.reason.unwrap().contains("does not open"));
    assert_eq!(portal.control.totals().await.unwrap().orders, 2);
}

/// Runs `fotoautomat outbox` on the bench's store.
fn outbox_command(desk: &Bench, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .arg("outbox")
        .args(arguments)
        .arg("--data")
        .arg(desk.folder())
        .output()
        .unwrap()
}

/// A whole session logs nothing that identifies the person, even at the highest level.
#[test]
fn no_log_line_names_anybody() {
    let folder = tempfile::tempdir().unwrap();
    let people = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/test-people.toml"),
    )
    .unwrap();
    let people: portal_server::people::People = toml::from_str(&people).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("FOTOAUTOMAT_LOG", "trace")
        .args(["rehearse", "--sessions", "3", "--json", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    fs::write(folder.path().join("log"), &said).unwrap();
    assert!(output.status.success());
    assert!(said.len() > 1000, "a trace has many lines");
    let mut canaries = Vec::new();
    for person in &people.people {
        canaries.push(("a name", person.name.clone().into_bytes()));
        canaries.push(("a subject", person.subject.clone().into_bytes()));
    }
    let jpeg = fs::read(folder.path().join("portrait.jpg")).unwrap();
    canaries.push(("the photo", jpeg[700..732].to_vec()));
    let found = search(folder.path(), &canaries);
    let found: Vec<_> = found
        .into_iter()
        // A rehearsal writes the last card and its portrait on purpose.
        .filter(|line| {
            !["portrait.jpg", "proof.pdf"]
                .iter()
                .any(|file| line.ends_with(file))
        })
        .collect();
    assert_eq!(found, Vec::<String>::new());
}
