//! Pictures of every kind that a card may hold, in the raster of a Rio/Tango.

use std::path::Path;
use std::process::Command;

use card_printer::CardImage;

pub(crate) struct Picture {
    pub(crate) name: String,
    pub(crate) image: CardImage,
}

const WIDTH: u32 = 1016;
const HEIGHT: u32 = 642;

fn drawn(name: &str, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let rgb = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| (x, y)))
        .flat_map(|(x, y)| pixel(x, y))
        .collect();
    Picture {
        name: name.to_owned(),
        image: CardImage::from_rgb(WIDTH, HEIGHT, rgb).unwrap(),
    }
}

/// A hash of a place: noise that is the same in every run.
fn noise(x: u32, y: u32, seed: u32) -> u32 {
    let mut value =
        x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
    for shift in [15, 13, 16] {
        value ^= value >> shift;
        value = value.wrapping_mul(0x2C1B_3C6D);
    }
    value
}

/// A picture that ImageMagick makes: its photograph of a rose, text, fractals.
fn made(name: &str, arguments: &[&str]) -> Picture {
    let output = Command::new("convert")
        .args(arguments)
        .args(["-depth", "8", "rgb:-"])
        .output();
    let output =
        output.unwrap_or_else(|error| panic!("convert: {error}: run tests/setup/need.sh test"));
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Picture {
        name: name.to_owned(),
        image: CardImage::from_rgb(WIDTH, HEIGHT, output.stdout).unwrap(),
    }
}

/// Photographs that the set-up has fetched for the whole project, where it has.
fn photographs() -> Vec<Picture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/fetched");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let pictures = files.into_iter().filter_map(|path| {
        let photo = image::open(&path).ok()?;
        let card = photo
            .resize_to_fill(WIDTH, HEIGHT, image::imageops::FilterType::Triangle)
            .into_rgb8();
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(Picture {
            name,
            image: CardImage::from_rgb(WIDTH, HEIGHT, card.into_raw()).unwrap(),
        })
    });
    pictures.take(6).collect()
}

/// At least twenty pictures.
pub(crate) fn pictures() -> Vec<Picture> {
    let mut pictures = vec![
        drawn("all black", |_, _| [0; 3]),
        drawn("all white", |_, _| [255; 3]),
        drawn("nearly black", |x, _| [(x % 8) as u8; 3]),
        drawn("grey ramp", |x, _| [(x * 255 / (WIDTH - 1)) as u8; 3]),
        drawn("red down, blue across", |x, y| {
            [
                (y * 255 / (HEIGHT - 1)) as u8,
                0,
                (x * 255 / (WIDTH - 1)) as u8,
            ]
        }),
        drawn("all colours", |x, y| {
            [x as u8, y as u8, (x / 4 + y / 4) as u8]
        }),
        drawn("noise", |x, y| {
            noise(x, y, 1).to_le_bytes()[..3].try_into().unwrap()
        }),
        drawn("black and white noise", |x, y| {
            if noise(x, y, 2) & 1 == 0 {
                [0; 3]
            } else {
                [255; 3]
            }
        }),
        drawn("noise near black", |x, y| {
            noise(x, y, 3).to_le_bytes()[..3]
                .try_into()
                .map(|p: [u8; 3]| p.map(|c| c & 7))
                .unwrap()
        }),
        drawn("chequers of one dot", |x, y| {
            if (x ^ y) & 1 == 0 { [0; 3] } else { [255; 3] }
        }),
        drawn("lines across", |_, y| {
            if y % 3 == 0 {
                [255, 0, 0]
            } else {
                [0, 255, 255]
            }
        }),
        drawn("lines down", |x, _| {
            if x % 3 == 0 {
                [0, 0, 255]
            } else {
                [255, 255, 0]
            }
        }),
        drawn("four corners", |x, y| match (x, y) {
            (0, 0) => [0; 3],
            (1015, 0) => [255, 0, 0],
            (0, 641) => [0, 255, 0],
            (1015, 641) => [0, 0, 255],
            _ => [255; 3],
        }),
        drawn("rings", |x, y| {
            let distance = (x as i32 - 508).pow(2) + (y as i32 - 321).pow(2);
            [
                (distance / 64) as u8,
                (distance / 128) as u8,
                (distance / 256) as u8,
            ]
        }),
        made("a rose, enlarged", &["rose:", "-resize", "1016x642!"]),
        made("a rose, repeated", &["-size", "1016x642", "tile:rose:"]),
        made(
            "a rose, without colour",
            &["rose:", "-resize", "1016x642!", "-colorspace", "Gray"],
        ),
        made(
            "words",
            &[
                "-size",
                "1016x642",
                "-background",
                "white",
                "-fill",
                "black",
                "-gravity",
                "center",
                "caption:Åse Öström\nUmeå universitet\n0123456789",
            ],
        ),
        made(
            "words on a rose",
            &[
                "rose:",
                "-resize",
                "1016x642!",
                "-fill",
                "black",
                "-pointsize",
                "120",
                "-gravity",
                "center",
                "-annotate",
                "0",
                "Student",
            ],
        ),
        made(
            "clouds",
            &["-seed", "7", "-size", "1016x642", "plasma:fractal"],
        ),
        made(
            "a drawing",
            &[
                "logo:",
                "-resize",
                "1016x642!",
                "-background",
                "white",
                "-flatten",
            ],
        ),
    ];
    pictures.extend(photographs());
    pictures
}
