use super::*;

/// Returns an assessment in which these checks have these margins.
fn seen(margins: &[(Check, Level, f32, Hint)]) -> Assessment {
    let findings = margins.iter().map(|&(check, level, margin, hint)| Finding {
        check,
        raw: 0.0,
        score: 50.0,
        level,
        ok: margin >= 0.0,
        hint: (margin < 0.0).then_some(hint),
        margin,
    });
    Assessment {
        findings: findings.collect(),
        face: None,
        crop: None,
    }
}

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const TILTED: (Check, Level, f32, Hint) = (Check::Roll, Level::Block, -0.5, Hint::StraightenHead);
const LEVEL: (Check, Level, f32, Hint) = (Check::Roll, Level::Block, 0.5, Hint::StraightenHead);
const DARK: (Check, Level, f32, Hint) = (Check::Brightness, Level::Warn, -0.5, Hint::TooDark);
const ODD: (Check, Level, f32, Hint) = (Check::NaturalColour, Level::Note, -0.5, Hint::OddColours);

#[test]
fn a_hint_must_apply_for_a_moment_before_it_is_shown() {
    let mut coach = Coach::new();
    assert_eq!(coach.hear(&seen(&[TILTED]), at(0)).hint, None);
    assert_eq!(coach.hear(&seen(&[LEVEL]), at(300)).hint, None);
    assert_eq!(coach.hear(&seen(&[TILTED]), at(350)).hint, None);
    assert_eq!(coach.hear(&seen(&[TILTED]), at(700)).hint, None);
    assert_eq!(
        coach.hear(&seen(&[TILTED]), at(750)).hint,
        Some(Hint::StraightenHead)
    );
    // The hint stays for a moment after all checks are good again.
    assert_eq!(
        coach.hear(&seen(&[LEVEL]), at(800)).hint,
        Some(Hint::StraightenHead)
    );
    assert_eq!(coach.hear(&seen(&[LEVEL]), at(1250)).hint, None);
}

#[test]
fn the_shutter_is_ready_after_a_second_without_failures() {
    let mut coach = Coach::new();
    coach.hear(&seen(&[TILTED]), at(0));
    let half = [
        coach.hear(&seen(&[LEVEL]), at(100)),
        coach.hear(&seen(&[LEVEL]), at(600)),
    ];
    assert!(
        half.iter().all(|advice| !advice.ready) && half[1].ring == 0.5,
        "{half:?}"
    );
    // One bad moment starts the time again.
    assert_eq!(coach.hear(&seen(&[TILTED]), at(700)).ring, 0.0);
    assert!(!coach.hear(&seen(&[LEVEL]), at(1200)).ready);
    let done = coach.hear(&seen(&[LEVEL]), at(2200));
    assert!(done.ready && done.ring == 1.0);
}

#[test]
fn a_warning_delays_the_shutter_but_never_blocks_it() {
    let mut coach = Coach::new();
    coach.hear(&seen(&[LEVEL, DARK]), at(0));
    let later = coach.hear(&seen(&[LEVEL, DARK]), at(1200));
    assert!(!later.ready && later.hint == Some(Hint::TooDark));
    assert!(coach.hear(&seen(&[LEVEL, DARK]), at(2500)).ready);
}

#[test]
fn a_note_for_staff_is_not_shown_to_the_visitor() {
    let mut coach = Coach::new();
    coach.hear(&seen(&[ODD]), at(0));
    let advice = coach.hear(&seen(&[ODD]), at(1000));
    assert!(advice.ready && advice.hint.is_none());
}

#[test]
fn small_movements_around_a_limit_do_not_restart_the_time() {
    let mut coach = Coach::new();
    let held = |margin| seen(&[(Check::Roll, Level::Block, margin, Hint::StraightenHead)]);
    // For a value that was bad, the limit itself applies.
    coach.hear(&held(-0.05), at(0));
    assert_eq!(coach.hear(&held(-0.05), at(900)).ring, 0.0);
    // For a value that was good, slightly more is accepted.
    coach.hear(&held(0.01), at(1000));
    coach.hear(&held(-0.1), at(1500));
    assert!(coach.hear(&held(-0.05), at(2000)).ready);
    assert_eq!(coach.hear(&held(-0.2), at(2100)).ring, 0.0);
}
