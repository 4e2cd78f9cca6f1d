//! Measures one card, from template, portrait and code to the printer's picture, beside other programs that draw SVG
//! and QR codes.
//!
//! Ours runs in process, as in the booth. rsvg-convert, Inkscape and qrencode are programs, so their start counts, as
//! it would for a booth that called them. CairoSVG is timed inside Python, without its start.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use card::{CardContent, Designer, Raster, Settings};
use common::order::{CardKind, Picture, Serial};
use criterion::{Criterion, criterion_group, criterion_main};

fn site() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kiosk-config/umu")
}

fn designer() -> Designer {
    let text =
        fs::read_to_string(site().join("kiosk.toml")).expect("the site is part of the repository");
    let mut file: toml::Table = text.parse().expect("the site's configuration is TOML");
    let mut settings = file.remove("card").expect("the site has cards");
    settings["code"]["key"] = "test".into();
    let settings: Settings = settings.try_into().expect("the site's cards are well said");
    Designer::load(&site(), &settings).expect("the site's templates are good")
}

fn content() -> CardContent {
    CardContent {
        kind: CardKind("student".to_owned()),
        serial: Serial([1, 35, 69, 103, 137, 171, 205, 239]),
        name: "Nils-Ánte Åström Gáhpperus".to_owned().into(),
        unit: Some("Institutionen för fysik".to_owned().into()),
        number: Some("1234 5678".to_owned().into()),
        barcode: None,
        valid_through: jiff::civil::date(2029, 6, 30),
        issue: 2,
        language: "sv".to_owned(),
        fields: BTreeMap::new(),
        code: None,
        signed: None,
        test: false,
    }
}

/// Returns a portrait with as many pixels as a photograph.
fn portrait() -> Picture {
    let (width, height) = (600, 800);
    let pixels = (0..width * height).flat_map(|i: u32| {
        let (x, y) = (i % width, i / width);
        [(x / 3) as u8, (y / 4) as u8, ((x * y) >> 12) as u8]
    });
    Picture::new(width, height, pixels.collect()).expect("the picture is as large as it says")
}

/// Writes the same card as one SVG for the other programs, with its texts and the portrait. They draw no code.
fn filled(folder: &Path) -> PathBuf {
    let template = fs::read_to_string(site().join("cards/student-front.svg"))
        .expect("the template is part of the repository");
    let portrait = portrait();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_raw(portrait.width(), portrait.height(), portrait.rgb().to_vec())
        .expect("the picture is as large as it says")
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("a picture can be written to memory");
    let data = STANDARD.encode(png.into_inner());
    let image = format!(
        "<image x=\"4\" y=\"15.15\" width=\"26\" height=\"34.67\" href=\"data:image/png;base64,{data}\"/><rect id=\"qr\""
    );
    let file = folder.join("card.svg");
    fs::write(&file, template.replace("<rect id=\"qr\"", &image))
        .expect("the temporary folder can be written to");
    file
}

/// Whether another program is installed. If not, this prints a message.
fn there(program: &str, argument: &str) -> bool {
    let found = Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!(
            "{program} is not installed: nothing to compare with (tests/setup/need.sh bench inkscape)"
        );
    }
    found
}

fn run(program: &str, arguments: &[&str]) {
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{program} failed"
    );
}

fn drawing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("card 1016x642");
    let (designer, content, portrait) = (designer(), content(), portrait());
    let draw = || {
        designer
            .draw(&content, &portrait, Raster::PROOF)
            .expect("the card can be drawn")
    };
    draw();
    group.bench_function("ours, in process", |bencher| bencher.iter(draw));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let svg = filled(folder.path());
    let svg = svg.to_str().expect("the temporary folder's name is plain");
    let out = folder.path().join("card.png");
    let out = out.to_str().expect("the temporary folder's name is plain");
    if there("rsvg-convert", "--version") {
        group.bench_function("rsvg-convert", |bencher| {
            bencher.iter(|| run("rsvg-convert", &["-w", "1016", "-o", out, svg]));
        });
    }
    if there("inkscape", "--version") {
        group.bench_function("Inkscape", |bencher| {
            bencher.iter(|| run("inkscape", &["-w", "1016", "-o", out, svg]));
        });
    }
    // The distribution's package works only with the distribution's Python, which may not be the first one in PATH.
    let imports = |python: &&str| {
        let mut program = Command::new(python);
        program
            .args(["-c", "import cairosvg"])
            .stderr(Stdio::null());
        program.status().is_ok_and(|status| status.success())
    };
    let python = ["python3", "/usr/bin/python3"].into_iter().find(imports);
    if python.is_none() {
        eprintln!("CairoSVG is not installed: nothing to compare with (tests/setup/need.sh bench)");
    }
    if let Some(python) = python {
        group.bench_function("CairoSVG, in Python", |bencher| {
            bencher.iter_custom(|times| {
                let script = format!(
                    "import cairosvg, time\nstart = time.monotonic()\nfor _ in range({times}):\n    \
                     cairosvg.svg2png(url='{svg}', write_to='{out}', output_width=1016)\nprint(time.monotonic() - start)"
                );
                let output = Command::new(python).args(["-c", &script]).output();
                let told = output.expect("it has just run").stdout;
                let seconds = String::from_utf8_lossy(&told).trim().parse::<f64>();
                Duration::from_secs_f64(seconds.expect("the script prints seconds"))
            });
        });
    }
    group.finish();
}

fn codes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("code of 41 modules");
    let text = designer()
        .code_text(&content())
        .expect("test mode's key signs");
    group.bench_function("qrcode, in process", |bencher| {
        bencher.iter(|| {
            qrcode::QrCode::with_version(&text, qrcode::Version::Normal(6), qrcode::EcLevel::M)
                .expect("the text fits")
        });
    });
    if there("qrencode", "--version") {
        group.sample_size(10);
        group.bench_function("qrencode", |bencher| {
            bencher.iter(|| {
                run(
                    "qrencode",
                    &["-v", "6", "-l", "M", "-t", "ASCII", "-o", "-", &text],
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, drawing, codes);
criterion_main!(benches);
