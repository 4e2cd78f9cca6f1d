//! Colours by an ICC profile, beside Little CMS: its `transicc` converts the same values with the same profile.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use card_printer::{CardImage, ColourProfile};

use crate::harness::{Desk, PRINTCTL, pixels, run};
use crate::on_bus::card;

/// A profile of a made-up printer with tables, as measuring programs write them (ICC.1:2001-04: `prtr`, RGB, Lab, `mft2`).
/// Its film is too pale in the middle, and its magenta is dirty.
fn tables() -> Vec<u8> {
    const GRID: u16 = 17;
    let number = |value: f64| ((value * 65536.0).round() as i32).to_be_bytes();
    let words = |values: &[u16]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_be_bytes())
            .collect()
    };
    let white = [number(0.9642), number(1.0), number(0.8249)].concat();
    let mut table = b"mft2\0\0\0\0\x03\x03".to_vec();
    table.extend([GRID as u8, 0]);
    for row in 0..3 {
        for column in 0..3 {
            table.extend(number(f64::from(u8::from(row == column))));
        }
    }
    table.extend(words(&[2, 2]));
    table.extend(words(&[0, 65535].repeat(3)));
    let point = |step: u16| f64::from(step) / f64::from(GRID - 1) * 65535.0;
    for l in 0..GRID {
        for a in 0..GRID {
            for b in 0..GRID {
                let light = point(l) / 65280.0;
                let (red, yellow) = (point(a) / 256.0 - 128.0, point(b) / 256.0 - 128.0);
                let tone = light.clamp(0.0, 1.0).powf(0.8);
                for value in [
                    tone + red / 260.0,
                    tone - red / 300.0 + yellow / 900.0,
                    tone - yellow / 240.0 + red / 1200.0,
                ] {
                    table.extend(((value.clamp(0.0, 1.0) * 65535.0).round() as u16).to_be_bytes());
                }
            }
        }
    }
    table.extend(words(&[0, 65535].repeat(3)));
    let name = b"made-up film\0";
    let mut description = b"desc\0\0\0\0".to_vec();
    description.extend((name.len() as u32).to_be_bytes());
    description.extend(name);
    description.resize(description.len() + 78, 0);
    let tags = [
        (b"desc", description),
        (b"cprt", b"text\0\0\0\0none\0".to_vec()),
        (b"wtpt", [&b"XYZ \0\0\0\0"[..], &white].concat()),
        (b"B2A0", table),
    ];
    let mut body = Vec::new();
    let mut list = (tags.len() as u32).to_be_bytes().to_vec();
    let start = 128 + 4 + tags.len() * 12;
    for (name, data) in tags {
        list.extend(name);
        list.extend(((start + body.len()) as u32).to_be_bytes());
        list.extend((data.len() as u32).to_be_bytes());
        body.extend(data);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let mut profile = vec![0; 128];
    let size = (start + body.len()) as u32;
    profile[..4].copy_from_slice(&size.to_be_bytes());
    profile[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    profile[12..24].copy_from_slice(b"prtrRGB Lab ");
    profile[24..36].copy_from_slice(&words(&[2026, 1, 1, 0, 0, 0]));
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&white);
    [profile, list, body].concat()
}

/// What Little CMS makes of these colours.
fn theirs(profile: &Path, colours: &[[u8; 3]]) -> Vec<[f64; 3]> {
    let mut child = Command::new("transicc")
        .args(["-n", "-t0", "-c0", "-o"])
        .arg(profile)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("transicc: {error}: run make test, which installs liblcms2-utils")
        });
    let lines: String = colours
        .iter()
        .map(|[r, g, b]| format!("{r} {g} {b}\n"))
        .collect();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    assert_eq!(numbers.len(), colours.len() * 3, "{text}");
    numbers
        .chunks(3)
        .map(|chunk| [chunk[0], chunk[1], chunk[2]])
        .collect()
}

/// Every corner and 7 x 7 x 7 colours between.
fn colours() -> Vec<[u8; 3]> {
    let steps = [0, 30, 85, 128, 170, 220, 255];
    let mut colours = Vec::new();
    for red in steps {
        for green in steps {
            for blue in steps {
                colours.push([red, green, blue]);
            }
        }
    }
    colours
}

#[test]
fn colours_are_those_of_little_cms() {
    let desk = Desk::new();
    let path = desk.path("film.icc");
    std::fs::write(&path, tables()).unwrap();
    let profile = ColourProfile::from_bytes(&tables()).unwrap();
    let colours = colours();
    let card = CardImage::from_rgb(343, 1, colours.concat()).unwrap();
    let ours = profile.apply(&card).unwrap();
    let mut far = 0.0_f64;
    let mut changed = 0;
    for ((ours, theirs), colour) in ours
        .rgb()
        .chunks(3)
        .zip(theirs(&path, &colours))
        .zip(&colours)
    {
        for ((ours, theirs), was) in ours.iter().zip(theirs).zip(colour) {
            let distance = (f64::from(*ours) - theirs).abs();
            far = far.max(distance);
            changed += u32::from(ours.abs_diff(*was) > 3);
            // One of the 64 steps of dye is 4 of 255.
            assert!(distance <= 2.5, "{colour:?}: {ours} and {theirs}");
        }
    }
    assert!(changed > 500, "the profile does something: {changed}");
    eprintln!("farthest from Little CMS: {far:.2} of 255");
}

#[test]
fn the_tool_takes_a_profile() {
    let desk = Desk::new();
    desk.save("card.png", &card(card_printer::Model::Rio2));
    std::fs::write(desk.path("film.icc"), tables()).unwrap();
    std::fs::write(desk.path("junk.icc"), b"junk").unwrap();
    let encode = |options: &[&str]| {
        run(Command::new(PRINTCTL)
            .current_dir(desk.path(""))
            .args(["encode", "--model", "rio2", "card.png", "-o", "job.bin"])
            .args(options))
    };
    let decode = |name: &str| {
        let output = run(Command::new(PRINTCTL)
            .current_dir(desk.path(""))
            .args(["decode", "job.bin", "-o", name]));
        assert!(output.status.success(), "{output:?}");
        pixels(&desk.path(name))
    };
    assert!(encode(&["--linear"]).status.success());
    let plain = decode("plain.png");
    assert!(encode(&[]).status.success());
    assert!(decode("none.png") == plain, "linear without a profile");
    assert!(encode(&["--profile", "film.icc"]).status.success());
    assert!(decode("film.png") != plain);
    let refused = |options: &[&str], code: i32, words: &str| {
        let output = encode(options);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(words), "{text}");
    };
    refused(
        &["--profile", "junk.icc"],
        1,
        "junk.icc: it is no ICC profile",
    );
    refused(&["--profile", "none.icc"], 2, "none.icc cannot be read");
    refused(
        &["--profile", "film.icc", "--linear"],
        2,
        "cannot be used with",
    );
}
