//! The card as a PDF at true size.

use printpdf::{
    ImageCompression, ImageOptimizationOptions, Mm, Op, PdfDocument, PdfPage, PdfSaveOptions, Pt,
    RawImage, RawImageData, RawImageFormat, XObjectTransform,
};

use super::raster::{CARD_HEIGHT, CARD_WIDTH, Raster};
use crate::order::{CardFace, CardImage};

/// One page of 85.60 x 53.98 mm a side; the card's picture, made for `raster`, lies on it at true size, its bleed
/// beyond the page's edge.
pub fn proof_pdf(card: &CardImage, raster: Raster, title: &str) -> Vec<u8> {
    let mut document = PdfDocument::new(title);
    let pages = std::iter::once(&card.front)
        .chain(&card.back)
        .map(|face| page(&mut document, face, raster))
        .collect();
    let options = PdfSaveOptions {
        // the default would make a JPEG of it, which no code on the card survives unharmed
        image_optimization: Some(ImageOptimizationOptions {
            format: Some(ImageCompression::Flate),
            ..ImageOptimizationOptions::default()
        }),
        ..PdfSaveOptions::default()
    };
    document.with_pages(pages).save(&options, &mut Vec::new())
}

fn page(document: &mut PdfDocument, face: &CardFace, raster: Raster) -> PdfPage {
    let image = RawImage {
        pixels: RawImageData::U8(face.rgb.rgb().to_vec()),
        width: face.rgb.width() as usize,
        height: face.rgb.height() as usize,
        data_format: RawImageFormat::RGB8,
        tag: Vec::new(),
    };
    let id = document.add_image(&image);
    let corner = raster.corner((CARD_WIDTH, CARD_HEIGHT));
    let points = |dots: f32| Pt(dots * 72.0 / raster.dpi as f32);
    let place = XObjectTransform {
        // the picture's lower left corner, seen from the page's
        translate_x: Some(points(-corner.0)),
        translate_y: Some(points(-corner.1)),
        dpi: Some(raster.dpi as f32),
        ..XObjectTransform::default()
    };
    let content = vec![Op::UseXobject {
        id,
        transform: place,
    }];
    PdfPage::new(Mm(CARD_WIDTH), Mm(CARD_HEIGHT), content)
}
