use super::super::tests::{painted, photo};
use super::*;

#[test]
fn any_size_of_picture_is_searched() {
    let mut finder = Finder::new();
    for (width, height) in [
        (1, 1),
        (1, 500),
        (500, 1),
        (39, 39),
        (41, 40),
        (320, 20),
        (3000, 2),
    ] {
        let found = finder.find(&painted(width, height, |x, y| [(x ^ y) as u8; 3]));
        assert!(found.is_empty(), "{width}x{height}: {found:?}");
    }
}

#[test]
fn a_face_is_in_pixels_of_its_picture_at_any_size() {
    let mut finder = Finder::new();
    let small = photo("grace_hopper.jpg");
    let double = painted(small.width() * 2, small.height() * 2, |x, y| {
        small.pixel(x / 2, y / 2).unwrap()
    });
    let [one] = finder.find(&small).try_into().unwrap();
    let [two] = finder.find(&double).try_into().unwrap();
    assert!(
        (two.bounds.width / one.bounds.width - 2.0).abs() < 0.1,
        "{one:?} {two:?}"
    );
    // The box of this finder varies by some percent with the scale.
    let expected = Point::new(one.middle().x * 2.0, one.middle().y * 2.0);
    assert!(two.middle().distance(expected) < 0.1 * two.bounds.width);
}
