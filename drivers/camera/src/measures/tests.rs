use super::*;

const SIDE: u32 = 64;

/// A picture of stripes as wide as `stripe`, dark and light by `contrast` around `colour`.
fn stripes(colour: [u8; 3], contrast: u8, stripe: u32) -> Measures {
    let rgba: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|i| {
            let light = (i % SIDE / stripe).is_multiple_of(2);
            let [r, g, b] = colour.map(|value| {
                if light {
                    value.saturating_add(contrast)
                } else {
                    value.saturating_sub(contrast)
                }
            });
            [r, g, b, 255]
        })
        .collect();
    Measures::of(&rgba, SIDE, SIDE).expect("large enough")
}

#[test]
fn what_is_in_focus_measures_sharper_and_brightness_alone_does_not_matter() {
    let soft = stripes([128; 3], 4, 4);
    let sharp = stripes([128; 3], 40, 4);
    assert!(sharp.sharpness > 5.0 * soft.sharpness, "{soft:?} {sharp:?}");
    let (dim, bright) = (stripes([60; 3], 15, 4), stripes([120; 3], 30, 4));
    assert!(
        (dim.sharpness / bright.sharpness - 1.0).abs() < 0.03,
        "{dim:?} {bright:?}"
    );
    assert!(stripes([128; 3], 0, 4).sharpness < 0.001);
}

#[test]
fn exposure_is_judged_by_brightness_and_by_what_is_burnt_out() {
    let check = |measures: Measures, expect| {
        assert_eq!(measures.exposure(), expect, "{measures:?}");
    };
    check(stripes([118; 3], 20, 4), Exposure::Good);
    check(stripes([30; 3], 20, 4), Exposure::TooDark);
    check(stripes([0; 3], 0, 4), Exposure::TooDark);
    check(stripes([225; 3], 10, 4), Exposure::TooBright);
    check(stripes([160; 3], 100, 4), Exposure::TooBright);
    assert!((stripes([0; 3], 0, 4).black - 1.0).abs() < f32::EPSILON);
}

#[test]
fn white_balance_names_the_cast() {
    let check = |colour, expect| {
        let measures = stripes(colour, 3, 4);
        assert_eq!(measures.balance(), expect, "{measures:?}");
    };
    check([180, 180, 180], Balance::Neutral);
    check([185, 180, 178], Balance::Neutral);
    check([200, 180, 150], Balance::Warm);
    check([150, 180, 200], Balance::Cold);
    check([140, 180, 140], Balance::Green);
    check([180, 140, 180], Balance::Magenta);
    // there is no colour where everything is burnt out or black
    check([255, 255, 255], Balance::Neutral);
    check([0, 0, 0], Balance::Neutral);
}

#[test]
fn a_picture_too_small_or_too_short_is_not_measured() {
    assert_eq!(Measures::of(&[0; 7 * 7 * 4], 7, 7), None);
    assert_eq!(Measures::of(&[0; 100], 64, 64), None);
}
