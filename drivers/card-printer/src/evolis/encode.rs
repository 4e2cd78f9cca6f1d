//! A job in the protocol of an Evolis.
//!
//! The order is that of the vendor's sample: who manages errors, which film, begin, stripe, panels, end. Error management stays
//! with the host after the job, so that the printer never tries again by itself.

use std::io::Write as _;

use super::panel;
use super::{ACROSS, ESCAPE, LINES, RETURN, command};
use crate::card::{Coercivity, Levels, Options, Panel, PrintJob, Ribbon};
use crate::card_image::CardImage;
use crate::encoded::{EncodeError, Encoded};
use crate::model::Model;
use crate::status::Stage;

/// ISO 7811: how many characters each track holds, sentinels included.
const TRACK_ROOM: [usize; 3] = [79, 40, 107];

pub(crate) fn encode(model: Model, job: &PrintJob) -> Result<Encoded, EncodeError> {
    check(model, job)?;
    let options = &job.options;
    let size = 2048 + (panel::bytes(options.levels.bits()) + 32) * 3 + (panel::bytes(1) + 32) * 2;
    let sides = 1 + usize::from(job.back.is_some());
    let mut out = Encoded {
        bytes: Vec::with_capacity(size * sides),
        parts: Vec::new(),
    };
    // 2: errors are managed by the host.
    text(&mut out, "Pem;2");
    text(&mut out, &format!("Pr;{}", film(options.ribbon)));
    text(&mut out, "Ss");
    magnetic(&mut out, options);
    text(&mut out, "Sr");
    side(&mut out, &job.front, options, false);
    if let Some(back) = &job.back {
        text(&mut out, "Sv");
        side(&mut out, back, options, true);
    }
    text(&mut out, "Se");
    if let Some(last) = out.parts.last_mut() {
        // Its answer comes when the card is out.
        last.stage = Stage::Printing;
    }
    Ok(out)
}

fn check(model: Model, job: &PrintJob) -> Result<(), EncodeError> {
    if model == Model::Zenius && job.back.is_some() {
        return Err(EncodeError::NoBack(model));
    }
    if job.options.copies != 1 {
        // `Sc` copies the last card, but not what is on its stripe; a card is an attempt of its own.
        return Err(EncodeError::Range {
            what: "the number of copies",
            value: job.options.copies.into(),
            min: 1,
            max: 1,
        });
    }
    for (index, track) in job.options.magnetic.tracks.iter().enumerate() {
        if let Some(reason) = track
            .as_deref()
            .and_then(|data| track_error(data, TRACK_ROOM[index]))
        {
            return Err(EncodeError::Track {
                track: index + 1,
                reason,
            });
        }
    }
    Ok(())
}

fn track_error(data: &str, room: usize) -> Option<String> {
    if data.is_empty() || data.len() > room {
        return Some(format!(
            "it has {} characters, but must have 1 to {room}",
            data.len()
        ));
    }
    data.chars()
        .find(|c| !(' '..='_').contains(c))
        .map(|c| format!("the character {c:?} is not in the stripe's alphabet (space to _)"))
}

/// The name of the film in `Pr`. A film with panels that stay unused is still that film.
fn film(ribbon: Ribbon) -> &'static str {
    match ribbon {
        Ribbon::Ymc | Ribbon::Ymco | Ribbon::Ymck | Ribbon::Ymcko => "ymcko",
        Ribbon::HalfYmcko => "ymckos",
        Ribbon::Ymckok => "ymckok",
        Ribbon::K => "k",
        Ribbon::Ko => "ko",
    }
}

fn text(out: &mut Encoded, command: &str) {
    out.bytes.extend_from_slice(&command::bytes(command));
    out.close(Stage::Preparing, false);
}

fn magnetic(out: &mut Encoded, options: &Options) {
    if options.magnetic.tracks.iter().all(Option::is_none) {
        return;
    }
    text(
        out,
        if options.magnetic.coercivity == Coercivity::High {
            "Pmc;h"
        } else {
            "Pmc;l"
        },
    );
    for (index, track) in options.magnetic.tracks.iter().enumerate() {
        if let Some(data) = track {
            text(out, &format!("Dm;{};{data}", index + 1));
        }
    }
    text(out, "Smw");
}

fn side(out: &mut Encoded, image: &CardImage, options: &Options, back: bool) {
    let panels = options.ribbon.panels(back);
    let spare_resin = panels.contains(&Panel::Resin);
    for panel in panels {
        match panel {
            Panel::Yellow | Panel::Magenta | Panel::Cyan => {
                let channel = match panel {
                    Panel::Yellow => 2,
                    Panel::Magenta => 1,
                    _ => 0,
                };
                let data = begin(out, *panel, options.levels);
                panel::pack_dye(image, channel, options.levels, spare_resin, data);
                end(out, *panel);
            }
            Panel::Resin => mask(out, *panel, image.resin_mask(), options.compress),
            // The overcoat of a film for one side is for the front.
            Panel::Overcoat if back => {}
            Panel::Overcoat => mask(out, *panel, &overcoat(options), options.compress),
        }
    }
}

/// Writes the head of a `Db` command for colour and gives the room for its data.
fn begin(out: &mut Encoded, panel: Panel, levels: Levels) -> &mut [u8] {
    out.bytes.push(ESCAPE);
    let _ = write!(out.bytes, "Db;{};{};", panel.letter(), levels.count());
    room(out, panel::bytes(levels.bits()))
}

fn room(out: &mut Encoded, length: usize) -> &mut [u8] {
    let start = out.bytes.len();
    out.bytes.resize(start + length, 0);
    &mut out.bytes[start..]
}

fn end(out: &mut Encoded, panel: Panel) {
    out.bytes.push(RETURN);
    out.close(Stage::Sending(panel), true);
}

fn mask(out: &mut Encoded, panel: Panel, mask: &[u8], compress: bool) {
    out.bytes.push(ESCAPE);
    if compress {
        let mut plain = vec![0; panel::bytes(1)];
        panel::pack_mask(mask, &mut plain);
        let short = panel::compress(&plain);
        let _ = write!(out.bytes, "Dbc;{};2;{};", panel.letter(), short.len());
        out.bytes.extend_from_slice(&short);
    } else {
        let _ = write!(out.bytes, "Db;{};2;", panel.letter());
        panel::pack_mask(mask, room(out, panel::bytes(1)));
    }
    end(out, panel);
}

/// Covered everywhere but in the holes.
fn overcoat(options: &Options) -> Vec<u8> {
    let mut cover = vec![0xFF; ACROSS * LINES];
    for hole in &options.holes {
        let [left, bottom, right, top] = hole.area().map(usize::from);
        for y in bottom..=top.min(ACROSS - 1) {
            for x in left..=right.min(LINES - 1) {
                cover[(ACROSS - 1 - y) * LINES + x] = 0;
            }
        }
    }
    cover
}

#[cfg(test)]
mod tests;
