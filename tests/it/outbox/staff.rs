//! Tests of `fotoautomat outbox`, the staff's commands beside a running booth.

use std::process::Command;

use common::order::Outcome;
use outbox::manage::Which;
use serde_json::Value;

use super::bench::{self, Bench, SOON, commit, issue, worker};

/// The program's answer as JSON, and its exit code.
fn said(desk: &Bench, arguments: &[&str]) -> (Value, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .args(["outbox", "--json", "--data"])
        .arg(desk.folder())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(words));
    (value, output.status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_order_is_listed_retried_and_arrives() {
    let desk = Bench::new();
    let (outbox, portal) = (desk.outbox().await, desk.portal().await);
    // This person has an open order at the portal, so the next one is refused.
    let open = commit(&outbox, "abcd0001", 0).await.unwrap();
    let serial = open.attempt.unwrap().serial;
    let evidence = bench::evidence(Outcome::NotPrinted, 0, 0);
    outbox
        .end_attempt(open.order, serial, Outcome::NotPrinted, &evidence)
        .await
        .unwrap();
    let (refused, _) = issue(&outbox, "abcd0001", 0).await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);

    let (list, code) = said(&desk, &["list"]);
    assert_eq!(code, 0);
    let listed = &list["orders"][0];
    assert_eq!(listed["orderId"], refused.to_string());
    assert_eq!(listed["state"], "parked");
    assert!(listed["reason"].as_str().unwrap().starts_with("423 "));
    // The holder's code identifies the order.
    let (shown, _) = said(&desk, &["show", &refused.short().to_lowercase()]);
    assert_eq!(shown["parts"][0]["state"], "parked");
    assert_eq!(shown["parts"][0]["failures"][0]["status"], 423);
    assert_eq!(shown["parts"][1]["state"], "held");
    assert_eq!(shown["cards"][0]["outcome"], "printed");
    // The output does not identify the person.
    assert!(!shown.to_string().contains("Alva") && !shown.to_string().contains("abcd0001"));

    // Clerks void the open order at the portal, and staff retry the parked one.
    portal
        .control
        .set_state(open.order, "void", Some("superseded"))
        .await
        .unwrap();
    let (retried, _) = said(&desk, &["retry", &refused.to_string()]);
    assert_eq!(retried["retried"], 1);
    worker.wake().await.unwrap();
    let arrived = async {
        while portal
            .control
            .order(refused)
            .await
            .unwrap()
            .is_none_or(|view| view.state != "active")
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, arrived)
        .await
        .expect("it arrives");
    assert!(worker.drained(SOON).await);
    let (list, _) = said(&desk, &["list"]);
    assert_eq!(list["orders"], serde_json::json!([]));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_parked_by_staff_waits_for_retry_and_delays_no_other_order() {
    let desk = Bench::new();
    let (outbox, portal) = (desk.outbox().await, desk.portal().await);
    let (held, _) = issue(&outbox, "abcd0001", 0).await;
    let (parked, code) = said(
        &desk,
        &["park", &held.to_string(), "--reason", "wrong photo"],
    );
    assert_eq!((parked["parked"].as_u64(), code), (Some(3), 0));
    let (next, _) = issue(&outbox, "abcd0001", 1).await;
    let worker = worker(&outbox, &portal);
    assert!(worker.drained(SOON).await);
    assert!(portal.control.order(held).await.unwrap().is_none());
    assert_eq!(
        portal.control.order(next).await.unwrap().unwrap().state,
        "active"
    );
    let (shown, _) = said(&desk, &["show", &held.short()]);
    assert_eq!(shown["reason"], "wrong photo");
    let (retried, _) = said(&desk, &["retry", "--all"]);
    assert_eq!(retried["retried"], 3);
    worker.wake().await.unwrap();
    assert!(worker.drained(SOON).await);
    assert!(portal.control.order(held).await.unwrap().is_some());
    assert_eq!(outbox.counts().await.unwrap().delivered, 2);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn purge_refuses_undelivered_and_undecided_orders() {
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (waiting, _) = issue(&outbox, "abcd0001", 0).await;
    let open = commit(&outbox, "efgh0002", 1).await.unwrap().order;
    let (words, code) = said(&desk, &["purge", &waiting.to_string()]);
    assert_eq!(code, 1);
    assert!(
        words.as_str().unwrap().contains("has not acknowledged"),
        "{words}"
    );
    let (words, code) = said(&desk, &["purge", "--undelivered", &open.to_string()]);
    assert_eq!(code, 1);
    assert!(
        words.as_str().unwrap().contains("is not decided"),
        "{words}"
    );
    let (purged, code) = said(&desk, &["purge", "--undelivered", &waiting.to_string()]);
    assert_eq!((purged["purged"].as_u64(), code), (Some(1), 0));
    assert!(outbox.read(waiting).await.unwrap().is_none());
    let given_up = outbox.list(Which::Discarded, 10).await.unwrap();
    assert_eq!((given_up.len(), given_up[0].erased), (1, true));
    // Nothing of a purged order is sent any more.
    let portal = desk.portal().await;
    let worker = worker(&outbox, &portal);
    assert!(
        !worker.drained(std::time::Duration::from_millis(700)).await,
        "one is being printed"
    );
    assert_eq!(portal.control.orders().await.unwrap(), [open]);
    worker.stop().await;
    let (words, code) = said(&desk, &["show", "ABC-DEF"]);
    assert_eq!(code, 1);
    assert!(
        words.as_str().unwrap().contains("has no order ABC-DEF"),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_sealed_and_opens_with_its_key() {
    use portal::seal::ReceiverSecret;
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (order, serial) = issue(&outbox, "abcd0001", 0).await;
    let (expected, photo) = outbox.read(order).await.unwrap().unwrap();
    let (secret, public) = super::receiver::keys(&desk);
    let (secret, public) = (secret.to_str().unwrap(), public.to_str().unwrap());
    assert!(ReceiverSecret::read(secret.as_ref()).is_ok());
    let path = |name: &str| desk.file(name).display().to_string();
    for (name, to, key) in [
        ("own", vec![], vec![]),
        ("portal", vec!["--to", public], vec!["--secret", secret]),
    ] {
        let (file, folder) = (path(&format!("{name}.jsonl")), path(name));
        let (done, code) = said(&desk, &[&["export", "--out", &file][..], &to].concat());
        assert_eq!((done["exported"].as_u64(), code), (Some(1), 0), "{done}");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("Alva") && !text.contains("abcd0001"));
        // An existing file is not overwritten.
        assert_eq!(said(&desk, &["export", "--out", &file]).1, 1);
        let (done, code) = said(
            &desk,
            &[&["open", &file, "--out", &folder][..], &key].concat(),
        );
        assert_eq!((done["opened"].as_u64(), code), (Some(1), 0), "{done}");
        let read =
            |name: &str| std::fs::read(desk.file(&format!("{folder}/{order}/{name}"))).unwrap();
        let opened: common::order::Order = serde_json::from_slice(&read("order.json")).unwrap();
        assert_eq!(opened, expected);
        assert_eq!(read("photo.jpg"), photo.to_vec());
        let card: Value = serde_json::from_slice(&read(&format!("card-{serial}.json"))).unwrap();
        assert_eq!(
            (&card["outcome"], &card["collected"]),
            (&"printed".into(), &true.into())
        );
    }
    // The booth cannot open an export to the portal, and a part does not open as another one.
    let (words, code) = said(
        &desk,
        &["open", &path("portal.jsonl"), "--out", &path("no")],
    );
    assert_eq!(code, 1);
    assert!(
        words
            .as_str()
            .unwrap()
            .contains("does not open with this key"),
        "{words}"
    );
    let swapped = std::fs::read_to_string(desk.file("own.jsonl")).unwrap();
    let swapped = swapped.replacen("\"part\":\"order\"", "\"part\":\"card/00\"", 1);
    std::fs::write(desk.file("swapped.jsonl"), swapped).unwrap();
    assert_eq!(
        said(
            &desk,
            &["open", &path("swapped.jsonl"), "--out", &path("no")]
        )
        .1,
        1
    );
    for (what, text) in [
        ("no JSON", "hello\n".to_owned()),
        (
            "a way out of the folder",
            format!(
                r#"{{"orderId":"{order}","state":"waiting","parts":[{{"part":"../x","sealed":""}}]}}"#
            ),
        ),
    ] {
        std::fs::write(desk.file("bad.jsonl"), text).unwrap();
        let (words, code) = said(&desk, &["open", &path("bad.jsonl"), "--out", &path("no")]);
        assert_eq!(code, 1, "{what}");
        assert_eq!(
            words.as_str().unwrap().lines().count(),
            1,
            "{what}: {words}"
        );
    }
}

#[tokio::test]
async fn the_check_finds_what_is_wrong() {
    use sqlx::Connection as _;
    let desk = Bench::new();
    let outbox = desk.outbox().await;
    let (order, _) = issue(&outbox, "abcd0001", 0).await;
    let (found, code) = said(&desk, &["check"]);
    assert_eq!((found["sound"].as_bool(), code), (Some(true), 0), "{found}");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(desk.file("outbox.sqlite"))
        .foreign_keys(false);
    let mut store = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    for (harm, mend, sign) in [
        (
            "UPDATE orders SET state = 'delivered', delivered_at = 1",
            "UPDATE orders SET state = 'waiting', delivered_at = NULL",
            "count as delivered with parts unsent",
        ),
        (
            "UPDATE jobs SET state = 'held' WHERE state = 'available'",
            "UPDATE jobs SET state = 'available' WHERE id = 1",
            "wait for nothing",
        ),
        (
            "UPDATE jobs SET payload = NULL WHERE id = 1",
            "UPDATE jobs SET payload = 1 WHERE id = 1",
            "have nothing left to send",
        ),
        (
            "UPDATE payloads SET order_row = 77 WHERE id = 1",
            "UPDATE payloads SET order_row = 1 WHERE id = 1",
            "point to rows that are not there",
        ),
        (
            "UPDATE attempts SET counter_after = counter_after + 3",
            "UPDATE attempts SET counter_after = counter_after - 3",
            "\"unexplained\"",
        ),
    ] {
        sqlx::query(harm).execute(&mut store).await.unwrap();
        let (found, code) = said(&desk, &["check"]);
        assert_eq!(code, 1, "{harm}: {found}");
        let text = found.to_string();
        assert!(
            text.contains(sign) || sign == "\"unexplained\"",
            "{harm}: {text}"
        );
        sqlx::query(mend).execute(&mut store).await.unwrap();
        assert_eq!(said(&desk, &["check"]).1, 0, "{mend}");
    }
    store.close().await.unwrap();
    // A quarantined file is reported.
    std::fs::write(desk.file("outbox.sqlite.damaged-20261121T080000000Z"), "x").unwrap();
    let (found, code) = said(&desk, &["check"]);
    assert_eq!(code, 1);
    assert!(
        found["findings"]["setAside"][0]
            .as_str()
            .unwrap()
            .ends_with("damaged-20261121T080000000Z")
    );
    assert!(outbox.read(order).await.unwrap().is_some());
}

#[test]
fn a_missing_store_is_reported_and_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("of/a/booth");
    let outbox = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fotoautomat"));
        program.args(["outbox", "--data"]).arg(&data);
        program.args(arguments).output().unwrap()
    };
    for arguments in [&["list"][..], &["check"], &["rotate"]] {
        let answer = outbox(arguments);
        let error = String::from_utf8(answer.stderr).unwrap();
        let missing = format!("there is no store {}", data.join("outbox.sqlite").display());
        assert!(error.contains(&missing), "{arguments:?}: {error}");
        assert!(!answer.status.success() && !data.exists(), "{arguments:?}");
    }
    let filled = outbox(&["fill", "--orders", "1"]);
    assert!(filled.status.success(), "{filled:?}");
    assert!(outbox(&["check"]).status.success());
}
