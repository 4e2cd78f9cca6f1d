//! `fotoautomat render`: one card as a picture or a proof, without a booth.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    card::{CardContent, Raster, proof_pdf},
    cli::{Answer, Error},
    config::Config,
    order::{CardFace, CardKind, Picture, Private, Serial},
};

/// Draw one card as PNG or PDF.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kind of card, as the configuration names it.
    #[arg(long)]
    kind: String,
    /// Who gets the card: a TOML file with name, valid_through and, as wanted, unit, number, barcode, issue, language,
    /// serial and a table `fields`.
    #[arg(long, value_name = "FILE.toml")]
    holder: PathBuf,
    /// The portrait, JPEG or PNG; cut to 3:4 in its middle.
    #[arg(long, value_name = "FILE")]
    photo: PathBuf,
    /// What the code says instead of the card's own address.
    #[arg(long, value_name = "TEXT")]
    qr: Option<String>,
    /// Mark the card as made in test mode.
    #[arg(long)]
    test: bool,
    /// Dots an inch.
    #[arg(long, default_value = "300", value_parser = dpi)]
    dpi: Raster,
    /// Where it goes. A PNG shows the front; with a back, that goes beside it as FILE-back.png. A PDF has a page a side
    /// at true size.
    #[arg(short, long, value_name = "OUT.png|OUT.pdf")]
    output: PathBuf,
}

/// The holder's file.
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
    #[serde(default = "swedish")]
    language: String,
    serial: Option<Serial>,
    #[serde(default)]
    fields: BTreeMap<String, Private<String>>,
}

fn first() -> u8 {
    1
}

fn swedish() -> String {
    "sv".to_owned()
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
    let designer = config.designer()?;
    let mut content = content(args)?;
    if content.code.is_none() {
        // drawing a card to look at it needs no key, and must not make a card that passes for issued
        content.code = Some(designer.specimen_code(&content).map_err(Error::failed)?);
    }
    let portrait = portrait(&args.photo)?;
    let card = designer
        .draw(&content, &portrait, args.dpi)
        .map_err(Error::failed)?;
    if kind("pdf") {
        let title = format!("Card proof: {}", content.kind);
        return write(&args.output, &proof_pdf(&card, args.dpi, &title));
    }
    write(&args.output, &png(&card.front)?)?;
    if let Some(back) = &card.back {
        write(&beside(&args.output), &png(back)?)?;
    }
    Ok(())
}

fn content(args: &Args) -> Result<CardContent, Error> {
    let holder: HolderFile =
        toml::from_str(&read_text(&args.holder)?).map_err(|error| told(&args.holder, error))?;
    Ok(CardContent {
        kind: CardKind(args.kind.clone()),
        serial: holder.serial.unwrap_or_else(Serial::random),
        name: holder.name,
        unit: holder.unit,
        number: holder.number,
        barcode: holder.barcode,
        valid_through: holder.valid_through,
        issue: holder.issue,
        language: holder.language,
        fields: holder.fields,
        code: args.qr.clone(),
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

/// No photograph is larger; a small file can claim to be a huge picture.
pub(super) fn limits() -> image::Limits {
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(20_000);
    limits.max_image_height = Some(20_000);
    limits
}

fn png(face: &CardFace) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    let (picture, format) = (&face.rgb, image::ExtendedColorType::Rgb8);
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

/// `card.png` and `card-back.png`.
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
