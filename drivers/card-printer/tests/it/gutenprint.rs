//! Debian's Gutenprint as an oracle: its filter and its backend print the same cards, and every byte must be the same.
//!
//! The backend runs unmodified on the virtual bus, so that the virtual printer also meets a host that is not ours. Two tokens
//! are masked on both sides: the time stamp, and the version of the program.

use std::io::Write;
use std::sync::Mutex;

use card_printer::{
    CardImage, Coercivity, Hole, Magnetic, Model, Options, Power, PrintJob, Ribbon,
};
use device::FaultInjection as _;

use crate::harness::{Desk, bus, run};
use crate::oracle::{BACKEND, ppd, theirs};
use crate::pictures::{Picture, pictures};

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

/// Compares pictures and settings on both cores; returns how many.
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
