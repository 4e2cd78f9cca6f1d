use super::*;

#[test]
fn a_card_image_has_exactly_its_pixels() {
    let check = |width, height, rgb: usize, mask: usize, expect: Option<&str>| {
        let result = CardImage::new(width, height, vec![0; rgb], vec![0; mask]);
        match expect {
            None => assert!(result.is_ok(), "{width}x{height}"),
            Some(words) => {
                let text = result.expect_err(words).to_string();
                assert!(text.contains(words), "{text}");
            }
        }
    };
    check(2, 1, 6, 2, None);
    check(
        2,
        1,
        5,
        2,
        Some("pixels of a 2x1 card must be 6 bytes long, not 5"),
    );
    check(
        2,
        1,
        6,
        3,
        Some("resin mask of a 2x1 card must be 2 bytes long, not 3"),
    );
    check(0, 1, 0, 0, Some("0x1"));
    check(4000, 1, 12000, 4000, Some("4000x1"));
}

#[test]
fn any_mark_in_the_mask_means_resin() {
    let image = CardImage::new(3, 1, vec![9; 9], vec![0, 1, 255]).unwrap();
    assert_eq!(image.resin_mask(), [0, 255, 255]);
}

#[test]
fn black_goes_to_resin_up_to_three_in_every_channel() {
    let image = CardImage::from_rgb(4, 1, vec![0, 0, 0, 3, 3, 3, 3, 3, 4, 255, 0, 0]).unwrap();
    assert!(image.has_no_resin());
    assert_eq!(image.with_black_as_resin().resin_mask(), [255, 255, 0, 0]);
}

#[test]
fn a_portrait_picture_turns_left_to_landscape() {
    // Rows of the portrait: a b / c d / e f. Turned left, its right column is the top row.
    let rgb = b"abcdef".iter().flat_map(|p| [*p; 3]).collect();
    let turned = CardImage::new(2, 3, rgb, vec![0, 1, 0, 0, 0, 0])
        .unwrap()
        .landscape();
    let letters: Vec<u8> = turned.rgb().chunks(3).map(|p| p[0]).collect();
    assert_eq!(
        (turned.width(), turned.height(), letters.as_slice()),
        (3, 2, b"bdface".as_slice())
    );
    assert_eq!(turned.resin_mask(), [255, 0, 0, 0, 0, 0]);
}

#[test]
fn debug_shows_no_pixel() {
    let image = CardImage::from_rgb(1, 1, vec![77, 78, 79]).unwrap();
    assert_eq!(format!("{image:?}"), "CardImage(1x1)");
}

#[test]
fn names_are_read_back() {
    for ribbon in Ribbon::ALL {
        assert_eq!(ribbon.name().parse(), Ok(*ribbon));
    }
    assert!(
        "ymcx"
            .parse::<Ribbon>()
            .unwrap_err()
            .contains("use one of ymc, ymco")
    );
    assert_eq!("sv-SE".parse(), Ok(Language::SWEDISH));
    assert!("svenska".parse::<Language>().is_err());
}
