//! Debian's Gutenprint as an oracle: its filter and its backend print the same cards, and every byte must be the same.
//!
//! The backend runs unmodified on the virtual bus, so that the virtual printer also meets a host that is not ours. Two tokens
//! are masked on both sides: the time stamp, and the version of the program.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use card_printer::{
    CardImage, Coercivity, Hole, Magnetic, Model, Options, Power, PrintJob, Ribbon,
};

use crate::harness::{Desk, bus, run};
use crate::pictures::{Picture, pictures};

const FILTER: &str = "/usr/lib/cups/filter/rastertogutenprint.5.3";
const BACKEND: &str = "/usr/lib/cups/backend/gutenprint53+usb";
const DRIVERS: &str = "/usr/lib/cups/driver/gutenprint.5.3";
/// What makes the filter leave the pixels alone.
const LINEAR: &str = "StpColorCorrection=Uncorrected StpGammaCurve=0 StpImageType=None";

/// One setting, in Gutenprint's words and in ours.
struct Setting {
    theirs: &'static str,
    ours: fn(&mut Options),
}

const SETTINGS: [Setting; 20] = [
    Setting {
        theirs: "",
        ours: |o| o.ribbon = Ribbon::Ymc,
    },
    Setting {
        theirs: "StpBlackType=Resin StpLaminate=On",
        ours: |_| {},
    },
    Setting {
        theirs: "StpLaminate=On",
        ours: |o| o.ribbon = Ribbon::Ymco,
    },
    Setting {
        theirs: "StpBlackType=Resin",
        ours: |o| o.ribbon = Ribbon::Ymck,
    },
    Setting {
        theirs: "StpRejectBad=True",
        ours: |o| (o.ribbon, o.reject_faulty) = (Ribbon::Ymc, true),
    },
    Setting {
        theirs: "StpColorSure=False",
        ours: |o| (o.ribbon, o.colour_sure) = (Ribbon::Ymc, false),
    },
    Setting {
        theirs: "StpPowerColor=10",
        ours: |o| (o.ribbon, o.power.colour) = (Ribbon::Ymc, 60),
    },
    Setting {
        theirs: "StpPowerBlack=-10",
        ours: |o| (o.ribbon, o.power.resin) = (Ribbon::Ymc, 40),
    },
    Setting {
        theirs: "StpPowerOC=7",
        ours: |o| (o.ribbon, o.power.overcoat) = (Ribbon::Ymc, 57),
    },
    Setting {
        theirs: "StpBlackType=Resin StpLaminate=On StpPowerColor=-50 StpPowerBlack=50 StpPowerOC=1",
        ours: |o| {
            o.power = Power {
                colour: 0,
                resin: 100,
                overcoat: 51,
            }
        },
    },
    Setting {
        theirs: "StpAlignStart=10",
        ours: |o| (o.ribbon, o.image_start) = (Ribbon::Ymc, 60),
    },
    Setting {
        theirs: "StpAlignStart=-3 StpAlignEnd=4 StpPowerColor=1",
        ours: |o| {
            (o.ribbon, o.image_start, o.image_end, o.power.colour) = (Ribbon::Ymc, 47, 54, 51)
        },
    },
    Setting {
        theirs: "StpLaminate=On StpOvercoatHole=SmartCard",
        ours: |o| hole(o, Hole::Chip),
    },
    Setting {
        theirs: "StpLaminate=On StpOvercoatHole=SmartCardLarge",
        ours: |o| hole(o, Hole::ChipLarge),
    },
    Setting {
        theirs: "StpLaminate=On StpOvercoatHole=MagStripe",
        ours: |o| hole(o, Hole::Stripe),
    },
    Setting {
        theirs: "StpLaminate=On StpOvercoatHole=MagStripeLarge",
        ours: |o| hole(o, Hole::StripeWide),
    },
    Setting {
        theirs: "StpMagCoer=High StpMagStripe1=%B12345^DOE?",
        ours: |o| track(o, 0, "%B12345^DOE?"),
    },
    Setting {
        theirs: "StpMagCoer=High StpMagStripe2=;1234567?",
        ours: |o| track(o, 1, ";1234567?"),
    },
    Setting {
        theirs: "StpMagCoer=Low StpMagStripe1=%B1?",
        ours: |o| {
            track(o, 0, "%B1?");
            o.magnetic.coercivity = Coercivity::Low;
        },
    },
    Setting {
        theirs: "StpMagCoer=High StpMagStripe1=%B1? StpMagStripe2=;12?",
        ours: |o| {
            track(o, 0, "%B1?");
            o.magnetic.tracks[1] = Some(";12?".to_owned());
        },
    },
];

fn hole(options: &mut Options, hole: Hole) {
    options.ribbon = Ribbon::Ymco;
    options.holes = vec![hole];
}

fn track(options: &mut Options, index: usize, data: &str) {
    options.ribbon = Ribbon::Ymc;
    options.magnetic = Magnetic::default();
    options.magnetic.tracks[index] = Some(data.to_owned());
}

/// The page header of a CUPS raster (version 3, little-endian) for a card in portrait at 300 dpi. Offsets of `cups/raster.h`.
fn raster(sides: &[&CardImage]) -> Vec<u8> {
    let (width, height) = (642_u32, 1016_u32);
    let mut header = vec![0; 1796];
    let mut put = |offset: usize, value: u32| {
        header[offset..offset + 4].copy_from_slice(&value.to_le_bytes())
    };
    put(272, u32::from(sides.len() > 1)); // Duplex
    for (offset, value) in [
        (276, 300), // HWResolution
        (280, 300),
        (284, 3), // ImagingBoundingBox and Margins, in points
        (292, 157),
        (296, 243),
        (312, 3),
        (340, 1),   // NumCopies
        (352, 161), // PageSize
        (356, 243),
        (372, width),
        (376, height),
        (384, 8), // bits per colour, per pixel, bytes per line
        (388, 24),
        (392, width * 3),
        (400, 1), // RGB
        (404, 1),
        (420, 3),
        (424, 1.0_f32.to_bits()),
        (428, 161.28_f32.to_bits()), // cupsPageSize, cupsImagingBBox
        (432, 243.84_f32.to_bits()),
        (436, 3.6_f32.to_bits()),
        (444, 157.68_f32.to_bits()),
        (448, 243.84_f32.to_bits()),
    ] {
        put(offset, value);
    }
    header[1732..1740].copy_from_slice(b"w155h244");
    let mut bytes = b"3SaR".to_vec();
    for side in sides {
        bytes.extend_from_slice(&header);
        // Portrait: the landscape picture turned a quarter to the right.
        for y in 0..height {
            for x in 0..width {
                let at = ((641 - x) * 1016 + y) as usize * 3;
                bytes.extend_from_slice(&side.rgb()[at..at + 3]);
            }
        }
    }
    bytes
}

/// Gutenprint's description of the printer.
fn ppd(desk: &Desk) -> PathBuf {
    let output = Command::new(DRIVERS)
        .args(["cat", "gutenprint.5.3://magicard-tango-2e/expert"])
        .output();
    let output =
        output.unwrap_or_else(|error| panic!("{DRIVERS}: {error}: run tests/setup/need.sh test"));
    assert!(
        output.status.success() && output.stdout.starts_with(b"*PPD"),
        "{output:?}"
    );
    let path = desk.path("magicard.ppd");
    std::fs::write(&path, output.stdout).unwrap();
    path
}

/// What Debian's programs put on the wire.
fn theirs(desk: &Desk, ppd: &Path, sides: &[&CardImage], setting: &str, name: &str) -> Vec<u8> {
    let (input, output) = (
        desk.path(&format!("{name}.ras")),
        desk.path(&format!("{name}.gp")),
    );
    std::fs::write(&input, raster(sides)).unwrap();
    let status = Command::new(FILTER)
        .args(["1", "me", "card", "1", &format!("{LINEAR} {setting}")])
        .env("PPD", ppd)
        .stdin(File::open(&input).unwrap())
        .stdout(File::create(&output).unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(
        status.success(),
        "{setting}: the filter ended with {status}"
    );
    let (bed, control) = bus(Model::Rio2);
    let result = run(bed
        .command(BACKEND)
        .arg(&output)
        .env("BACKEND", "magicard-tango2e"));
    assert!(
        result.status.success(),
        "{setting}: {}",
        String::from_utf8_lossy(&result.stderr)
    );
    assert_eq!(
        control.refused(),
        None,
        "the virtual printer takes what Gutenprint sends"
    );
    assert_eq!(control.books().ejected, 1, "{setting}");
    for path in [input, output] {
        std::fs::remove_file(path).unwrap();
    }
    bed.written()
}

fn ours(sides: &[&CardImage], setting: &Setting) -> Vec<u8> {
    let mut options = Options::default();
    (setting.ours)(&mut options);
    let resin = options.ribbon.has(false, card_printer::Panel::Resin);
    let side = |image: &CardImage| {
        if resin {
            image.clone().with_black_as_resin()
        } else {
            image.clone()
        }
    };
    let job = PrintJob {
        id: "1".into(),
        front: side(sides[0]),
        back: sides.get(1).map(|back| side(back)),
        options,
    };
    card_printer::encode(Model::Rio2, &job).unwrap()
}

/// Takes the time stamp and the version out of every header.
fn masked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    // A header is text between `01 ,` and `1C`; pixels may hold any bytes, so only headers are looked at.
    while let Some(at) = rest.windows(5).position(|window| window == b"\x01,NOC") {
        let end = at + rest[at..].iter().position(|byte| *byte == 0x1C).unwrap();
        out.extend_from_slice(&rest[..at]);
        let header = String::from_utf8_lossy(&rest[at..end]).into_owned();
        let mask = |token: &str| match &token[..token.len().min(3)] {
            "TDT" => format!("TDT{}", "#".repeat(token.len() - 3)),
            "VER" => "VER#".to_owned(),
            _ => token.to_owned(),
        };
        out.extend_from_slice(
            header
                .split(',')
                .map(mask)
                .collect::<Vec<_>>()
                .join(",")
                .as_bytes(),
        );
        rest = &rest[end..];
    }
    out.extend_from_slice(rest);
    out
}

#[track_caller]
fn same(ours: &[u8], theirs: &[u8], what: &str) {
    let (ours, theirs) = (masked(ours), masked(theirs));
    if ours != theirs {
        let at = ours
            .iter()
            .zip(&theirs)
            .position(|(a, b)| a != b)
            .unwrap_or(ours.len().min(theirs.len()));
        let near = |bytes: &[u8]| {
            String::from_utf8_lossy(&bytes[at.saturating_sub(40)..(at + 40).min(bytes.len())])
                .into_owned()
        };
        panic!(
            "{what}: {} bytes of ours and {} of theirs differ at {at}:\n{}\n{}",
            ours.len(),
            theirs.len(),
            near(&ours),
            near(&theirs)
        );
    }
}

/// Compares pictures and settings on both cores; tells how many.
fn compare(work: Vec<(&Picture, &Setting)>) {
    let desk = Desk::new();
    let ppd = ppd(&desk);
    let queue = Mutex::new(work.into_iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let next = queue
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .next();
                    let Some((index, (picture, setting))) = next else {
                        return;
                    };
                    let sides = [&picture.image];
                    let theirs = theirs(&desk, &ppd, &sides, setting.theirs, &index.to_string());
                    same(
                        &ours(&sides, setting),
                        &theirs,
                        &format!("{} with \"{}\"", picture.name, setting.theirs),
                    );
                }
            });
        }
    });
}

#[test]
fn twenty_pictures_have_the_bytes_of_gutenprint() {
    let pictures = pictures();
    assert!(pictures.len() >= 20);
    // Without and with resin and overcoat.
    let work = pictures
        .iter()
        .flat_map(|picture| SETTINGS[..2].iter().map(move |setting| (picture, setting)))
        .collect();
    compare(work);
}

#[test]
fn every_setting_has_the_bytes_of_gutenprint() {
    let pictures = pictures();
    // All pictures with all settings is for `make oracles`; here each setting meets two pictures of its own.
    let all = std::env::var_os("ALL_ORACLES").is_some();
    let work = SETTINGS[2..]
        .iter()
        .enumerate()
        .flat_map(|(index, setting)| {
            let few = [index % pictures.len(), (index + 7) % pictures.len()];
            let chosen: Vec<&Picture> = if all {
                pictures.iter().collect()
            } else {
                few.iter().map(|at| &pictures[*at]).collect()
            };
            chosen.into_iter().map(move |picture| (picture, setting))
        });
    compare(work.collect());
}

#[test]
fn both_sides_have_the_bytes_of_gutenprint() {
    let desk = Desk::new();
    let ppd = ppd(&desk);
    let pictures = pictures();
    for (front, back) in [(0, 5), (3, 9)] {
        let sides = [&pictures[front].image, &pictures[back].image];
        let setting = &SETTINGS[1];
        same(
            &ours(&sides, setting),
            &theirs(&desk, &ppd, &sides, setting.theirs, "duplex"),
            "both sides",
        );
    }
}

/// The questions that Gutenprint's backend asks are answered by the virtual printer, and are ours byte for byte.
#[test]
fn the_backend_reads_the_virtual_printers_status() {
    let (bed, control) = bus(Model::Rio2);
    control.raise(card_printer::Fault::RibbonLow);
    let output = run(bed
        .command(BACKEND)
        .arg("-s")
        .env("BACKEND", "magicard-tango2e"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    for line in [
        "Printer Serial Number:\tV0001",
        "Panels Remaining:\t25",
        "Total Cards Printed:\t0",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let asked = bed.written();
    for key in ["MSR", "VRS", "TCQ", "TPQ", "DFR"] {
        let ours = card_printer::magicard::request::Request::Value(key.to_owned()).bytes();
        assert!(
            asked.windows(ours.len()).any(|window| window == ours),
            "{key}"
        );
    }
}

/// Keeps the pictures of a failed comparison apart from those of others.
#[test]
fn masking_leaves_pixels_alone() {
    let mut bytes = b"\x05\x05\x01,NOC1,VER5.3.4,TDT6B00E27A,SZK3\x1c".to_vec();
    bytes.write_all(b"TDT\x1cK:\x03").unwrap();
    assert_eq!(
        masked(&bytes),
        b"\x05\x05\x01,NOC1,VER#,TDT########,SZK3\x1cTDT\x1cK:\x03"
    );
}
