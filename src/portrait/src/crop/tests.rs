use proptest::prelude::*;

use super::super::tests::{face_at, painted};
use super::*;

fn near(a: Point, b: Point, far: f32) -> bool {
    a.distance(b) < far
}

#[test]
fn eyes_and_chin_are_where_the_layout_wants_them_at_any_tilt() {
    let layout = Layout::default();
    for roll in [-9.0f32, 0.0, 4.0, 9.5] {
        let face = face_at(Point::new(640.0, 300.0), 100.0, roll.to_radians());
        let crop = Crop::ideal(&face, None, &layout);
        assert!((crop.roll.to_degrees() - roll).abs() < 0.01);
        assert!(
            (crop.height - 500.0).abs() < 0.1 && (crop.width - 375.0).abs() < 0.1,
            "{crop:?}"
        );
        let size = (600, 800);
        let [left, right] = face.irises.unwrap().map(|eye| crop.place(eye, size));
        assert!(
            (left.y - 368.0).abs() < 0.1 && (right.y - 368.0).abs() < 0.1,
            "{roll}: {left:?} {right:?}"
        );
        assert!(near(left.middle(right), Point::new(300.0, 368.0), 0.1));
        assert!(
            near(crop.place(face.chin, size), Point::new(300.0, 656.0), 0.1),
            "{roll}"
        );
    }
}

#[test]
fn a_large_tilt_is_corrected_only_up_to_the_limit() {
    let face = face_at(Point::new(640.0, 300.0), 100.0, 30f32.to_radians());
    let crop = Crop::ideal(&face, None, &Layout::default());
    assert!((crop.roll.to_degrees() - 10.0).abs() < 0.01);
}

#[test]
fn big_hair_gets_more_space_up_to_the_limit() {
    let face = face_at(Point::new(640.0, 300.0), 100.0, 0.0);
    let check = |crown: Option<f32>, height: f32| {
        let crop = Crop::ideal(&face, crown, &Layout::default());
        assert!(
            (crop.height - height).abs() < 0.5,
            "{crown:?}: {}",
            crop.height
        );
    };
    check(None, 500.0);
    check(Some(150.0), 500.0);
    // 225 pixels of hair need a height of 225 / (0.46 - 0.03) pixels.
    check(Some(225.0), 523.3);
    check(Some(400.0), 560.0);
}

#[test]
fn adjustments_move_the_face_and_not_the_frame() {
    let face = face_at(Point::new(640.0, 360.0), 100.0, 5f32.to_radians());
    let crop = Crop::ideal(&face, None, &Layout::default());
    let eyes = |by: Adjust| crop.adjusted(by).place(face.middle(), (600, 800));
    let check = |by: Adjust, x: f32, y: f32| {
        let at = eyes(by);
        assert!(near(at, Point::new(x, y), 0.5), "{by:?}: {at:?}");
    };
    check(Adjust::default(), 300.0, 368.0);
    check(
        Adjust {
            right: 1,
            ..Adjust::default()
        },
        312.0,
        368.0,
    );
    check(
        Adjust {
            up: 2,
            ..Adjust::default()
        },
        300.0,
        336.0,
    );
    let closer = crop.adjusted(Adjust {
        closer: 1,
        ..Adjust::default()
    });
    assert!((closer.height - 480.0).abs() < 0.1);
}

#[test]
fn a_crop_outside_the_picture_reports_the_side_and_is_moved_back() {
    let picture = painted(1280, 720, |_, _| [0; 3]);
    let check = |x: f32, y: f32, side: fn(Overhang) -> f32, share: f32| {
        let crop = Crop::ideal(
            &face_at(Point::new(x, y), 100.0, 0.0),
            None,
            &Layout::default(),
        );
        let over = crop.overhang(&picture);
        assert!(
            (side(over) - share).abs() < 0.01 && (over.most() - share).abs() < 0.01,
            "{over:?}"
        );
        let inside = crop.inside(&picture);
        assert_eq!(inside.overhang(&picture).most(), 0.0);
        assert_eq!((inside.width, inside.height), (crop.width, crop.height));
    };
    check(640.0, 360.0, Overhang::most, 0.0);
    check(150.0, 360.0, |over| over.left, 0.1);
    check(1130.0, 360.0, |over| over.right, 0.1);
    check(640.0, 180.0, |over| over.top, 0.1);
    check(640.0, 500.0, |over| over.bottom, 0.1);
}

#[test]
fn a_portrait_is_never_enlarged() {
    let layout = Layout::default();
    let check = |width: f32, expect: (u32, u32)| {
        let crop = Crop {
            centre: Point::default(),
            width,
            height: width / 0.75,
            roll: 0.0,
        };
        assert_eq!(crop.pixels(&layout), expect, "{width}");
    };
    check(2000.0, (600, 800));
    check(600.0, (600, 800));
    check(599.0, (597, 796));
    check(100.0, (99, 132));
    check(0.5, (3, 4));
}

proptest! {
    #[test]
    fn the_crop_of_any_face_is_inside_the_picture(
        x in -500f32..2000.0, y in -500f32..1500.0, apart in 0.0f32..1500.0, roll in -3.2f32..3.2,
        right in -6i8..=6, up in -6i8..=6, closer in -6i8..=6,
    ) {
        let picture = painted(640, 480, |_, _| [0; 3]);
        let face = face_at(Point::new(x, y), apart, roll);
        let crop = Crop::ideal(&face, Some(apart * 2.0), &Layout::default());
        let crop = crop.adjusted(Adjust { right, up, closer }).inside(&picture);
        prop_assert!(crop.overhang(&picture).most() < 1e-3, "{crop:?}");
        prop_assert!((crop.width / crop.height - 0.75).abs() < 1e-3);
        let (width, height) = crop.pixels(&Layout::default());
        prop_assert!(width >= 3 && height >= 4 && width * 4 == height * 3);
        prop_assert!(width as f32 <= crop.width.max(3.0));
    }
}
