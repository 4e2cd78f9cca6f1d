//! The card as a PDF at true size: one card with crop marks, or a sheet of cards.

use printpdf::{
    BuiltinFont, Color, Greyscale, ImageCompression, ImageOptimizationOptions, Line, LinePoint, Mm,
    Op, PdfDocument, PdfFontHandle, PdfPage, PdfSaveOptions, Point, Pt, RawImage, RawImageData,
    RawImageFormat, Rect, TextItem, XObjectTransform,
};

use super::raster::{CARD_HEIGHT, CARD_WIDTH, Raster};
use common::order::{CardFace, CardImage};

/// The margin around a single card, in mm. It holds the crop marks and a caption.
const MARGIN: f32 = 12.0;
/// The size of A4 paper (ISO 216), in mm.
const SHEET: (f32, f32) = (210.0, 297.0);
/// The space between the cards of a sheet, in mm. It holds the crop marks and the caption.
const GAP: f32 = 12.0;
/// The distance from the card's edge to the start of a crop mark, in mm. It is larger than any bleed.
const MARK_FROM: f32 = 1.5;
/// The distance from the card's edge to the end of a crop mark, in mm.
const MARK_TO: f32 = 5.0;
/// The number of cards on a sheet, across and down.
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// Returns a PDF with one page per side: the card at true size in the middle, crop marks, and `title` below. `raster`
/// is the one that the card was drawn for. The page's trim box is the card.
pub fn proof_pdf(card: &CardImage, raster: Raster, title: &str) -> Vec<u8> {
    let mut document = PdfDocument::new(title);
    let (width, height) = (CARD_WIDTH + 2.0 * MARGIN, CARD_HEIGHT + 2.0 * MARGIN);
    let pages = std::iter::once(&card.front)
        .chain(&card.back)
        .map(|face| {
            let ops = placed(&mut document, face, raster, (MARGIN, MARGIN), title);
            let mut page = PdfPage::new(Mm(width), Mm(height), ops);
            // The library writes width and height where PDF expects the upper right corner (ISO 32000-2, 7.9.5).
            page.trim_box = rect(MARGIN, MARGIN, MARGIN + CARD_WIDTH, MARGIN + CARD_HEIGHT);
            page
        })
        .collect();
    save(document, pages)
}

/// Returns a PDF with sides of cards on A4 sheets, each at true size with crop marks and its caption.
pub fn sheet_pdf(sides: &[(String, &CardFace)], raster: Raster, title: &str) -> Vec<u8> {
    let mut document = PdfDocument::new(title);
    let width = ACROSS as f32 * (CARD_WIDTH + GAP) - GAP;
    let height = DOWN as f32 * (CARD_HEIGHT + GAP) - GAP;
    let (left, below) = ((SHEET.0 - width) / 2.0, (SHEET.1 - height) / 2.0);
    let pages = sides
        .chunks(ACROSS * DOWN)
        .map(|sides| {
            let mut ops = Vec::new();
            for (number, (caption, face)) in sides.iter().enumerate() {
                let (column, row) = (number % ACROSS, DOWN - 1 - number / ACROSS);
                let at = (
                    left + column as f32 * (CARD_WIDTH + GAP),
                    below + row as f32 * (CARD_HEIGHT + GAP),
                );
                ops.extend(placed(&mut document, face, raster, at, caption));
            }
            PdfPage::new(Mm(SHEET.0), Mm(SHEET.1), ops)
        })
        .collect();
    save(document, pages)
}

fn save(mut document: PdfDocument, pages: Vec<PdfPage>) -> Vec<u8> {
    let options = PdfSaveOptions {
        // The default would store the picture as a JPEG, which damages the code on the card.
        image_optimization: Some(ImageOptimizationOptions {
            format: Some(ImageCompression::Flate),
            ..ImageOptimizationOptions::default()
        }),
        ..PdfSaveOptions::default()
    };
    document.with_pages(pages).save(&options, &mut Vec::new())
}

/// Places one side with its lower left corner at `at` (mm), crop marks around it and a caption below.
fn placed(
    document: &mut PdfDocument,
    face: &CardFace,
    raster: Raster,
    at: (f32, f32),
    caption: &str,
) -> Vec<Op> {
    let image = RawImage {
        pixels: RawImageData::U8(face.rgb.rgb().to_vec()),
        width: face.rgb.width() as usize,
        height: face.rgb.height() as usize,
        data_format: RawImageFormat::RGB8,
        tag: Vec::new(),
    };
    let id = document.add_image(&image);
    let corner = raster.corner((CARD_WIDTH, CARD_HEIGHT));
    let dots = |dots: f32| dots * 72.0 / raster.dpi as f32;
    let mut ops = vec![Op::UseXobject {
        id,
        transform: XObjectTransform {
            // This is the picture's lower left corner. The raster is slightly larger or smaller than the card.
            translate_x: Some(Pt(points(at.0).0 - dots(corner.0))),
            translate_y: Some(Pt(points(at.1).0 - dots(corner.1))),
            dpi: Some(raster.dpi as f32),
            ..XObjectTransform::default()
        },
    }];
    ops.extend(marks(at));
    ops.extend(words(caption, (at.0, at.1 - MARK_TO - 2.2)));
    ops
}

/// Draws hairlines that end outside the card's corners.
fn marks((x, y): (f32, f32)) -> Vec<Op> {
    let mut ops = vec![
        Op::SetOutlineColor {
            col: Color::Greyscale(Greyscale {
                percent: 0.0,
                icc_profile: None,
            }),
        },
        Op::SetOutlineThickness { pt: Pt(0.25) },
    ];
    let line = |from: (f32, f32), to: (f32, f32)| Op::DrawLine {
        line: Line {
            points: [from, to]
                .map(|(x, y)| LinePoint {
                    p: Point {
                        x: points(x),
                        y: points(y),
                    },
                    bezier: false,
                })
                .to_vec(),
            is_closed: false,
        },
    };
    for (corner_x, out_x) in [(x, -1.0), (x + CARD_WIDTH, 1.0)] {
        for (corner_y, out_y) in [(y, -1.0), (y + CARD_HEIGHT, 1.0)] {
            ops.push(line(
                (corner_x + out_x * MARK_FROM, corner_y),
                (corner_x + out_x * MARK_TO, corner_y),
            ));
            ops.push(line(
                (corner_x, corner_y + out_y * MARK_FROM),
                (corner_x, corner_y + out_y * MARK_TO),
            ));
        }
    }
    ops
}

fn words(text: &str, (x, y): (f32, f32)) -> Vec<Op> {
    // The fonts that every PDF reader has contain little more than ASCII.
    let plain = text.chars().map(|c| if c.is_ascii() { c } else { '?' });
    vec![
        Op::StartTextSection,
        Op::SetFont {
            font: PdfFontHandle::Builtin(BuiltinFont::Helvetica),
            size: Pt(6.0),
        },
        Op::SetTextCursor {
            pos: Point {
                x: points(x),
                y: points(y),
            },
        },
        Op::ShowText {
            items: vec![TextItem::Text(plain.collect())],
        },
        Op::EndTextSection,
    ]
}

fn points(mm: f32) -> Pt {
    Mm(mm).into()
}

fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
    Rect::from_xywh(points(x), points(y), points(width), points(height))
}
