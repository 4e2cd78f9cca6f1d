use super::super::geometry::Point;
use super::super::tests::{face_at, painted};
use super::*;

/// Draws a visitor in front of a grey wall, with a face of this brightness.
fn scene(face: &Face, skin: u8) -> Picture {
    let at = face.bounds;
    painted(1280, 720, |x, y| {
        let inside = (at.left..at.left + at.width).contains(&(x as f32))
            && (at.top..at.top + at.height).contains(&(y as f32));
        if inside { [skin; 3] } else { [190; 3] }
    })
}

fn hint_for(faces: &[Face], skin: u8) -> Option<Hint> {
    let blank = face_at(Point::new(640.0, 330.0), 100.0, 0.0);
    let picture = scene(faces.first().unwrap_or(&blank), skin);
    assess(
        &picture,
        &Look {
            faces: faces.to_vec(),
            ..Look::default()
        },
        &Rules::default(),
    )
    .hint()
}

#[test]
fn the_first_failed_check_gives_the_hint() {
    let at =
        |x: f32, y: f32, apart: f32, roll: f32| face_at(Point::new(x, y), apart, roll.to_radians());
    let good = || at(640.0, 330.0, 100.0, 0.0);
    let check = |faces: &[Face], skin: u8, hint: Option<Hint>| {
        assert_eq!(hint_for(faces, skin), hint, "{faces:?}");
    };
    check(&[], 150, Some(Hint::StepInFront));
    check(&[good()], 150, None);
    check(
        &[good(), at(1000.0, 330.0, 80.0, 0.0)],
        150,
        Some(Hint::OnePerson),
    );
    // A person far behind does not count.
    check(&[good(), at(1000.0, 330.0, 40.0, 0.0)], 150, None);
    check(&[at(640.0, 330.0, 50.0, 0.0)], 150, Some(Hint::ComeCloser));
    check(&[at(640.0, 330.0, 80.0, 0.0)], 150, Some(Hint::ComeCloser));
    check(&[at(640.0, 330.0, 150.0, 0.0)], 150, Some(Hint::StepBack));
    // A face on the left of the picture is on the visitor's right, so the visitor must move to the left.
    check(&[at(120.0, 330.0, 100.0, 0.0)], 150, Some(Hint::MoveLeft));
    check(&[at(1160.0, 330.0, 100.0, 0.0)], 150, Some(Hint::MoveRight));
    check(&[at(640.0, 150.0, 100.0, 0.0)], 150, Some(Hint::MoveDown));
    check(&[at(640.0, 540.0, 100.0, 0.0)], 150, Some(Hint::MoveUp));
    check(
        &[at(640.0, 330.0, 100.0, 12.0)],
        150,
        Some(Hint::StraightenHead),
    );
    check(&[good()], 30, Some(Hint::TooDark));
    check(&[good()], 250, Some(Hint::TooBright));
}

#[test]
fn the_light_may_vary_within_wide_limits() {
    for skin in [90, 110, 140, 180, 225] {
        let face = face_at(Point::new(640.0, 330.0), 100.0, 0.0);
        assert_eq!(hint_for(&[face], skin), None, "{skin}");
    }
}

#[test]
fn a_finding_serialises_as_documented() {
    let picture = scene(&face_at(Point::new(640.0, 330.0), 50.0, 0.0), 150);
    let faces = vec![face_at(Point::new(640.0, 330.0), 50.0, 0.0)];
    let assessment = assess(
        &picture,
        &Look {
            faces,
            ..Look::default()
        },
        &Rules::default(),
    );
    let size = serde_json::to_value(assessment.finding(Check::Size)).unwrap();
    assert_eq!(size["check"], "size");
    assert_eq!(
        (&size["ok"], &size["level"], &size["hint"]),
        (&false.into(), &"block".into(), &"hint-come-closer".into())
    );
    assert!(size["raw"].is_f64() && size["score"].is_f64());
    let single = serde_json::to_value(assessment.finding(Check::SingleFace)).unwrap();
    assert!(single["ok"] == true && single["hint"].is_null());
}
