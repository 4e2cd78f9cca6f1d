//! Independent readers (zbar, ZXing and rqrr) read the codes on the cards: from the picture that is printed, from what
//! each printer makes of it, and as a webcam sees it.
//!
//! Each test reads 200 codes by default; `make readers` sets 10 000 (FOTOAUTOMAT_CODES).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use card::{CardContent, Designer, Raster, Settings, read_code_luma};
use card_printer::{Model, Options, PrintJob};
use common::order::{CardFace, CardKind, Picture, Serial};
use jiff::civil::date;

/// Left, top and size in mm of a code on the test card, which is as large as a card has room for.
const BOX: (f32, f32, f32) = (64.0, 30.0, 16.6);

const MODELS: [Model; 6] = [
    Model::Rio2,
    Model::Avalon,
    Model::Enduro,
    Model::Alto,
    Model::Primacy,
    Model::Zenius,
];

/// The number of codes of each sort that are read.
fn many() -> u64 {
    match std::env::var("FOTOAUTOMAT_CODES") {
        Ok(text) => text.parse().expect("FOTOAUTOMAT_CODES is a number"),
        Err(_) => 200,
    }
}

/// A site with one kind of card: a coloured ground, a portrait, and a code.
fn designer(code: &str, body: &str) -> Designer {
    let site = tempfile::tempdir().unwrap();
    let page = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='85.60mm' height='53.98mm' viewBox='0 0 85.6 53.98'>\
         <rect x='-1' y='-1' width='87.6' height='56' fill='#b9d3cc'/>\
         <rect id='portrait' x='4' y='15' width='26' height='34.67'/>{body}</svg>"
    );
    fs::write(site.path().join("front.svg"), page).unwrap();
    let settings = format!(
        "{code}\n[kinds.student]\ncode = 2\nfront = 'front.svg'\nlabel = {{ sv = 'Student' }}\n"
    );
    let settings: Settings = toml::from_str(&settings).unwrap();
    Designer::load(site.path(), &settings).unwrap_or_else(|problems| panic!("{problems}"))
}

fn qr_box() -> String {
    let (x, y, side) = BOX;
    format!("<rect id='qr' x='{x}' y='{y}' width='{side}' height='{side}'/>")
}

/// Pseudo-random numbers that are the same in each run (splitmix64).
fn scatter(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn card(number: u64) -> CardContent {
    CardContent {
        kind: CardKind::from("student"),
        serial: Serial(scatter(number).to_be_bytes()),
        name: "Alva Björk".into(),
        unit: None,
        number: None,
        barcode: None,
        valid_through: date(2026, 1, 1)
            .checked_add(jiff::Span::new().days((scatter(!number) % 4000) as i64))
            .unwrap(),
        issue: (number % 255) as u8,
        language: "sv".to_owned(),
        fields: BTreeMap::new(),
        code: None,
        signed: None,
        test: false,
    }
}

/// A grey picture.
struct Grey {
    width: u32,
    height: u32,
    luma: Vec<u8>,
}

impl Grey {
    fn of(width: u32, height: u32, rgb: &[u8]) -> Self {
        let luma = rgb.chunks_exact(3).map(|p| {
            let sum = u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29;
            (sum >> 8) as u8
        });
        Self {
            width,
            height,
            luma: luma.collect(),
        }
    }

    /// The part around the code with a margin of 4 mm. Reading whole cards is not harder, only slower.
    fn around(&self, (x, y, width, height): (f32, f32, f32, f32)) -> Self {
        let dots = 300.0 / 25.4;
        let corner = |length: f32, card: f32| (length - card * dots) / 2.0;
        let (left, top) = (
            corner(self.width as f32, 85.6) + (x - 4.0) * dots,
            corner(self.height as f32, 53.98) + (y - 4.0) * dots,
        );
        let (left, top) = (left.max(0.0) as u32, top.max(0.0) as u32);
        let width = (((width + 8.0) * dots) as u32).min(self.width - left);
        let height = (((height + 8.0) * dots) as u32).min(self.height - top);
        let luma = (top..top + height).flat_map(|row| {
            let start = (row * self.width + left) as usize;
            self.luma[start..start + width as usize].iter().copied()
        });
        Self {
            width,
            height,
            luma: luma.collect(),
        }
    }

    /// The printed card as a webcam sees it: dots run into each other (sigma 0.06 mm), the lens blurs (0.08 mm), a
    /// pixel is 0.16 mm, contrast is 62 %, the card is turned by up to 12 degrees, and there is noise of 5 in 255.
    fn by_webcam(&self, seed: u64) -> Self {
        const PITCH: f32 = 0.16;
        let dots = 300.0 / 25.4_f32;
        let sigma = (0.06_f32.powi(2) + 0.08_f32.powi(2)).sqrt() * dots;
        let blurred = self.blurred(sigma);
        let step = PITCH * dots;
        let (width, height) = (
            (self.width as f32 / step) as u32,
            (self.height as f32 / step) as u32,
        );
        let part = |bits: u64| (bits & 0xffff) as f32 / 65_536.0;
        let random = scatter(seed ^ 0x5eed);
        let turn = (part(random) * 24.0 - 12.0).to_radians();
        let shift = (part(random >> 16), part(random >> 32));
        let (sine, cosine) = turn.sin_cos();
        let middle = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        let mut luma = Vec::with_capacity((width * height) as usize);
        for row in 0..height {
            for column in 0..width {
                let (x, y) = (
                    (column as f32 + shift.0) * step - middle.0,
                    (row as f32 + shift.1) * step - middle.1,
                );
                let at = (
                    x * cosine - y * sine + middle.0,
                    x * sine + y * cosine + middle.1,
                );
                let light = blurred.at(at.0, at.1);
                // The sum of four uniform numbers approximates a normal distribution.
                let noise = scatter(seed << 20 | u64::from(row * width + column));
                let bell: f32 = (0..4).map(|i| part(noise >> (16 * i)) - 0.5).sum();
                let seen = 48.0 + light * 0.62 + bell * 5.0 / 0.577;
                luma.push(seen.clamp(0.0, 255.0) as u8);
            }
        }
        Self {
            width,
            height,
            luma,
        }
    }

    fn blurred(&self, sigma: f32) -> Self {
        let reach = (sigma * 3.0).ceil() as i32;
        let kernel: Vec<f32> = (-reach..=reach)
            .map(|i| (-(i as f32).powi(2) / (2.0 * sigma * sigma)).exp())
            .collect();
        let whole: f32 = kernel.iter().sum();
        let pass = |from: &[u8], step: i32, along: i32, position: &dyn Fn(i32) -> i32| {
            let mut to = Vec::with_capacity(from.len());
            for i in 0..from.len() as i32 {
                let at = position(i);
                let mut sum = 0.0;
                for (k, weight) in (-reach..=reach).zip(&kernel) {
                    let other = (at + k).clamp(0, along - 1) - at;
                    sum += f32::from(from[(i + other * step) as usize]) * weight;
                }
                to.push((sum / whole) as u8);
            }
            to
        };
        let (width, height) = (self.width as i32, self.height as i32);
        let across = pass(&self.luma, 1, width, &|i| i % width);
        let down = pass(&across, width, height, &|i| i / width);
        Self {
            width: self.width,
            height: self.height,
            luma: down,
        }
    }

    /// The luma at a point, interpolated between four dots. Outside, the picture continues as its edge.
    fn at(&self, x: f32, y: f32) -> f32 {
        let dot = |column: f32, row: f32| {
            let column = (column.max(0.0) as u32).min(self.width - 1);
            let row = (row.max(0.0) as u32).min(self.height - 1);
            f32::from(self.luma[(row * self.width + column) as usize])
        };
        let (left, top) = (x.floor(), y.floor());
        let (right, below) = (x - left, y - top);
        let upper = dot(left, top) * (1.0 - right) + dot(left + 1.0, top) * right;
        let lower = dot(left, top + 1.0) * (1.0 - right) + dot(left + 1.0, top + 1.0) * right;
        upper * (1.0 - below) + lower * below
    }

    fn write(&self, file: &Path) {
        let mut bytes = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        bytes.extend_from_slice(&self.luma);
        fs::write(file, bytes).unwrap();
    }
}

/// Runs a reader on all files and returns its output.
fn run(program: &str, arguments: &[&str], files: &[PathBuf]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; `make test` installs it"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The text that zbar finds in each file.
fn zbar(files: &[PathBuf]) -> Vec<Option<String>> {
    let told = run("zbarimg", &["-q", "--xml"], files);
    let parts: Vec<&str> = told.split("<source href=").skip(1).collect();
    assert_eq!(parts.len(), files.len(), "zbarimg read not every file");
    let text = |part: &&str| {
        let (_, rest) = part.split_once("<![CDATA[")?;
        Some(rest.split_once("]]>")?.0.to_owned())
    };
    parts.iter().map(text).collect()
}

/// The text that ZXing finds in each file.
fn zxing(files: &[PathBuf]) -> Vec<Option<String>> {
    let told = run("ZXingReader", &["-1"], files);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines.len(),
        files.len(),
        "ZXingReader read not every file: {told}"
    );
    let text = |line: &&str| {
        let (_, rest) = line.split_once('"')?;
        Some(rest.rsplit_once('"')?.0.to_owned())
    };
    lines.iter().map(text).collect()
}

/// Pictures in a folder, with the expected text of each.
struct Pile {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
    expected: Vec<String>,
}

impl Pile {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            files: Vec::new(),
            expected: Vec::new(),
        }
    }

    fn add(&mut self, picture: &Grey, expected: &str) {
        let file = self
            .folder
            .path()
            .join(format!("{:05}.pgm", self.files.len()));
        picture.write(&file);
        self.files.push(file);
        self.expected.push(expected.to_owned());
    }

    /// The indices of the files that a reader did not read, or read wrongly.
    fn unread(&self, found: &[Option<String>]) -> Vec<usize> {
        let pairs = found.iter().zip(&self.expected).enumerate();
        pairs
            .filter(|(_, (found, expected))| found.as_ref() != Some(*expected))
            .map(|(number, _)| number)
            .collect()
    }

    fn read_by_all(&self, what: &str) {
        for (reader, found) in [("zbar", zbar(&self.files)), ("ZXing", zxing(&self.files))] {
            let unread = self.unread(&found);
            let of = self.files.len();
            assert!(
                unread.is_empty(),
                "{what}: {reader} did not read {unread:?} of {of}"
            );
        }
    }
}

/// Checks that a reader reads each card within 30 frames of a webcam, which are one second. The pose and the noise
/// differ in every frame. Prints how many cards were read in each frame.
fn read_by_webcam(what: &str, cards: &[(Grey, String)]) {
    type Reader = fn(&[PathBuf]) -> Vec<Option<String>>;
    const SECOND: u64 = 30;
    for (reader, read) in [("zbar", zbar as Reader), ("ZXing", zxing as Reader)] {
        let mut left: Vec<usize> = (0..cards.len()).collect();
        let mut frames = String::new();
        for frame in 0..SECOND {
            let mut pile = Pile::new();
            for number in &left {
                let (card, expected) = &cards[*number];
                pile.add(&card.by_webcam(*number as u64 + frame * 100_000), expected);
            }
            let unread = pile.unread(&read(&pile.files));
            frames += &format!(" {}", left.len() - unread.len());
            left = unread.into_iter().map(|at| left[at]).collect();
            if left.is_empty() {
                break;
            }
        }
        let of = cards.len();
        println!("{what}: {of} codes, read by {reader} in frame 1, 2, ...:{frames}");
        assert!(
            left.is_empty(),
            "{what}: {reader} did not read {left:?} of {of} in a second"
        );
    }
}

fn portrait() -> Picture {
    let pixels = (0..300 * 400).flat_map(|i: u32| {
        let light = 90 + (i % 300 / 3) as u8;
        [light, light / 2 + 60, light / 3 + 50]
    });
    Picture::new(300, 400, pixels.collect()).unwrap()
}

/// The card as the printer prints it.
fn printed(model: Model, face: &CardFace) -> Grey {
    let (width, height) = (face.rgb.width(), face.rgb.height());
    let front = card_printer::CardImage::new(
        width,
        height,
        face.rgb.rgb().to_vec(),
        face.resin_mask.clone(),
    )
    .unwrap();
    let job = PrintJob {
        id: "readers".into(),
        front,
        back: None,
        options: Options::default(),
    };
    let bytes = card_printer::encode(model, &job).unwrap();
    let drawn = card_printer::decode(&bytes).unwrap().front.draw();
    Grey::of(width, height, drawn.rgb())
}

/// Two thirds of the codes have the longest form, which is the hardest to read.
#[test]
fn every_signed_code_is_read_by_three_readers() {
    let code = "[code]\nhost = 'KORT.EXAMPLE.ORG'\nform = 'signed'\nkey = 'test'";
    read_everywhere("signed", code, many() * 2 / 3);
}

#[test]
fn every_opaque_code_is_read_by_three_readers() {
    read_everywhere("opaque", "[code]\nhost = 'KORT.EXAMPLE.ORG'", many() / 6);
}

#[test]
fn every_esc_code_is_read_by_three_readers() {
    let code = "[code]\nhost = 'A.SE'\nform = 'esc'\nesc = { server = '001', pic = '999978433' }";
    read_everywhere("ESC", code, many() / 6);
}

fn read_everywhere(form: &str, code: &str, count: u64) {
    let (x, y, side) = BOX;
    let designer = designer(code, &qr_box());
    let (mut exact, mut by_printer, mut by_webcam) = (Pile::new(), Pile::new(), Vec::new());
    for number in 0..count {
        let model = MODELS[(number % 6) as usize];
        let (width, height) = model.raster();
        let content = card(number);
        let expected = designer.code_text(&content).unwrap();
        let raster = Raster::at_300(width, height);
        let face = designer.draw(&content, &portrait(), raster).unwrap().front;
        let whole = Grey::of(width, height, face.rgb.rgb());
        let near = whole.around((x, y, side, side));
        let read = read_code_luma(near.width, near.height, &near.luma);
        assert_eq!(
            read,
            [expected.as_str()],
            "{form} {number}: rqrr, as printed"
        );
        exact.add(if number < 5 { &whole } else { &near }, &expected);
        let near = printed(model, &face).around((x, y, side, side));
        let read = read_code_luma(near.width, near.height, &near.luma);
        assert_eq!(
            read,
            [expected.as_str()],
            "{form} {number}: rqrr, by {}",
            model.title()
        );
        by_printer.add(&near, &expected);
        by_webcam.push((near, expected));
    }
    exact.read_by_all(&format!("{form}, as printed"));
    by_printer.read_by_all(&format!("{form}, by the printers"));
    read_by_webcam(&format!("{form}, by webcam"), &by_webcam);
}

#[test]
fn every_bar_code_is_read_by_two_readers() {
    for (symbology, value) in [
        (
            "code-128",
            (|n| format!("{:013}", n % 10_000_000_000_000)) as fn(u64) -> String,
        ),
        ("code-128", |n| format!("Abs-{:x}", n as u32)),
        ("code-39", |n| format!("UB{:06}", n % 1_000_000)),
        ("ean-13", |n| with_check_digit(n)),
        ("interleaved-2-of-5", |n| {
            format!("{:012}", n % 1_000_000_000_000)
        }),
    ] {
        let settings = format!("barcode = {{ symbology = '{symbology}' }}\n[code]\nhost = 'A.SE'");
        let body = "<rect id='barcode' x='4' y='2' width='77' height='11'/>";
        let designer = designer(&settings, body);
        let (mut exact, mut by_printer) = (Pile::new(), Pile::new());
        for number in 0..many() / 10 {
            let model = MODELS[(number % 6) as usize];
            let (width, height) = model.raster();
            let expected = value(scatter(number));
            let content = CardContent {
                barcode: Some(expected.clone().into()),
                ..card(number)
            };
            let raster = Raster::at_300(width, height);
            let face = designer.draw(&content, &portrait(), raster).unwrap().front;
            let place = (4.0, 2.0, 77.0, 11.0);
            exact.add(
                &Grey::of(width, height, face.rgb.rgb()).around(place),
                &expected,
            );
            by_printer.add(&printed(model, &face).around(place), &expected);
        }
        exact.read_by_all(&format!("{symbology}, as printed"));
        by_printer.read_by_all(&format!("{symbology}, by the printers"));
    }
}

/// Twelve digits and their check digit (ISO/IEC 15420). They begin with 2, for numbers inside an institution: one that
/// begins with 0 is a UPC-A to a reader.
fn with_check_digit(number: u64) -> String {
    let digits = format!("2{:011}", number % 100_000_000_000);
    let weighted = digits.bytes().enumerate().map(|(i, digit)| {
        let weight = if i % 2 == 0 { 1 } else { 3 };
        u32::from(digit - b'0') * weight
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}
