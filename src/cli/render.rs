//! `fotoautomat render`: draws one card as a picture or a proof, without a booth.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    cli::{Answer, Error},
    config::Config,
};
use card::{CardContent, Designer, PrinterProfile, Raster, proof_pdf, sheet_pdf};
use common::order::{CardFace, CardImage, CardKind, Picture, Private, Serial};

/// Draw one card as PNG or PDF, or all cards of the site on a sheet.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kind of card, as the configuration names it.
    #[arg(long, required_unless_present = "sheet")]
    kind: Option<String>,
    /// The holder: a TOML file with name, valid_through and, if wanted, unit, number, barcode, issue, language, serial
    /// and a table `fields`.
    #[arg(long, value_name = "FILE.toml")]
    holder: PathBuf,
    /// The portrait, JPEG or PNG. Its middle is cut to 3:4.
    #[arg(long, value_name = "FILE")]
    photo: PathBuf,
    /// The text of the code, instead of the card's own.
    #[arg(long, value_name = "TEXT")]
    qr: Option<String>,
    /// Mark the card as made in test mode.
    #[arg(long)]
    test: bool,
    /// Dots per inch.
    #[arg(long, default_value = "300", value_parser = dpi)]
    dpi: Raster,
    /// Show the colours as dye and resin print them: roughly, or exactly with --icc.
    #[arg(long)]
    soft: bool,
    /// The printer's ICC profile, for --soft.
    #[arg(long, value_name = "FILE.icc", requires = "soft")]
    icc: Option<PathBuf>,
    /// Draw all kinds in all their languages, both sides, on A4 sheets; needs an OUT.pdf.
    #[arg(long, conflicts_with_all = ["kind", "qr", "soft"])]
    sheet: bool,
    /// The file to write. A PNG shows the front; a back is written beside it as FILE-back.png. A PDF has one page for
    /// each side at true size, with crop marks.
    #[arg(short, long, value_name = "OUT.png|OUT.pdf")]
    output: PathBuf,
}

/// The content of the holder's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolderFile {
    name: Private<String>,
    valid_through: Date,
    unit: Option<Private<String>>,
    number: Option<Private<String>>,
    barcode: Option<Private<String>>,
    #[serde(default = "first")]
    issue: u8,
    /// The card's language; the site's first one when left out.
    language: Option<String>,
    serial: Option<Serial>,
    #[serde(default)]
    fields: BTreeMap<String, Private<String>>,
}

fn first() -> u8 {
    1
}

fn dpi(text: &str) -> Result<Raster, String> {
    match text {
        "300" => Ok(Raster::PROOF),
        "600" => Ok(Raster::PROOF.doubled()),
        _ => Err("give 300 or 600".to_owned()),
    }
}

/// Draws the card and writes it.
pub fn run(args: &Args, config: &Config) -> Result<Answer, Error> {
    render(args, config).map(|()| Answer::Yes)
}

fn render(args: &Args, config: &Config) -> Result<(), Error> {
    let kind = |extension: &str| {
        args.output
            .extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(extension))
    };
    if !kind("png") && !kind("pdf") {
        return Err(Error::Misuse(format!(
            "{}: name the output .png or .pdf",
            args.output.display()
        )));
    }
    if (args.sheet && !kind("pdf")) || (args.soft && !kind("png")) {
        let wanted = if args.sheet {
            "sheet goes to a .pdf"
        } else {
            "soft proof to a .png"
        };
        return Err(Error::Misuse(format!(
            "{}: a {wanted}",
            args.output.display()
        )));
    }
    let designer = config.designer()?;
    let first = config.booth().languages.first();
    let content = content(args, first.map_or("", String::as_str))?;
    let portrait = portrait(&args.photo)?;
    if args.sheet {
        return sheet(args, &designer, &content, &portrait);
    }
    let card = draw(args, &designer, content.clone(), &portrait)?;
    if kind("pdf") {
        let title = caption(&content.kind, &content.language);
        return write(&args.output, &proof_pdf(&card, args.dpi, &title));
    }
    let profile = args
        .icc
        .as_deref()
        .map(|file| PrinterProfile::read(file).map_err(|wrong| told(file, wrong)));
    let profile = profile.transpose()?;
    let picture = |face: &CardFace| match args.soft {
        true => png(&designer
            .soft_proof(face, profile.as_ref())
            .map_err(Error::failed)?),
        false => png(&face.rgb),
    };
    write(&args.output, &picture(&card.front)?)?;
    if let Some(back) = &card.back {
        write(&beside(&args.output), &picture(back)?)?;
    }
    Ok(())
}

fn draw(
    args: &Args,
    designer: &Designer,
    mut content: CardContent,
    portrait: &Picture,
) -> Result<CardImage, Error> {
    if content.code.is_none() {
        // A card that is only looked at needs no key, and must not pass for an issued one.
        content.code = Some(designer.specimen_code(&content).map_err(Error::failed)?);
    }
    designer
        .draw(&content, portrait, args.dpi)
        .map_err(Error::failed)
}

fn sheet(
    args: &Args,
    designer: &Designer,
    content: &CardContent,
    portrait: &Picture,
) -> Result<(), Error> {
    let mut cards = Vec::new();
    for kind in designer.kinds() {
        for language in designer.languages(&kind) {
            let content = CardContent {
                kind: kind.clone(),
                language: language.clone(),
                ..content.clone()
            };
            let card = draw(args, designer, content, portrait)?;
            cards.push((caption(&kind, &language), card));
        }
    }
    let mut sides = Vec::new();
    for (caption, card) in &cards {
        sides.push((caption.clone(), card.front.as_ref()));
        if let Some(back) = &card.back {
            sides.push((format!("{caption}, back"), back.as_ref()));
        }
    }
    write(&args.output, &sheet_pdf(&sides, args.dpi, "Card proofs"))
}

/// The caption of a proof. It names no person.
fn caption(kind: &CardKind, language: &str) -> String {
    format!("Card proof: {kind}, {language}; 85.60 x 53.98 mm; colours of the screen")
}

fn content(args: &Args, language: &str) -> Result<CardContent, Error> {
    let holder: HolderFile =
        toml::from_str(&read_text(&args.holder)?).map_err(|error| told(&args.holder, error))?;
    Ok(CardContent {
        kind: CardKind(args.kind.clone().unwrap_or_default()),
        serial: holder.serial.unwrap_or_else(Serial::random),
        name: holder.name,
        unit: holder.unit,
        number: holder.number,
        barcode: holder.barcode,
        valid_through: holder.valid_through,
        issue: holder.issue,
        language: holder.language.unwrap_or_else(|| language.to_owned()),
        fields: holder.fields,
        code: args.qr.clone(),
        signed: None,
        test: args.test,
    })
}

fn portrait(file: &Path) -> Result<Picture, Error> {
    let mut reader = image::ImageReader::open(file)
        .and_then(|reader| reader.with_guessed_format())
        .map_err(|error| told(file, error))?;
    reader.limits(limits());
    let photo = reader
        .decode()
        .map_err(|error| told(file, error))?
        .into_rgb8();
    Picture::new(photo.width(), photo.height(), photo.into_raw())
        .ok_or_else(|| told(file, "the picture is empty"))
}

/// Decoder limits that no photograph exceeds, because a small file can claim to be a huge picture.
pub(super) fn limits() -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(20_000);
    limits.max_image_height = Some(20_000);
    limits
}

fn png(picture: &Picture) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    let format = image::ExtendedColorType::Rgb8;
    image::ImageEncoder::write_image(
        encoder,
        picture.rgb(),
        picture.width(),
        picture.height(),
        format,
    )
    .map_err(Error::failed)?;
    Ok(bytes)
}

fn told(file: &Path, what: impl std::fmt::Display) -> Error {
    Error::Failed(format!("{}: {what}", file.display()))
}

/// The file of the back: `card-back.png` for `card.png`.
fn beside(front: &Path) -> PathBuf {
    let stem = front.file_stem().unwrap_or_default().to_string_lossy();
    front.with_file_name(format!("{stem}-back.png"))
}

fn read_text(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|error| told(file, error))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(file, bytes).map_err(|error| told(file, error))
}
