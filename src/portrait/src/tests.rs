//! Helpers for the tests of this crate, and tests of the whole.

use std::path::PathBuf;

use super::*;
use common::order::Picture;

/// Photographs of one person each, with the whole head in the picture.
pub(super) const PORTRAITS: [&str; 6] = [
    "astronaut.png",
    "grace_hopper.jpg",
    "obama.jpg",
    "obama2.jpg",
    "obama3.jpg",
    "biden.jpg",
];

/// Returns a photograph that the set-up fetched. Without it a test fails and says what to run.
pub(super) fn photo(name: &str) -> Picture {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/fetched/photos");
    let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|_| {
        panic!("the photograph {name} is missing: run tests/setup/photos.sh once")
    });
    let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
    let (width, height) = picture.dimensions();
    Picture::new(width, height, picture.into_raw()).unwrap()
}

/// Returns the finder with the models that the set-up fetched. Without them a test fails and says what to run.
pub(super) fn seeing() -> Finder {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/fetched/models");
    let models = Models::load(|name| std::fs::read(folder.join(name)));
    Finder::with(
        models.unwrap_or_else(|error| panic!("{error}: run `make test`, which fetches the models")),
    )
}

/// Creates a picture from a function of the pixel's position.
pub(super) fn painted(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [(x, y)]));
    let rgb: Vec<u8> = rgb.flat_map(|(x, y)| pixel(x, y)).collect();
    Picture::new(width, height, rgb).unwrap()
}

/// Returns a face whose eyes are `apart` pixels apart, tilted by `roll` radians around their middle.
pub(super) fn face_at(middle: Point, apart: f32, roll: f32) -> Face {
    let turn = |x: f32, y: f32| Point::new(middle.x + x, middle.y + y).turned(middle, roll);
    let eyes = [turn(-apart / 2.0, 0.0), turn(apart / 2.0, 0.0)];
    Face {
        bounds: Bounds {
            left: middle.x - apart * 1.1,
            top: middle.y - apart * 0.9,
            width: apart * 2.2,
            height: apart * 2.2,
        },
        score: 1.0,
        eyes,
        irises: Some(eyes),
        chin: turn(0.0, apart * 1.8),
        features: None,
    }
}

#[test]
fn a_face_is_found_in_every_portrait_and_none_where_there_is_none() {
    let mut finder = Finder::plain();
    for name in PORTRAITS {
        let picture = photo(name);
        let look = finder.study(&picture);
        assert_eq!(look.faces.len(), 1, "{name}: {look:?}");
        let crop = assess(&picture, &look, &Rules::default()).crop.unwrap();
        let portrait = cut(&picture, &crop, &Layout::default());
        assert_eq!(portrait.width() * 4, portrait.height() * 3, "{name}");
        // The portrait shows the same face where it was meant to be. A box is only a rough measure.
        let size = (portrait.width(), portrait.height());
        let meant = crop.place(look.faces[0].middle(), size);
        let again = finder.study(&portrait).faces;
        let found = again.first().expect(name).middle();
        let apart = found.distance(meant) / portrait.width() as f32;
        assert!(apart < 0.12, "{name}: {found:?}, not {meant:?}");
    }
    for name in [
        "coffee.png",
        "chelsea.png",
        "rocket.jpg",
        "brick.png",
        "coins.png",
        "page.png",
    ] {
        let look = finder.study(&photo(&format!("other/{name}")));
        assert_eq!(look, Look::default(), "{name}");
    }
}

#[test]
fn every_hint_and_every_check_has_a_unique_name() {
    let keys: std::collections::BTreeSet<_> = Hint::ALL.iter().map(|hint| hint.key()).collect();
    assert_eq!(keys.len(), Hint::ALL.len());
    let names: std::collections::BTreeSet<_> =
        Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), Check::ALL.len());
    for check in Check::ALL {
        assert_eq!(serde_json::to_value(check).unwrap(), check.name());
    }
    assert!(Check::ALL.is_sorted(), "hints come in this order");
}

/// Returns the drawn visitors that are part of the booth, by name.
pub(super) fn visitors() -> Vec<(String, Picture)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/visitors");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                drawn(path),
            )
        })
        .collect()
}

fn drawn(path: &std::path::Path) -> Picture {
    use resvg::{tiny_skia, usvg};
    let tree = usvg::Tree::from_str(
        &std::fs::read_to_string(path).unwrap(),
        &usvg::Options::default(),
    )
    .unwrap();
    let size = tree.size().to_int_size();
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(
        &tree,
        tiny_skia::Transform::identity(),
        &mut pixels.as_mut(),
    );
    let rgb = pixels
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
    Picture::new(size.width(), size.height(), rgb.collect()).unwrap()
}

#[test]
fn the_drawn_visitors_are_found_and_pass_every_check() {
    let visitors = visitors();
    assert!(visitors.len() >= 4, "they are of varied looks");
    for mut finder in [Finder::plain(), seeing()] {
        for (name, picture) in &visitors {
            let look = finder.study(picture);
            assert_eq!(look.faces.len(), 1, "{name}: {look:?}");
            let assessment = assess(picture, &look, &Rules::default());
            assert!(
                assessment.findings.iter().all(|finding| finding.ok),
                "{name}: {assessment:?}"
            );
        }
    }
}
