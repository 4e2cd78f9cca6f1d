use super::*;
use crate::Rate;

fn format(text: &str) -> Format {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let &[pixels, width, height, frames, seconds] = parts.as_slice() else {
        panic!("{text}")
    };
    let number = |text: &str| text.parse::<u32>().expect("a number");
    Format {
        pixels: if pixels == "mjpeg" {
            Pixels::Mjpeg
        } else {
            Pixels::Yuyv
        },
        width: number(width),
        height: number(height),
        rate: Rate {
            frames: number(frames),
            seconds: number(seconds),
        },
    }
}

#[test]
fn the_best_format_is_large_fast_and_near_to_what_is_wanted() {
    let check = |offered: &[&str], expect: Option<&str>| {
        let formats: Vec<Format> = offered.iter().map(|text| format(text)).collect();
        assert_eq!(
            best(&formats, &Settings::default()),
            expect.map(format),
            "{offered:?}"
        );
    };
    // a usual webcam: YUYV is slow at 720p
    check(
        &[
            "yuyv 640 480 30 1",
            "yuyv 1280 720 10 1",
            "mjpeg 1280 720 30 1",
            "mjpeg 1920 1080 30 1",
        ],
        Some("mjpeg 1280 720 30 1"),
    );
    // same size and rate: MJPEG
    check(
        &["yuyv 1280 720 30 1", "mjpeg 1280 720 30 1"],
        Some("mjpeg 1280 720 30 1"),
    );
    // 720p at 15 beats VGA at 30
    check(
        &["mjpeg 640 480 30 1", "yuyv 1280 720 15 1"],
        Some("yuyv 1280 720 15 1"),
    );
    // but not 720p at 10 against VGA at 30: neither is good, the nearest size counts
    check(
        &["mjpeg 640 480 30 1", "yuyv 1280 720 10 1"],
        Some("yuyv 1280 720 10 1"),
    );
    // only larger ones
    check(
        &["mjpeg 3840 2160 30 1", "mjpeg 1920 1080 30 1"],
        Some("mjpeg 1920 1080 30 1"),
    );
    // 60 is no better than 30, 29.97 is as good
    check(
        &["mjpeg 1280 720 60 1", "mjpeg 1280 720 30 1"],
        Some("mjpeg 1280 720 30 1"),
    );
    check(
        &["mjpeg 1280 720 15 1", "mjpeg 1280 720 30000 1001"],
        Some("mjpeg 1280 720 30000 1001"),
    );
    // too small, too slow, nothing
    check(
        &[
            "mjpeg 320 240 30 1",
            "yuyv 1280 720 15 2",
            "mjpeg 1920 1080 5 1",
        ],
        None,
    );
    check(&[], None);
}
