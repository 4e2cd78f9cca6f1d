use std::{borrow::Cow, fs, path::PathBuf};

use jiff::Timestamp;
use sqlx::migrate::Migration;
use store::{Error, READERS, Store, quarantined_beside, with_suffix};

use super::*;

/// Rows that a store of each older version held: SQL for version 1, what version 2 added, and so on. A migration without
/// its line here makes the test below fail.
const LEFT_BY: &[&str] = &[
    r"
    INSERT INTO meta VALUES ('made', x'01');
    INSERT INTO orders (id, order_id, lane, delivery, state, created_at, delivered_at, erased_at) VALUES
        (1, x'01930000000070008000000000000001', x'00112233445566778899aabbccddeeff', 'here', 'waiting', 1000, NULL, NULL),
        (2, x'01930000000070008000000000000002', NULL, 'pickup', 'delivered', 1000, 2000, 3000);
    INSERT INTO payloads (id, order_row, field, key_id, wrapped, sealed) VALUES
        (1, 1, 'order', x'0102030405060708', x'aa', x'bb'), (2, 1, 'photo', x'0102030405060708', x'aa', x'bb');
    INSERT INTO cards (serial, order_row, outcome, fed, printer, closed, rev, at) VALUES
        (x'00000000000000a1', 1, 'unknown', 1, 'P', 1, 1, 1500);
    INSERT INTO attempts (id, serial, outcome, printer, counter_before, counter_after, fed, began_at, ended_at) VALUES
        (1, x'00000000000000a1', 'unknown', 'P', 4, 5, 1, 1200, 1500);
    INSERT INTO feeds (after_attempt, printer, kind, cards, counter_after, at) VALUES (1, 'P', 'test', 1, 6, 1600);
    INSERT INTO jobs (id, part, order_row, lane, payload, serial, rev, state) VALUES
        (1, 'order', 1, x'00112233445566778899aabbccddeeff', 1, NULL, NULL, 'available'),
        (2, 'photo', 1, x'00112233445566778899aabbccddeeff', 2, NULL, NULL, 'held'),
        (3, 'card', 1, x'00112233445566778899aabbccddeeff', NULL, x'00000000000000a1', 1, 'held');
    INSERT INTO tries (job, at, status, error) VALUES (1, 1700, 503, 'the portal answered 503');
",
    "",
];

fn up_to(version: usize) -> Migrator {
    let migrations: Vec<Migration> = MIGRATIONS.iter().take(version).cloned().collect();
    Migrator {
        migrations: Cow::Owned(migrations),
        ..Migrator::DEFAULT
    }
}

async fn tables(store: &Store) -> Vec<(String, String)> {
    sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY name")
        .fetch_all(store.reader())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_store_of_every_older_version_is_brought_up_to_date_with_all_it_held() {
    let versions = MIGRATIONS.iter().count();
    assert_eq!(LEFT_BY.len(), versions, "each migration has its rows above");
    let folder = tempfile::tempdir().unwrap();
    let fresh = Store::connect(&folder.path().join("fresh"), true, &MIGRATIONS)
        .await
        .unwrap();
    let expected = tables(&fresh).await;
    for version in 1..=versions {
        let file = folder.path().join(format!("version-{version}"));
        let old = Store::connect(&file, true, &up_to(version)).await.unwrap();
        for rows in &LEFT_BY[..version] {
            sqlx::raw_sql(*rows).execute(old.writer()).await.unwrap();
        }
        let before: (i64, i64, i64) = counts(&old).await;
        old.close().await;

        let (store, quarantined) = store::open(&file, Timestamp::now(), &MIGRATIONS)
            .await
            .unwrap();
        assert_eq!(quarantined, None, "version {version}");
        assert_eq!(tables(&store).await, expected, "version {version}");
        assert_eq!(counts(&store).await, before, "version {version}");
        assert_eq!(store.check(false).await.unwrap(), Vec::<String>::new());
        store.close().await;
    }
}

async fn counts(store: &Store) -> (i64, i64, i64) {
    sqlx::query_as("SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM jobs), (SELECT count(*) FROM cards)")
        .fetch_one(store.reader())
        .await
        .unwrap()
}

#[tokio::test]
async fn migrations_only_go_up_and_a_newer_store_is_left_alone() {
    for migration in MIGRATIONS.iter() {
        assert!(!migration.migration_type.is_down_migration());
        assert!(!migration.no_tx, "{} is not atomic", migration.version);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let store = Store::connect(&file, true, &MIGRATIONS).await.unwrap();
    sqlx::query("UPDATE _sqlx_migrations SET version = 99 WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .execute(store.writer())
        .await
        .unwrap();
    store.close().await;
    let refused = store::open(&file, Timestamp::now(), &MIGRATIONS)
        .await
        .map(drop)
        .unwrap_err();
    assert!(matches!(refused, Error::Newer(_)), "{refused}");
    assert_eq!(quarantined_beside(&file).unwrap(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_damaged_store_is_quarantined_whole_and_a_new_one_made() {
    for (what, damage) in [
        ("its first page is gone", 0..4096),
        ("its beginning is no database", 0..16),
        ("a page in the middle is gone", 8192..12288),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store");
        let store = Store::connect(&file, true, &MIGRATIONS).await.unwrap();
        sqlx::raw_sql(LEFT_BY[0])
            .execute(store.writer())
            .await
            .unwrap();
        store.close().await;
        let mut bytes = fs::read(&file).unwrap();
        bytes[damage].fill(0xa5);
        fs::write(&file, &bytes).unwrap();

        let (store, quarantined) = store::open(&file, Timestamp::now(), &MIGRATIONS)
            .await
            .unwrap();
        let quarantined = quarantined.expect(what);
        assert_eq!(fs::read(&quarantined.path).unwrap(), bytes, "{what}");
        assert!(!quarantined.why.is_empty());
        assert_eq!(counts(&store).await, (0, 0, 0), "{what}");
        assert_eq!(
            quarantined_beside(&file).unwrap(),
            [quarantined.path],
            "{what}"
        );
        store.close().await;
    }
}

#[tokio::test]
async fn a_wal_without_its_file_is_not_taken_into_a_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let store = Store::connect(&file, true, &MIGRATIONS).await.unwrap();
    sqlx::raw_sql(LEFT_BY[0])
        .execute(store.writer())
        .await
        .unwrap();
    let wal = fs::read(with_suffix(&file, "-wal")).unwrap();
    assert!(!wal.is_empty());
    store.close().await;
    fs::remove_file(&file).unwrap();
    fs::write(with_suffix(&file, "-wal"), &wal).unwrap();

    let (store, quarantined) = store::open(&file, Timestamp::now(), &MIGRATIONS)
        .await
        .unwrap();
    let quarantined = quarantined.expect("it is reported");
    assert_eq!(
        fs::read(with_suffix(&quarantined.path, "-wal")).unwrap(),
        wal
    );
    assert_eq!(counts(&store).await, (0, 0, 0));
    assert_eq!(quarantined_beside(&file).unwrap(), [quarantined.path]);
    store.close().await;
}

#[tokio::test]
async fn every_connection_has_what_durability_depends_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::connect(&folder.path().join("store"), true, &MIGRATIONS)
        .await
        .unwrap();
    let mut readers = Vec::new();
    for _ in 0..READERS {
        readers.push(store.reader().acquire().await.unwrap());
    }
    let mut writer = store.writer().acquire().await.unwrap();
    for (connection, who) in readers
        .iter_mut()
        .map(|reader| (&mut **reader, "a reader"))
        .chain([(&mut *writer, "the writer")])
    {
        for (pragma, expected) in [
            ("journal_mode", "wal"),
            // 2: FULL
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
            ("secure_delete", "1"),
            ("trusted_schema", "0"),
            // 2: MEMORY
            ("temp_store", "2"),
        ] {
            let query = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
            // the table-valued form names the column `timeout`
            let query = query.replace("CAST(busy_timeout", "CAST(timeout");
            let value: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            assert_eq!(value, expected, "{pragma} of {who}");
        }
    }
}

#[tokio::test]
async fn queries_that_a_person_waits_for_never_scan_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let store = Store::connect(&file, true, &MIGRATIONS).await.unwrap();
    for query in [
        crate::jobs::RELEASE,
        crate::journal::UNDECIDED,
        crate::journal::PRINTABLE,
        crate::erase::ERASABLE,
        crate::erase::ERASE,
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(store.reader())
                .await
                .unwrap();
        let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
        assert!(!steps.is_empty());
        assert!(
            !steps.iter().any(|step| step.starts_with("SCAN")),
            "{query}\n{steps:#?}"
        );
    }
}

/// When a row is deleted, SQLite looks for the rows that refer to it.
#[tokio::test]
async fn whatever_refers_to_another_row_is_found_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("outbox.sqlite");
    let store = Store::connect(&file, true, &MIGRATIONS).await.unwrap();
    let references: Vec<(String, String)> = sqlx::query_as(
        r#"SELECT t.name, f."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#,
    )
    .fetch_all(store.reader())
    .await
    .unwrap();
    assert!(references.len() >= 6, "{references:?}");
    let indexed: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
         WHERE t.type = 'table' AND c.seqno = 0 AND NOT i.partial",
    )
    .fetch_all(store.reader())
    .await
    .unwrap();
    for reference in &references {
        assert!(indexed.contains(reference), "{reference:?}");
    }
}
