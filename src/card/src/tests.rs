use std::{collections::BTreeMap, fs, path::Path};

use jiff::civil::date;

use super::*;
use common::order::{CardFace, CardKind, Picture, Serial};

const RASTERS: [Raster; 3] = [
    Raster::at_300(1016, 642),
    Raster::at_300(1000, 642),
    Raster::at_300(1016, 648),
];

const SERIAL: Serial = Serial([1, 35, 69, 103, 137, 171, 205, 239]);

fn umu() -> Designer {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kiosk-config/umu");
    let text = fs::read_to_string(site.join("kiosk.toml")).unwrap();
    let mut file: toml::Table = toml::from_str(&text).unwrap();
    let mut settings: Settings = file.remove("card").unwrap().try_into().unwrap();
    settings.code.key = Some(CodeKey::Test);
    Designer::load(&site, &settings).unwrap_or_else(|problems| panic!("{problems}"))
}

fn card(kind: &str) -> CardContent {
    CardContent {
        kind: CardKind::from(kind),
        serial: SERIAL,
        name: "Alva Björk".into(),
        unit: Some("Institutionen för fysik".into()),
        number: Some("1234 5678".into()),
        barcode: None,
        valid_through: date(2029, 6, 30),
        issue: 2,
        language: "sv".to_owned(),
        fields: BTreeMap::new(),
        code: None,
        signed: None,
        test: false,
    }
}

/// Returns a portrait of a single colour.
fn portrait(colour: [u8; 3]) -> Picture {
    Picture::new(300, 400, colour.repeat(300 * 400)).unwrap()
}

/// The colour of the face in a portrait. It is reddish, so that it can be found on the card again.
const SKIN: [u8; 3] = [224, 172, 140];

fn is_resin(face: &CardFace, x: u32, y: u32) -> bool {
    face.resin_mask[(y * face.rgb.width() + x) as usize] == 255
}

#[test]
fn every_kind_in_every_raster_and_language_has_a_readable_code() {
    let designer = umu();
    for raster in RASTERS {
        for kind in designer.kinds() {
            for language in ["sv", "en"] {
                let content = CardContent {
                    language: language.to_owned(),
                    ..card(&kind.0)
                };
                let image = designer.draw(&content, &portrait(SKIN), raster).unwrap();
                let face = &image.front;
                assert_eq!(
                    (face.rgb.width(), face.rgb.height()),
                    (raster.width, raster.height)
                );
                let texts = read_code(&face.rgb);
                let found = texts.first().and_then(|text| designer.serial_in(text));
                assert_eq!(
                    found,
                    Some(SERIAL),
                    "{kind} {language} {raster:?}: {texts:?}"
                );
            }
        }
    }
}

#[test]
fn black_panel_follows_the_template_and_excludes_the_portrait() {
    let designer = umu();
    let white = designer
        .draw(&card("student"), &portrait([255; 3]), Raster::PROOF)
        .unwrap();
    let black = designer
        .draw(&card("student"), &portrait([0; 3]), Raster::PROOF)
        .unwrap();
    assert_eq!(white.front.resin_mask, black.front.resin_mask);
    assert_ne!(white.front.rgb, black.front.rgb);
    let taken = white
        .front
        .resin_mask
        .iter()
        .filter(|dot| **dot == 255)
        .count();
    assert!(taken > 10_000, "{taken} dots");
    for (dot, colour) in black
        .front
        .resin_mask
        .iter()
        .zip(black.front.rgb.rgb().chunks(3))
    {
        assert!(*dot == 0 || (*dot == 255 && colour == [0; 3]));
    }
}

#[test]
fn card_is_centred_in_the_raster_and_never_scaled() {
    let designer = umu();
    let narrow = designer
        .draw(&card("student"), &portrait(SKIN), RASTERS[1])
        .unwrap();
    let wide = designer
        .draw(&card("student"), &portrait(SKIN), RASTERS[0])
        .unwrap();
    // The raster is 16 dots narrower: 8 fewer on each side, and nothing else changes.
    let other = (0..642)
        .flat_map(|y| (0..1000).map(move |x| (x, y)))
        .filter(|&(x, y)| narrow.front.rgb.pixel(x, y) != wide.front.rgb.pixel(x + 8, y))
        .count();
    // The renderer uses 32-bit floats, so a few shades at edges are rounded differently.
    assert!(other < 100, "{other} dots");
}

#[test]
fn longest_names_stay_inside_the_card_and_off_the_code() {
    let designer = umu();
    for name in [
        "Áilu-Bávvál Nguyễn Thị Ağaoğlu Szczęśniak-Παπαδόπουλος Щукина",
        "Wolfeschlegelsteinhausenbergerdorff",
        "Ø",
    ] {
        let content = CardContent {
            name: name.into(),
            unit: Some(
                "Institutionen för kostvetenskap, enheten för folkhälsa och klinisk medicin".into(),
            ),
            ..card("student")
        };
        let face = designer
            .draw(&content, &portrait(SKIN), Raster::PROOF)
            .unwrap()
            .front;
        let rim = (0..642).flat_map(|y| (980..1016).map(move |x| (x, y)));
        assert_eq!(
            rim.filter(|&(x, y)| is_resin(&face, x, y)).count(),
            0,
            "{name}"
        );
        let texts = read_code(&face.rgb);
        assert_eq!(designer.serial_in(&texts[0]), Some(SERIAL), "{name}");
    }
}

#[test]
fn a_letter_without_a_glyph_is_an_error() {
    let content = CardContent {
        name: "李小龙 Bruce".into(),
        ..card("student")
    };
    let error = umu()
        .draw(&content, &portrait(SKIN), Raster::PROOF)
        .unwrap_err();
    assert_eq!(
        error,
        DrawError::Letters {
            field: "name".to_owned(),
            letters: "小李龙".to_owned()
        }
    );
}

#[test]
fn overlong_values_are_refused_before_they_are_measured() {
    let content = CardContent {
        name: "Å ".repeat(500_000).into(),
        ..card("student")
    };
    let error = umu()
        .draw(&content, &portrait(SKIN), Raster::PROOF)
        .unwrap_err();
    let field = "name".to_owned();
    assert_eq!(error, DrawError::Room { field });
}

#[test]
fn soft_proof_is_paler_and_labelled_as_approximate() {
    let designer = umu();
    let face = designer
        .draw(&card("student"), &portrait([0; 3]), Raster::PROOF)
        .unwrap()
        .front;
    let proof = designer.soft_proof(&face, None).unwrap();
    assert_eq!((proof.width(), proof.height()), (1016, 642 + 53));
    // The portrait is black dye and the code is black resin.
    let dye = proof.pixel(200, 400).unwrap();
    let (x, y) = (0..642)
        .flat_map(|y| (0..1016).map(move |x| (x, y)))
        .find(|&(x, y)| is_resin(&face, x, y))
        .unwrap();
    let resin = proof.pixel(x, y).unwrap();
    assert!(dye.iter().zip(resin).all(|(dye, resin)| *dye > resin + 15));
    let written = (642..695).flat_map(|y| (0..1016).map(move |x| (x, y)));
    let ink = written
        .filter(|&(x, y)| proof.pixel(x, y).unwrap()[0] < 128)
        .count();
    assert!(ink > 500, "{ink} dots of the caption");
}

#[test]
fn test_mode_marks_the_card_but_not_the_code_or_the_black_panel() {
    let designer = umu();
    let plain = designer
        .draw(&card("guest"), &portrait(SKIN), Raster::PROOF)
        .unwrap()
        .front;
    let content = CardContent {
        test: true,
        ..card("guest")
    };
    let marked = designer
        .draw(&content, &portrait(SKIN), Raster::PROOF)
        .unwrap()
        .front;
    assert_eq!(plain.resin_mask, marked.resin_mask);
    assert_eq!(read_code(&plain.rgb), read_code(&marked.rgb));
    let changed = plain
        .rgb
        .rgb()
        .chunks(3)
        .zip(marked.rgb.rgb().chunks(3))
        .filter(|(a, b)| a != b)
        .count();
    assert!(changed > 1016 * 642 / 20, "{changed} dots changed");
}

#[test]
fn an_unknown_kind_is_refused() {
    let error = umu()
        .draw(&card("wizard"), &portrait(SKIN), Raster::PROOF)
        .unwrap_err();
    assert_eq!(error, DrawError::Kind(CardKind::from("wizard")));
}

#[test]
fn a_raster_without_the_size_of_a_card_is_refused() {
    let designer = umu();
    for (width, height) in [(10, 10), (60_000, 60_000), (642, 1016)] {
        let raster = Raster::at_300(width, height);
        let error = designer
            .draw(&card("student"), &portrait(SKIN), raster)
            .unwrap_err();
        assert_eq!(error, DrawError::Raster);
    }
}

#[test]
fn the_code_of_another_site_is_not_accepted() {
    let designer = umu();
    let ours = designer.code_text(&card("student")).unwrap();
    assert_eq!(designer.serial_in(&ours), Some(SERIAL));
    let opaque = "HTTPS://KORT.UMU.SE/K/04HMASW9NF6YY";
    for text in [
        ours.replace("UMU", "LU").as_str(),
        &ours[..ours.len() - 1],
        &designer.specimen_code(&card("student")).unwrap(),
        opaque,
        "HTTPS://KORT.UMU.SE/K/",
        "",
    ] {
        assert_eq!(designer.serial_in(text), None, "{text}");
    }
    let body = "<rect id='qr' x='60' y='9' width='17' height='17'/>";
    let other = load_body(body).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(
        other.serial_in(&opaque.replace("KORT.UMU.SE", "A.SE")),
        Some(SERIAL)
    );
}

#[test]
fn each_form_of_the_code_is_drawn_and_read_back() {
    for (code, start, length) in [
        ("form = 'opaque'", "HTTPS://KORT.UMU.SE/K/04HMASW9NF6YY", 35),
        (
            "form = 'signed'\nkey = 'test'",
            "HTTPS://KORT.UMU.SE/K/0400",
            149,
        ),
        (
            "form = 'esc'\nesc = { server = '988', pic = '999978433' }",
            "https://s.esc-r.eu/01234567-89ab-1cde-bc00-988999978433",
            55,
        ),
    ] {
        let settings = format!(
            "[code]\nhost = 'KORT.UMU.SE'\n{code}\n[kinds.student]\ncode = 2\nfront = 'front.svg'\nlabel = {{ sv = 'Student' }}\n"
        );
        let page = page("<rect id='qr' x='60' y='9' width='16.6' height='16.6'/>");
        let designer = load(&page, &settings).unwrap_or_else(|problems| panic!("{problems}"));
        let image = designer
            .draw(&card("student"), &portrait(SKIN), Raster::PROOF)
            .unwrap();
        let texts = read_code(&image.front.rgb);
        assert_eq!(texts.len(), 1, "{code}");
        assert!(texts[0].starts_with(start), "{}", texts[0]);
        assert_eq!(texts[0].len(), length, "{}", texts[0]);
        assert_eq!(designer.serial_in(&texts[0]), Some(SERIAL), "{code}");
    }
}

#[test]
fn any_serial_fits_the_code_with_the_longest_host() {
    let host = "KORT.EXAMPLE.ORG";
    assert_eq!(host.len(), LONGEST_HOST);
    for number in 0..300_u64 {
        // Runs of digits make an encoder switch modes, so the letters contain many of them.
        let letters: String = (0..127_u64)
            .map(|i| {
                let value = (number + 1)
                    .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                    .rotate_left(i as u32);
                let digit = value % 10;
                if (i / (2 + number % 11)).is_multiple_of(2) {
                    char::from(b'0' + digit as u8)
                } else {
                    char::from(b'A' + digit as u8)
                }
            })
            .collect();
        let text = format!("HTTPS://{host}/K/{letters}");
        let symbol = qr::Symbol::new(&text, qr::Size::Signed);
        assert_eq!(symbol.map(|symbol| symbol.modules()), Ok(41 + 8), "{text}");
    }
}

#[test]
fn front_and_back_may_carry_different_codes() {
    let settings = "[code]\nhost = 'A.SE'\nform = 'signed'\nkey = 'test'\nback = 'esc'\nesc = { server = '988', pic = '999978433' }\n\
         [kinds.student]\ncode = 2\nfront = 'front.svg'\nback = 'front.svg'\nlabel = { sv = 'Student' }\n";
    let page = page("<rect id='qr' x='60' y='9' width='16.6' height='16.6'/>");
    let designer = load(&page, settings).unwrap_or_else(|problems| panic!("{problems}"));
    let image = designer
        .draw(&card("student"), &portrait(SKIN), Raster::PROOF)
        .unwrap();
    let front = read_code(&image.front.rgb);
    let back = read_code(&image.back.unwrap().rgb);
    assert!(front[0].starts_with("HTTPS://A.SE/K/"));
    assert!(back[0].starts_with("https://s.esc-r.eu/"));
}

const ONE_KIND: &str =
    "[code]\nhost = 'A.SE'\n[kinds.student]\nfront = 'front.svg'\nlabel = { sv = 'Student' }\n";

/// Returns a page of a card's size with these elements.
fn page(body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
         width=\"85.60mm\" height=\"53.98mm\" viewBox=\"0 0 85.6 53.98\">\n{body}\n</svg>"
    )
}

/// Loads a site with one kind whose front is `body` on a page of a card's size.
fn load_body(body: &str) -> Result<Designer, String> {
    load_file(&page(body))
}

fn load_file(svg: &str) -> Result<Designer, String> {
    load(svg, ONE_KIND)
}

/// Loads a site with one template. The folder's name is removed from the messages.
fn load(svg: &str, settings: &str) -> Result<Designer, String> {
    let site = tempfile::tempdir().unwrap();
    fs::write(site.path().join("front.svg"), svg).unwrap();
    let settings: Settings = toml::from_str(settings).unwrap();
    let root = format!("{}/", site.path().display());
    Designer::load(site.path(), &settings)
        .map_err(|problems| problems.to_string().replace(&root, ""))
}

#[test]
fn mistakes_in_a_template_are_reported_with_file_and_line() {
    for (body, told) in [
        ("<script/>", "front.svg:2: <script> is not allowed"),
        (
            "\n<g><foreignObject/></g>",
            "front.svg:3: <foreignObject> is not allowed",
        ),
        (
            "<image href='/etc/passwd'/>",
            "front.svg:2: the picture \"/etc/passwd\" is not beside",
        ),
        (
            "<image xlink:href='../mark.png'/>",
            "front.svg:2: the picture \"../mark.png\" is not beside",
        ),
        (
            "<image href='http://example.org/a.png'/>",
            "is not beside the template",
        ),
        (
            "<image href='file:///etc/passwd'/>",
            "is not beside the template",
        ),
        (
            "<image href='gone.png'/>",
            "front.svg:2: the picture gone.png cannot be read",
        ),
        (
            "<image href='data:image/svg+xml,x'/>",
            "the picture in the file is \"image/svg+xml\"",
        ),
        (
            "<rect fill='url(http://a/b)'/>",
            "fill refers to something outside the file",
        ),
        (
            "<rect style='filter:url(#f)'/>",
            "filters, masks and markers are not allowed",
        ),
        (
            "<rect filter='url(#f)'/>",
            "filters, masks and markers are not allowed",
        ),
        ("<filter id='f'/>", "<filter> is not allowed"),
        (
            "<circle r='1e30' stroke-width='2'/>",
            "front.svg:2: r has a number beyond 100000",
        ),
        (
            "<path d='M0 0L1.5.5-3E6,2'/>",
            "front.svg:2: d has a number beyond 100000",
        ),
        (
            "<g id='a'><rect/></g><use href='#a'/>",
            "<use> may only copy a symbol",
        ),
        ("<use href='#nothing'/>", "<use> copies nothing"),
        ("<rect id='a'/><rect id='a'/>", "the id a is there twice"),
        ("<text id='qr'>x</text>", "the element qr is a <text>"),
        (
            "<text id='name' x='1' y='9'>x</text>",
            "does not say how much room it has",
        ),
        (
            "<text id='name' data-width='500'>x</text>",
            "data-width=\"500\" is no number from 2 to 86",
        ),
        (
            "<text id='name' data-width='50' data-wide='1'>x</text>",
            "data-wide is not known",
        ),
        (
            "<text data-field='shoeSize' data-width='50'>x</text>",
            "shows \"shoeSize\", which no card has",
        ),
        (
            "<text id='validThrough' data-width='30' data-date='%Q'>x</text>",
            "is no way to write a date",
        ),
        (
            "<text x='9' y='9' font-family='Papyrus'>x</text>",
            "the font Papyrus is not among the site's fonts",
        ),
        (
            "<text x='9' y='9'>龙</text>",
            "no font has the letters \"龙\"",
        ),
        (
            "<rect class='resin' x='1' y='1' width='9' height='9' fill='#f00'/>",
            "class resin is not black",
        ),
        (
            "<path d='M0 0H80' stroke='#000' stroke-dasharray='0.0001'/>",
            "the dashes are shorter than a dot",
        ),
        (
            "<style>@import 'a.css';</style>",
            "the style sheet uses @import",
        ),
        (
            "<rect class='keep-out' y='5.5' width='86' height='10.4'/><rect id='qr' x='60' y='9' width='17' height='17'/>",
            "the code lies in a zone that must stay free",
        ),
    ] {
        let problems = load_body(body).err().unwrap_or_default();
        assert!(
            problems.contains(told),
            "{body}\n  told: {problems}\n  not: {told}"
        );
    }
}

#[test]
fn a_page_without_the_size_of_a_card_is_reported() {
    for svg in [
        "<svg xmlns='http://www.w3.org/2000/svg' width='60000' height='60000' viewBox='0 0 60000 60000'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='85.6mm' height='53.98mm'/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='85.6mm' height='53.98mm' viewBox='0 0 1 1000'/>",
    ] {
        let problems = load_file(svg).unwrap_err();
        assert!(problems.starts_with("front.svg:1: the page"), "{problems}");
    }
    for svg in [
        "",
        "<html/>",
        "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>",
        "<svg",
    ] {
        let problems = load_file(svg).unwrap_err();
        assert!(problems.contains("the file is no SVG"), "{problems}");
    }
}

#[test]
fn an_upright_template_is_turned_into_the_raster() {
    let designer = load_file(
        "<svg xmlns='http://www.w3.org/2000/svg' width='53.98mm' height='85.6mm' viewBox='0 0 53.98 85.6'>\
         <rect x='-1' y='-1' width='56' height='10' fill='#00f'/><rect id='qr' x='18' y='60' width='17' height='17'/></svg>",
    )
    .unwrap();
    let face = designer
        .draw(&card("student"), &portrait(SKIN), Raster::PROOF)
        .unwrap()
        .front;
    assert_eq!((face.rgb.width(), face.rgb.height()), (1016, 642));
    assert_eq!(
        face.rgb.pixel(10, 320),
        Some([0, 0, 255]),
        "its top is at the left"
    );
    assert_eq!(face.rgb.pixel(1000, 320), Some([255; 3]));
    assert_eq!(designer.serial_in(&read_code(&face.rgb)[0]), Some(SERIAL));
}

#[test]
fn the_proof_shows_the_card_at_true_size_with_marks_around_it() {
    let image = umu()
        .draw(&card("student"), &portrait(SKIN), Raster::PROOF)
        .unwrap();
    let mm = |points: f32| points / 72.0 * 25.4;
    let pages = |pdf: &[u8]| {
        assert!(pdf.starts_with(b"%PDF-"));
        let options = printpdf::PdfParseOptions::default();
        printpdf::PdfDocument::parse(pdf, &options, &mut Vec::new())
            .unwrap()
            .pages
    };
    let pdf = proof_pdf(&image, Raster::PROOF, "proof");
    let single = pages(&pdf);
    assert_eq!(single.len(), 2, "front and back");
    let text = String::from_utf8_lossy(&pdf).into_owned();
    let (_, trim) = text.split_once("/TrimBox").unwrap();
    let corners: Vec<f32> = trim[..trim.find(']').unwrap()]
        .trim_start_matches([' ', '['])
        .split_whitespace()
        .map(|number| mm(number.parse().unwrap()))
        .collect();
    assert!(
        (corners[2] - corners[0] - CARD_WIDTH).abs() < 0.01,
        "{corners:?}"
    );
    assert!(
        (corners[3] - corners[1] - CARD_HEIGHT).abs() < 0.01,
        "{corners:?}"
    );
    assert!(
        mm(single[0].media_box.width.0) > CARD_WIDTH + 20.0,
        "room for the marks"
    );
    let lines = |page: &printpdf::PdfPage| {
        let ops = page.ops.iter();
        ops.filter(|op| matches!(op, printpdf::Op::DrawLine { .. }))
            .count()
    };
    assert_eq!(lines(&single[0]), 8, "two marks at each corner");
    let sides: Vec<_> = (0..9)
        .map(|i| (format!("card {i}"), image.front.as_ref()))
        .collect();
    let sheet = pages(&sheet_pdf(&sides, Raster::PROOF, "sheet"));
    assert_eq!(sheet.len(), 2, "eight sides a sheet");
    assert_eq!((lines(&sheet[0]), lines(&sheet[1])), (64, 8));
}

#[test]
fn mistakes_in_the_settings_are_reported() {
    let check = |text: &str, told: &str| {
        let settings: Settings = toml::from_str(text).unwrap();
        let mut problems = common::Problems::default();
        settings.check(Path::new("/nowhere"), &mut problems);
        let problems = problems.to_string();
        assert!(problems.contains(told), "{problems}");
    };
    let kind = "[kinds.a]\nfront = 'a.svg'\nlabel = { sv = 'A' }\n";
    check(
        &format!("[code]\nhost = 'A.VERY.LONG.HOST.SE'\n{kind}"),
        "card.code.host has 19 characters",
    );
    check(
        &format!("[code]\nhost = 'kort.umu.se'\n{kind}"),
        "is no host name in capitals",
    );
    check("[code]\nhost = 'A.SE'\n[kinds]", "card.kinds is empty");
    check(
        "[code]\nhost = 'A.SE'\n[kinds.a]\nfront = '../a.svg'\nlabel = {}",
        "../a.svg leads out of the site's folder",
    );
    check(
        &format!("[code]\nhost = 'A.SE'\n{kind}[texts.name]\nsv = 'x'"),
        "has the name of a field",
    );
}

#[test]
fn backs_are_black_only_and_keep_off_the_magnetic_stripe() {
    let designer = umu();
    for kind in designer.kinds() {
        let image = designer
            .draw(&card(&kind.0), &portrait(SKIN), Raster::PROOF)
            .unwrap();
        assert!(!image.front.is_black_only());
        let back = image.back.unwrap();
        assert!(back.is_black_only(), "{kind}");
        // The stripe is 4 to 17 mm from the top.
        let stripe = (48..200).flat_map(|y| (0..1016).map(move |x| (x, y)));
        assert_eq!(stripe.filter(|&(x, y)| is_resin(&back, x, y)).count(), 0);
    }
}
