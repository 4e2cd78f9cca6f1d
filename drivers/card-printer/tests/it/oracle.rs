//! Debian's own programs for a Magicard: a card goes in, what they would put on the wire comes out.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use card_printer::{CardImage, Model};

use crate::harness::{Desk, bus, run};

pub(crate) const FILTER: &str = "/usr/lib/cups/filter/rastertogutenprint.5.3";
pub(crate) const BACKEND: &str = "/usr/lib/cups/backend/gutenprint53+usb";
pub(crate) const DRIVERS: &str = "/usr/lib/cups/driver/gutenprint.5.3";
/// What makes the filter leave the pixels alone.
pub(crate) const LINEAR: &str = "StpColorCorrection=Uncorrected StpGammaCurve=0 StpImageType=None";

/// The page header of a CUPS raster (version 3, little-endian) for a card in portrait at 300 dpi. Offsets of `cups/raster.h`.
pub(crate) fn raster(sides: &[&CardImage]) -> Vec<u8> {
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
pub(crate) fn ppd(desk: &Desk) -> PathBuf {
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
pub(crate) fn theirs(
    desk: &Desk,
    ppd: &Path,
    sides: &[&CardImage],
    setting: &str,
    name: &str,
) -> Vec<u8> {
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
