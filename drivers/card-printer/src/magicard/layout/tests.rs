use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const HEADS: [Head; 4] = [Head::Kee, Head::KeeSwapped, Head::Kge, Head::Kge2];

#[test]
fn sizes_are_those_seen_on_the_wire() {
    let check = |head: Head, dye, resin| {
        assert_eq!(
            (head.dye_bytes(), head.resin_bytes()),
            (dye, resin),
            "{head:?}"
        )
    };
    check(Head::Kee, 512_064, 85_344);
    check(Head::Kge2, 585_216, 97_536);
    check(Head::Kge, 576_000, 96_000);
}

#[test]
fn every_dot_of_a_head_has_a_bit_of_its_own() {
    for head in HEADS {
        let dots: HashSet<_> = (0..672).map(|y| head.dot(y)).collect();
        assert_eq!(dots.len(), 672, "{head:?}");
        assert!(
            dots.iter()
                .all(|(byte, mask)| *byte < head.line_bytes() && mask.count_ones() == 1)
        );
    }
}

#[test]
fn known_dots_lie_where_the_streams_have_them() {
    let check =
        |head: Head, y, byte, mask: u8| assert_eq!(head.dot(y), (byte, mask), "{head:?} {y}");
    check(Head::Kee, 15, 1, 0x01);
    check(Head::Kee, 16, 2, 0x80);
    check(Head::KeeSwapped, 0, 3, 0x01);
    // The lower half of the head fills the even bits of words 6 and up, the upper half the odd bits from word 0.
    check(Head::Kge, 0, 4 * 6 + 3, 0x01);
    check(Head::Kge, 287, 4 * 23, 0x40);
    check(Head::Kge, 288, 3, 0x02);
    check(Head::Kge2, 0, 4 * 6, 0x80);
    check(Head::Kge2, 288, 0, 0x40);
}

#[test]
fn a_corner_comes_out_at_its_end_of_the_head() {
    // One black pixel, top left: line 0 of the head for a Rio, the last for an Enduro, which prints turned round.
    let check = |head: Head, back: bool, line: usize, y: usize| {
        let (width, height) = head.model().raster();
        let mut rgb = vec![255; (width * height * 3) as usize];
        rgb[..3].fill(0);
        let image = CardImage::from_rgb(width, height, rgb).unwrap();
        let mut planes = [
            vec![0; head.dye_bytes()],
            vec![0; head.dye_bytes()],
            vec![0; head.dye_bytes()],
        ];
        let [yellow, magenta, cyan] = &mut planes;
        pack(
            &image,
            &HeadMap::new(head, 50, back),
            &mut Planes {
                dye: [yellow, magenta, cyan],
                resin: &mut [],
            },
        );
        let (byte, mask) = head.dot(y);
        for plane in &planes {
            let set: Vec<usize> = (0..plane.len()).filter(|at| plane[*at] != 0).collect();
            let expect: Vec<usize> = (0..DEPTH)
                .map(|bit| (line * DEPTH + bit) * head.line_bytes() + byte)
                .collect();
            assert_eq!(set, expect, "{head:?}");
            assert!(set.iter().all(|at| plane[*at] == mask));
        }
    };
    check(Head::Kee, false, 0, 15 + 641);
    check(Head::Kee, true, 1015, 15);
    check(Head::Kge, false, 0, 15 + 641);
    check(Head::Kge2, false, 1015, 15);
}

#[test]
fn gather_and_scatter_are_opposites() {
    for byte in 0..=255 {
        assert_eq!(gather(scatter(byte).swap_bytes(), 0).reverse_bits(), byte);
        assert_eq!(gather(scatter(byte), 0), byte);
    }
}

fn picture(head: Head, seed: u64) -> CardImage {
    let (width, height) = head.model().raster();
    let mut state = seed | 1;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let rgb = (0..width * height * 3).map(|_| next()).collect();
    let resin = (0..width * height).map(|_| u8::from(next() < 40)).collect();
    CardImage::new(width, height, rgb, resin).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_packed_is_unpacked_exactly(seed: u64, head in prop::sample::select(HEADS.to_vec()), position in 35_u8..=65, back: bool) {
        let image = picture(head, seed);
        let map = HeadMap::new(head, position, back);
        let mut planes = [vec![0; head.dye_bytes()], vec![0; head.dye_bytes()], vec![0; head.dye_bytes()]];
        let mut resin = vec![0; head.resin_bytes()];
        let [yellow, magenta, cyan] = &mut planes;
        pack(&image, &map, &mut Planes { dye: [yellow, magenta, cyan], resin: &mut resin });
        prop_assert_eq!(&unpack_resin(&resin, &map), image.resin_mask());
        for (plane, channel) in planes.iter().zip([2, 1, 0]) {
            let expect: Vec<u8> = image
                .rgb()
                .chunks(3)
                .zip(image.resin_mask())
                .map(|(pixel, mark)| if *mark == 0 { (255 - pixel[channel]) >> 2 } else { 0 })
                .collect();
            prop_assert!(unpack_dye(plane, &map) == expect);
        }
    }
}
