//! A card as a PDF page: one picture, dot by dot, at 300 dots per inch.
//!
//! A spooler's driver decides itself what is printed in resin, and the known drivers choose pure black. So marked pixels are
//! made pure black, and no other pixel may be black: dark hair would otherwise be printed in resin.

use std::io::Write as _;

use zeroize::Zeroizing;

use crate::card_image::CardImage;

/// The darkest that a channel of a pixel in dye may be, where all three are dark: Gutenprint takes up to 3 for black, the 6
/// bits that it prints.
const DARKEST: u8 = 4;

/// Points are 1/72 inch.
fn points(dots: u32) -> f64 {
    f64::from(dots) * 72.0 / 300.0
}

/// One page for each side, turned by 180 degrees if `turned`. It shows a face, so it is overwritten when dropped.
pub(crate) fn document(sides: &[&CardImage], with_resin: bool, turned: bool) -> Zeroizing<Vec<u8>> {
    let pixels: usize = sides.iter().map(|side| side.rgb().len()).sum();
    // All of the room is allocated at once, because growing would leave copies behind.
    let mut out = Zeroizing::new(Vec::with_capacity(pixels + 2048));
    let mut offsets = Vec::new();
    // The second line tells programs that the file is not text.
    out.extend_from_slice(b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
    let mut object = |out: &mut Vec<u8>, text: &str| {
        offsets.push(out.len());
        let _ = write!(out, "{} 0 obj\n{text}", offsets.len());
    };
    let pages: Vec<String> = (0..sides.len())
        .map(|side| format!("{} 0 R", 3 + side * 3))
        .collect();
    object(&mut out, "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    object(
        &mut out,
        &format!(
            "<< /Type /Pages /Kids [{}] /Count {} >>\nendobj\n",
            pages.join(" "),
            sides.len()
        ),
    );
    for (index, side) in sides.iter().enumerate() {
        let (width, height) = (side.width(), side.height());
        let (wide, high) = (points(width), points(height));
        let (content, picture) = (4 + index * 3, 5 + index * 3);
        object(
            &mut out,
            &format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {wide:.2} {high:.2}] /Contents {content} 0 R \
                 /Resources << /XObject << /Card {picture} 0 R >> >> >>\nendobj\n"
            ),
        );
        let draw = format!("q {wide:.2} 0 0 {high:.2} 0 0 cm /Card Do Q\n");
        object(
            &mut out,
            &format!(
                "<< /Length {} >>\nstream\n{draw}endstream\nendobj\n",
                draw.len()
            ),
        );
        object(
            &mut out,
            &format!(
                "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 /ColorSpace /DeviceRGB \
                 /Interpolate false /Length {} >>\nstream\n",
                side.rgb().len()
            ),
        );
        let pixels = side.rgb().chunks_exact(3).zip(side.resin_mask());
        let dot = |(pixel, mark): (&[u8], &u8)| {
            if with_resin && *mark != 0 {
                [0; 3]
            } else if pixel.iter().all(|channel| *channel < DARKEST) {
                [DARKEST; 3]
            } else {
                [pixel[0], pixel[1], pixel[2]]
            }
        };
        if turned {
            pixels
                .rev()
                .for_each(|pixel| out.extend_from_slice(&dot(pixel)));
        } else {
            pixels.for_each(|pixel| out.extend_from_slice(&dot(pixel)));
        }
        out.extend_from_slice(b"\nendstream\nendobj\n");
    }
    let table = out.len();
    let _ = write!(out, "xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1);
    for offset in &offsets {
        let _ = writeln!(out, "{offset:010} 00000 n ");
    }
    let _ = write!(
        out,
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        offsets.len() + 1
    );
    out
}
