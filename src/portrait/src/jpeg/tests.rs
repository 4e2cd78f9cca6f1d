use super::super::tests::{painted, photo};
use super::*;

#[test]
fn a_portrait_has_the_best_quality_below_the_limit() {
    let picture = photo("astronaut.png");
    let decode = |bytes: &[u8]| image::load_from_memory(bytes).unwrap().into_rgb8();
    let apart = |bytes: &[u8]| {
        let shown = decode(bytes);
        let sum: f64 = shown
            .as_raw()
            .iter()
            .zip(picture.rgb())
            .map(|(a, b)| f64::from(a.abs_diff(*b)))
            .sum();
        sum / picture.rgb().len() as f64
    };
    let mut last = 0.0;
    for limit in [10_000_000, 120_000, 60_000, 35_000] {
        let bytes = jpeg(&picture, limit).unwrap();
        assert!(bytes.len() <= limit, "{} of {limit}", bytes.len());
        assert_eq!(decode(&bytes).dimensions(), (512, 512));
        let apart = apart(&bytes);
        assert!(apart >= last && apart < 6.0, "{limit}: {apart}");
        last = apart;
    }
    assert!(matches!(
        jpeg(&picture, 1000),
        Err(JpegError::TooSmall { limit: 1000, .. })
    ));
}

#[test]
fn the_file_has_no_metadata() {
    let bytes = jpeg(&painted(30, 40, |x, y| [x as u8, y as u8, 7]), 100_000).unwrap();
    let mut at = 2;
    let mut markers = Vec::new();
    while bytes[at + 1] != 0xda {
        markers.push(bytes[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
    }
    // The file may contain the JFIF header, tables and the frame header, but no Exif and no comment.
    let allowed = [0xe0, 0xdb, 0xc0, 0xc1, 0xc4];
    assert!(
        markers.iter().all(|marker| allowed.contains(marker)),
        "{markers:x?}"
    );
    assert_eq!(&bytes[6..10], b"JFIF");
}

#[test]
fn a_picture_too_large_for_jpeg_is_refused() {
    assert!(matches!(
        jpeg(&painted(70_000, 1, |_, _| [0; 3]), 1 << 20),
        Err(JpegError::TooLarge { width: 70_000, .. })
    ));
}
