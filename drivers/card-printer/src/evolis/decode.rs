//! From the commands of an Evolis job to the card that comes out.

use super::command::{Command, Parser};
use super::{ACROSS, LINES, panel};
use crate::card::Panel;
use crate::decoded::{DecodeError, DecodedCard, DecodedSide, Depth};
use crate::model::Model;

/// A side of this make with nothing on it.
pub(crate) fn blank(depth: Depth) -> DecodedSide {
    DecodedSide::blank(LINES as u32, ACROSS as u32, depth)
}

/// Puts a downloaded panel on a side.
pub(crate) fn lay(
    side: &mut DecodedSide,
    panel: Panel,
    bits: usize,
    data: &[u8],
) -> Result<(), String> {
    let pixels = panel::unpack(data, bits);
    let mask = || pixels.iter().map(|bit| bit * 0xFF).collect::<Vec<u8>>();
    let index = match panel {
        Panel::Resin => {
            side.resin = Some(mask());
            return Ok(());
        }
        Panel::Overcoat => {
            side.overcoat = Some(mask());
            return Ok(());
        }
        Panel::Yellow => 0,
        Panel::Magenta => 1,
        Panel::Cyan => 2,
    };
    let depth = Depth::Levels((1 << bits) - 1);
    if side.dye.iter().all(Option::is_none) {
        side.depth = depth;
    } else if side.depth != depth {
        return Err("the colour panels have different numbers of levels".to_owned());
    }
    side.dye[index] = Some(pixels);
    Ok(())
}

/// Reads a whole job from a file: one card, from `Ss` to `Se`.
pub(crate) fn decode(bytes: &[u8]) -> Result<DecodedCard, DecodeError> {
    let mut parser = Parser::new();
    let mut reading = Reading::default();
    let mut failure: Option<DecodeError> = None;
    parser.push(bytes, &mut |offset, command| {
        if failure.is_none() {
            let result = match command {
                Ok(command) => reading
                    .take(command)
                    .map_err(|reason| DecodeError { offset, reason }),
                Err(error) => Err(DecodeError {
                    offset: error.offset,
                    reason: error.reason,
                }),
            };
            failure = result.err();
        }
    });
    if let Some(error) = failure {
        return Err(error);
    }
    let end = |reason: &str| DecodeError {
        offset: bytes.len(),
        reason: reason.to_owned(),
    };
    if let Some(missing) = parser.missing() {
        return Err(end(&missing));
    }
    if !reading.ended {
        return Err(end(if reading.begun {
            "the job has no end (Se)"
        } else {
            "there is no job in it (Ss)"
        }));
    }
    let card = DecodedCard {
        model: Model::Primacy,
        copies: 1,
        front: reading.front.unwrap_or_else(|| blank(Depth::Levels(127))),
        back: reading.back,
        tracks: reading.tracks,
        time: reading.time,
    };
    Ok(card)
}

/// A file that holds one job.
#[derive(Default)]
struct Reading {
    begun: bool,
    ended: bool,
    on_back: bool,
    front: Option<DecodedSide>,
    back: Option<DecodedSide>,
    tracks: [Option<String>; 3],
    time: Option<u32>,
}

impl Reading {
    fn take(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Download { .. } if !self.begun || self.ended => {
                Err("a panel comes outside a job (Ss to Se)".to_owned())
            }
            Command::Download { panel, bits, data } => {
                let side = if self.on_back {
                    &mut self.back
                } else {
                    &mut self.front
                };
                lay(
                    side.get_or_insert_with(|| blank(Depth::Levels(127))),
                    panel,
                    bits,
                    &data,
                )
            }
            Command::Text { name, parameters } => self.text(&name, &parameters),
        }
    }

    fn text(&mut self, name: &str, parameters: &[String]) -> Result<(), String> {
        match name {
            "Ss" if self.begun => return Err("another job follows the first".to_owned()),
            "Ss" => self.begun = true,
            "Se" if !self.begun || self.ended => {
                return Err("the end of a job (Se) comes without its begin (Ss)".to_owned());
            }
            "Se" => self.ended = true,
            "Sr" => self.on_back = false,
            "Sv" => self.on_back = true,
            "Dm" => {
                let track = parameters
                    .first()
                    .and_then(|track| track.parse::<usize>().ok())
                    .filter(|t| (1..=3).contains(t));
                let (Some(track), [_, data @ ..]) = (track, parameters) else {
                    return Err("a magnetic track is numbered 1 to 3".to_owned());
                };
                self.tracks[track - 1] = Some(data.join(";"));
            }
            // The Windows driver sends the time with a job.
            "Ppws" => self.time = parameters.first().and_then(|time| time.parse().ok()),
            // Settings and questions say nothing about what is on the card.
            _ => {}
        }
        Ok(())
    }
}
