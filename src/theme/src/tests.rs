use super::*;
use common::{Problems, visit::Preferences};

fn theme_of(site: &str) -> Theme {
    let file = format!(
        "{}/../../kiosk-config/{site}/theme.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn problems_of(check: impl FnOnce(&mut Problems)) -> String {
    let mut problems = Problems::default();
    check(&mut problems);
    problems.to_string()
}

#[test]
fn every_site_has_colours_with_enough_contrast() {
    let sites =
        std::fs::read_dir(format!("{}/../../kiosk-config", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut seen = 0;
    for site in sites
        .flatten()
        .filter(|site| site.path().join("theme.toml").exists())
    {
        let theme = theme_of(site.file_name().to_str().unwrap());
        assert_eq!(problems_of(|problems| theme.check(problems)), "");
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn contrast_follows_wcag() {
    let check = |a: [u8; 3], b: [u8; 3], expect: f32| {
        let contrast = Rgb(a).contrast(Rgb(b));
        assert!(
            (contrast - expect).abs() < 0.01,
            "{a:?} on {b:?}: {contrast}"
        );
    };
    check([0; 3], [255; 3], 21.0);
    check([255; 3], [255; 3], 1.0);
    // WCAG's own examples name this pair as one that is just sufficient.
    check([0x76; 3], [255; 3], 4.54);
}

#[test]
fn a_colour_with_low_contrast_is_reported_with_its_remedy() {
    let mut theme = theme_of("umu");
    theme.light.ink_quiet = Rgb([0x99; 3]);
    let said = problems_of(|problems| theme.check(problems));
    assert!(said.contains("light.ink-quiet stands out from"), "{said}");
    assert!(said.contains("7:1 or more"), "{said}");
}

#[test]
fn a_colour_is_written_with_six_digits() {
    let check = |text: &str, good: bool| {
        let toml = format!("x = {text:?}");
        let read: Result<std::collections::HashMap<String, Rgb>, _> = toml::from_str(&toml);
        assert_eq!(read.is_ok(), good, "{text}");
    };
    check("#0d4a5c", true);
    check("#0D4A5C", true);
    check("0d4a5c", false);
    check("#0d4a5", false);
    check("#+d4a5c", false);
    check("blue", false);
}

fn preferences(large_text: bool) -> Preferences {
    Preferences {
        language: "sv".to_owned(),
        large_text,
        high_contrast: false,
        speech: false,
        low_controls: false,
        calm: false,
    }
}

#[test]
fn on_the_default_screen_letters_and_targets_have_their_real_size() {
    let screen = Screen::default();
    assert_eq!(problems_of(|problems| screen.check(problems)), "");
    let metrics = Metrics::new(1080.0, 1920.0, &screen, &preferences(false));
    let mm = screen.width_mm / 1080.0;
    assert!(metrics.body() * CAPITAL * mm >= 7.3, "{}", metrics.body());
    assert!(metrics.hit * mm >= 20.0);
    assert!(metrics.gap * mm >= 8.0 * 0.79, "{}", metrics.gap * mm);
    let larger = Metrics::new(1080.0, 1920.0, &screen, &preferences(true));
    assert_eq!(larger.body(), metrics.body() * 1.3);
}

#[test]
fn an_illegible_screen_is_reported() {
    let check = |screen: Screen, expect: &str| {
        let said = problems_of(|problems| screen.check(problems));
        assert!(said.contains(expect), "{said}");
    };
    let small = Screen {
        width_mm: 211.0,
        height_mm: 158.0,
        distance_mm: 600.0,
    };
    check(small, "screen.distance_mm is too far");
    check(
        Screen {
            width_mm: 0.0,
            ..small
        },
        "screen.width_mm is no size",
    );
    check(
        Screen {
            height_mm: f32::NAN,
            ..small
        },
        "screen.height_mm is no size",
    );
    check(
        Screen {
            distance_mm: 10.0,
            ..small
        },
        "screen.distance_mm is no distance",
    );
}
