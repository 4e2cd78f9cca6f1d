use proptest::prelude::*;

use super::*;

#[test]
fn sizes_are_those_of_the_pixels() {
    let check = |bits, expect| assert_eq!(bytes(bits), expect);
    check(1, 82_296);
    check(Levels::Five.bits(), 411_480);
    check(Levels::Six.bits(), 493_776);
    check(Levels::Seven.bits(), 576_072);
}

/// One dot in the picture and where it comes to lie in a panel of one bit.
#[test]
fn the_picture_lies_on_its_left_side() {
    let check = |x: usize, y: usize, byte: usize, mask: u8| {
        let mut marks = vec![0; ACROSS * LINES];
        marks[y * LINES + x] = 0xFF;
        let mut data = vec![0; bytes(1)];
        pack_mask(&marks, &mut data);
        let set: Vec<_> = data
            .iter()
            .enumerate()
            .filter(|(_, value)| **value != 0)
            .collect();
        assert_eq!(set, [(byte, &mask)], "{x} {y}");
    };
    check(0, 647, 0, 0x80);
    check(0, 0, 80, 0x01);
    check(1, 647, 81, 0x80);
    check(1015, 0, 82_295, 0x01);
}

#[test]
fn dye_is_the_light_that_is_missing() {
    let check = |levels: Levels, light: u8, expect: u8| {
        let image = CardImage::from_rgb(1016, 648, vec![light; 1016 * 648 * 3]).unwrap();
        let mut data = vec![0; bytes(levels.bits())];
        pack_dye(&image, 0, levels, true, &mut data);
        assert!(
            unpack(&data, levels.bits())
                .iter()
                .all(|value| *value == expect),
            "{levels:?} {light}"
        );
    };
    check(Levels::Seven, 255, 0);
    check(Levels::Seven, 0, 127);
    check(Levels::Seven, 128, 63);
    check(Levels::Six, 0, 63);
    check(Levels::Five, 0, 31);
    check(Levels::Five, 254, 0);
}

#[test]
fn lines_are_shortened_as_the_windows_driver_does() {
    let mut plain = vec![0; bytes(1)];
    plain[0] = 0x12;
    plain[2] = 0x34;
    plain[81..162].fill(0xFF);
    let short = compress(&plain);
    // Three bytes of the first line, a full line, then empty ones.
    assert_eq!(short[..6], [3, 0x12, 0, 0x34, 0xFF, 0]);
    assert_eq!(short.len(), 4 + 1 + 1014);
    assert_eq!(expand(&short), Ok(plain));
}

#[test]
fn bad_lines_are_refused_with_their_place() {
    let check = |data: &[u8], at, words| assert_eq!(expand(data), Err((at, words)));
    check(&[], 0, "it has fewer than 1016 lines");
    check(&[82], 0, "a line has more than 81 bytes");
    check(&[0, 5, 1], 2, "a line is cut");
    check(&[0; 1017], 1016, "bytes follow the last line");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn short_panels_are_the_same_panels(seed: u64, dense: bool) {
        let mut state = seed | 1;
        let plain: Vec<u8> = (0..bytes(1)).map(|at| {
            state ^= state << 13; state ^= state >> 7; state ^= state << 17;
            if dense || (at / 81) % 3 != 0 && at % 81 < (state % 81) as usize { state as u8 } else { 0 }
        }).collect();
        prop_assert!(expand(&compress(&plain)) == Ok(plain));
    }

    #[test]
    fn no_bytes_make_it_panic(data: Vec<u8>) {
        let _ = expand(&data);
    }
}
