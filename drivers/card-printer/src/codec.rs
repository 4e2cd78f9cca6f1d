//! From a job to the bytes on the wire and back, for every protocol. No device and no clock is used here.

use crate::card::PrintJob;
use crate::card_image::CardImage;
use crate::colour::ColourProfile;
use crate::decoded::{DecodeError, DecodedCard};
use crate::encoded::{EncodeError, Encoded};
use crate::evolis;
use crate::magicard;
use crate::model::{Model, Protocol};

/// The bytes of a job, as a printer of `model` takes them.
///
/// # Errors
/// When the model cannot print the job; the error says what to change.
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

/// Reads a job of any protocol, as strictly as the printer would, and returns the card that it makes.
///
/// # Errors
/// When the bytes are no job; the error says where.
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
