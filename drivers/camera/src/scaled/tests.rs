use proptest::prelude::*;

use super::*;
use crate::mjpeg::tests::{jpeg, without_tables};

fn whole(eighths: usize) -> impl Fn(u32, u32) -> Wish {
    move |width, height| {
        let side = |side: u32| (side as usize * eighths).div_ceil(8);
        let window = Window {
            left: 0,
            top: 0,
            width: side(width),
            height: side(height),
        };
        Wish { eighths, window }
    }
}

/// A landscape of soft colours: what it means at a part of its size is its average over areas.
fn soft(width: u32, height: u32) -> image::RgbImage {
    image::RgbImage::from_fn(width, height, |x, y| {
        let wave = |f: f64| ((f * 0.012).sin() * 90.0 + 128.0) as u8;
        image::Rgb([
            wave(f64::from(x)),
            wave(f64::from(x + 2 * y)),
            wave(f64::from(y) * 0.7),
        ])
    })
}

/// As a camera compresses: `sampling` is 4:4:4, 4:2:2, 4:2:0 or 4:4:0.
fn compressed(
    picture: &image::RgbImage,
    sampling: jpeg_encoder::SamplingFactor,
    restart: u16,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 92);
    encoder.set_sampling_factor(sampling);
    encoder.set_restart_interval(restart);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder
        .encode(
            picture.as_raw(),
            width,
            height,
            jpeg_encoder::ColorType::Rgb,
        )
        .expect("a picture in memory");
    bytes
}

fn far_off(out: &[u8], reference: &image::RgbImage) -> (f64, u8) {
    let differences = out
        .chunks_exact(4)
        .zip(reference.pixels())
        .flat_map(|(pixel, reference)| [0, 1, 2].map(|i| pixel[i].abs_diff(reference.0[i])));
    let (sum, count, most) = differences.fold((0.0, 0, 0), |(sum, count, most), difference| {
        (sum + f64::from(difference), count + 1, difference.max(most))
    });
    (sum / f64::from(count), most)
}

#[test]
fn every_size_shows_the_picture_and_every_sampling_does() {
    use jpeg_encoder::SamplingFactor as S;
    let (width, height) = (200, 120);
    let picture = soft(width, height);
    let mut decoder = Decoder::default();
    for sampling in [S::F_1_1, S::F_2_1, S::F_2_2, S::F_1_2] {
        for restart in [0, 3] {
            let bytes = compressed(&picture, sampling, restart);
            // at an eighth, pixels that share their colour are far from each other in the picture
            for eighths in 1..=8 {
                let mut out = Vec::new();
                let (across, down) = decoder
                    .decode(&bytes, whole(eighths), &mut out)
                    .expect("whole");
                let reference = image::imageops::resize(
                    &picture,
                    across,
                    down,
                    image::imageops::FilterType::Triangle,
                );
                let (mean, most) = far_off(&out, &reference);
                assert!(
                    mean < if eighths == 1 { 6.0 } else { 3.0 } && most < 40,
                    "{sampling:?} at {eighths}/8: {mean} {most}"
                );
                assert!(out.chunks_exact(4).all(|pixel| pixel[3] == 255));
            }
        }
    }
}

#[test]
fn at_full_size_it_agrees_with_another_decoder() {
    for (width, height) in [(64, 48), (61, 45), (1, 1), (17, 9)] {
        let bytes = compressed(&soft(width, height), jpeg_encoder::SamplingFactor::F_1_1, 0);
        let reference = image::load_from_memory(&bytes)
            .expect("a picture")
            .into_rgb8();
        let mut out = Vec::new();
        let size = Decoder::default().decode(&bytes, whole(8), &mut out);
        assert_eq!(size, Ok((width, height)));
        let (mean, most) = far_off(&out, &reference);
        assert!(mean < 0.7 && most <= 3, "{width}x{height}: {mean} {most}");
    }
}

#[test]
fn blocks_that_are_full_to_the_last_coefficient_are_read_as_by_another_decoder() {
    let mut state = 0x9e37_79b9_u32;
    let mut noise = |most: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state % (most + 1)) as u8
    };
    // up to 200 there is something in every coefficient of quality 100; with little noise some blocks end early
    for most in [2, 6, 30, 200] {
        let picture = image::RgbImage::from_fn(120, 88, |x, _| {
            image::Rgb([noise(most), 40 + noise(most).min(200), x as u8])
        });
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, 100)
            .encode(picture.as_raw(), 120, 88, jpeg_encoder::ColorType::Rgb)
            .expect("a picture in memory");
        let reference = image::load_from_memory(&bytes)
            .expect("a picture")
            .into_rgb8();
        let mut out = Vec::new();
        let size = Decoder::default().decode(&bytes, whole(8), &mut out);
        assert_eq!(size, Ok((120, 88)), "noise up to {most}");
        let (mean, far) = far_off(&out, &reference);
        assert!(mean < 0.7 && far <= 3, "noise up to {most}: {mean} {far}");
        // and passed over
        let window = Window {
            left: 119,
            top: 87,
            width: 1,
            height: 1,
        };
        let mut corner = Vec::new();
        Decoder::default()
            .decode(&bytes, |_, _| Wish { eighths: 8, window }, &mut corner)
            .expect("whole");
        assert_eq!(corner, out[out.len() - 4..], "noise up to {most}");
    }
}

#[test]
fn a_window_is_the_same_part_of_the_whole() {
    let bytes = jpeg(120, 88);
    let mut decoder = Decoder::default();
    for eighths in [8, 6, 4, 1] {
        let mut all = Vec::new();
        let (width, height) = decoder
            .decode(&bytes, whole(eighths), &mut all)
            .expect("whole");
        let (width, height) = (width as usize, height as usize);
        let window = Window {
            left: width / 3,
            top: height / 4,
            width: width / 2,
            height: height / 2,
        };
        let mut part = Vec::new();
        decoder
            .decode(&bytes, |_, _| Wish { eighths, window }, &mut part)
            .expect("whole");
        for (y, line) in part.chunks_exact(window.width * 4).enumerate() {
            let start = ((window.top + y) * width + window.left) * 4;
            assert_eq!(
                line,
                &all[start..start + line.len()],
                "line {y} at {eighths}/8"
            );
        }
    }
}

#[test]
fn frames_without_tables_or_without_colour_are_read_and_what_webcams_do_not_send_is_left_to_others()
{
    let bytes = jpeg(64, 48);
    let mut decoder = Decoder::default();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    decoder.decode(&bytes, whole(8), &mut with).expect("whole");
    decoder
        .decode(&without_tables(&bytes), whole(8), &mut without)
        .expect("whole");
    assert!(with == without, "the standard's tables were meant");

    let mut grey = Vec::new();
    jpeg_encoder::Encoder::new(&mut grey, 90)
        .encode(&[90; 40 * 24], 40, 24, jpeg_encoder::ColorType::Luma)
        .expect("a picture in memory");
    let mut out = Vec::new();
    decoder.decode(&grey, whole(4), &mut out).expect("whole");
    assert!(
        out.chunks_exact(4).all(|pixel| pixel == [90, 90, 90, 255]),
        "{:?}",
        &out[..4]
    );

    let mut progressive = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut progressive, 90);
    encoder.set_progressive(true);
    encoder
        .encode(&[90; 40 * 24], 40, 24, jpeg_encoder::ColorType::Luma)
        .expect("a picture in memory");
    assert_eq!(
        decoder.decode(&progressive, whole(4), &mut out),
        Err(Refusal::Unsupported)
    );
}

#[test]
fn surplus_bytes_before_the_end_are_skipped_and_missing_ones_are_not() {
    let bytes = jpeg(64, 48);
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    let (data, end) = bytes.split_at(bytes.len() - 2);
    let mut check = |middle: &[u8], data: &[u8], is_whole: bool| {
        let result = decoder.decode(&[data, middle, end].concat(), whole(8), &mut out);
        let as_expected = match result {
            Ok(size) => is_whole && size == (64, 48),
            Err(refusal) => !is_whole && matches!(refusal, Refusal::Damaged(_)),
        };
        assert!(as_expected, "{result:?} with {} bytes more", middle.len());
    };
    check(&[0; 4], data, true);
    check(&[0; 400], data, false);
    for cut in 3..60 {
        check(&[], &data[..data.len() - cut], false);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(at in 0usize..4000, noise in proptest::collection::vec(any::<u8>(), 1..64), eighths in 1usize..=8) {
        let mut bytes = jpeg(64, 48);
        let at = at % bytes.len();
        for (byte, noise) in bytes[at..].iter_mut().zip(noise) {
            *byte = noise;
        }
        let mut out = Vec::new();
        let mut decoder = Decoder::default();
        let _either = decoder.decode(&bytes, whole(eighths), &mut out);
        // and the next frame is read as if nothing had been
        prop_assert_eq!(decoder.decode(&jpeg(64, 48), whole(8), &mut out), Ok((64, 48)));
    }
}
