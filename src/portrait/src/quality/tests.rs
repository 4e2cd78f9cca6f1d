use super::*;

fn grey(level: u8, share_white: usize) -> Luminance {
    let mut rgb = vec![level; 300];
    rgb[..share_white * 3].fill(255);
    Luminance::of(&Patch {
        rgb: &rgb,
        mask: &[1; 100],
    })
}

#[test]
fn luminance_is_linear_light() {
    let check = |level: u8, mean: f32| {
        let found = grey(level, 0).mean();
        assert!((found - mean).abs() < 0.004, "{level}: {found}");
    };
    check(0, 0.0);
    check(255, 1.0);
    // Middle grey reflects a fifth of the light.
    check(128, 0.216);
    check(188, 0.503);
}

#[test]
fn shares_and_scores_follow_their_formulas() {
    assert_eq!((grey(128, 25).over(), grey(0, 25).under()), (0.25, 0.75));
    let near = |a: f32, b: f32| assert!((a - b).abs() < 0.5, "{a} is not {b}");
    near(mean_score(0.2), 50.0);
    near(mean_score(0.5), 99.5);
    near(mean_score(0.8), 50.0);
    near(over_score(0.0), 100.0);
    near(over_score(0.04), 20.0);
    near(under_score(0.0), 99.8);
    near(under_score(1.0), 0.0);
    near(eye_distance_score(90.0), 73.1);
    near(angle_score(0.0), 100.0);
    near(angle_score(45f32.to_radians()), 50.0);
}

#[test]
fn masked_pixels_do_not_count() {
    let rgb = [[255u8; 3], [0; 3], [0; 3]].concat();
    assert_eq!(
        Luminance::of(&Patch {
            rgb: &rgb,
            mask: &[1, 0, 0]
        })
        .mean(),
        1.0
    );
    assert_eq!(
        Luminance::of(&Patch {
            rgb: &rgb,
            mask: &[0, 0, 0]
        })
        .mean(),
        0.0
    );
}
