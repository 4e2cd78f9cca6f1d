use super::super::tests::{PORTRAITS, painted, photo, seeing};
use super::super::{Check, Crop, Layout, Rules, assess, cut};
use super::*;

/// A photograph and the position of its face.
struct Subject {
    name: &'static str,
    picture: Picture,
    irises: [Point; 2],
}

fn subjects(finder: &mut Finder) -> Vec<Subject> {
    let subject = |name: &'static str| {
        let picture = photo(name);
        let look = finder.study(&picture);
        assert_eq!(look.faces.len(), 1, "{name}: {look:?}");
        Subject {
            name,
            irises: look.faces[0].irises.expect(name),
            picture,
        }
    };
    PORTRAITS.into_iter().map(subject).collect()
}

/// The size of a camera's picture.
const SCENE: (usize, usize) = (1280, 720);

/// The pose of the subject in a scene: pixels between the eyes, tilt in degrees, and the middle of the eyes.
#[derive(Debug, Clone, Copy)]
struct Stand {
    apart: f32,
    tilt: f32,
    middle: (f32, f32),
}

const STRAIGHT: Stand = Stand {
    apart: 100.0,
    tilt: 0.0,
    middle: (640.0, 320.0),
};

impl Subject {
    /// Returns the scene and the positions of the irises in it. The area outside the photograph is grey.
    fn standing(&self, stand: Stand) -> (Picture, [Point; 2]) {
        let [left, right] = self.irises;
        let scale = stand.apart / left.distance(right);
        let turn = -stand.tilt.to_radians();
        let (width, height) = (SCENE.0 as f32, SCENE.1 as f32);
        // This is the frame of the photograph that becomes the scene.
        let eyes = left.middle(right);
        let (x, y) = (
            (width / 2.0 - stand.middle.0) / scale,
            (height / 2.0 - stand.middle.1) / scale,
        );
        let centre = Point::new(eyes.x + x, eyes.y + y).turned(eyes, turn);
        let frame = tflite::Frame {
            x: centre.x,
            y: centre.y,
            width: width / scale,
            height: height / scale,
            turn,
        };
        let mut pixels = vec![0; SCENE.0 * SCENE.1 * 3];
        let rgb = super::super::sight::rgb(&self.picture);
        frame.cut(rgb, &mut pixels, [SCENE.0, SCENE.1]);
        let middle = Point::new(width / 2.0, height / 2.0);
        let place = |at: Point| {
            let level = at.turned(centre, -turn);
            Point::new(
                middle.x + (level.x - centre.x) * scale,
                middle.y + (level.y - centre.y) * scale,
            )
        };
        let picture = Picture::new(SCENE.0 as u32, SCENE.1 as u32, pixels).unwrap();
        (picture, self.irises.map(place))
    }
}

/// Returns the distance between the found irises and their true positions, relative to the distance between the irises,
/// or `None` when no face is found.
fn drift(finder: &mut Finder, picture: &Picture, irises: [Point; 2]) -> Option<f32> {
    let look = finder.study(picture);
    let found = look.faces.first()?.irises?;
    let off = found[0]
        .distance(irises[0])
        .max(found[1].distance(irises[1]));
    Some(off / irises[0].distance(irises[1]))
}

fn changed(picture: &Picture, change: impl Fn(u8, usize) -> u8) -> Picture {
    let bytes = picture.rgb().iter().enumerate();
    let rgb = bytes.map(|(at, byte)| change(*byte, at)).collect();
    Picture::new(picture.width(), picture.height(), rgb).unwrap()
}

/// Blurs the picture with a box of this many pixels in each direction, three times, which is nearly a Gaussian.
fn blurred(picture: &Picture, reach: usize) -> Picture {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut rgb: Vec<u32> = picture
        .rgb()
        .iter()
        .map(|byte| u32::from(*byte) << 8)
        .collect();
    let mut pass = |count: usize, step: usize, lines: &mut dyn Iterator<Item = usize>| {
        let side = (2 * reach + 1) as u32;
        let mut line = vec![0; count];
        for start in lines {
            for (at, value) in line.iter_mut().enumerate() {
                *value = rgb[start + at * step];
            }
            let value = |at: isize| line[at.clamp(0, count as isize - 1) as usize];
            let reach = reach as isize;
            let mut sum: u32 = (-reach..=reach).map(value).sum();
            for at in 0..count {
                rgb[start + at * step] = sum / side;
                sum = sum + value(at as isize + reach + 1) - value(at as isize - reach);
            }
        }
    };
    for _ in 0..3 {
        pass(
            width,
            3,
            &mut (0..height * 3).map(|line| line / 3 * width * 3 + line % 3),
        );
        pass(height, width * 3, &mut (0..width * 3));
    }
    let rgb = rgb.iter().map(|value| ((value + 128) >> 8) as u8).collect();
    Picture::new(picture.width(), picture.height(), rgb).unwrap()
}

/// Adds noise of this strength, which is the same each time.
fn noisy(picture: &Picture, strength: i32) -> Picture {
    let mut state = 1u32;
    let noise: Vec<i32> = (0..picture.rgb().len())
        .map(|_| {
            // The sum of three is nearly a normal distribution.
            let mut sum = 0;
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sum += (state >> 16) as i32 % (2 * strength + 1) - strength;
            }
            sum
        })
        .collect();
    changed(picture, |byte, at| {
        (i32::from(byte) + noise[at]).clamp(0, 255) as u8
    })
}

#[test]
fn eyes_are_found_at_any_tilt_and_position() {
    let mut finder = seeing();
    for subject in subjects(&mut finder) {
        let mut check = |stand: Stand, most: f32| {
            let (picture, irises) = subject.standing(stand);
            let drift = drift(&mut finder, &picture, irises);
            assert!(
                drift.is_some_and(|drift| drift < most),
                "{} {stand:?}: {drift:?}",
                subject.name
            );
        };
        for tilt in [-40.0, -25.0, -12.0, -5.0, 0.0, 5.0, 12.0, 25.0, 40.0] {
            check(Stand { tilt, ..STRAIGHT }, 0.04);
        }
        // The sizes range from too small for a portrait to too large.
        for apart in [55.0, 75.0, 140.0, 180.0] {
            check(Stand { apart, ..STRAIGHT }, 0.04);
        }
        for middle in [
            (420.0, 330.0),
            (860.0, 330.0),
            (640.0, 200.0),
            (640.0, 480.0),
        ] {
            check(Stand { middle, ..STRAIGHT }, 0.04);
        }
    }
}

#[test]
fn eyes_are_found_in_bad_light_out_of_focus_and_with_noise() {
    let mut finder = seeing();
    for subject in subjects(&mut finder) {
        let (picture, irises) = subject.standing(STRAIGHT);
        let mut check = |what: &str, picture: &Picture, most: f32| {
            let drift = drift(&mut finder, picture, irises);
            assert!(
                drift.is_some_and(|drift| drift < most),
                "{} {what}: {drift:?}",
                subject.name
            );
        };
        for gain in [0.1, 0.25, 0.5, 1.4] {
            let dim = changed(&picture, |byte, _| {
                (f32::from(byte) * gain).min(255.0) as u8
            });
            check(&format!("gain {gain}"), &dim, 0.05);
        }
        check("blurred a little", &blurred(&picture, 1), 0.04);
        check("blurred", &blurred(&picture, 3), 0.08);
        check("noisy", &noisy(&picture, 12), 0.05);
        check("very noisy", &noisy(&picture, 30), 0.08);
    }
}

#[test]
fn other_objects_are_never_taken_for_a_face() {
    let mut finder = seeing();
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/fetched/photos/other");
    let files =
        std::fs::read_dir(folder).expect("photographs: run `make test`, which fetches them");
    let mut seen = 0;
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert_eq!(
            finder.study(&photo(&format!("other/{name}"))),
            Look::default(),
            "{name}"
        );
        seen += 1;
    }
    assert!(seen >= 15, "{seen}");
    let (faces, others) = lfw();
    let found = |finder: &mut Finder, patches: &[Picture]| {
        patches
            .iter()
            .filter(|patch| !finder.study(patch).faces.is_empty())
            .count()
    };
    assert_eq!(found(&mut finder, &others), 0);
    // The faces have 25 by 25 pixels, and some of them are turned away.
    let found = found(&mut finder, &faces);
    assert!(found >= 90, "{found}");
}

/// Returns 100 patches that show a face and 100 that show none (scikit-image's lfw_subset: 25 by 25 numbers from 0 to
/// 1).
fn lfw() -> (Vec<Picture>, Vec<Picture>) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets/fetched/photos/lfw_subset.npy");
    let bytes = std::fs::read(path).expect("photographs: run `make test`, which fetches them");
    let values = &bytes[bytes.len() - 200 * 25 * 25 * 8..];
    let (values, _) = values.as_chunks::<8>();
    let patch = |values: &[[u8; 8]]| {
        let rgb = values
            .iter()
            .flat_map(|value| [(f64::from_le_bytes(*value) * 255.0) as u8; 3]);
        Picture::new(25, 25, rgb.collect()).unwrap()
    };
    let mut faces: Vec<Picture> = values.chunks_exact(625).map(patch).collect();
    let others = faces.split_off(100);
    (faces, others)
}

#[test]
fn a_portrait_has_its_face_where_the_layout_wants_it() {
    let mut finder = seeing();
    let layout = Layout::default();
    for name in PORTRAITS {
        let picture = photo(name);
        let assessment = assess(&picture, &finder.study(&picture), &Rules::default());
        let crop = assessment.crop.unwrap();
        let portrait = cut(&picture, &crop, &layout);
        let (width, height) = (portrait.width(), portrait.height());
        assert_eq!(width * 4, height * 3, "{name}");
        assert!(width as f32 <= crop.width, "{name} is enlarged");
        let again = finder.study(&portrait);
        let face = again.faces.first().expect(name);
        let meant = crop.place(assessment.face.unwrap().middle(), (width, height));
        let off = face.middle().distance(meant) / height as f32;
        assert!(off < 0.01, "{name}: {off}");
        // A head that is tilted more than can be corrected stays tilted.
        let left_over = crop_left_over(&crop, &picture, &mut finder);
        assert!(
            (face.roll().to_degrees() - left_over).abs() < 1.0,
            "{name}: {}",
            face.roll().to_degrees()
        );
        let crown = again.outline.unwrap().crown(face).expect(name);
        assert!(crown < face.middle().y, "{name}: the crown is cut");
    }
}

fn crop_left_over(crop: &Crop, picture: &Picture, finder: &mut Finder) -> f32 {
    (finder.study(picture).faces[0].roll() - crop.roll).to_degrees()
}

#[test]
fn a_live_picture_is_followed() {
    let mut finder = seeing();
    let subject = &subjects(&mut finder)[1];
    let mut last = None;
    for step in 0..12 {
        let middle = (600.0 + 4.0 * step as f32, 320.0);
        let (picture, irises) = subject.standing(Stand { middle, ..STRAIGHT });
        let look = finder.watch(&picture);
        let face = &look.faces[0];
        let off = face.irises.unwrap()[0].distance(irises[0]);
        assert!(off < 4.0, "{step}: {off}");
        assert!(look.outline.is_some());
        if last.is_some() {
            // The face moves by four pixels of a hundred between two looks.
            let motion = look.motion.unwrap();
            assert!((0.02..0.06).contains(&motion), "{step}: {motion}");
        }
        last = Some(face.clone());
    }
    // After a picture without a face nothing is remembered, so the next person has no movement yet.
    let empty = painted(1280, 720, |_, _| [180; 3]);
    assert_eq!(finder.watch(&empty), Look::default());
    let (picture, _) = subject.standing(STRAIGHT);
    assert_eq!(finder.watch(&picture).motion, None);
    // A picture of another size also resets the finder.
    let small = photo("astronaut.png");
    assert_eq!(finder.watch(&small).motion, None);
}

#[test]
fn two_people_are_two_faces_but_one_far_behind_does_not_count() {
    let mut finder = seeing();
    let subjects = subjects(&mut finder);
    let mut both = |apart: f32| {
        let (near, _) = subjects[1].standing(Stand {
            middle: (470.0, 360.0),
            ..STRAIGHT
        });
        let (far, _) = subjects[3].standing(Stand {
            apart,
            middle: (820.0, 360.0),
            ..STRAIGHT
        });
        let (width, height) = (near.width(), near.height());
        let picture = painted(width, height, |x, y| {
            let from = if x < 640 { &near } else { &far };
            from.pixel(x, y).unwrap()
        });
        let look = finder.study(&picture);
        let assessment = assess(&picture, &look, &Rules::default());
        (
            look.faces.len(),
            assessment.finding(Check::SingleFace).unwrap().ok,
        )
    };
    assert_eq!(both(90.0), (2, false));
    assert!(both(30.0).1);
}

#[test]
fn sharpness_distinguishes_blurred_pictures_in_any_light() {
    let mut finder = seeing();
    for subject in subjects(&mut finder) {
        // The scenes are scaled down, so that they are as sharp as possible.
        let (picture, _) = subject.standing(Stand {
            apart: 90.0,
            ..STRAIGHT
        });
        let mut sharpness = |picture: &Picture| {
            let look = finder.study(picture);
            let assessment = assess(picture, &look, &Rules::default());
            *assessment.finding(Check::Sharpness).unwrap()
        };
        let sharp = sharpness(&picture);
        let dim = sharpness(&changed(&picture, |byte, _| byte / 2));
        let soft = sharpness(&blurred(&picture, 1));
        let softer = sharpness(&blurred(&picture, 3));
        assert!((dim.raw / sharp.raw - 1.0).abs() < 0.15, "{}", subject.name);
        assert!(soft.raw < sharp.raw && softer.raw < soft.raw);
        assert!(!softer.ok, "{}: {softer:?}", subject.name);
    }
}
