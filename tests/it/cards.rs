//! The printed cards of both sites: compared with golden pictures, with names of every script, and with malicious
//! templates.
//!
//! `GOLDEN=write cargo test --test it cards::` rewrites the golden pictures in tests/it/cards. Look at each before you
//! keep it.

mod hostile;
mod names;
mod signing;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use card::{CardContent, Designer, Raster, Settings};
use common::order::{CardFace, CardKind, Picture, Serial};
use image::{RgbImage, imageops};
use jiff::civil::date;

pub(crate) const SITES: [(&str, [&str; 2]); 2] =
    [("umu", ["sv", "en"]), ("umk-absolwent", ["pl", "en"])];

/// The designer of a site's cards, with the key of test mode.
pub(crate) fn designer(site: &str) -> Designer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("kiosk-config")
        .join(site);
    let text = std::fs::read_to_string(folder.join("kiosk.toml")).unwrap();
    let mut file: toml::Table = toml::from_str(&text).unwrap();
    let mut settings = file.remove("card").unwrap();
    settings["code"]["key"] = "test".into();
    let settings: Settings = settings.try_into().unwrap();
    Designer::load(&folder, &settings).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn card(kind: &CardKind, language: &str, name: &str) -> CardContent {
    CardContent {
        kind: kind.clone(),
        serial: Serial([1, 35, 69, 103, 137, 171, 205, 239]),
        name: name.to_owned().into(),
        unit: Some("Institutionen för tillämpad fysik och elektronik".into()),
        number: Some("012001D".into()),
        barcode: Some("2100000120013".into()),
        valid_through: date(2029, 6, 30),
        issue: 2,
        language: language.to_owned(),
        fields: BTreeMap::new(),
        code: None,
        signed: None,
        test: false,
    }
}

/// A drawn portrait of nobody: head and shoulders in front of a light wall.
pub(crate) fn portrait() -> Picture {
    let (width, height) = (390, 520);
    let inside = |x: f32, y: f32, (cx, cy, rx, ry): (f32, f32, f32, f32)| {
        ((x - cx) / rx).powi(2) + ((y - cy) / ry).powi(2) < 1.0
    };
    let mut rgb = Vec::with_capacity(width * height * 3);
    for row in 0..height {
        for column in 0..width {
            let (x, y) = (column as f32 / width as f32, row as f32 / height as f32);
            let colour = if inside(x, y, (0.5, 0.42, 0.23, 0.24)) {
                [222, 178, 150]
            } else if inside(x, y, (0.5, 0.37, 0.28, 0.27)) && y < 0.52 {
                [92, 66, 48]
            } else if inside(x, y, (0.5, 1.02, 0.46, 0.34)) {
                [70, 92, 120]
            } else {
                let light = 236.0 - y * 22.0;
                [light as u8, light as u8 + 2, light as u8 + 6]
            };
            rgb.extend(colour);
        }
    }
    Picture::new(width as u32, height as u32, rgb).unwrap()
}

/// The size of a card in the golden pictures, in pixels, at which a name can still be read.
const SHOWN: (u32, u32) = (678, 428);

fn shown(face: &CardFace) -> RgbImage {
    let (width, height) = (face.rgb.width(), face.rgb.height());
    let picture = RgbImage::from_raw(width, height, face.rgb.rgb().to_vec()).unwrap();
    imageops::resize(&picture, SHOWN.0, SHOWN.1, imageops::FilterType::Triangle)
}

/// Arranges the sides on a sheet, two in a row.
fn sheet(sides: &[RgbImage]) -> RgbImage {
    let rows = sides.len().div_ceil(2) as u32;
    let mut sheet = RgbImage::from_pixel(
        SHOWN.0 * 2 + 30,
        rows * (SHOWN.1 + 10) + 10,
        image::Rgb([120; 3]),
    );
    for (number, side) in sides.iter().enumerate() {
        let (column, row) = ((number % 2) as u32, (number / 2) as u32);
        let (x, y) = (10 + column * (SHOWN.0 + 10), 10 + row * (SHOWN.1 + 10));
        imageops::replace(&mut sheet, side, x.into(), y.into());
    }
    sheet
}

/// Compares a sheet with its golden picture. A few pixels may differ much, because edges are drawn slightly differently
/// on other machines and the golden picture is a JPEG.
pub(crate) fn compare(name: &str, sheet: &RgbImage) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/cards");
    let file = folder.join(format!("{name}.jpg"));
    if std::env::var_os("GOLDEN").is_some_and(|what| what == "write") {
        let out = std::fs::File::create(&file).unwrap();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(out, 88);
        sheet.write_with_encoder(encoder).unwrap();
        return;
    }
    let golden = image::open(&file)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        .into_rgb8();
    assert_eq!(golden.dimensions(), sheet.dimensions(), "{name}");
    let differs = |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| {
        a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 60)
    };
    let other = golden.pixels().zip(sheet.pixels()).filter(differs).count();
    let most = (sheet.width() * sheet.height()) as usize / 1000;
    if other > most {
        let now = std::env::temp_dir().join(format!("{name}-now.png"));
        sheet.save(&now).unwrap();
        panic!(
            "{other} dots of {name} are not as in {}; the card now: {}",
            file.display(),
            now.display()
        );
    }
}

#[test]
fn every_card_looks_as_it_did() {
    for (site, languages) in SITES {
        let designer = designer(site);
        for kind in designer.kinds() {
            let mut sides = Vec::new();
            for language in languages {
                for name in ["Bo Ek", names::LONGEST] {
                    let content = card(&kind, language, name);
                    let drawn = designer.draw(&content, &portrait(), Raster::PROOF).unwrap();
                    sides.push(shown(&drawn.front));
                    if name != names::LONGEST {
                        sides.extend(drawn.back.as_deref().map(shown));
                    }
                }
            }
            compare(&format!("{site}-{kind}"), &sheet(&sides));
        }
    }
}
