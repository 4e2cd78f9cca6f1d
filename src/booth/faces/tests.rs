use portrait::{Face, Finding, Hint};

use super::*;

/// An assessment with these failed checks and this sharpness.
fn seen(failed: &[(Check, Level)], sharpness: f32) -> Assessment {
    let finding = |check, level, raw, ok| Finding {
        check,
        raw,
        score: 50.0,
        level,
        ok,
        hint: (!ok).then_some(Hint::HoldStill),
        margin: if ok { 1.0 } else { -1.0 },
    };
    let mut findings = vec![finding(Check::Sharpness, Level::Block, sharpness, true)];
    findings.extend(
        failed
            .iter()
            .map(|(check, level)| finding(*check, *level, 0.0, false)),
    );
    Assessment {
        findings,
        face: None::<Face>,
        crop: None,
    }
}

#[test]
fn the_sharpest_still_with_open_eyes_is_selected() {
    const CLOSED: (Check, Level) = (Check::EyesOpen, Level::Block);
    const MOVED: (Check, Level) = (Check::Sharpness, Level::Block);
    const DARK: (Check, Level) = (Check::Brightness, Level::Warn);
    let best = |burst: &[(&[(Check, Level)], f32)]| {
        let merits: Vec<Quality> = burst
            .iter()
            .map(|(failed, sharpness)| Quality::of(&seen(failed, *sharpness)))
            .collect();
        (1..merits.len()).fold(0, |best, at| {
            if merits[at].beats(&merits[best]) {
                at
            } else {
                best
            }
        })
    };
    assert_eq!(best(&[(&[], 0.03), (&[], 0.05), (&[], 0.04)]), 1);
    // Closed eyes are worse than any other failure.
    assert_eq!(best(&[(&[CLOSED], 0.09), (&[MOVED, DARK], 0.01)]), 1);
    assert_eq!(
        best(&[(&[MOVED], 0.02), (&[DARK], 0.01), (&[CLOSED], 0.09)]),
        1
    );
    // If the eyes are closed in every still, the sharpest is selected.
    assert_eq!(best(&[(&[CLOSED], 0.03), (&[CLOSED], 0.04)]), 1);
    // The first of equal stills is selected.
    assert_eq!(best(&[(&[], 0.03), (&[], 0.03)]), 0);
}

#[test]
fn without_models_the_finder_works_and_says_why_it_sees_no_eyes() {
    let empty = tempfile::tempdir().unwrap();
    let (mut finder, why) = super::super::models::finder(Some(empty.path()));
    assert!(!finder.sees_eyes());
    assert!(
        why.unwrap()
            .contains("face_detection_short.tflite cannot be read")
    );
    // A different file of that name is rejected.
    std::fs::write(empty.path().join("face_detection_short.tflite"), b"TFL3").unwrap();
    let (_, why) = super::super::models::finder(Some(empty.path()));
    assert!(
        why.unwrap()
            .contains("another file than this program was made for")
    );
    let picture = Picture::new(64, 64, vec![90; 64 * 64 * 3]).unwrap();
    assert!(finder.study(&picture).faces.is_empty());
}

/// After a panic the fault is reported, the work that panicked ends without an answer, and the thread works again.
#[tokio::test]
async fn a_panic_of_the_face_worker_is_reported_and_survived() {
    let made = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = made.clone();
    let finder = move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (Finder::plain(), None)
    };
    let worker = FaceWorker::start(finder, Rules::default());
    let mut fault = worker.fault();
    for round in 1..=2 {
        let lost: Option<()> = worker
            .ask(|_, _| panic!("a picture that nobody expected"))
            .await;
        assert_eq!(lost, None, "who asked is not kept waiting");
        let shown = fault.wait_for(|fault| *fault == Some(CRASHED));
        let shown = tokio::time::timeout(Duration::from_secs(2), shown).await;
        assert!(shown.is_ok_and(|shown| shown.is_ok()), "shown within 2 s");
        let over = fault.wait_for(Option::is_none);
        let over = tokio::time::timeout(Duration::from_secs(5), over).await;
        assert!(over.is_ok_and(|over| over.is_ok()), "back within 5 s");
        assert_eq!(worker.ask(|_, _| 7).await, Some(7));
        assert_eq!(
            worker.supervisor.restarts(),
            round,
            "started once for each panic"
        );
    }
    assert_eq!(
        made.load(std::sync::atomic::Ordering::Relaxed),
        3,
        "with a fresh finder"
    );
}
