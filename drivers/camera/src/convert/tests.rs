use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::mjpeg::tests::{jpeg, without_tables};

fn raw<'a>(pixels: Pixels, width: u32, height: u32, bytes: &'a [u8]) -> Raw<'a> {
    Raw {
        pixels,
        width,
        height,
        bytes,
        lost: 0,
    }
}

fn capture(pixels: Pixels, width: u32, height: u32, bytes: &[u8], rotate: Rotation) -> Capture {
    let bytes = Zeroizing::new(bytes.to_vec());
    Capture {
        pixels,
        width,
        height,
        rotate,
        bytes,
        seq: 1,
        at: Instant::now(),
    }
}

#[test]
fn a_still_is_the_whole_picture_as_another_decoder_sees_it() {
    let bytes = jpeg(64, 48);
    let reference = image::load_from_memory(&bytes)
        .expect("a picture")
        .into_rgb8();
    let mut buffer = bytes.clone();
    buffer.extend_from_slice(&[0; 5000]);
    for bytes in [&bytes, &buffer, &without_tables(&bytes)] {
        let still = capture(Pixels::Mjpeg, 64, 48, bytes, Rotation::None)
            .still()
            .expect("whole");
        assert_eq!((still.width, still.height), (64, 48));
        assert_eq!(&still.rgb[..], reference.as_raw().as_slice());
    }
}

#[test]
fn a_damaged_picture_is_refused_and_not_half_shown() {
    let bytes = jpeg(64, 48);
    let check = |bytes: &[u8]| {
        let still = capture(Pixels::Mjpeg, 64, 48, bytes, Rotation::None).still();
        assert!(matches!(still, Err(Error::Damaged(_))), "{still:?}");
    };
    check(&bytes[..bytes.len() / 2]);
    check(&[0; 1000]);
}

#[test]
fn yuyv_becomes_the_colours_of_bt_601() {
    let check = |yuyv: [u8; 4], expect: [[u8; 3]; 2]| {
        let mut rgb = Vec::new();
        super::yuyv::<3>(2, 1, &yuyv, Cut::all(2, 1), &mut rgb).expect("two pixels");
        let far = rgb
            .iter()
            .zip(expect.as_flattened())
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        assert!(
            far <= Some(2),
            "{yuyv:?} gives {:?}, not {expect:?}",
            &rgb[..]
        );
    };
    check([16, 128, 235, 128], [[0; 3], [255; 3]]);
    // the colour bars of ITU-R BT.601 at 100 %
    check([81, 90, 81, 240], [[255, 0, 0]; 2]);
    check([145, 54, 145, 34], [[0, 255, 0]; 2]);
    check([41, 240, 41, 110], [[0, 0, 255]; 2]);
    check([0, 128, 255, 128], [[0; 3], [255; 3]]);
}

#[test]
fn yuyv_that_is_too_short_or_odd_is_refused() {
    let mut out = Vec::new();
    assert!(super::yuyv::<4>(4, 2, &[128; 15], Cut::all(4, 2), &mut out).is_err());
    assert!(super::yuyv::<4>(3, 2, &[128; 12], Cut::all(3, 2), &mut out).is_err());
    assert!(whole(&raw(Pixels::Yuyv, 4, 2, &[128; 15])).is_err());
    assert_eq!(
        whole(&raw(Pixels::Yuyv, 4, 2, &[128; 40])).map(<[u8]>::len),
        Ok(16)
    );
}

#[test]
fn pictures_are_turned_and_then_mirrored() {
    // a b c
    // d e f
    let check = |rotate: Rotation, mirror, expect: (u32, u32, &str)| {
        let mut letters = *b"abcdef";
        let (width, height) = if rotate.swaps_sides() {
            turn_aside::<1>(3, b"abcdef", &mut letters, rotate, mirror);
            (2, 3)
        } else {
            turn_round::<1>(3, &mut letters, rotate, mirror);
            (3, 2)
        };
        let text = String::from_utf8(letters.to_vec()).expect("letters");
        assert_eq!(
            (width, height, text.as_str()),
            expect,
            "{rotate:?} {mirror}"
        );
    };
    check(Rotation::None, false, (3, 2, "abcdef"));
    check(Rotation::None, true, (3, 2, "cbafed"));
    check(Rotation::Half, false, (3, 2, "fedcba"));
    check(Rotation::Half, true, (3, 2, "defabc"));
    check(Rotation::Quarter, false, (2, 3, "daebfc"));
    check(Rotation::Quarter, true, (2, 3, "adbecf"));
    check(Rotation::ThreeQuarters, false, (2, 3, "cfbead"));
    check(Rotation::ThreeQuarters, true, (2, 3, "fcebda"));
}

#[test]
fn the_preview_is_cut_and_scaled_to_the_screen() {
    let check = |(width, height), shape, rotate, expect: (u32, u32)| {
        let cut = middle(width, height, shape, rotate);
        assert!(cut.left + cut.width <= width && cut.top + cut.height <= height);
        let (width, height) = fit(cut.width, cut.height, 960 * 540);
        assert_eq!((width, height), expect, "{shape:?} {rotate:?}");
        assert!(width * height <= 960 * 540 + 960, "{width}x{height}");
    };
    check((1280, 720), None, Rotation::None, (960, 540));
    check((1920, 1080), None, Rotation::None, (960, 540));
    check((640, 480), None, Rotation::None, (640, 480));
    // a portrait out of a landscape frame keeps every pixel
    check((1280, 720), Some((3, 4)), Rotation::None, (540, 720));
    // the camera lies on its side
    check((1280, 720), Some((3, 4)), Rotation::Quarter, (831, 624));
    check(
        (1280, 720),
        Some((9, 16)),
        Rotation::ThreeQuarters,
        (960, 540),
    );
    check((1280, 720), Some((0, 4)), Rotation::None, (960, 540));
    check((1280, 720), Some((100_000, 1)), Rotation::None, (1280, 1));
}

#[test]
fn a_jpeg_is_decoded_at_the_preview_s_size() {
    let check = |(width, height), shape, eighths, expect: (usize, usize)| {
        let cut = middle(width, height, shape, Rotation::None);
        let wish = wish(cut, 960 * 540);
        let window = wish.window;
        assert_eq!(wish.eighths, eighths, "{width}x{height} {shape:?}");
        assert_eq!((window.width, window.height), expect);
        assert!(window.width * window.height <= 960 * 540);
        let across = (width as usize * eighths).div_ceil(8);
        assert!(window.left + window.width <= across, "{window:?}");
    };
    check((1920, 1080), None, 4, (960, 540));
    check((1280, 720), None, 6, (960, 540));
    check((640, 480), None, 8, (640, 480));
    check((3840, 2160), None, 2, (960, 540));
    check((1920, 1080), Some((3, 4)), 6, (607, 810));
    check((1280, 720), Some((3, 4)), 8, (540, 720));
}

#[test]
fn a_preview_of_yuyv_shows_the_middle_of_the_picture() {
    // grey, with a bright middle third
    let bytes: Vec<u8> = (0..24 * 8)
        .flat_map(|i| [if (8..16).contains(&(i % 24)) { 200 } else { 60 }, 128])
        .collect();
    let settings = Settings {
        preview_shape: Some((1, 1)),
        ..Settings::default()
    };
    let preview = Previewer::new(&settings)
        .preview(&raw(Pixels::Yuyv, 24, 8, &bytes))
        .expect("whole");
    assert_eq!((preview.width, preview.height), (8, 8));
    assert!(
        preview
            .rgba
            .chunks_exact(4)
            .all(|pixel| pixel[0] > 200 && pixel[3] == 255)
    );
}

#[test]
fn a_preview_s_buffer_is_wiped_and_used_again() {
    let bytes = jpeg(64, 48);
    let mut previewer = Previewer::new(&Settings::default());
    let mut preview = || {
        previewer
            .preview(&raw(Pixels::Mjpeg, 64, 48, &bytes))
            .expect("whole")
    };
    let (first, second) = (preview(), preview());
    let place = first.rgba.as_ptr();
    drop(first);
    let third = preview();
    assert_eq!(third.rgba.as_ptr(), place);
    assert_eq!(
        third.rgba[..],
        second.rgba[..],
        "what was there before is gone"
    );
}

#[test]
fn a_preview_shows_what_the_still_shows() {
    let mut rgb = [60u8, 60, 60].repeat(320 * 240);
    for (i, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        if i % 320 < 160 {
            pixel.copy_from_slice(&[200, 100, 50]);
        }
    }
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode(&rgb, 320, 240, image::ExtendedColorType::Rgb8)
        .expect("a picture");
    for (mirror, left) in [(false, 200), (true, 60)] {
        let settings = Settings {
            mirror,
            preview_pixels: 160 * 120,
            ..Settings::default()
        };
        let preview = Previewer::new(&settings)
            .preview(&raw(Pixels::Mjpeg, 320, 240, &bytes))
            .expect("whole");
        assert_eq!((preview.width, preview.height), (160, 120));
        let red = |x: usize, y: usize| preview.rgba[(y * 160 + x) * 4];
        assert!(red(20, 60).abs_diff(left) < 6, "{}", red(20, 60));
        assert_eq!(preview.rgba[3], 255);
        assert!(
            (70..90).contains(&preview.brightness),
            "{}",
            preview.brightness
        );
    }
}

proptest! {
    #[test]
    fn noise_in_a_frame_never_panics(at in 0usize..3000, noise in proptest::collection::vec(any::<u8>(), 1..64)) {
        let mut bytes = jpeg(64, 48);
        let at = at % bytes.len();
        for (byte, noise) in bytes[at..].iter_mut().zip(noise) {
            *byte = noise;
        }
        let settings = Settings::default();
        let _either = Previewer::new(&settings).preview(&raw(Pixels::Mjpeg, 64, 48, &bytes)).map(drop);
        let _either = capture(Pixels::Mjpeg, 64, 48, &bytes, Rotation::None).still().map(drop);
    }
}
