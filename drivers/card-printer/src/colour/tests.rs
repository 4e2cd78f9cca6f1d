use super::*;
use crate::card::{Options, PrintJob, Ribbon};
use crate::codec::{decode, encode};
use crate::encoded::EncodeError;
use crate::model::Model;

fn adobe() -> Vec<u8> {
    ColorProfile::new_adobe_rgb().encode().unwrap()
}

#[test]
fn what_is_no_profile_for_a_card_printer_is_said() {
    let check = |bytes: &[u8], words: &str| {
        let error = ColourProfile::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check(b"", "no ICC profile");
    check(&adobe()[..200], "no ICC profile");
    check(&vec![0; MAX_PROFILE + 1], "more than any");
    let grey = ColorProfile::new_gray_with_gamma(2.2).encode().unwrap();
    check(&grey, "for Gray, but a card printer is sent RGB");
}

#[test]
fn dye_is_changed_and_resin_is_not() {
    let (width, height) = Model::Rio2.raster();
    let pixels = (width * height) as usize;
    let rgb = [200, 40, 90].repeat(pixels);
    let mask: Vec<u8> = (0..pixels).map(|at| u8::from(at % 5 == 0)).collect();
    let front = CardImage::new(width, height, rgb, mask).unwrap();
    let job = |profile| PrintJob {
        id: "1".into(),
        front: front.clone(),
        back: Some(front.clone()),
        options: Options {
            profile,
            ribbon: Ribbon::Ymck,
            ..Options::default()
        },
    };
    let side = |profile| decode(&encode(Model::Rio2, &job(profile)).unwrap()).unwrap();
    let profile = ColourProfile::from_bytes(&adobe()).unwrap();
    assert_eq!(profile, profile.clone());
    let (plain, corrected) = (side(None), side(Some(profile.clone())));
    assert_eq!(plain.front.resin, corrected.front.resin);
    assert_ne!(plain.front.dye, corrected.front.dye);
    assert_eq!(
        corrected.back.unwrap().dye,
        corrected.front.dye,
        "both sides"
    );
    // sRGB in sRGB is itself.
    let same = ColorProfile::new_srgb().encode().unwrap();
    let same = side(Some(ColourProfile::from_bytes(&same).unwrap()));
    let (a, b) = (plain.front.draw(), same.front.draw());
    assert!(
        a.rgb()
            .iter()
            .zip(b.rgb())
            .all(|(a, b)| a.abs_diff(*b) <= 4)
    );
    let wrong = PrintJob {
        front: CardImage::from_rgb(1, 1, vec![0; 3]).unwrap(),
        ..job(Some(profile))
    };
    assert!(matches!(
        encode(Model::Rio2, &wrong),
        Err(EncodeError::Raster { .. })
    ));
}
