use image::codecs::jpeg::JpegEncoder;
use proptest::prelude::*;

use super::*;

/// A picture with enough in it that its scan has stuffed zeros.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let rgb: Vec<u8> = (0..width * height * 3)
        .map(|i| (i * i / 7 + i / 3) as u8)
        .collect();
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode(&rgb, width, height, image::ExtendedColorType::Rgb8)
        .expect("a picture in memory");
    bytes
}

/// The same without its DHT segments, as many webcams send it.
pub(crate) fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    while jpeg[at + 1] != SOS {
        let len = 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != DHT {
            out.extend_from_slice(&jpeg[at..at + len]);
        }
        at += len;
    }
    out.extend_from_slice(&jpeg[at..]);
    out
}

#[test]
fn a_picture_ends_where_its_end_marker_is_whatever_the_buffer_holds_behind() {
    let jpeg = jpeg(48, 32);
    let mut buffer = jpeg.clone();
    buffer.resize(100_000, 0xff);
    let extent = extent(&buffer).expect("a whole picture");
    assert_eq!(
        (extent.len, extent.width, extent.height, extent.has_tables),
        (jpeg.len(), 48, 32, true)
    );
}

#[test]
fn a_picture_cut_short_anywhere_is_damaged() {
    let jpeg = jpeg(40, 40);
    for len in 0..jpeg.len() {
        let damage = extent(&jpeg[..len]).expect_err("a part is no whole");
        assert!(
            matches!(damage, Damage::Truncated | Damage::NoStart),
            "{len}: {damage}"
        );
    }
}

#[test]
fn what_is_no_picture_is_named() {
    let check = |bytes: &[u8], damage: Damage| assert_eq!(extent(bytes), Err(damage), "{bytes:x?}");
    check(&[], Damage::NoStart);
    check(&[0; 64], Damage::NoStart);
    check(&[0xff, 0xd8, 0x12, 0x34], Damage::Header);
    check(&[0xff, 0xd8, 0xff, 0xd9], Damage::NoPicture);
    check(&[0xff, 0xd8, 0xff, 0xe0, 0, 1], Damage::Header);
    check(&[0xff, 0xd8, 0xff, 0xff, 0xff], Damage::Truncated);
    // a frame header of no size
    check(
        &[0xff, 0xd8, 0xff, 0xc0, 0, 8, 8, 0, 0, 0, 0, 3],
        Damage::Header,
    );
}

#[test]
fn the_frames_of_a_file_are_found_whatever_lies_between() {
    let (one, two) = (jpeg(16, 16), jpeg(24, 8));
    let mut file = b"\xff\xd8junk".to_vec();
    file.extend_from_slice(&one);
    file.extend_from_slice(b"--boundary\r\n");
    file.extend_from_slice(&two);
    file.extend_from_slice(&one[..one.len() / 2]);
    let found: Vec<&[u8]> = frames(&file).collect();
    assert_eq!(found, [&one[..], &two[..]]);
}

#[test]
fn the_tables_that_are_put_in_are_those_of_the_standard() {
    let whole = jpeg(64, 48);
    let bare = without_tables(&whole);
    let bare_extent = extent(&bare).expect("still a picture");
    assert!(!bare_extent.has_tables);
    let mended = with_tables(&bare, &bare_extent);
    let decode = |bytes: &[u8]| {
        image::load_from_memory(bytes)
            .expect("a picture")
            .into_rgb8()
    };
    assert_eq!(decode(&mended), decode(&whole));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), keep in 0usize..200) {
        let mut with_a_start = jpeg(16, 16);
        with_a_start.truncate(keep);
        with_a_start.extend_from_slice(&bytes);
        for bytes in [&bytes, &with_a_start] {
            if let Ok(extent) = extent(bytes) {
                prop_assert!(extent.len <= bytes.len());
            }
            prop_assert!(frames(bytes).count() <= bytes.len());
        }
    }
}
