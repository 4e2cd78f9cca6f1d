use super::super::crop::Layout;
use super::super::tests::{painted, photo};
use super::*;

fn crop(x: f32, y: f32, width: f32, height: f32, degrees: f32) -> Crop {
    Crop {
        centre: Point::new(x, y),
        width,
        height,
        roll: degrees.to_radians(),
    }
}

/// Returns the largest and the mean difference of two pictures of the same size.
fn difference(a: &Picture, b: &Picture) -> (u8, f64) {
    let apart = a.rgb().iter().zip(b.rgb()).map(|(a, b)| a.abs_diff(*b));
    let most = apart.clone().max().unwrap();
    (
        most,
        apart.map(f64::from).sum::<f64>() / a.rgb().len() as f64,
    )
}

#[test]
fn a_cut_of_the_whole_picture_at_its_size_is_unchanged() {
    let picture = painted(60, 80, |x, y| {
        [(x * 4) as u8, (y * 3) as u8, ((x * y) % 251) as u8]
    });
    let same = cut(&picture, &crop(30.0, 40.0, 60.0, 80.0, 0.0), 60, 80);
    assert_eq!(difference(&same, &picture).0, 0);
    let part = cut(&picture, &crop(25.0, 35.0, 30.0, 40.0, 0.0), 30, 40);
    for (x, y) in [(0, 0), (29, 39), (7, 21)] {
        assert_eq!(part.pixel(x, y), picture.pixel(x + 10, y + 15));
    }
}

#[test]
fn a_quarter_turn_moves_every_pixel_to_its_place() {
    let picture = painted(40, 40, |x, y| [(x * 6) as u8, (y * 6) as u8, 0]);
    let turned = cut(&picture, &crop(20.0, 20.0, 40.0, 40.0, 90.0), 40, 40);
    // The horizon of the portrait points down in the picture.
    for (x, y) in [(0, 0), (39, 0), (3, 31)] {
        assert_eq!(turned.pixel(x, y), picture.pixel(39 - y, x));
    }
}

#[test]
fn turning_there_and_back_keeps_the_picture() {
    let picture = photo("astronaut.png");
    let there = cut(&picture, &crop(256.0, 256.0, 512.0, 512.0, 7.0), 512, 512);
    let back = cut(&there, &crop(256.0, 256.0, 512.0, 512.0, -7.0), 512, 512);
    let middle = crop(256.0, 256.0, 240.0, 320.0, 0.0);
    let (a, b) = (
        cut(&picture, &middle, 240, 320),
        cut(&back, &middle, 240, 320),
    );
    assert!(difference(&a, &b).1 < 2.0, "{:?}", difference(&a, &b));
}

#[test]
fn reducing_keeps_the_mean_and_adds_no_pattern() {
    // A fine checkerboard becomes grey and not another pattern.
    let picture = painted(
        1200,
        1200,
        |x, y| if (x + y) % 2 == 0 { [255; 3] } else { [0; 3] },
    );
    for side in [250, 100, 40] {
        let small = cut(
            &picture,
            &crop(600.0, 600.0, 1000.0, 1000.0, 3.0),
            side,
            side,
        );
        for y in 0..side {
            for x in 0..side {
                let [grey, ..] = small.pixel(x, y).unwrap();
                assert!(grey.abs_diff(127) < 8, "{side}: {grey} at {x} {y}");
            }
        }
    }
}

#[test]
fn pixels_outside_repeat_the_edge() {
    let picture = painted(40, 40, |_, _| [90, 120, 200]);
    let wide = cut(&picture, &crop(0.0, 0.0, 60.0, 80.0, 5.0), 60, 80);
    assert!(
        wide.rgb()
            .as_chunks::<3>()
            .0
            .iter()
            .all(|pixel| *pixel == [90, 120, 200])
    );
}

#[test]
fn a_cut_is_as_sharp_as_the_scaler_of_the_library() {
    let picture = photo("astronaut.png");
    let layout = Layout::default();
    let area = crop(256.0, 256.0, 384.0, 512.0, 0.0);
    assert_eq!(area.pixels(&layout), (384, 512));
    let ours = cut(&picture, &area, 240, 320);
    let level = cut(&picture, &area, 384, 512);
    let library = scaled(
        level.rgb(),
        (384, 512),
        (240, 320),
        fir::FilterType::Lanczos3,
    );
    let library = Picture::new(240, 320, library.to_vec()).unwrap();
    assert!(
        difference(&ours, &library).1 < 0.6,
        "{:?}",
        difference(&ours, &library)
    );
}
