//! A job in the protocol of a Magicard.

use std::fmt::Write as _;

use super::layout::{self, Head, HeadMap, Planes};
use super::wire::PlaneKind;
use super::{END, JOB_LEAD_IN, LEAD_IN, SEPARATOR, START};
use crate::card::{Coercivity, Hole, Language, Options, Panel, Power, PrintJob};
use crate::card_image::CardImage;
use crate::encoded::{EncodeError, Encoded, Part};
use crate::model::Model;
use crate::status::Stage;

/// The longest magnetic track that the vendor's filter takes.
const MAX_TRACK: usize = 750;

pub(crate) fn encode(model: Model, job: &PrintJob) -> Result<Encoded, EncodeError> {
    check(model, job)?;
    let head = Head::of(model).expect("the caller hands over Magicards only");
    let sides = 1 + usize::from(job.back.is_some());
    let size = 2048 + head.dye_bytes() * 3 + head.resin_bytes();
    let mut out = Encoded {
        bytes: Vec::with_capacity(size * sides),
        parts: Vec::new(),
    };
    page(&mut out, model, job, false);
    if job.back.is_some() {
        page(&mut out, model, job, true);
    }
    Ok(out)
}

fn check(model: Model, job: &PrintJob) -> Result<(), EncodeError> {
    let options = &job.options;
    if model == Model::Alto && job.back.is_some() {
        return Err(EncodeError::NoBack(model));
    }
    let position = u32::from(options.head_position);
    if !(35..=65).contains(&position) {
        return Err(EncodeError::Range {
            what: "the head position",
            value: position,
            min: 35,
            max: 65,
        });
    }
    for (what, value) in [
        ("a head power", options.power.colour),
        ("a head power", options.power.resin),
        ("a head power", options.power.overcoat),
        ("the image start", options.image_start),
        ("the image end", options.image_end),
    ] {
        if value > 100 {
            return Err(EncodeError::Range {
                what,
                value: value.into(),
                min: 0,
                max: 100,
            });
        }
    }
    for (index, track) in options.magnetic.tracks.iter().enumerate() {
        if let Some(reason) = track.as_deref().and_then(track_error) {
            return Err(EncodeError::Track {
                track: index + 1,
                reason,
            });
        }
    }
    Ok(())
}

fn track_error(data: &str) -> Option<String> {
    if data.is_empty() || data.len() > MAX_TRACK {
        return Some(format!(
            "it has {} characters, but must have 1 to {MAX_TRACK}",
            data.len()
        ));
    }
    // A comma would end the token, a control character the header.
    data.chars()
        .find(|c| *c == ',' || !(' '..='_').contains(c))
        .map(|c| {
            format!("the character {c:?} is not in the stripe's alphabet (space to _, no comma)")
        })
}

/// Which planes a page carries.
struct Content {
    dye: bool,
    resin: bool,
    overcoat: bool,
}

impl Content {
    fn of(options: &Options, back: bool) -> Self {
        let has = |panel| options.ribbon.has(back, panel);
        // The overcoat of a YMCKO film is for one side: the front. On the back of a job Gutenprint and the vendor send none.
        Self {
            dye: has(Panel::Yellow),
            resin: has(Panel::Resin),
            overcoat: has(Panel::Overcoat) && !back,
        }
    }

    fn planes(&self, head: Head) -> Vec<(PlaneKind, usize)> {
        let mut planes = Vec::new();
        if self.dye {
            planes.extend(
                [PlaneKind::Yellow, PlaneKind::Magenta, PlaneKind::Cyan]
                    .map(|kind| (kind, head.dye_bytes())),
            );
        }
        if self.resin {
            planes.push((PlaneKind::Resin, head.resin_bytes()));
        }
        planes
    }

    /// The value of `IMF`.
    fn format(&self) -> &'static str {
        match (self.dye, self.resin) {
            (true, true) => "BGRK",
            (true, false) => "BGR",
            (false, _) => "K",
        }
    }

    /// The value of `BAC`.
    fn back_format(&self) -> String {
        let letter = |yes: bool, letter: &'static str| if yes { letter } else { "" };
        [
            letter(self.dye, "C"),
            letter(self.resin, "K"),
            letter(self.overcoat, "O"),
        ]
        .concat()
    }
}

fn page(out: &mut Encoded, model: Model, job: &PrintJob, back: bool) {
    let head = Head::of(model).expect("the caller hands over Magicards only");
    let content = Content::of(&job.options, back);
    out.bytes.resize(out.bytes.len() + JOB_LEAD_IN, LEAD_IN);
    out.bytes.push(START);
    out.bytes
        .extend_from_slice(header(model, job, back, &content).as_bytes());
    out.bytes.push(SEPARATOR);
    out.close(Stage::Preparing, false);

    let image: &CardImage = if back {
        job.back.as_ref().unwrap_or(&job.front)
    } else {
        &job.front
    };
    let start = out.bytes.len();
    let planes = content.planes(head);
    let total: usize = planes.iter().map(|(_, size)| size + 3).sum();
    out.bytes.resize(start + total, 0);
    let mut rest = &mut out.bytes[start..];
    let mut dye: [&mut [u8]; 3] = [&mut [], &mut [], &mut []];
    let mut resin: &mut [u8] = &mut [];
    let mut end = start;
    for (kind, size) in planes {
        let (plane, after) = rest.split_at_mut(size);
        let (trailer, after) = after.split_at_mut(3);
        trailer.copy_from_slice(&[SEPARATOR, kind.letter(), b':']);
        rest = after;
        end += size + 3;
        let panel = match kind {
            PlaneKind::Yellow => Panel::Yellow,
            PlaneKind::Magenta => Panel::Magenta,
            PlaneKind::Cyan => Panel::Cyan,
            PlaneKind::Resin => Panel::Resin,
        };
        match kind {
            PlaneKind::Yellow => dye[0] = plane,
            PlaneKind::Magenta => dye[1] = plane,
            PlaneKind::Cyan => dye[2] = plane,
            PlaneKind::Resin => resin = plane,
        }
        out.parts.push(Part {
            end,
            stage: Stage::Sending(panel),
            picture: true,
        });
    }
    let map = HeadMap::new(head, job.options.head_position, back);
    layout::pack(image, &map, &mut Planes { dye, resin });
    out.bytes.push(END);
    // The end byte goes out with the last plane.
    match out.parts.last_mut() {
        Some(part) => part.end = out.bytes.len(),
        None => out.close(Stage::Preparing, false),
    }
}

/// Collects tokens, each with its comma before it.
struct Tokens(String);

impl Tokens {
    fn push(&mut self, token: impl std::fmt::Display) {
        let _ = write!(self.0, ",{token}");
    }

    fn switch(&mut self, name: &str, on: bool) {
        self.push(format_args!("{name}{}", if on { "ON" } else { "OFF" }));
    }
}

fn header(model: Model, job: &PrintJob, back: bool, content: &Content) -> String {
    let mut tokens = Tokens(String::with_capacity(512));
    tokens.push(format_args!("NOC{}", job.options.copies));
    tokens.push(format_args!("VER{}", env!("CARGO_PKG_VERSION")));
    tokens.push(format_args!("LAN{}", language(job.options.language)));
    match Head::of(model) {
        Some(Head::Kee) => as_gutenprint(&mut tokens, job, back, content),
        _ => as_vendor(&mut tokens, model, job, back, content),
    }
    let head = Head::of(model).expect("the caller hands over Magicards only");
    for (kind, size) in content.planes(head) {
        tokens.push(format_args!("SZ{}{size}", char::from(kind.letter())));
    }
    tokens.0
}

/// The order of Gutenprint 5.3.4, so that the bytes can be compared.
fn as_gutenprint(tokens: &mut Tokens, job: &PrintJob, back: bool, content: &Content) {
    let options = &job.options;
    tokens.switch("REJ", options.reject_faulty);
    // The vendor's filter calls this the eject side, and 1 the front; Gutenprint sends 1 for one copy.
    tokens.push("ESS1");
    tokens.push("KEE");
    tokens.push("RT2");
    tokens.switch("DPX", job.back.is_some());
    tokens.push(if back { "PAG2" } else { "PAG1" });
    if job.back.is_some() && !back {
        // Gutenprint sends this whatever is on the back.
        tokens.push("BACCKO");
    }
    tokens.switch("SLW", options.colour_sure);
    area(tokens, Head::Kee);
    tokens.switch("OVR", content.overcoat);
    if content.overcoat {
        holes(tokens, &options.holes);
    }
    tokens.push("NNNOFF");
    tokens.push("USFOFF");
    if !back {
        magnetic(tokens, options, true);
    }
    tokens.push("PCT0,0,1025,641");
    head_settings(tokens, options, Head::Kee);
    tokens.push(format_args!("TDT{:08X}", options.time.unwrap_or(0)));
    tokens.push(format_args!("IMF{}", content.format()));
}

/// The order of the vendor's filter.
fn as_vendor(tokens: &mut Tokens, model: Model, job: &PrintJob, back: bool, content: &Content) {
    let options = &job.options;
    let head = Head::of(model).expect("the caller hands over Magicards only");
    tokens.push(format_args!("TDT{:X}", options.time.unwrap_or(0)));
    if head == Head::Kge2 {
        tokens.push("RSPDEF");
        coercivity(tokens, options);
    }
    if !back {
        magnetic(tokens, options, false);
    }
    tokens.push(match head {
        Head::Kee | Head::KeeSwapped => "KEE",
        Head::Kge => "KGE",
        Head::Kge2 => "KGE2",
    });
    if head != Head::Kge {
        tokens.switch("DPX", job.back.is_some());
    }
    if job.back.is_some() && !back {
        tokens.push(format_args!(
            "BAC{}",
            Content::of(options, true).back_format()
        ));
    }
    tokens.push(if back { "PAG2" } else { "PAG1" });
    tokens.push(format_args!("IMF{}", content.format()));
    area(tokens, head);
    tokens.switch("OVR", content.overcoat);
    if content.overcoat {
        tokens.push("NNNOFF");
        tokens.push("USFOFF");
        tokens.push(format_args!(
            "PCT0,0,{},641",
            if head == Head::KeeSwapped {
                1025
            } else {
                head.lines() - 1
            }
        ));
        holes(tokens, &options.holes);
    }
    // 0: no colour correction in the printer; the host has done it or wants none.
    tokens.push("ICC0");
    head_settings(tokens, options, head);
}

fn area(tokens: &mut Tokens, head: Head) {
    tokens.push("XCO0,YCO0");
    tokens.push(format_args!("WID{},HGT{}", head.lines(), layout::ROWS));
}

fn holes(tokens: &mut Tokens, holes: &[Hole]) {
    for hole in holes {
        let [left, bottom, right, top] = hole.area();
        tokens.push(format_args!("NCT{left},{bottom},{right},{top}"));
    }
}

fn coercivity(tokens: &mut Tokens, options: &Options) {
    tokens.push(match options.magnetic.coercivity {
        Coercivity::High => "COEH",
        Coercivity::Low => "COEL",
    });
}

fn magnetic(tokens: &mut Tokens, options: &Options, spelled_out: bool) {
    for (index, track) in options.magnetic.tracks.iter().enumerate() {
        let Some(data) = track else { continue };
        tokens.push(format_args!("MAG{}", index + 1));
        if spelled_out {
            // ISO 7811: 210, 75 and 210 bits per inch; 7, 5 and 5 bits a character.
            tokens.push(["BPI210,MPC7", "BPI75,MPC5", "BPI210,MPC5"][index]);
            coercivity(tokens, options);
        }
        tokens.push(data);
    }
}

/// Heat and position; only what differs from the printer's own setting is sent.
fn head_settings(tokens: &mut Tokens, options: &Options, head: Head) {
    let Power {
        colour,
        resin,
        overcoat,
    } = options.power;
    let (colour, resin, overcoat) = (("CPW", colour), ("KPW", resin), ("OPW", overcoat));
    // Gutenprint and the vendor differ in the order.
    let power = if head == Head::Kee {
        [colour, overcoat, resin]
    } else {
        [colour, resin, overcoat]
    };
    for (name, value) in power {
        if value != 50 {
            tokens.push(format_args!("{name}{value}"));
        }
    }
    let place = [("SOI", options.image_start), ("EOI", options.image_end)]
        .into_iter()
        .filter(|(_, value)| *value != 50);
    let position = [("DDD", options.head_position)];
    // They differ here, too.
    let order: Vec<_> = if head == Head::Kee {
        place.chain(position).collect()
    } else {
        position.into_iter().chain(place).collect()
    };
    for (name, value) in order {
        tokens.push(format_args!("{name}{value}"));
    }
}

/// The printer's name for a language; English for one that it has not (Swedish is not among its sixteen).
pub(crate) fn language(language: Language) -> &'static str {
    match language.code() {
        "fr" => "FRA",
        "de" => "DEU",
        "it" => "ITA",
        "es" => "SPA",
        "pt" => "POR",
        "zh" => "SCH",
        "pl" => "POL",
        "ru" => "RUS",
        "tr" => "TUR",
        "ro" => "ROM",
        "ko" => "KOR",
        "ja" => "JPN",
        "el" => "GRK",
        "da" => "DAN",
        _ => "ENG",
    }
}

#[cfg(test)]
mod tests;
