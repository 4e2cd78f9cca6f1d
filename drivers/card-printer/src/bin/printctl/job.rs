//! Jobs in files.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use card_printer::{Coercivity, ColourProfile, JobId, Magnetic, Options, PrintJob};
use serde_json::json;

use crate::{CardArgs, DecodeArgs, EncodeArgs, Failure, picture, say};

/// The longest file that can be a job: two sides of the longest printer, with room.
const MAX_JOB: u64 = 64 << 20;

/// Reads the pictures that the command line names.
pub(crate) fn job(args: &CardArgs) -> Result<PrintJob, Failure> {
    let resin = !args.no_resin;
    let front = picture::load(&args.card, resin)?;
    let back = args
        .back
        .as_ref()
        .map(|path| picture::load(path, resin))
        .transpose()?;
    let magnetic = Magnetic {
        tracks: [args.mag1.clone(), args.mag2.clone(), args.mag3.clone()],
        coercivity: Coercivity::High,
    };
    let profile = args.profile.as_deref().map(profile).transpose()?;
    let options = Options {
        ribbon: args.ribbon,
        profile,
        magnetic,
        time: Some(now()),
        ..Options::default()
    };
    Ok(PrintJob {
        id: JobId::from("printctl"),
        front,
        back,
        options,
    })
}

/// Reads the profile of a printer.
fn profile(path: &Path) -> Result<ColourProfile, Failure> {
    let shown = path.display();
    let unreadable = |error| Failure::Misuse(format!("{shown} cannot be read: {error}"));
    // A profile has a few megabytes; a much longer file is something else.
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_JOB {
        return Err(Failure::No(format!("{shown} is too long for a profile")));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    ColourProfile::from_bytes(&bytes).map_err(|error| Failure::No(format!("{shown}: {error}")))
}

/// Unix seconds.
pub(crate) fn now() -> u32 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

pub(crate) fn encode(args: &EncodeArgs, json: bool) -> Result<(), Failure> {
    let job = job(&args.card)?;
    let bytes =
        card_printer::encode(args.model, &job).map_err(|error| Failure::No(error.to_string()))?;
    fs::write(&args.output, &bytes).map_err(|error| {
        Failure::Misuse(format!(
            "{} cannot be written: {error}",
            args.output.display()
        ))
    })?;
    if json {
        say(
            &json!({ "model": args.model.name(), "bytes": bytes.len(), "sides": 1 + u8::from(job.back.is_some()) }),
        );
    } else {
        tell!(
            "{}: {} bytes for a {}",
            args.output.display(),
            bytes.len(),
            args.model.title()
        );
    }
    Ok(())
}

pub(crate) fn decode(args: &DecodeArgs, json: bool) -> Result<(), Failure> {
    let shown = args.job.display();
    let unreadable = |error| Failure::Misuse(format!("{shown} cannot be read: {error}"));
    let length = fs::metadata(&args.job).map_err(unreadable)?.len();
    if length > MAX_JOB {
        return Err(Failure::No(format!(
            "{shown} is no job: it has {length} bytes, more than any job"
        )));
    }
    let bytes = fs::read(&args.job).map_err(unreadable)?;
    let card =
        card_printer::decode(&bytes).map_err(|error| Failure::No(format!("{shown}: {error}")))?;
    picture::save(&args.output, &card.front.draw())?;
    match (&args.back_out, &card.back) {
        (Some(path), Some(back)) => picture::save(path, &back.draw())?,
        (Some(_), None) => return Err(Failure::No(format!("{shown} has no back side"))),
        (None, _) => {}
    }
    if json {
        say(&json!({
            "model": card.model.name(),
            "copies": card.copies,
            "width": card.front.width,
            "height": card.front.height,
            "back": card.back.is_some(),
            "resin": card.front.resin.is_some(),
            "overcoat": card.front.overcoat.is_some(),
            "tracks": card.tracks,
            "time": card.time,
        }));
    } else {
        tell!(
            "{}: a card for a {}",
            args.output.display(),
            card.model.title()
        );
        for (index, track) in card.tracks.iter().enumerate() {
            if let Some(track) = track {
                tell!("magnetic track {}: {track}", index + 1);
            }
        }
    }
    Ok(())
}
