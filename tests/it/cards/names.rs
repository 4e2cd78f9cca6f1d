//! Names of 60 letters, in every script that the booth's own font must support.

use card::Raster;
use common::order::{CardFace, CardImage};

use super::{SITES, card, compare, designer, portrait, sheet, shown};

pub(super) const LONGEST: &str = "Christophoros Papadimitriou-Wolkenstein von Österreich-Estera";

/// Names by language. None of these people exists.
const NAMES: [(&str, &str); 6] = [
    (
        "Sami",
        "Máret-Áŋŋá Guhttor-Čuolbmanjárga Đuottarsápmelaš-Ŧežžanášši",
    ),
    (
        "Polish",
        "Grzegorz Brzęczyszczykiewicz-Szczebrzeszyński Gżegżółkowskić",
    ),
    (
        "Turkish",
        "Muhammed Şükrü İbrahimoğlu Çağlayangil-Ağaoğlu Öztürk Işıkçı",
    ),
    (
        "Vietnamese",
        "Nguyễn Phước Quý Thái Ưng Nghiêm Tôn Nữ Hoàng Ánh Nguyệt Vỹ",
    ),
    (
        "Greek",
        "Παναγιώτης-Κωνσταντίνος Παπαδημητρακόπουλος-Χατζηγεωργίουδης",
    ),
    (
        "Cyrillic",
        "Александра-Екатерина Воздвиженская-Преображенская Щербакоўска",
    ),
];

fn ink(face: &CardFace, x: i32, y: i32) -> bool {
    let (width, height) = (face.rgb.width() as i32, face.rgb.height() as i32);
    let inside = (0..width).contains(&x) && (0..height).contains(&y);
    inside && face.resin_mask[(y * width + x) as usize] != 0
}

/// The number of dots of the name that overlap other elements, or lie within 3 mm of the card's edge.
fn out_of_place(named: &CardFace, nameless: &CardFace) -> usize {
    let (width, height) = (named.rgb.width() as i32, named.rgb.height() as i32);
    let edge = (3.0 / 25.4 * 300.0) as i32 - 2;
    let mut found = 0;
    for y in 0..height {
        for x in 0..width {
            let of_the_name = ink(named, x, y) && !ink(nameless, x, y);
            let touches = (-1..=1).any(|dy| (-1..=1).any(|dx| ink(nameless, x + dx, y + dy)));
            let inside = (edge..width - edge).contains(&x) && (edge..height - edge).contains(&y);
            found += usize::from(of_the_name && (touches || !inside));
        }
    }
    found
}

#[test]
fn sixty_letters_of_any_script_stay_in_their_field() {
    for (site, languages) in SITES {
        let designer = designer(site);
        for kind in designer.kinds() {
            let draw = |name: &str| -> CardImage {
                let mut content = card(&kind, languages[0], name);
                content.unit = None; // The unit moves down with the name.
                designer.draw(&content, &portrait(), Raster::PROOF).unwrap()
            };
            let nameless = draw("");
            for (script, name) in NAMES.into_iter().chain([("Latin", LONGEST)]) {
                assert!(
                    name.chars().count() >= 59,
                    "{script}: {}",
                    name.chars().count()
                );
                let named = draw(name);
                let wrong = out_of_place(&named.front, &nameless.front);
                assert_eq!(wrong, 0, "{site} {kind}: the {script} name");
            }
        }
    }
}

#[test]
fn names_of_every_script_look_as_they_did() {
    let designer = designer("umu");
    let kind = designer.kinds().find(|kind| kind.0 == "student").unwrap();
    let sides: Vec<_> = NAMES
        .into_iter()
        .map(|(_, name)| {
            let content = card(&kind, "sv", name);
            shown(
                &designer
                    .draw(&content, &portrait(), Raster::PROOF)
                    .unwrap()
                    .front,
            )
        })
        .collect();
    compare("names", &sheet(&sides));
}

#[test]
fn a_decomposed_letter_looks_like_the_composed_one() {
    let designer = designer("umu");
    let kind = designer.kinds().next().unwrap();
    let draw = |name: &str| {
        let content = card(&kind, "sv", name);
        designer
            .draw(&content, &portrait(), Raster::PROOF)
            .unwrap()
            .front
    };
    let (whole, parts) = (draw("Nguyễn Åsa"), draw("Nguye\u{302}\u{303}n A\u{30a}sa"));
    let other = whole
        .resin_mask
        .iter()
        .zip(&parts.resin_mask)
        .filter(|(a, b)| a != b)
        .count();
    let ink = whole.resin_mask.iter().filter(|dot| **dot != 0).count();
    assert!(other < ink / 200, "{other} of {ink} dots");
}
