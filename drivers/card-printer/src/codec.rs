//! From a job to the bytes on the wire and back, for every protocol. Pure: no device, no clock.

use thiserror::Error;

use crate::card::{CardImage, PrintJob};
use crate::colour::ColourProfile;
use crate::evolis;
use crate::magicard;
use crate::model::{Model, Protocol};
use crate::status::Stage;

/// Why a job cannot be put into the language of a printer.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EncodeError {
    #[error("the {side} is {width}x{height} pixels, but {model} prints exactly {}x{}", expected.0, expected.1)]
    Raster {
        side: &'static str,
        model: Model,
        width: u32,
        height: u32,
        expected: (u32, u32),
    },
    #[error("a {0} has no second side: leave the back out")]
    NoBack(Model),
    #[error("magnetic track {track} cannot be written: {reason}")]
    Track { track: usize, reason: String },
    #[error("the colour profile cannot be used: {0}")]
    Colour(String),
    #[error("{what} is {value}, but must be {min} to {max}")]
    Range {
        what: &'static str,
        value: u32,
        min: u32,
        max: u32,
    },
}

/// Why bytes are no job that a printer would take: where, and what is wrong there.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("byte {offset}: {reason}")]
pub struct DecodeError {
    pub offset: usize,
    pub reason: String,
}

impl From<magicard::wire::WireError> for DecodeError {
    fn from(error: magicard::wire::WireError) -> Self {
        Self {
            offset: error.offset,
            reason: error.reason,
        }
    }
}

/// A job as bytes, and which of them are what.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub bytes: Vec<u8>,
    /// In the order of the bytes, without gaps.
    pub parts: Vec<Part>,
}

/// Bytes that belong together and go out in transfers of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub end: usize,
    pub stage: Stage,
    /// The part holds pixels: once the printer has any of it, a card may follow.
    pub picture: bool,
}

impl Encoded {
    pub(crate) fn close(&mut self, stage: Stage, picture: bool) {
        self.parts.push(Part {
            end: self.bytes.len(),
            stage,
            picture,
        });
    }
}

/// Puts a job into the bytes that a printer of `model` takes.
pub fn encode(model: Model, job: &PrintJob) -> Result<Vec<u8>, EncodeError> {
    encode_parts(model, job).map(|encoded| encoded.bytes)
}

pub(crate) fn encode_parts(model: Model, job: &PrintJob) -> Result<Encoded, EncodeError> {
    check_raster(model, "front", &job.front)?;
    if let Some(back) = &job.back {
        check_raster(model, "back", back)?;
    }
    if job.options.copies == 0 {
        return Err(EncodeError::Range {
            what: "the number of copies",
            value: 0,
            min: 1,
            max: 255,
        });
    }
    let corrected = match &job.options.profile {
        Some(profile) => Some(corrected(job, profile)?),
        None => None,
    };
    let job = corrected.as_ref().unwrap_or(job);
    match model.protocol() {
        Protocol::Magicard => magicard::encode::encode(model, job),
        Protocol::Evolis => evolis::encode::encode(model, job),
    }
}

/// The same job in the printer's own colours.
fn corrected(job: &PrintJob, profile: &ColourProfile) -> Result<PrintJob, EncodeError> {
    let side = |image: &CardImage| {
        profile
            .apply(image)
            .map_err(|error| EncodeError::Colour(error.to_string()))
    };
    Ok(PrintJob {
        id: job.id.clone(),
        front: side(&job.front)?,
        back: job.back.as_ref().map(side).transpose()?,
        options: crate::card::Options {
            profile: None,
            ..job.options.clone()
        },
    })
}

fn check_raster(model: Model, side: &'static str, image: &CardImage) -> Result<(), EncodeError> {
    let (width, height) = (image.width(), image.height());
    match model.raster() {
        expected if expected == (width, height) => Ok(()),
        expected => Err(EncodeError::Raster {
            side,
            model,
            width,
            height,
            expected,
        }),
    }
}

/// Reads a job of any protocol, as strictly as the printer would, and gives the card that it makes.
pub fn decode(bytes: &[u8]) -> Result<DecodedCard, DecodeError> {
    match bytes.first() {
        None => Err(DecodeError {
            offset: 0,
            reason: "the file is empty".to_owned(),
        }),
        Some(&(magicard::LEAD_IN | magicard::START)) => magicard::decode::decode(bytes),
        Some(&(evolis::ESCAPE | 0)) => evolis::decode::decode(bytes),
        Some(byte) => Err(DecodeError {
            offset: 0,
            reason: format!(
                "a job does not begin with {byte:02x}: one for a Magicard begins with 05 or 01, one for an Evolis with 1b"
            ),
        }),
    }
}

/// What a job makes of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedCard {
    pub model: Model,
    pub copies: u8,
    pub front: DecodedSide,
    pub back: Option<DecodedSide>,
    /// What goes to the magnetic stripe, tracks 1 to 3.
    pub tracks: [Option<String>; 3],
    /// Unix seconds from the job.
    pub time: Option<u32>,
}

/// How finely a printer lays dye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The light that is missing, cut to its 6 highest bits: 0 to 63 (Magicard).
    SixBits,
    /// The light that is missing, scaled down to 0 to this value (Evolis).
    Levels(u8),
}

impl Depth {
    /// The value of full dye.
    pub fn full(self) -> u8 {
        match self {
            Self::SixBits => 63,
            Self::Levels(full) => full,
        }
    }

    /// The smallest loss of light that is encoded as `dye`, so that a drawn card encodes to the same values; all of it for
    /// full dye.
    fn light_taken(self, dye: u8) -> u8 {
        match self {
            Self::SixBits => dye << 2 | dye >> 4,
            Self::Levels(full) => (u16::from(dye) * 255).div_ceil(u16::from(full.max(1))) as u8,
        }
    }
}

/// One side, panel by panel, in the printer's own depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedSide {
    pub width: u32,
    pub height: u32,
    pub depth: Depth,
    /// Yellow, magenta and cyan, one byte a pixel, rows from the top; `None` = that panel is not printed.
    pub dye: [Option<Vec<u8>>; 3],
    /// One byte a pixel: 0 or 255.
    pub resin: Option<Vec<u8>>,
    /// One byte a pixel: 0 = bare, 255 = covered.
    pub overcoat: Option<Vec<u8>>,
}

impl DecodedSide {
    /// A side with nothing printed on it.
    pub fn blank(width: u32, height: u32, depth: Depth) -> Self {
        Self {
            width,
            height,
            depth,
            dye: [None, None, None],
            resin: None,
            overcoat: None,
        }
    }

    /// The card as the eye sees it: dye back to light, resin black on top, overcoat not visible. The mask of the picture is
    /// the resin panel.
    ///
    /// This is the one function that draws a card: `printctl decode` and every virtual printer go through it.
    pub fn draw(&self) -> CardImage {
        let pixels = self.width as usize * self.height as usize;
        let light: Vec<u8> = (0..=self.depth.full())
            .map(|dye| 255 - self.depth.light_taken(dye))
            .collect();
        let mut rgb = vec![0xFF; pixels * 3];
        for (channel, plane) in [2, 1, 0].into_iter().zip(&self.dye) {
            let Some(plane) = plane else { continue };
            for (pixel, dye) in rgb.chunks_exact_mut(3).zip(plane) {
                pixel[channel] = light[usize::from(*dye).min(light.len() - 1)];
            }
        }
        let resin = match &self.resin {
            Some(resin) => {
                for (pixel, mark) in rgb.chunks_exact_mut(3).zip(resin) {
                    if *mark != 0 {
                        pixel.fill(0);
                    }
                }
                resin.clone()
            }
            None => vec![0; pixels],
        };
        CardImage::new(self.width, self.height, rgb, resin)
            .expect("planes are as large as the raster of a model")
    }
}
